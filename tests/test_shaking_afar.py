"""Who shakes in the same moment in different processes meets: one comes over; nobody sits alone in a room for it."""

import random
from functools import partial

import msgspec
import pytest

from geo import Cell
from rooms.apart import keep_apart
from rooms.changes import Change, Seated
from rooms.events import Nobody
from rooms.frozen import freeze_person
from rooms.moment import MEET_MAX, Shake
from rooms.moving import Leaver, hold, take_out
from rooms.person import Person
from rooms.room import NEARBY, SHAKE
from rooms.seating import place_of
from rooms.shaking import ANSWER_S, TOGETHER_S
from rooms.shaking_afar import (
    COMES_S,
    Guest,
    Offer,
    can_go,
    come,
    find_offer,
    guest_of,
    set_out,
    stay,
    stayed,
    take_in,
)
from tests.worlds import HOME, Listener, Scene, beside, counter

TOKYO = Cell("xn76ur")


class Process(Scene):
    """A scene among others, and what its rooms left over."""

    def __init__(self, name: str, seed: int = 1) -> None:
        super().__init__(seed)
        self.world.seating._new_id = counter(f"{name}-")
        self._new_name = counter(f"{name}p")
        self.left_over: list[Shake] = []
        self.world.shaking.look_elsewhere = self.left_over.append

    def shakes(self, person: Person, *, ref: str | None = None) -> Shake:
        self.shake(person, ref=ref)
        return self.world.shaking.waiting[person.id]

    def find(self, shake: Shake) -> Offer | None:
        return find_offer(self.world, over_the_wire(shake))

    def expect(self, shake: Shake) -> bool:
        """Expect whoever shook, for the best there is."""
        offer = self.find(shake)
        return offer is not None and take_in(self.world, over_the_wire(shake), offer, now=self.now)

    def welcome(self, leaver: Leaver, shake: Shake) -> None:
        self.listeners[leaver.person.id] = Listener()
        self.carry_out(come(self.world, leaver, at=shake.at, ref=shake.ref, now=self.now))

    def send(self, shake: Shake) -> Leaver:
        set_out(self.world, shake)
        leaver, changes = take_out(self.world, shake.person, now=self.now)
        self.carry_out(changes)
        self.listeners.pop(leaver.person.id)
        return msgspec.msgpack.decode(msgspec.msgpack.encode(leaver), type=Leaver)

    def nobodies(self, person: str) -> list[Nobody]:
        return [event for event in self.listeners[person].heard if isinstance(event, Nobody)]


def over_the_wire(shake: Shake) -> Guest:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(guest_of(shake)), type=Guest)


def company_of(person: Person) -> set[str]:
    return {seat.person.id for seat in place_of(person)[0].seats.values()}


@pytest.fixture
def here() -> Process:
    return Process("here")


@pytest.fixture
def there() -> Process:
    return Process("there")


def both_wait(seconds: float, *processes: Process) -> None:
    for process in processes:
        process.wait(seconds)


def test_the_older_comes_to_the_younger_and_both_are_shown_each_other(here: Process, there: Process) -> None:
    ann, bo = here.enter(), there.enter(TOKYO)
    before = place_of(ann)[0].id
    first = here.shakes(ann, ref="a")
    both_wait(1, here, there)
    second = there.shakes(bo, ref="b")
    assert here.find(second) is None, "it is the older who goes"
    both_wait(TOGETHER_S - 1, here, there)
    assert here.left_over == [first]
    assert can_go(here.world, first)
    assert there.expect(first)
    assert place_of(bo)[0].kind == NEARBY, "nobody sits in a room for somebody who has not come"
    there.welcome(here.send(first), first)
    here.check()
    there.check()
    assert not here.world.people
    ann = there.world.people[ann.id]
    assert company_of(bo) == {ann.id, bo.id}
    assert place_of(bo)[0].kind == SHAKE
    assert (ann.met, bo.met) == (frozenset({bo.id}), frozenset({ann.id}))
    told = {change.person.id: change for change in there.trace if isinstance(change, Seated) and change.ref}
    assert {id: (change.ref, change.why.code) for id, change in told.items()} == {
        ann.id: ("a", "shake"),
        bo.id: ("b", "shake"),
    }
    assert all(len(change.members) == 2 for change in told.values())
    assert ann.came_from == before
    there.wait(2 * ANSWER_S)
    assert not there.nobodies(ann.id)
    assert not there.nobodies(bo.id)


def test_who_has_enough_is_seated_near_their_cell_where_nothing_leads_back(here: Process, there: Process) -> None:
    ann, bo, cy = here.enter(), there.enter(TOKYO), there.enter()
    shake = here.shakes(ann)
    there.shakes(bo).at += 0.001
    both_wait(TOGETHER_S - 0.5, here, there)
    assert there.expect(shake)
    there.welcome(here.send(shake), shake)
    ann = there.world.people[ann.id]
    assert company_of(ann) == {ann.id, bo.id}
    there.next(ann)
    assert company_of(ann) == {ann.id, cy.id}
    there.check()


