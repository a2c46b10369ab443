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
from collections.abc import Collection, Iterable, Iterator
from enum import IntEnum
from math import asin, cos, degrees, floor, radians, sin, sqrt
from typing import NamedTuple

from geo import EARTH_RADIUS_M, MAX_LENGTH, Cell, Grid, Point, distance_m
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


_Place = tuple[int, int, int]
"""A cell as numbers: its length, row and column."""

_NO_ROOMS = _Pile()
"""Stands on every shelf where nothing else does: most shelves hold rooms of one fill, and many people live alone."""


class Shelf:
    """The rooms of one cell: a pile for each `Fill`, and the shelves of the cells it is made of, if any hold rooms."""

    __slots__ = ("parts", "piles", "place")

    def __init__(self, place: _Place) -> None:
        self.place = place
        self.piles = [_NO_ROOMS] * len(Fill)
        self.parts: list[Shelf] = []

    def of(self, fill: Fill, rng: random.Random) -> Iterator[Room]:
        """Yield every room of that fill once, beginning anywhere."""
        return self.piles[fill].from_random(rng)

    def add(self, room: Room, fill: Fill) -> None:
        """Put the room on its pile."""
        if not self.piles[fill]:
            self.piles[fill] = _Pile()
        self.piles[fill].add(room)

    def take(self, room: Room, fill: Fill) -> None:
        """Take the room from its pile."""
        self.piles[fill].remove(room)
        if not self.piles[fill]:
            self.piles[fill] = _NO_ROOMS

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left here."""
        return not self.parts and not any(self.piles)


class _Spot(NamedTuple):
    """Where a room stands in the index, and how full it was when it was put there."""

    fill: Fill
    cell: Cell
    row: int
    column: int


class RoomIndex:
    """Rooms with free seats, by founding cell. Advisory: the room itself has the last word."""

    def __init__(self, *, finest_cell: int) -> None:
        self.finest = finest_cell
        self._grids = {length: Grid(length) for length in range(COARSEST, finest_cell + 1)}
        self._shelves: dict[_Place, Shelf] = {}
        self._coarse: dict[Cell, Shelf] = {}
        self._spots: dict[str, _Spot] = {}

    def put(self, room: Room, fill: Fill) -> None:
        """Make the room findable, or renew where it stands and how full it is."""
        spot = self._spots.get(room.id)
        if spot is not None:
            if spot.fill is fill and spot.cell == room.cell:
                return
            self.remove(room)
        row, column = self._grids[self.finest].position(room.cell)
        self._spots[room.id] = _Spot(fill, room.cell, row, column)
        if len(room.cell) < self.finest:
            self._coarse.setdefault(room.cell, Shelf((0, 0, 0))).add(room, fill)
        new: Shelf | None = None
        for place in _line(self.finest, row, column):
            shelf = self._shelves.get(place)
            is_new = shelf is None
            if shelf is None:
                shelf = self._shelves[place] = Shelf(place)
            if new is not None:
                shelf.parts.append(new)
            if place[0] > COARSEST:
                shelf.add(room, fill)
            new = shelf if is_new else None

    def remove(self, room: Room) -> None:
        """Make the room unfindable; nothing happens if it is."""
        spot = self._spots.pop(room.id, None)
        if spot is None:
            return
        fill, cell, row, column = spot
        if len(cell) < self.finest:
            self._coarse[cell].take(room, fill)
            if self._coarse[cell].is_empty:
                del self._coarse[cell]
        gone: Shelf | None = None
        for place in _line(self.finest, row, column):
            shelf = self._shelves[place]
            if gone is not None:
                shelf.parts.remove(gone)
            if place[0] > COARSEST:
                shelf.take(room, fill)
            gone = shelf if shelf.is_empty else None
            if gone is not None:
                del self._shelves[place]

    def matching(self, cell: Cell, fill: Fill, rng: random.Random) -> Iterator[Room]:
        """Yield the rooms of that fill founded in the cell, in a part of it, or in a cell around it, by chance."""
        within = self._shelves.get(self._place(cell))
        if within is not None:
            yield from within.of(fill, rng)
        for length in range(len(cell) - 1, COARSEST, -1) if self._coarse else ():
            around = self._coarse.get(cell.parent(length))
            if around is not None:
                yield from around.of(fill, rng)

    def within_rings(self, cell: Cell, rings: int) -> Iterator[tuple[Point, Shelf]]:
        """Yield (centre, shelf) of each finest cell at most so many rings away that holds rooms, nearest ring first."""
        grid = self._grids[self.finest]
        row, column = grid.position(cell)
        for ring in range(rings + 1):
            for place in grid.ring(row, column, ring):
                shelf = self._shelves.get((self.finest, *place))
                if shelf is not None:
                    yield grid.center(*place), shelf

    def around(
        self, cell: Cell, *, reach_m: float, fills: Collection[Fill], rng: random.Random
    ) -> Iterator[tuple[Room, float]]:
        """Yield the rooms of those fills within reach and their distance in metres, nearest first.

        Distances are between the centres of finest cells, inclusive. In one cell the emptier
        room comes first; among equals chance decides.
        """
        grid = self._grids[self.finest]
        row, column = grid.position(cell)
        center = grid.center(row, column)
        heap: list[_Bound] = []
        coarsest = (self._shelves.get(place) for place in self._coarsest_within(center, reach_m))
        _push(heap, center, (shelf for shelf in coarsest if shelf is not None), grid, reach_m, rng)
        while heap:
            bound_m, _, (length, _, _), shelf = heapq.heappop(heap)
            if length == self.finest:
                for fill in fills:
                    for room in shelf.of(fill, rng):
                        yield room, bound_m
            else:
                parts = shelf.parts
                if len(fills) < len(Fill):
                    parts = [part for part in parts if any(part.piles[fill] for fill in fills)]
                _push(heap, center, parts, grid, reach_m, rng)

    def _place(self, cell: Cell) -> _Place:
        return (len(cell), *self._grids[len(cell)].position(cell))

    def _coarsest_within(self, center: Point, reach_m: float) -> Iterator[_Place]:
        """Yield the coarsest cells that may hold anything within reach."""
        grid = self._grids[COARSEST]
        lat, lon = center
        up = reach_m / _M_PER_DEGREE / _ROUNDING
        # A circle touches the meridian at which sin(aside) is the quotient; one around a pole touches none.
        holds_pole = abs(lat) + up >= 90
        aside = 180.0 if holds_pole else degrees(asin(min(1.0, sin(radians(up)) / cos(radians(lat))))) / _ROUNDING
        height, width = 180 / grid.rows, 360 / grid.columns
        first, last = floor((lon - aside + 180) / width), floor((lon + aside + 180) / width)
        columns = range(first, min(last, first + grid.columns - 1) + 1)
        lowest, highest = floor((lat - up + 90) / height), floor((lat + up + 90) / height)
        for row in range(max(0, lowest), min(grid.rows - 1, highest) + 1):
            for column in columns:
                yield COARSEST, row, column % grid.columns


_Bound = tuple[float, float, _Place, Shelf]
"""How far something in a cell is at least, in metres, chance, and the cell."""


def _push(
    heap: list[_Bound],
    center: Point,
    parts: Iterable[Shelf],
    finest: Grid,
    reach_m: float,
    rng: random.Random,
) -> None:
    """Push the cells that lie within reach: with their exact distance if finest, else with a bound."""
    for shelf in parts:
        place = shelf.place
        if place[0] == finest.length:
            far_m = distance_m(center, finest.center(place[1], place[2]))
        else:
            far_m = _at_least_m(center, place)
        if far_m <= reach_m:
            heapq.heappush(heap, (far_m, rng.random(), place, shelf))


def _line(length: int, row: int, column: int) -> Iterator[_Place]:
    """Yield the cell and all cells around it, up to the coarsest kept."""
    yield length, row, column
    while length > COARSEST:
        row, column = _parent(length, row, column)
        length -= 1
        yield length, row, column


def _parent(length: int, row: int, column: int) -> tuple[int, int]:
    """Return the row and column of the cell around this one, one character shorter."""
    # Five bits a character, longitude first: lengths alternate between 3 + 2 and 2 + 3 bits.
    return (row >> 2, column >> 3) if length % 2 else (row >> 3, column >> 2)


_HALVES = {length: (90 / Grid(length).rows, 180 / Grid(length).columns) for length in range(COARSEST, MAX_LENGTH + 1)}
"""Half the height and half the width of a cell of each length, in degrees."""


def _at_least_m(point: Point, place: _Place) -> float:
    """Return a lower bound of the distance from a point to anything in the cell, in metres."""
    length, row, column = place
    half_height, half_width = _HALVES[length]
    lat, lon = (2 * row + 1) * half_height - 90, (2 * column + 1) * half_width - 180
    up = abs(point[0] - lat) - half_height
    aside = abs(point[1] - lon)
    aside = (360 - aside if aside > 180 else aside) - half_width
    # The haversine of the two gaps, where the meridians are narrowest: no point of the cell is nearer, poles included.
    bound = sin(radians(up) / 2) ** 2 if up > 0 else 0.0
    if aside > 0:
        narrowest = cos(radians(min(90.0, abs(lat) + half_height)))
        bound += cos(radians(point[0])) * narrowest * sin(radians(aside) / 2) ** 2
    return _ROUNDING * 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(bound))) if bound else 0.0
