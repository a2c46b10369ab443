"""Names in a room of the world: seen by all, worn by one, and a verified one by nobody else."""

import pytest

from rooms.changes import Published
from rooms.errors import NameWorn
from rooms.events import Changed
from rooms.person import Person
from rooms.seating import place_of
from tests.worlds import Scene


def test_rename_is_seen_by_the_room_and_kept_unique() -> None:
    scene = Scene()
    ann, bo = scene.enter(name="Ann"), scene.enter(name="Bo")
    (change,) = scene.carry_out(scene.world.rename(bo, "Ann", ref="a"))
    assert isinstance(change, Published)
    assert isinstance(change.event, Changed)
    assert (change.event.member.name, change.event.ref) == ("Ann 2", "a")
    scene.rename(ann, "Ann")
    assert place_of(ann)[1].member.name == "Ann"
    scene.next(bo)
    assert place_of(bo)[1].member.name == "Ann"
    scene.check()


def test_a_verified_name_is_worn_by_nobody_else_whoever_came_first() -> None:
    scene = Scene()
    first, second = scene.enter(name="Ann"), scene.enter(name="Ann 2")
    verified = scene.enter(name="Аnn", verified="name · campus")
    assert names_of(verified) == ["Ann 3", "Ann 2", "Аnn"]
    later = scene.enter(name="ANN")
    assert names_of(later)[-1] == "ANN 4"
    with pytest.raises(NameWorn):
        scene.rename(second, "Ann")
    assert place_of(first)[1].member.verified is None
    assert place_of(verified)[1].member.verified == "name · campus"
    scene.check()


def test_two_who_are_verified_under_one_name_are_numbered_like_anybody() -> None:
    scene = Scene()
    scene.enter(name="Ann", verified="name · campus")
    second = scene.enter(name="Ann", verified="name · town")
    assert names_of(second) == ["Ann", "Ann 2"]
    scene.check()


def test_whoever_is_verified_and_takes_a_name_gets_it_from_who_wears_it() -> None:
    scene = Scene()
    scene.enter(name="Ann")
    verified = scene.enter(name="Bo", verified="name · campus")
    scene.rename(verified, "ann")
    assert names_of(verified) == ["Ann 2", "ann"]
    scene.check()


def test_a_verified_name_stays_its_own_when_the_region_sits_down_anew() -> None:
    scene = Scene()
    for number in range(20):
        scene.enter(name=("Ann", "Аnn", "Ann 2")[number % 3])
    verified = [scene.enter(name="Ann", verified="name · campus"), scene.enter(name="ann 2", verified="name · town")]
    for _ in range(3):
        scene.wait_until(max(room.closes for room in scene.world.rooms.values()))
        scene.check()
        assert {place_of(person)[1].member.name for person in verified} <= {"Ann", "ann 2", "Ann 2", "ann 2 2"}
        for room in scene.world.rooms.values():
            owners = [seat for seat in room.seats.values() if seat.person is verified[0]]
            assert all(seat.member.name == "Ann" for seat in owners)


def names_of(person: Person) -> list[str]:
    return [seat.member.name for seat in place_of(person)[0].seats.values()]
