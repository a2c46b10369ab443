"""What time does to the rooms: waiting rooms look outward, seats are given up, windows end."""

import pytest

from geo import Cell, cell_distance_m
from rooms.changes import Change, Ended, Gone, Published, Seated
from rooms.events import Changed, Closing, Joined, Left, Waiting
from rooms.person import Person
from rooms.placement import ring_m
from rooms.room import Room
from rooms.rules import Rules
from rooms.seating import place_of
from rooms.windows import region_of, window_end
from tests.worlds import HOME, RING_M, START, Scene, beside

NORTH_M = HOME.size_m[0]
WINDOW_S = 1800


def room_of(person: Person) -> Room:
    return place_of(person)[0]


def together(*people: Person) -> bool:
    return len({room_of(person).id for person in people}) == 1


def told_waiting(scene: Scene, person: Person) -> Waiting:
    waiting = scene.listeners[person.id].waiting
    assert waiting is not None
    return waiting


def closings(changes: list[Change]) -> list[Room]:
    return [change.room for change in changes if isinstance(change, Published) and isinstance(change.event, Closing)]


def groups(scene: Scene) -> set[frozenset[str]]:
    return {frozenset(seat.person.id for seat in room.seats.values()) for room in scene.world.rooms.values()}


# Waiting rooms look outward


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


# Seats that wait


def test_lost_connection_keeps_the_seat_and_the_others_see_nothing_until_it_is_given_up() -> None:
    scene = Scene()
    ann, bo, *_ = scene.enter_many(4)
    me, room = place_of(ann)[1].member.id, room_of(ann)
    before = len(scene.listeners[bo.id].heard)
    scene.lose(ann)
    assert scene.wait(29.999) == []
    assert room_of(ann) is room
    scene.wait(0.001)
    assert scene.listeners[bo.id].heard[before:] == [Left(5, me, "lost")]
    assert scene.gone == [ann]
    scene.check()


def test_who_returns_in_time_keeps_the_seat() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(3)
    seat = place_of(ann)[1]
    scene.lose(ann)
    scene.wait(29)
    scene.world.regain(ann)
    scene.wait(600)
    assert place_of(ann)[1] is seat
    scene.check()


def test_who_is_lost_again_has_the_whole_time_again() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(3)
    for _ in range(5):
        scene.lose(ann)
        scene.wait(20)
        scene.world.regain(ann)
    scene.lose(ann)
    scene.wait(29.9)
    assert ann.seat is not None
    scene.wait(0.1)
    assert ann.seat is None


def test_who_said_away_keeps_the_seat_a_quarter_of_an_hour() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(4)
    scene.away(ann)
    scene.wait(100)
    scene.lose(ann)
    scene.wait_until(START + 899.9)
    assert ann.seat is not None
    scene.wait(0.1)
    assert ann.seat is None
    scene.check()


def test_who_said_away_keeps_the_seat_to_the_window_s_end_at_most() -> None:
    scene = Scene(now=START + 1200)
    ann, *_ = scene.enter_many(4)
    scene.away(ann)
    scene.lose(ann)
    scene.wait_until(START + WINDOW_S - 0.001)
    assert ann.seat is not None
    changes = scene.wait(0.001)
    assert [change.person for change in changes if isinstance(change, Gone)] == [ann]
    scene.check()


def test_seat_of_whoever_is_away_too_long_is_given_up_with_a_connection_or_without() -> None:
    scene = Scene()
    ann, bo, *_ = scene.enter_many(4)
    scene.away(ann)
    scene.wait(880)
    scene.lose(ann)
    scene.away(bo)
    scene.wait(29.9)
    assert ann.seat is not None
    scene.wait(0.1)
    assert ann.seat is None
    scene.wait(869.9)
    assert bo.seat is not None
    changes = scene.wait(0.1)
    assert [change.person for change in changes if isinstance(change, Gone)] == [bo]
    scene.check()


def test_who_comes_back_in_time_keeps_the_seat() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(4)
    scene.away(ann)
    scene.wait(899)
    scene.back(ann)
    scene.wait(10)
    assert ann.seat is not None
    scene.check()


# Windows


def test_room_says_that_it_closes_two_minutes_before() -> None:
    scene = Scene()
    people = scene.enter_many(3)
    room = room_of(people[0])
    assert room.closes == START + WINDOW_S
    assert closings(scene.wait_until(room.closes - 120.001)) == []
    assert closings(scene.wait(0.001)) == [room]
    assert closings(scene.wait_until(room.closes)) == []
    heard = [event for event in scene.listeners[people[0].id].heard if isinstance(event, Closing)]
    assert heard == [Closing(4, int(room.closes * 1000))]


