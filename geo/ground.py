"""What a cell is on the ground, worked out once.

Knows centres and radii. Must never know who stands in a cell.
"""

from functools import lru_cache
from math import cos, hypot, radians, sqrt
from typing import NamedTuple, TypeAlias

from geo.cell import EARTH_RADIUS_M, Cell
from geo.grid import HALVES

_METRES_PER_DEGREE = radians(EARTH_RADIUS_M)

# A process hosts at most some 18,000 people, so a few thousand rooms: 16,384 keeps the cells of all of them
# and of the newcomers compared with them, in about 6 MB; a colder cell costs three microseconds more.
_CACHED_CELLS = 16_384


Figures: TypeAlias = tuple[float, float, float, float]
"""What `Measured` has of a cell."""


class Measured(NamedTuple):
    """A cell on the ground: its centre, and how far on a plane no point of it is from there.

    `narrow` is how much narrower a degree of longitude is there than at the equator. A uniform variable's variance is a
    twelfth of its squared range, so that of a chance place in the cell is a third of the squared radius.
    """

    lat: float
    lon: float
    narrow: float
    radius_m: float


@lru_cache(maxsize=_CACHED_CELLS)
def measured(cell: Cell) -> Measured:
    """Return what the cell is on the ground.

    Where a million people are online most cells are not among those remembered, so one decoding gives everything.
    """
    lat, lon = cell.center
    half_height, half_width = HALVES[len(cell)]
    narrow = cos(radians(lat))
    # A cell is widest at the edge nearest the equator, which no cell reaches across: its corners are the farthest.
    # The haversine formula has the product of both cosines; no arc's chord is longer than that makes it on a plane.
    widest = cos(radians(abs(lat) - half_height))
    radius_m = _METRES_PER_DEGREE * hypot(half_height, half_width * sqrt(narrow * widest))
    return Measured(lat, lon, narrow, radius_m)
