"""Clients of other nodes, as the host of their room sees them; and the way to them.

For everybody above, a client whose socket another node holds is a connection like any. What one node is to be told in
one loop turn goes together, and what many of its clients are to hear goes once.
"""

from collections.abc import Callable

from server.cluster.pairs import FRAME_MAX_BYTES
from server.cluster.wire import (
    NOBODY,
    Closed,
    Ended,
    Entered,
    Message,
    Opened,
    Patience,
    Received,
    Rehomed,
    Relayed,
    Returned,
    Written,
    encode,
)
from server.transport import Receiver

LOST = 4000
"""They come back, and are told what they missed."""


class Wire:
    """The way to one other node: words to and from its clients gather until `flush` sends them as one.

    What concerns all clients alike goes as one list: encoded, queued and decoded one by one, what a client sends cost
    2 µs more on its way, of some 30 that a message costs in all.

    Args:
        send: gives the bus what is to go together.
        soon: has its argument called at the end of the loop turn.
    """

    def __init__(self, send: Callable[[bytes], None], soon: Callable[[Callable[[], None]], object]) -> None:
        self._send = send
        self._soon = soon
        self._words: list[Message] = []
        self._size = 0
        self._data: bytes | None = None
        self._conns: list[int] = []

    def write(self, conn: int, data: bytes) -> None:
        """Have these bytes written to one of its clients."""
        if data is self._data:
            # The same object: the fan-out writes it to all of a room, one after the other.
            self._conns.append(conn)
            return
        self._data = data
        self._conns = [conn]
        self._gather(Written(self._conns, data), len(data))

    def pass_on(self, conn: int, payload: bytes, is_binary: bool) -> None:
        """Have it hear what a client of its sent here."""
        self._data = None  # what is written next comes after
        self._gather(Received(conn, payload, is_binary), len(payload))

    def ask_back(self, conn: int) -> None:
        """Have it say that nothing more of what this client of its former sent comes back."""
        self.pass_on(NOBODY, b"%d" % conn, True)

    def tell(self, message: Message) -> None:
        """Send a message, after what was written before."""
        # Alone: whoever is of another version and cannot read it loses nothing else with it.
        self.flush()
        self._send(encode([message]))

    def flush(self) -> None:
        """Send what was written."""
        if self._words:
            words, self._words = self._words, []
            self._size = 0
            self._data = None
            self._send(encode(words))

    def _gather(self, words: Message, size: int) -> None:
        if not self._words:
            self._soon(self.flush)
        self._words.append(words)
        self._size += size
        if self._size >= FRAME_MAX_BYTES:
            self.flush()


class RemoteLine:
    """A client's connection that another node holds: the `Line` of a peer here.

    Attributes:
        receiver: whoever hears what the client sends; set at once.
        is_over: whether it was closed, from this side or from that.
    """

    __slots__ = ("address", "conn", "gateway", "is_over", "is_paused", "receiver", "subprotocol", "wire")

    receiver: Receiver

    def __init__(self, gateway: str, opened: Opened, wire: Wire) -> None:
        self.gateway = gateway
        self.conn = opened.conn
        self.address = opened.address
        self.subprotocol = opened.subprotocol
        self.wire = wire
        self.is_paused = False
        self.is_over = False

    def write(self, data: bytes) -> None:
        """Have the gateway write it."""
        if not self.is_over:
            self.wire.write(self.conn, data)

    def check_unsent(self) -> None:
        """Do nothing: the gateway looks whether its client reads."""

    def close(self, code: int, reason: str = "") -> None:
        """Have the gateway close it after what was written; it says so when it is gone."""
        if not self.is_over:
            self.is_over = True
            self.wire.tell(Ended(self.conn, code, reason))

    @property
    def is_open(self) -> bool:
        """Whether anything can still be said."""
        return not self.is_over

    def abort(self) -> None:
        """Have the gateway close it: its client may be another's soon."""
        self.close(1011, "a bug of the server")

    def entered(self) -> None:
        """Have the gateway lift the deadline for entering."""
        self.wire.tell(Entered(self.conn))

    def await_enter(self, within_s: float) -> None:
        """Have the gateway put the deadline for entering off."""
        self.wire.tell(Patience(self.conn, within_s))


PARKED_MAX = 16
"""Messages of one client that wait meanwhile: more than any sends in that time who is not to be stopped anyway."""


class Parked:
    """Hears a client of another node while it or its room is on the way to a third: what it sends is sent after it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[bytes, bool]] = []

    def received(self, payload: bytes, binary: bool) -> None:
        """Keep it; what is too much is lost, and their client says it again."""
        if len(self.waiting) < PARKED_MAX:
            self.waiting.append((payload, binary))

    def opened(self, connection: object) -> None: ...
    def closed(self) -> None: ...


class Remotes:
    """All clients that other nodes relay to this one.

    Args:
        wire_to: gives the way to a node.
        receive: makes who hears a client, and tells them of it.
    """

    def __init__(self, wire_to: Callable[[str], Wire], receive: Callable[[RemoteLine], Receiver]) -> None:
        self._wire_to = wire_to
        self._receive = receive
        self._lines: dict[str, dict[int, RemoteLine]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def nodes(self) -> set[str]:
        """Return the nodes whose clients are here."""
        return set(self._lines)

    def opened(self, gateway: str, opened: Opened) -> RemoteLine:
        """Know a client of that gateway."""
        line = RemoteLine(gateway, opened, self._wire_to(gateway))
        self._lines.setdefault(gateway, {})[opened.conn] = line
        line.receiver = self._receive(line)
        return line

    def received(self, gateway: str, received: Received) -> None:
        """Pass on what a client sent; if it has moved on meanwhile, its gateway knows where to."""
        line = self._lines.get(gateway, {}).get(received.conn)
        if line is None:
            self._wire_to(gateway).tell(Returned(received.conn, received.payload, received.is_binary))
        elif not line.is_over:
            line.receiver.received(received.payload, received.is_binary)

    def closed(self, gateway: str, closed: Closed) -> None:
        """Know the client's connection gone."""
        line = self._take(gateway, closed.conn)
        if line is not None:
            line.is_over = True
            _close(line)

    def rehome(self, line: RemoteLine, node: str) -> None:
        """Have the client be another node's from here on, and what waited while it was parked."""
        self._take(line.gateway, line.conn)
        line.is_over = True
        line.wire.tell(Rehomed(line.conn, node))
        if isinstance(line.receiver, Parked):
            for payload, binary in line.receiver.waiting:
                line.wire.tell(Returned(line.conn, payload, binary))

    def lost(self, gateway: str) -> None:
        """Know that all clients of that gateway are gone, or that what they sent was lost: they are to come anew."""
        for line in list(self._lines.pop(gateway, {}).values()):
            line.close(LOST, "lost")
            _close(line)

    def list_to(self, gateway: str) -> None:
        """Tell a gateway which of its clients are known here."""
        self._wire_to(gateway).tell(Relayed(list(self._lines.get(gateway, ()))))

    def _take(self, gateway: str, conn: int) -> RemoteLine | None:
        lines = self._lines.get(gateway, {})
        line = lines.pop(conn, None)
        if not lines:
            self._lines.pop(gateway, None)
        return line


def _close(line: RemoteLine) -> None:
    """Have whoever hears it know it gone, and let go of them: they hold it, and nobody would look for that."""
    receiver, line.receiver = line.receiver, Parked()
    receiver.closed()
