"""How strained a group is by its distances: one figure by which groups of any size and density compare.

The mean squared distance between two members of a group of n is 2 n / (n - 1) times the variance
of their places, so five sums tell it, for the group as it is and for one with somebody more or
less, in constant time. A member's distance is measured against that of as many nearest people;
where people are evenly spread over the plane, k neighbours lie within a radius that grows as √k.
The strain is the sum over members of the logarithm of the quotient, as far as cells can tell: to
halve the distances of two people is worth as much downtown as among villages.

Knows cells and counts; never who anybody is.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import asin, cos, log, radians, sin, sqrt
from typing import NamedTuple, TypeAlias

from geo import EARTH_RADIUS_M, Cell, Figures, measured

_M_PER_DEGREE = radians(EARTH_RADIUS_M)
"""Metres of a degree of latitude."""


class Weights(NamedTuple):
    """What weighs beside distance, as strain per member: 0.7 is a doubled distance.

    Attributes:
        lonely: in a group below `seats_min`.
        fragile: for each member missing from a group that outlives a few who leave.
        crowded: for each seat taken beyond `seats_target`.
    """

    lonely: float
    fragile: float
    crowded: float


class Spot(NamedTuple):
    """People of one cell on a flat map, as sums: how many, metres east and north, squares, variance within cells."""

    n: int
    x: float
    y: float
    square: float
    own: float

    def with_(self, other: "Spot") -> "Spot":
        """Return the sums of both together."""
        return Spot(
            self.n + other.n, self.x + other.x, self.y + other.y, self.square + other.square, self.own + other.own
        )

    def without(self, other: "Spot") -> "Spot":
        """Return the sums of those left when the others, who are among them, go."""
        return Spot(
            self.n - other.n, self.x - other.x, self.y - other.y, self.square - other.square, self.own - other.own
        )


NOBODY = Spot(0, 0.0, 0.0, 0.0, 0.0)


Crowd: TypeAlias = tuple[int, float, float, float, float]
"""People of some cells, anywhere: how many, the latitude and longitude of their mean place, the squared distances from
it and variances in cells.

