"""What connections, their port and their receivers know of each other: limits and three interfaces.

Knows names and numbers only; holds no behaviour.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Protocol

import msgspec

from server.http import Reply
from server.wheel import Entry

if TYPE_CHECKING:
    from server.connection import Connection


class TransportLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Every limit of a connection and of its port. 0 switches off those said to allow it."""

    frame_max_bytes: int = 16384  # of a message, whole or in fragments
    fragments_max: int = 256  # of one message: more is an attack on memory, not a stream
    frames_per_turn: int = 100  # of one connection in one loop turn: well under a millisecond
    handshake_timeout_s: float = 5.0
    enter_timeout_s: float = 10.0  # 0: never
    ping_every_s: float = 25.0  # 0: never; below the 30 s after which common proxies drop a silent connection
    pong_timeout_s: float = 20.0
    unsent_max_bytes: int = 262144
    unsent_max_s: float = 10.0  # 0: never
    close_timeout_s: float = 3.0  # from a Close frame or an HTTP answer to the hard end
    connections_max: int = 18000
    sockets_per_address: int = 6000  # 0: any number
    half_open_max: int = 2048  # sockets without a whole request head, of all addresses
    wheel_tick_s: float = 0.1  # deadlines are told at most this late


class Line(Protocol):
    """What a receiver asks of its client's connection, wherever its socket is."""

    @property
    def address(self) -> str:
        """What the client's address is counted as."""

    @property
    def subprotocol(self) -> str:
        """The one agreed on, "" for none."""

    @property
    def is_open(self) -> bool:
        """Whether anything can still be said."""

    @property
    def is_paused(self) -> bool:
        """Whether more bytes wait to be sent than is good."""

    @property
    def write(self) -> Callable[[bytes], None]:
        """Takes frames made by `server.frames`; it may be exchanged, so it is not to be kept elsewhere."""

    def check_unsent(self) -> None:
        """End the connection if far too much waits; to be called after writing while `is_paused`."""

    def close(self, code: int, reason: str = "") -> None:
        """Close after what was written."""

    def abort(self) -> None:
        """End the connection now; what is unsent is lost."""

    def entered(self) -> None:
        """Lift the deadline for entering."""

    def await_enter(self, within_s: float) -> None:
        """Put the deadline for entering off: to so many seconds from now."""


class Receiver(Protocol):
    """What a connection tells. A receiver may also have `ending(code, reason)`: see `Connection.end`."""

    def opened(self, connection: "Connection") -> None:
        """The handshake is done."""

    def received(self, payload: bytes, binary: bool) -> None:
        """One whole message has come; a text payload is valid UTF-8."""

    def closed(self) -> None:
        """Nothing can be sent or will be received any more. Told once, never from within another call."""


class Endpoint(Protocol):
    """What the connections of one port share: the listener."""

    limits: TransportLimits
    rng: Random
    make_receiver: Callable[[], Receiver]

    def arrived(self, connection: "Connection") -> None:
        """A socket was accepted."""

    def answer(self, head: bytes, connection: "Connection") -> Reply:
        """Return what to answer to a whole request head."""

    def failed(self) -> None:
        """A connection ended, or was refused, before its request head was whole."""

    def opened(self) -> None:
        """An accepted upgrade is open."""

    def entered(self, connection: "Connection") -> None:
        """An open connection has become somebody's."""

    def ended(self, code: int) -> None:
        """An open connection is open no longer."""

    def left(self, connection: "Connection") -> None:
        """A socket is gone."""

    def after(self, delay_s: float, callback: Callable[[], None]) -> Entry:
        """Call back once, not before `delay_s` have passed, unless `cancel` comes first."""

    def cancel(self, entry: Entry) -> None:
        """Take back what `after` gave; harmless when it has happened."""

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back in the next loop turn."""
