"""People at browsers: they open the page, enter, talk. Knows the page as a reader sees it, by its roles and labels."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from server.app import App
from tests.apps import running

PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 640}
DESKTOP = {"width": 1280, "height": 800}
PATIENCE_S = 30.0
LOAD_MS = 60_000  # on the worst line of these tests
LOSSES = ("WebSocket", "ERR_CONNECTION_", "ERR_EMPTY_RESPONSE", "ERR_CONTENT_LENGTH_MISMATCH", "Failed to fetch")
ISOLATES = re.compile("[\u2068\u2069]")

expect.set_options(timeout=1000 * PATIENCE_S)  # a browser that has just begun, on a machine that does other things too


class Visitor:
    """One person at one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def box(self) -> Locator:
        return self.page.get_by_label("Say something")

    @property
    def banner(self) -> Locator:
        return self.page.locator(".banner")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def said(self, text: str) -> Locator:
        """Return the messages that say exactly this."""
        return self.page.locator(".said").filter(has=self.page.get_by_text(text, exact=True))

    async def choose_city(self, city: str = "New York") -> None:
        await self.page.get_by_role("searchbox").fill(city)
        await self.page.locator(".found button").first.click()

    async def enter(self, name: str = "", city: str = "New York") -> "Visitor":
        await self.choose_city(city)
        if name:
            await self.page.get_by_label("Name", exact=True).fill(name)
        await self.button("Take a seat").click()
        await expect(self.box).to_be_visible()
        return self

    async def until(self, expression: str) -> None:
        """Return when a JavaScript expression is true.

        Not by Playwright's `wait_for_function`: where it has to look twice, the page's policy forbids its eval.
        """
        async with asyncio.timeout(PATIENCE_S):
            while not await self.page.evaluate(expression):  # noqa: ASYNC110 a page tells of nothing
                await asyncio.sleep(0.05)

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def hears(self, text: str, times: int = 1) -> None:
        await expect(self.said(text)).to_have_count(times)

    async def text_of(self, selector: str) -> str:
        """Return an element's words, without the marks that keep names apart from sentences of another direction."""
        return ISOLATES.sub("", await self.page.locator(selector).inner_text())


class Visits:
    """All pages of one test.

    Attributes:
        problems: what the pages' consoles complained of.
        elsewhere: what they asked of anybody but the server.
        may_lose: whether complaints about lost connections are expected.
    """

    def __init__(self, browser: Browser) -> None:
        self.problems: list[str] = []
        self.elsewhere: list[str] = []
        self.may_lose = False
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    async def open(
        self, app: App, path: str = "/", *, port: int | None = None, losing: str = "", before: str = "", **options: Any
    ) -> Visitor:
        """Open the page in a browser of its own.

        Args:
            port: another port, if there is something between.
            losing: a file of which the first answer is lost.
            before: a script that runs before any of the page's.
        """
        context = await self._browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
        self._contexts.append(context)
        if before:
            await context.add_init_script(before)
        if losing:
            await context.route(f"**/{losing}", lambda route: route.abort("connectionreset"), times=1)
        page = await context.new_page()
        home = app.url if port is None else f"http://127.0.0.1:{port}"

        def look(request: Request) -> None:
            if not request.url.startswith((home + "/", "blob:", "data:")):
                self.elsewhere.append(request.url)

        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", look)
        page.on("websocket", lambda socket: self._watch(socket.url, home))
        await page.goto(home + path)
        await expect(page.locator("form.card, .room").first).to_be_visible(timeout=LOAD_MS)
        return Visitor(page)

    @contextlib.asynccontextmanager
    async def serving(self, **settings: Any) -> AsyncIterator[App]:
        """Run a server; the pages are closed before it ends, so that they do not miss it."""
        async with running(**settings) as app:
            yield app
            await self.close()

    async def close(self) -> None:
        while self._contexts:
            await self._contexts.pop().close()

    def _watch(self, url: str, home: str) -> None:
        if not url.startswith(home.replace("http", "ws", 1) + "/"):
            self.elsewhere.append(url)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if self.may_lose and any(sign in message.text for sign in LOSSES):
            return
        self.problems.append(message.text)


async def on_room(ada: Visitor, command: str) -> None:
    """Choose something of what "More" offers."""
    await ada.button("More").click()
    await ada.page.locator(f"dialog [data-command={command}]").click()
