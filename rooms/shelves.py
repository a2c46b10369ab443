"""Where rooms with free seats stand in the index: on shelves, one for a finest cell, in areas that contain them.

A place in the grid of one length is one integer, for it is a key that is looked up dozens of times for each seat
taken. Each room stands on one pile, and knows its number there; areas only count, so that a room costs little memory
wherever nobody else is. Knows rooms and how full they are; never who sits in them.
"""

import random
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache
from math import ceil, cos, radians

from geo import GRIDS, HALVES, Cell, measured
from rooms.room import Room

ROW = 27_150_201
"""A place is its row times this, and its column: no grid in use has as many columns.

No power of two, for a dict begins to look where an integer's last digits say, which would be the same for all rows of a
column: a cell of a city was found in 5.5 steps, and is in 1.1.
"""


class Fill(IntEnum):
    """How full a room is, fewest first."""

    WAITING = 0
    """Fewer than `seats_min` keep company."""
    OPEN = 1
    """Fewer than `seats_target` seats are taken."""
    ROOMY = 2
    """Fewer than `seats_max` are."""


ALL_FILLS = WAITING, OPEN, ROOMY = tuple(Fill)
"""Emptiest first. Each by itself, too: to read one through its class takes ten times as long (Python 3.11)."""


class Spot:
    """Where a room stands in the index, and how full it was when it was put there."""

    __slots__ = ("at", "cell", "coarse", "fill", "shelf")

    def __init__(self, room: Room, fill: Fill, shelf: "Shelf") -> None:
        self.cell = room.cell
        self.fill = fill
        self.shelf = shelf
        self.at = shelf.add(room, fill)
        """Its number in the pile."""
        self.coarse: Spot | None = None
        """Where it stands a second time, among the rooms of its own coarse cell."""


_NO_ROOMS: list[Room] = []
"""Stands on every shelf where nothing else does: most shelves hold rooms of one fill, and many people live alone."""


_COUNT = 30
"""How many bits one of the counts of an area has: no process has so many rooms."""

_COUNTED = (1 << _COUNT) - 1

_NO_AREAS: list["Area"] = []
_NO_SHELVES: list["Shelf"] = []


class Area:
    """A cell coarser than the finest: the parts that hold rooms, and how many rooms of each `Fill` they hold."""

    __slots__ = ("areas", "held", "key", "length", "parent", "shelves")

    def __init__(self, key: int, length: int, parent: "Area | None") -> None:
        self.key = key
        self.length = length
        self.parent = parent
        self.areas = _NO_AREAS
        self.shelves = _NO_SHELVES
        """One of the two lists stays as it is: parts of one area are of one length."""
        self.held = 0
        """The counts in one number: most are small, and a list of them took as much as the area itself."""

    def put_area(self, area: "Area") -> None:
        """Have it as a part."""
        self.areas = [*self.areas, area]

    def put_shelf(self, shelf: "Shelf") -> None:
        """Have it as a part."""
        self.shelves = [*self.shelves, shelf]

    def count(self, fill: Fill, more: int) -> None:
        """Count so many more rooms of that fill here and in all areas around."""
        area: Area | None = self
        more <<= _COUNT * fill
        while area is not None:
            area.held += more
            area = area.parent

    def count_of(self, fill: Fill) -> int:
        """Return how many rooms of that fill are here."""
        return self.held >> _COUNT * fill & _COUNTED

    def of(self, fill: Fill, rng: random.Random) -> Iterator[Room]:
        """Yield every room of that fill once, beginning anywhere."""
        count = self.count_of(fill)
        if count:
            start = rng.randrange(count)
            yield from self._some(fill, start, count)
            yield from self._some(fill, 0, start)

    def _some(self, fill: Fill, first: int, end: int) -> Iterator[Room]:
        """Yield the rooms of that fill numbered so, as they lie in the parts."""
        for area in list(self.areas):
            count = area.count_of(fill)
            if end > 0 and first < count:
                yield from area._some(fill, max(first, 0), min(end, count))
            first, end = first - count, end - count
        for shelf in list(self.shelves):
            pile = shelf.held[fill]
            if end > 0 and first < len(pile):
                yield from pile[max(first, 0) : end]
            first, end = first - len(pile), end - len(pile)


