"""Which room somebody is to sit in: the rules, one by one."""

import random
from collections import Counter
from collections.abc import Iterable

import pytest

from geo import Cell, cell_distance_m
from rooms.index import RoomIndex
from rooms.person import Person
from rooms.placement import choose_room, fill_of, limit_m, may_join, reach_m
from rooms.room import Room
from rooms.rules import Rules
from rooms.shelves import Fill
from tests.worlds import HOME, RING_M, a_room, beside, seat_somebody

RULES = Rules()
NORTH_M = HOME.size_m[0]


def index_of(rooms: Iterable[Room], rules: Rules = RULES) -> RoomIndex:
    index = RoomIndex(finest_cell=rules.finest_cell)
    for room in rooms:
        fill = fill_of(room, rules)
        if fill is not None:
            room.spot = None  # of the index before
            index.put(room, fill)
    return index


def chosen(
    *rooms: Room, cell: Cell = HOME, avoids: tuple[str, ...] = (), far: bool = False, seed: int = 1
) -> str | None:
    """Return the id of the room a newcomer gets."""
    person = Person("newcomer", cell, far=far)
    person.avoids = avoids
    choice = choose_room(person, index_of(rooms), rules=RULES, rng=random.Random(seed))
    return choice.room.id if choice is not None else None


@pytest.mark.parametrize(
    ("seated", "away", "fill"),
    [(1, 0, 0), (2, 0, 0), (3, 0, 1), (3, 1, 0), (7, 0, 1), (7, 5, 0), (8, 0, 2), (8, 7, 2), (11, 0, 2), (12, 0, None)],
)
def test_how_full_a_room_is_counts_seats_and_its_need_counts_company(seated: int, away: int, fill: int | None) -> None:
    assert fill_of(a_room(seated, away=away), RULES) == fill


# Newcomers


def test_newcomer_is_seated_in_their_own_cell() -> None:
    assert chosen(a_room(5, id="here"), a_room(2, beside(HOME, north=1), id="there")) == "here"


def test_newcomer_is_seated_where_company_is_wanted_first() -> None:
    assert {chosen(a_room(5, id="a"), a_room(2, id="b"), a_room(4, id="c"), seed=seed) for seed in range(20)} == {"b"}


def test_chance_decides_among_equal_rooms_of_the_cell() -> None:
    rooms = [a_room(count, id=id) for id, count in (("a", 3), ("b", 5), ("c", 7))]
    counts = Counter(chosen(*rooms, seed=seed) for seed in range(150))
    assert counts.keys() == {"a", "b", "c"}
    assert min(counts.values()) > 25


def test_newcomer_finds_no_room_among_full_ones() -> None:
    assert chosen(a_room(12, id="here"), a_room(12, beside(HOME, north=1), id="there")) is None


def test_room_of_eight_is_joined_when_nothing_better_is_near() -> None:
    here = a_room(8, id="here")
    assert chosen(here) == "here"
    assert chosen(here, a_room(5, id="also here")) == "also here"
    assert chosen(a_room(9, beside(HOME, north=1), id="9"), a_room(5, beside(HOME, north=1), id="5")) == "5"


def test_crowded_room_is_joined_for_what_is_taken_off_when_it_parts() -> None:
    person, open_room = Person("newcomer", HOME), a_room(5, beside(HOME, north=1), id="5")
    asked = []

    def choice(relief: float, *, crowded_north: int = -1) -> str:
        index = index_of([a_room(8, beside(HOME, north=crowded_north), id="8"), open_room])

        def tell(room: Room) -> float:
            asked.append(room.id)
            return relief

        found = choose_room(person, index, rules=RULES, rng=random.Random(1), relief=tell)
        return found.room.id if found is not None else ""

    assert (choice(0.0), choice(20.0)) == ("5", "8")
    assert asked == ["8", "8"]
    assert choice(20.0, crowded_north=3) == "5"
    assert asked == ["8", "8"], "which is far from the best, and not cut to find out"


def test_room_in_want_of_company_is_joined_though_farther() -> None:
    open_north, waiting = a_room(5, beside(HOME, north=1), id="610 m"), a_room(2, beside(HOME, north=2), id="1221 m")
    assert chosen(a_room(5, beside(HOME, east=1), id="926 m"), waiting) == "1221 m"
    assert chosen(open_north, waiting) == "610 m"


@pytest.mark.parametrize(("north", "east"), [(2, 2), (-2, 2), (0, -2)])
def test_rooms_two_rings_away_are_compared_before_any_farther(north: int, east: int) -> None:
    near, far = a_room(11, beside(HOME, north=north, east=east), id="near"), a_room(2, beside(HOME, east=3), id="far")
    assert chosen(near, far) == "near"


@pytest.mark.parametrize(("north", "found"), [(3, "r"), (24, "r"), (25, None)])
def test_newcomer_with_nobody_near_is_seated_as_far_as_the_reach_at_once(north: int, found: str | None) -> None:
    room = a_room(3, beside(HOME, north=north))
    assert (cell_distance_m(HOME, room.cell) <= 15_000) is (found is not None)
    assert chosen(room) == found
    assert chosen(room, far=True) == found


