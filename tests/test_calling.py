"""Who comes to a room that lacks one person: the rules, one by one, and carried out."""

import random
from collections.abc import Callable

import pytest

from geo import Cell
from rooms.brought import why_brought
from rooms.calling import Call
from rooms.events import Joined, Left
from rooms.frozen import freeze_person, thaw_person
from rooms.outward import Union, search
from rooms.person import Person
from rooms.room import Room
from rooms.rules import Rules
from rooms.seating import place_of
from tests.test_outward import index_of
from tests.worlds import HOME, Scene, a_room, beside, keep, seat_somebody

RULES = Rules()
NORTH = beside(HOME, north=1)
AFAR = beside(HOME, north=3)


def a_mixed_room(there: int, *, near: Cell = NORTH, cell: Cell = AFAR, id: str = "m") -> Room:
    """Return a room of so many people of one cell and one more, called `near`, of another."""
    room = a_room(there, cell, id=id)
    seat_somebody(room, Person("near", near))
    room.waiting_since = None if room.company >= RULES.seats_min else 0
    return room


def those_left(count: int = 2, *, away: int = 0) -> Room:
    """Return a room of that many people whom somebody has left."""
    room = a_room(count, id="two", away=away)
    room.leave(seat_somebody(room, Person("gone", HOME)), "left")
    return room


def found(room: Room, *others: Room, now: float = 20, seed: int = 1) -> Union | Call | None:
    room.idle_until = 0.0
    return search(room, index_of([room, *others]), now=now, rules=RULES, rng=random.Random(seed))


def called(room: Room, *others: Room, now: float = 20, seed: int = 1) -> str | None:
    """Return who is called when the room looks outward."""
    call = found(room, *others, now=now, seed=seed)
    return call.seat.person.id if isinstance(call, Call) else None


def test_two_call_whom_they_are_nearer_to_than_that_one_s_own_room() -> None:
    assert called(those_left(), a_mixed_room(4)) == "near"


def test_a_room_that_would_be_no_company_without_them_lets_nobody_go_and_is_joined() -> None:
    union = found(those_left(), a_mixed_room(2))
    assert isinstance(union, Union)
    assert union.target.id == "m"


def test_two_of_whom_one_went_and_came_back_call_nobody() -> None:
    two = a_room(1, id="two")
    again = Person("again", HOME)
    two.leave(seat_somebody(two, again), "lost")
    seat_somebody(two, again)
    assert isinstance(found(two, a_mixed_room(4)), Union)
    two.leave(seat_somebody(two, Person("gone", HOME)), "left")
    assert called(two, a_mixed_room(4)) == "near"


def test_who_is_alone_calls_nobody_and_whoever_is_away_is_no_company() -> None:
    assert called(those_left(1), a_mixed_room(4)) is None
    assert called(those_left(3, away=1), a_mixed_room(4)) == "near"


def test_nobody_is_called_to_somebody_whose_connection_is_lost_nor_from_a_room_that_needs_them_then() -> None:
    two, room = those_left(), a_mixed_room(4)
    two.set_waiting(two.seats["two-0"], 50)
    assert isinstance(found(two, room), Union)
    two.set_waiting(two.seats["two-0"], None)
    assert called(two, room) == "near"
    room.set_waiting(room.seats["m-0"], 50)
    assert called(two, room) == "near", "of five, who are four"
    room.set_waiting(room.seats["m-1"], 50)
    assert called(two, room) is None


def test_who_was_away_or_without_a_connection_and_is_back_is_called_like_anybody() -> None:
    room = a_mixed_room(4)
    seat = room.seats["near"]
    room.set_away(seat, 0)
    room.set_away(seat, None)
    room.set_waiting(seat, 50)
    room.set_waiting(seat, None)
    assert called(those_left(), room) == "near"


def test_two_who_only_came_call_nobody() -> None:
    two = a_room(2, id="two")
    assert isinstance(found(two, a_mixed_room(4)), Union)
    for seat in two.seats.values():
        seat.person.moved_until = 1800
    assert found(two, a_mixed_room(4)) is None


