"""A room that comes where some of its people, or the room itself, were already; and one that goes on elsewhere."""

from collections import Counter

import pytest

from rooms.changes import Ended, Gone, Published, Seated, Unseated
from rooms.errors import RoomIsHere
from rooms.events import Closing, Left, Waiting
from rooms.frozen import FrozenRoom, drop, thaw
from rooms.person import Person
from rooms.seating import place_of
from rooms.windows import region_of
from tests.twins import carried, other_world, ticked, with_company
from tests.worlds import HOME, Scene, beside

THERE = beside(HOME, north=60)
"""In another region."""


def test_room_that_is_here_does_not_come_twice() -> None:
    scene, room, _ = with_company()
    with pytest.raises(RoomIsHere):
        thaw(scene.world, carried(room, scene.now), now=scene.now)
    scene.check()


def twice(first: str, *, apart_s: float = 5, is_away: bool = False) -> tuple[Scene, FrozenRoom, Person]:
    """Return a world in which Ann sits, and another room of hers in which she sat down before that or after."""
    here = Scene()
    there = other_world(here)
    guests = there.enter_many(2, THERE)
    anns = {}
    for where in ["here", "there"] if first == "here" else ["there", "here"]:
        scene, cell = (here, HOME) if where == "here" else (there, THERE)
        anns[where] = scene.enter(cell, id="ann", name="Ann")
        for scene in (here, there):
            scene.wait(apart_s)
    if is_away:
        there.away(anns["there"])
    return here, carried(place_of(guests[0])[0], there.now), anns["here"]


@pytest.mark.parametrize("apart_s", [5, 0])
def test_seat_that_is_no_newer_than_the_one_here_is_given_up_unheard(apart_s: float) -> None:
    scene, frozen, ann = twice("there", apart_s=apart_s)
    thawed, changes = thaw(scene.world, frozen, now=scene.now)
    assert place_of(ann)[0] is not thawed
    [published] = [one for one in changes if isinstance(one, Published) and isinstance(one.event, Left)]
    assert published == Published(thawed, Left(frozen.seq + 1, frozen.seats[2].member.id, "moved"))
    assert not any(isinstance(one, Unseated | Seated) for one in changes)
    assert len(thawed.seats) == 2
    assert scene.world.people["ann"] is ann


def test_newer_seat_of_somebody_online_is_theirs_and_they_are_told() -> None:
    scene, frozen, ann = twice("here")
    left = place_of(ann)[0]
    stays = scene.enter()
    assert place_of(stays)[0] is left
    thawed, changes = thaw(scene.world, frozen, now=scene.now)
    assert place_of(ann)[0] is thawed
    assert scene.world.people["ann"] is ann
    assert place_of(ann)[1].waits_until is None
    kinds = [type(one) for one in changes if not (isinstance(one, Published) and isinstance(one.event, Waiting))]
    assert kinds == [Unseated, Published, Seated]
    seated = changes[-1]
    assert isinstance(seated, Seated)
    assert (seated.person, seated.room, seated.why.code, seated.seq) == (ann, thawed, "kept", frozen.seq)
    assert [seat.person for seat in left.seats.values()] == [stays]
    assert scene.world.online.in_region == Counter(region_of(person.cell) for person in scene.world.people.values())
    assert ann.cell == ann.next_cell == THERE


def test_newer_seat_of_somebody_away_is_kept_as_long_as_it_was() -> None:
    scene, frozen, ann = twice("here", is_away=True)
    thawed, _ = thaw(scene.world, frozen, now=scene.now)
    assert place_of(ann)[0] is thawed
    gone = [at for at, change in ticked(scene, scene.now + 1000) if isinstance(change, Gone) and change.person is ann]
    assert gone == [scene.now + scene.rules.away_s]


def test_newer_seat_waits_if_the_older_one_did() -> None:
    scene, frozen, ann = twice("here")
    scene.lose(ann)
    thawed, changes = thaw(scene.world, frozen, now=scene.now)
    assert place_of(ann)[0] is thawed
    assert place_of(ann)[1].waits_until == scene.now + scene.rules.resume_grace_s
    assert not any(isinstance(one, Seated) for one in changes)
    assert Ended in map(type, changes)


def test_room_whose_people_all_sit_elsewhere_ends() -> None:
    scene, room, people = with_company(2)
    frozen = carried(room, scene.now)
    other = other_world(scene)
    other.wait(1)
    for person in people:
        other.enter(id=person.id)
    thawed, changes = thaw(other.world, frozen, now=other.now)
    assert changes[-1] == Ended(thawed)
    assert list(other.world.rooms) == [place_of(other.world.people[people[0].id])[0].id]
    other.check()


def test_dropped_room_is_gone_without_a_word_and_nothing_comes_of_it_later() -> None:
    scene, room, people = with_company()
    stays = scene.enter(beside(HOME, north=30))
    scene.lose(people[0])
    scene.away(people[1])
    changes = drop(scene.world, room)
    assert [type(one) for one in changes] == [Unseated] * 3 + [Ended]
    assert scene.world.people == {stays.id: stays}
    assert scene.world.rooms == {place_of(stays)[0].id: place_of(stays)[0]}
    assert place_of(scene.enter())[0] is not room
    later = [change for _, change in ticked(scene, room.closes + 4000)]
    assert not any(getattr(change, "room", None) is room for change in later)
    assert not {getattr(change, "person", None) for change in later} & set(people)


def test_dropped_room_may_come_back() -> None:
    scene, room, people = with_company(2)
    frozen = carried(room, scene.now)
    drop(scene.world, room)
    thawed, _ = thaw(scene.world, frozen, now=scene.now)
    for person in list(scene.world.people.values()):
        scene.world.regain(person)
    told = [change for _, change in ticked(scene, room.closes) if isinstance(change, Published | Ended)]
    assert not any(one.room is room for one in told)
    assert [one.room for one in told if isinstance(one, Published) and isinstance(one.event, Closing)] == [thawed]
    assert next(one.room for one in told if isinstance(one, Ended)) is thawed
    assert set(scene.world.people) == {person.id for person in people}
