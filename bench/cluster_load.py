"""The load of bench/load.py on several nodes at once: who enters where, who sits with whom, what it cost them all.

The nodes seat people as they will; with whom everybody sits is read from what they are told.
"""

import re
import socket
import time
from collections import deque
from collections.abc import Sequence
from random import Random
from typing import Literal, TypeAlias, cast

import msgspec

from bench import wire
from bench.load import Load, Member, Plan, Result
from bench.servers import CannotMeasure, allow_files, cpu_s
from bench.valkey import Valkey, Work

Where: TypeAlias = Literal["at random", "dense city"]
WHERE: tuple[Where, ...] = ("at random", "dense city")

CITY = "dr5ru"
"""A cell of 5 km with 32 finer ones: where all live in the dense city."""

NOWHERE = -1
_SITS = b'"type":"room"'
_ROOM = re.compile(_SITS + rb',"room":"([^"]+)"')


class Figures(msgspec.Struct, kw_only=True):
    """One run.

    Attributes:
        nodes: 0 is one process without Redis.
        node_us, valkey_us: CPU time per delivery, all nodes together and the Valkey's; the same per message said.
        rooms: as they were seated.
        seating_p50_ms, seating_p99_ms: from `enter` to `room`, one after another.
        commands: Redis' per message said, by name; `commands_total` is their sum.
        redis_bytes: that went into Redis and out of it, per message said.
    """

    nodes: int
    where: Where
    rooms: int
    deliveries_per_s: float
    node_us: float
    node_us_per_message: float
    valkey_us: float = 0.0
    valkey_us_per_message: float = 0.0
    p50_ms: float
    p99_ms: float
    seating_p50_ms: float
    seating_p99_ms: float
    commands: dict[str, float] = {}
    commands_total: float = 0.0
    redis_bytes: float = 0.0
    messages_per_s: float
    lost: int


class Seated(Member):
    """A member who may come to sit elsewhere: then what was heard where cannot be told apart any more."""

    __slots__ = ("moved_to",)

    def __init__(self, sock: socket.socket, number: int, body_bytes: int) -> None:
        super().__init__(sock, number, NOWHERE, body_bytes)
        self.moved_to: list[bytes] = []

    def hear(self, data: bytes) -> tuple[int, int]:
        """Return as Member does, and know a new room."""
        if _SITS in data:
            self.moved_to += _ROOM.findall(data)
        return super().hear(data)


