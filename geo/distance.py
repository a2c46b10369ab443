"""Distances in metres along great circles of the mean sphere.

Knows points and cells. Must never know what a distance is used for, nor be given a position finer than the
cell somebody named. The sphere is within 0.6 % of the ellipsoid, far below the size of any cell in use.
"""

import math
from functools import lru_cache

from geo.cell import EARTH_RADIUS_M, Cell

Point = tuple[float, float]
"""(lat, lon) in degrees, WGS 84."""

# A process hosts at most some 18,000 people, so a few thousand rooms: 16,384 keeps the cells of all of them
# and of the newcomers compared with them, in about 6 MB; a colder cell costs one microsecond more.
_CACHED_CELLS = 16_384

_DIAMETER_M = 2 * EARTH_RADIUS_M


def distance_m(a: Point, b: Point) -> float:
    """Return the great-circle distance between two points in metres.

    The haversine formula (Sinnott, Virtues of the Haversine, Sky & Telescope 68, 1984): exact to the
    millimetre for near points, to a metre for opposite ones.
    """
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    across = math.sin(math.radians(b[1] - a[1]) / 2)
    up = math.sin((lat_b - lat_a) / 2)
    haversine = up * up + math.cos(lat_a) * math.cos(lat_b) * across * across
    return _DIAMETER_M * math.asin(min(1.0, math.sqrt(haversine)))


def cell_distance_m(a: Cell, b: Cell) -> float:
    """Return the great-circle distance between two cells' centres in metres; 0 for the same centre."""
    # The haversine is a quarter of the squared chord between unit vectors; those can be remembered per cell.
    return _DIAMETER_M * math.asin(min(1.0, math.dist(_unit_vector(a), _unit_vector(b)) / 2))


@lru_cache(maxsize=_CACHED_CELLS)
def _unit_vector(cell: Cell) -> tuple[float, float, float]:
    """Return the direction from the Earth's centre to the cell's, as (x, y, z) of length 1."""
    lat, lon = map(math.radians, cell.center)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)
