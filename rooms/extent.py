"""How far a room's members are apart, and from where it was founded, by their cells alone.

Knows cells and how many members stand in each; never who they are. Every figure is kept up as members come and go:
each seat taken asks for all of them, and to measure all members anew each time was a third of what a seat cost.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations
from math import asin, ceil
from struct import Struct

from geo import EARTH_RADIUS_M, Cell, Figures, between_m, cell_distance_m, measured
from rooms.nearness import Crowd, InCell, crowd_in, farthest_m, longest_m, with_one, without_one

_AS_NEAR = 0.6
"""A room stands elsewhere only if that is nearer to the middle of its members by more than this share."""

_ROW = Struct("=B4d")
"""A number of people, of whom no room seats more than a byte counts, and four figures of theirs."""

_SIZE = _ROW.size

_DIAMETER_M = 2 * EARTH_RADIUS_M


class Extent:
    """The cells of one room's members around its founding cell."""

    __slots__ = (
        "_cells",
        "_end",
        "_other_end",
        "_radius_m",
        "_rows",
        "_spread_m",
        "_within_m",
        "center",
    )

    def __init__(self, center: Cell) -> None:
        self.center = center
        self._cells: tuple[Cell, ...] = ()
        self._rows = b""
        """First all members together, as a `Crowd`, then those of each of the cells, in the same order; none of nobody.

        Kept here, since more cells are in use than any cache holds, and packed: as objects they took more than all else
        of a room where people are scattered. To unpack them takes no longer than to look them up.
        """
        self._spread_m: float | None = 0.0
        self._within_m = 0
        self._end: Cell | None = None
        self._other_end: Cell | None = None
        """The cells whose distance is the spread, None for one alone: if one of them goes, it is measured anew."""
        self._radius_m: float | None = 0.0

    def add(self, cell: Cell) -> None:
        """Count one more member in the cell."""
        rows = self._rows
        if cell in self._cells:
            at = _SIZE * (1 + self._cells.index(cell))
            n, lat, lon, narrow, radius_m = _ROW.unpack_from(rows, at)
            here = lat, lon, narrow, radius_m
            crowd = _ROW.pack(*with_one(_ROW.unpack_from(rows), here))
            self._rows = crowd + rows[_SIZE:at] + _ROW.pack(n + 1, *here) + rows[at + _SIZE :]
            return
        here = measured(cell)
        crowd = _ROW.pack(*(with_one(self.crowd, here) if rows else crowd_in(1, here)))
        if self._spread_m is not None:
            self._stretch(cell, here, self._standing())
        self._rows = b"".join((crowd, rows[_SIZE:], _ROW.pack(1, *here)))
        self._cells = (*self._cells, cell)
        if self._radius_m is not None and cell != self.center:
            self._radius_m = max(self._radius_m, self._from_center_m(cell, here))

    def remove(self, cell: Cell) -> None:
        """Count one member fewer in the cell."""
        rows, number = self._rows, self._cells.index(cell)
        at = _SIZE * (1 + number)
        n, lat, lon, narrow, radius_m = _ROW.unpack_from(rows, at)
        here = lat, lon, narrow, radius_m
        crowd = _ROW.pack(*without_one(self.crowd, here)) if rows[0] > 1 else b""
        if n > 1:
            self._rows = b"".join((crowd, rows[_SIZE:at], bytes((n - 1,)), rows[at + 1 :]))
            return
        if self._radius_m is not None and self._from_center_m(cell, here) >= self._radius_m:
            self._radius_m = None
        self._cells = self._cells[:number] + self._cells[number + 1 :]
        self._rows = b"".join((crowd, rows[_SIZE:at], rows[at + _SIZE :]))
        if len(self._cells) == 1:
            # Exact again, so that what is lost in the last digits does not add up.
            alone = self._rows[_SIZE:]
            self._rows = _ROW.pack(*crowd_in(alone[0], _ROW.unpack(alone)[1:])) + alone
        if self._end is None or cell in (self._end, self._other_end):
            self._spread_m = None

    @property
    def crowd(self) -> Crowd:
        """All members together; there must be somebody."""
        return _ROW.unpack_from(self._rows)

    def _standing(self) -> Iterator[InCell]:
        """Yield how many stand in each of the cells, and its figures."""
        return _ROW.iter_unpack(self._rows[_SIZE:])

    def cells(self) -> Iterator[tuple[Cell, float, float, float, float]]:
        """Yield each cell that somebody stands in, with the four figures of `Measured`."""
        rows = zip(self._cells, self._standing(), strict=True)
        return ((cell, lat, lon, narrow, radius_m) for cell, (_, lat, lon, narrow, radius_m) in rows)

    def middle(self) -> Cell:
        """Return the member's cell nearest to the mean of all members' places, on a plane; the center if about as near.

        So a room does not stand elsewhere after every step somebody takes.
        """
        rows, cells, squares = _ROW.iter_unpack(self._rows), self._cells, []
        _, mean_lat, mean_lon, _, _ = next(rows)
        for _, lat, lon, narrow, _ in rows:
            up, aside = lat - mean_lat, abs(lon - mean_lon)
            if aside > 180:
                aside = 360 - aside
            aside *= narrow
            squares.append(up * up + aside * aside)
        least = min(squares)
        if self.center in cells and least >= _AS_NEAR * _AS_NEAR * squares[cells.index(self.center)]:
            return self.center
        return min(cell for cell, square in zip(cells, squares, strict=True) if square == least)

    def recenter(self, center: Cell, *, limit_m: float) -> None:
        """Measure from that cell, unless somebody were farther from it than `limit_m` and than anybody is now."""
        radius_m = self._farthest_m(center)
        if radius_m <= max(limit_m, self.radius_m):
            self.center, self._radius_m = center, radius_m

    @property
    def is_all_at_the_center(self) -> bool:
        """Whether nobody stands anywhere else."""
        cells = self._cells
        return not cells or (len(cells) == 1 and cells[0] == self.center)

    @property
    def within_m(self) -> int:
        """No two members are farther apart than this; rounded up to 100 m."""
        if self._spread_m is None:
            self._spread_m, self._end, self._other_end, self._within_m = 0.0, None, None, 0
            standing = list(self._standing())
            for number, (cell, row) in enumerate(zip(self._cells, standing, strict=True)):
                self._stretch(cell, row[1:], standing[:number])
        return self._within_m

    @property
    def radius_m(self) -> float:
        """How far the farthest member's cell is from the founding cell, in metres; 0 for one that matches it."""
        if self._radius_m is None:
            self._radius_m = self._farthest_m(self.center)
        return self._radius_m

    def figures_of(self, cell: Cell) -> Figures:
        """Return the four figures of `Measured`, known here of each cell that somebody stands in.

        To decode one that is not remembered takes as long as all else about a distance.
        """
        if cell not in self._cells:
            return measured(cell)
        _, lat, lon, narrow, radius_m = _ROW.unpack_from(self._rows, _SIZE * (1 + self._cells.index(cell)))
        return lat, lon, narrow, radius_m

    def _from_center_m(self, cell: Cell, here: Figures) -> float:
        """Return `apart_m` of the cell and the center, given the cell's figures."""
        center = self.center
        return 0.0 if cell == center or cell.matches(center) else between_m(here, self.figures_of(center))

    def _farthest_m(self, center: Cell) -> float:
        """Return `apart_m` of that cell and the one farthest from it of those that somebody stands in; 0 if none is."""
        here = self.figures_of(center)
        rows = zip(self._cells, self._standing(), strict=True)
        return farthest_m(here, [row for cell, row in rows if cell != center and not cell.matches(center)])

    def _stretch(self, cell: Cell, here: Figures, others: Iterable[InCell]) -> None:
        """Have the spread hold this cell, too, given the figures of those before it; planes need no arcs."""
        most, end = longest_m(here, others)
        spread_m = most + here[3]
        if self._spread_m is None or spread_m > self._spread_m:
            self._spread_m = spread_m
            self._end, self._other_end = (cell, self._cells[end]) if end >= 0 else (None, None)
            self._within_m = _rounded_up(_along_ground_m(self._spread_m))


