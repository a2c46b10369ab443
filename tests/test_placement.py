"""Which room somebody is to sit in: the rules, one by one."""

import random
from collections import Counter
from collections.abc import Iterable

import pytest

from geo import Cell
from rooms.index import Fill, RoomIndex
from rooms.person import Person
from rooms.placement import (
    can_move,
    choose_outward,
    choose_room,
    fill_of,
    is_waiting,
    limit_m,
    may_join,
    reach_m,
    who_moves,
)
from rooms.room import Room
from rooms.rules import Rules
from tests.worlds import HOME, a_room, beside, seat_somebody

RULES = Rules()
RING_M = max(HOME.size_m)
NORTH_M = HOME.size_m[0]


def index_of(rooms: Iterable[Room], rules: Rules = RULES) -> RoomIndex:
    index = RoomIndex(finest_cell=rules.finest_cell)
    for room in rooms:
        fill = fill_of(room, rules)
        if fill is not None:
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


def looked(room: Room, *others: Room, now: float = 0, rules: Rules = RULES, seed: int = 1) -> tuple[str, str] | None:
    """Return (who moves, where to) when the room looks outward."""
    index = index_of([room, *others], rules)
    merger = choose_outward(room, index, now=now, rules=rules, rng=random.Random(seed))
    return (merger.mover.id, merger.target.id) if merger is not None else None


def moved_before(room: Room) -> Room:
    for seat in room.seats.values():
        seat.person.moved_until = 1800
    return room


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


def test_room_of_eight_is_joined_when_nothing_better_is_near_and_counts_800_m_farther() -> None:
    here = a_room(8, id="here")
    assert chosen(here) == "here"
    assert chosen(here, a_room(5, beside(HOME, north=1), id="610 m")) == "610 m"
    assert chosen(here, a_room(5, beside(HOME, east=1), id="926 m")) == "here"


def test_room_in_want_of_company_counts_500_m_nearer() -> None:
    open_east, open_north = a_room(5, beside(HOME, east=1), id="926 m"), a_room(5, beside(HOME, north=1), id="610 m")
    waiting = a_room(2, beside(HOME, north=2), id="1221 m")
    assert chosen(open_east, waiting) == "1221 m"
    assert chosen(open_north, waiting) == "610 m"


@pytest.mark.parametrize(("north", "east", "found"), [(2, 2, "r"), (-2, 2, "r"), (3, 0, None), (0, 3, None)])
def test_newcomer_is_seated_two_rings_away_at_most(north: int, east: int, found: str | None) -> None:
    assert chosen(a_room(3, beside(HOME, north=north, east=east))) == found


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


def test_waiting_room_joins_the_nearest_room_with_space_within_its_reach() -> None:
    room, near, farther = a_room(2, id="w"), a_room(8, beside(HOME, north=5), id="5"), a_room(3, beside(HOME, north=6))
    assert looked(room, near, farther, now=20) == ("w", "5")
    assert looked(room, near, farther, now=10) is None
    assert reach_m(room, now=10, rules=RULES) < 5 * NORTH_M


def test_room_is_joined_only_with_seats_for_all() -> None:
    room = a_room(2, id="w")
    assert looked(room, a_room(10, id="ten")) == ("w", "ten")
    assert looked(room, a_room(11, id="eleven")) is None


def test_of_two_waiting_rooms_the_smaller_moves_whichever_looks() -> None:
    small, large = a_room(1, id="1"), a_room(2, beside(HOME, north=1), id="2")
    assert looked(small, large) == ("1", "2")
    assert looked(large, small) == ("1", "2")


def test_room_with_enough_company_never_moves_though_the_waiting_one_is_larger() -> None:
    sleepers = a_room(6, id="6", away=4)
    assert is_waiting(sleepers)
    assert looked(sleepers, a_room(3, beside(HOME, north=1), id="3")) == ("6", "3")


def test_people_who_were_moved_once_in_this_window_are_not_moved_again() -> None:
    settled = moved_before(a_room(1, id="settled"))
    assert not can_move(settled, now=1799)
    assert can_move(settled, now=1800)
    assert looked(settled, a_room(5, id="open")) is None
    assert looked(settled, a_room(2, id="waiting")) == ("waiting", "settled")
    assert looked(settled, moved_before(a_room(2, id="too"))) is None
    assert looked(a_room(2, id="waiting"), settled) == ("waiting", "settled")


def test_room_left_by_next_is_neither_joined_outward_nor_joins() -> None:
    room, other = a_room(2, id="w"), a_room(5, id="left")
    room.seats["w-1"].person.avoids = ("left",)
    assert looked(room, other) is None
    mover, target = a_room(1, id="left"), a_room(2, id="w")
    target.seats["w-1"].person.avoids = ("left",)
    assert looked(target, mover) is None
    assert looked(mover, target) is None


def test_sleepers_alone_neither_look_nor_are_found() -> None:
    asleep = a_room(2, id="asleep", away=2)
    assert looked(asleep, a_room(5, id="open")) is None
    assert looked(a_room(1, id="awake"), asleep) is None
    assert looked(a_room(1, id="awake"), asleep, a_room(5, beside(HOME, north=3), id="open"), now=30) == (
        "awake",
        "open",
    )


def test_far_rooms_meet_and_others_are_left_alone() -> None:
    room, away = a_room(1, id="here", far=True), beside(HOME, east=40)
    assert looked(room, a_room(2, away, id="far", far=True), now=900) == ("here", "far")
    assert looked(room, a_room(2, away, id="near"), now=900) is None


def test_room_with_company_from_far_is_not_joined_by_those_who_did_not_ask() -> None:
    wide = a_room(1, beside(HOME, north=2), id="wide", far=True)
    seat_somebody(wide, Person("distant", beside(HOME, east=40), far=True))
    assert looked(a_room(1, id="near"), wide, now=900) is None
    assert looked(a_room(1, id="also far", far=True), wide, now=900) == ("also far", "wide")


def test_nobody_is_moved_farther_from_their_own_cell_than_the_reach() -> None:
    """A room's members may sit at its edge; where they are counts, not where the room was founded."""
    room = a_room(1, id="w")
    seat_somebody(room, Person("edge", beside(HOME, east=10)))
    assert looked(room, a_room(5, beside(HOME, east=-10), id="open"), now=900) is None
    assert looked(room, a_room(5, beside(HOME, east=5), id="open"), now=900) == ("w", "open")
    waiting = a_room(2, beside(HOME, east=-10), id="other")
    assert who_moves(room, waiting, now=900, rules=RULES) == (waiting, room)


def test_limit_is_the_reach_and_never_less_than_newcomers_come_from() -> None:
    near, far = Person("near", HOME), Person("far", HOME, far=True)
    assert limit_m([near, far], RULES) == 15_000
    assert limit_m([far], RULES) == 200_000
    assert 2 * HOME.diagonal_m < limit_m([near], Rules(reach_max_m=0)) < 5000


def test_fills_are_looked_at_emptiest_first() -> None:
    assert list(Fill) == [Fill.WAITING, Fill.OPEN, Fill.ROOMY]
    assert looked(a_room(1, id="w"), a_room(8, id="8"), a_room(2, id="2"), a_room(4, id="4")) == ("w", "2")
