"""Time in the world: those who wait look farther and farther, and are seated with whom they find."""

import pytest

from geo import cell_distance_m
from rooms.changes import Seated
from rooms.events import Changed, Joined, Waiting
from rooms.placement import ring_m
from rooms.rules import Rules
from rooms.seating import place_of
from tests.world_views import groups, room_of, together, told_waiting
from tests.worlds import HOME, NORTH_M, RING_M, START, WINDOW_S, Scene, beside


def test_lone_people_who_come_are_seated_together_at_once_as_far_as_a_look_reaches_in_the_end() -> None:
    scene = Scene()
    ann, bo, cy = scene.enter(), scene.enter(beside(HOME, north=22)), scene.enter(beside(HOME, north=-4))
    assert together(ann, bo, cy)
    assert scene.listeners[bo.id].seats[0].why.code == "near"
    assert scene.listeners[bo.id].seats[0].why.args == {"distance_m": 13_400}
    scene.check()


def test_lone_people_gather_as_soon_as_a_look_reaches_enough_of_them() -> None:
    scene = Scene()
    people = scene.enter_apart(HOME, beside(HOME, north=11), beside(HOME, north=22))
    rings = -(-11 * NORTH_M // RING_M)
    meet_at = START + (rings - 2) * 10
    scene.wait_until(meet_at - 0.001)
    assert len(groups(scene)) == 3
    changes = scene.wait_until(meet_at)
    assert together(*people)
    assert sum(isinstance(change, Seated) for change in changes) == 2
    assert room_of(people[0]).cell == people[1].cell
    scene.check()


def test_two_lone_people_meet_only_when_nobody_else_is_within_the_whole_reach() -> None:
    scene = Scene()
    ann, bo = scene.enter_apart(HOME, beside(HOME, north=5))
    meet_at = START + (int(15_000 // RING_M) + 1 - 2) * 10
    scene.wait_until(meet_at - 0.001)
    assert not together(ann, bo)
    scene.wait_until(meet_at)
    assert together(ann, bo)
    scene.check()


def test_the_moved_one_is_told_why_and_the_other_hears_them_come() -> None:
    scene = Scene()
    ann, bo = scene.enter_apart(HOME, beside(HOME, north=5))
    scene.wait(200)
    moved, stayed = sorted((scene.listeners[ann.id], scene.listeners[bo.id]), key=lambda one: -len(one.seats))
    assert moved.seats[1].why.code == "outward"
    assert moved.seats[1].why.args == {"distance_m": 3100}
    assert [type(event) for event in stayed.heard if not isinstance(event, Waiting | Changed)] == [Joined]
    assert moved.waiting == stayed.waiting is not None


def test_whose_room_joins_one_of_the_same_cell_is_told_of_no_distance() -> None:
    scene = Scene()
    others = scene.enter_many(Rules().seats_max)
    ann = scene.enter()
    assert not together(ann, others[0])
    scene.leave(others.pop())
    scene.wait(60)
    assert together(ann, *others)
    why = scene.listeners[ann.id].seats[-1].why
    assert (why.code, why.args) == ("outward_here", {})


def test_of_a_pair_and_a_lone_one_the_lone_one_moves() -> None:
    scene = Scene()
    lone = scene.enter(beside(HOME, north=6))
    scene.away(lone)
    pair = scene.enter_many(2)
    scene.back(lone)
    scene.wait(100)
    assert together(lone, *pair)
    assert room_of(lone).cell == HOME
    assert len(scene.listeners[lone.id].seats) == 2


def test_waiting_rooms_look_every_ten_seconds_and_tell_only_what_has_changed() -> None:
    scene = Scene()
    ann = scene.enter()
    scene.wait(1000)
    told = [event for event in scene.listeners[ann.id].heard if isinstance(event, Waiting)]
    reach = [event.within_m for event in told]
    rings_to_the_end = int(15_000 // RING_M) + 1
    assert reach == [*(round(rings * RING_M) for rings in range(2, rings_to_the_end)), 15_000]
    assert len(set(told[0].why_args.items() & told[-1].why_args.items())) == 0


def test_those_who_wait_are_told_when_the_region_fills() -> None:
    scene = Scene(reach_max_m=0.0)
    ann = scene.enter()
    scene.wait(50)
    assert told_waiting(scene, ann).people == "0"
    scene.enter(beside(HOME, north=3))
    scene.wait(10)
    assert told_waiting(scene, ann).people == "1-9"


def test_room_whose_company_leaves_late_begins_to_look_anew_from_near() -> None:
    scene = Scene()
    ann, bo, cy, other = *scene.enter_many(3), scene.enter(beside(HOME, north=8))
    scene.next(other)
    assert not together(ann, other)
    for person in (ann, bo, cy, other):
        person.moved_until = START + WINDOW_S
    scene.wait(600)
    scene.leave(cy)
    assert told_waiting(scene, ann).within_m == round(2 * RING_M)
    scene.wait(9.9)
    assert told_waiting(scene, ann).within_m == round(2 * RING_M)
    scene.wait(0.1)
    assert told_waiting(scene, ann).within_m == round(3 * RING_M)


def test_room_that_begins_to_wait_again_looks_ten_seconds_later_whenever_it_looked_before() -> None:
    scene = Scene()
    ann, _, cy = scene.enter_many(3)
    scene.wait(9)
    scene.leave(cy)
    scene.wait(9.999)
    assert told_waiting(scene, ann).within_m == round(2 * RING_M)
    scene.wait(0.001)
    assert told_waiting(scene, ann).within_m == round(3 * RING_M)


def test_room_looks_again_after_others_have_joined_it_as_long_as_it_waits() -> None:
    scene = Scene()
    pair = scene.enter_many(2)
    scene.away(pair[0])
    scene.enter(beside(HOME, north=4))
    scene.wait(60)
    room = room_of(pair[1])
    assert (len(room.seats), room.company) == (3, 2)
    before = told_waiting(scene, pair[1]).within_m
    scene.wait(30)
    assert told_waiting(scene, pair[1]).within_m > before
    scene.check()


def test_nobody_is_moved_outward_twice_in_one_window_and_anybody_again_in_the_next() -> None:
    scene = Scene()
    sleepers = []
    for cell in (beside(HOME, east=-5), beside(HOME, east=-9)):
        sleepers.append(scene.enter_many(3, cell))
        for person in sleepers[-1]:
            scene.away(person)
    ann = scene.enter()
    first, second = sleepers
    for person in first:
        scene.back(person)
    scene.wait(60)
    assert together(ann, *first)
    assert [seated.why.code for seated in scene.listeners[ann.id].seats] == ["first_here", "outward"]
    for person in second:
        scene.back(person)
    for person in first:
        scene.leave(person)
    scene.wait_until(START + WINDOW_S - 0.001)
    assert not together(ann, *second)
    scene.wait(10.001)
    assert together(ann, *second)
    scene.check()


def test_nobody_meets_farther_than_the_reach() -> None:
    scene = Scene()
    ann, bo = scene.enter(), scene.enter(beside(HOME, north=26))
    assert cell_distance_m(ann.cell, bo.cell) > 15_000
    scene.wait(2 * WINDOW_S)
    assert not together(ann, bo)


@pytest.mark.parametrize(("ann_far", "bo_far"), [(True, True), (True, False), (False, True)])
def test_those_meet_from_far_who_all_asked_for_it(ann_far: bool, bo_far: bool) -> None:
    scene = Scene()
    ann, bo = scene.enter(far=ann_far), scene.enter(beside(HOME, east=60), far=bo_far)
    scene.wait(WINDOW_S - 1)
    assert together(ann, bo) is (ann_far and bo_far)
    scene.check()


def test_who_did_not_ask_for_far_is_never_seated_with_those_who_came_from_there() -> None:
    scene = Scene()
    people = [scene.enter(far=True), scene.enter(beside(HOME, east=60), far=True)]
    scene.wait(700)
    assert together(*people)
    newcomers = [scene.enter(cell) for cell in (HOME, beside(HOME, east=60))]
    scene.wait(300)
    scene.check()
    scene.wait_until(START + 2 * WINDOW_S)
    scene.check()
    for newcomer in newcomers:
        others = [seat.person for seat in room_of(newcomer).seats.values()]
        assert all(cell_distance_m(newcomer.cell, other.cell) < 18_000 for other in others)


def test_who_is_alone_finds_those_awake_beyond_the_sleepers() -> None:
    scene = Scene()
    sleeper = scene.enter(beside(HOME, north=3))
    scene.away(sleeper)
    awake = scene.enter_many(3, beside(HOME, north=9))
    ann = scene.enter()
    scene.wait(100)
    assert together(ann, *awake)
    assert not together(ann, sleeper)


def test_who_is_alone_in_the_whole_reach_is_not_looked_at_until_something_may_be_found_or_somebody_comes() -> None:
    scene = Scene()
    person = scene.enter()
    room, _ = place_of(person)
    reached_at = START + scene.rules.look_every_s * (scene.rules.reach_max_m // ring_m(room, scene.rules) + 1)
    scene.wait_until(reached_at - 100)
    assert room.looks_at <= scene.now + scene.rules.look_every_s, "its reach still grows, which is told"
    scene.wait_until(reached_at + 100)
    assert room.idle_until <= room.looks_at
    scene.wait_until(room.looks_at)
    assert room.looks_at == scene.now + 5 * scene.rules.look_every_s
    scene.enter()
    assert room.looks_at == scene.now + scene.rules.look_every_s, "two look for a third at once"
