"""The moment at which a node plans who sits with whom at a window's end: found, and held open for as long as is needed.

A plan takes some milliseconds, once all nodes have told the planner whom they have. So one of the others stands still
over the window's end, for less than anybody takes for a death: the planner waits for it, up to a second.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from rooms.agenda import Window
from rooms.windows import window_end
from server.cluster.ahead import AHEAD_S, ANSWER_S, people_key
from server.cluster.clients import ask
from server.cluster.engine import Engine
from server.cluster.regions import planner_of
from tests.chaos.arena import Arena
from tests.cluster_clients import engine_of
from tests.live_server import LiveServer

KNOWN_S = AHEAD_S / 2
"""So long before the end all nodes know which of them have people of the window."""

STILL_BEFORE_S = 0.2
HALF_WAY_S = 0.4

WITHIN_S = 30.0
"""In this time a window of which several nodes have people ends somewhere, or there is none for now."""


@contextlib.asynccontextmanager
async def half_way(place: Arena) -> AsyncIterator[LiveServer | None]:
    """Give the node that is planning now, and that another one tells whom it has after this; None if none plans."""
    async with engine_of(place.redis.url) as engine:
        found = await _next_shared(place, engine)
        if found is None:
            yield None
            return
        window, planner, other = found
        await _until(engine, window.closes - STILL_BEFORE_S)
        other.stop_for_a_while()
        try:
            await _until(engine, window.closes + HALF_WAY_S)
            yield planner
        finally:
            other.go_on()


async def _next_shared(place: Arena, engine: Engine) -> tuple[Window, LiveServer, LiveServer] | None:
    """Return a window that is about to end, its planner, and another node with people of it."""
    since = engine.time()
    while engine.time() < since + WITHIN_S:
        soon = engine.time() + KNOWN_S
        window = min(Window(window_end(region, soon, place.window_s), region) for region in place.regions)
        await _until(engine, window.closes - KNOWN_S)
        (found,) = await ask(engine, [("SMEMBERS", people_key(window))], answer_s=ANSWER_S)
        names = [name.decode() for name in found]
        nodes = {name: server for name in names if (server := place.named(name)) is not None}
        if len(nodes) > 1:
            planner = nodes.pop(planner_of(window, sorted(nodes)))
            return window, planner, place.rng.choice(list(nodes.values()))
    return None


async def _until(engine: Engine, moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - engine.time()))
