"""How far a room's members are apart, and from where it was founded, by their cells alone.

Knows cells and how many members stand in each; never who they are.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import ceil

from geo import Cell, Grid, cell_distance_m, distance_m


class Extent:
    """The cells of one room's members around its founding cell. A figure is made when asked for and then kept."""

    __slots__ = ("_counts", "_radius_m", "_spread_m", "center")

    def __init__(self, center: Cell) -> None:
        self.center = center
        self._counts: dict[Cell, int] = {}
        self._spread_m: float | None = 0.0
        self._radius_m: float | None = 0.0

    def add(self, cell: Cell) -> None:
        """Count one more member in the cell."""
        if cell in self._counts:
            self._counts[cell] += 1
            return
        if self._spread_m is not None:
            self._spread_m = max(self._spread_m, _spread_m(cell, self._counts))
        if self._radius_m is not None:
            self._radius_m = max(self._radius_m, apart_m(cell, self.center))
        self._counts[cell] = 1

    def remove(self, cell: Cell) -> None:
        """Count one member fewer in the cell."""
        self._counts[cell] -= 1
        if not self._counts[cell]:
            del self._counts[cell]
            self._spread_m = self._radius_m = None

    @property
    def within_m(self) -> int:
        """No two members are farther apart than this; rounded up to 100 m."""
        if self._spread_m is None:
            cells = list(self._counts)
            self._spread_m = max((_spread_m(cell, cells[:i]) for i, cell in enumerate(cells)), default=0.0)
        return ceil(self._spread_m / 100) * 100

    @property
    def radius_m(self) -> float:
        """How far the farthest member's cell is from the founding cell, in metres; 0 for one that matches it."""
        if self._radius_m is None:
            self._radius_m = max((apart_m(cell, self.center) for cell in self._counts), default=0.0)
        return self._radius_m


def apart_m(a: Cell, b: Cell) -> float:
    """Return how far two cells are apart in metres: by their centres, or not at all if one contains the other."""
    return 0.0 if a.matches(b) else cell_distance_m(a, b)


def _spread_m(cell: Cell, others: Iterable[Cell]) -> float:
    """Return an upper bound of the distance from any point of the cell to any of its own or the others', in metres."""
    radius_m = _radius_m(cell)
    apart = (cell_distance_m(cell, other) + radius_m + _radius_m(other) for other in others)
    return max(2 * radius_m, max(apart, default=0.0))


@lru_cache(maxsize=16_384)
def _radius_m(cell: Cell) -> float:
    """Return how far a cell's points are from its centre at most, in metres."""
    lat, lon = cell.center
    grid = Grid(len(cell))
    # A cell is widest at the edge nearest the equator, which no cell reaches across: its corners are the farthest.
    edge = abs(lat) - 90 / grid.rows
    return distance_m((abs(lat), lon), (edge, lon + 180 / grid.columns))
