"""The shakes of one moment: which are nearest to one of them, and who meets.

Pure choices; rooms/shaking.py carries them out. What makes nearly everybody meet somebody who could:

- the oldest shake is decided when all that are within reach of it are known; these are within reach of each other
- a group never leaves exactly one of them behind
- its last seat is kept for whoever shakes a little later, unless the people of one place fill it at once
"""

import random
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from geo import Cell, cell_distance_m
from rooms.apart import are_apart
from rooms.person import Person
from rooms.windows import region_of

MEET_MAX = 4
"""Seats of a room that people shook for: with four, everybody talks."""


class Shake:
    """One person's shake that is not answered yet.

    Attributes:
        cell: where it can be found, None once it cannot any more.
        number: where it lies on its cell's pile.
        is_bound: whether it is about to be answered by somebody of another process: until that is known, nobody else
            answers it.
    """

    __slots__ = ("at", "cell", "is_bound", "number", "person", "ref")

    def __init__(self, person: Person, at: float, ref: str | None) -> None:
        self.person = person
        self.at = at
        self.ref = ref
        self.cell: Cell | None = person.cell
        self.number = 0
        self.is_bound = False

    @property
    def is_ready(self) -> bool:
        """Whether its person could sit down with somebody now: not while they are away, or without a connection."""
        seat = self.person.seat
        return not self.is_bound and seat is not None and seat.away_since is None and seat.waits_until is None


class Moment:
    """The shakes of this moment, by cell: the nearest are found region by region. `rng` decides among equally near."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._regions: dict[Cell, dict[Cell, list[Shake]]] = {}

    def put(self, shake: Shake) -> None:
        """Have a shake be found."""
        cell = shake.cell
        assert cell is not None, "it was found already"
        pile = self._regions.setdefault(region_of(cell), {}).setdefault(cell, [])
        shake.number = len(pile)
        pile.append(shake)

    def take(self, shake: Shake) -> None:
        """Have a shake be found no more; nothing happens if it is not."""
        cell, shake.cell = shake.cell, None
        if cell is None:
            return
        region = region_of(cell)
        cells = self._regions[region]
        pile = cells[cell]
        last = pile.pop()
        if last is not shake:
            pile[shake.number] = last
            last.number = shake.number
        if not pile:
            del cells[cell]
            if not cells:
                del self._regions[region]

    def around(self, cell: Cell) -> Iterator[Shake]:
        """Yield every shake, nearest first."""
        draw = self._rng.random
        heap: list[tuple[float, float, Cell, bool]] = []
        for region in self._regions:
            # No cell of it is nearer than this.
            bound = max(0.0, cell_distance_m(cell, region) - region.diagonal_m)
            heappush(heap, (bound, draw(), region, True))
        while heap:
            _, _, found, is_region = heappop(heap)
            if is_region:
                for each in self._regions[found]:
                    heappush(heap, (cell_distance_m(cell, each), draw(), each, False))
                continue
            pile = self._regions[region_of(found)][found]
            start = int(draw() * len(pile))
            yield from pile[start:] + pile[:start]


def choose_company(first: Shake, others: Sequence[Shake], *, seats: int = MEET_MAX) -> list[Shake]:
    """Return who meets the one who shook first; nobody of none that may.

    Args:
        others: whoever shook within reach of them, may meet them and has not met them just now; nearest first.
    """
    here = first.person.cell
    place_m = here.diagonal_m
    company: list[Shake] = []
    for other in others:
        if any(are_apart(other.person, each.person) or just_met(other.person, each.person) for each in company):
            continue
        # The last seat is for somebody who is right here, or else for somebody who shakes a little later.
        is_last = len(company) + 2 == seats > 2
        if is_last and cell_distance_m(here, other.person.cell) > place_m:
            break
        company.append(other)
        if len(company) + 1 == seats:
            break
    if len(others) - len(company) == 1 and len(company) > 1:
        company.pop()
    return company


def just_met(one: Person, other: Person) -> bool:
    return other.id in one.met or one.id in other.met