def test_regions_end_at_times_of_their_own() -> None:
    scene = Scene()
    cells = [Cell.at(40.75, -73.99 + degrees, 6) for degrees in range(12)]
    ends = {(room_of(scene.enter(cell)).closes - START) % WINDOW_S for cell in cells}
    assert len(ends) == 12


def test_room_founded_in_the_last_quarter_outlives_the_window_s_end() -> None:
    scene = Scene(now=START + 1351)
    late = scene.enter_many(3)
    room = room_of(late[0])
    changes = scene.wait_until(START + 2 * WINDOW_S - 121)
    assert closings(changes) == []
    assert not any(isinstance(change, Ended) for change in changes)
    scene.wait(122)
    assert room.id in scene.ended


def test_room_begun_late_that_waits_gathers_when_its_region_does() -> None:
    scene = Scene(now=START + 1351, reach_max_m=4000.0)
    early = scene.enter_many(3)
    scene.now = START + 1500
    lone = scene.enter(beside(HOME, east=-9))
    room = room_of(lone)
    assert (room.region, room.closes) == (region_of(HOME), START + 2 * WINDOW_S)
    assert told_waiting(scene, lone).next_at == (START + WINDOW_S) * 1000
    scene.wait_until(START + WINDOW_S - 0.001)
    assert room_of(lone) is room
    scene.wait(0.001)
    assert room.id in scene.ended
    assert scene.listeners[lone.id].seats[-1].why.code in ("window", "first_here")
    assert not any(person.room is None for person in early)
    scene.check()


def test_rooms_that_wait_gather_though_no_other_room_of_the_region_ends() -> None:
    """Near each other, but each had its one move: only the window's end can bring them together."""
    scene = Scene(now=START + 1500)
    people = scene.enter_apart(HOME, beside(HOME, east=-5), beside(HOME, east=-9))
    for person in people:
        person.moved_until = START + WINDOW_S
    assert {told_waiting(scene, person).next_at for person in people} == {(START + WINDOW_S) * 1000}
    scene.wait_until(START + WINDOW_S - 0.001)
    assert len(groups(scene)) == 3
    scene.wait(0.001)
    assert together(*people)
    scene.check()


def test_room_of_the_region_beside_that_waits_is_taken_in_when_this_one_gathers() -> None:
    scene = Scene()
    edge = next(
        cell for north in range(99) if region_of(beside(cell := beside(HOME, north=north), north=1)) != region_of(HOME)
    )
    guest, *_ = people = scene.enter_apart(beside(edge, north=1), beside(edge, north=-3), beside(edge, north=-7))
    for person in people:
        person.moved_until = START + 2 * WINDOW_S
    assert region_of(guest.cell) != region_of(HOME)
    if window_end(region_of(guest.cell), START, WINDOW_S) < START + WINDOW_S:
        scene.wait_until(window_end(region_of(guest.cell), START, WINDOW_S) - 0.001)
        assert len(groups(scene)) == 3
        scene.wait(0.001)
    else:
        scene.wait_until(START + WINDOW_S)
    assert together(*people)
    assert {scene.listeners[person.id].seats[-1].why.code for person in people} == {"window"}
    scene.check()


def test_all_rooms_of_a_region_end_together_and_all_are_seated_again() -> None:
    scene = Scene()
    people = [scene.enter(beside(HOME, north=n % 4, east=n % 5)) for n in range(90)]
    scene.wait_until(START + WINDOW_S - 0.001)
    scene.check()
    before, count = set(scene.world.rooms), len(scene.world.people)
    changes = scene.wait(0.001)
    ended = {change.room.id for change in changes if isinstance(change, Ended)}
    mine = {id for id in before if id in ended}
    assert {room.id for room in scene.world.rooms.values() if room.closes <= scene.now} == set()
    assert mine == {id for id in before if id not in scene.world.rooms} != set()
    seated = [change.person.id for change in changes if isinstance(change, Seated)]
    assert len(seated) == len(set(seated)) == count == len(people)
    scene.check()


def test_nobody_of_a_crowd_sits_with_exactly_those_they_just_left() -> None:
    scene = Scene()
    scene.enter_many(60)
    scene.wait_until(START + WINDOW_S - 0.001)
    before = groups(scene)
    scene.wait(0.001)
    assert not before & groups(scene)
    assert all(6 <= len(room.seats) <= 10 for room in scene.world.rooms.values())
    scene.check()


