"""How many are online around those who wait, and who of them is not counted."""

from geo import Cell
from rooms.apart import keep_apart
from rooms.online import Online
from rooms.person import Person
from rooms.room import Room
from rooms.windows import region_of
from tests.worlds import HOME, START, a_room, beside, seat_somebody

NEXT_DOOR = beside(HOME, north=1)


def online_in(*rooms: Room) -> Online:
    """Return everybody who sits in these rooms."""
    online = Online()
    for room in rooms:
        for seat in room.seats.values():
            online.admit(seat.person)
            seat.person.room = room
    return online


def test_a_region_is_counted_as_long_as_somebody_is_in_it() -> None:
    online = Online()
    ann, far = Person("ann", HOME), Cell.at(0.0, 0.0, 6)
    online.admit(ann)
    assert online.in_region == {region_of(HOME): 1}
    online.count_in(ann, far)
    assert (ann.cell, online.in_region) == (far, {region_of(far): 1})
    online.dismiss(ann)
    assert (online.people, online.in_region) == ({}, {})


def test_those_around_are_all_of_the_region_who_sit_elsewhere() -> None:
    here, there, abroad = a_room(2, id="a"), a_room(3, NEXT_DOOR, id="b"), a_room(4, Cell.at(0.0, 0.0, 6), id="c")
    online = online_in(here, there, abroad)
    assert online.around(here, now=START) == 3
    assert online.around(there, now=START) == 2


def test_who_keeps_away_from_somebody_here_is_not_around_and_whom_one_keeps_away_from_is() -> None:
    here, there = a_room(1, id="a"), a_room(2, NEXT_DOOR, id="b")
    online = online_in(here, there)
    (ann,), (bob, cem) = ([seat.person for seat in room.seats.values()] for room in (here, there))
    keep_apart(bob, ann)
    keep_apart(ann, cem)
    assert online.around(here, now=START) == 1
    assert online.around(there, now=START) == 0


def test_who_has_just_left_by_a_block_counts_for_a_while() -> None:
    here, there = a_room(1, id="a"), a_room(1, NEXT_DOOR, id="b")
    online = online_in(here, there)
    (ann,), (bob,) = ([seat.person for seat in room.seats.values()] for room in (here, there))
    keep_apart(bob, ann)
    here.counts_until = {bob.id: START + 10}
    assert online.around(here, now=START) == 1
    assert online.around(here, now=START + 10) == 0


def test_two_who_keep_apart_do_so_whoever_of_them_comes_first() -> None:
    online = Online()
    ann, bob = Person("ann", HOME), Person("bob", HOME)
    ann.barred |= {bob.id}
    online.admit(bob)
    online.admit(ann)
    assert bob.barred == {ann.id}


def test_the_rooms_of_the_region_s_own_people_count_those_from_elsewhere_as_nobody() -> None:
    room = a_room(1, id="a")
    guest = Person("guest", Cell.at(0.0, 0.0, 6))
    seat_somebody(room, guest)
    online = online_in(room, a_room(2, NEXT_DOOR, id="b"))
    assert online.around(room, now=START) == 2
