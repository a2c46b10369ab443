"""How rooms that wait find company: the rules, one by one."""

import random
from collections.abc import Iterable

import pytest

from geo import cell_distance_m
from rooms.index import RoomIndex
from rooms.outward import Union, can_move, fits, reaches, rooms_near, search, waiting_around
from rooms.person import Person
from rooms.placement import fill_of, is_waiting, reach_m
from rooms.reform import at_once
from rooms.room import Room
from rooms.rules import Rules
from rooms.shelves import Fill
from rooms.windows import region_of
from tests.worlds import HOME, a_room, beside, seat_somebody

RULES = Rules()
NORTH_M = HOME.size_m[0]
WHOLE_S = 200
"""After so many seconds a room looks as far as it ever does."""


def index_of(rooms: Iterable[Room], rules: Rules = RULES) -> RoomIndex:
    index = RoomIndex(finest_cell=rules.finest_cell)
    for room in rooms:
        fill = fill_of(room, rules)
        if fill is not None:
            room.spot = None  # of the index before
            index.put(room, fill)
    return index


def union(room: Room, *others: Room, now: float = 0, rules: Rules = RULES, seed: int = 1) -> Union | None:
    """Return which rooms become one when the room looks outward; None, too, if it calls somebody."""
    room.idle_until = 0.0
    found = search(room, index_of([room, *others], rules), now=now, rules=rules, rng=random.Random(seed))
    return found if isinstance(found, Union) else None


def looked(room: Room, *others: Room, now: float = 0, rules: Rules = RULES, seed: int = 1) -> tuple[str, str] | None:
    """Return (who move, where to) when the room looks outward."""
    found = union(room, *others, now=now, rules=rules, seed=seed)
    return (" ".join(sorted(mover.id for mover in found.movers)), found.target.id) if found is not None else None


def moved_before(room: Room) -> Room:
    for seat in room.seats.values():
        seat.person.moved_until = 1800
    return room


def test_waiting_room_joins_the_nearest_room_with_space_within_its_reach() -> None:
    room, near, farther = a_room(2, id="w"), a_room(8, beside(HOME, north=5), id="5"), a_room(8, beside(HOME, north=6))
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


def test_two_are_left_in_peace_once_their_room_is_closing_and_somebody_alone_still_comes_to_them() -> None:
    pair, alone = a_room(2, id="pair"), a_room(1, beside(HOME, north=1), id="alone")
    pair.is_closing = True
    assert looked(pair, a_room(3, id="open")) is None
    assert looked(alone, pair) == ("alone", "pair")
    assert looked(pair, alone) == ("alone", "pair")
    alone.is_closing = True
    assert looked(alone, pair) == ("alone", "pair")


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
    assert not fits(room, waiting, RULES)
    assert fits(waiting, room, RULES)


def test_fills_are_looked_at_emptiest_first() -> None:
    assert list(Fill) == [Fill.WAITING, Fill.OPEN, Fill.ROOMY]
    assert looked(a_room(1, id="w"), a_room(8, id="8"), a_room(2, id="2"), a_room(4, id="4")) == ("w", "2")


# Several rooms that wait


def test_three_lone_rooms_gather_at_once_in_the_middle_one() -> None:
    rooms = [a_room(1, beside(HOME, north=north), id=f"{north}") for north in (0, 2, 5)]
    for room in rooms:
        others = [other for other in rooms if other is not room]
        assert looked(room, *others, now=30) == ("0 5", "2")
    assert looked(rooms[0], rooms[1], now=30) is None


def test_no_more_rooms_gather_than_make_company_and_the_nearest_do() -> None:
    rooms = [a_room(1, beside(HOME, north=north), id=f"{north}") for north in (2, 3, 4, 5)]
    found = union(a_room(1, id="0"), *rooms, now=60)
    assert found is not None
    assert {room.id for room in (*found.movers, found.target)} == {"0", "2", "3"}


def test_two_lone_rooms_make_a_pair_only_when_the_reach_is_whole() -> None:
    room, other = a_room(1, id="w"), a_room(1, beside(HOME, north=3), id="o")
    assert looked(room, other, now=100) is None
    assert reach_m(room, now=WHOLE_S, rules=RULES) == RULES.reach_max_m
    assert looked(room, other, now=WHOLE_S) is not None


