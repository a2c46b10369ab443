"""A crowded room parts when one more sits down: who moves, when it is worth it, and what is told."""

import contextlib
import random

from rooms.errors import CannotExtend
from rooms.events import Left
from rooms.extending import vote
from rooms.extent import apart_m
from rooms.parting import part
from rooms.person import Person
from rooms.placement import limit_m, members_of
from rooms.room import Room
from rooms.rules import Rules
from rooms.seating import place_of
from rooms.whys import Why
from tests.worlds import HOME, Scene, a_room, beside, seat_somebody

NORTH = beside(HOME, north=6)
"""Some four kilometres away."""

RULES = Rules()


def a_room_of_two_places(here: int, there: int) -> Room:
    """Return a room whose window has just begun, of people of HOME and of NORTH."""
    room = a_room(here)
    for number in range(there):
        seat_somebody(room, Person(f"north-{number}", NORTH))
    return room


def test_a_room_below_its_target_stays_whole() -> None:
    assert part(a_room_of_two_places(3, 4), Person("new", NORTH), now=0, rules=RULES) is None


def test_people_of_two_places_part_by_place_and_the_fewer_move() -> None:
    parting = part(a_room_of_two_places(5, 3), Person("new", NORTH), now=0, rules=RULES)
    assert parting is not None
    assert {seat.person.cell for seat in parting.movers} == {NORTH}
    assert len(parting.movers) == 3
    assert parting.cell == NORTH
    assert parting.takes_newcomer


def test_a_newcomer_is_no_mover() -> None:
    # Four of each with the newcomer: either may move, and that takes three of those who sit.
    parting = part(a_room_of_two_places(5, 3), Person("new", NORTH), now=0, rules=RULES)
    assert parting is not None
    assert all(seat.person.id != "new" for seat in parting.movers)


def test_people_of_one_cell_never_part() -> None:
    assert part(a_room(11), Person("new", HOME), now=0, rules=RULES) is None


def test_nobody_is_moved_so_twice_in_a_window() -> None:
    room = a_room_of_two_places(4, 4)
    for seat in room.seats.values():
        seat.person.parted_until = room.closes
    assert part(room, Person("new", NORTH), now=0, rules=RULES) is None


def test_shortly_before_its_end_a_room_stays_whole() -> None:
    room = a_room_of_two_places(5, 3)
    assert part(room, Person("new", NORTH), now=room.closes - 10, rules=RULES) is None


def test_a_room_whose_end_is_late_stays_whole() -> None:
    room = a_room_of_two_places(5, 3)
    assert part(room, Person("new", NORTH), now=room.closes - 10, rules=Rules(parting_gain=0)) is not None
    assert part(room, Person("new", NORTH), now=room.closes, rules=Rules(parting_gain=0)) is None


def test_extended_rooms_whose_ends_were_slept_through_end_once() -> None:
    scene, chance = Scene(parting_gain=0), random.Random(3)
    for _ in range(30):
        scene.enter(beside(HOME, north=chance.choice([0, 1, 3, 6])))
    scene.wait(60)
    for person in list(scene.world.people.values()):
        with contextlib.suppress(CannotExtend):
            scene.carry_out(vote(scene.world, person))
    assert all(room.is_extended for room in scene.world.rooms.values())
    scene.sleep(100 * 3600)
    assert all(room.closes > scene.now for room in scene.world.rooms.values())


def test_no_part_is_too_few_to_be_company() -> None:
    parting = part(a_room_of_two_places(6, 3), Person("new", NORTH), now=0, rules=Rules(seats_min=5))
    assert parting is not None
    assert len(parting.movers) + parting.takes_newcomer == 5


def test_whoever_is_away_is_no_company_for_a_part() -> None:
    room = a_room_of_two_places(4, 4)
    assert part(room, Person("new", NORTH), now=0, rules=RULES) is not None
    for seat in room.seats.values():
        if seat.person.cell == NORTH:
            room.set_away(seat, 0)
    assert part(room, Person("new", NORTH), now=0, rules=RULES) is None


def parted(scene: Scene) -> tuple[list[Person], Person]:
    """Return the nine people of a room and the newcomer who parts it."""
    people = [*scene.enter_many(5), *scene.enter_many(3, NORTH)]
    if len({place_of(person)[0].id for person in people}) > 1:
        raise AssertionError("they were to sit together")
    return people, scene.enter(NORTH)


def test_each_is_told_once_and_the_names_they_know_stay() -> None:
    scene = Scene()
    people, newcomer = parted(scene)
    moved = [person for person in people if len(scene.listeners[person.id].seats) == 2]
    assert {person.cell for person in moved} == {NORTH}
    for person in moved:
        before, after = scene.listeners[person.id].seats
        assert after.why.code == "parted"
        names = [{member.id: member.name for member in seated.members}[seated.me] for seated in (before, after)]
        assert names[0] == names[1]
    assert len(scene.listeners[newcomer.id].seats) == 1
    assert place_of(newcomer)[0] is place_of(moved[0])[0]
    scene.check()


def test_those_who_stay_see_the_others_move() -> None:
    scene = Scene()
    people, _ = parted(scene)
    left = [event.why for event in scene.listeners[people[0].id].heard if isinstance(event, Left)]
    assert left == ["moved"] * 3


def test_the_new_room_ends_with_the_one_it_parts_from() -> None:
    scene = Scene()
    # Into the last quarter, in which a room that is founded ends with the next window.
    scene.wait(0.8 * RULES.window_s)
    people = scene.enter_many(5)
    closes = place_of(people[0])[0].closes
    for _ in range(4):
        people.append(scene.enter(beside(HOME, north=6)))
    assert {place_of(person)[0].closes for person in people if place_of(person)[0].region == HOME[:4]} == {closes}


def test_who_parts_without_a_connection_still_gives_the_seat_up() -> None:
    scene = Scene()
    ann, bo = scene.enter_many(2)
    room = place_of(ann)[0]
    scene.lose(ann)
    seat = place_of(ann)[1]
    scene.carry_out(scene.world.seating.leave(ann, "moved", now=scene.now))
    assert seat.waits_until is not None
    assert (room.unconnected, len(room.seats)) == (0, 1)
    scene.carry_out(scene.world.seating.join(ann, room, Why("parted"), now=scene.now, former=seat))
    scene.wait(scene.rules.resume_grace_s + 1)
    assert list(scene.world.people.values()) == [bo]


def test_no_part_stands_where_somebody_would_be_too_far_from_it() -> None:
    """A coarse cell is near to all within it: amid it a room may be farther from them than they accept."""
    for seed in range(30):
        scene = Scene(seed)
        chance = random.Random(seed)
        places = [HOME, HOME.parent(4), beside(HOME, north=22), beside(HOME, east=-2), beside(HOME, north=12)]
        for _ in range(40):
            scene.enter(chance.choice(places))
        for room in scene.world.rooms.values():
            people = members_of(room)
            assert max(apart_m(person.cell, room.cell) for person in people) <= limit_m(people, scene.world.rules)
