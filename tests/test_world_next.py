"""Going on to another room: by `next` at once, by a move when it counts."""

import pytest

from geo import Cell
from rooms.apart import AVOIDS_MAX
from rooms.changes import Published, Seated
from rooms.events import Left
from rooms.seating import place_of
from tests.test_region import Others
from tests.world_views import kinds, room_of
from tests.worlds import HOME, START, Scene, beside


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
