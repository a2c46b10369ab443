"""Whichever way people come to sit down, a seat that is held for somebody else is none of theirs."""

import pytest

from geo import Cell
from rooms.extending import vote
from rooms.frozen import freeze_person
from rooms.moving import hold
from rooms.person import Person
from rooms.placement import fill_of
from rooms.room import Room
from rooms.shaking import TOGETHER_S
from rooms.shelves import Fill
from tests.world_views import room_of
from tests.worlds import HOME, Scene, beside, keep

THREE = {"seats_min": 2, "seats_target": 3, "seats_max": 3}
FIVE = {"seats_min": 3, "seats_target": 5, "seats_max": 5}


def hold_seats(scene: Scene, room: Room, count: int) -> None:
    """Have so many seats of the room held for people who never come."""
    for number in range(count):
        guest = Person(f"held {room.id} {number}", room.cell)
        assert hold(scene.world, freeze_person(guest), now=scene.now, room=room.id) is not None


def pair_with_a_seat_held() -> tuple[Scene, Room, list[Person]]:
    """Return a room of two whose third and last seat is held."""
    scene = Scene(**THREE)
    people = scene.enter_many(2)
    room = room_of(people[0])
    hold_seats(scene, room, 1)
    return scene, room, people


def asleep(scene: Scene, count: int, cell: Cell) -> list[Person]:
    """Seat so many in a room of their own and have them sleep, so that no newcomer joins them from a cell afar."""
    people = scene.enter_many(count, cell)
    for person in people:
        scene.away(person)
    return people


def wake(scene: Scene, people: list[Person]) -> None:
    for person in people:
        scene.back(person)


def test_held_seats_make_a_room_as_full_as_taken_ones() -> None:
    scene, room, people = pair_with_a_seat_held()
    assert fill_of(room, scene.rules) is None
    scene.leave(people[0])
    assert fill_of(room, scene.rules) is Fill.WAITING
    scene = Scene()
    room = room_of(scene.enter_many(7)[0])
    assert fill_of(room, scene.rules) is Fill.OPEN
    hold_seats(scene, room, 1)
    assert fill_of(room, scene.rules) is Fill.ROOMY


def test_who_comes_back_to_the_room_they_left_finds_it_full() -> None:
    scene, room, _ = pair_with_a_seat_held()
    assert room_of(scene.enter(former=room.id)) is not room


def test_who_comes_for_somebody_they_keep_finds_no_seat() -> None:
    scene, room, people = pair_with_a_seat_held()
    assert room_of(scene.enter(keeps=[people[0]])) is not room


def test_who_shook_does_not_find_the_seat_they_left() -> None:
    scene = Scene(**THREE)
    people = scene.enter_many(3)
    room, other = room_of(people[0]), scene.enter(beside(HOME, north=30))
    scene.shake(people[0])
    scene.shake(other)
    scene.wait(2 * TOGETHER_S)
    assert room_of(people[0]) is room_of(other)
    hold_seats(scene, room, 1)
    scene.next(people[0])
    assert room_of(people[0]) is not room


def test_who_shakes_a_little_later_does_not_have_the_last_seat() -> None:
    scene = Scene(**THREE)
    one, other, late = (scene.enter(beside(HOME, north=north)) for north in (0, 30, 60))
    scene.shake(one)
    scene.shake(other)
    scene.wait(TOGETHER_S - 0.5)
    scene.shake(late)
    scene.wait(0.5)
    room = room_of(one)
    assert room is room_of(other) is not room_of(late)
    hold_seats(scene, room, 1)
    scene.wait(2 * TOGETHER_S)
    assert room_of(late) is not room


def test_a_room_that_waits_does_not_move_where_a_seat_is_held() -> None:
    scene = Scene(**FIVE)
    pair = asleep(scene, 2, beside(HOME, north=6))
    host = room_of(scene.enter_many(3)[0])
    wake(scene, pair)
    movers = room_of(pair[0])
    assert movers is room_of(pair[1]) is not host
    hold_seats(scene, host, 1)
    scene.wait(25)
    assert movers.id in scene.world.rooms
    scene.wait(100)
    assert room_of(pair[0]) is host


def test_rooms_that_wait_do_not_gather_where_seats_are_held() -> None:
    scene = Scene(seats_min=4, seats_target=4, seats_max=5)
    one, *others = scene.enter_apart(HOME, beside(HOME, north=5), beside(HOME, east=3))
    scene.enter()
    room = room_of(one)
    assert len(room.seats) == 2
    hold_seats(scene, room, 2)
    scene.wait(29)
    assert all(len(room_of(other).seats) == 1 for other in others)
    scene.wait(60)
    assert len({room_of(person).id for person in (one, *others)}) == 1


def test_who_walk_out_together_find_no_two_seats_there() -> None:
    scene = Scene(**FIVE)
    three = asleep(scene, 3, beside(HOME, east=4))
    host = room_of(scene.enter_many(3)[0])
    wake(scene, three)
    hold_seats(scene, host, 1)
    assert room_of(three[0]) is room_of(three[2]) is not host
    scene.walk_out(three[:2], three[2])
    assert room_of(three[0]) is room_of(three[1])
    assert room_of(three[0]) not in (host, room_of(three[2]))


@pytest.mark.parametrize("is_held", [False, True])
def test_a_circle_seated_anew_finds_no_two_seats_there(is_held: bool) -> None:
    scene = Scene(**FIVE)
    host_people = scene.enter_many(3)
    host = room_of(host_people[0])
    two = [scene.enter(cell) for cell in [_far_in_the_region()] * 2]
    assert room_of(two[0]) is room_of(two[1]) is not host
    keep(*two)
    for person in host_people[:2]:
        scene.carry_out(vote(scene.world, person))
    assert host.is_extended
    for person in two:
        scene.world.move(person, HOME, now=scene.now)
    ends = room_of(two[0]).closes
    scene.wait_until(ends - 1)
    if is_held:
        hold_seats(scene, host, 1)
    scene.wait_until(ends)
    assert room_of(two[0]) is room_of(two[1])
    assert (room_of(two[0]) is host) is not is_held


def _far_in_the_region() -> Cell:
    """Return a cell of HOME's region that newcomers to HOME do not reach."""
    return next(
        cell
        for east in range(30, 8, -1)
        for cell in [beside(HOME, east=east), beside(HOME, east=-east)]
        if cell[:4] == HOME[:4]
    )
