"""Groups in the making, and where they are on a flat map.

A cluster is a list of people and the sums of their places (rooms/nearness.py), so that to try
somebody in it costs the same whatever its size. Knows spots and ids; decides nothing.
"""

from collections.abc import Callable, Iterable
from math import hypot, isqrt
from typing import NamedTuple

from rooms.nearness import NOBODY, Spot, Weights, gauge_of
from rooms.rules import Rules

WEIGHTS = Weights(lonely=12.0, fragile=0.02, crowded=0.03)
"""To be no company is more than any distance within reach can outweigh. Small groups are hardly shunned: newcomers are
drawn to them, and who lost their company is moved."""

MaySit = Callable[[str, str], bool]
"""Whether two people may sit together at all."""


class Piece:
    """People who move together, mostly one: their ids and place."""

    __slots__ = ("ids", "spot")

    def __init__(self, ids: tuple[str, ...], spot: Spot) -> None:
        self.ids = ids
        self.spot = spot


class Standing(NamedTuple):
    """A room that goes on and has free seats: its id, who sits in it, and their sums."""

    room: str
    sitting: tuple[str, ...]
    sums: Spot


class Cluster:
    """A group in the making: pieces that come, and the standing room they come to, if any."""

    __slots__ = ("_strain", "pieces", "standing", "sums")

    def __init__(self, pieces: Iterable[Piece] = (), *, standing: Standing | None = None) -> None:
        self.pieces: list[Piece] = []
        self.standing = standing
        self.sums = standing.sums if standing is not None else NOBODY
        self._strain: float | None = None
        for piece in pieces:
            self.add(piece)

    def add(self, piece: Piece) -> None:
        """Take a piece in."""
        self.pieces.append(piece)
        self.sums = self.sums.with_(piece.spot)
        self._strain = None

    def remove(self, piece: Piece) -> None:
        """Let a piece go."""
        self.pieces.remove(piece)
        self.sums = self.sums.without(piece.spot) if self.pieces or self.standing is not None else NOBODY
        self._strain = None

    def strain(self, rules: Rules) -> float:
        """Return how strained its people are, as `group_strain` has it."""
        if self._strain is None:
            self._strain = group_strain(self.sums, rules)
        return self._strain

    @property
    def is_of_one_cell(self) -> bool:
        """Whether all its people come from one cell."""
        return self.standing is None and len({piece.spot for piece in self.pieces}) == 1

    @property
    def middle(self) -> tuple[float, float]:
        """The mean of its people's places, in metres; there must be somebody."""
        return self.sums.x / self.sums.n, self.sums.y / self.sums.n

    def ids(self) -> list[str]:
        """Return who comes."""
        return [id for piece in self.pieces for id in piece.ids]

    def everybody(self) -> list[str]:
        """Return who is to sit here in the end."""
        return [*(self.standing.sitting if self.standing is not None else ()), *self.ids()]


def group_strain(sums: Spot, rules: Rules) -> float:
    """Return how strained a group in the making is; to be no company outweighs all distances."""
    return gauge_of(rules.seats_min, rules.seats_target, WEIGHTS).strain(sums)


class Plane:
    """Clusters by where their middle is, on squares so large that few share one: the nearest are found at once."""

    def __init__(self, clusters: Iterable[Cluster]) -> None:
        filled = [cluster for cluster in clusters if cluster.sums.n]
        xs, ys = [each.middle[0] for each in filled], [each.middle[1] for each in filled]
        extent_m = max(max(xs) - min(xs), max(ys) - min(ys)) if filled else 0.0
        self._size_m = max(1.0, extent_m / max(1, isqrt(len(filled) // 2)))
        self._rings = int(extent_m / self._size_m) + 1
        self._squares: dict[tuple[int, int], dict[int, tuple[float, float, Cluster]]] = {}
        self._where: dict[int, tuple[int, int]] = {}
        for cluster in filled:
            self.put(cluster)

    def put(self, cluster: Cluster) -> None:
        """Make the cluster findable where its middle is now."""
        self.take(cluster)
        if cluster.sums.n:
            x, y = cluster.middle
            square = (int(x // self._size_m), int(y // self._size_m))
            self._where[id(cluster)] = square
            self._squares.setdefault(square, {})[id(cluster)] = (x, y, cluster)

    def take(self, cluster: Cluster) -> None:
        """Make the cluster unfindable; nothing happens if it is."""
        square = self._where.pop(id(cluster), None)
        if square is not None:
            del self._squares[square][id(cluster)]

    def nearest(self, cluster: Cluster, count: int) -> list[tuple[float, Cluster]]:
        """Return the other clusters whose middles are nearest, with their distances in metres, nearest first."""
        x, y = cluster.middle
        column, row = int(x // self._size_m), int(y // self._size_m)
        found: list[tuple[float, int, Cluster]] = []
        for ring in range(self._rings + 1):
            # What lies in a ring farther out is at least this far away.
            sure_m = (ring - 1) * self._size_m
            if len(found) >= count and sum(far_m <= sure_m for far_m, _, _ in found) >= count:
                break
            for square in _ring(column, row, ring):
                for u, v, other in self._squares.get(square, _NOTHING).values():
                    if other is not cluster:
                        found.append((hypot(u - x, v - y), len(found), other))
        found.sort()
        return [(far_m, other) for far_m, _, other in found[:count]]


_NOTHING: dict[int, tuple[float, float, Cluster]] = {}


def _ring(column: int, row: int, ring: int) -> Iterable[tuple[int, int]]:
    if ring == 0:
        yield column, row
        return
    for c in range(column - ring, column + ring + 1):
        yield c, row - ring
        yield c, row + ring
    for r in range(row - ring + 1, row + ring):
        yield column - ring, r
        yield column + ring, r
