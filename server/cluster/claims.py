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
        handed: in which epoch its holder handed it on; 0 if nobody did.
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
        handed: int,
    ) -> None:
        self._engine = engine
        self._lanes = lanes
        self._seal = seal
        self._key = log_key(room)
        self._node = node
        self._kept = kept
        self._lives = lives
        self._handed = handed
        self._claimed = 0

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
        if tops[0].node != self._node or tops[0].epoch != self._claimed:
            if self._is_held(tops[0]):
                return HeldBy(tops[0].node.decode()), _NOWHERE
            # Refused if somebody was faster: then they stand last. What this node handed on and takes back is claimed
            # too, so that whoever hears late of it cannot.
            self._claimed = tops[0].epoch + 1
            await self._write(self._claimed, body)
            return await self._try(body)
        raws = read_raw(await self._ask(b"XRANGE", b"-", b"+"))
        if not raws or raws[-1].node != self._node:
            return await self._try(body)
        return Claimed(self._opened(raws)), raws[-1]

    def _is_held(self, top: Raw) -> bool:
        if top.node == self._node:
            return False
        return top.epoch != self._handed if self._handed else self._lives(top.node.decode())

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
