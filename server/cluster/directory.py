"""The directory: where each identity is online, and which rooms others may look at.

Advisory throughout: the host alone says who is there and whether a seat is free. What this node has to say it keeps
and writes once a turn, the newest of each alone, so an outage queues no more than there is to say and what Redis has
forgotten is written again (`rewrite`). Everything ends by itself: a person's entry at its `until`, a card when its
room closes; cards of dead hosts are passed over, and taken away by whoever finds them.

An entry names its node, and only that node's entry is ever taken back: who forgets a person who has gone on to
another node takes nothing from there. Whoever writes an entry learns whose it replaces: where two nodes say that
somebody is theirs, one of them knows. These are the two scripts here; a command alone cannot compare.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Any

import msgspec

from geo import Cell, cell_distance_m
from rooms.shelves import Fill
from server.bugs import log_bug
from server.cluster.clients import Asks, ask
from server.cluster.ending import end
from server.cluster.engine import FAILURES
from server.cluster.shelving import RoomCard, field_of, key_of, pack, shelves_for, shelves_of, unpack

SLICE = 256
"""Entries written in one pipeline: some milliseconds."""

KEPT_MAX = 100_000
"""Entries to be taken back that wait for Redis; what is beyond ends by its TTL."""

DRAWN = 8
"""Cards drawn from each shelf, by chance: a crowded region has thousands."""

LATE_S = 60.0
"""A shelf outlives the last room on it by so long."""

_PUT = """local was=redis.call('HMGET',KEYS[1],'node','where')
redis.call('HSET',KEYS[1],'node',ARGV[1],'where',ARGV[2])
redis.call('PEXPIRE',KEYS[1],ARGV[3])
return was[1] and was[1]~='' and was[1]~=ARGV[1] and was[2]"""
_FORGET = "if redis.call('HGET',KEYS[1],'node')==ARGV[1] then return redis.call('DEL',KEYS[1]) end return 0"


class DirectoryAway(Exception):
    """Redis could not be asked where somebody is."""


class Where(msgspec.Struct, frozen=True):
    """Where somebody is online, or what they left behind.

    Attributes:
        node: the host's incarnation.
        room: the room they sit in; empty between rooms and offline.
        frozen: their identity's rates and standing while they are offline; None while they are online.
        until: when this ends, Unix seconds.
        since: when they sat down there, Unix seconds.
    """

    node: str
    room: str
    frozen: bytes | None
    until: float
    since: float = 0.0

    @property
    def is_online(self) -> bool:
        """Whether a host has them."""
        return self.frozen is None


def person_key(identity: str) -> str:
    """Return the key of somebody's entry."""
    return f"ha:{{p:{identity}}}"


