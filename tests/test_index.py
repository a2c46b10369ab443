"""The index against a list that is searched from end to end."""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import Cell, Grid, distance_m
from rooms.index import RoomIndex
from rooms.room import Room
from rooms.shelves import Fill, Shelf
from tests.grids import rings_between
from tests.worlds import HOME, a_room, beside

FINEST = 6
GRID = Grid(FINEST)

latitudes = st.one_of(
    st.floats(-90, 90), st.floats(40.7, 40.8), st.floats(89.8, 90), st.floats(-90, -89.8), st.floats(-0.02, 0.02)
)
longitudes = st.one_of(st.floats(-180, 180), st.floats(-74.1, -73.9), st.floats(179.95, 180), st.floats(-180, -179.95))
cells = st.builds(Cell.at, latitudes, longitudes, st.integers(4, FINEST))
placed = st.lists(st.tuples(cells, st.sampled_from(Fill)), max_size=25)
reaches = st.sampled_from([0.0, 700.0, 2000.0, 15_000.0, 200_000.0, 3_000_000.0, 20_020_000.0])


def index_of(rooms: dict[Room, Fill]) -> RoomIndex:
    index = RoomIndex(finest_cell=FINEST)
    for room, fill in rooms.items():
        room.spot = None  # of the index before
        index.put(room, fill)
    return index


def rooms_at(places: list[tuple[Cell, Fill]]) -> dict[Room, Fill]:
    return {a_room(0, cell, id=f"r{number}"): fill for number, (cell, fill) in enumerate(places)}


def nearest(index: RoomIndex, cell: Cell, reach_m: float, rng: random.Random) -> tuple[Room, float] | None:
    return next(index.around(cell, reach_m=reach_m, fills=tuple(Fill), rng=rng), None)


def finest_m(a: Cell, b: Cell) -> float:
    """Return the distance between the centres of the finest cells that hold the two cells' centres."""
    return distance_m(GRID.center(*GRID.position(a)), GRID.center(*GRID.position(b)))


@settings(max_examples=150)
@given(placed, cells, reaches, st.sets(st.sampled_from(Fill), min_size=1), st.integers(0, 99))
def test_around_are_the_rooms_of_these_fills_nearest_first_and_of_one_cell_the_emptiest(
    places: list[tuple[Cell, Fill]], cell: Cell, reach_m: float, fills: set[Fill], seed: int
) -> None:
    rooms = rooms_at(places)
    found = list(index_of(rooms).around(cell, reach_m=reach_m, fills=sorted(fills), rng=random.Random(seed)))
    near = [room for room, fill in rooms.items() if fill in fills and finest_m(cell, room.cell) <= reach_m]
    assert Counter(room for room, _ in found) == Counter(near)
    assert all(far_m == finest_m(cell, room.cell) for room, far_m in found)
    in_order = [(far_m, GRID.position(room.cell), rooms[room]) for room, far_m in found]
    assert [far_m for far_m, _, _ in in_order] == sorted(far_m for far_m, _, _ in in_order)
    for here in {place for _, place, _ in in_order}:
        emptiest_first = [fill for _, place, fill in in_order if place == here]
        assert emptiest_first == sorted(emptiest_first)


@settings(max_examples=40, deadline=None)
@given(st.floats(-72, 72), st.integers(4, FINEST), st.sampled_from([3000.0, 15_000.0, 60_000.0]), st.integers(0, 99))
def test_around_is_the_same_where_many_are_near(lat: float, length: int, reach_m: float, seed: int) -> None:
    rng = random.Random(seed)
    cells = [Cell.at(rng.gauss(lat, 0.05), rng.gauss(-70, 0.05), length) for _ in range(150)]
    rooms = rooms_at([(cell, rng.choice(list(Fill))) for cell in cells])
    for here in cells[:3]:
        fills = rng.sample(list(Fill), 2)
        found = list(index_of(rooms).around(here, reach_m=reach_m, fills=fills, rng=rng))
        near = [room for room, fill in rooms.items() if fill in fills and finest_m(here, room.cell) <= reach_m]
        assert Counter(room for room, _ in found) == Counter(near)
        assert [far_m for _, far_m in found] == sorted(finest_m(here, room.cell) for room in near)


