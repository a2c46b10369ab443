"""The operator's page in a browser: what people wrote stays text, it fits, and its acts reach the server."""

from typing import Any

import pytest
from axe_playwright_python import async_playwright as axe
from playwright.async_api import Browser, Page, expect

from server.app import App
from server.features import FEATURES
from tests.apps import Client, Clients, running

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKEN = "correct-horse-battery-staple"
EVIL = "<img src=x onerror=window.evil=1><script>window.evil=1</script>\u202eevil"


async def inside(app: App, browser: Browser, **options: Any) -> Page:
    """Return the page once its door is open."""
    page = await browser.new_page(**options)
    await page.goto(f"{app.url}/admin")
    await page.get_by_label("Operator's token").fill(TOKEN)
    await page.get_by_role("button", name="Open").click()
    await expect(page.locator("#inside")).to_be_visible()
    return page


async def reported(clients: Clients) -> tuple[Client, Client]:
    ann, bo = await clients.seated("Ann Bo")
    await bo.ask("say", "said", text=EVIL)
    await bo.ask("rename", "changed", name="<b onclick=evil>B</b>")
    await ann.hear("changed")
    await ann.ask("report", "reported", who=bo.me, reason="spam", note=EVIL)
    return ann, bo


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("colours", ["dark", "light"])
async def test_words_of_others_stay_text_and_the_page_fits(browser: Browser, width: int, colours: Any) -> None:
    async with running(admin_token=TOKEN) as app, Clients(app) as clients:
        await reported(clients)
        page = await inside(app, browser, viewport={"width": width, "height": 700}, color_scheme=colours)
        await page.get_by_role("button", name="Show evidence").click()
        await expect(page.locator("article li")).to_contain_text("<img src=x onerror=window.evil=1><script>")
        await expect(page.locator("article")).to_contain_text("The seal is whole. Reported: <b onclick=evil>B</b>.")
        assert await page.evaluate("window.evil") is None
        assert (
            await page.evaluate(
                "document.images.length + document.querySelectorAll('article b, article script').length"
            )
            == 0
        )
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        found = await axe.Axe().run(page)
        assert [rule["id"] for rule in found.response["violations"] if rule["impact"] in ("serious", "critical")] == []
        await page.close()


async def test_warning_ban_and_closing_reach_the_server(browser: Browser) -> None:
    async with running(admin_token=TOKEN) as app, Clients(app) as clients:
        _, bo = await reported(clients)
        page = await inside(app, browser)
        words = page.get_by_label("What they are told")
        await page.get_by_role("button", name="Ban", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("Say why")
        await words.fill("Stop it, please.")
        await page.get_by_role("button", name="Warn").click()
        assert (await bo.hear("notice"))["text"] == "Stop it, please."
        await words.fill("Advertising.")
        await page.get_by_role("button", name="Ban", exact=True).click()
        assert (await bo.hear("bye"))["code"] == 4500
        await page.get_by_role("button", name="Close").click()
        await expect(page.get_by_text("No open reports.")).to_be_visible()
        await page.get_by_role("button", name="Bans").click()
        await expect(page.get_by_text("Advertising.")).to_be_visible()
        await page.get_by_role("button", name="Lift").click()
        await expect(page.get_by_text("Advertising.")).to_have_count(0)
        await page.get_by_role("button", name="Audit log").click()
        await expect(page.locator("#view li")).to_have_count(4)
        await page.close()


async def test_wrong_token_opens_nothing_and_a_reload_forgets_the_right_one(browser: Browser) -> None:
    async with running(admin_token=TOKEN) as app:
        page = await inside(app, browser)
        await page.reload()
        await expect(page.locator("#inside")).to_be_hidden()
        assert await page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
        await page.get_by_label("Operator's token").fill("wrong")
        await page.get_by_role("button", name="Open").click()
        await expect(page.get_by_role("alert")).to_contain_text("The token is wrong")
        await expect(page.locator("#inside")).to_be_hidden()
        await page.close()


async def test_features_are_switched_off_and_on(browser: Browser) -> None:
    async with running(admin_token=TOKEN) as app, Clients(app) as clients:
        page = await inside(app, browser)
        await page.get_by_role("button", name="Features").click()
        await expect(page.locator("#view article")).to_have_count(len(FEATURES))
        guests = page.locator("#view article", has_text="New guests")
        await guests.get_by_role("button", name="Switch off").click()
        await expect(guests).to_contain_text("New guests: off")
        ann = await clients.new()
        refused = await ann.ask("enter", "error", cell="dr5ru7")
        assert refused["code"] == "auth_needed"
        await guests.get_by_role("button", name="Switch on").click()
        await expect(guests).to_contain_text("New guests: on")
        await clients.seated("Bo")
        await page.close()