Place in degrees, squares and variances summed up, in square metres. It can be kept as long as nobody comes or goes.
"""

InCell: TypeAlias = tuple[int, float, float, float, float]
"""People of one cell: how many, and the four figures of `Measured`."""


def crowd_of(cell: Cell, n: int = 1) -> Crowd:
    """Return so many people of one cell."""
    return crowd_in(n, measured(cell))


def crowd_in(n: int, here: Figures) -> Crowd:
    """Return so many people of a cell, given its four figures."""
    lat, lon, _, radius_m = here
    return n, lat, lon, 0.0, n * radius_m * radius_m / 3


def with_one(crowd: Crowd, here: Figures) -> Crowd:
    """Return the crowd with one more of a cell, given its four figures: the mean moves, the scatter grows (Welford
    1962)."""
    lat, lon, _, radius_m = here
    n, mean_lat, mean_lon, scatter, own = crowd
    up, aside = lat - mean_lat, (lon - mean_lon + 180.0) % 360.0 - 180.0
    n += 1
    if up or aside:
        scatter += (n - 1) / n * square_m(up, aside, mean_lat)
        mean_lat, mean_lon = mean_lat + up / n, (mean_lon + aside / n + 180.0) % 360.0 - 180.0
    return n, mean_lat, mean_lon, scatter, own + radius_m * radius_m / 3


def without_one(crowd: Crowd, here: Figures) -> Crowd:
    """Return the crowd with one fewer of that cell; somebody must be left."""
    lat, lon, _, radius_m = here
    n, mean_lat, mean_lon, scatter, own = crowd
    n -= 1
    up, aside = (mean_lat - lat) / n, ((mean_lon - lon + 180.0) % 360.0 - 180.0) / n
    mean_lat, mean_lon = mean_lat + up, (mean_lon + aside + 180.0) % 360.0 - 180.0
    # From the mean of those left the one who goes is n + 1 such steps away.
    scatter -= n * (n + 1) * square_m(up, aside, mean_lat)
    return n, mean_lat, mean_lon, max(0.0, scatter), own - radius_m * radius_m / 3


def square_m(up: float, aside: float, lat: float) -> float:
    """Return the squared distance in square metres of places so many degrees apart, on a plane at that latitude."""
    aside *= cos(radians(lat))
    return (up * up + aside * aside) * (_M_PER_DEGREE * _M_PER_DEGREE)


class FlatMap:
    """A plane that touches the globe at a point; true to some tens of kilometres."""

    __slots__ = ("_lat", "_lon", "_m_per_lon")

    def __init__(self, lat: float, lon: float) -> None:
        self._lat, self._lon = lat, lon
        self._m_per_lon = _M_PER_DEGREE * cos(radians(self._lat))

    def spot(self, cell: Cell, n: int = 1) -> Spot:
        """Return n people of that cell; a negative n takes them out of sums."""
        ((x, y, own),) = self.places([(cell, *measured(cell))]).values()
        return Spot(n, n * x, n * y, n * (x * x + y * y), n * own)

    def places(
        self, cells: Iterable[tuple[Cell, float, float, float, float]]
    ) -> dict[Cell, tuple[float, float, float]]:
        """Return the metres east and north of each cell's centre, and the variance of places in it.

        Args:
            cells: each with the four figures of `Measured`.
        """
        origin_lat, origin_lon, m_per_lon = self._lat, self._lon, self._m_per_lon
        return {
            cell: (
                ((lon - origin_lon + 180.0) % 360.0 - 180.0) * m_per_lon,
                (lat - origin_lat) * _M_PER_DEGREE,
                radius_m * radius_m / 3,
            )
            for cell, lat, lon, _, radius_m in cells
        }

    def spots(self, cells: Iterable[tuple[Cell, int]]) -> Spot:
        """Return all these people together."""
        total = NOBODY
        for cell, n in cells:
            total = total.with_(self.spot(cell, n))
        return total

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """Return the latitude and longitude of a place on the map, in degrees."""
        return self._lat + y / _M_PER_DEGREE, (self._lon + x / self._m_per_lon + 180.0) % 360.0 - 180.0


class Gauge:
    """Tells how strained groups are, by some rules and weights; lower is better.

    What depends on the number of people alone is worked out once: tens of groups are compared for each seat taken.
    """

    __slots__ = ("_rows",)

    def __init__(self, few: int, target: int, weights: Weights) -> None:
        self._rows = [(0.0, 0.0, 0.0, weights.lonely * n) for n in (0, 1)]
        """For each n: half of it, what scatter and what variance in cells weigh in a distance, and what is added."""
        for n in range(2, _GROUP_MAX + 1):
            if n < few:
                extra = weights.lonely
            elif n > target:
                extra = weights.crowded * (n - target)
            else:
                # A group outlives a few who leave if it is at least half way from the fewest to the target.
                extra = weights.fragile * max(0, (few + target) // 2 - n)
            neighbours = min(n, target) - 1
            self._rows.append((n / 2, 2 / (n - 1) / neighbours, 2 / n / neighbours, n * extra))

    def of(self, n: int, scatter: float, own: float) -> float:
        """Return how strained a group of n is, given its squared distances from its mean and its variances in cells."""
        half, by_scatter, by_own, extra = self._rows[n]
        return half * log(by_scatter * scatter + by_own * own) + extra if half else extra

    def strain(self, group: Spot) -> float:
        """Return how strained a group is, given its sums on one flat map."""
        return self.of_sums(*group)

    def of_sums(self, n: int, x: float, y: float, square: float, own: float) -> float:
        """The same, given the sums one by one."""
        half, by_scatter, by_own, extra = self._rows[n]
        if not half:
            return extra
        scatter = square - (x * x + y * y) / n
        return half * log(by_scatter * (scatter if scatter > 0.0 else 0.0) + by_own * own) + extra

    def added(self, newcomers: Crowd, groups: Iterable[Crowd]) -> list[float]:
        """Return how much more strained each group is with the newcomers than without, theirs included."""
        n, lat, lon, scatter, own = newcomers
        narrow, rows = cos(radians(lat)), self._rows
        found = []
        for m, group_lat, group_lon, group_scatter, group_own in groups:
            up, aside = group_lat - lat, ((group_lon - lon + 180.0) % 360.0 - 180.0) * narrow
            # What two crowds scatter together: each by itself, and their means from the common one (Chan et al. 1979).
            apart = n * m / (n + m) * ((up * up + aside * aside) * (_M_PER_DEGREE * _M_PER_DEGREE))
            together = scatter + group_scatter + apart
            # Twice what `of` does: to call it for each of the eight rooms compared took a third of the comparison.
            half, by_scatter, by_own, extra = rows[n + m]
            with_them = half * log(by_scatter * together + by_own * (own + group_own)) + extra
            half, by_scatter, by_own, extra = rows[m]
            without = half * log(by_scatter * group_scatter + by_own * group_own) + extra if half else extra
            found.append(with_them - without)
        return found


_GROUP_MAX = 128
"""More than two of the largest rooms have together: whatever is compared is to be a room, or part of one."""


@lru_cache
def gauge_of(few: int, target: int, weights: Weights) -> Gauge:
    """Return what measures strain where groups below `few` are lonely and those above `target` crowded."""
    return Gauge(few, target, weights)


def farthest_m(cell: Figures, others: Iterable[InCell]) -> float:
    """Return how far from the cell's centre the farthest of the others' is, by `cell_distance_m`; 0 of none.

    Of an arc and the haversine of it one is the larger where the other is, so one arc is worked out for all.
    """
    lat, lon, narrow, _ = cell
    most = 0.0
    for _, other_lat, other_lon, other_narrow, _ in others:
        up, across = sin(radians(other_lat - lat) / 2), sin(radians(other_lon - lon) / 2)
        haversine = up * up + narrow * other_narrow * across * across
        most = max(most, haversine)
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(most)))


def longest_m(cell: Figures, others: Iterable[InCell]) -> tuple[float, int]:
    """Return how far from the cell's centre the farthest point of all is, and in which of the others; -1: in itself.

    On a plane, where no way is shorter than the straight line through the ground.
    """
    lat, lon, narrow, most = cell
    which = -1
    for number, (_, other_lat, other_lon, other_narrow, radius_m) in enumerate(others):
        up, aside = lat - other_lat, abs(lon - other_lon)
        if aside > 180:
            aside = 360 - aside
        far_m = _M_PER_DEGREE * sqrt(up * up + narrow * other_narrow * aside * aside) + radius_m
        if far_m > most:
            most, which = far_m, number
    return most, which
