"""What tests of the cluster give its parts: an engine of a server, and waiting with an end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from server.cluster.engine import Engine

WITHIN_S = 10.0


@asynccontextmanager
async def engine_of(url: str) -> AsyncIterator[Engine]:
    """Give an engine of its own, as each node has one."""
    engine = Engine(url)
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close()


async def until(holds: Callable[[], bool], *, within_s: float = WITHIN_S) -> None:
    """Return as soon as this holds; it is looked at between other tasks' turns."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what holds is any state of any part
            await asyncio.sleep(0.005)
