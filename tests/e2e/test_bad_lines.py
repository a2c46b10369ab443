"""Lines that are slow, late and break: one gets in all the same, and every word is said once."""

import asyncio
import contextlib
import time
from collections import Counter
from typing import Any

import pytest
from playwright.async_api import expect

from server.app import App
from tests.apps import Client, Clients
from tests.e2e.slow_line import SlowLine
from tests.e2e.visits import PHONE, Visitor, Visits
from tests.sessions import UNLIMITED

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG: dict[str, Any] = {**UNLIMITED, "window_s": 7200}
BITS_PER_S, ROUND_TRIP_S = 64_000, 0.8
ENTER_MAX_S = 20.0
MESSAGES, PAGES = 100, 2
CUT_AFTER = 20  # one message in twenty, 5 %, loses its connection, on one line and the other by turns
PATIENCE_MS = 120_000


def bad_line(port: int) -> SlowLine:
    """Return a line of which one connection in twenty breaks, the third of the first page load among them."""
    return SlowLine(port, bits_per_s=BITS_PER_S, late_s=ROUND_TRIP_S / 2, break_every=20, break_first=3)


async def test_one_is_in_within_twenty_seconds_and_all_is_said_once(visits: Visits) -> None:
    visits.may_lose = True
    async with visits.serving(**LONG) as app, Clients(app) as clients, contextlib.AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(bad_line(app.listener.port).running()) for _ in range(PAGES)]
        pages = [await sat_down(visits, app, line) for line in lines]
        bo = await clients.new()
        cell = await pages[0].page.evaluate("JSON.parse(sessionStorage.getItem('hereabouts.seat')).cell")
        await bo.enter(cell, name="Bo")
        texts = [[f"Word {page}-{number}" for number in range(MESSAGES // PAGES)] for page in range(PAGES)]
        for visitor, words in zip(pages, texts, strict=True):
            for word in words:
                await visitor.say(word)
        heard: list[str] = []
        while len(heard) < MESSAGES:
            heard.append(await next_said(bo))
            if len(heard) % CUT_AFTER == CUT_AFTER // 2:
                lines[len(heard) // CUT_AFTER % PAGES].cut()
        for visitor, words in zip(pages, texts, strict=True):
            await acknowledged(visitor, words)
        assert (await bo.ask("ping", "pong", "said"))["type"] == "pong"
        assert Counter(heard) == Counter(word for words in texts for word in words)
        for words in texts:
            assert [text for text in heard if text in words] == words
        await visits.close()


async def sat_down(visits: Visits, app: App, line: SlowLine) -> Visitor:
    """Open the page by a bad line, tap a place and sit down, all of it in time."""
    began = time.monotonic()
    visitor = await visits.open(app, port=line.port, viewport=PHONE)
    loaded_s = time.monotonic() - began
    await visitor.page.locator("canvas").click(position={"x": 100, "y": 80})
    await visitor.button("Take a seat").click()
    await expect(visitor.box).to_be_visible(timeout=PATIENCE_MS)
    seated_s = time.monotonic() - began
    print(f"loaded {loaded_s:.1f} s, seated {seated_s:.1f} s, {line.opened} connections, {line.broken} broken")
    assert seated_s <= ENTER_MAX_S
    assert line.broken >= 1
    return visitor


async def next_said(client: Client) -> str:
    """Return the next words, waiting as long as lines take that break again and again."""
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while True:
            with contextlib.suppress(TimeoutError):
                return str((await client.hear("said"))["text"])


async def acknowledged(visitor: Visitor, words: list[str]) -> None:
    """Wait until a page shows all of its words as said, each once."""
    mine = visitor.page.locator(".said.is-mine")
    confirmed = visitor.page.locator(".said.is-mine[data-status=said]")
    await expect(confirmed).to_have_count(len(words), timeout=PATIENCE_MS)
    await expect(mine).to_have_count(len(words))
    assert await mine.locator(".text").all_text_contents() == words
