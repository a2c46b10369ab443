"""What one node has for each other and has heard of each other: counted per pair, so that what is lost is seen.

Rules. Everything for one node that has gathered goes as one frame with the next number of that pair; the frame
stays until Redis took it and is sent again as it is, so a receiver who has that number already passes it over.
What is queued has a limit over all nodes; beyond it the longest queue is thrown away and its number skipped, which
its receiver sees as a gap like any other loss. A pair that falls silent repeats its last number for a while:
otherwise nobody would miss the last frame; and whoever has just begun to listen again asks for it. A node that is
gone is never written to or heard again: its id names an incarnation, and numbers begin at 1 for each.

Pure: knows no clock, no loop and no Redis.
"""

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator

import msgspec

FRAME_MAX_BYTES = 256 * 1024
"""A frame takes no more messages when it is so long: Redis ends a subscriber who is 8 MB behind for a minute."""

MESSAGE_MAX_BYTES = 4 * 1024 * 1024
"""The longest message: far above a whole room, far below what a subscriber may be behind at once (32 MB)."""

QUEUED_MAX_BYTES = 16 * 1024 * 1024
"""What may wait for Redis, over all nodes: some seconds of a busy node, and no threat to its memory."""

TAILS = 20
"""How often a silent pair repeats its last number, one a beat: ten seconds, longer than any reconnect."""

ASKS = 0
"""The number of a frame that asks for the last one: whoever listened to nothing does not know what it missed."""

GONE_MAX = 10_000
"""How many incarnations are remembered as gone: a year of a restart each hour."""


class Frame(msgspec.Struct, array_like=True):
    """What travels: who sends it, its number in that pair, and the messages, of which a repeated number has none."""

    node: str
    n: int
    messages: list[bytes]


encode = msgspec.msgpack.Encoder().encode
"""msgpack: 100 messages of 150 bytes take 1.4 µs, and 2.5 to read; struct and join take 8 and 15."""

_decode = msgspec.msgpack.Decoder(Frame).decode


def decode(payload: bytes) -> Frame | None:
    """Return the frame, or None for what is none."""
    try:
        return _decode(payload)
    except msgspec.MsgspecError:
        return None


class Outbox:
    """What waits for one node.

    Attributes:
        node: whom it is for.
        n: the number of the newest frame.
        size: the bytes that wait, without the frame that is under way.
        unsent: the frame that Redis has not taken yet, or for which nobody listened.
        is_put_off: it is not tried again before the next beat.
        tails: how often the last number will still be repeated.
    """

    __slots__ = ("is_asking", "is_put_off", "is_tail_due", "n", "node", "size", "tails", "unsent", "waiting")

    def __init__(self, node: str) -> None:
        self.node = node
        self.n = 0
        self.size = 0
        self.tails = 0
        self.is_tail_due = False
        self.is_asking = self.is_put_off = False
        self.unsent: bytes | None = None
        self.waiting: deque[bytes] = deque()

    def make_frame(self, sender: str) -> bytes | None:
        """Return what is to be sent now: what Redis did not take, a question, what has gathered, the last number."""
        if self.unsent is None and self.is_asking:
            self.is_asking = False
            self.unsent = encode(Frame(sender, ASKS, []))
        if self.unsent is None and self.waiting:
            self.n += 1
            self.unsent = encode(Frame(sender, self.n, self._gather()))
            self.tails, self.is_tail_due = TAILS, False
        if self.unsent is not None:
            return self.unsent
        if self.is_tail_due:
            return encode(Frame(sender, self.n, []))
        return None

    def drop(self) -> int:
        """Throw away what waits, so that a number is missing. Returns how many messages it was."""
        dropped = len(self.waiting)
        self.waiting.clear()
        self.size = 0
        self.n += 1
        self.tails = TAILS
        return dropped

    def _gather(self) -> list[bytes]:
        gathered: list[bytes] = []
        size = 0
        while self.waiting and (not gathered or size + len(self.waiting[0]) <= FRAME_MAX_BYTES):
            gathered.append(self.waiting.popleft())
            size += len(gathered[-1])
        self.size -= size
        return gathered