class ClusterLoad(Load):
    """All members, at all nodes."""

    def __init__(
        self,
        plan: Plan,
        *,
        ports: Sequence[int],
        pids: Sequence[int],
        where: Where,
        valkey: Valkey | None,
        seed: int,
        rate: float,
    ) -> None:
        super().__init__(plan)
        self._rate = rate
        self._next_at = 0.0
        self._silent: deque[Member] = deque()
        self._ports = ports
        self._pids = pids
        self._where = where
        self._valkey = valkey
        self._rng = Random(seed)
        self._rooms: dict[bytes, int] = {}
        self.seating_s: list[float] = []
        self.said = 0
        self.work: Work | None = None

    def connect(self) -> None:
        """Seat everybody, each at a node by chance. Raises CannotMeasure."""
        plan = self.plan
        allow_files(plan.rooms * plan.members + 64)
        for number in range(plan.rooms * plan.members):
            sock = wire.connect(self._rng.choice(self._ports), number)
            began = time.perf_counter()
            came = wire.enter(sock, self._cell(number))
            self.seating_s.append(time.perf_counter() - began)
            member = Seated(sock, number, plan.body_bytes)
            self.seated(member, came)
            self.add(member)

    def seated(self, member: Member, data: bytes) -> None:
        """Know where somebody sits by now."""
        for found in _ROOM.findall(data):
            member.room = self._rooms.setdefault(found, len(self._rooms))

    def server_s(self) -> float:
        """Return the CPU time of all nodes."""
        return sum(map(cpu_s, self._pids))

    def lost(self) -> int:
        """Return how many deliveries are missing or too many, over all rooms that nobody left or came to meanwhile."""
        said = dict.fromkeys(self._rooms.values(), 0)
        others = set()
        for member in self.members.values():
            said[member.room] += member.said
            if moved_to := cast(Seated, member).moved_to:
                others |= {member.room, *map(self._rooms.get, moved_to)}
        settled = (member for member in self.members.values() if member.room not in others)
        return sum(abs(said[member.room] - member.heard) for member in settled)

    @property
    def rooms(self) -> int:
        """How many rooms there are."""
        return len({member.room for member in self.members.values()})

    def _cell(self, number: int) -> str:
        if self._where == "dense city":
            return CITY + self._rng.choice("0123456789bcdefghjkmnpqrstuvwxyz")
        return wire.far_cell(number // self.plan.members)

    def heard_oneself(self, member: Member) -> None:
        """Have them speak again: at once, or in their turn where there is a rate."""
        if self._rate:
            self._silent.append(member)
        else:
            super().heard_oneself(member)

    def _turn(self, timeout_s: float = 0.05) -> bool:
        if not self._rate or self.is_draining:
            return super()._turn(timeout_s)
        now = time.perf_counter()
        self._next_at = max(self._next_at, now - 0.1)
        while self._next_at <= now and self._silent:
            self._silent.popleft().say()
            self._next_at += 1 / self._rate
        return super()._turn(max(0.0, min(timeout_s, self._next_at - time.perf_counter())))

    def _measure(self) -> Result:
        before = self._valkey.work() if self._valkey is not None else None
        said = self._said_by_all()
        result = super()._measure()
        self.said = self._said_by_all() - said
        if self._valkey is not None and before is not None:
            self.work = self._valkey.work().since(before)
        return result

    def _said_by_all(self) -> int:
        return sum(member.said for member in self.members.values())


def measure(
    plan: Plan,
    *,
    ports: Sequence[int],
    pids: Sequence[int],
    where: Where,
    valkey: Valkey | None,
    seed: int,
    rate: float = 0.0,
) -> Figures:
    """Return the figures of one run. Raises CannotMeasure.

    Args:
        rate: messages a second, all together; 0: everybody speaks again when they have heard themselves.
    """
    load = ClusterLoad(plan, ports=ports, pids=pids, where=where, valkey=valkey, seed=seed, rate=rate)
    try:
        result = load.run()
    except OSError as error:
        raise CannotMeasure(f"A connection broke: {error}.") from None
    finally:
        load.close()
    deliveries = result.deliv_s * result.secs
    if not deliveries:
        raise CannotMeasure("Nothing was delivered.")
    figures = Figures(
        nodes=len(ports) if valkey is not None else 0,
        where=where,
        rooms=load.rooms,
        deliveries_per_s=result.deliv_s,
        node_us=round(result.us_cpu_per_deliv, 3),
        node_us_per_message=round(result.us_cpu_per_deliv * deliveries / max(1, load.said), 1),
        p50_ms=round(result.p50_us / 1000, 1),
        p99_ms=round(result.p99_us / 1000, 1),
        seating_p50_ms=round(share_of(load.seating_s, 0.5) * 1000, 1),
        seating_p99_ms=round(share_of(load.seating_s, 0.99) * 1000, 1),
        messages_per_s=round(load.said / result.secs),
        lost=result.lost,
    )
    if load.work is not None:
        work, said = load.work, max(1, load.said)
        figures.valkey_us = round(work.cpu_s * 1e6 / deliveries, 3)
        figures.valkey_us_per_message = round(work.cpu_s * 1e6 / said, 2)
        figures.commands = {name: round(count / said, 4) for name, count in sorted(work.commands.items())}
        figures.commands_total = round(sum(work.commands.values()) / said, 3)
        figures.redis_bytes = round((work.bytes_in + work.bytes_out) / said)
    return figures


def share_of(seconds: Sequence[float], share: float) -> float:
    """Return the value below which this share of them lies."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