def test_a_seat_of_a_room_of_this_moment_is_held_and_taken(here: Process, there: Process) -> None:
    bo, cy = there.enter(TOKYO), there.enter(HOME)
    there.shakes(bo)
    there.shakes(cy)
    there.wait(TOGETHER_S - 0.5)
    here.wait(TOGETHER_S - 0.5)
    ann = here.enter()
    shake = here.shakes(ann)
    both_wait(0.5, here, there)
    room = place_of(bo)[0]
    assert room is place_of(cy)[0]
    offer = there.find(shake)
    assert offer is not None
    assert (offer.is_room, offer.id) == (True, room.id)
    assert there.expect(shake)
    assert (room.taken, len(room.seats)) == (3, 2)
    there.welcome(here.send(shake), shake)
    assert (room.taken, room.held) == (3, 0)
    assert bo.met == {ann.id, cy.id}
    assert there.world.people[ann.id].met == {bo.id, cy.id}
    for number in range(MEET_MAX - room.taken):
        assert hold(there.world, freeze_person(Person(f"h{number}", HOME)), now=there.now, room=room.id)
    dee = here.enter()
    late = here.shakes(dee)
    assert there.find(late) is None, "it is full"
    there.check()


def test_who_is_kept_apart_from_somebody_is_offered_nothing_of_theirs(here: Process, there: Process) -> None:
    ann, bo, cy = here.enter(), there.enter(TOKYO), there.enter(HOME)
    shake = here.shakes(ann)
    ann.barred = frozenset({bo.id})
    there.now += 0.5
    there.shakes(bo)
    assert there.find(shake) is None
    ann.barred = frozenset()
    assert there.find(shake) is not None
    bo.barred = frozenset({ann.id})
    assert there.find(shake) is None, "in either direction"
    there.shakes(cy)
    there.wait(TOGETHER_S)
    assert place_of(bo)[0] is place_of(cy)[0]
    ann.barred = frozenset({bo.id})
    assert there.find(shake) is None, "nor a seat in a room where they sit"


def test_strangers_are_offered_before_whom_one_has_just_met(here: Process, there: Process) -> None:
    ann, near, far = here.enter(), there.enter(beside(HOME, north=1)), there.enter(TOKYO)
    shake = here.shakes(ann)
    there.now += 0.1
    there.shakes(near)
    there.shakes(far)
    assert [offer.id for offer in [there.find(shake)] if offer] == [near.id]
    ann.met = frozenset({near.id})
    assert [offer.id for offer in [there.find(shake)] if offer] == [far.id]


def test_one_who_is_promised_is_nobody_elses_until_it_is_known_that_nobody_comes(here: Process, there: Process) -> None:
    ann, bo, cy = here.enter(), there.enter(TOKYO), there.enter(HOME)
    shake = here.shakes(ann)
    here.wait(TOGETHER_S)
    there.wait(TOGETHER_S - 0.5)
    there.shakes(bo, ref="b")
    there.wait(0.5)
    assert there.expect(shake)
    assert there.find(shake) is None
    there.shakes(cy)
    # Bo's own decision comes while Ann is expected.
    there.wait(TOGETHER_S - 0.5)
    assert place_of(bo)[0].kind == NEARBY
    there.carry_out(stayed(there.world, ann.id, now=there.now))
    assert [left.person for left in there.left_over] == [bo]
    assert not there.world.shaking.promised
    there.wait(ANSWER_S)
    assert [nobody.ref for nobody in there.nobodies(bo.id)] == ["b"]


def test_who_waits_for_somebody_who_never_comes_is_told_nobody(here: Process, there: Process) -> None:
    ann, bo = here.enter(), there.enter(TOKYO)
    shake = here.shakes(ann)
    here.wait(TOGETHER_S)
    there.wait(0.1)
    there.shakes(bo, ref="b")
    there.wait(ANSWER_S - 0.5)
    assert there.expect(shake)
    there.wait(0.5)
    assert not there.nobodies(bo.id), "somebody may come yet"
    there.wait(COMES_S)
    assert [nobody.ref for nobody in there.nobodies(bo.id)] == ["b"]
    assert place_of(bo)[0].kind == NEARBY
    there.welcome(here.send(shake), shake)
    assert len(there.nobodies(ann.id)) == 1, "too late: they are a newcomer who met nobody"
    assert company_of(bo) == {bo.id}
    assert not there.world.shaking.waiting
    there.check()


def test_who_comes_for_somebody_who_has_left_is_told_nobody(here: Process, there: Process) -> None:
    ann, bo = here.enter(), there.enter(TOKYO)
    shake = here.shakes(ann, ref="a")
    there.now += 0.1
    there.shakes(bo)
    assert there.expect(shake)
    there.leave(bo)
    there.welcome(here.send(shake), shake)
    assert place_of(there.world.people[ann.id])[0].kind == NEARBY
    assert [nobody.ref for nobody in there.nobodies(ann.id)] == ["a"]
    there.check()


