"""A window's end in slices: what people may do while it is under way, and what becomes of them."""

import random
from collections.abc import Iterator

import pytest

from rooms import gathering
from rooms.changes import Change, Gone, Published, Seated, Unseated
from rooms.events import Closing, Joined, Left, Said
from rooms.extent import apart_m
from rooms.person import Person
from rooms.reform import Gathered, plan_in_slices
from rooms.reform import Left as LeftRoom
from rooms.rules import Rules
from tests.world_views import room_of
from tests.worlds import HOME, START, Scene, beside, keep

END = START + Rules().window_s


@pytest.fixture(autouse=True)
def _short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every step a slice by itself."""
    monkeypatch.setattr(gathering, "SLICE_US", 1)


def at_the_end(people: int = 60) -> tuple[Scene, list[Person]]:
    """Return a crowd whose window has just ended, nothing of it done yet."""
    scene = Scene()
    crowd = [scene.enter(beside(HOME, north=number % 3, east=number % 2)) for number in range(people)]
    scene.wait_until(END - 0.001)
    scene.now = END
    return scene, crowd


def slices(scene: Scene) -> Iterator[list[Change]]:
    """Do slice after slice of what is due."""
    while (deadline := scene.world.deadline) is not None and deadline <= scene.now:
        yield scene.wait_in_part(1)
        scene.check()


def half_way(scene: Scene, crowd: list[Person]) -> tuple[Person, Person]:
    """Go on until some have a new seat, and return one of them and one of those who do not."""
    for _ in slices(scene):
        moved = [person for person in crowd if person.room is not None and not person.room.is_over]
        if moved:
            break
    return moved[0], next(person for person in crowd if room_of(person).is_over)


def test_room_by_room_everybody_gets_one_new_seat_and_sits_somewhere_all_the_time() -> None:
    scene, crowd = at_the_end()
    told: list[str] = []
    steps = 0
    for changes in slices(scene):
        steps += 1
        seated = [change for change in changes if isinstance(change, Seated)]
        told += [change.person.id for change in seated]
        assert len({change.room.id for change in seated}) <= 1
        assert not any(isinstance(change, Published) and isinstance(change.event, Left | Joined) for change in changes)
    assert sorted(told) == sorted(person.id for person in crowd)
    assert steps > 20
    assert not any(room.is_over for room in scene.world.rooms.values())


def test_who_waits_for_the_new_seat_goes_on_talking_in_the_old_room() -> None:
    scene, crowd = at_the_end()
    _, waits = half_way(scene, crowd)
    old = room_of(waits)
    others = [seat.person for seat in old.seats.values()]
    scene.say(waits, "one more thing")
    assert {
        [event.text for event in scene.listeners[person.id].heard if isinstance(event, Said)][-1] for person in others
    } == {"one more thing"}
    for _ in slices(scene):
        pass
    assert room_of(waits) is not old


def test_newcomers_get_no_seat_in_a_room_that_is_over_and_are_not_seated_twice() -> None:
    scene, crowd = at_the_end()
    scene.wait_in_part(1)
    newcomers = scene.enter_many(5)
    assert not {room_of(newcomer) for newcomer in newcomers} & {room_of(person) for person in crowd}
    for _ in slices(scene):
        pass
    assert all(len(scene.listeners[newcomer.id].seats) == 1 for newcomer in newcomers)


def test_who_leaves_meanwhile_is_dropped_from_the_plan_and_those_left_are_told() -> None:
    scene, crowd = at_the_end()
    _, goes = half_way(scene, crowd)
    stays = [seat.person for seat in room_of(goes).seats.values() if seat.person is not goes]
    scene.leave(goes)
    assert all(isinstance(scene.listeners[person.id].heard[-1], Left) for person in stays)
    later = [change for changes in slices(scene) for change in changes]
    assert not any(isinstance(change, Seated | Unseated) and change.person is goes for change in later)


def test_who_presses_next_meanwhile_keeps_the_seat_they_got() -> None:
    scene, crowd = at_the_end()
    _, goes = half_way(scene, crowd)
    scene.next(goes)
    got = room_of(goes)
    assert not got.is_over
    for _ in slices(scene):
        pass
    assert room_of(goes) is got


def test_connection_lost_meanwhile_is_still_lost_in_the_new_room() -> None:
    scene, crowd = at_the_end()
    _, lost = half_way(scene, crowd)
    scene.lose(lost)
    for _ in slices(scene):
        pass
    assert (room_of(lost).is_over, room_of(lost).unconnected) == (False, 1)
    scene.wait(30)
    assert lost.seat is None


def test_seat_whose_time_is_over_when_the_window_ends_is_given_up_before_the_plan() -> None:
    scene = Scene()
    ann, *_ = crowd = scene.enter_many(30)
    scene.wait_until(END - 30)
    scene.lose(ann)
    scene.wait_until(END - 0.001)
    scene.now = END
    changes = scene.wait_in_part(5)
    assert [change.person for change in changes if isinstance(change, Gone)] == [ann]
    assert all(room_of(person).is_over for person in crowd[1:])


def test_where_one_goes_meanwhile_counts_with_the_next_window() -> None:
    scene, crowd = at_the_end()
    _, moves = half_way(scene, crowd)
    assert scene.world.move(moves, beside(HOME, north=9), now=scene.now) == END + Rules().window_s
    for _ in slices(scene):
        pass
    assert moves.cell != moves.next_cell == beside(HOME, north=9)


def test_who_no_longer_accepts_far_company_meanwhile_gets_none() -> None:
    scene = Scene()
    far = [scene.enter(beside(HOME, east=east), far=True) for east in (0, 0, 0, 45)]
    for person in far[1:]:
        scene.next(person)
    scene.wait_until(END - 0.001)
    scene.now = END
    scene.wait_in_part(3)
    for person in far:
        person.far = False
    for _ in slices(scene):
        pass
    scene.check()


@pytest.mark.parametrize("apart", [0, 6, 40], ids=["in one place", "around", "far and wide"])
def test_who_keep_each_other_and_are_kept_apart_meanwhile_do_not_sit_down_together(apart: int) -> None:
    barred = 0
    for seed in range(30):
        scene, chance = Scene(seed=seed), random.Random(seed)
        pairs = []
        for _ in range(20):
            cell = beside(HOME, north=chance.randint(-apart, apart), east=chance.randint(-apart, apart))
            one, other = scene.enter(cell), scene.enter(cell)
            keep(one, other)
            pairs.append((one, other))
        scene.wait_until(END - 0.001)
        scene.now = END
        meanwhile = []
        for _ in slices(scene):
            waiting = [pair for pair in pairs if all(room_of(person).is_over for person in pair)]
            if waiting and chance.random() < 0.1:
                one, other = pair = chance.choice(waiting)
                # By a bottle, which ends no keeping and moves nobody.
                one.barred |= {other.id}
                other.barred |= {one.id}
                meanwhile.append(pair)
        assert not [pair for pair in meanwhile if room_of(pair[0]) is room_of(pair[1])]
        if not apart:
            assert all(room_of(one) is room_of(other) for one, other in pairs if (one, other) not in meanwhile)
        barred += len(meanwhile)
    assert barred > 30


def test_people_say_goodbye_in_slices_too() -> None:
    scene = Scene()
    scene.enter_many(60)
    rooms = list(scene.world.rooms.values())
    scene.wait_until(END - 120.001)
    scene.now = END - 120
    told = [[change.room for change in changes if isinstance(change, Published)] for changes in slices(scene)]
    assert max(map(len, told)) == 1
    assert [room for some in told for room in some] == rooms
    closings = [
        event for listener in scene.listeners.values() for event in listener.heard if isinstance(event, Closing)
    ]
    assert len(closings) == 60


def test_windows_of_two_regions_may_end_while_each_other_is_under_way() -> None:
    scene = Scene()
    cells = [beside(HOME, north=north, east=east) for north in range(-30, 30, 4) for east in range(-30, 30, 6)]
    crowd = [scene.enter(cell) for cell in cells for _ in range(2)]
    ends = sorted({room.closes for room in scene.world.rooms.values()})
    assert len(ends) > 1
    scene.wait_until(END - 0.001)
    # Late, so that all of them are due at once.
    scene.now = ends[-1] + 1
    for _ in slices(scene):
        pass
    assert len(scene.world.people) == len(crowd)
    assert all(room.closes > scene.now for room in scene.world.rooms.values())


def test_no_step_of_a_stadium_s_plan_is_longer_than_a_slice() -> None:
    people = [Gathered(f"p{number}", HOME, LeftRoom(f"r{number // 8}", HOME), 15_000) for number in range(20_000)]
    steps = list(plan_in_slices(people, rules=Rules(), rng=random.Random(1)))
    assert max(steps) <= 2_000
    assert sum(steps) > 20_000


def test_who_asked_for_far_joins_nobody_from_beyond_what_they_asked_for() -> None:
    told: list[tuple[bool, float]] = []
    for seed in range(12):
        scene, chance = Scene(seed=seed), random.Random(seed)
        for _ in range(60):
            place = beside(HOME, north=chance.randrange(-120, 120), east=chance.randrange(-60, 60))
            scene.enter(place, far=chance.random() < 0.3)
            scene.wait(40)
        scene.wait(Rules().window_s + 100)
        for room in scene.world.rooms.values():
            people = [seat.person for seat in room.seats.values()]
            told += [(all(person.far for person in people), apart_m(person.cell, room.cell)) for person in people]
    assert all(everybody or far_m <= Rules().reach_max_m for everybody, far_m in told)
    assert any(far_m > Rules().reach_max_m for _, far_m in told)
