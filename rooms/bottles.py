"""Messages in bottles that float: which one comes to somebody who picks.

Age and distance only weigh that: a bottle drifts, so that it comes from farther away the older it is, and the nearest
come most often. Nobody is told that there is none as long as any may come to them.

Each bottle lies in a cell of `THROWN_AT` characters and in all cells around it, on a pile each. A pick draws how far
to look, a pile there, and a bottle of it; after some draws in vain the piles are gone through, the nearest first. What
may not come to one person, their own and few more, is passed over: the cost does not grow with the bottles there are.

Knows identities as opaque ids. Never knows words.
"""

import random
from collections.abc import Callable, Iterator
from itertools import chain

from geo import GRIDS, Cell, cell_distance_m
from rooms.shelves import ROW, key_of, parent_of

THROWN_AT = 5
"""Characters of the cell a bottle keeps, some 5 km across: nobody learns more of where it was thrown."""

DRIFT_M = 10_000.0
"""As far a bottle comes from, as a rule, when it has just been thrown."""
DRIFT_M_PER_S = 30.0
"""And so much farther for each second: in a day as far as an ocean current takes a year for."""

NEAR_MIN = 4
"""Those of so many people lie near at least before those who wait are told: three others', whoever is told. Of fewer it
would tell who threw them, and when. Counted for each room without its people it would tell who of them threw one."""

_SIZES_M = (20_000_000.0, 5_000_000.0, 1_250_000.0, 156_000.0, 39_000.0, 5_000.0)
"""How wide a cell of so many characters is, at the equator (none: the Earth)."""
_TRIES = 16
"""Draws before the piles are gone through: of a hundred picks one gets so far where bottles lie near."""

MayCome = Callable[["Afloat"], bool]


class Afloat:
    """One bottle that may be picked. `spots`: its number on the pile of each length."""

    __slots__ = ("at", "bottle", "cell", "key", "owner", "picked", "spots")

    def __init__(self, bottle: str, owner: str, cell: Cell, at: float, picked: tuple[str, ...] = ()) -> None:
        self.bottle = bottle
        self.owner = owner
        self.cell = cell
        self.at = at
        self.picked = picked
        self.key = key_of(cell, THROWN_AT)
        self.spots = [0] * (THROWN_AT + 1)


class Water:
    """All bottles afloat. `rng` draws."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._piles: tuple[dict[int, list[Afloat]], ...] = tuple({} for _ in range(THROWN_AT + 1))

    def __len__(self) -> int:
        """Return how many float."""
        return len(self._piles[0].get(0, ()))

    def put(self, afloat: Afloat) -> None:
        """Have a bottle float."""
        for length, key in _around(afloat.key):
            pile = self._piles[length].setdefault(key, [])
            afloat.spots[length] = len(pile)
            pile.append(afloat)

    def take(self, afloat: Afloat) -> None:
        """Have a bottle float no more."""
        for length, key in _around(afloat.key):
            pile = self._piles[length][key]
            last = pile.pop()
            if last is not afloat:
                pile[afloat.spots[length]] = last
                last.spots[length] = afloat.spots[length]
            if not pile:
                del self._piles[length][key]

    def draw(self, cell: Cell, may_come: MayCome, *, now: float) -> Afloat | None:
        """Return a bottle for somebody at the cell; None only if none at all may come to them."""
        if not self._piles[0]:
            return None
        keys = list(_around(key_of(cell, THROWN_AT)))
        random_ = self._rng.random
        for _ in range(_TRIES):
            length, key = keys[_drawn_length(random_())]
            afloat = self._one_near(length, key)
            if afloat is not None and random_() < _reaches(afloat, length, now) and may_come(afloat):
                return afloat
        return next(filter(may_come, chain.from_iterable(self._all_near(length, key) for length, key in keys)), None)

    def lie_near(self, cell: Cell) -> bool:
        """Tell whether those of a few people lie in the 4-character cell there, or in one beside it."""
        owners: set[str] = set()
        for afloat in chain.from_iterable(self._piles_near(4, key_of(cell, 4))):
            owners.add(afloat.owner)
            if len(owners) >= NEAR_MIN:
                return True
        return False

    def _one_near(self, length: int, key: int) -> Afloat | None:
        """Return any bottle of a cell and those beside it."""
        piles = self._piles_near(length, key)
        number = int(self._rng.random() * sum(map(len, piles)))
        for pile in piles:
            if number < len(pile):
                return pile[number]
            number -= len(pile)
        return None

    def _all_near(self, length: int, key: int) -> Iterator[Afloat]:
        """Yield every bottle of a cell and those beside it, beginning anywhere."""
        for pile in self._piles_near(length, key):
            start = int(self._rng.random() * len(pile))
            for number in range(len(pile)):
                yield pile[number - start]

    def _piles_near(self, length: int, key: int) -> list[list[Afloat]]:
        piles = self._piles[length]
        if not length:
            return list(piles.values())
        grid, (row, column) = GRIDS[length], divmod(key, ROW)
        around = chain.from_iterable(grid.ring(row, column, ring) for ring in (0, 1))
        return [pile for row, column in around if (pile := piles.get(row * ROW + column))]


def within_m(cell: Cell, thrown: Cell) -> int:
    """Return the distance that whoever picks a bottle is told: 1, 2 or 5 times a power of ten, 5 km at least.

    No two points of the two cells, each of `THROWN_AT` characters at most, are farther apart.
    """
    here = cell.parent(min(len(cell), THROWN_AT))
    most_m = cell_distance_m(here, thrown) + (here.diagonal_m + thrown.diagonal_m) / 2
    step_m = 5_000
    while step_m < most_m:
        step_m = step_m * 5 // 2 if str(step_m).startswith("2") else step_m * 2
    return step_m


def _around(key: int) -> Iterator[tuple[int, int]]:
    """Yield the lengths and places of a cell of `THROWN_AT` characters and of all cells around it."""
    for length in range(THROWN_AT, 0, -1):
        yield length, key
        key = parent_of(key, length)
    yield 0, 0


def _drawn_length(drawn: float) -> int:
    """Return how many lengths shorter than `THROWN_AT` to look: each half as often as the one before."""
    shorter = 0
    while drawn < 0.5 and shorter < THROWN_AT:
        drawn, shorter = drawn * 2, shorter + 1
    return shorter


def _reaches(afloat: Afloat, length: int, now: float) -> float:
    """Return how likely a bottle comes from as far away as cells of that length are wide."""
    return (DRIFT_M + DRIFT_M_PER_S * max(0.0, now - afloat.at)) / _SIZES_M[length]
