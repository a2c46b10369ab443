"""What tests of the rooms' log share: a log on a real server and what it told, and a room as others find it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from server.cluster.engine import Engine
from server.cluster.entries import Entry, log_key
from server.cluster.log import Claim, Claimed, RoomLog, Verdict

KEY = bytes(range(32))


class Host:
    """A node with a log.

    Attributes:
        noticed: what it was told of rooms by themselves.
        away: what it was told of Redis.
        client: asks Redis directly.
    """

    def __init__(self, engine: Engine, node: str, key: bytes) -> None:
        self.engine = engine
        self.client: Any = engine.client
        self.noticed: list[tuple[str, Verdict]] = []
        self.away: list[bool] = []
        self.log = RoomLog(
            engine,
            node=node,
            key=key,
            noticed=lambda room, verdict: self.noticed.append((room, verdict)),
            went_away=self.away.append,
        )

    async def founds(self, *rooms: str) -> None:
        """Begin rooms."""
        for room in rooms:
            self.log.create(room, b"whole", ends_at=self.ends_at)
        assert await self.log.send() == dict.fromkeys(rooms, Verdict.ACCEPTED)

    async def says(self, room: str, *words: bytes) -> Verdict:
        """Write words of one turn down."""
        for word in words:
            self.log.append(room, word)
        return (await self.log.send())[room]

    async def takes(self, room: str, *, living: str = "") -> Claim:
        """Claim a room; nobody lives but who is named."""
        return await self.log.claim(room, b"claim", lives=living.__eq__)

    async def reads(self, room: str) -> list[bytes]:
        """Return what is written of a room, by claiming it."""
        return [entry.body for entry in await self.entries(room)][:-1]

    async def entries(self, room: str) -> list[Entry]:
        """Return a room's entries, by claiming it."""
        claim = await self.takes(room)
        assert isinstance(claim, Claimed), claim
        return claim.entries

    @property
    def ends_at(self) -> float:
        """A moment at which a room might end."""
        return self.engine.time() + 600.0


@asynccontextmanager
async def host_on(url: str, node: str = "a.1", *, key: bytes = KEY) -> AsyncIterator[Host]:
    """Run a node's log."""
    engine = Engine(url)
    await engine.open()
    host = Host(engine, node, key)
    try:
        await host.log.start()
        yield host
    finally:
        await host.log.stop()
        await engine.close()


async def ids(client: Any, room: str) -> list[str]:
    """Return the ids of a room's entries as they lie there."""
    return [id.decode() for id, _ in await client.xrange(log_key(room))]
