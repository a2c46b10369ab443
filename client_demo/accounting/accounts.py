"""The account of one room: which numbered events there were, who had to see them, and who did.

Pure. Knows `seq`, member ids and fingerprints of words; never a connection, a clock or a text. The rule it keeps is
the protocol's: whoever sits in a room from the `room` event with `seq` = first until they leave sees every later
number once, and everybody sees the same thing under the same number. When somebody's leaving is known from the
others (`left` under a number), that number is the exact end of what they had to see; else the room's newest is,
unless a later comer did not find them there any more; for a connection that broke, only what it had seen counts.
When a window ends, people are taken to their next rooms one group after the other, and nobody is told that another is
gone: who still sits there talks on, and only the moments tell that somebody could not hear it.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

# A number this far ahead is no hole but nonsense: it is counted, not filled in one by one.
HOLE_MAX = 100_000
# What one person was told before another one's move may be read so much later on a busy machine.
READ_APART_S = 1.0


@dataclass(slots=True)
class Stay:
    """One member's time in one room, as their own connection saw it.

    Attributes:
        first: `seq` of the `room` event; events follow from the next number on.
        last: the highest number seen.
        present: ids of the members when it began.
        missing: numbers after `first` and before `last` that did not come.
        heard: words seen, each once.
        ended: nothing more is expected to come.
        whole: the server ended it (another room, `bye`), so that nothing was cut off on the way.
        moved_at: when another room came, a moment; None if none did.
    """

    me: str
    first: int
    last: int
    present: frozenset[str]
    missing: set[int] = field(default_factory=set)
    heard: int = 0
    ended: bool = False
    whole: bool = False
    moved_at: float | None = None

    def see(self, seq: int) -> bool:
        """Take note of a number; return False where it had come before. A hole shows in `missing`."""
        if seq > self.last:
            self.missing.update(range(self.last + 1, min(seq, self.last + HOLE_MAX)))
            self.last = seq
            return True
        if seq in self.missing:
            self.missing.remove(seq)
            return True
        return False


@dataclass(slots=True)
class Verdict:
    """What the settled account of a room, or of many, comes to.

    Attributes:
        expected: words times those who had to see them.
        lost: words of these that did not come.
        missed: numbered events of any kind that did not come.
        strayed: words that came to somebody who had left.
        repeated: words that stand under more than one number.
        disputed: numbers under which different members saw different things.
    """

    expected: int = 0
    lost: int = 0
    missed: int = 0
    strayed: int = 0
    repeated: int = 0
    disputed: int = 0

    def add(self, other: "Verdict") -> None:
        """Add another verdict to this one."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class RoomAccount:
    """Everything that was seen of one room.

    Attributes:
        words: `seq` → fingerprint of a `said`.
        others: `seq` → fingerprint of any other numbered event.
        lefts: member id → `seq` of their `left`.
        read_at: `seq` → the moment at which the first of all came to know of it.
        known: every member id there ever was.
        open: stays that have not ended.
    """

    __slots__ = ("_disputed", "known", "lefts", "open", "others", "read_at", "room", "stays", "words")

    def __init__(self, room: str) -> None:
        self.room = room
        self.words: dict[int, int] = {}
        self.others: dict[int, int] = {}
        self.lefts: dict[str, int] = {}
        self.read_at: dict[int, float] = {}
        self.known: set[str] = set()
        self.stays: list[Stay] = []
        self.open = 0
        self._disputed: set[int] = set()

    def begin(self, me: str, seq: int, present: frozenset[str]) -> Stay:
        """Open a stay of somebody who sits here from `seq` on."""
        stay = Stay(me, seq, seq, present)
        self.stays.append(stay)
        self.known |= present
        self.open += 1
        return stay

    def end(self, stay: Stay, *, whole: bool, moved_at: float | None = None) -> None:
        """End a stay; twice is once."""
        if not stay.ended:
            stay.ended, stay.whole, stay.moved_at = True, whole, moved_at
            self.open -= 1

    def word(self, seq: int, fingerprint: int) -> None:
        """A `said` stood under this number."""
        if self.words.setdefault(seq, fingerprint) != fingerprint or seq in self.others:
            self._disputed.add(seq)

    def other(self, seq: int, fingerprint: int) -> None:
        """A numbered event that is no word stood under this number."""
        if self.others.setdefault(seq, fingerprint) != fingerprint or seq in self.words:
            self._disputed.add(seq)

    def read(self, seq: int, now: float) -> None:
        """Somebody came to know of this number."""
        self.read_at[seq] = min(self.read_at.get(seq, now), now)

    def left(self, seq: int, who: str) -> None:
        """A member left with this number."""
        self.lefts.setdefault(who, seq)

    def rewind(self, stay: Stay, seq: int) -> None:
        """Go back to `seq`: a resumed connection gets everything after it again."""
        again = range(seq + 1, stay.last + 1)
        stay.heard -= sum(1 for each in again if each in self.words and each not in stay.missing)
        stay.missing.difference_update(again)
        stay.last = seq

    def merge(self, other: "RoomAccount") -> None:
        """Add what another process saw of the same room."""
        for seq, fingerprint in other.words.items():
            self.word(seq, fingerprint)
        for seq, fingerprint in other.others.items():
            self.other(seq, fingerprint)
        for who, seq in other.lefts.items():
            self.left(seq, who)
        for seq, at in other.read_at.items():
            self.read(seq, at)
        self.known |= other.known
        self.stays += other.stays
        self.open += other.open
        self._disputed |= other._disputed

    def is_over(self) -> bool:
        """Whether everybody ever known to sit here has left or stopped looking."""
        return self.open == 0 and self.known <= {stay.me for stay in self.stays} | self.lefts.keys()

    def settle(self) -> Verdict:
        """Return what the account comes to; every stay counts as ended."""
        said = sorted(self.words)
        newest = max((stay.last for stay in self.stays), default=0)
        verdict = Verdict(repeated=len(self.words) - len(set(self.words.values())), disputed=len(self._disputed))
        for stay in self.stays:
            self._settle_stay(stay, self._end_of(stay, newest), said, verdict)
        return verdict

    def _end_of(self, stay: Stay, newest: int) -> int:
        """Return the last number this member had to see."""
        if not stay.whole:
            return stay.last
        if stay.me in self.lefts:
            return self.lefts[stay.me] - 1
        later = (other for other in self.stays if other is not stay and other.first >= stay.first)
        if any(stay.me not in other.present for other in later):
            return stay.last
        return newest if stay.moved_at is None else self._newest_before(stay.moved_at, stay)

    def _newest_before(self, moved_at: float, stay: Stay) -> int:
        """Return the last number that surely came before the member was taken to another room."""
        surely = (seq for seq, at in self.read_at.items() if at <= moved_at - READ_APART_S)
        return max(stay.last, max(surely, default=0))

    def _settle_stay(self, stay: Stay, end: int, said: list[int], verdict: Verdict) -> None:
        unseen = sum(1 for seq in stay.missing if seq in self.words and seq <= end)
        tail = _between(said, stay.last, end)
        verdict.expected += _between(said, stay.first, end)
        verdict.lost += unseen + tail
        verdict.missed += sum(1 for seq in stay.missing if seq <= end) + max(end - stay.last, 0)
        verdict.strayed += _between(said, end, stay.last)


def _between(numbers: list[int], after: int, until: int) -> int:
    """Return how many of the sorted numbers lie after the one and not after the other."""
    return max(bisect_right(numbers, until) - bisect_right(numbers, after), 0)
