"""A port, a socket and a client for testing connections by hand: no sockets, and time passes when a test says so."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Protocol, Side

from server.connection import Connection, Receiver, TransportLimits
from server.frames import text_frame
from server.http import HEAD_END, FrontDoor, HttpResponse, Reply, Routes
from server.wheel import Entry, Wheel
from tests.test_frames import masked
from tests.test_http import upgrade

LIMITS = TransportLimits(
    frame_max_bytes=1000, fragments_max=8, frames_per_turn=10, unsent_max_bytes=4000, wheel_tick_s=0.125
)
HEAD = upgrade()
HELLO = masked(b"hello")
CLOSE = masked(b"\x03\xe8", Opcode.CLOSE)


class Socket:
    """A transport: keeps what is written, and tells the end in the next turn."""

    def __init__(self) -> None:
        self.protocol: Connection | None = None
        self.written = b""
        self.unsent = 0
        self.is_reading = True
        self.has_ended = False
        self.is_gone = False

    def get_extra_info(self, name: str) -> object:
        return {"peername": ("192.0.2.7", 5)}[name]

    def set_write_buffer_limits(self, *, high: int) -> None:
        self.high = high

    def write(self, wire: bytes) -> None:
        assert not self.has_ended
        self.written += wire

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.has_ended = True

    def abort(self) -> None:
        self.is_gone = True


class Listening:
    """A receiver that notes what it is told; `answer` is what it does with a message."""

    def __init__(self, told: list[Any], answer: Callable[[Connection, bytes], None] | None) -> None:
        self.told = told
        self.answer = answer

    def opened(self, connection: Connection) -> None:
        self.connection = connection
        self.told.append("opened")

    def received(self, payload: bytes, binary: bool) -> None:
        self.told.append((payload, binary))
        if self.answer:
            self.answer(self.connection, payload)

    def ending(self, code: int, reason: str) -> None:
        self.told.append(("ending", code))
        self.connection.write(text_frame(b"bye " + reason.encode()))

    def closed(self) -> None:
        self.told.append("closed")


class Port:
    """The endpoint: a wheel with a clock of its own, and turns that a test takes."""

    def __init__(
        self,
        limits: TransportLimits = LIMITS,
        answer: Callable[[Connection, bytes], None] | None = None,
        routes: Routes | None = None,
    ) -> None:
        self.door = FrontDoor(routes or {"/livez": lambda _: HttpResponse(200)})
        self.limits = limits
        self.rng = Random(1)
        self.told: list[Any] = []
        self.make_receiver: Callable[[], Receiver] = lambda: Listening(self.told, answer)
        self.codes: Counter[int] = Counter()
        self.failures = 0
        self.now = 0.0
        self.wheel = Wheel(now=0.0, tick_s=limits.wheel_tick_s)
        self.turn: list[Callable[[], None]] = []
        self.open = 0
        self.there: set[Connection] = set()

    def arrived(self, connection: Connection) -> None:
        self.there.add(connection)

    def answer(self, head: bytes, _: Connection) -> Reply:
        return self.door.answer(head, lambda _: None)

    def failed(self) -> None:
        self.failures += 1

    def entered(self, connection: Connection) -> None:
        self.has_entered = True

    def opened(self) -> None:
        self.open += 1

    def ended(self, code: int) -> None:
        self.open -= 1
        self.codes[code] += 1

    def left(self, connection: Connection) -> None:
        self.there.remove(connection)

    def after(self, delay_s: float, callback: Callable[[], None]) -> Entry:
        return self.wheel.add(self.now + delay_s, callback)

    def cancel(self, entry: Entry) -> None:
        self.wheel.cancel(entry)

    def soon(self, callback: Callable[[], None]) -> None:
        self.turn.append(callback)

    def take_turn(self) -> None:
        turn, self.turn = self.turn, []
        for callback in turn:
            callback()

    def take_turns(self) -> None:
        while self.turn:
            self.take_turn()

    def pass_time(self, seconds: float) -> None:
        """Let time pass in ticks, as the listener's timer does."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + self.limits.wheel_tick_s, end)
            for entry in self.wheel.advance(self.now):
                entry.callback()
            self.take_turns()


class Client:
    """The other side of one connection."""

    def __init__(self, port: Port, *, is_open: bool = True) -> None:
        self.port = port
        self.socket = Socket()
        self.connection = Connection(port)
        self.connection.connection_made(self.socket)  # type: ignore[arg-type]
        if is_open:
            self.send(HEAD)
            assert self.socket.written.startswith(b"HTTP/1.1 101 ")
            self.socket.written = self.socket.written.partition(HEAD_END)[2]

    def send(self, *wires: bytes) -> None:
        for wire in wires:
            self.connection.data_received(wire)

    def got(self) -> list[Frame]:
        """Return the frames written since the last call."""
        wire, self.socket.written = self.socket.written, b""
        reader = Protocol(Side.CLIENT)
        reader.receive_data(wire)
        return [event for event in reader.events_received() if isinstance(event, Frame)]

    def close_code(self) -> int | None:
        """Return the code of the Close frame that was written last, if one was."""
        frames = self.got()
        return Close.parse(frames[-1].data).code if frames and frames[-1].opcode is Opcode.CLOSE else None

    def lose(self) -> None:
        self.connection.connection_lost(None)
        self.port.take_turns()


def changed(**limits: Any) -> TransportLimits:
    return msgspec.structs.replace(LIMITS, **limits)


def messages(port: Port) -> list[tuple[bytes, bool]]:
    return [told for told in port.told if isinstance(told, tuple) and told[0] != "ending"]