def test_nobody_is_called_to_people_three_times_as_far_nor_ten_times_if_those_were_moved_already() -> None:
    two, far, farther = those_left(), a_room(8, beside(HOME, north=4), id="far"), a_room(8, beside(HOME, north=12))
    assert isinstance(found(two, far), Union)
    assert isinstance(found(two, farther, now=900), Union)
    for seat in two.seats.values():
        seat.person.moved_until = 1800
    assert called(two, far) in {f"far-{number}" for number in range(8)}
    assert found(two, farther, now=900) is None


def test_of_those_of_one_cell_chance_takes_one() -> None:
    full = a_room(11, id="full")
    assert {called(those_left(), full, seed=seed) for seed in range(200)} == {f"full-{n}" for n in range(11)}


def _moved(room: Room, two: Room) -> None:
    room.seats["near"].person.moved_until = 1800


def _parted(room: Room, two: Room) -> None:
    room.seats["near"].person.parted_until = 1800


def _away(room: Room, two: Room) -> None:
    room.set_away(room.seats["near"], 0)


def _lost(room: Room, two: Room) -> None:
    room.set_waiting(room.seats["near"], 50)


def _kept(room: Room, two: Room) -> None:
    keep(room.seats["near"].person, room.seats["m-0"].person)


def _left(room: Room, two: Room) -> None:
    room.seats["near"].person.avoids = ("two",)


def _barred(room: Room, two: Room) -> None:
    room.seats["near"].person.barred = frozenset({"two-0"})


@pytest.mark.parametrize("happens", [_moved, _parted, _away, _lost, _kept, _left, _barred])
def test_nobody_is_called_who_may_not_or_ought_not_go(happens: Callable[[Room, Room], None]) -> None:
    room, two = a_mixed_room(5), those_left()
    happens(room, two)
    assert called(two, room) != "near"


def test_nobody_comes_from_a_room_that_one_of_the_two_left_nor_from_one_that_ends_or_was_given_more_time() -> None:
    two = those_left()
    two.seats["two-0"].person.avoids = ("m",)
    assert found(two, a_mixed_room(4)) is None
    closing, extended = a_mixed_room(4), a_mixed_room(4)
    closing.is_closing = extended.is_extended = True
    assert called(those_left(), closing) is None
    assert called(those_left(), extended) is None


def test_nobody_is_called_where_somebody_is_on_their_way_from_another_process() -> None:
    two = those_left()
    two.held = 1
    assert called(two, a_mixed_room(4)) is None


def test_a_room_whose_seats_are_all_taken_calls_nobody() -> None:
    assert called(those_left(11, away=9), a_mixed_room(4)) == "near"
    full = those_left(11, away=9)
    full.set_away(seat_somebody(full, Person("late", HOME)), 0)
    assert called(full, a_mixed_room(4)) is None


def test_who_is_called_is_told_why_and_the_others_see_it() -> None:
    scene = Scene()
    people = scene.enter_many(12)
    ann, bo, cy = scene.enter_many(3, NORTH)
    assert place_of(ann)[0] is place_of(bo)[0] is place_of(cy)[0]
    scene.leave(people.pop())
    scene.leave(cy)
    scene.wait(15)
    (one,) = [person for person in people if place_of(person)[0] is place_of(ann)[0]]
    told = scene.listeners[one.id].seats[-1]
    assert (told.why.code, told.why.args, len(told.members)) == ("called", {}, 3)
    assert [event.why for event in scene.listeners[people[0].id].heard if isinstance(event, Left)][-1:] == ["moved"]
    assert isinstance(scene.listeners[ann.id].heard[-1], Joined)
    assert one.moved_until > scene.now
    assert why_brought(one, scene.rules, now=scene.now) == told.why
    assert thaw_person(freeze_person(one)).called_to == told.room.id
    scene.check()