def apart_m(a: Cell, b: Cell) -> float:
    """Return how far two cells are apart in metres: by their centres, or not at all if one contains the other."""
    # Mostly they are the same, which is told in a tenth of the time.
    return 0.0 if a == b or a.matches(b) else cell_distance_m(a, b)


def amid(cells: Sequence[Cell]) -> Cell:
    """Return that of the cells, one for each person, from which the way to all of them is shortest; the first by name.

    Each pair is measured once, and no cell from itself.
    """
    each = sorted(set(cells))
    if len(each) == 1:
        return each[0]
    apart = {cell: {cell: 0.0} for cell in each}
    for one, other in combinations(each, 2):
        apart[one][other] = apart[other][one] = cell_distance_m(one, other)
    return min(each, key=lambda cell: sum([apart[cell][other] for other in cells]))


def widest_m(cells: Collection[Cell]) -> int:
    """Return the distance that no two people of these cells exceed, anywhere on Earth; rounded up to 100 m.

    An `Extent` measures on a plane, which is right for a neighbourhood, and half the Earth too much across an ocean.
    """
    pairs = ((a, b) for a, b in combinations(cells, 2))
    apart = [cell_distance_m(a, b) + (a.diagonal_m + b.diagonal_m) / 2 for a, b in pairs]
    most_m = max([*apart, *(cell.diagonal_m for cell in cells)], default=0.0)
    return _rounded_up(min(most_m, _DIAMETER_M * asin(1.0)))


def _rounded_up(far_m: float) -> int:
    """Return the distance rounded up to 100 m: the same object each time, for every room remembers hundreds of them."""
    hundreds = ceil(far_m / 100)
    return _HUNDREDS[hundreds] if hundreds < len(_HUNDREDS) else hundreds * 100


_HUNDREDS = [*range(0, 60_000, 100)]
"""As far as members of a room may be apart, unless they asked for far."""


def _along_ground_m(straight_m: float) -> float:
    """Return the length of the arc over a straight line: of a sum of lines no less than the sum of their arcs."""
    return _DIAMETER_M * asin(min(1.0, straight_m / _DIAMETER_M))
