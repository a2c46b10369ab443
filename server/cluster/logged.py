"""One room's log as its host knows it: what was sent, in order, and what has become of it.

Pure: knows no connection and no time. It is told answers and, when anything is unclear, what stands last in the
stream; that settles everything, since what one node writes of a room goes out in one order only.
"""

import enum
from collections import deque
from collections.abc import Callable

import msgspec

from server.cluster.entries import WHOLE, Raw, RoomSeal


class Verdict(enum.IntEnum):
    """What became of what a room was to write; of several the gravest counts, which is the last here.

    AWAY: Redis did not answer in time. It may be written or not; the next to be written is the state as a whole.
    GONE: the stream is gone or has lost something: the state is to be written as a whole, by `create`.
    LOST: another node holds the room.
    """

    ACCEPTED = 0
    AWAY = 1
    GONE = 2
    LOST = 3


class Pending(msgspec.Struct, eq=False):
    """An entry that has no verdict yet.

    Attributes:
        data: the packed command.
        expiry: that for the stream's expiry, if that changes.
        judged: called with the verdict, once.
        due_at: when it is given up, by the loop's clock.
        is_refused: Redis said that it did not take it.
    """

    room: "LoggedRoom"
    n: int
    mark: bytes
    data: bytes
    expiry: bytes
    judged: Callable[[str, Verdict], None] | None = None
    due_at: float = 0.0
    is_refused: bool = False


class LoggedRoom:
    """The log of a room that is held here.

    Attributes:
        n: the last number given out; none is given out twice in an epoch.
        accepted_n: the last of which Redis said that it has it.
        expires_at: when Redis was last told to forget it, Unix seconds; 0 if that is not known.
        is_over: nothing more is to be written.
        is_behind: something was not written, so nothing may follow but the state as a whole.
        is_syncing: it is unclear what was written, so nothing goes out until that is known.
        is_asking: it has gone ahead of its slot to another shard, which takes commands for it one at a time.
        asked: stands for the last time it was asked what stands last; answers to others are out of date.
    """

    __slots__ = (
        "accepted_n", "asked", "epoch", "expires_at", "id", "is_asking", "is_behind", "is_over", "is_syncing", "key",
        "n", "pending", "seal", "shard",
    )  # fmt: skip

    def __init__(self, id: str, key: bytes, seal: RoomSeal, *, epoch: int, n: int, shard: str) -> None:
        self.id = id
        self.key = key
        self.seal = seal
        self.epoch = epoch
        self.n = self.accepted_n = n
        self.shard = shard
        self.expires_at = 0
        self.is_over = self.is_behind = self.is_syncing = self.is_asking = False
        self.pending: deque[Pending] = deque()
        self.asked: object = None

    def accept(self) -> None:
        """Know that Redis has the first of what is pending."""
        entry = self.pending.popleft()
        self.accepted_n = entry.n
        assert entry.judged is not None
        judged, entry.judged = entry.judged, None
        judged(self.id, Verdict.ACCEPTED)

    def give_up(self, verdict: Verdict, *, up_to_whole: bool = False) -> bool:
        """Have all that is pending judged so, or what comes before the state as a whole; tell whether there was any."""
        was_any = False
        while self.pending and not (up_to_whole and self.pending[0].mark == WHOLE):
            entry = self.pending.popleft()
            assert entry.judged is not None
            judged, entry.judged = entry.judged, None
            judged(self.id, verdict)
            was_any = True
        self.is_behind |= was_any and not self.pending
        return was_any

    def settle(self, top: Raw | None, *, node: bytes) -> Verdict | None:
        """Judge what is pending by what stands last in the stream.

        Returns:
            None: what is still pending is to be sent again. GONE or LOST: the room is to be told so, and nobody was.
        """
        if top is not None and (top.epoch > self.epoch or (top.epoch == self.epoch and top.node != node)):
            self.give_up(Verdict.LOST)
            return Verdict.LOST
        self.is_syncing = False
        was_told = False
        if top is None or top.epoch < self.epoch or top.n < self.accepted_n:
            # Emptied, or gone on without the last of what it had accepted.
            was_told = self.give_up(Verdict.GONE, up_to_whole=True)
            self.is_behind |= not self.pending
        else:
            was_told = self._judge_up_to(top.n)
        return Verdict.GONE if self.is_behind and not was_told else None

    def _judge_up_to(self, n: int) -> bool:
        """Know that what is numbered up to `n` is written, but for what was refused; tell whether that left a gap."""
        while self.pending and self.pending[0].n <= n:
            if self.pending[0].is_refused:
                return self.give_up(Verdict.GONE, up_to_whole=True)
            self.accept()
        return False
