"""Time in the world: windows end, and all of a region are seated anew."""

import pytest

from geo import Cell, cell_distance_m
from rooms.changes import Change, Ended, Gone, Published, Seated
from rooms.events import Closing
from rooms.room import Room
from rooms.seating import place_of
from rooms.windows import region_of, window_end
from tests.world_views import groups, room_of, together, told_waiting
from tests.worlds import HOME, START, WINDOW_S, Scene, beside


def closings(changes: list[Change]) -> list[Room]:
    return [change.room for change in changes if isinstance(change, Published) and isinstance(change.event, Closing)]


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
