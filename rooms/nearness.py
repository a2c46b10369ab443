"""How strained a group is by its distances: one figure by which groups of any size and density compare.

The mean squared distance between two members of a group of n is 2 n / (n - 1) times the variance
of their places, so five sums tell it, for the group as it is and for one with somebody more or
less, in constant time. A member's distance is measured against that of as many nearest people;
where people are evenly spread over the plane, k neighbours lie within a radius that grows as √k.
The strain is the sum over members of the logarithm of the quotient, as far as cells can tell: to
halve the distances of two people is worth as much downtown as among villages.

Knows cells and counts; never who anybody is.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import cos, log, radians
from typing import NamedTuple

from geo import EARTH_RADIUS_M, Cell
from rooms.rules import Rules

_M_PER_DEGREE = radians(EARTH_RADIUS_M)
"""Metres of a degree of latitude."""

_CROWDED = 0.05
"""Strain per member, and per seat taken beyond `seats_target`: a twelfth of a doubled distance."""

_FRAGILE = 0.15
"""Strain per member, and per member missing from a group that outlives a few who leave: a fifth of a doubled one."""


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


class Crowd(NamedTuple):
    """People of some cells, anywhere: how many, their mean place, the squared distances from it and variances in cells.

    Place in degrees, squares and variances summed up, in square metres. It can be kept as long as nobody comes or goes.
    """

    n: int
    lat: float
    lon: float
    scatter: float
    own: float


def crowd_of(counts: Mapping[Cell, int]) -> Crowd:
    """Return the people of those cells, given how many stand in each; there must be somebody."""
    origin = next(iter(counts))
    if len(counts) == 1:
        lat, lon, own = _measured(origin)
        return Crowd(counts[origin], lat, lon, 0.0, counts[origin] * own)
    flat = FlatMap(*origin.center)
    n, x, y, square, own = flat.spots(counts.items())
    return Crowd(n, *flat.place(x / n, y / n), max(0.0, square - (x * x + y * y) / n), own)


class FlatMap:
    """A plane that touches the globe at a point; true to some tens of kilometres."""

    __slots__ = ("_lat", "_lon", "_m_per_lon")

    def __init__(self, lat: float, lon: float) -> None:
        self._lat, self._lon = lat, lon
        self._m_per_lon = _M_PER_DEGREE * cos(radians(self._lat))

    def spot(self, cell: Cell, n: int = 1) -> Spot:
        """Return n people of that cell; a negative n takes them out of sums."""
        lat, lon, own = _measured(cell)
        x = ((lon - self._lon + 180.0) % 360.0 - 180.0) * self._m_per_lon
        y = (lat - self._lat) * _M_PER_DEGREE
        return Spot(n, n * x, n * y, n * (x * x + y * y), n * own)

    def spots(self, cells: Iterable[tuple[Cell, int]]) -> Spot:
        """Return all these people together."""
        total = NOBODY
        for cell, n in cells:
            total = total.with_(self.spot(cell, n))
        return total

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the latitude and longitude of a place on the map, in degrees."""
        return self._lat + y / _M_PER_DEGREE, (self._lon + x / self._m_per_lon + 180.0) % 360.0 - 180.0

    def sum(self, crowd: Crowd) -> Spot:
        """Return all these people together."""
        n, lat, lon, scatter, own = crowd
        x = ((lon - self._lon + 180.0) % 360.0 - 180.0) * self._m_per_lon
        y = (lat - self._lat) * _M_PER_DEGREE
        return Spot(n, n * x, n * y, n * (x * x + y * y) + scatter, own)


def strain(group: Spot, rules: Rules, *, lonely: float) -> float:
    """Return how strained the group is; lower is better, an empty group has none.

    Args:
        group: its sums on one flat map.
        rules: what is few and what is many.
        lonely: strain per member of a group below `seats_min`.
    """
    n, x, y, square, own = group
    if n <= 1:
        return lonely * n
    variance = max(0.0, (square - (x * x + y * y) / n) / n)
    total = 0.5 * n * (log((2 * n / (n - 1)) * variance + 2 * own / n) - log(min(n, rules.seats_target) - 1))
    if n < rules.seats_min:
        return total + lonely * n
    return total + n * (_FRAGILE * max(0, _lasting(rules) - n) + _CROWDED * max(0, n - rules.seats_target))


def added_strain(newcomers: Spot, group: Spot, rules: Rules, *, lonely: float) -> float:
    """Return how much more strained the group is with the newcomers than without, theirs included."""
    return strain(group.with_(newcomers), rules, lonely=lonely) - strain(group, rules, lonely=lonely)


def _lasting(rules: Rules) -> int:
    """Return how many a group needs to be still company when a few have left."""
    return (rules.seats_min + rules.seats_target) // 2


@lru_cache(maxsize=16_384)
def _measured(cell: Cell) -> tuple[float, float, float]:
    """Return a cell's latitude and longitude in degrees, and the variance of a chance place in it in square metres."""
    lat, lon = cell.center
    height_m, width_m = cell.size_m
    # A uniform variable's variance is a twelfth of its squared range.
    return lat, lon, (height_m**2 + width_m**2) / 12
