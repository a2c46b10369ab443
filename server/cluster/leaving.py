"""How one node of many ends: its rooms go on at others, and then its clients go there, one after another.

Knows who is there and when each goes. Never knows signals, nor what becomes of the process. Where no other node stays,
since all of them are ending or Redis is away, it is the drain of a lone process (server/drain.py), and the rooms are
found by their logs.

    0             a quarter                       three quarters of drain_s
    |── it listens ──|                                  |
    |── rooms go ────|── clients go, evenly ────────────|
                     |── and are back at another node at once ──|

- While it listens, handshakes are answered 503 and /readyz says `draining`. Where workers share a port it listens no
  longer from the beginning: the system sends newcomers to the others.
- Nobody notices that a room goes. A client that goes is away for about a second, well within resume_grace_s.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from rooms.room import Room
from server.bugs import log, log_bug
from server.cluster.commit import Held
from server.cluster.engine import FAILURES
from server.cluster.relay import RemoteLine
from server.drain import LETS_GO, LISTENS, Drain, in_order, let_go
from server.listener import Listener

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

BACK_IN_S = 0.5
"""Clients go one after another, so they may come back as they please; this is for those who watch balancers."""

RETRY_AFTER_S = 1.0
"""What those are told whom a balancer still sends here."""

AT_ONCE = 20
"""Rooms on their way at one time: some five milliseconds of work."""

LOOK_EVERY_S = 0.1
"""How often a node with nobody of its own looks whether others still relay somebody."""

TOGETHER_S = 0.5
"""Nodes that are told to end at the same time know of each other after so long, or after an eighth of drain_s."""


class Leaving:
    """The end of one node's rooms and connections. Made in a running loop, `run` once.

    Attributes:
        count: how many clients were there when it was made.
    """

    def __init__(self, cluster: "Cluster", listener: Listener, *, drain_s: float, shares_port: bool) -> None:
        self._cluster = cluster
        self._listener = listener
        self._drain_s = drain_s
        self._shares_port = shares_port
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._alone: Drain | None = None
        self._told = 0
        self._is_hurried = False
        self._wake = asyncio.Event()
        self.count = listener.open_count

    @property
    def lets_go_s(self) -> float:
        """How long it takes until everybody is let go: until it is known who stays, at most."""
        return self._alone.lets_go_s if self._alone is not None else (LISTENS + LETS_GO) * self._drain_s

    async def run(self, begins: Callable[[], None] = lambda: None) -> None:
        """Take nobody any more, and return when everybody is let go or has gone by themselves.

        Args:
            begins: called once it is known how long that takes.
        """
        self._cluster.is_leaving = True
        others = await self._others()
        if not others:
            self._alone = Drain(self._listener, drain_s=self._drain_s)
            if self._is_hurried:
                self._alone.hurry()
            await self._alone.run(begins)
            await self._until_relayed_are_gone(self._began + LETS_GO * self._drain_s)
            self._log_end(self._alone.told)
            return
        begins()
        log.info("Leaving: rooms and people go to %d other node%s.", len(others), "s" * (len(others) > 1))
        listener = self._listener
        listener.turn_away_until(self._loop.time() + RETRY_AFTER_S)
        listener.deserted = self._wake.set
        silent_at = self._began + (0.0 if self._shares_port else LISTENS * self._drain_s)
        falling_silent = self._loop.call_at(silent_at, listener.stop_accepting)
        try:
            await self._hand_on_rooms(self._began + LISTENS * self._drain_s)
            # While it listens, a proxy that only passes bytes on may send whoever is let go here again.
            await self._until(silent_at)
            await self._let_go()
        finally:
            falling_silent.cancel()
            listener.stop_accepting()
        self._log_end(self._told)

    def _log_end(self, told: int) -> None:
        rooms = self._cluster.handing.handed_on
        log.info("Left: %d client%s let go, %d room%s handed on.", told, "s" * (told != 1), rooms, "s" * (rooms != 1))

    def hurry(self) -> None:
        """Let everybody go now."""
        self._is_hurried = True
        self._wake.set()
        if self._alone is not None:
            self._alone.hurry()

    async def _others(self) -> frozenset[str]:
        """Return who stays, having told them that this node leaves; nobody if Redis cannot be asked."""
        registry = self._cluster.registry
        try:
            await registry.leave()
            await asyncio.sleep(min(TOGETHER_S, self._drain_s / 8))
            return await registry.look_who_stays()
        except FAILURES:
            return frozenset()

    async def _until_relayed_are_gone(self, until: float) -> None:
        """Return when no other node relays anybody here any more: they are let go there, and talk until then."""
        while len(self._cluster.remotes) and not self._is_hurried and self._loop.time() < until:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_EVERY_S)

    async def _hand_on_rooms(self, until: float) -> None:
        """Have all rooms go on at other nodes; those that cannot go by then are found by their logs."""
        cluster = self._cluster
        for room in list(cluster.house.world.rooms.values()):
            cluster.directory.drop_room(room.id)
        failed: set[str] = set()
        doubted: set[str] = set()
        # One that hangs is dead to the others only seconds later: no more rooms go there than have to.
        while not self._is_hurried and self._loop.time() < until:
            if cluster.writing.is_unsure or not cluster.reaches_others:
                # What was said is in no log yet: who goes on with a room would go on without it.
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            others = cluster.registry.staying - doubted or cluster.registry.staying
            rooms = [room for room in cluster.house.world.rooms.values() if room.id not in failed][:AT_ONCE]
            if not rooms or not others:
                break
            nodes = [self._best_of(others, room) for room in rooms]
            handing = map(cluster.handing.hand_on, rooms, nodes)
            for room, node, done in zip(
                rooms, nodes, await asyncio.gather(*handing, return_exceptions=True), strict=True
            ):
                if isinstance(done, Exception):
                    log_bug("handing a room on", done)
                if done is not True:
                    failed.add(room.id)
                    doubted.add(node)

    def _best_of(self, others: frozenset[str], room: Room) -> str:
        """Return the node that most of the room's people are connected to, by chance if to none of these."""
        peers = self._cluster.node.peers
        lines = [
            held.line
            for seat in room.seats.values()
            if (peer := peers.get(seat.person.id)) is not None and isinstance(held := peer.connection, Held)
        ]
        gateways = Counter(line.gateway for line in lines if isinstance(line, RemoteLine) and line.gateway in others)
        if gateways:
            return max(sorted(gateways), key=gateways.__getitem__)
        return self._cluster.house.world.rng.choice(sorted(others))

    async def _let_go(self) -> None:
        leaving = in_order(self._listener)
        begins = self._loop.time()
        length_s = LETS_GO * self._drain_s
        for place, connection in enumerate(leaving):
            await self._until(begins + length_s * (place + 0.5) / len(leaving))
            self._told += let_go(connection, BACK_IN_S)

    async def _until(self, moment: float) -> None:
        """Return at that moment, or as soon as there is nothing to wait for."""
        while self._listener.open_count and not self._is_hurried and self._loop.time() < moment:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(moment):
                    await self._wake.wait()
