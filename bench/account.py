"""What is written down of one way of seating while check-ins run, and the figures that come of it.

Knows the measures and their names in the output. Never knows how people were seated.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bench.measures import COMPANY_SEATS, Measures, Seen, Values, Waits, everybody_as_map
from bench.simulation import ENTER, LEAVE, OUTWARD, Move, Seats
from bench.surroundings import Vector
from bench.topics import TopicsOf, no_topics

KEYS = (
    "company oversize near_median_m near_p90_m near_ratio moves_per_h wait_p50_s wait_p90_s us_per_placement "
    "sizes everybody common_topic"
).split()
"""The figures, in this order, of every way of seating; None where one has no such figure."""


def measures(seed: int) -> Measures:
    """Return empty measures: of one seed all draw the same people from the same samples."""
    return Measures(random.Random(f"sampling {seed}"))


class Account:
    """Watches one course and takes down everything that is measured.

    Attributes:
        forced: changes of seat besides window ends that nobody asked for.
    """

    def __init__(self, *, seed: int, topics_of: TopicsOf = no_topics) -> None:
        self.measures = measures(seed)
        self._topics_of = topics_of
        self.waits = Waits()
        self.forced = 0

    def moved(self, moves: Sequence[Move], seats: Seats, *, now: float) -> None:
        """Take down who came, who left, who was moved, and who has company now."""
        for move in moves:
            if move.why == ENTER:
                self.waits.arrive(move.user, now)
            elif move.why == LEAVE:
                self.waits.leave(move.user, now)
            self.forced += move.why == OUTWARD
        for room in dict.fromkeys(move.room for move in moves):
            members = seats.members.get(room, {})
            if len(members) >= COMPANY_SEATS:
                self.waits.meet(members, now)

    def sampled(self, online: Iterable[tuple[str, Vector]], seats: Seats) -> None:
        """Take one sample down."""
        self.measures.add([Seen(at, seats.room_of[user], self._topics_of(user)) for user, at in online])


class BoundAccount:
    """Watches a course and takes down how its people would sit if they were seated anew at every sample."""

    def __init__(
        self, seat_all: Callable[[Sequence[str]], Sequence[int]], *, seed: int, topics_of: TopicsOf = no_topics
    ) -> None:
        self.measures = measures(seed)
        self._topics_of = topics_of
        self._seat_all = seat_all

    def moved(self, moves: Sequence[Move], seats: Seats, *, now: float) -> None:
        """Take no notice: nobody keeps a seat here."""

    def sampled(self, online: Iterable[tuple[str, Vector]], seats: Seats) -> None:
        """Seat everybody anew and take that down."""
        users, places = zip(*online, strict=True)
        rooms = self._seat_all(users)
        topics = map(self._topics_of, users)
        self.measures.add([Seen(at, str(room), own) for at, room, own in zip(places, rooms, topics, strict=True)])


def seating_figures(measures: Measures) -> dict[str, Any]:
    """Return the figures that the samples give."""
    return {
        "company": _rounded(measures.company, 6),
        "oversize": _rounded(measures.oversize, 6),
        "near_median_m": _rounded(measures.medians_m.percentile(0.5), 1),
        "near_p90_m": _rounded(measures.medians_m.percentile(0.9), 1),
        "near_ratio": _rounded(measures.ratios.percentile(0.5), 4),
        "moves_per_h": None,
        "wait_p50_s": None,
        "wait_p90_s": None,
        "us_per_placement": None,
        "sizes": {str(size): rooms for size, rooms in sorted(measures.sizes.items())},
        "everybody": everybody_as_map(measures.everybody),
        "common_topic": _rounded(measures.common_topic, 4),
    }


def all_figures(account: Account, *, person_hours: float, us_per_placement: float | None) -> dict[str, Any]:
    """Return the figures of an account, by the names of `KEYS`."""
    waits = Values(account.waits.met_s + account.waits.never_s)
    return seating_figures(account.measures) | {
        "moves_per_h": _rounded(account.forced / person_hours, 4) if person_hours else None,
        "wait_p50_s": _rounded(waits.percentile(0.5), 1),
        "wait_p90_s": _rounded(waits.percentile(0.9), 1),
        "us_per_placement": _rounded(us_per_placement, 1),
    }


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