def test_newcomer_with_nobody_near_gets_the_nearest_of_like_rooms_and_one_in_want_of_company_first() -> None:
    assert chosen(a_room(4, beside(HOME, north=20), id="20"), a_room(4, beside(HOME, north=6), id="6")) == "6"
    assert chosen(a_room(4, beside(HOME, north=7), id="7"), a_room(2, beside(HOME, north=8), id="8")) == "8"


def test_newcomer_far_from_all_is_not_sent_to_sleepers_nor_to_a_room_left_by_next_nor_to_a_full_one() -> None:
    place = beside(HOME, north=5)
    assert chosen(a_room(2, place, away=2)) is None
    assert chosen(a_room(5, place), avoids=("r",)) is None
    assert chosen(a_room(12, place)) is None


@pytest.mark.parametrize("length", [4, 5])
def test_coarse_cells_match_what_they_contain_and_what_contains_them(length: int) -> None:
    coarse = HOME.parent(length)
    assert chosen(a_room(5, HOME), cell=coarse) == "r"
    assert chosen(a_room(5, coarse), cell=HOME) == "r"
    assert chosen(a_room(5, HOME.parent(4)), cell=HOME.parent(5)) == "r"


def test_coarse_person_is_seated_at_random_among_matching_rooms() -> None:
    coarse = HOME.parent(4)
    rooms = [a_room(4, beside(HOME, north=north), id=f"{north}") for north in (-1, 0, 1)]
    counts = Counter(chosen(*rooms, cell=coarse, seed=seed) for seed in range(150))
    assert len(counts) == sum(coarse.contains(room.cell) for room in rooms) > 1
    assert min(counts.values()) > 25


def test_room_left_by_next_is_passed_over_however_near() -> None:
    left, other = a_room(2, id="left"), a_room(5, beside(HOME, north=1), id="other")
    assert chosen(left, other, avoids=("left",)) == "other"
    assert chosen(left, avoids=("left",)) is None


def test_newcomer_is_not_seated_with_company_from_far_unless_they_asked_for_it() -> None:
    room = a_room(1, far=True)
    seat_somebody(room, Person("distant", beside(HOME, east=40), far=True))
    assert chosen(room) is None
    assert chosen(room, far=True) == "r"
    room.leave(room.seats["r-0"], "left")
    assert chosen(room) is None


def test_reason_names_how_far_the_room_is_in_hundreds_of_metres() -> None:
    choice = choose_room(
        Person("p", HOME), index_of([a_room(3, beside(HOME, north=1))]), rules=RULES, rng=random.Random(1)
    )
    assert choice is not None
    assert choice.why.args == {"distance_m": 600}
    assert "600 m" in choice.why.sentence


def test_large_cells_seat_newcomers_though_their_rings_are_wider_than_the_reach() -> None:
    rules = Rules(finest_cell=4)
    cell = HOME.parent(4)
    room = a_room(3, beside(cell, east=2))
    seat_somebody(room, Person("guest", cell))
    assert may_join(Person("newcomer", cell), room, rules)


# Waiting rooms


@pytest.mark.parametrize(("waited_s", "rings"), [(0, 2), (9.9, 2), (10, 3), (25, 4), (100, 12)])
def test_reach_grows_by_one_ring_every_ten_seconds(waited_s: float, rings: int) -> None:
    assert reach_m(a_room(1), now=waited_s, rules=RULES) == pytest.approx(rings * RING_M)


def test_reach_ends_at_reach_max_and_for_those_who_all_asked_at_far_max() -> None:
    assert reach_m(a_room(1), now=9999, rules=RULES) == 15_000
    assert reach_m(a_room(2, far=True), now=9999, rules=RULES) == 200_000
    mixed = a_room(1, far=True)
    seat_somebody(mixed, Person("near", HOME))
    assert reach_m(mixed, now=9999, rules=RULES) == 15_000


def test_room_that_no_longer_waits_reaches_as_far_as_newcomers_do() -> None:
    assert reach_m(a_room(3), now=9999, rules=RULES) == pytest.approx(2 * RING_M)


def test_limit_is_the_reach_and_never_less_than_newcomers_come_from() -> None:
    near, far = Person("near", HOME), Person("far", HOME, far=True)
    assert limit_m([near, far], RULES) == 15_000
    assert limit_m([far], RULES) == 200_000
    assert 2 * HOME.diagonal_m < limit_m([near], Rules(reach_max_m=0)) < 5000


def test_a_room_of_one_s_own_cell_is_never_said_to_be_0_m_away() -> None:
    # As large as it should be, so that it is weighed against rooms around rather than taken at once.
    index = RoomIndex(finest_cell=6)
    index.put(a_room(8), Fill.ROOMY)
    choice = choose_room(Person("new", HOME), index, rules=Rules(), rng=random.Random(1))
    assert choice is not None
    assert (choice.why.code, choice.why.args) == ("same_cell", {})
