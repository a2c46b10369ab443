"""Every frame that is not the common one: websockets' complete protocol, fed frame by frame.

Knows control frames, fragments, closing and what breaks the protocol, because
`ServerProtocol` does. Must never know sockets or time. Each frame is fed alone
and from its first byte to its last, so this side always knows, without looking
into the protocol, whether anything is pending: an `Engine` that `is_idle` can be
thrown away and a new one made for the next odd frame. That saves an idle
connection some 3 KiB.
"""

from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from server.frames import frame_length
from server.http import quiet

NO_CLOSE = 1006  # never on the wire: there was no Close frame
PEERS_OWN = 3000  # the first of those that RFC 6455 leaves to applications (section 7.4.2)


class Engine:
    """The protocol of one open connection, from an odd frame on."""

    __slots__ = ("_fragments", "_fragments_max", "_is_binary", "_owed", "_protocol")

    def __init__(self, *, frame_max_bytes: int, fragments_max: int) -> None:
        self._protocol = ServerProtocol(state=State.OPEN, max_size=frame_max_bytes, logger=quiet)
        self._fragments: list[bytes] = []
        self._is_binary = False  # the message under way
        self._fragments_max = fragments_max
        self._owed = 0  # bytes of the frame under way that have not come

    @property
    def is_open(self) -> bool:
        """Tell whether no Close frame was sent or received, and no rule broken."""
        return self._protocol.state is State.OPEN

    @property
    def is_idle(self) -> bool:
        """Tell whether the connection is open and the next byte begins a message."""
        return self.is_open and not self._owed and not self._fragments

    @property
    def is_finished(self) -> bool:
        """Tell whether the stream to the peer ends with what `to_send` gives."""
        return self._protocol.eof_sent

    @property
    def close_code(self) -> int:
        """Return the code that the connection is closed with.

        One that the peer made up is told as 3000, so that it costs no memory to count codes.
        """
        close = self._protocol.close_sent or self._protocol.close_rcvd
        if close is None:
            return NO_CLOSE
        return min(close.code, PEERS_OWN) if self._protocol.close_rcvd_then_sent else close.code

    def feed(self, data: bytes, start: int) -> int:
        """Take what is there of the one frame that begins or goes on at `start`; return where the next begins.

        An incomplete header is not taken: then `start` is returned.
        """
        if not self._owed:
            self._owed = frame_length(data, start)
        end = min(start + self._owed, len(data))
        self._owed -= end - start
        if end > start:
            self._protocol.receive_data(data[start:end])
        return end

    def message(self) -> tuple[bytes, bool] | None:
        """Return the message that the frame just fed has completed, and whether it is binary.

        More fragments than allowed fail the connection.
        """
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                return self._collect(event)
        return None

    def _collect(self, frame: Frame) -> tuple[bytes, bool] | None:
        fragments = self._fragments
        if not fragments:
            self._is_binary = frame.opcode is Opcode.BINARY
        fragments.append(bytes(frame.data))
        if frame.fin:
            self._fragments = []
            return b"".join(fragments), self._is_binary
        if len(fragments) >= self._fragments_max:
            self.fail(1009, f"more than {self._fragments_max} fragments")
        return None

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake. The reason is cut to the 123 bytes that a Close frame has room for."""
        self._protocol.send_close(code, reason.encode()[:123].decode(errors="ignore"))

    def fail(self, code: int, reason: str) -> None:
        """Close because the peer broke a rule; nothing it still sends is looked at."""
        self._fragments = []
        self._protocol.fail(code, reason)

    def to_send(self) -> bytes:
        """Return what has to be sent since the last call."""
        return b"".join(self._protocol.data_to_send())

    def drop(self) -> None:
        """Break the circle of the protocol and its parser, so that memory comes back without the collector."""
        self._protocol.parser.close()