def test_in_a_region_of_one_room_nothing_changes_but_ids() -> None:
    scene = Scene()
    people = [scene.enter(cell, name=name) for cell, name in ((HOME, "Ann"), (HOME, "Ann"), (HOME, ""), (HOME, ""))]
    people.append(scene.enter(beside(HOME, north=2, east=1)))
    old, names = room_of(people[0]), [place_of(person)[1].member.name for person in people]
    scene.leave(people.pop(0))
    scene.wait_until(old.closes - 0.001)
    me, within_m = place_of(people[0])[1].member.id, old.within_m
    changes = scene.wait(0.001)
    new = room_of(people[0])
    assert together(*people)
    assert (new.cell, new.within_m, new.opened) == (old.cell, within_m, old.closes)
    assert new.closes == old.closes + WINDOW_S
    assert [place_of(person)[1].member.name for person in people] == names[1:]
    assert new.id != old.id
    assert place_of(people[0])[1].member.id != me
    assert not any(isinstance(change, Published) for change in changes)
    assert all(change.why.code == "window" for change in changes if isinstance(change, Seated))
    scene.check()


def test_those_who_wait_when_the_window_ends_go_on_looking_as_far_as_they_did() -> None:
    scene = Scene()
    pair = scene.enter_many(2)
    scene.wait_until(START + WINDOW_S)
    assert told_waiting(scene, pair[0]).within_m == 15_000
    assert told_waiting(scene, pair[0]).next_at == (START + 2 * WINDOW_S) * 1000
    lone = scene.enter(beside(HOME, north=20))
    scene.wait(10)
    assert together(lone, *pair)


def test_lone_people_of_one_region_who_wait_apart_go_on_looking_too() -> None:
    scene = Scene()
    people = [scene.enter(), scene.enter(beside(HOME, east=17))]
    assert region_of(people[0].cell) == region_of(people[1].cell) or cell_distance_m(*(p.cell for p in people)) > 15_000
    scene.wait_until(START + WINDOW_S)
    for person in people:
        if room_of(person).closes == START + 2 * WINDOW_S:
            assert told_waiting(scene, person).within_m == 15_000


def test_seat_that_waits_goes_on_waiting_in_the_new_room_and_no_longer() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(20)
    scene.wait_until(START + WINDOW_S - 10)
    scene.lose(ann)
    scene.wait(29.9)
    assert room_of(ann).opened == START + WINDOW_S
    assert room_of(ann).unconnected == 1
    scene.check()
    scene.wait(0.1)
    assert ann.seat is None
    scene.check()


def test_seat_whose_time_is_over_with_the_window_is_gone() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(5)
    scene.wait_until(START + WINDOW_S - 30)
    scene.lose(ann)
    changes = scene.wait(30)
    assert [change.person for change in changes if isinstance(change, Gone)] == [ann]
    assert not any(isinstance(change, Seated) and change.person is ann for change in changes)
    scene.check()


def test_seat_of_whoever_is_away_is_kept_to_the_windows_end_and_no_longer() -> None:
    scene = Scene()
    ann, bo, cy = scene.enter_many(3)
    scene.wait_until(START + WINDOW_S - 10)
    scene.away(ann)
    changes = scene.wait(10)
    assert [change.person for change in changes if isinstance(change, Gone)] == [ann]
    assert told_waiting(scene, bo).why_code == "few"
    assert together(bo, cy)
    scene.check()


def test_room_left_by_next_may_have_the_same_people_again_once_it_has_ended() -> None:
    scene = Scene()
    ann, bo, cy = scene.enter_many(3)
    scene.next(ann)
    assert not together(ann, bo)
    scene.wait_until(START + WINDOW_S)
    assert together(ann, bo, cy)


# Time that passed unattended


@pytest.mark.parametrize("hours", [0.4, 1, 7, 24 * 30])
def test_time_done_late_by_hours_seats_everybody_once_and_goes_on(hours: float) -> None:
    scene = Scene()
    for number in range(120):
        scene.enter(beside(HOME, north=number % 11, east=number % 7))
    lost = list(scene.world.people.values())[:10]
    for person in lost:
        scene.lose(person)
    changes = scene.sleep(hours * 3600)
    scene.check()
    assert scene.world.deadline is not None
    assert scene.world.deadline > scene.now
    assert all(room.closes > scene.now for room in scene.world.rooms.values())
    assert len(scene.world.people) == 110
    assert sum(isinstance(change, Seated) for change in changes) <= 3 * 120
    scene.wait(2 * WINDOW_S)
    scene.check()


def test_newcomer_of_an_overdue_window_is_seated_and_reseated() -> None:
    scene = Scene()
    scene.enter_many(3)
    scene.now += 3 * 3600
    late = scene.enter()
    scene.wait(0)
    assert room_of(late).closes == window_end(region_of(HOME), scene.now, WINDOW_S)
    scene.check()


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