class Outboxes:
    """The outboxes of one node for all others, itself among them: what it says to itself proves its ears.

    Attributes:
        dropped: messages thrown away because too much was waiting.
        queued_bytes: what waits now.
    """

    def __init__(self, node: str, *, queued_max_bytes: int = QUEUED_MAX_BYTES) -> None:
        self.dropped = 0
        self.queued_bytes = 0
        self._node = node
        self._queued_max_bytes = queued_max_bytes
        self._own = Outbox(node)
        self._boxes: dict[str, Outbox] = {node: self._own}
        self._ready: dict[str, Outbox] = {}
        self._gone: dict[str, None] = {}

    def __contains__(self, node: str) -> bool:
        """Return whether anything was ever said to this node, and it is not gone."""
        return node in self._boxes

    def put(self, node: str, message: bytes) -> None:
        """Queue a message; for a node that is gone nothing happens. Raises ValueError for one that is too long."""
        if len(message) > MESSAGE_MAX_BYTES:
            raise ValueError(f"A message of {len(message)} bytes is longer than {MESSAGE_MAX_BYTES}.")
        if node in self._gone:
            return
        box = self._boxes.get(node)
        if box is None:
            box = self._boxes[node] = Outbox(node)
        box.waiting.append(message)
        box.size += len(message)
        self.queued_bytes += len(message)
        if not box.is_put_off:
            self._ready[node] = box
        while self.queued_bytes > self._queued_max_bytes:
            longest = max(self._boxes.values(), key=lambda each: each.size)
            if longest.size <= len(message) and longest is box:
                break  # Only what was just said is left: one message always fits.
            self.queued_bytes -= longest.size
            self.dropped += longest.drop()

    def take(self, lane_of: Callable[[str], str], busy: Container[str]) -> dict[str, list[tuple[Outbox, bytes]]]:
        """Return lane → what is to be sent there now, of the lanes that are not busy; at most one frame for a node."""
        lanes: dict[str, list[tuple[Outbox, bytes]]] = {}
        for node, box in list(self._ready.items()):
            lane = lane_of(node)
            if lane in busy:
                continue
            before = box.size
            frame = box.make_frame(self._node)
            self.queued_bytes -= before - box.size
            if frame is None:
                del self._ready[node]
            else:
                lanes.setdefault(lane, []).append((box, frame))
        return lanes

    def sent(self, box: Outbox) -> None:
        """Know that Redis took the frame that was under way."""
        box.unsent = None
        if box.is_tail_due:
            box.is_tail_due = False
            box.tails -= 1
        if not box.waiting:
            self._ready.pop(box.node, None)

    def put_off(self, box: Outbox) -> None:
        """Know that nobody listened there: it is connecting anew, or dead and not yet known to be."""
        box.is_put_off = True
        self._ready.pop(box.node, None)

    def remind(self) -> None:
        """Try again what was put off, have pairs that fell silent lately repeat their last number, speak to oneself."""
        self._own.tails = 1
        for box in self._boxes.values():
            if box.is_put_off:
                box.is_put_off = False
                self._ready[box.node] = box
            elif box.tails > 0 and box.unsent is None and not box.waiting:
                box.is_tail_due = True
                self._ready[box.node] = box

    def ask(self, nodes: Iterable[str]) -> None:
        """Have all others that are known, and these, repeat their last number."""
        for node in {*nodes, *self._boxes} - {self._node} - self._gone.keys():
            box = self._boxes.setdefault(node, Outbox(node))
            box.is_asking = True
            if not box.is_put_off:
                self._ready[node] = box

    def repeat(self, node: str) -> None:
        """Repeat the last number, since that node asks; if there is none yet, nothing is missing."""
        box = self._boxes.get(node)
        if box is not None and box.n:
            box.tails = max(box.tails, 2)

    def forget(self, node: str) -> None:
        """Know that this node is gone for ever."""
        _remember(self._gone, node)
        self._ready.pop(node, None)
        box = self._boxes.pop(node, None)
        if box is not None:
            self.queued_bytes -= box.size

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be taken by Redis."""
        return not self._ready


class Heard:
    """The newest number heard of each other node."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}
        self._gone: dict[str, None] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._newest))

    def judge(self, frame: Frame) -> tuple[bool, bool]:
        """Return whether something before this frame was lost, and whether the frame itself is new."""
        if frame.node in self._gone:
            return False, False
        newest = self._newest.get(frame.node, 0)
        # A repeated number without messages loses the frame of that number itself.
        is_lost = frame.n > newest + (1 if frame.messages else 0)
        is_new = frame.n > newest
        if is_new:
            self._newest[frame.node] = frame.n
        return is_lost, is_new

    def forget(self, node: str) -> None:
        """Know that this node is gone for ever."""
        _remember(self._gone, node)
        self._newest.pop(node, None)


def _remember(gone: dict[str, None], node: str) -> None:
    gone[node] = None
    if len(gone) > GONE_MAX:
        del gone[next(iter(gone))]