@pytest.mark.parametrize("lat", [89.97, -89.97])
def test_nearest_is_found_straight_across_a_pole(lat: float) -> None:
    rooms = {a_room(0, Cell.at(lat, lon, FINEST), id=f"{lon}"): Fill.OPEN for lon in (80.0, 179.0)}
    around = index_of(rooms).around(Cell.at(lat, 0.0, FINEST), reach_m=15_000, fills=tuple(Fill), rng=random.Random(1))
    far_m = {room.id: far_m for room, far_m in around}
    assert far_m["179.0"] < 7000


def test_nearest_is_found_across_the_antimeridian() -> None:
    room = a_room(0, Cell.at(-17.0, -179.99, FINEST))
    found = nearest(index_of({room: Fill.OPEN}), Cell.at(-17.0, 179.99, FINEST), 5000, random.Random(1))
    assert found is not None
    assert found[1] < 4000


def test_reach_is_inclusive() -> None:
    room = a_room(0, beside(HOME, north=3))
    far_m = finest_m(HOME, room.cell)
    index = index_of({room: Fill.OPEN})
    for reach_m, is_found in ((far_m, True), (far_m - 0.001, False)):
        found = nearest(index, HOME, reach_m, random.Random(1))
        assert (found is not None) is is_found


def test_chance_decides_between_rooms_of_one_cell_and_between_cells_equally_far() -> None:
    rooms = {a_room(0, HOME, id=f"r{number}"): Fill.OPEN for number in range(4)}
    index, rng = index_of(rooms), random.Random(1)
    drawn = Counter(nearest(index, HOME, 0, rng) for _ in range(400))
    assert len(drawn) == 4
    assert min(drawn.values()) > 60
    sides = {a_room(0, beside(HOME, east=aside), id=f"{aside}"): Fill.OPEN for aside in (-1, 1)}
    assert len({finest_m(HOME, room.cell) for room in sides}) == 1
    index = index_of(sides)
    found = Counter(nearest(index, HOME, 2000, rng) for _ in range(200))
    assert len(found) == 2
    assert min(found.values()) > 60


@given(placed, cells, st.sampled_from(Fill), st.integers(0, 99))
def test_matching_rooms_are_those_whose_cell_contains_or_is_contained(
    places: list[tuple[Cell, Fill]], cell: Cell, fill: Fill, seed: int
) -> None:
    rooms = rooms_at(places)
    found = set(index_of(rooms).matching(cell, fill, random.Random(seed)))
    assert found == {room for room in rooms if rooms[room] is fill and room.cell.matches(cell)}


def test_matching_begins_with_any_of_the_rooms_by_chance() -> None:
    rooms = {a_room(0, beside(HOME, east=east), id=f"r{east}"): Fill.OPEN for east in range(-1, 2)}
    coarse = HOME.parent(4)
    index, rng = index_of(rooms), random.Random(1)
    first = Counter(next(index.matching(coarse, Fill.OPEN, rng)) for _ in range(300))
    assert len(first) == sum(coarse.contains(room.cell) for room in rooms) > 1
    assert min(first.values()) > 60


@given(placed, cells, st.integers(0, 3))
def test_within_rings_holds_each_room_of_these_cells_once_nearest_first(
    places: list[tuple[Cell, Fill]], cell: Cell, rings: int
) -> None:
    rooms = rooms_at(places)
    rng, found = random.Random(1), list[tuple[Room, Fill]]()
    for shelf in index_of(rooms).within_rings(cell, rings, rng):
        found += [(room, fill) for fill in Fill for room in shelf.of(fill, rng)]
    away = {room: rings_between(GRID, GRID.position(room.cell), GRID.position(cell)) for room in rooms}
    assert Counter(found) == Counter((room, fill) for room, fill in rooms.items() if away[room] <= rings)
    far_m = [finest_m(room.cell, cell) for room, _ in found]
    # Measured by a cell's shape, of which there are 64.
    assert all(nearer <= 1.05 * farther + 1 for nearer, farther in pairwise(far_m)) or abs(cell.center[0]) > 70


