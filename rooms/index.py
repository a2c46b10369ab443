"""Rooms with free seats, by where they were founded: what a newcomer or a waiting room asks.

A trie over geohash cells, kept as integers: a cell of length L is a row and a column
of that length's grid, and its parent is the same with some low bits shifted off. Every
room stands in the finest cell at its founding cell's centre and in all that cell's
parents down to `COARSEST`: on a shelf sorted by how full it is, in areas that count what
lies in them. So the rooms of a cell are one look-up away, one of an area is drawn by going
down its counts, and the nearest room anywhere is found best-first, opening only cells that
hold something: the cost does not grow with the emptiness of the land.

The index knows where and how full, never who.
"""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from math import asin, cos, degrees, floor, hypot, pi, radians, sin, sqrt

from geo import EARTH_RADIUS_M, GRIDS, HALVES, Cell, Grid, Point, distance_m
from rooms.room import Room
from rooms.shelves import ALL_FILLS, ROW, Area, Fill, Shelf, Spot, key_of, parent_of, steps_from

COARSEST = 3
"""The coarsest cells kept, about 156 × 156 km: a search that reaches farther opens several."""

_M_PER_DEGREE = radians(EARTH_RADIUS_M)
"""Metres of a degree of latitude."""

_ROUNDING = 1 - 1e-7
"""Keeps a bound below the distance it bounds, whatever is lost in the last digits."""

_FLAT, _FLAT_DEG = 1 - 2e-4, 3.0
"""What a chord of at most so many degrees is of its arc, at least. Of any other it is two of the number pi."""


