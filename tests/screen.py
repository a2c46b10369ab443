"""A person at the terminal client, for tests: a scripted server on one side, a keyboard and a screen on the other."""

import asyncio
import contextlib
import html
import re
from collections.abc import AsyncIterator, Callable, Collection, Sequence

from textual.events import Key, Paste
from textual.pilot import Pilot

from client_demo.client import Client
from client_demo.terminal.app import ChatApp
from tests.fake_server import Script, fake_server

PATIENCE_S = 10.0
WIDE = (120, 40)
"""Columns and rows with room for whole sentences beside the list of people."""
_TEXT = re.compile(r'<text[^>]* x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')

_COLUMN = 12.2
"""How wide a column is in the drawing."""


class Sitting:
    """Somebody who types and looks."""

    def __init__(self, app: ChatApp, client: Client, pilot: Pilot[list[str]]) -> None:
        self.app, self.client, self.pilot = app, client, pilot

    async def type(self, text: str) -> None:
        """Write into what has the cursor, all at once."""
        self.app.post_message(Paste(text))
        await self.pilot.pause()

    def burst(self, text: str) -> None:
        """Press keys faster than they are taken: all of them come before the first has had its effects."""
        for character in text:
            key = {"\n": "enter", " ": "space", "/": "slash", "\v": "ctrl+j", "\x15": "ctrl+u"}.get(
                character, character
            )
            self.app.post_message(Key(key, character))

    async def enter(self, text: str) -> None:
        """Write a line and press Enter."""
        await self.type(text)
        await self.pilot.press("enter")

    async def press(self, *keys: str) -> None:
        """Press keys by their names."""
        await self.pilot.press(*keys)

    async def left_with(self) -> list[str] | None:
        """Return what the closed screen says was not heard, once it is closed."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.app._exit:
                await self.pilot.pause()
        return self.app.return_value

    async def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what no words on the screen tell."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                await self.pilot.pause()

    def screen(self) -> str:
        """Return what is on the screen, line by line, each text in its column."""
        drawn = _TEXT.findall(self.app.export_screenshot(simplify=True))
        rows: dict[float, str] = {}
        for x, y, text in sorted(drawn, key=lambda text: (float(text[1]), float(text[0]))):
            shown = html.unescape(text).replace("\xa0", " ").rstrip("\n")
            # Spaces alone are not drawn.
            rows[float(y)] = rows.get(float(y), "").ljust(round(float(x) / _COLUMN)) + shown
        return "\n".join(rows.values())

    async def sees(self, *texts: str) -> str:
        """Return the screen once it shows all of these; the spaces of wrapped lines do not count."""
        return await self._wait(texts, wanted=True)

    async def sees_no_more(self, *texts: str) -> str:
        """Return the screen once it shows none of these."""
        return await self._wait(texts, wanted=False)

    async def _wait(self, texts: Sequence[str], *, wanted: bool) -> str:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not self._shows(texts, wanted=wanted):
                    await self.pilot.pause()
        except TimeoutError:
            raise AssertionError(f"{texts} {'missing' if wanted else 'still'} in\n{self.screen()}") from None
        return self.screen()

    def _shows(self, texts: Sequence[str], *, wanted: bool) -> bool:
        joined = " ".join(self.screen().replace("▏", " ").split())
        return all((text in joined) == wanted for text in texts)


@contextlib.asynccontextmanager
async def sitting(
    *scripts: Script,
    size: tuple[int, int] = (80, 24),
    name: str | None = "Ada",
    place: str = "New York City, US",
    choice: str = "",
    off: Collection[str] = (),
) -> AsyncIterator[Sitting]:
    """Seat somebody before a screen of this many columns and rows; the scripts play the server."""
    async with (
        fake_server(*scripts) as url,
        Client(url, cell="dr5ru7", name=name, backoff_s=(0.0, 0.0), keepalive_s=None) as client,
    ):
        app = ChatApp(client, place, choice=choice, off=off)
        async with app.run_test(size=size) as pilot:
            yield Sitting(app, client, pilot)