@pytest.mark.parametrize("sides", [(-1, 0, 1, 0), (0, -1, 0, 1)])
def test_chance_decides_between_cells_of_a_ring_equally_far(sides: tuple[int, int, int, int]) -> None:
    north, east, south, west = sides
    rooms = {a_room(0, beside(HOME, north=n, east=e)): Fill.OPEN for n, e in ((north, east), (south, west))}
    index, rng = index_of({a_room(0, room.cell, id=room.cell): Fill.OPEN for room in rooms}), random.Random(1)
    first = Counter(next(index.within_rings(HOME, 2, rng)).key for _ in range(200))
    assert len(first) == 2
    assert min(first.values()) > 60


@given(st.integers(0, 9), st.integers(1, 5), st.integers(0, 99))
def test_a_few_of_a_shelf_are_rooms_of_it_each_once(count: int, wanted: int, seed: int) -> None:
    open_ = {a_room(0, id=f"r{number}"): Fill.OPEN for number in range(count)}
    waiting = a_room(0, id="w")
    for shelf in index_of({**open_, waiting: Fill.WAITING}).within_rings(HOME, 0, random.Random(1)):
        first, *few = shelf.few(wanted, random.Random(seed))
        assert first is waiting
        assert len(set(few)) == len(few) == min(wanted, count)
        assert open_.keys() >= set(few)


@given(st.lists(st.tuples(st.integers(0, 7), cells, st.sampled_from([*Fill, None])), max_size=40), cells)
def test_what_is_put_renewed_and_removed_is_what_is_found_and_nothing_stays_behind(
    acts: list[tuple[int, Cell, Fill | None]], cell: Cell
) -> None:
    index, rng = RoomIndex(finest_cell=FINEST), random.Random(1)
    rooms: dict[int, Room] = {}
    held: dict[Room, Fill] = {}
    for number, founded, fill in acts:
        room = rooms.setdefault(number, a_room(0, founded, id=f"r{number}"))
        if fill is None:
            index.remove(room)
            held.pop(room, None)
        else:
            index.put(room, fill)
            held[room] = fill
    for fill in Fill:
        assert set(index.matching(cell.parent(4), fill, rng)) == {
            room for room in held if held[room] is fill and room.cell.matches(cell.parent(4))
        }
    for room in rooms.values():
        index.remove(room)
    assert (index._shelves, index._coarse) == ({}, {})
    assert not any(index._areas.values())


def test_a_room_that_stands_elsewhere_is_found_there_and_no_longer_where_it_was() -> None:
    room = a_room(0)
    index, rng = index_of({room: Fill.OPEN}), random.Random(1)
    room.cell = beside(HOME, east=9)
    index.put(room, Fill.OPEN)
    assert list(index.matching(HOME, Fill.OPEN, rng)) == []
    assert list(index.matching(room.cell, Fill.OPEN, rng)) == [room]
    index.remove(room)
    assert (index._shelves, index._coarse) == ({}, {})
    assert not any(index._areas.values())


def test_a_search_opens_only_cells_that_hold_rooms_and_only_as_far_as_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The cost does not grow with the emptiness of the land, nor with rooms beyond the nearest."""
    rng = random.Random(1)
    crowd = rooms_at([(Cell.at(rng.gauss(40.75, 0.2), rng.gauss(-73.99, 0.2), FINEST), Fill.OPEN) for _ in range(3000)])
    index, opened = index_of(crowd), list[Shelf]()
    of = Shelf.of

    def counted(shelf: Shelf, fill: Fill, rng: random.Random) -> Iterator[Room]:
        opened.append(shelf)
        return of(shelf, fill, rng)

    monkeypatch.setattr(Shelf, "of", counted)
    for _ in range(20):
        here = Cell.at(rng.gauss(40.75, 0.2), rng.gauss(-73.99, 0.2), FINEST)
        assert nearest(index, here, 2e5, rng) is not None
    assert len({id(shelf) for shelf in opened}) <= 20
