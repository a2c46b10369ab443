"""Where people truly are and how far their nearest others are: exact distances among many points at once.

Knows points on the globe. Never knows cells, rooms or who stands where.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from math import asin, cos, dist, floor, radians, sin

from geo import EARTH_RADIUS_M

Vector = tuple[float, float, float]
"""A place on the mean sphere as metres from its centre: no pole, no antimeridian, distances by subtraction."""

_DIAMETER_M = 2 * EARTH_RADIUS_M

# From a street's corner on; each is four times the one before, and the last holds the world in two steps.
_EDGES_M = tuple(250.0 * 4**step for step in range(9))

# Boxes are numbered in one integer; the farthest of the smallest edge is number 25,484 to each side.
_ROW, _LAYER = 1 << 20, 1 << 40
_AROUND = tuple(x + y * _ROW + z * _LAYER for x, y, z in product((-1, 0, 1), repeat=3))


def vector(lat: float, lon: float) -> Vector:
    """Return the place of a latitude and longitude in degrees."""
    lat, lon = radians(lat), radians(lon)
    across = EARTH_RADIUS_M * cos(lat)
    return across * cos(lon), across * sin(lon), EARTH_RADIUS_M * sin(lat)


def apart_m(a: Vector, b: Vector) -> float:
    """Return the great-circle distance of two places in metres."""
    return _along_ground(dist(a, b))


class Surroundings:
    """Points as they stand at one moment, found by nearness.

    They lie in cubic boxes of several sizes. All within one edge of a point are in the 27 boxes around it, so a
    search tries the smallest size first and ends where that edge holds enough.
    """

    def __init__(self, points: Sequence[Vector]) -> None:
        self._points = points
        self._boxes: dict[float, dict[int, list[Vector]]] = {}

    def nearest_m(self, number: int, count: int) -> list[float]:
        """Return how far the nearest `count` others are from that point in metres, nearest first; or all there are."""
        point = self._points[number]
        for edge in _EDGES_M:
            boxes = self._boxes_of(edge)
            middle = _box(point, edge)
            around = [boxes[middle + step] for step in _AROUND if middle + step in boxes]
            # The point itself comes first, at 0 m.
            straight = sorted(dist(point, other) for box in around for other in box)[1 : count + 1]
            if len(straight) == count and straight[-1] <= edge:
                break
        return [_along_ground(distance) for distance in straight]

    def _boxes_of(self, edge: float) -> dict[int, list[Vector]]:
        boxes = self._boxes.get(edge)
        if boxes is None:
            boxes = self._boxes[edge] = defaultdict(list)
            for point in self._points:
                boxes[_box(point, edge)].append(point)
        return boxes


def _box(point: Vector, edge: float) -> int:
    x, y, z = point
    return floor(x / edge) + floor(y / edge) * _ROW + floor(z / edge) * _LAYER


def _along_ground(straight_m: float) -> float:
    return _DIAMETER_M * asin(min(1.0, straight_m / _DIAMETER_M))
