"""How far a room's members are apart, and from where it was founded, by their cells alone.

Knows cells and how many members stand in each; never who they are.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import ceil, cos, hypot, radians

from geo import Cell, Grid, cell_distance_m, distance_m
from rooms.nearness import Crowd, crowd_of

_AS_NEAR = 0.6
"""A room stands elsewhere only if that is nearer to the middle of its members by more than this share."""


class Extent:
    """The cells of one room's members around its founding cell. A figure is made when asked for and then kept."""

    __slots__ = ("_counts", "_crowd", "_radius_m", "_spread_m", "center")

    def __init__(self, center: Cell) -> None:
        self.center = center
        self._counts: dict[Cell, int] = {}
        self._crowd: Crowd | None = None
        self._spread_m: float | None = 0.0
        self._radius_m: float | None = 0.0

    def add(self, cell: Cell) -> None:
        """Count one more member in the cell."""
        self._crowd = None
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
        self._crowd = None
        self._counts[cell] -= 1
        if not self._counts[cell]:
            del self._counts[cell]
            self._spread_m = self._radius_m = None

    @property
    def crowd(self) -> Crowd:
        """All members together; there must be somebody."""
        if self._crowd is None:
            self._crowd = crowd_of(self._counts)
        return self._crowd

    def recenter(self, limit_m: float) -> Cell:
        """Measure from the member's cell that is nearest to the middle of all, and return it.

        The center stays where it is rather than leave anybody farther away than `limit_m` and than it is itself.
        """
        best = self._middle()
        if best != self.center:
            radius_m = max(apart_m(cell, best) for cell in self._counts)
            if radius_m <= max(limit_m, self.radius_m):
                self.center, self._radius_m = best, radius_m
        return self.center

    @property
    def is_all_at_the_center(self) -> bool:
        """Whether nobody stands anywhere else."""
        return len(self._counts) - (self.center in self._counts) == 0

    def _middle(self) -> Cell:
        """Return the member's cell nearest to the mean of all members' places, on a plane; the center if about as near.

        So a room does not stand elsewhere after every step somebody takes.
        """
        _, lat, lon, _, _ = self.crowd
        narrow = cos(radians(lat))

        def away(cell: Cell) -> tuple[float, Cell]:
            north, east = _place(cell)
            aside = abs(east - lon)
            return hypot(north - lat, (360 - aside if aside > 180 else aside) * narrow), cell

        nearest = min(map(away, self._counts))
        if self.center in self._counts and nearest[0] >= _AS_NEAR * away(self.center)[0]:
            return self.center
        return nearest[1]

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


@lru_cache(maxsize=16_384)
def _place(cell: Cell) -> tuple[float, float]:
    """Return the cell's centre."""
    return cell.center


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