def test_those_who_gather_prefer_company_that_is_nearer() -> None:
    peers = [a_room(1, beside(HOME, north=north), id=f"{north}") for north in (3, 4)]
    assert looked(a_room(1, id="w"), *peers, a_room(5, beside(HOME, north=-2), id="host"), now=60) == ("w", "host")
    near = looked(a_room(1, id="w"), *peers, a_room(5, beside(HOME, north=-6), id="host"), now=60)
    assert near == ("4 w", "3")


def test_of_those_who_gather_one_at_most_was_moved_before_and_it_stays() -> None:
    rooms = [a_room(1, beside(HOME, north=north), id=f"{north}") for north in (2, 4)]
    assert looked(moved_before(a_room(1, id="0")), *rooms, now=60) == ("2 4", "0")
    moved_before(rooms[1])
    assert looked(moved_before(a_room(1, id="0")), *rooms, now=60) is None


def test_a_gathering_never_overfills_a_room() -> None:
    rules = Rules(seats_min=4, seats_target=4, seats_max=4)
    rooms = [a_room(count, beside(HOME, north=north), id=f"{north}", rules=rules) for north, count in ((1, 3), (2, 2))]
    found = union(a_room(2, id="0", rules=rules), *rooms, now=60, rules=rules)
    assert found is not None
    assert {room.id for room in (*found.movers, found.target)} == {"0", "2"}


def test_far_rooms_gather_and_never_with_those_who_did_not_ask() -> None:
    far = [a_room(1, beside(HOME, east=east), id=f"{east}", far=True) for east in (40, 50)]
    assert looked(a_room(1, id="0", far=True), *far, now=900) == ("0 50", "40")
    mixed = looked(a_room(1, id="0", far=True), far[0], a_room(1, beside(HOME, east=50), id="near"), now=900)
    assert mixed == ("40", "0")
    assert looked(a_room(1, id="0"), *far, now=900) is None


# When a look may find something


@pytest.mark.parametrize("north", [6, 11, 23])
def test_no_look_is_left_out_that_would_have_found_a_room(north: int) -> None:
    room, other = a_room(1, id="w"), a_room(5, beside(HOME, north=north), id="o")
    now = 0.0
    while union(room, other, now=now) is None:
        until = room.idle_until
        now += 10
        while now < until:
            assert union(room, other, now=now) is None
            now += 10
    assert reach_m(room, now=now - 10, rules=RULES) < cell_distance_m(HOME, other.cell)


def test_a_room_with_nobody_anywhere_looks_again_within_a_minute_all_the_same() -> None:
    room = a_room(1, id="w")
    assert union(room, now=WHOLE_S) is None
    assert WHOLE_S + 10 < room.idle_until <= WHOLE_S + 60


# At a window's end


def test_rooms_that_wait_around_are_taken_in_as_far_as_they_look() -> None:
    near, far, full = a_room(1, id="n"), a_room(2, beside(HOME, north=9), id="f"), a_room(5, id="5")
    index, cells = index_of([near, far, full]), [beside(HOME, north=1)]

    def taken(now: float) -> list[str]:
        rooms = waiting_around(region_of(HOME), index, rules=RULES, rng=random.Random(1))
        return sorted(room.id for room in rooms if reaches(room, cells, now=now, rules=RULES))

    assert taken(0) == ["n"]
    assert taken(WHOLE_S) == ["f", "n"]


def test_rooms_with_seats_near_cells_of_few_are_offered_and_no_others() -> None:
    rooms = [
        a_room(5, beside(HOME, north=2), id="near"),
        a_room(12, id="full"),
        a_room(5, beside(HOME, east=30), id="far"),
        a_room(2, beside(HOME, north=3), id="asleep", away=2),
    ]
    index = index_of(rooms)
    offered = at_once(rooms_near({HOME: 1}, index, rules=RULES, rng=random.Random(1)))
    assert [room.id for room in offered] == ["near"]
    assert at_once(rooms_near({HOME: 8}, index, rules=RULES, rng=random.Random(1))) == []
