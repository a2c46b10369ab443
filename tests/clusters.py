"""Several nodes on one Redis, in this process, for tests."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from redis import asyncio as redis

from server.app import App, open_app
from server.loading import load
from tests.apps import Client
from tests.cluster_clients import engine_of
from tests.sessions import ENDLESS, UNLIMITED

SECRET = "5e" * 32


@contextlib.asynccontextmanager
async def nodes(
    url: str, count: int, *, bare: bool = False, is_empty: bool = False, **settings: Any
) -> AsyncIterator[list[App]]:
    """Run so many nodes on a Redis, emptied unless it `is_empty`; with the limits of a server in use if `bare`."""
    if not is_empty:
        async with engine_of(url) as engine:
            await engine.client.flushdb()
    chosen = ENDLESS if bare else ENDLESS | UNLIMITED
    apps: list[App] = []
    try:
        for _ in range(count):
            app = await open_app(load(None, {}, {**chosen, "port": 0, "redis": url, "secret": SECRET, **settings}))
            await app.start()
            apps.append(app)
        yield apps
    finally:
        for app in apps:
            await app.stop(within_s=0.5)


async def together(*clients: Client) -> None:
    """Return when all of these sit in one room: where nodes do not know each other's rooms yet, one of them moves."""
    while len({client.room for client in clients}) > 1:
        hearing = [asyncio.create_task(client.hear()) for client in clients]
        await asyncio.wait(hearing, return_when=asyncio.FIRST_COMPLETED)
        for task in hearing:
            task.cancel()
        for result in await asyncio.gather(*hearing, return_exceptions=True):
            assert isinstance(result, dict | asyncio.CancelledError), result


async def until_shown(url: str, rooms: int = 1) -> None:
    """Return when nodes can find so many of each other's rooms."""
    async with redis.Redis.from_url(url) as client:
        while sum([await client.hlen(key) async for key in client.scan_iter("ha:rooms:*")]) < rooms:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