class RoomIndex:
    """Rooms with free seats, by founding cell. Advisory: the room itself has the last word."""

    def __init__(self, *, finest_cell: int) -> None:
        self.finest = finest_cell
        self._grid = Grid(finest_cell)
        self._shelves: dict[int, Shelf] = {}
        self._areas: dict[int, dict[int, Area]] = {length: {} for length in range(COARSEST, finest_cell)}
        self._coarse: dict[Cell, Shelf] = {}

    def put(self, room: Room, fill: Fill) -> None:
        """Make the room findable, or renew where it stands and how full it is. It stands in no other index."""
        spot = room.spot
        if spot is not None:
            if spot.cell == room.cell:
                if spot.fill is not fill:
                    self._take(spot)
                    for each in (spot, spot.coarse):
                        if each is not None:
                            each.fill = fill
                            each.at = each.shelf.add(room, fill)
                return
            self.remove(room)
        spot = room.spot = Spot(room, fill, self._shelf_of(room.cell))
        if len(room.cell) < self.finest:
            spot.coarse = Spot(room, fill, self._coarse.setdefault(room.cell, Shelf(0)))

    def remove(self, room: Room) -> None:
        """Make the room unfindable; nothing happens if it is."""
        spot, room.spot = room.spot, None
        if spot is None:
            return
        self._take(spot)
        if not any(spot.shelf.held):
            self._drop(spot.shelf)
        coarse = spot.coarse
        if coarse is not None and not any(coarse.shelf.held):
            del self._coarse[coarse.cell]

    @staticmethod
    def _take(spot: Spot) -> None:
        """Take a room from its piles, and know the number of whichever fills the gap."""
        moved = spot.shelf.take(spot.fill, spot.at)
        if moved is not None and moved.spot is not None:
            moved.spot.at = spot.at
        coarse = spot.coarse
        if coarse is not None:
            moved = coarse.shelf.take(coarse.fill, coarse.at)
            if moved is not None and moved.spot is not None and moved.spot.coarse is not None:
                moved.spot.coarse.at = coarse.at

    def matching(self, cell: Cell, fill: Fill, rng: random.Random) -> Iterator[Room]:
        """Return the rooms of that fill founded in the cell, in a part of it, or in a cell around it, by chance."""
        return (room for place in self.places(cell) for room in place.of(fill, rng))

    def places(self, cell: Cell) -> Sequence[Area | Shelf]:
        """Return what holds the rooms founded in the cell or in a part of it, then those founded in cells around it."""
        key = key_of(cell, len(cell))
        within = self._shelves.get(key) if len(cell) == self.finest else self._areas[len(cell)].get(key)
        places: list[Area | Shelf] = [within] if within is not None else []
        if self._coarse:
            around = (self._coarse.get(cell.parent(length)) for length in range(len(cell) - 1, COARSEST, -1))
            places += [shelf for shelf in around if shelf is not None]
        return places

    def within_rings(self, cell: Cell, rings: int, rng: random.Random) -> Iterator[Shelf]:
        """Yield the finest cells at most so many rings away that hold rooms, nearest first, by chance among equals."""
        key = key_of(cell, self.finest)
        row, column = divmod(key, ROW)
        shelves = self._shelves
        if self._is_inside(key, self.finest, rings):
            for step in steps_from(key, self.finest, rings)[rng.getrandbits(2)]:
                shelf = shelves.get(key + step)
                if shelf is not None:
                    yield shelf
            return
        center = self._grid.center(row, column)
        around = [
            (distance_m(center, self._grid.center(*place)), rng.random(), place)
            for ring in range(rings + 1)
            for place in self._grid.ring(row, column, ring)
        ]
        for _, _, (row, column) in sorted(around):
            shelf = shelves.get(row * ROW + column)
            if shelf is not None:
                yield shelf

    def around(
        self, cell: Cell, *, reach_m: float, fills: Collection[Fill], rng: random.Random
    ) -> Iterator[tuple[Room, float]]:
        """Yield the rooms of those fills within reach and their distance in metres, nearest first.

        Distances are between the centres of finest cells, inclusive. In one cell the emptier
        room comes first; among equals chance decides.
        """
        key = key_of(cell, self.finest)
        center = self._grid.center(*divmod(key, ROW))
        search = _Search(center, self._grid, reach_m, fills, rng)
        length = _NEAR_START if reach_m <= _NEAR_M and self.finest > _NEAR_START else COARSEST
        search.push_areas(search.areas_within(self._areas[length], length), length)
        heap = search.heap
        while heap:
            far_m, _, _, found = heappop(heap)
            if isinstance(found, Shelf):
                for fill in fills:
                    if found.held[fill]:
                        for room in found.of(fill, rng):
                            yield room, far_m
            elif found.areas:
                search.push_areas(found.areas, found.length + 1)
            else:
                search.push_shelves(found.shelves)

    @staticmethod
    def _is_inside(key: int, length: int, rings: int) -> bool:
        """Tell whether no pole and no antimeridian is within so many rings."""
        (row, column), grid = divmod(key, ROW), GRIDS[length]
        return rings <= column < grid.columns - rings and rings <= row < grid.rows - rings

    def _shelf_of(self, cell: Cell) -> Shelf:
        """Return the shelf of the finest cell at this one's centre, made if it is not there."""
        key = key_of(cell, self.finest)
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = Shelf(key, self._area_around(key, self.finest))
            assert shelf.parent is not None, "areas are coarser than the finest cell"
            shelf.parent.put_shelf(shelf)
        return shelf

    def _area_around(self, key: int, length: int) -> Area:
        """Return the area one character coarser than that cell, made if it is not there."""
        key, length = parent_of(key, length), length - 1
        area = self._areas[length].get(key)
        if area is None:
            parent = self._area_around(key, length) if length > COARSEST else None
            area = self._areas[length][key] = Area(key, length, parent)
            if parent is not None:
                parent.put_area(area)
        return area

    def _drop(self, shelf: Shelf) -> None:
        """Forget an empty shelf and every area that it leaves empty."""
        del self._shelves[shelf.key]
        area = shelf.parent
        assert area is not None, "areas are coarser than the finest cell"
        area.shelves.remove(shelf)
        while not (area.areas or area.shelves):
            del self._areas[area.length][area.key]
            if area.parent is None:
                return
            area.parent.areas.remove(area)
            area = area.parent


