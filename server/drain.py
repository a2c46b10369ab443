"""How a server that is told to end lets its people go: one after another, so that they do not come back all at once.

Knows who is there and when each goes. Never knows signals, nor what becomes of the process.

    0             a quarter        half                               drain_s
    |── it listens ──|               |                                  |
    |── people are let go, room by room ──| nobody is there             |
                                     |── people come back, evenly ──────|

- While it listens, handshakes are answered 503 and /readyz says `draining`. By default that is 7.5 s: whoever checks
  /readyz every two seconds and believes the third failure (HAProxy as it comes) has seen it by then. Then the listening
  socket goes. That is what a balancer sees that only tries to connect, and where a successor may listen.
- Whoever goes first is told to come back last. So nobody comes back before everybody is gone, and half of `drain_s`
  is spread over as many returns as there were people.
- A room's people go one after the other: they talk on until then, and come back near each other in time.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol, runtime_checkable

from server.answers import Bye
from server.bugs import log_bug
from server.connection import Connection
from server.listener import Listener
from server.outcomes import bye

DRAIN = 4000
REASON = "The server restarts."
"""For people; when to come back is told as a number, which a client counts down."""

LISTENS = 0.25
"""Of drain_s."""

LETS_GO = 0.5
"""Of drain_s; the rest is for coming back."""


class Farewell(NamedTuple):
    """When somebody is let go, in seconds from the beginning, and how many seconds later they are to come back."""

    after_s: float
    reconnect_in: float


def farewells(count: int, drain_s: float) -> Iterator[Farewell]:
    """Yield one farewell for each of so many people, the first to go first: both times are spread evenly."""
    for place in range(count):
        share = (place + 0.5) / count
        yield Farewell(share * LETS_GO * drain_s, (1 - share) * drain_s)


@runtime_checkable
class Guest(Protocol):
    """Who hears a connection and can be let go: a `Peer`, or whoever stands for one of another node."""

    @property
    def sits_in(self) -> str:
        """The room they sit in, or what else those have in common who sit together; "" without a seat."""

    def let_go(self, last: Bye) -> None:
        """Say goodbye and close after everything their room has said so far."""


class Drain:
    """The end of one server's connections. Made in a running loop, `run` once.

    Attributes:
        count: how many clients were there when it was made.
        told: how many of them have been let go by now.
        ends_at: when drain_s is over, by the loop's clock.
    """

    def __init__(self, listener: Listener, *, drain_s: float) -> None:
        self._listener = listener
        self._drain_s = drain_s
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._is_hurried = False
        self._wake = asyncio.Event()
        self._leaving = in_order(listener)
        self.count = len(self._leaving)
        self.told = 0
        self.ends_at = self._began + drain_s

    @property
    def lets_go_s(self) -> float:
        """How long it takes until everybody is let go."""
        return LETS_GO * self._drain_s

    async def run(self, begins: Callable[[], None] = lambda: None) -> None:
        """Take nobody any more, and return when everybody is let go or has gone by themselves.

        Args:
            begins: called once it is known how long that takes.
        """
        listener = self._listener
        listener.turn_away_until(self.ends_at)
        begins()
        listener.deserted = self._wake.set
        falling_silent = self._loop.call_at(self._began + LISTENS * self._drain_s, listener.stop_accepting)
        try:
            for connection, farewell in zip(self._leaving, farewells(self.count, self._drain_s), strict=True):
                await self._until(self._began + farewell.after_s)
                self.told += let_go(connection, farewell.reconnect_in)
        finally:
            falling_silent.cancel()
            self._leaving.clear()

    def hurry(self) -> None:
        """Let everybody go now; when they are to come back stays spread."""
        self._is_hurried = True
        self._wake.set()

    async def _until(self, moment: float) -> None:
        """Return at that moment, or as soon as there is nothing to wait for."""
        while self._listener.open_count and not self._is_hurried and self._loop.time() < moment:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(moment):
                    await self._wake.wait()


def let_go(connection: Connection, reconnect_in: float) -> bool:
    """Say goodbye to one, unless they are gone. A bug that meets one of them is no reason to keep the others."""
    guest = connection.receiver
    if not connection.is_open or not isinstance(guest, Guest):
        return False
    try:
        guest.let_go(bye(DRAIN, reason=REASON, reconnect_in=round(reconnect_in, 3)))
    except Exception as bug:
        log_bug("letting somebody go", bug)
        connection.abort()
    return True


def in_order(listener: Listener) -> list[Connection]:
    """Return everybody who is connected: those first who have no seat to lose, then room by room."""
    seated: dict[Connection, str] = {}
    for connection in listener.connections:
        guest = connection.receiver
        if isinstance(guest, Guest):
            seated[connection] = guest.sits_in
    return sorted(seated, key=seated.__getitem__)
