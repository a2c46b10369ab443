"""Rooms with free seats, by where they were founded: what a newcomer or a waiting room asks.

A trie over geohash cells, kept as integers: a cell of length L is a row and a column
of that length's grid, and its parent is the same with some low bits shifted off. Every
room stands in the finest cell at its founding cell's centre and in all that cell's
parents down to `COARSEST`, on a shelf sorted by how full it is. So the rooms of a cell,
fine or coarse, are one look-up away, and the nearest room anywhere is found best-first,
opening only cells that hold something: the cost does not grow with the emptiness of
the land.

The index knows where and how full, never who.
"""

import heapq
import random
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from math import asin, ceil, cos, degrees, radians, sin, sqrt
from typing import Any

from geo import EARTH_RADIUS_M, Cell, Grid, Point, distance_m
from rooms.room import Room

COARSEST = 3
"""The coarsest cells kept, about 156 × 156 km: a search that reaches farther opens several."""

_M_PER_DEGREE = radians(EARTH_RADIUS_M)
"""Metres of a degree of latitude."""

_ROUNDING = 1 - 1e-7
"""Keeps a bound below the distance it bounds, whatever is lost in the last digits."""


class Fill(IntEnum):
    """How full a room is, fewest first."""

    WAITING = 0
    """Fewer than `seats_min` keep company."""
    OPEN = 1
    """Fewer than `seats_target` seats are taken."""
    ROOMY = 2
    """Fewer than `seats_max` are."""


class _Pile:
    """A set of rooms from which one can be drawn at random in constant time."""

    __slots__ = ("_rooms", "_where")

    def __init__(self) -> None:
        self._rooms: list[Room] = []
        self._where: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def add(self, room: Room) -> None:
        self._where[room.id] = len(self._rooms)
        self._rooms.append(room)

    def remove(self, room: Room) -> None:
        hole = self._where.pop(room.id)
        last = self._rooms.pop()
        if last is not room:
            self._rooms[hole] = last
            self._where[last.id] = hole

    def from_random(self, rng: random.Random) -> Iterator[Room]:
        """Yield every room once, beginning anywhere."""
        start = rng.randrange(len(self._rooms)) if self._rooms else 0
        yield from self._rooms[start:]
        yield from self._rooms[:start]


_NO_ROOMS = _Pile()
"""Stands for every empty pile, since most are; it stays empty."""

Shelf = list[_Pile]
"""The rooms of one cell, a pile for each `Fill`."""

_Place = tuple[int, int, int]
"""A cell as numbers: its length, row and column."""