def test_who_is_bound_to_leave_is_told_nobody_only_when_that_is_over(here: Process) -> None:
    ann = here.enter()
    shake = here.shakes(ann)
    here.wait(TOGETHER_S)
    shake.is_bound = True
    here.wait(ANSWER_S)
    assert not here.nobodies(ann.id)
    here.carry_out(stay(here.world, shake, now=here.now))
    assert len(here.nobodies(ann.id)) == 1


class Network:
    """Processes that ask each other in no time; of what was agreed some comes to nothing."""

    def __init__(self, seed: int, *, lost: float) -> None:
        self.chance = random.Random(seed)
        self.lost = lost
        self.processes = [Process(name, seed) for name in "abc"]
        for process in self.processes:
            process.world.shaking.look_elsewhere = partial(self._soon, process)

    def _soon(self, process: Process, shake: Shake) -> None:
        process.world.later(process.now, partial(self._look, process, shake))

    def _look(self, process: Process, shake: Shake, now: float) -> list[Change]:
        """Do what a node does; as an act of the agenda, since nobody may be sent away in the middle of another act."""
        if not can_go(process.world, shake):
            return []
        changes = process.world.shaking.join_late(process.world, shake, now)
        if changes:
            return changes
        others = [other for other in self.processes if other is not process]
        offers = [(offer, other) for other in others if (offer := other.find(shake)) is not None]
        for offer, other in sorted(offers, key=lambda pair: pair[0]):
            if not take_in(other.world, over_the_wire(shake), offer, now=now):
                continue
            if self.chance.random() >= self.lost:
                other.welcome(process.send(shake), shake)
                return []
            if self.chance.random() < 0.5:
                other.carry_out(stayed(other.world, shake.person.id, now=now))
        process.world.later(now + 0.25, partial(self._look, process, shake))
        return []

    def wait_until(self, moment: float) -> None:
        while True:
            due = min(self.processes, key=lambda process: process.world.deadline or moment + 1)
            deadline = due.world.deadline
            if deadline is None or deadline > moment:
                break
            for process in self.processes:
                process.now = max(process.now, deadline)
            due.carry_out(due.world.tick(now=due.now))
        for process in self.processes:
            process.now = moment


@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_everybody_who_could_meet_somebody_does_wherever_they_are(lost: float) -> None:
    met = could = 0
    for seed in range(25):
        network = Network(seed, lost=lost)
        chance = random.Random(seed)
        places = [beside(HOME, north=4 * n) for n in range(12)]
        ids = [chance.choice(network.processes).enter(chance.choice(places)).id for _ in range(24)]
        start = network.processes[0].now
        at = sorted((start + chance.random() * chance.choice([10, 30, 60]), id) for id in ids)
        for moment, id in at:
            network.wait_until(moment)
            [process] = [process for process in network.processes if id in process.world.people]
            process.shakes(process.world.people[id])
        network.wait_until(at[-1][0] + 2 * ANSWER_S + COMES_S)
        kinds: dict[str, str] = {}
        for process in network.processes:
            process.check()
            assert not process.world.shaking.waiting
            assert not process.world.shaking.left_over
            assert not process.world.shaking.promised
            assert all(len(room.seats) > 1 for room in process.world.rooms.values() if room.kind == SHAKE)
            for person in process.world.people.values():
                assert person.id not in kinds, "nobody sits in two rooms"
                kinds[person.id] = place_of(person)[0].kind
                assert (kinds[person.id] == SHAKE) is not bool(process.nobodies(person.id)), "one answer, not two"
        assert kinds.keys() == set(ids)
        for moment, id in at:
            if any(abs(moment - other) <= TOGETHER_S for other, who in at if who != id):
                could += 1
                met += kinds[id] == SHAKE
    assert could > 300
    assert met / could > (0.99 if not lost else 0.95)


def test_offers_are_best_when_new_then_near_then_people() -> None:
    offers = [Offer(False, 9.0, False, "c"), Offer(False, 1.0, True, "b"), Offer(True, 0.0, False, "a")]
    assert min(offers).id == "b"
    assert sorted(offers)[-1].id == "a"


def test_blocks_made_meanwhile_count_when_somebody_comes(here: Process, there: Process) -> None:
    ann, bo = here.enter(), there.enter(TOKYO)
    shake = here.shakes(ann)
    there.now += 0.1
    there.shakes(bo)
    assert there.expect(shake)
    keep_apart(bo, Person(ann.id, HOME))
    there.welcome(here.send(shake), shake)
    assert company_of(bo) == {bo.id}
    assert len(there.nobodies(ann.id)) == 1
