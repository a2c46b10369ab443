"""Check-ins turned into a plan: who is online from when to when, where, and when they say something.

Pure. Knows times of the replayed world (Unix seconds of the file) only; never a clock or a connection. Somebody is
online from their check-in for `stay_s`; a later check-in while they are still online moves them and begins the stay
anew. The end does not belong to the stay: who checks in exactly then comes back as a new connection.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from client_demo.checkins import CheckIn

# A word falls into this part of the time somebody spends at a place.
_WORD_FROM, _WORD_UNTIL = 0.05, 0.9


@dataclass(slots=True)
class Place:
    """Where somebody is from `at` on, in degrees."""

    at: float
    lat: float
    lon: float


@dataclass(slots=True)
class Visit:
    """One person's time online, over one place or several."""

    user: str
    arrives: float
    departs: float
    places: list[Place] = field(default_factory=list)


class Kind(IntEnum):
    """What happens at a moment, in the order in which it does: a sample sees nothing that begins just then."""

    SAMPLE = 0
    SAY = 1
    LEAVE = 2
    MOVE = 3
    ENTER = 4


@dataclass(frozen=True, slots=True, order=True)
class Action:
    """Something that happens. `visit` and `place` are positions in the list of visits and in its places."""

    at: float
    kind: Kind
    visit: int = -1
    place: int = 0


def visits(rows: Iterable[CheckIn], *, stay_s: float) -> list[Visit]:
    """Return the visits these check-ins, sorted by time, make, by arrival."""
    made: list[Visit] = []
    latest: dict[str, Visit] = {}
    for row in rows:
        visit, place = latest.get(row.user), Place(row.at, row.lat, row.lon)
        if visit is None or row.at >= visit.departs:
            visit = latest[row.user] = Visit(row.user, row.at, row.at + stay_s)
            made.append(visit)
        elif visit.places[-1].at == row.at:
            visit.places.pop()  # two check-ins at once: the last one is where they are
        visit.places.append(place)
        visit.departs = row.at + stay_s
    return made


def actions(planned: Sequence[Visit], rng: random.Random, *, sample_every_s: float) -> list[Action]:
    """Return everything that happens, in order: each place is said something at, samples from end to end.

    Samples are taken while check-ins still come; afterwards the last ones only stay out their time.
    """
    made: list[Action] = []
    for number, visit in enumerate(planned):
        made.append(Action(visit.arrives, Kind.ENTER, number))
        made += (Action(place.at, Kind.MOVE, number, at) for at, place in enumerate(visit.places) if at)
        ends = [place.at for place in visit.places[1:]] + [visit.departs]
        for at, (place, end) in enumerate(zip(visit.places, ends, strict=True)):
            share = rng.uniform(_WORD_FROM, _WORD_UNTIL)
            made.append(Action(place.at + (end - place.at) * share, Kind.SAY, number, at))
        made.append(Action(visit.departs, Kind.LEAVE, number))
    if planned:
        first, last = planned[0].arrives, max(visit.places[-1].at for visit in planned)
        samples = int((last - first) // sample_every_s)
        made += (Action(first + sample_every_s * number, Kind.SAMPLE) for number in range(1, samples + 1))
    return sorted(made)


def most_online(planned: Iterable[Visit], *, linger_s: float = 0.0) -> int:
    """Return how many are online at most at a time, each counted for `linger_s` longer than they are."""
    changes = sorted(change for visit in planned for change in ((visit.arrives, 1), (visit.departs + linger_s, -1)))
    most = online = 0
    for _, change in changes:
        online += change
        most = max(most, online)
    return most