class Shelf:
    """The rooms of one finest cell: a pile for each `Fill`.

    Of the rooms themselves, not of their spots: eight of them are compared for each seat taken, and to come to each by
    way of one more object, which is in no cache, took longer than to look up now and then who has filled a gap.
    """

    __slots__ = ("held", "key", "parent")

    def __init__(self, key: int, parent: Area | None = None) -> None:
        self.key = key
        self.parent = parent
        self.held = [_NO_ROOMS] * len(ALL_FILLS)

    def of(self, fill: Fill, rng: random.Random) -> Iterator[Room]:
        """Yield every room of that fill once, beginning anywhere."""
        pile = self.held[fill]
        start = int(rng.random() * len(pile)) if len(pile) > 1 else 0
        return iter(pile[start:] + pile[:start])

    def few(self, count: int, rng: random.Random) -> list[Room]:
        """Return at most so many rooms of each fill, by chance, emptiest first."""
        rooms: list[Room] = []
        for pile in self.held:
            if len(pile) > count:
                start = int(rng.random() * len(pile))
                few = pile[start : start + count]
                rooms += few
                rooms += pile[: count - len(few)]
            else:
                rooms += pile
        return rooms

    def add(self, room: Room, fill: Fill) -> int:
        """Put the room on its pile and return its number there."""
        pile = self.held[fill]
        if pile:
            pile.append(room)
        else:
            # Of one: an empty list takes three more along with its first.
            self.held[fill] = [room]
        if self.parent is not None:
            self.parent.count(fill, 1)
        return len(pile) - 1 if pile else 0

    def take(self, fill: Fill, at: int) -> Room | None:
        """Take the room of that number from its pile; return the last one of it, which fills the gap, if not itself."""
        pile = self.held[fill]
        last = pile.pop()
        if self.parent is not None:
            self.parent.count(fill, -1)
        if not pile:
            self.held[fill] = _NO_ROOMS
        if at == len(pile):
            return None
        pile[at] = last
        return last


@lru_cache(maxsize=1_024)
def key_of(cell: Cell, length: int) -> int:
    """Return the place of the cell's centre in the grid of that length. Asked for some five times for each seat."""
    grid = GRIDS[length]
    # As Grid.position has it, but of a centre that is known: to decode the cell once more takes four times as long.
    lat, lon, _, _ = measured(cell)
    return int((lat + 90.0) / 180.0 * grid.rows) * ROW + int((lon + 180.0) / 360.0 * grid.columns)


def parent_of(key: int, length: int) -> int:
    """Return the place of the cell around this one, one character shorter."""
    # Five bits a character, longitude first: lengths alternate between 3 + 2 and 2 + 3 bits.
    up, aside = (2, 3) if length % 2 else (3, 2)
    row, column = divmod(key, ROW)
    return (row >> up) * ROW + (column >> aside)


def steps_from(key: int, length: int, rings: int) -> tuple[tuple[int, ...], ...]:
    """Return what leads from a place to each within so many rings, nearest first, in four orders that are as good.

    They differ where two are equally far: north before south or the reverse, and east and west likewise.
    """
    lat = (2 * (key // ROW) + 1) * HALVES[length][0] - 90
    return _steps(length, ceil(cos(radians(lat)) * _SHAPES), rings)


@lru_cache
def _steps(length: int, narrow: int, rings: int) -> tuple[tuple[int, ...], ...]:
    """Return the same for a row whose cells are `narrow` such parts as wide as at the equator."""
    half_height, half_width = HALVES[length]
    width = half_width / half_height * narrow / _SHAPES
    middle = range(-rings, rings + 1)
    away = [(up * up + (aside * width) ** 2, up, aside) for up in middle for aside in middle]
    orders = []
    for north in (-1, 1):
        for east in (-1, 1):
            order = sorted((far, north * up, east * aside) for far, up, aside in away)
            orders.append(tuple(north * up * ROW + east * aside for _, up, aside in order))
    return tuple(orders)


_SHAPES = 64
"""How many shapes of cells are told apart, from the equator to a pole: which of the cells around is nearer is much the
same in neighbouring rows, and to measure them for each row anew cost more than to look what they hold."""
