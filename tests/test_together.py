"""Where somebody who enters sits with those they keep, and where not."""

import pytest

from rooms.changes import Seated
from rooms.person import Person
from rooms.room import NEARBY, SHAKE
from rooms.rules import Rules
from rooms.shaking import TOGETHER_S
from tests.world_views import room_of
from tests.worlds import HOME, Scene, beside, keep, let_go

SEATS_MAX = Rules().seats_max


def crowded(rooms: int = 6) -> tuple[Scene, list[Person]]:
    """Return one person of each of some rooms of eight."""
    scene = Scene()
    people = scene.enter_many(8 * rooms)
    scene.wait(Rules().window_s)  # rooms fill to the last seat, and are seated anew with space
    firsts = {room_of(person): person for person in reversed(people)}
    assert len(firsts) == rooms
    return scene, list(firsts.values())


def test_whoever_enters_sits_with_somebody_they_keep_and_is_told_so() -> None:
    for number in range(6):
        scene, people = crowded()
        person = scene.enter(keeps=[people[number]])
        assert room_of(person) is room_of(people[number])
        assert person.asked_until == room_of(person).closes, "their vote counts no more than after `next`"
        [seated] = [change for change in scene.trace if isinstance(change, Seated) and change.person is person]
        assert seated.why.code == "together"
        scene.check()


def test_there_has_to_be_a_seat() -> None:
    scene, people = crowded()
    friend = people[0]
    while len(room_of(friend).seats) < SEATS_MAX:
        let_go(scene.enter(keeps=[friend]), friend)
    assert room_of(scene.enter(keeps=[friend])) is not room_of(friend)
    scene.check()


def test_they_have_to_be_near() -> None:
    scene, people = crowded()
    assert room_of(scene.enter(beside(HOME, east=15), keeps=[people[0]])) is room_of(people[0])
    assert room_of(scene.enter(beside(HOME, east=20), keeps=[people[1]])) is not room_of(people[1])


def test_where_people_shook_nobody_comes_to_whom_they_keep() -> None:
    scene, people = crowded()
    for person in people[:2]:
        scene.shake(person)
    scene.wait(TOGETHER_S)
    assert room_of(people[0]) is room_of(people[1])
    assert room_of(people[0]).kind == SHAKE
    assert room_of(scene.enter(keeps=people[:1])).kind == NEARBY
    scene.check()


def test_no_more_than_four_of_a_circle_come_together_so() -> None:
    scene, people = crowded()
    circle = [people[0]]
    for _ in range(3):
        circle.append(scene.enter(keeps=circle))
    assert {room_of(person) for person in circle} == {room_of(people[0])}
    assert len(room_of(people[0]).seats) < SEATS_MAX
    last = people[0]
    fifth = scene.enter(keeps=[last])
    assert room_of(fifth) is not room_of(last)


def test_a_block_in_the_room_beats_it() -> None:
    scene, people = crowded()
    room = room_of(people[0])
    other = next(seat.person for seat in room.seats.values() if seat.person is not people[0])
    person = scene.enter(keeps=[people[0]], barred=frozenset({other.id}))
    assert room_of(person) is not room


def test_blocking_ends_it_and_unblocking_brings_nothing_back() -> None:
    scene = Scene()
    one, other = scene.enter_many(2)
    keep(one, other)
    scene.block(one, other)
    assert not one.kept
    assert not other.kept


@pytest.mark.parametrize("seed", range(6))
def test_somebody_whose_window_ends_joins_who_sits_in_a_room_that_goes_on(seed: int) -> None:
    """Across a region's border, or where a room was given more time, with their whole circle."""
    scene = Scene(seed)
    people = scene.enter_many(24)
    scene.wait(Rules().window_s)
    goes_on = room_of(people[0])
    for seat in list(goes_on.seats.values()):
        if not goes_on.is_extended:
            scene.extend(seat.person)
    friend = next(iter(goes_on.seats.values())).person
    one, other = [person for person in people if room_of(person) is not goes_on][:2]
    keep(one, friend)
    keep(one, other)
    scene.wait(Rules().window_s)
    assert room_of(one) is room_of(other) is room_of(friend) is goes_on
    scene.check()


def test_a_crowded_room_never_parts_between_them() -> None:
    apart = 0
    for seed in range(12):
        scene = Scene(seed, parting_gain=0.001)
        north = [scene.enter(beside(HOME, north=2)) for _ in range(4)]
        south = [scene.enter(beside(HOME, north=-2)) for _ in range(4)]
        pair = north[0], next(person for person in south + north[1:] if room_of(person) is room_of(north[0]))
        keep(*pair)
        for person in (north[1], south[1]):
            if room_of(person) is room_of(north[0]) and person not in pair:
                keep(north[0], person)
        for _ in range(6):
            scene.enter(beside(HOME, north=-2))
            apart += len(scene.world.rooms) > 1
            assert all(room_of(person).id == room_of(north[0]).id for person in pair)
        scene.check()
    assert apart
