"""Somebody goes from one process to a seat in another: held, left, taken, and never more seats than there are."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rooms.changes import Change, Ended, Gone, Published, Seated, Unseated
from rooms.errors import RoomFull
from rooms.events import Event, Joined, Left, Waiting
from rooms.frozen import drop, freeze_person
from rooms.moving import HOLD_S, Leaver, hold, put_in, release, take_out
from rooms.person import Person
from rooms.placement import fill_of
from rooms.room import SHAKE, Room
from rooms.seating import place_of
from rooms.whys import Why
from tests.twins import carried, other_world, ticked, with_company
from tests.worlds import HOME, Listener, Scene, beside, seat_somebody

FIVE = 5


def taken_out(scene: Scene, person: Person) -> tuple[Leaver, list[Change]]:
    """Return who leaves, as they come out of bytes."""
    leaver, changes = take_out(scene.world, person, now=scene.now)
    return msgspec.msgpack.decode(msgspec.msgpack.encode(leaver), type=Leaver), changes


def events_of(changes: list[Change]) -> list[Event]:
    said = [change.event for change in changes if isinstance(change, Published)]
    return [event for event in said if not isinstance(event, Waiting)]


def seated_in(changes: list[Change]) -> Seated:
    [seated] = [change for change in changes if isinstance(change, Seated)]
    return seated


def test_somebody_goes_over_and_both_rooms_are_told_as_of_anybody() -> None:
    scene, room, people = with_company(4)
    other = other_world(scene)
    there = place_of(other.enter_many(3)[0])[0]
    ann = people[0]
    me, seq = place_of(ann)[1].member.id, room.seq
    held = hold(other.world, freeze_person(ann), now=scene.now, room=there.id)
    assert held == (there, Why("same_cell"), scene.now + HOLD_S)
    leaver, changes = taken_out(scene, ann)
    assert changes == [Unseated(ann, room), Published(room, Left(seq + 1, me, "moved"))]
    assert ann.id not in scene.world.people
    scene.listeners.pop(ann.id)
    changes = put_in(other.world, leaver, now=scene.now + 1, ref="7")
    [joined] = events_of(changes)
    seated = seated_in(changes)
    assert isinstance(joined, Joined)
    assert joined.member.name == ann.name
    assert (seated.person.id, seated.room, seated.me, seated.why, seated.ref) == (
        ann.id, there, joined.id, Why("same_cell"), "7",
    )  # fmt: skip
    assert (there.held, len(there.seats), there.seats[joined.id].since) == (0, 4, scene.now + 1)
    assert other.world.people[ann.id] is seated.person
    assert other.world.holds == {}


def test_held_seat_is_seen_by_nobody_and_had_by_nobody() -> None:
    scene, room, _ = with_company(3)
    guests = other_world(scene).enter_many(9)
    told = (room.seq, room.company, room.waiting_since)
    for guest in guests:
        assert hold(scene.world, freeze_person(guest), now=scene.now, room=room.id) is not None
    assert (room.seq, room.company, room.waiting_since, len(room.seats)) == (*told, 3)
    assert (room.held, room.taken, fill_of(room, scene.rules)) == (9, room.seats_max, None)
    assert hold(scene.world, freeze_person(Person("one more", HOME)), now=scene.now, room=room.id) is None
    assert place_of(scene.enter())[0] is not room
    with pytest.raises(RoomFull):
        seat_somebody(room, Person("another", HOME))
    scene.check()


def test_held_seats_count_as_company_for_nobody() -> None:
    scene, room, people = with_company(3)
    assert hold(scene.world, freeze_person(Person("x", HOME)), now=scene.now) is not None
    scene.leave(people[0])
    assert room.waiting_since == scene.now


def test_hold_lapses() -> None:
    scene, room, _ = with_company()
    assert hold(scene.world, freeze_person(Person("x", HOME)), now=scene.now) is not None
    scene.wait(HOLD_S - 1)
    assert room.held == 1
    scene.wait(1)
    assert (room.held, scene.world.holds) == (0, {})
    assert place_of(scene.enter())[0] is room


def test_seat_held_anew_is_held_for_its_whole_time() -> None:
    scene, room, _ = with_company()
    frozen = freeze_person(Person("x", HOME))
    hold(scene.world, frozen, now=scene.now)
    scene.wait(20)
    hold(scene.world, frozen, now=scene.now)
    scene.wait(20)
    assert room.held == 1
    assert release(scene.world, "x", now=scene.now) is not None
    assert (room.held, release(scene.world, "x", now=scene.now)) == (0, None)


def test_seat_is_where_a_newcomer_would_sit_if_no_room_is_named() -> None:
    scene, room, people = with_company()
    frozen = freeze_person(Person("x", beside(HOME, east=1)))
    held = hold(scene.world, frozen, now=scene.now)
    assert held is not None
    assert (held.room, held.why.code) == (room, "near")
    assert hold(scene.world, freeze_person(Person("y", beside(HOME, north=60))), now=scene.now) is None
    turned = msgspec.structs.replace(frozen, avoids=(room.id,))
    assert hold(scene.world, turned, now=scene.now) is None
    apart = msgspec.structs.replace(frozen, barred=frozenset({people[1].id}))
    assert hold(scene.world, apart, now=scene.now) is None
    assert hold(scene.world, apart, now=scene.now, room=room.id) is None
    assert room.held == 0
    assert hold(scene.world, frozen, now=scene.now, room="gone") is None


def test_nobody_is_let_in_who_is_turned_from_there_though_they_do_not_know() -> None:
    scene, room, people = with_company()
    frozen = freeze_person(Person("x", HOME))
    people[1].barred = frozenset({"x"})
    assert hold(scene.world, frozen, now=scene.now, room=room.id) is None
    people[1].barred = frozenset()
    people[0].avoids = ("left by next",)
    assert hold(scene.world, frozen, now=scene.now, room=room.id, left="left by next") is None
    assert hold(scene.world, frozen, now=scene.now, room=room.id, left="another") is not None


def test_room_people_shook_for_is_held_for_whoever_is_not_kept_apart() -> None:
    scene, _, people = with_company()
    for person in people:
        scene.shake(person)
    scene.wait(FIVE)
    room = place_of(people[0])[0]
    assert room.kind == SHAKE
    far = freeze_person(Person("x", beside(HOME, north=60)))
    apart = msgspec.structs.replace(far, barred=frozenset({people[0].id}))
    assert hold(scene.world, apart, now=scene.now, room=room.id) is None
    held = hold(scene.world, far, now=scene.now, room=room.id)
    assert held is not None
    assert held.why == Why("shake")
    assert hold(scene.world, freeze_person(Person("y", HOME)), now=scene.now, room=room.id) is None


def _over(scene: Scene, room: Room) -> None:
    scene.wait_until(room.closes)


def _empty(scene: Scene, room: Room) -> None:
    for seat in list(room.seats.values()):
        scene.leave(seat.person)


def _dropped(scene: Scene, room: Room) -> None:
    for change in drop(scene.world, room):
        if isinstance(change, Unseated):
            scene.listeners.pop(change.person.id)


def _lapsed(scene: Scene, room: Room) -> None:
    scene.wait(HOLD_S)
    for number in range(9):
        seat_somebody(room, Person(f"late {number}", HOME))
    scene.world.seating.refill(room, now=scene.now)


@pytest.mark.parametrize("what", [_over, _empty, _dropped, _lapsed])
def test_whoever_comes_too_late_for_the_seat_sits_like_a_newcomer(what: Callable[[Scene, Room], None]) -> None:
    scene, room, _ = with_company()
    other = other_world(scene)
    ann = other.enter()
    other.wait(1)
    waited_since = place_of(ann)[0].waiting_since
    assert hold(scene.world, freeze_person(ann), now=scene.now, room=room.id) is not None
    leaver, changes = taken_out(other, ann)
    assert isinstance(changes[-1], Ended)
    what(scene, room)
    changes = put_in(scene.world, leaver, now=scene.now, why=Why("window"))
    seated = seated_in(changes)
    assert seated.room is not room
    assert seated.why == Why("window")
    assert seated.room.company > 1 or seated.room.waiting_since == waited_since
    assert scene.world.people[ann.id].room is seated.room
    assert room.held == 0


def test_what_waits_of_the_seat_goes_on() -> None:
    scene, _, people = with_company()
    scene.away(people[0])
    scene.wait(FIVE)
    scene.lose(people[0])
    was_away, until = scene.now - FIVE, scene.now + scene.rules.resume_grace_s
    other = other_world(scene)
    there = place_of(other.enter_many(3)[0])[0]
    hold(other.world, freeze_person(people[0]), now=scene.now, room=there.id)
    leaver, _ = taken_out(scene, people[0])
    changes = put_in(other.world, leaver, now=scene.now)
    [joined] = events_of(changes)
    assert isinstance(joined, Joined)
    assert joined.member.away
    seat = there.seats[joined.id]
    assert (seat.away_since, seat.waits_until, there.company, there.unconnected) == (was_away, until, 3, 1)
    gone = [at for at, change in ticked(other, was_away + scene.rules.away_s) if isinstance(change, Gone)]
    assert gone == [was_away + scene.rules.away_s]


def test_whoever_comes_twice_sits_once() -> None:
    scene, room, _ = with_company()
    other = other_world(scene)
    ann = other.enter()
    hold(scene.world, freeze_person(ann), now=scene.now)
    leaver, _ = taken_out(other, ann)
    put_in(scene.world, leaver, now=scene.now)
    again = put_in(scene.world, leaver, now=scene.now)
    assert [type(event) for event in events_of(again)] == [Left, Joined]
    assert sum(seat.person.id == ann.id for seat in room.seats.values()) == 1
    assert sum(scene.world.online.in_region.values()) == len(scene.world.people) == 4


def test_held_seats_do_not_go_along_with_a_frozen_room() -> None:
    scene, room, _ = with_company()
    hold(scene.world, freeze_person(Person("x", HOME)), now=scene.now)
    assert carried(room, scene.now).seats_max == room.seats_max
    assert not hasattr(carried(room, scene.now), "held")


numbers = st.integers(0, 10**6)


class Crossing(RuleBasedStateMachine):
    """People who go to and fro between two worlds, while others come to both."""

    def __init__(self) -> None:
        super().__init__()
        self.sides: list[Scene] = []
        self.leavers: list[tuple[int, Leaver]] = []

    @initialize(seats_max=st.integers(2, 5), people=st.integers(1, 12))
    def open(self, seats_max: int, people: int) -> None:
        rules = {"seats_min": 2, "seats_target": 2, "seats_max": seats_max}
        for prefix in "ab":
            scene = Scene(1, **rules)
            ids = iter(range(10**6))
            scene.world.seating._new_id = lambda prefix=prefix, ids=ids: f"{prefix}{next(ids)}"  # type: ignore[misc]
            scene._new_name = lambda prefix=prefix, ids=ids: f"{prefix}p{next(ids)}"  # type: ignore[misc]
            scene.enter_many(people)
            self.sides.append(scene)

    def person(self, side: int, number: int) -> Person | None:
        people = self.sides[side].world.people
        return people[sorted(people)[number % len(people)]] if people else None

    @rule(side=st.integers(0, 1), number=numbers, named=st.booleans(), room=numbers)
    def seat_is_held(self, side: int, number: int, named: bool, room: int) -> None:
        person, there = self.person(side, number), self.sides[1 - side]
        rooms = sorted(there.world.rooms)
        if person is not None and person.id not in there.world.people:
            id = rooms[room % len(rooms)] if named and rooms else None
            held = hold(there.world, freeze_person(person), now=there.now, room=id)
            assert held is None or held.room.taken <= held.room.seats_max

    @rule(side=st.integers(0, 1), number=numbers)
    def somebody_leaves_for_the_other_side(self, side: int, number: int) -> None:
        here = self.sides[side]
        person = self.person(side, number)
        if person is not None:
            leaver, changes = taken_out(here, person)
            here.carry_out(changes)
            assert here.listeners.pop(person.id).room is None
            self.leavers.append((1 - side, leaver))

    @precondition(lambda self: self.leavers)
    @rule(number=numbers)
    def somebody_arrives(self, number: int) -> None:
        side, leaver = self.leavers.pop(number % len(self.leavers))
        there = self.sides[side]
        there.listeners[leaver.person.id] = Listener()
        there.carry_out(put_in(there.world, leaver, now=there.now))

    @rule(side=st.integers(0, 1), count=st.integers(1, 4))
    def others_come(self, side: int, count: int) -> None:
        self.sides[side].enter_many(count)

    @rule(side=st.integers(0, 1), number=numbers)
    def somebody_goes(self, side: int, number: int) -> None:
        person = self.person(side, number)
        if person is not None:
            self.sides[side].leave(person)

    @rule(side=st.integers(0, 1), number=numbers)
    def somebody_turns_from_their_room(self, side: int, number: int) -> None:
        person = self.person(side, number)
        if person is not None:
            self.sides[side].next(person)

    @rule(seconds=st.sampled_from([1.0, 10.0, 30.0, 900.0, 1800.0]))
    def time_passes(self, seconds: float) -> None:
        for scene in self.sides:
            scene.wait(seconds)

    @invariant()
    def nobody_has_a_seat_that_is_not_there(self) -> None:
        for scene in self.sides:
            scene.check()
            for room in scene.world.rooms.values():
                assert 0 <= room.held <= room.taken <= room.seats_max
                assert room.held == sum(held.room is room for held in scene.world.holds.values())
        here = [set(scene.world.people) for scene in self.sides]
        away = {leaver.person.id for _, leaver in self.leavers}
        assert not here[0] & here[1]
        assert not (here[0] | here[1]) & away


TestCrossing = Crossing.TestCase
TestCrossing.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
