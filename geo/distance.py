"""Distances in metres along great circles of the mean sphere.

Knows points and cells. Must never know what a distance is used for, nor be given a position finer than the
cell somebody named. The sphere is within 0.6 % of the ellipsoid, far below the size of any cell in use.
"""

import math

from geo.cell import EARTH_RADIUS_M, Cell
from geo.ground import Figures, measured

Point = tuple[float, float]
"""(lat, lon) in degrees, WGS 84."""

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
    return between_m(measured(a), measured(b))


def between_m(a: Figures, b: Figures) -> float:
    """Return the same, given the four figures of `Measured`."""
    lat_a, lon_a, narrow_a, _ = a
    lat_b, lon_b, narrow_b, _ = b
    # As in `distance_m`, but the cosines are remembered with the centres.
    up, across = math.sin(math.radians(lat_b - lat_a) / 2), math.sin(math.radians(lon_b - lon_a) / 2)
    return _DIAMETER_M * math.asin(min(1.0, math.sqrt(up * up + narrow_a * narrow_b * across * across)))
