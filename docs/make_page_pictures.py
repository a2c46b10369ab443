"""Makes docs/page-*.webp: the web page in its main states, in a real browser against a real server on a free port.

Run it with the project's Python where a Chromium is installed: `make page-pictures`.
Besides the hour and what is left of the room's time, every run draws people at the same table; their colours differ,
since member ids are new in every room.
"""

import asyncio
import base64
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from client_demo.client import Client
from server.app import App
from server.loading import load
from tests.e2e.conftest import FLAGS, browser_path

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
QUALITY = 70
SETTLED_MS = 900  # pictures come when what moves has come to rest

TALK = (
    ("Bo", "Does anybody hear the brass band on the square?"),
    ("Carmen", "Third evening in a row. They are getting better."),
    ("Dmitri", "The trombone is not."),
    ("Eun-ji", "Is the north exit of the station open again?"),
    ("Gus", "Half of it. Mind the puddle at the top of the stairs."),
    ("Carmen", "I have a whole crate of plums from my aunt. Who is close enough to take some?"),
)
SETTINGS = {"port": 0, "say_per_s": 0, "say_per_min": 0, "room_per_min": 0}


async def main() -> None:
    """Open the page in each look, and take its pictures."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        for size, viewport in (("phone", PHONE), ("desktop", DESKTOP)):
            for colours in ("dark", "light"):
                await _evening(browser, f"{size}-{colours}", viewport=viewport, color_scheme=colours)
        await browser.close()


async def _evening(browser: Browser, name: str, **options: Any) -> None:
    app = App(load(None, {}, SETTINGS))
    await app.start()
    context = await browser.new_context(**options, locale="en-GB")
    page = await context.new_page()
    try:
        await page.goto(app.url)
        await page.locator("form").wait_for()
        await _take(page, f"{name}-enter")
        await page.get_by_role("searchbox").fill("Lisbon")
        await page.locator(".found button").first.click()
        await page.get_by_label("Name", exact=True).fill("Ada")
        await page.get_by_role("button", name="Take a seat").click()
        await page.locator(".waiting").wait_for()
        await _take(page, f"{name}-waiting")
        async with AsyncExitStack() as stack:
            await _company(page, stack, app)
            await _take(page, f"{name}-room")
    finally:
        await context.close()
        await app.stop()


async def _company(page: Page, stack: AsyncExitStack, app: App) -> None:
    cell = json.loads(await page.evaluate("sessionStorage.getItem('hereabouts.seat')"))["cell"]
    url = app.url.replace("http", "ws", 1) + "/ws"
    people = {
        name: await stack.enter_async_context(Client(url, cell=cell, name=name))
        for name in ("Bo", "Carmen", "Dmitri", "Eun-ji", "Fay", "Gus")
    }
    for name, text in TALK:
        await people[name].say(text)
    await people["Fay"].away()
    await page.get_by_label("Say something").fill("Me! Two streets over, I bring the bicycle.")
    await page.keyboard.press("Enter")
    await page.locator(".said[data-status=said].is-mine").wait_for()
    await page.get_by_label("Say something").fill("Then the plums travel in")
    await page.wait_for_timeout(SETTLED_MS)
    await people["Bo"].say("By the fountain at half past?")


async def _take(page: Page, name: str) -> None:
    await page.wait_for_timeout(SETTLED_MS)
    path = Path(__file__).with_name(f"page-{name}.webp")
    devtools = await page.context.new_cdp_session(page)
    taken = await devtools.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    path.write_bytes(base64.b64decode(taken["data"]))
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    asyncio.run(main())