class _Search:
    """The cells that may hold the next nearest room, by how far anything in them is at least."""

    __slots__ = (
        "_aside",
        "_center",
        "_count",
        "_fills",
        "_length",
        "_m_per_degree",
        "_narrowest",
        "_rng",
        "_up",
        "heap",
        "reach_m",
    )

    def __init__(
        self, center: Point, finest: Grid, reach_m: float, fills: Collection[Fill], rng: random.Random
    ) -> None:
        self.heap: list[tuple[float, float, int, Area | Shelf]] = []
        """Distance, chance, and a number so that cells themselves are never compared."""
        self.reach_m = reach_m
        self._center = center
        self._length = finest.length
        self._fills = fills if len(fills) < len(ALL_FILLS) else None
        self._rng = rng
        self._count = 0
        lat = abs(center[0])
        narrow = cos(radians(lat))
        # What is farther north, south, east or west than these degrees is out of reach: most is, and is passed over.
        self._up = reach_m / _M_PER_DEGREE / _ROUNDING
        # A circle touches the meridian at which sin(aside) is the quotient; one around a pole touches none.
        self._aside = 180.0
        if lat + self._up < 90:
            self._aside = degrees(asin(min(1.0, sin(radians(self._up)) / narrow))) / _ROUNDING
        # The haversine's square root is no less than half of that of the angles' squares, but for `_FLAT`, with the
        # meridians as near to each other as anywhere within reach: so no area takes sines of its own to be bounded.
        self._narrowest = sqrt(narrow * cos(radians(min(90.0, lat + self._up))))
        self._m_per_degree = _M_PER_DEGREE * (_FLAT if max(self._up, self._aside) < _FLAT_DEG else 2 / pi)

    def areas_within(self, areas: Mapping[int, Area], length: int) -> list[Area]:
        """Return those of these areas, all of that length, that may hold anything within reach."""
        grid, (lat, lon), up, aside = GRIDS[length], self._center, self._up, self._aside
        height, width = 180 / grid.rows, 360 / grid.columns
        first, last = floor((lon - aside + 180) / width), floor((lon + aside + 180) / width)
        columns = range(first, min(last, first + grid.columns - 1) + 1)
        lowest, highest = floor((lat - up + 90) / height), floor((lat + up + 90) / height)
        return [
            area
            for row in range(max(0, lowest), min(grid.rows - 1, highest) + 1)
            for column in columns
            if (area := areas.get(row * ROW + column % grid.columns)) is not None
        ]

    def push_areas(self, areas: Sequence[Area], length: int) -> None:
        """Have the areas, all of that length, come up in their turn that hold rooms of these fills within reach."""
        fills, most_up, most_aside, narrowest, m_per_degree = (
            self._fills, self._up, self._aside, self._narrowest, self._m_per_degree
        )  # fmt: skip
        half_height, half_width = HALVES[length]
        lat, lon = self._center[0] + 90, self._center[1] + 180
        for area in areas:
            row, column = divmod(area.key, ROW)
            up = abs(lat - (2 * row + 1) * half_height) - half_height
            if up > most_up:
                continue
            aside = abs(lon - (2 * column + 1) * half_width)
            aside = (360 - aside if aside > 180 else aside) - half_width
            if aside > most_aside or (fills is not None and not any(area.count_of(fill) for fill in fills)):
                continue
            self._push(m_per_degree * hypot(up if up > 0 else 0.0, narrowest * aside if aside > 0 else 0.0), area)

    def push_shelves(self, shelves: Sequence[Shelf]) -> None:
        """The same with finest cells, by their exact distance."""
        center, fills, most_up, most_aside = self._center, self._fills, self._up, self._aside
        half_height, half_width = HALVES[self._length]
        for shelf in shelves:
            row, column = divmod(shelf.key, ROW)
            lat = (2 * row + 1) * half_height - 90
            if abs(lat - center[0]) > most_up:
                continue
            lon = (2 * column + 1) * half_width - 180
            aside = abs(lon - center[1])
            if (360 - aside if aside > 180 else aside) > most_aside:
                continue
            if fills is None or any(shelf.held[fill] for fill in fills):
                self._push(distance_m(center, (lat, lon)), shelf)

    def _push(self, far_m: float, found: Area | Shelf) -> None:
        if far_m <= self.reach_m:
            self._count += 1
            heappush(self.heap, (far_m, self._rng.random(), self._count, found))


_NEAR_M = 40_000.0
_NEAR_START = 4
"""A search no farther than that begins with areas about so large, 39 × 20 km: with a few look-ups."""
