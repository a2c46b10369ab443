"""How people part: a blocked pair never meets again, votes and walk-outs seat elsewhere, coming back is no draw."""

import pytest

from rooms.apart import keep_apart, may_sit_by, part
from rooms.changes import Published, Seated, Told
from rooms.events import Ejected, Left
from rooms.extent import apart_m
from rooms.person import NOBODY
from rooms.seating import place_of
from tests.world_views import room_of
from tests.worlds import HOME, Scene, beside

WINDOWS = 8


def test_blocked_pair_sits_apart_at_once_and_the_other_sees_somebody_move_on() -> None:
    scene = Scene()
    ann, bo, cy = scene.enter_many(3)
    ann_id = place_of(ann)[1].member.id
    changes = scene.block(ann, bo)
    assert room_of(ann) is not room_of(bo) is room_of(cy)
    [left] = [change.event for change in changes if isinstance(change, Published) and isinstance(change.event, Left)]
    assert (left.id, left.why) == (ann_id, "moved")
    assert not any(isinstance(change, Seated | Told) and change.person is bo for change in changes)


def test_what_the_others_are_told_of_a_block_is_what_they_are_told_of_next() -> None:
    told = []
    for blocks in (True, False):
        scene = Scene()
        ann, bo, *_ = scene.enter_many(5)
        room = room_of(ann)
        changes = scene.block(ann, bo) if blocks else scene.next(ann)
        told.append([c.event for c in changes if isinstance(c, Published) and c.room is room])
    assert told[0] == told[1] != []


@pytest.mark.parametrize("count", [2, 5, 30, 100])
def test_blocked_pair_never_meets_however_often_they_are_seated_anew(count: int) -> None:
    scene = Scene()
    ann, bo, *_ = scene.enter_many(count)
    scene.block(ann, bo)
    for window in range(WINDOWS):
        for person in (ann, bo, bo, ann):
            scene.next(person)
            assert room_of(ann) is not room_of(bo)
        scene.lose(bo if window % 2 else ann)
        scene.world.regain(bo if window % 2 else ann)
        scene.wait(scene.rules.window_s)
        assert room_of(ann) is not room_of(bo)
        scene.check()


def test_two_lonely_people_who_are_kept_apart_wait_apart() -> None:
    scene = Scene()
    ann, bo = scene.enter(), scene.enter(beside(HOME, north=3))
    scene.wait(300)
    assert room_of(ann) is room_of(bo)
    scene.block(bo, ann)
    scene.wait(WINDOWS * scene.rules.window_s)
    assert room_of(ann) is not room_of(bo)


def test_block_of_somebody_who_left_the_room_moves_nobody() -> None:
    scene = Scene()
    ann, bo, *_ = scene.enter_many(9)
    scene.next(bo)
    before = room_of(ann)
    assert room_of(bo) is not before
    assert scene.block(ann, bo) == []
    assert room_of(ann) is before


def test_newcomer_is_known_to_those_they_are_kept_apart_from() -> None:
    scene = Scene()
    ann = scene.enter()
    bo = scene.enter(barred=frozenset({ann.id}))
    assert bo.id in ann.barred
    assert room_of(ann) is not room_of(bo)


def test_who_is_kept_apart_from_nobody_costs_no_memory() -> None:
    assert Scene().enter().barred is NOBODY


def test_everybody_blocked_by_everybody_sits_alone() -> None:
    scene = Scene()
    people = scene.enter_many(6)
    for one in people:
        for other in people:
            if one is not other:
                scene.block(one, other)
    scene.wait(2 * scene.rules.window_s)
    assert len({room_of(person).id for person in people}) == 6
    scene.check()


def test_shards_part_those_kept_apart_by_swaps_and_name_whom_none_has_room_for() -> None:
    may_sit = may_sit_by({"a": ["b", "c", "d"], "b": ["a"], "c": [], "d": []})
    assert may_sit is not None
    shards = [["a", "b"], ["c", "d"]]
    assert part(shards, may_sit) == ["a"]
    assert shards == [["b"], ["c", "d"]]
    shards = [["a", "b"], ["e", "f"]]
    assert part(shards, may_sit) == []
    assert sorted(shards[0] + shards[1]) == ["a", "b", "e", "f"]
    assert not any({"a", "b"} <= set(shard) for shard in shards)
    assert may_sit_by({"a": []}) is None


def test_block_while_a_window_ends_holds_in_the_rooms_that_were_planned_before() -> None:
    scene = Scene()
    people = scene.enter_many(40)
    scene.wait_until(room_of(people[0]).closes - 0.001)
    scene.now += 0.001
    scene.wait_in_part(1)
    for one, other in zip(people[::2], people[1::2], strict=True):
        keep_apart(one, other)
    scene.wait(0)
    met = [
        (one, other)
        for one, other in zip(people[::2], people[1::2], strict=True)
        if room_of(one) is room_of(other) and not room_of(one).is_over
    ]
    assert met == []


