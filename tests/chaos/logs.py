"""Looks at the rooms' logs while they are written: who wrote which entry. Opens none; they are sealed."""

import asyncio
import contextlib
import zlib
from collections.abc import Sequence
from typing import Any

from redis import asyncio as redis

from server.cluster.ending import end
from tests.chaos.history import Entry

LOOK_EVERY_S = 0.5
SEEN_AT_ONCE = 60
"""Entries read of each room in one look: more than a log keeps at least, so that none is overlooked."""

STORE = "store"
"""What lasts has a log of its own, under a name that no room has."""


class LogWatch:
    """Collects what lies in all rooms' logs, on whichever server, until it is stopped."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.entries: dict[tuple[str, int, int, str, int], Entry] = {}
        self._urls = urls
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "LogWatch":
        self._tasks = [asyncio.create_task(self._watch(url)) for url in self._urls]
        return self

    async def __aexit__(self, *exc: object) -> None:
        await end(*self._tasks)

    async def _watch(self, url: str) -> None:
        while True:
            with contextlib.suppress(OSError, redis.RedisError, TimeoutError):
                async with asyncio.timeout(5), redis.Redis.from_url(url, socket_timeout=3) as client:
                    with contextlib.suppress(redis.ResponseError):
                        await client.readonly()  # so that a Cluster's replica answers, too
                    while True:
                        await self.look(client)
                        await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, client: Any) -> None:
        """Read the newest entries of all rooms."""
        async for key in client.scan_iter("ha:{*}:log", count=1000):
            room = key.decode()[4:-5]
            if room == STORE:
                continue
            for id, fields in await client.xrevrange(key, count=SEEN_AT_ONCE):
                epoch, _, n = id.decode().partition("-")
                node, sealed = fields.values()
                entry = Entry(room, int(epoch), int(n), node.decode(), zlib.crc32(sealed))
                self.entries[room, entry.epoch, entry.n, entry.node, entry.digest] = entry
