"""Makes docs/terminal.svg: the terminal client in a lively room, against a real server on a free port.

Run it with the project's Python: `.venv/bin/python docs/make_picture.py`. Besides the hour and what is left of the
room's time, every run draws the same picture.
"""

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from textual.pilot import Pilot

from client_demo.client import Client
from client_demo.places import cell_of
from client_demo.terminal.app import ChatApp
from geo import Cell
from rooms.windows import region_of, window_end
from server.app import App
from server.loading import load

COLUMNS, ROWS = 100, 30
PATIENCE_S = 10.0
SHARE_LEFT = 0.66  # of the room's time, so that one sees the bar burn

HOME = (40.742, -73.992)

# Whoever talks, in the order they come, and how far they are from HOME in degrees.
PEOPLE = {
    "Bo": (0.004, 0.002),
    "Carmen": (-0.003, 0.006),
    "Dmitri": (0.006, -0.005),
    "Eun-ji": (0.0, 0.008),
    "Fay": (-0.006, -0.004),
    "Gus": (0.002, 0.003),
    "Ivo": (0.001, -0.002),
    "Ada": (0.0, 0.0),
    "Hana": (-0.001, -0.008),
}

TALK = (
    ("Bo", "Does anybody hear the brass band on the square?"),
    ("Carmen", "Third evening in a row. They are getting better."),
    ("Dmitri", "The trombone is not."),
    ("Eun-ji", "Is the north exit of the station open again?"),
    ("Gus", "Half of it. Mind the puddle at the top of the stairs."),
    ("Ada", "I have a whole crate of plums from my aunt. Who is close enough to take some?"),
    ("Hana", "Me, two streets over!"),
    ("Bo", "I would trade you for a jar of last year's honey."),
    ("Ada", "Deal. By the fountain at half past?"),
    ("Carmen", "Following this fruit market with interest."),
    ("Dmitri", "How near are we all? It says within three kilometres, a fair walk with a crate."),
    ("Bo", "I can bring the bicycle with the box."),
)
DRAFT = "Then the plums travel in style"


async def main() -> None:
    """Seat everybody, let them talk, take the picture."""
    app = App(load(None, {}, _settings()))
    await app.start()
    try:
        async with AsyncExitStack() as stack:
            url = app.url.replace("http", "ws", 1) + "/ws"
            svg = await _picture(stack, {name: _client(url, name) for name in PEOPLE})
    finally:
        await app.stop()
    path = Path(__file__).with_name("terminal.svg")
    path.write_text(_without_web_fonts(svg), encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


def _settings() -> dict[str, str | int | float]:
    region, now = region_of(Cell(cell_of(*HOME))), time.time()
    window_s = min(
        range(1500, 2100), key=lambda window_s: abs((window_end(region, now, window_s) - now) / window_s - SHARE_LEFT)
    )
    return {"port": 0, "window_s": window_s, "say_per_s": 0, "say_per_min": 0, "room_per_min": 0}


def _client(url: str, name: str) -> Client:
    lat, lon = (home + away for home, away in zip(HOME, PEOPLE[name], strict=True))
    return Client(url, cell=cell_of(lat, lon), name=name)


async def _picture(stack: AsyncExitStack, people: dict[str, Client]) -> str:
    for name in list(people)[:-1]:
        await stack.enter_async_context(people[name])
    screen = ChatApp(people["Ada"], "New York City, US")
    async with screen.run_test(size=(COLUMNS, ROWS)) as pilot:
        await people["Fay"].away()
        for name, text in TALK:
            if name == "Hana":
                await stack.enter_async_context(people["Hana"])
            if name == "Ada":
                screen.composer.text = text
                await pilot.press("enter")
                await _until(pilot, lambda: not screen.unheard())
            else:
                await people[name].say(text)
        await people["Ivo"].leave()
        ids = {member["name"]: id for id, member in people["Ada"].members.items()}
        await people["Ada"].mute(ids["Gus"])
        screen.composer.insert(DRAFT)
        await _until(pilot, lambda: "You&#160;see&#160;no&#160;more" in screen.export_screenshot())
        return screen.export_screenshot(title="hereabouts chat")


async def _until(pilot: Pilot[None], is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await pilot.pause()


def _without_web_fonts(svg: str) -> str:
    """Return the picture with the reader's own monospaced font: a picture should fetch nothing."""
    fonts = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S).replace("Fira Code, monospace", fonts)


if __name__ == "__main__":
    asyncio.run(main())