def test_ejected_is_told_why_sits_elsewhere_and_does_not_come_back() -> None:
    scene = Scene()
    ann, *others = scene.enter_many(6)
    room = room_of(ann)
    ann_id = place_of(ann)[1].member.id
    changes = scene.eject(ann)
    [told] = [change for change in changes if isinstance(change, Told)]
    assert told.person is ann
    assert isinstance(told.event, Ejected)
    assert (told.event.room, told.event.until) == (room.id, int(room.closes * 1000))
    assert changes.index(told) < next(i for i, c in enumerate(changes) if isinstance(c, Seated) and c.person is ann)
    lefts = [c.event for c in changes if isinstance(c, Published) and isinstance(c.event, Left)]
    assert [(left.id, left.why) for left in lefts] == [(ann_id, "ejected")]
    for _ in range(20):
        scene.next(ann)
        assert room_of(ann) is not room
    assert all(room_of(other) is room for other in others)


@pytest.mark.parametrize("others", [0, 1, 8, 9])
def test_to_block_somebody_who_sits_elsewhere_does_not_tell_whether_they_are_online(others: int) -> None:
    scene = Scene()
    ann = scene.enter()
    around = beside(HOME, north=60)
    bo, *_ = [scene.enter(around) for _ in range(others + 1)]
    assert room_of(ann) is not room_of(bo)
    before = scene.world.waiting(room_of(ann), now=scene.now)
    scene.block(ann, bo)
    assert scene.world.waiting(room_of(ann), now=scene.now) == before is not None


def test_two_who_walk_out_sit_together_elsewhere_and_the_third_does_not_follow() -> None:
    scene = Scene()
    ann, bo, cy = scene.enter_many(3)
    changes = scene.walk_out([ann, bo], cy)
    assert room_of(ann) is room_of(bo) is not room_of(cy)
    lefts = [c.event for c in changes if isinstance(c, Published) and isinstance(c.event, Left)]
    assert [left.why for left in lefts] == ["moved", "moved"]
    for _ in range(20):
        scene.wait(60)
        scene.next(cy)
        assert room_of(cy) is not room_of(ann)


def test_who_is_seated_elsewhere_without_a_connection_still_gives_the_seat_up() -> None:
    scene = Scene()
    ann, bo, cy, *_ = scene.enter_many(6)
    for person in (ann, bo, cy):
        scene.lose(person)
    scene.eject(ann)
    scene.walk_out([bo, cy], scene.enter())
    assert all(place_of(person)[1].waits_until is not None for person in (ann, bo, cy))
    scene.wait(scene.rules.resume_grace_s + 1)
    assert not {ann, bo, cy} & set(scene.world.people.values())


def test_who_is_away_is_so_elsewhere_too() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(6)
    scene.away(ann)
    scene.eject(ann)
    assert place_of(ann)[1].member.away
    scene.check()


def test_two_who_walk_out_from_both_ends_of_a_room_are_near_enough_to_where_they_sit_next() -> None:
    scene = Scene()
    cy = scene.enter(HOME)
    ann, bo = scene.enter(beside(HOME, north=20)), scene.enter(beside(HOME, north=-20))
    scene.wait(300)
    assert room_of(ann) is room_of(bo) is room_of(cy)
    scene.walk_out([ann, bo], cy)
    assert room_of(ann) is room_of(bo)
    assert all(apart_m(person.cell, room_of(ann).cell) <= scene.rules.reach_max_m for person in (ann, bo))


def test_walk_out_finds_company_where_there_is_a_room_with_seats_for_both() -> None:
    scene = Scene()
    people = scene.enter_many(16)
    scene.wait(scene.rules.window_s)
    other_room = room_of(people[0])
    ann, bo, cy = [person for person in people if room_of(person) is not other_room][:3]
    scene.walk_out([ann, bo], cy)
    assert room_of(ann) is room_of(bo) is other_room


def test_who_comes_back_sits_where_they_left() -> None:
    scene = Scene()
    people = scene.enter_many(80)
    for ann in people[:20]:
        left = room_of(ann)
        scene.leave(ann)
        back = scene.enter(former=left.id)
        assert room_of(back) is left
        assert back.asked_until == 0
        # Somebody else may have left that seat: it says no more than to any newcomer.
        assert scene.listeners[back.id].seats[0].why.code == "same_cell"


def test_who_cannot_come_back_to_where_they_left_is_known_to_have_drawn_a_room() -> None:
    scene = Scene()
    people = scene.enter_many(24)
    ann = people[0]
    left = room_of(ann)
    for person in people:
        if room_of(person) is left and person is not ann:
            keep_apart(person, ann)
            break
    scene.leave(ann)
    back = scene.enter(former=left.id, barred=ann.barred)
    assert room_of(back) is not left
    assert back.asked_until == room_of(back).closes
    scene.next(people[-1])
    assert people[-1].asked_until == room_of(people[-1]).closes


def test_room_that_is_over_takes_nobody_back() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(3)
    left = room_of(ann).id
    scene.leave(ann)
    scene.wait(scene.rules.window_s)
    assert room_of(scene.enter(former=left)).id != left
