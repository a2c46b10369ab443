"""A room taken out of one world as bytes goes on in another as if nothing had been."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import Cell
from rooms.changes import Ended, Published, Seated
from rooms.errors import Unthawable
from rooms.events import Closing, Joined, Left, Numbered, Said
from rooms.frozen import EVENTS_MAX, freeze, thaw
from rooms.person import Person
from rooms.room import MISSED_MAX, NEARBY, SHAKE, Seat
from rooms.seating import place_of
from rooms.shaking import LASTS_S
from tests.twins import (
    CELLS,
    QUIET,
    TALK,
    WILD,
    Act,
    Stage,
    acts_of,
    carried,
    other_world,
    ticked,
    twin_of,
    view,
    with_company,
)
from tests.worlds import HOME, Scene, beside


def lasting(scene: Stage) -> list[dict[str, object]]:
    """Return all that the rooms are, but for what those who wait were told at the last look around."""
    return [view(room) | {"told": None} for room in scene.world.rooms.values()]


@settings(max_examples=100, deadline=None)
@given(acts=acts_of(*TALK, *QUIET, *WILD), people=st.integers(1, 20), talk=acts_of("say"))
def test_rooms_are_the_same_in_another_world(acts: list[Act], people: int, talk: list[Act]) -> None:
    scene = Stage()
    for number in range(people):
        scene.enter(CELLS[number % len(CELLS)])
    for act in acts:
        scene.do(act)
    frozen = [carried(room, scene.now) for room in scene.world.rooms.values()]
    heard = len(scene.trace)
    for act in talk:
        scene.do(act, after_s=0)
    later: dict[str, list[Numbered]] = {}
    for change in scene.trace[heard:]:
        if isinstance(change, Published) and isinstance(change.event, Said):
            later.setdefault(change.room.id, []).append(change.event)
    twin = twin_of(scene, frozen, later)
    assert list(twin.world.rooms) == list(scene.world.rooms)
    for room in scene.world.rooms.values():
        assert view(twin.world.rooms[room.id]) == view(room)
    assert twin.world.online.in_region == scene.world.online.in_region
    twin.check()
    for room in twin.world.rooms.values():
        assert room.since(room.seq - 3) == scene.world.rooms[room.id].since(room.seq - 3)


@settings(max_examples=100, deadline=None)
@given(before=acts_of(*TALK, *QUIET), after=acts_of(*TALK, *QUIET, "pause", "pause"), people=st.integers(1, 12))
def test_what_happens_next_is_the_same_in_another_world(before: list[Act], after: list[Act], people: int) -> None:
    scene = Stage(parting_gain=1000)
    for number in range(people):
        scene.enter(name=f"guest {number}")
    for act in before:
        scene.do(act)
    if len(scene.world.rooms) != 1:
        # Where there are several, it depends on when each last looked around.
        return
    twin = twin_of(scene, [carried(room, scene.now) for room in scene.world.rooms.values()], {})
    for act in after:
        assert repr(twin.do(act)) == repr(scene.do(act)), act
        assert lasting(twin) == lasting(scene), act
    twin.check()


def test_seats_of_another_process_wait_for_their_people() -> None:
    scene, room, people = with_company(4)
    scene.away(people[1])
    scene.wait(20)
    scene.lose(people[2])
    other = other_world(scene)
    thawed, changes = thaw(other.world, carried(room, scene.now), now=scene.now)
    grace_s = scene.rules.resume_grace_s
    assert changes == []
    assert {seat.waits_until for seat in thawed.seats.values()} == {scene.now + grace_s}
    other.world.regain(other.world.people[people[0].id])
    lost = [change for _, change in ticked(other, scene.now + grace_s)]
    left = [one.event for one in lost if isinstance(one, Published) and isinstance(one.event, Left)]
    assert [event.why for event in left] == ["lost", "lost"]
    assert {seat.person.id for seat in thawed.seats.values()} == {people[0].id, people[1].id}


def test_what_was_said_is_known_again_by_its_ref() -> None:
    scene, room, people = with_company()
    ann, bo, _ = people
    scene.say(ann, "first", ref="first")
    for number in range(EVENTS_MAX):
        scene.say(bo, "words", ref=f"b{number}")
    scene.say(ann, "second", ref="second")
    frozen = carried(room, scene.now)
    scene.say(ann, "third", ref="third")
    thawed, _ = thaw(other_world(scene).world, frozen, room.since(frozen.seq)[0], now=scene.now)
    mine = place_of(ann)[1].member.id
    for text in ("first", "second", "third"):
        said = room.said_before(room.seats[mine], text, text)
        assert said is not None
        assert thawed.said_before(thawed.seats[mine], text, text) == said
    assert thawed.said_before(thawed.seats[mine], "x", "fourth") is None
    assert thawed.said_before(thawed.seats[mine], "x", "b7") is None


def test_frozen_room_holds_no_more_than_it_is_asked_to() -> None:
    scene, room, people = with_company()
    for number in range(MISSED_MAX):
        scene.say(people[0], "words", ref=f"r{number}")
    frozen = freeze(room, now=scene.now, events_max=10, refs_max=15)
    assert [event.seq for event in frozen.events] == list(range(room.seq - 9, room.seq + 1))
    assert [[ref for ref, _, _ in seat.refs] for seat in frozen.seats] == [
        [f"r{number}" for number in range(MISSED_MAX - 15, MISSED_MAX - 10)], [], [],
    ]  # fmt: skip


def test_events_that_are_kept_elsewhere_need_not_go_along() -> None:
    scene, room, people = with_company()
    scene.say(people[0], "words", ref="r")
    bare = freeze(room, now=scene.now, events_max=0)
    assert (bare.events, bare.seats[0].refs) == ((), (("r", room.seq, int(scene.now * 1000)),))
    whole = msgspec.structs.replace(bare, events=tuple(room.recent()))
    for frozen, kept in ((bare, 0), (whole, room.seq)):
        thawed, _ = thaw(other_world(scene).world, frozen, now=scene.now)
        assert (thawed.seq, len(thawed.recent())) == (room.seq, kept)
        again = thawed.said_before(thawed.seats[place_of(people[0])[1].member.id], "words", "r")
        assert again is not None
        assert again.seq == room.seq


def test_frozen_room_stays_as_it_was() -> None:
    scene, room, people = with_company()
    frozen = freeze(room, now=scene.now)
    was = msgspec.msgpack.encode(frozen)
    scene.say(people[0], "more", ref="m")
    scene.rename(people[1], "other")
    scene.leave(people[2])
    assert msgspec.msgpack.encode(frozen) == was


def test_only_words_follow_a_state_and_none_is_missing() -> None:
    scene, room, people = with_company()
    frozen = carried(room, scene.now)
    scene.say(people[0], "one")
    scene.say(people[0], "two")
    one, two = room.since(frozen.seq)[0]
    for later in (
        [two],
        [one, one],
        [one, Left(two.seq, "x", "left")],
        [Joined(one.seq, "x", seat_of(people[0]).member, 0)],
    ):
        other = other_world(scene)
        with pytest.raises(Unthawable):
            thaw(other.world, frozen, later, now=scene.now)
        assert not other.world.rooms
        assert not other.world.people
        assert other.world.deadline is None
    assert thaw(other_world(scene).world, frozen, [one, two], now=scene.now)[0].seq == room.seq


def seat_of(person: Person) -> Seat:
    return place_of(person)[1]


@pytest.mark.parametrize("extend", [False, True])
@pytest.mark.parametrize("notice", ["before", "after", "meanwhile"])
def test_end_is_announced_once_whoever_hosts(extend: bool, notice: str) -> None:
    scene, room, people = with_company()
    if extend:
        for person in people:
            if not room.is_extended:
                scene.extend(person)
    at = room.closes - scene.rules.closing_s
    scene.wait_until(at + 1 if notice == "after" else at - 1)
    frozen = carried(room, scene.now)
    other = other_world(scene)
    begins = at + 6 if notice == "meanwhile" else scene.now
    thawed, _ = thaw(other.world, frozen, now=begins)
    for person in list(other.world.people.values()):
        other.world.regain(person)
    other.now = begins
    told = [
        (now, change.event)
        for now, change in ticked(other, room.closes - 1)
        if isinstance(change, Published) and isinstance(change.event, Closing)
    ]
    expected = {"before": [at], "after": [], "meanwhile": [at + 6]}[notice]
    assert [now for now, _ in told] == expected
    assert thawed.is_closing
    assert all(event.closes == room.closes * 1000 for _, event in told)


def test_notice_among_what_was_said_later_is_not_given_again() -> None:
    scene, room, _ = with_company()
    frozen = carried(room, scene.now)
    scene.wait_until(room.closes - scene.rules.closing_s)
    other = other_world(scene)
    thaw(other.world, frozen, room.since(frozen.seq)[0], now=scene.now)
    assert not [c for _, c in ticked(other, scene.now + 5) if isinstance(c, Published) and isinstance(c.event, Closing)]


@pytest.mark.parametrize("kind", [NEARBY, "extended", SHAKE])
def test_room_that_should_have_ended_meanwhile_ends_at_once(kind: str) -> None:
    scene, room, people = with_company()
    if kind == SHAKE:
        for person in people:
            scene.shake(person)
        scene.wait(5)
        room = place_of(people[0])[0]
        assert (room.kind, room.closes) == (SHAKE, room.opened + LASTS_S)
    elif kind == "extended":
        for person in people[:2]:
            scene.extend(person)
        assert room.is_extended
    frozen = carried(room, scene.now)
    other = other_world(scene, now=room.closes + 6)
    thawed, _ = thaw(other.world, frozen, now=other.now)
    changes = [change for _, change in ticked(other, other.now)]
    assert any(isinstance(change, Ended) and change.room is thawed for change in changes)
    assert {one.person.id for one in changes if isinstance(one, Seated)} == {person.id for person in people}
    for person in other.world.people.values():
        assert other.world.rooms[place_of(person)[0].id] is not thawed
        assert place_of(person)[0].closes > other.now
        assert seat_of(person).waits_until == other.now + other.rules.resume_grace_s


def test_newcomers_find_the_room() -> None:
    scene, room, _ = with_company()
    other = other_world(scene)
    thawed, _ = thaw(other.world, carried(room, scene.now), now=scene.now)
    guest = other.enter()
    assert place_of(guest)[0] is thawed


def test_room_that_waits_goes_on_looking_with_the_reach_it_had() -> None:
    scene = Scene()
    ann = scene.enter()
    scene.wait(40)
    other = other_world(scene)
    there = other.enter(beside(HOME, north=9))
    other.enter(beside(HOME, north=9))
    other.enter(beside(HOME, north=9))
    thawed, _ = thaw(other.world, carried(place_of(ann)[0], scene.now), now=scene.now)
    assert thawed.waiting_since == scene.now - 40
    changes = [change for _, change in ticked(other, scene.now + 95)]
    assert any(isinstance(one, Seated) and one.why.code == "outward" for one in changes)
    assert not any(seat.person is not there for seat in thawed.seats.values() if thawed.id in other.world.rooms)


def test_room_keeps_the_window_it_ends_with_wherever_it_stands() -> None:
    scene = Scene()
    edge = Cell.at(*HOME.center, 4)
    people = scene.enter_many(3)
    room = place_of(people[0])[0]
    # As it is after its founder, from beyond the border, has left.
    room.region = beside(edge, east=1)
    thawed, _ = thaw(other_world(scene).world, carried(room, scene.now), now=scene.now)
    assert (thawed.region, thawed.cell, thawed.closes) == (room.region, room.cell, room.closes)


def test_chance_of_one_room_is_no_other_rooms() -> None:
    """Thawing draws none, so that what others are dealt does not depend on it."""
    scene, room, _ = with_company()
    other = other_world(scene)
    was = other.world.rng.getstate()
    thaw(other.world, carried(room, scene.now), now=scene.now)
    assert other.world.rng.getstate() == was
