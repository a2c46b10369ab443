"""What is measured of a scenario: how talk went in each room, and what people did.

Pure: events and moments in, figures out; moments are seconds of one steady clock. A room is settled, and forgotten but
for its figures, when none of ours sits there any more.

    talk balance  the Gini coefficient of lines said by those who sat there for a minute (0: all alike, 1: one alone),
                  over rooms of three and more with ten lines and more, each as heavy as its lines
    answered      of lines said while somebody else was there, the share after which another spoke within 60 s
    rooms         of those where three and more sat for a minute, the share in which three and more spoke
"""

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

ANSWERED_WITHIN_S = 60.0
SAT_LEAST_S = 60.0
LINES_LEAST = 10
SPEAKERS = 3


def gini(values: Sequence[float]) -> float:
    """Return how unevenly a sum is shared out: 0 if all have the same, nearly 1 if one of very many has it all."""
    total, n = sum(values), len(values)
    if not total:
        return 0.0
    ranked = sum(rank * value for rank, value in enumerate(sorted(values), 1))
    return 2 * ranked / (n * total) - (n + 1) / n


@dataclass
class Line:
    """Something said: when, by whom, and whether anybody else sat there."""

    at: float
    who: str
    had_company: bool


@dataclass
class Sitting:
    """One member's time in a room so far: seconds that are over, and since when they sit there now."""

    sat_s: float = 0.0
    since: float | None = None

    def seconds(self, now: float) -> float:
        """Return how long it was in all."""
        return self.sat_s + (now - self.since if self.since is not None else 0.0)


@dataclass
class RoomLog:
    """One room as ours saw it: lines by number, and who of ours sat there for how long."""

    lines: dict[int, Line] = field(default_factory=dict)
    sat: dict[str, Sitting] = field(default_factory=dict)
    seated: int = 0


@dataclass
class Figures:
    """Sums of everything settled, and counts of what people did.

    Attributes:
        seated: people who ever had a seat, by population.
        met: shakes by which their maker met somebody; `alone`: those by which nobody was met.
        tickets: reports as the server counts them: repeated ones of one person in one room are one.
        readers: how often an advert was read by somebody else than its sender.
        did: acts that the server took, by name. refused: by act and code. held: by reason.
    """

    seated_most: int = 0
    person_s: float = 0.0
    rooms: int = 0
    rooms_of_three: int = 0
    rooms_spoken: int = 0
    lines: int = 0
    askable: int = 0
    answered: int = 0
    balance_sum: float = 0.0
    balance_weight: int = 0
    met: int = 0
    alone: int = 0
    thrown_answered: int = 0
    readers: int = 0
    tickets: set[str] = field(default_factory=set)
    seated: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)

    def as_map(self) -> dict[str, object]:
        """Return the figures by their names; None for a share of nothing."""
        hours = self.person_s / 3600
        return {
            "people_seated": self.seated.total(),
            "seated_most": self.seated_most,
            "person_hours": round(hours, 3),
            "rooms": self.rooms,
            "lines": self.lines,
            "talk_balance_gini": _share(self.balance_sum, self.balance_weight),
            "answered_within_60_s": _share(self.answered, self.askable),
            "rooms_of_3": self.rooms_of_three,
            "rooms_with_3_speakers": self.rooms_spoken,
            "share_with_3_speakers": _share(self.rooms_spoken, self.rooms_of_three),
            "shook": self.met + self.alone,
            "met_by_shake": self.met,
            "bottles_thrown": self.did["throw"],
            "bottles_picked": self.did["pick"],
            "bottles_answered": self.did["answer"],
            "answers_received": self.thrown_answered,
            "reports": self.did["report"],
            "reports_for_a_person": len(self.tickets),
            "reports_per_1000_person_hours": round(1000 * len(self.tickets) / hours, 2) if hours else None,
            "adverts_passed_on": self.did["advert"],
            "advert_readers": self.readers,
        }


class Observer:
    """Everything that ours see, put together."""

    def __init__(self) -> None:
        self.figures = Figures()
        self._logs: dict[str, RoomLog] = {}

    @property
    def rooms(self) -> int:
        """How many rooms any of ours sits in."""
        return len(self._logs)

    def sits(self, room: str, who: str, *, now: float) -> None:
        """Know one of ours in a room, as that member."""
        log = self._logs.get(room)
        if log is None:
            log = self._logs[room] = RoomLog()
            self.figures.rooms += 1
        sitting = log.sat.setdefault(who, Sitting())
        if sitting.since is None:
            sitting.since = now
            log.seated += 1

    def rises(self, room: str, who: str, *, now: float) -> None:
        """Know one of ours gone from a room; with the last the room is settled."""
        log = self._logs.get(room)
        sitting = log.sat.get(who) if log is not None else None
        if log is None or sitting is None or sitting.since is None:
            return
        self.figures.person_s += now - sitting.since
        sitting.sat_s, sitting.since = sitting.seconds(now), None
        log.seated -= 1
        if not log.seated:
            self._settle(self._logs.pop(room), self.figures, now)

    def said(self, room: str, seq: int, who: str, *, members: int, now: float) -> None:
        """Know a line of a room; whoever of ours tells of it first counts."""
        log = self._logs.get(room)
        if log is not None:
            log.lines.setdefault(seq, Line(now, who, members > 1))

    def so_far(self, *, now: float) -> Figures:
        """Return the figures with rooms that still go on."""
        whole = deepcopy(self.figures)
        for log in self._logs.values():
            whole.person_s += sum(now - sitting.since for sitting in log.sat.values() if sitting.since is not None)
            self._settle(log, whole, now)
        return whole

    @staticmethod
    def _settle(log: RoomLog, figures: Figures, now: float) -> None:
        """Add a room to the figures. A line so late that nobody could have answered in time is left out."""
        lines = [line for _, line in sorted(log.lines.items())]
        figures.lines += len(lines)
        for number, line in enumerate(lines):
            after = (other.at - line.at for other in lines[number + 1 :] if other.who != line.who)
            is_answered = next(after, ANSWERED_WITHIN_S + 1) <= ANSWERED_WITHIN_S
            if line.had_company and (is_answered or now - line.at >= ANSWERED_WITHIN_S):
                figures.askable += 1
                figures.answered += is_answered
        present = [who for who, sitting in log.sat.items() if sitting.seconds(now) >= SAT_LEAST_S]
        if len(present) < SPEAKERS:
            return
        said = Counter(line.who for line in lines)
        figures.rooms_of_three += 1
        figures.rooms_spoken += len(said) >= SPEAKERS
        if len(lines) >= LINES_LEAST:
            counts = [said[who] for who in {*present, *said}]
            figures.balance_sum += gini(counts) * len(lines)
            figures.balance_weight += len(lines)


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None
