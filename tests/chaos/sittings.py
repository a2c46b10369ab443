"""Each person's time in each room, read from their history; what is already wrong within one history.

Pure. A sitting goes on over lost connections as long as `entered` says `resumed`.
"""

from collections.abc import Iterator

from tests.chaos.history import Acknowledged, Heard, History, Lost, Record, Refused, Sat, Violation

MOVED = frozenset({"called", "outward", "outward_here", "parted", "window", "together"})
"""Why codes of a room that somebody was brought to by a rule of the rooms, with a connection or without."""


class Sitting:
    """One person in one room.

    Attributes:
        sat: how it began.
        first: what comes after this number is theirs to hear.
        last: the newest number they have.
        is_whole: they heard all until they left: the next `room` came on the same connection, or nothing followed.
        members: everybody's ids there, as they were told of them last.
    """

    def __init__(self, who: int, sat: Sat) -> None:
        self.who = who
        self.sat = sat
        self.room = sat.room
        self.me = sat.me
        self.first = self.last = sat.seq
        self.closes_at = sat.at + sat.closes
        self.is_whole = True
        self.heard: dict[int, Heard] = {}
        self.acknowledged: list[Acknowledged] = []
        self.ended_by: Sat | None = None
        self.lost_at: float | None = None
        self.members = set(sat.members)


def sittings_of(who: int, history: History) -> tuple[list[Sitting], list[Violation]]:
    """Return somebody's sittings in order, and what is wrong with the numbers they got."""
    found: list[Sitting] = []
    wrong: list[Violation] = []
    lost_at: float | None = None
    for record in history:
        now = found[-1] if found else None
        match record:
            case Sat():
                if now is not None and _goes_on(now, record):
                    wrong += _check_resume(now, record)
                else:
                    if now is not None:
                        now.ended_by, now.lost_at = record, lost_at
                        now.is_whole = not record.is_back
                    found.append(Sitting(who, record))
                lost_at = None
            case Heard() if now is not None:
                wrong += _hear(now, record)
            case Acknowledged() if now is not None:
                now.acknowledged.append(record)
            case Lost():
                lost_at = lost_at or record.at
            case Refused(code=code):
                wrong.append(Violation("refused", f"{who} was answered {code!r}", who=(who,)))
    if lost_at is not None and found:
        found[-1].is_whole = False
        wrong.append(Violation("seat", f"{who} never came back", found[-1].room, (who,)))
    return found, wrong


def outages(history: History) -> Iterator[tuple[float, float]]:
    """Give the times without a seat at a connection: from each loss to the next `room`."""
    lost_at: float | None = None
    for record in history:
        if isinstance(record, Lost):
            lost_at = lost_at or record.at
        elif isinstance(record, Sat) and lost_at is not None:
            yield lost_at, record.at
            lost_at = None


def waits(history: History) -> Iterator[tuple[float, float, str]]:
    """Give when each acknowledged word was first said, when it was acknowledged, and its room."""
    tried: dict[str, Record] = {}
    for record in history:
        match record:
            case Acknowledged(at=at, word=word, room=room) if word in tried:
                yield tried.pop(word).at, at, room
            case Sat() | Heard() | Lost() | Refused() | Acknowledged():
                pass
            case tried_now:
                tried[tried_now.word] = tried_now


def port_at(history: History, at: float) -> int:
    """Return the port of the node where somebody was connected last at that time; 0 if nowhere yet."""
    port = 0
    for record in history:
        if record.at > at:
            break
        if isinstance(record, Sat) and record.port:
            port = record.port
    return port


def _goes_on(sitting: Sitting, sat: Sat) -> bool:
    return sat.is_back and sat.resumed and (sat.room, sat.me) == (sitting.room, sitting.me)


def _check_resume(sitting: Sitting, sat: Sat) -> Iterator[Violation]:
    if sat.seq != sitting.last or sat.missed:
        text = f"{sitting.who} came back after {sitting.last} and was led on from {sat.seq}, {sat.missed} left out"
        yield Violation("gap", text, sitting.room, (sitting.who,))
        sitting.last = sat.seq + sat.missed
    sitting.closes_at = sat.at + sat.closes
    sitting.members = set(sat.members)


def _hear(sitting: Sitting, heard: Heard) -> Iterator[Violation]:
    seq = heard.seq
    if heard.room != sitting.room:
        yield Violation("gap", f"{sitting.who} heard of {heard.room} in {sitting.room}", heard.room, (sitting.who,))
        return
    if seq > sitting.last + 1:
        text = f"{sitting.who} heard {seq} after {sitting.last}"
        yield Violation("gap", text, sitting.room, (sitting.who,))
    known = sitting.heard.setdefault(seq, heard)
    if known.what != heard.what:
        text = f"{sitting.who} heard two events {seq}: {known.what} and {heard.what}"
        yield Violation("agree", text, sitting.room, (sitting.who,))
    if seq > sitting.last:
        sitting.members.discard(heard.left)
        sitting.members |= {heard.joined} - {""}
    sitting.last = max(sitting.last, seq)
