"""The yardsticks: fixed cells, and everybody seated anew at once."""

import random
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from bench.compare import FixedCells, bound
from geo import Cell, cell_distance_m
from rooms.rules import Rules

RULES = Rules()
HERE = Cell("dr5ru6")
TOWN = st.tuples(st.floats(-0.2, 0.2), st.floats(179.8, 180.2)).map(
    lambda place: Cell.at(place[0], (place[1] + 180) % 360 - 180, 6)
)


def rooms(cells: list[Cell], *, rules: Rules = RULES, seed: int = 1) -> list[list[int]]:
    """Return who sits together, as numbers in `cells`."""
    found: dict[int, list[int]] = defaultdict(list)
    for person, room in enumerate(bound(cells, rules=rules, rng=random.Random(seed))):
        found[room].append(person)
    return list(found.values())


def test_fixed_cells_seat_all_of_a_cell_together_and_nobody_else() -> None:
    cells = FixedCells(5)
    (near,), (same,), (elsewhere,) = (
        cells.enter(user, lat, -73.99, now=0) for user, lat in (("ann", 40.75), ("ben", 40.751), ("cat", 40.85))
    )
    assert near.room == same.room == "dr5ru"
    assert elsewhere.room != near.room
    assert cells.again("ann", 40.85, -73.99, now=1)[0].room == elsewhere.room
    assert cells.leave("ann", now=2)[0].room == ""
    assert (cells.deadline, cells.tick(now=3)) == (None, [])


def test_a_crowded_cell_is_cut_into_even_shards_of_about_eight() -> None:
    assert sorted(len(room) for room in rooms([HERE] * 33)) == [8, 8, 8, 9]
    assert [len(room) for room in rooms([HERE] * 11)] == [11]
    assert sorted(len(room) for room in rooms([HERE] * 13)) == [6, 7]


def test_shards_are_drawn_by_chance() -> None:
    assert sorted(rooms([HERE] * 24, seed=1)) == sorted(rooms([HERE] * 24, seed=1))
    assert sorted(rooms([HERE] * 24, seed=1)) != sorted(rooms([HERE] * 24, seed=2))


def test_who_is_alone_joins_the_nearest_that_has_room() -> None:
    far, near, single = (Cell.at(lat, -73.99, 6) for lat in (40.70, 40.77, 40.75))
    found = rooms([far] * 4 + [near] * 4 + [single])
    assert sorted(found) == [[0, 1, 2, 3], [4, 5, 6, 7, 8]]


def test_a_full_room_is_passed_over_for_one_farther_away_that_is_not() -> None:
    far, near, single = (Cell.at(lat, -73.99, 6) for lat in (40.70, 40.77, 40.75))
    assert sorted(rooms([far] * 4 + [near] * 8 + [single]))[0] == [0, 1, 2, 3, 12]


def test_rooms_above_the_target_take_who_finds_nobody_else() -> None:
    near, single = (Cell.at(lat, -73.99, 6) for lat in (40.77, 40.75))
    assert [len(room) for room in rooms([near] * 8 + [single])] == [9]


def test_nobody_is_joined_from_beyond_reach() -> None:
    here, beyond = Cell.at(40.75, -73.99, 6), Cell.at(40.95, -73.99, 6)
    assert cell_distance_m(here, beyond) > RULES.reach_max_m
    assert sorted(rooms([here] * 3 + [beyond])) == [[0, 1, 2], [3]]


@given(st.lists(TOWN, max_size=60), st.integers(0, 3))
def test_everybody_gets_one_seat_in_a_room_that_is_not_too_full(cells: list[Cell], seed: int) -> None:
    found = rooms(cells, seed=seed)
    assert sorted(person for room in found for person in room) == list(range(len(cells)))
    assert all(len(room) <= RULES.seats_max for room in found)


@given(st.lists(TOWN, min_size=2, max_size=40))
def test_somebody_stays_alone_only_where_no_room_that_could_take_them_is_within_reach(cells: list[Cell]) -> None:
    found = rooms(cells)
    for lonely in (room[0] for room in found if len(room) == 1):
        for other in found:
            if lonely not in other and len(other) < RULES.seats_max:
                # Founded in the cell of one of its people: were all of them within reach, so would the room be.
                assert max(cell_distance_m(cells[lonely], cells[person]) for person in other) > RULES.reach_max_m - 1