class Directory:
    """One node's end of the directory.

    Args:
        takes: whether a node lives and takes people; cards of others are passed over.
        is_dead: whether a node lived and does no more: its cards are taken away.
        is_mute: whether nothing is to be written now, since another node may have written of the same people since.
        replaced: called with somebody who is here, and the node that said until now that they are in a room of its own.
        unix: Unix seconds, as in `until` and `closes`.
        time_scale: how much faster these pass than Redis's.
        rng: draws among rooms equally near.
    """

    def __init__(
        self,
        engine: Asks,
        *,
        node: str,
        takes: Callable[[str], bool],
        is_dead: Callable[[str], bool],
        is_mute: Callable[[], bool] = lambda: False,
        replaced: Callable[[str, str], None] = lambda identity, node: None,
        rng: random.Random,
        unix: Callable[[], float] = time.time,
        time_scale: float = 1.0,
        answer_s: float = 2.0,
        pause_s: float = 0.5,
    ) -> None:
        self.node = node
        self._engine = engine
        self._takes = takes
        self._is_dead = is_dead
        self._is_mute = is_mute
        self._replaced = replaced
        self._rng = rng
        self._unix = unix
        self._time_scale = time_scale
        self._answer_s = answer_s
        self._pause_s = pause_s
        self._people: dict[str, Where] = {}
        self._rooms: dict[str, RoomCard] = {}
        self._standing: dict[str, set[str]] = {}
        self._unwritten: dict[tuple[str, str], None] = {}
        self._under_way: frozenset[tuple[str, str]] = frozenset()
        self._is_due = False
        self._writing: asyncio.Task[None] | None = None
        self._waiters: list[asyncio.Future[None]] = []

    def put_person(self, identity: str, where: Where) -> None:
        """Have others find somebody, from the end of this turn on."""
        self._people[identity] = where
        self._change("person", identity)

    def forget_person(self, identity: str) -> None:
        """Take back what this node said of somebody; what another said since stays."""
        self._people.pop(identity, None)
        self._change("person", identity)

    def let_go_person(self, identity: str) -> None:
        """Say no more of somebody: another node does."""
        self._people.pop(identity, None)
        self._unwritten.pop(("person", identity), None)

    def put_room(self, card: RoomCard) -> None:
        """Have others find a room.

        Nothing is written unless its class, cell or end changed; how many keep company counts while they are too few,
        for of two rooms that wait the smaller one moves.
        """
        known = self._rooms.get(card.room)
        if known is None or _stand(known) != _stand(card):
            self._rooms[card.room] = card
            self._change("room", card.room)

    def drop_room(self, room: str) -> None:
        """Have others no longer find a room of this node."""
        if self._rooms.pop(room, None) is not None:
            self._change("room", room)

    def written(self) -> asyncio.Future[None] | None:
        """Return what is done when all that was said so far is written; None if it is."""
        if not self._unwritten and not self._under_way:
            return None
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        return waiter

    def rewrite(self) -> None:
        """Write everything anew: Redis has forgotten it."""
        self._standing.clear()
        for identity in self._people:
            self._change("person", identity)
        for room in self._rooms:
            self._change("room", room)

    async def person(self, identity: str) -> Where | None:
        """Return where somebody is, or None if nothing is known of them.

        Raises:
            DirectoryAway: Redis cannot be asked.
        """
        own = self._people.get(identity)
        if own is not None and own.until > self._unix():
            return own
        entry = ("person", identity)
        is_taken_back = own is None and (entry in self._unwritten or entry in self._under_way)
        (found,) = await self._ask([("HMGET", person_key(identity), "node", "where")])
        if isinstance(found, Exception):
            raise DirectoryAway(type(found).__name__)
        if found[1] is None or (is_taken_back and found[0] == self.node.encode()):
            return None
        where = _where(found[1])
        return where if where is not None and where.until > self._unix() else None

    async def rooms_near(self, cell: Cell, *, reach_m: float) -> list[RoomCard]:
        """Return some rooms of other living nodes within reach, nearest first; none while Redis is away."""
        keys = [key_of(shelf) for shelf in shelves_for(cell, reach_m=reach_m)]
        try:
            shelves = await self._ask([("HRANDFIELD", key, DRAWN, "WITHVALUES") for key in keys])
        except DirectoryAway:
            return []
        now, found = self._unix(), {}
        stale: list[tuple[Any, ...]] = []
        for key, shelf in zip(keys, shelves, strict=True):
            for field, value in _pairs(shelf):
                card = unpack(value)
                if card is None or card.closes <= now or self._is_dead(card.node):
                    stale.append(("HDEL", key, field))
                elif card.node != self.node and self._takes(card.node):
                    found[card.room] = card
        if stale:
            with contextlib.suppress(DirectoryAway):
                await self._ask(stale)
        far = {room: cell_distance_m(cell, Cell(card.cell)) for room, card in found.items()}
        within = [card for card in found.values() if far[card.room] <= reach_m or cell.matches(Cell(card.cell))]
        return sorted(within, key=lambda card: (far[card.room], card.fill, self._rng.random()))

    async def stop(self) -> None:
        """Write what waits, if that may be and Redis takes it in time, and take this node's rooms back."""
        for room in list(self._rooms):
            self.drop_room(room)
        self._write_soon()
        if self._writing is not None:
            if not self._is_mute():
                await asyncio.wait({self._writing}, timeout=self._answer_s)
            await end(self._writing)

    def _change(self, kind: str, name: str) -> None:
        self._unwritten[kind, name] = None
        if len(self._unwritten) > len(self._people) + len(self._rooms) + KEPT_MAX:
            del self._unwritten[next(iter(self._unwritten))]
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._write_soon)

    def _write_soon(self) -> None:
        self._is_due = False
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._unwritten:
            if self._is_mute():
                await asyncio.sleep(self._pause_s)
                continue
            batch = list(self._unwritten)[:SLICE]
            waiters = len(self._waiters) if len(batch) == len(self._unwritten) else 0
            try:
                await self._write_some(batch)
                self._wake(waiters)
            except DirectoryAway:
                await asyncio.sleep(self._pause_s)
            except Exception as bug:
                log_bug("writing the directory", bug)
                await asyncio.sleep(self._pause_s)
        self._wake(len(self._waiters))

    def _wake(self, count: int) -> None:
        """Tell those who had been waiting before the batch began that it is written."""
        for waiter in self._waiters[:count]:
            if not waiter.done():
                waiter.set_result(None)
        del self._waiters[:count]

    async def _write_some(self, batch: list[tuple[str, str]]) -> None:
        commands: list[tuple[Any, ...]] = []
        owners: list[tuple[str, str]] = []
        shelves: dict[str, set[str]] = {}
        for kind, name in batch:
            del self._unwritten[kind, name]
            try:
                wanted = self._person_commands(name) if kind == "person" else self._room_commands(name)
            except Exception as bug:
                log_bug(f"making a {kind}'s entry", bug)
                continue
            if kind == "room":
                card = self._rooms.get(name)
                shelves[name] = set(shelves_of(card)) if card is not None else set()
            commands += wanted
            owners += [(kind, name)] * len(wanted)
        failed, former = set(batch), dict[str, bytes]()
        self._under_way = frozenset(batch)
        try:
            answers = await self._ask(commands) if commands else []
            answered = list(zip(owners, answers, strict=True))
            failed = {owner for owner, answer in answered if isinstance(answer, Exception)}
            former = {name: answer for (_, name), answer in answered if isinstance(answer, bytes)}
        finally:
            self._under_way = frozenset()
            for kind, name in batch:
                if (kind, name) in failed:
                    self._unwritten.setdefault((kind, name))
                elif kind == "person":
                    self._wrote_person(name)
                else:
                    self._wrote_room(name, shelves[name])
        for identity, packed in former.items():
            self._look_whose(identity, packed)
        if failed:
            raise DirectoryAway("some entries were not written")

    def _wrote_room(self, room: str, shelves: set[str]) -> None:
        if shelves:
            self._standing[room] = shelves
        else:
            self._standing.pop(room, None)

    def _wrote_person(self, identity: str) -> None:
        """Keep only who is online: what somebody left behind is Redis's alone from here on."""
        where = self._people.get(identity)
        if where is not None and not where.is_online and ("person", identity) not in self._unwritten:
            del self._people[identity]

    def _look_whose(self, identity: str, packed: bytes) -> None:
        """Have it known if another node's entry for somebody was replaced, unless they have gone on meanwhile."""
        former, where = _where(packed), self._people.get(identity)
        if former is None or where is None or not (former.is_online and where.is_online):
            return
        if former.room != where.room:
            self._replaced(identity, former.node)

    def _person_commands(self, identity: str) -> list[tuple[Any, ...]]:
        key, where = person_key(identity), self._people.get(identity)
        if where is None:
            return [("EVAL", _FORGET, 1, key, self.node)]
        left_s = (where.until - self._unix()) / self._time_scale
        if left_s <= 0:
            del self._people[identity]
            return []
        packed = msgspec.msgpack.encode(where)
        return [("EVAL", _PUT, 1, key, where.node, packed, int(left_s * 1000) + 1)]

    def _room_commands(self, room: str) -> list[tuple[Any, ...]]:
        card, former = self._rooms.get(room), self._standing.pop(room, set())
        stands = shelves_of(card) if card is not None else ()
        # Taken from where it may stand, too: of what was under way when Redis went away nothing is known.
        commands: list[tuple[Any, ...]] = [
            ("HDEL", key_of(shelf), field_of(room, self.node)) for shelf in sorted(former.difference(stands))
        ]
        if card is not None:
            self._standing[room] = former.union(stands)
            left_ms = int(((card.closes - self._unix()) / self._time_scale + LATE_S) * 1000)
            packed = pack(card)
            for shelf in stands:
                key = key_of(shelf)
                # NX for a new shelf, GT so that a room that ends early does not take the others with it.
                commands += [
                    ("HSET", key, field_of(room, self.node), packed),
                    ("PEXPIRE", key, left_ms, "NX"),
                    ("PEXPIRE", key, left_ms, "GT"),
                ]
        elif former:
            self._standing[room] = former
        return commands

    async def _ask(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        try:
            return await ask(self._engine, commands, answer_s=self._answer_s)
        except FAILURES as away:
            raise DirectoryAway(type(away).__name__) from None


def _stand(card: RoomCard) -> tuple[Any, ...]:
    """Return what of a card others have to know."""
    return card.fill, card.cell, card.closes, card.company if card.fill is Fill.WAITING else 0


def _where(packed: bytes) -> Where | None:
    """Return an entry; None for one of another version: whoever it is begins anew."""
    try:
        return msgspec.msgpack.decode(packed, type=Where)
    except msgspec.MsgspecError:
        return None


def _pairs(shelf: Any) -> list[tuple[bytes, bytes]]:
    """Return field and value of each card drawn: RESP2 answers a row, RESP3 a row of pairs; a fault holds none."""
    if not isinstance(shelf, list):
        return []
    if shelf and isinstance(shelf[0], list | tuple):
        return [(field, value) for field, value in shelf]
    return list(zip(shelf[::2], shelf[1::2], strict=True))
