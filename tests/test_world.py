"""What people do and what follows from it in the rooms: they enter, are away, leave and come back."""

import itertools

import pytest

from geo import Cell
from rooms.errors import NotSeated
from rooms.seating import place_of
from rooms.whys import Why
from rooms.windows import region_of
from tests.world_views import kinds, room_of
from tests.worlds import HOME, RING_M, START, Scene, beside


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
