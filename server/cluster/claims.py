"""How a node comes to hold the room of a dead one: it writes the first entry of a new epoch, which one alone can.

Must never judge who is dead, nor make anything of what it reads.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

import hiredis
import msgspec

from server.bugs import log
from server.cluster.engine import COMMAND_TIMEOUT_S, Engine
from server.cluster.entries import CLAIM, END, Entry, Raw, RoomSeal, accepted, log_key, read_raw
from server.cluster.lanes import ASK, Lanes, asked_shard
from server.cluster.link import LinkLostError
from server.store.sealing import SealBroken

AGAIN_S = 0.05
"""Before asking again after an error: a connection that was lost is back by then, if Redis is."""


class Claimed(msgspec.Struct, frozen=True):
    """The room is held here; `entries` are what was accepted of it and is still there, in order."""

    entries: list[Entry]


class HeldBy(msgspec.Struct, frozen=True):
    """That node holds it, and lives."""

    node: str


class Gone(msgspec.Struct, frozen=True):
    """Redis knows nothing of it any more."""


class Away(msgspec.Struct, frozen=True):
    """Redis did not answer in time; the room may be held here or not, as asking again will tell."""


Claim: TypeAlias = Claimed | HeldBy | Gone | Away
_NOWHERE = Raw(0, 0, b"", b"", b"")


class _RefusedError(Exception):
    """Redis does not do what it is asked, now."""


class Claimant:
    """Who wants a room.

    Args:
        kept: how many entries its stream keeps, about.
        lives: tells of a node whether it does.
    """

    def __init__(
        self,
        engine: Engine,
        lanes: Lanes,
        seal: RoomSeal,
        room: str,
        *,
        node: bytes,
        kept: bytes,
        lives: Callable[[str], bool],
    ) -> None:
        self._engine = engine
        self._lanes = lanes
        self._seal = seal
        self._key = log_key(room)
        self._node = node
        self._kept = kept
        self._lives = lives

    async def claim(self, body: bytes) -> tuple[Claim, Raw]:
        """Return what came of it, and what stands last in the stream if it is held here."""
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                while True:
                    try:
                        return await self._try(body)
                    except (LinkLostError, _RefusedError):
                        # Whether it was written is seen when the stream is read again.
                        await asyncio.sleep(AGAIN_S)
        except TimeoutError:
            return Away(), _NOWHERE

    async def _try(self, body: bytes) -> tuple[Claim, Raw]:
        tops = read_raw(await self._ask(b"XREVRANGE", b"+", b"-", b"COUNT", b"1"))
        if not tops or tops[0].mark == END:
            return Gone(), _NOWHERE
        if tops[0].node != self._node:
            holder = tops[0].node.decode()
            if self._lives(holder):
                return HeldBy(holder), _NOWHERE
            # Refused if somebody was faster: then they stand last.
            await self._write(tops[0].epoch + 1, body)
            return await self._try(body)
        # Here, though not known to be: written by an earlier try whose answer was lost.
        raws = read_raw(await self._ask(b"XRANGE", b"-", b"+"))
        if not raws or raws[-1].node != self._node:
            return await self._try(body)
        return Claimed(self._opened(raws)), raws[-1]

    async def _write(self, epoch: int, body: bytes) -> None:
        id = b"%d-0" % epoch
        sealed = self._seal.seal(body, id=id, mark=CLAIM, node=self._node)
        how = (b"NOMKSTREAM", b"MAXLEN", b"~", self._kept)
        await self._ask(b"XADD", *how, id, CLAIM, self._node, b"b", sealed, may_be_late=True)

    async def _ask(self, command: bytes, *rest: bytes, may_be_late: bool = False) -> Any:
        lane = self._lanes.get(self._engine.shard_of(self._key))
        answer = await lane.ask(command, self._key, *rest)
        if isinstance(answer, hiredis.ReplyError) and str(answer).startswith(ASK):
            there = self._lanes.get(asked_shard(str(answer), lane.shard))
            answer = await there.ask(command, self._key, *rest, is_asking=True)
        if isinstance(answer, hiredis.ReplyError):
            if may_be_late and "equal or smaller" in str(answer):
                return None
            self._lanes.look_again()
            log.info("Redis does not let a room be claimed: %s", answer)
            raise _RefusedError
        return answer

    def _opened(self, raws: list[Raw]) -> list[Entry]:
        opened: list[Entry] = []
        for raw in accepted(raws):
            try:
                opened.append(self._seal.open(raw))
            except SealBroken as broken:
                # What follows builds on it.
                log.error("A room can be read up to an entry: %s", broken)
                break
        return opened
