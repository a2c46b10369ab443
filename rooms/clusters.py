"""Groups in the making, and where they are on a flat map.

A cluster is a list of people and the sums of their places (rooms/nearness.py), so that to try
somebody in it costs the same whatever its size. Knows spots and ids; decides nothing.
"""

from collections.abc import Callable, Iterable
from math import hypot, inf, isqrt
from typing import NamedTuple

from rooms.nearness import NOBODY, Spot, Weights, gauge_of
from rooms.rules import Rules

WEIGHTS = Weights(lonely=12.0, fragile=0.02, crowded=0.03)
"""To be no company is more than any distance within reach can outweigh. Small groups are hardly shunned: newcomers are
drawn to them, and who lost their company is moved."""

MaySit = Callable[[str, str], bool]
"""Whether two people may sit together at all."""


class Piece:
    """People who move together, mostly one: their ids, their sums, and where their middle is, in metres."""

    __slots__ = ("ids", "place", "spot")

    def __init__(self, ids: tuple[str, ...], spot: Spot) -> None:
        self.ids = ids
        self.spot = spot
        self.place = spot.x / spot.n, spot.y / spot.n


class Standing(NamedTuple):
    """A room that goes on and has free seats: its id, who sits in it, and their sums."""

    room: str
    sitting: tuple[str, ...]
    sums: Spot


class Cluster:
    """A group in the making: pieces that come, and the standing room they come to, if any."""

    __slots__ = ("_middle", "_strain", "pieces", "standing", "sums", "version")

    def __init__(self, pieces: Iterable[Piece] = (), *, standing: Standing | None = None) -> None:
        self.pieces: list[Piece] = []
        self.standing = standing
        self.sums = standing.sums if standing is not None else NOBODY
        self.version = 0
        """Another number after every change."""
        self._strain: float | None = None
        self._middle: tuple[float, float] | None = None
        for piece in pieces:
            self.add(piece)

    def add(self, piece: Piece) -> None:
        """Take a piece in."""
        self.pieces.append(piece)
        self._change(self.sums.with_(piece.spot))

    def remove(self, piece: Piece) -> None:
        """Let a piece go."""
        self.pieces.remove(piece)
        self._change(self.sums.without(piece.spot) if self.pieces or self.standing is not None else NOBODY)

    def _change(self, sums: Spot) -> None:
        self.sums = sums
        self.version += 1
        self._strain = self._middle = None

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
        if self._middle is None:
            n, x, y, _, _ = self.sums
            self._middle = x / n, y / n
        return self._middle

    def ids(self) -> list[str]:
        """Return who comes."""
        return [id for piece in self.pieces for id in piece.ids]

    def everybody(self) -> list[str]:
        """Return who is to sit here in the end."""
        return [*(self.standing.sitting if self.standing is not None else ()), *self.ids()]


def group_strain(sums: Spot, rules: Rules) -> float:
    """Return how strained a group in the making is; to be no company outweighs all distances."""
    return strain_of(rules)(*sums)


def strain_of(rules: Rules) -> Callable[[int, float, float, float, float], float]:
    """Return what tells that of a group by its sums, one by one."""
    return gauge_of(rules.seats_min, rules.seats_target, WEIGHTS).of_sums


_Placed = tuple[float, float, Cluster]

_FEW = 150
"""Among so few clusters all are measured: that takes half as long as to go by squares, of which most are empty and some
hold many, for people live so."""


class Plane:
    """Clusters by where their middle is, many on squares so large that few share one: the nearest are found at once."""

    def __init__(self, clusters: Iterable[Cluster]) -> None:
        filled = [cluster for cluster in clusters if cluster.sums.n]
        xs, ys = [each.middle[0] for each in filled], [each.middle[1] for each in filled]
        self._is_of_few = len(filled) <= _FEW
        extent_m = 0.0 if self._is_of_few else max(max(xs) - min(xs), max(ys) - min(ys))
        self._size_m = max(1.0, extent_m / max(1, isqrt(len(filled) // 2)))
        self._rings = 0 if self._is_of_few else int(extent_m / self._size_m) + 1
        self._squares: dict[tuple[int, int], dict[int, _Placed]] = {}
        self._where: dict[int, tuple[int, int]] = {}
        for cluster in filled:
            self.put(cluster)

    def put(self, cluster: Cluster) -> None:
        """Make the cluster findable where its middle is now."""
        self.take(cluster)
        if cluster.sums.n:
            x, y = cluster.middle
            square = self._square(x, y)
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
        column, row = self._square(x, y)
        found: list[tuple[float, Cluster]] = []
        for ring in range(self._rings + 1):
            # What lies in a ring farther out is at least this far away.
            if len(found) > count and found[count][0] <= (ring - 1) * self._size_m:
                break
            placed = [each for at in _ring(column, row, ring) for each in self._squares.get(at, _NOTHING).values()]
            if placed:
                found += _by_distance(x, y, placed, count + 1)
                found.sort(key=_far_m)
        return [each for each in found if each[1] is not cluster][:count]

    def _square(self, x: float, y: float) -> tuple[int, int]:
        return (0, 0) if self._is_of_few else (int(x // self._size_m), int(y // self._size_m))


_NOTHING: dict[int, _Placed] = {}


def _by_distance(x: float, y: float, placed: list[_Placed], count: int) -> list[tuple[float, Cluster]]:
    """Return as many of these as are nearest to that place, and those as near as the last, with their distances."""
    far = [hypot(u - x, v - y) for u, v, _ in placed]
    # To sort plain numbers first takes a fifth less than to sort all.
    most_m = sorted(far)[count - 1] if len(far) > count else inf
    return [(far_m, each[2]) for far_m, each in zip(far, placed, strict=True) if far_m <= most_m]


def _far_m(found: tuple[float, Cluster]) -> float:
    return found[0]


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