class RoomIndex:
    """Rooms with free seats, by founding cell. Advisory: the room itself has the last word."""

    def __init__(self, *, finest_cell: int) -> None:
        self.finest = finest_cell
        self._grids = {length: Grid(length) for length in range(COARSEST, finest_cell + 1)}
        self._shelves: dict[_Place, Shelf] = {}
        self._coarse: dict[Cell, Shelf] = {}
        self._placed: dict[str, Fill] = {}

    def put(self, room: Room, fill: Fill) -> None:
        """Make the room findable, or renew how full it is."""
        if self._placed.get(room.id) is not fill:
            self.remove(room)
            self._placed[room.id] = fill
            for shelves, key in self._homes(room):
                shelf = shelves.get(key)
                if shelf is None:
                    shelf = shelves[key] = [_NO_ROOMS] * len(Fill)
                if not shelf[fill]:
                    shelf[fill] = _Pile()
                shelf[fill].add(room)

    def remove(self, room: Room) -> None:
        """Make the room unfindable; nothing happens if it is."""
        fill = self._placed.pop(room.id, None)
        if fill is not None:
            for shelves, key in self._homes(room):
                shelf = shelves[key]
                shelf[fill].remove(room)
                if not any(shelf):
                    del shelves[key]

    def matching(self, cell: Cell, fill: Fill, rng: random.Random) -> Iterator[Room]:
        """Yield the rooms of that fill founded in the cell, in a part of it, or in a cell around it, by chance."""
        within = self._shelves.get(self._place(cell))
        if within is not None:
            yield from within[fill].from_random(rng)
        for length in range(len(cell) - 1, COARSEST, -1) if self._coarse else ():
            around = self._coarse.get(cell.parent(length))
            if around is not None:
                yield from around[fill].from_random(rng)

    def within_rings(self, cell: Cell, rings: int) -> Iterator[tuple[Point, Shelf]]:
        """Yield (centre, shelf) of each finest cell at most so many rings away that holds rooms, nearest ring first."""
        grid = self._grids[self.finest]
        row, column = grid.position(cell)
        for ring in range(rings + 1):
            for place in grid.ring(row, column, ring):
                shelf = self._shelves.get((self.finest, *place))
                if shelf is not None:
                    yield grid.center(*place), shelf

    def nearest(
        self, cell: Cell, *, reach_m: float, accept: Callable[[Room], bool], rng: random.Random
    ) -> tuple[Room, float] | None:
        """Return the nearest acceptable room and its distance in metres, or None if none stands within reach.

        Distances are between the centres of finest cells, inclusive. In one cell the emptier
        room comes first; among equals chance decides.
        """
        center = self._grids[self.finest].center(*self._grids[self.finest].position(cell))
        heap = list(self._bounds(center, self._coarsest_within(center, reach_m), reach_m, rng))
        heapq.heapify(heap)
        while heap:
            bound_m, _, place = heapq.heappop(heap)
            if place[0] == self.finest:
                for pile in self._shelves[place]:
                    for room in pile.from_random(rng):
                        if accept(room):
                            return room, bound_m
            else:
                for item in self._bounds(center, _children(place), reach_m, rng):
                    heapq.heappush(heap, item)
        return None

    def _place(self, cell: Cell) -> _Place:
        return (len(cell), *self._grids[len(cell)].position(cell))

    def _homes(self, room: Room) -> Iterator[tuple[dict[Any, Shelf], Any]]:
        """Yield each dictionary of shelves and the key in it under which the room stands."""
        row, column = self._grids[self.finest].position(room.cell)
        for length in range(self.finest, COARSEST - 1, -1):
            yield self._shelves, (length, row, column)
            row, column = _parent(length, row, column)
        if len(room.cell) < self.finest:
            yield self._coarse, room.cell

    def _coarsest_within(self, center: Point, reach_m: float) -> Iterator[_Place]:
        """Yield the coarsest cells that may hold anything within reach."""
        grid = self._grids[COARSEST]
        row, column = grid.position_at(*center)
        rows = ceil(reach_m / (_M_PER_DEGREE * 180 / grid.rows))
        # Beyond the pole lie the cells of every meridian.
        farthest_lat = min(90.0, abs(center[0]) + degrees(reach_m / EARTH_RADIUS_M))
        column_m = max(1.0, _M_PER_DEGREE * cos(radians(farthest_lat)) * 360 / grid.columns)
        columns = min(grid.columns // 2, ceil(reach_m / column_m))
        wide = range(column - columns, column + columns + (2 * columns < grid.columns))
        for r in range(max(0, row - rows), min(grid.rows, row + rows + 1)):
            for c in wide:
                yield COARSEST, r, c % grid.columns

    def _bounds(
        self, center: Point, places: Iterable[_Place], reach_m: float, rng: random.Random
    ) -> Iterator[tuple[float, float, _Place]]:
        """Yield (distance, chance, place) of the places that hold rooms within reach: exact if finest, else a bound."""
        for place in places:
            if place in self._shelves:
                grid = self._grids[place[0]]
                middle = grid.center(place[1], place[2])
                far_m = distance_m(center, middle) if place[0] == self.finest else _at_least_m(center, middle, grid)
                if far_m <= reach_m:
                    yield far_m, rng.random(), place


def _parent(length: int, row: int, column: int) -> tuple[int, int]:
    """Return the row and column of the cell around this one, one character shorter."""
    # Five bits a character, longitude first: lengths alternate between 3 + 2 and 2 + 3 bits.
    return (row >> 2, column >> 3) if length % 2 else (row >> 3, column >> 2)


def _children(place: _Place) -> Iterator[_Place]:
    """Yield the 32 cells a place is made of, one character longer."""
    length, row, column = place
    rows, columns = (8, 4) if length % 2 else (4, 8)
    for r in range(row * rows, (row + 1) * rows):
        for c in range(column * columns, (column + 1) * columns):
            yield length + 1, r, c


def _at_least_m(point: Point, middle: Point, grid: Grid) -> float:
    """Return a lower bound of the distance from a point to anything in the grid's cell around `middle`, in metres."""
    half_height, half_width = 90 / grid.rows, 180 / grid.columns
    up = max(0.0, abs(point[0] - middle[0]) - half_height)
    aside = abs(point[1] - middle[1])
    aside = max(0.0, min(aside, 360 - aside) - half_width)
    highest = min(90.0, abs(middle[0]) + half_height)
    # The haversine of the two gaps, where the meridians are narrowest: no point of the cell is nearer, poles included.
    narrowest = cos(radians(point[0])) * cos(radians(highest))
    bound = sin(radians(up) / 2) ** 2 + narrowest * sin(radians(aside) / 2) ** 2
    return _ROUNDING * 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(bound)))
