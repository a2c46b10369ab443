"""What people do and what follows from it in the rooms; what time does is in test_world_time.py."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from geo import Cell
from rooms.apart import AVOIDS_MAX
from rooms.changes import Change, Ended, Gone, Published, Seated, Unseated
from rooms.errors import NameWorn, NotSeated
from rooms.events import Changed, Joined, Left, Waiting
from rooms.person import Person
from rooms.room import Room
from rooms.seating import place_of
from rooms.whys import SENTENCES, Why
from rooms.windows import region_of
from tests.test_region import Others
from tests.worlds import HOME, RING_M, START, Scene, beside, busy_evening, digest

ROOT = Path(__file__).parent.parent


def room_of(person: Person) -> Room:
    return place_of(person)[0]


def kinds(changes: list[Change]) -> list[str]:
    """Return each change's kind, and of what is published the event's."""
    return [type(change.event if isinstance(change, Published) else change).__name__ for change in changes]


# Entering


def test_the_first_somewhere_waits_in_a_room_of_their_own() -> None:
    scene = Scene()
    ann = scene.enter()
    assert kinds(scene.trace) == ["Joined", "Seated", "Waiting"]
    waiting = scene.listeners[ann.id].waiting
    assert waiting is not None
    assert (waiting.why_code, waiting.people, waiting.bottles) == ("alone", "0", False)
    assert waiting.within_m == waiting.why_args["within_m"] == round(2 * RING_M)
    assert waiting.next_at == (START + 1800) * 1000
    assert waiting.why == f"Nobody else is here yet; the server looks for others within {waiting.within_m} m."
    scene.check()


def test_the_second_waits_along_and_the_third_ends_the_waiting() -> None:
    scene = Scene()
    ann, bo = scene.enter_many(2)
    for listener in (scene.listeners[ann.id], scene.listeners[bo.id]):
        assert listener.waiting is not None
        assert (listener.waiting.why_code, listener.waiting.why_args["company"]) == ("few", 2)
    before = len(scene.trace)
    scene.enter()
    assert kinds(scene.trace[before:]) == ["Joined", "Seated"]
    assert room_of(ann).waiting_since is None


def test_hundreds_in_one_cell_are_shared_out_over_sibling_rooms() -> None:
    scene = Scene()
    people = scene.enter_many(300)
    sizes = sorted(len(room.seats) for room in scene.world.rooms.values())
    assert sizes[-1] <= 12
    assert all(size >= 8 for size in sizes[1:])
    assert all(person.cell == room_of(person).cell for person in people)
    scene.check()


def test_newcomers_beside_a_crowd_never_wait_alone_and_sit_together() -> None:
    scene = Scene()
    scene.enter_many(8)
    guests = scene.enter_many(4, beside(HOME, east=1))
    assert len({room_of(guest).id for guest in guests}) == 1
    assert all(3 <= len(room.seats) <= 12 for room in scene.world.rooms.values())
    scene.check()


def test_coarse_and_fine_people_of_one_place_sit_together() -> None:
    scene = Scene()
    people = [scene.enter(cell) for cell in (HOME.parent(4), HOME, HOME.parent(5), HOME.parent(4))]
    assert len({room_of(person).id for person in people}) == 1
    assert scene.listeners[people[1].id].seats[0].why.code == "same_cell"
    scene.check()


@pytest.mark.parametrize("cell", ["zzzzzz", "000000", "pbpbpb", "bpbpbp", "xbpbpb", "8pbpbp"])
def test_people_at_the_poles_and_beside_the_antimeridian_find_each_other(cell: str) -> None:
    scene = Scene()
    here, beyond = scene.enter(Cell(cell)), scene.enter(beside(Cell(cell), east=1))
    assert room_of(here) is room_of(beyond)
    scene.check()


def test_people_in_the_region_are_told_in_buckets_without_those_in_the_room() -> None:
    scene = Scene(reach_max_m=0.0)
    away = next(cell for n in range(-9, 9) if region_of(cell := beside(HOME, north=n, east=5)) == region_of(HOME))
    told = []
    for others in (1, 8, 1, 89, 1):
        scene.enter_many(others, away)
        lone = scene.enter(HOME)
        waiting = scene.listeners[lone.id].waiting
        assert waiting is not None
        told.append(waiting.people)
        scene.leave(lone)
    assert told == ["1-9", "1-9", "10-99", "10-99", "100+"]


def test_guests_from_the_region_beside_are_not_counted_out_of_this_one() -> None:
    scene = Scene(reach_max_m=0.0)
    edge = next(
        cell
        for east in itertools.count()
        if region_of(beside(cell := beside(HOME, east=east), east=1)) != region_of(HOME)
    )
    scene.enter(edge)
    guest = scene.enter(beside(edge, east=1))
    assert room_of(guest).cell == edge
    scene.enter(beside(edge, east=-6))
    scene.wait(10)
    waiting = scene.listeners[guest.id].waiting
    assert waiting is not None
    assert waiting.people == "1-9"


def test_who_stays_behind_alone_is_told_that_nobody_is_left() -> None:
    scene = Scene()
    ann, bo = scene.enter_many(2)
    scene.leave(bo)
    waiting = scene.listeners[ann.id].waiting
    assert waiting is not None
    assert (waiting.people, waiting.why_code) == ("0", "alone")


# Next


def test_next_answers_with_a_room_and_its_ref_and_the_others_see_an_ordinary_leaving() -> None:
    scene = Scene()
    people = scene.enter_many(4)
    old = room_of(people[0])
    me = place_of(people[0])[1].member.id
    changes = scene.carry_out(scene.world.next(people[0], now=scene.now, ref="a"))
    assert kinds(changes) == ["Unseated", "Left", "Joined", "Seated", "Waiting"]
    left, seated = changes[1], changes[3]
    assert isinstance(left, Published)
    assert left.event == Left(5, me, "moved")
    assert isinstance(seated, Seated)
    assert seated.ref == "a"
    assert room_of(people[0]) is not old
    scene.check()


def test_next_never_leads_back_before_the_room_left_has_ended() -> None:
    scene = Scene()
    people = scene.enter_many(20)
    seen = [room_of(people[0]).id]
    for _ in range(6):
        scene.next(people[0])
        seen.append(room_of(people[0]).id)
    assert len(set(seen)) == len(seen)
    scene.check()


def test_who_waits_alone_gets_another_room_by_next_too_and_the_old_one_is_gone() -> None:
    scene = Scene()
    ann = scene.enter()
    old = room_of(ann)
    assert kinds(scene.next(ann)) == ["Unseated", "Ended", "Joined", "Seated", "Waiting"]
    assert room_of(ann) is not old
    assert old.id not in scene.world.rooms


def test_rooms_left_by_next_are_forgotten_when_they_have_ended() -> None:
    scene = Scene()
    ann = scene.enter()
    for _ in range(50):
        scene.next(ann)
    assert len(ann.avoids) <= 1 + len(scene.world.rooms)


def test_rooms_of_other_processes_that_were_left_are_remembered_and_not_without_end() -> None:
    scene = Scene()
    scene.world.sharing = Others()
    ann = scene.enter()
    ann.avoids = ("elsewhere",)
    scene.next(ann)
    assert "elsewhere" in ann.avoids
    for _ in range(50):
        scene.next(ann)
    assert len(ann.avoids) == AVOIDS_MAX


# Moving


def test_move_counts_at_next_and_never_at_once() -> None:
    scene = Scene()
    ann, _, _ = scene.enter_many(3)
    there = beside(HOME, east=20)
    others = scene.enter_many(3, there)
    assert scene.world.move(ann, there, now=scene.now) == room_of(ann).closes
    scene.wait(300)
    assert ann.cell == HOME
    assert room_of(ann).cell == HOME
    scene.next(ann)
    assert ann.cell == there
    assert room_of(ann) is room_of(others[0])
    scene.check()


def test_move_counts_at_the_next_window_s_end() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(4)
    there = beside(HOME, east=20)
    (other, *_) = scene.enter_many(3, there)
    counts_from = scene.world.move(ann, there, now=scene.now)
    scene.wait_until(counts_from - 0.001)
    assert ann.cell == HOME
    scene.wait_until(counts_from)
    assert ann.cell == there
    assert room_of(ann).cell == there
    scene.check()
    assert other.cell == there


def test_move_of_who_waits_in_a_room_begun_late_counts_when_the_region_gathers() -> None:
    scene = Scene()
    first_end = START + scene.rules.window_s
    scene.wait_until(first_end - 60)
    there = beside(HOME, east=60)
    ann = scene.enter()
    assert room_of(ann).closes > first_end
    counts_from = scene.world.move(ann, there, now=scene.now)
    assert counts_from == first_end
    scene.wait_until(counts_from - 0.001)
    assert ann.cell != there
    scene.wait_until(counts_from)
    assert ann.cell == there


@pytest.mark.parametrize(("cells", "is_joined_again"), [(1, False), (9, True)])
def test_a_room_left_for_another_place_is_joined_again_only_from_out_of_its_neighbourhood(
    cells: int, is_joined_again: bool
) -> None:
    scene = Scene()
    ann, *others = scene.enter_many(4)
    for cell in (beside(HOME, east=cells), HOME):
        scene.world.move(ann, cell, now=scene.now)
        scene.next(ann)
    assert (room_of(ann) is room_of(others[0])) is is_joined_again


def test_who_moved_to_another_city_sits_there_after_the_window_and_the_others_stay() -> None:
    scene = Scene()
    ann, *others = scene.enter_many(4)
    city = Cell.at(41.88, -87.63, 6)
    counts_from = scene.world.move(ann, city, now=scene.now)
    scene.wait_until(counts_from)
    assert room_of(ann).cell == city
    assert len({room_of(other).id for other in others}) == 1
    assert room_of(others[0]).cell == HOME
    scene.check()


# Names and away


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


def test_away_is_shown_and_is_no_company_and_coming_back_ends_the_waiting() -> None:
    scene = Scene()
    people = scene.enter_many(3)
    room = room_of(people[0])
    assert kinds(scene.away(people[0])) == ["Changed", "Waiting"]
    assert place_of(people[0])[1].member.away
    assert room.waiting_since == scene.now
    assert kinds(scene.back(people[0])) == ["Changed"]
    assert room.waiting_since is None
    assert not place_of(people[0])[1].member.away
    scene.check()


def test_newcomers_take_no_seat_of_the_sleepers() -> None:
    scene = Scene()
    people = scene.enter_many(8)
    for person in people[:6]:
        scene.away(person)
    room = room_of(people[0])
    scene.enter_many(4)
    assert len(room.seats) <= 12
    assert all(room_of(person) is room for person in people)
    scene.check()


# Leaving


def test_who_leaves_is_unseated_and_gone_and_the_others_hear_it() -> None:
    scene = Scene()
    ann, bo, _ = scene.enter_many(3)
    changes = scene.leave(ann)
    assert kinds(changes) == ["Unseated", "Left", "Gone", "Waiting"]
    assert scene.gone == [ann]
    assert ann.id not in scene.world.people
    scene.check()
    scene.leave(bo)
    scene.check()


def test_the_last_one_s_room_ends_with_them() -> None:
    scene = Scene()
    ann = scene.enter()
    assert kinds(scene.leave(ann)) == ["Unseated", "Ended", "Gone"]
    assert scene.world.rooms == {}


def test_who_has_left_can_do_nothing_more() -> None:
    scene = Scene()
    ann = scene.enter()
    scene.leave(ann)
    for act in (scene.next, scene.leave, scene.lose, scene.away):
        with pytest.raises(NotSeated):
            act(ann)


def test_when_all_have_left_nothing_of_them_is_kept() -> None:
    scene = Scene()
    people = [scene.enter(beside(HOME, north=n, east=e)) for n in range(6) for e in range(12)]
    for number, person in enumerate(people):
        scene.lose(person) if number % 3 == 0 else scene.away(person)
    scene.wait(700)
    for person in list(scene.world.people.values()):
        scene.next(person)
        scene.leave(person)
    scene.check()
    scene.wait(2 * 1800)
    world = scene.world
    assert world.deadline is None
    assert (world.people, world.rooms, dict(world.online.in_region)) == ({}, {}, {})
    assert (world.seating._windows, world.seating.index._shelves) == ({}, {})


# Reconnecting


def test_snapshot_tells_the_seat_again_to_its_owner_only() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(3)
    before = room_of(ann).seq
    seated = scene.world.snapshot(ann, Why("kept"))
    assert seated.person is ann
    assert (seated.room, seated.me, seated.seq) == (room_of(ann), place_of(ann)[1].member.id, before)
    assert seated.why.sentence == "Your seat was kept for you."
    assert room_of(ann).seq == before


def test_waiting_can_be_asked_for_and_is_none_when_enough_sit_there() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(2)
    told = scene.world.waiting(room_of(ann), now=scene.now)
    assert told == scene.listeners[ann.id].waiting
    scene.enter()
    assert scene.world.waiting(room_of(ann), now=scene.now) is None


# The order of what follows


def test_who_sits_down_hears_first_of_their_room_and_then_of_waiting() -> None:
    scene = Scene()
    for number in range(60):
        scene.enter(beside(HOME, north=number % 9, east=number % 7))
        scene.wait(17)
    seated: set[str] = set()
    for change in scene.trace:
        match change:
            case Seated(room=room):
                seated.add(room.id)
            case Published(room, Waiting()):
                assert room.id in seated
            case Ended(room):
                seated.discard(room.id)


def test_changes_hold_what_was_true_at_their_moment() -> None:
    scene = Scene()
    ann = scene.enter(name="Ann")
    first = next(change for change in scene.trace if isinstance(change, Seated))
    scene.enter(name="Bo")
    scene.rename(ann, "Zoe")
    assert [member.name for member in first.members] == ["Ann"]
    assert first.seq == 1


def test_every_reason_given_has_a_sentence() -> None:
    scene = Scene()
    busy = [*scene.enter_many(9), *(scene.enter(beside(HOME, north=n, east=4)) for n in range(0, 40, 4))]
    scene.enter_apart(beside(HOME, north=99), beside(HOME, north=104))
    scene.wait(400)
    scene.next(busy[0])
    scene.wait(1800)
    codes = {change.why.code for change in scene.trace if isinstance(change, Seated)}
    codes |= {
        change.event.why_code
        for change in scene.trace
        if isinstance(change, Published) and isinstance(change.event, Waiting)
    }
    assert {"first_here", "near", "outward", "window", "alone", "few"} <= codes <= SENTENCES.keys()


# The same again


def test_the_same_seed_seats_the_same_and_another_seed_otherwise() -> None:
    assert busy_evening(1) == busy_evening(1)
    assert busy_evening(1) != busy_evening(2)


def test_seating_does_not_depend_on_how_this_process_hashes() -> None:
    script = "from tests.worlds import busy_evening; print(busy_evening(3))"
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("0", "1", "4711")
    ]
    digests = {run.communicate()[0].strip() for run in runs}
    assert all(run.returncode == 0 for run in runs)
    assert digests == {busy_evening(3)}


def test_digest_tells_changes_apart() -> None:
    scene = Scene()
    scene.enter_many(3)
    assert digest(scene.trace) != digest(scene.trace[:-1]) != digest(scene.trace[:-2])
    assert {Gone, Unseated, Joined}.isdisjoint(map(type, scene.trace))


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
