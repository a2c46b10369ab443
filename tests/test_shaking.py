"""Shaking: whoever does it in the same moment meets, the nearest first, in a small room that ends by itself."""

import itertools
import random

import pytest

from geo import Cell, cell_distance_m
from rooms.apart import keep_apart
from rooms.changes import Published, Seated, Told
from rooms.events import Closing, Nobody
from rooms.moment import MEET_MAX, Moment, Shake, choose_company
from rooms.person import Person
from rooms.room import NEARBY, SHAKE
from rooms.seating import place_of
from rooms.shaking import ANSWER_S, LASTS_S, TOGETHER_S
from tests.worlds import HOME, Scene, beside

TOKYO = Cell("xn76ur")


def kind_of(person: Person) -> str:
    return place_of(person)[0].kind


def company_of(person: Person) -> set[str]:
    return {seat.person.id for seat in place_of(person)[0].seats.values()}


def nobodies(scene: Scene, person: Person) -> list[Nobody]:
    return [event for event in scene.listeners[person.id].heard if isinstance(event, Nobody)]


def test_two_who_shake_within_two_seconds_meet_and_each_is_answered() -> None:
    scene = Scene()
    ann, bo, cy = scene.enter(), scene.enter(TOKYO), scene.enter()
    table = place_of(ann)[0]
    scene.shake(ann, ref="a")
    assert place_of(ann)[0] is table, "who shakes stays until somebody is found"
    scene.wait(TOGETHER_S)
    assert place_of(ann)[0] is table
    scene.shake(bo, ref="b")
    scene.wait(TOGETHER_S)
    assert (kind_of(ann), kind_of(cy)) == (NEARBY, NEARBY)
    assert kind_of(bo) == NEARBY
    scene.wait(ANSWER_S)
    scene.shake(ann, ref="a2")
    scene.wait(TOGETHER_S - 0.01)
    scene.shake(bo, ref="b2")
    changes = scene.wait(TOGETHER_S)
    assert company_of(ann) == {ann.id, bo.id}
    room = place_of(ann)[0]
    assert (room.kind, room.seats_max, room.closes - room.opened) == (SHAKE, MEET_MAX, LASTS_S)
    told = {change.person.id: (change.ref, change.why.code) for change in changes if isinstance(change, Seated)}
    assert told == {ann.id: ("a2", "shake"), bo.id: ("b2", "shake")}
    scene.check()


def test_two_seconds_are_counted_exactly() -> None:
    for apart_s, meets in ((TOGETHER_S, True), (TOGETHER_S + 0.001, False)):
        scene = Scene()
        ann, bo = scene.enter(), scene.enter(TOKYO)
        scene.shake(ann)
        scene.now += apart_s  # a tick that comes late must not make the moment longer
        scene.shake(bo)
        scene.wait(ANSWER_S)
        assert (kind_of(ann) == SHAKE) is meets


def test_whoever_shakes_alone_is_told_so_after_four_seconds_and_stays() -> None:
    scene = Scene()
    ann, bo = scene.enter_many(2)
    scene.shake(ann, ref="a")
    scene.wait(ANSWER_S - 0.01)
    assert not nobodies(scene, ann)
    changes = scene.wait(0.01)
    assert changes == [Told(ann, Nobody(about="shake", ref="a"))]
    assert company_of(ann) == {ann.id, bo.id}
    scene.wait(60)
    assert len(nobodies(scene, ann)) == 1


def test_the_nearest_meet_first() -> None:
    scene = Scene()
    ann, far, near = scene.enter(), scene.enter(TOKYO), scene.enter(beside(HOME, north=3))
    paris = scene.enter(Cell("u09tvw"))
    for person in (ann, far, paris, near):
        scene.shake(person)
    scene.wait(TOGETHER_S)
    assert near.id in company_of(ann)
    assert company_of(far) == {far.id, paris.id}


@pytest.mark.parametrize("has_fourth", [True, False])
def test_that_nobody_is_left_over_goes_before_who_is_nearest(has_fourth: bool) -> None:
    scene = Scene()
    ann, bo, near = scene.enter(), scene.enter(), scene.enter(beside(HOME, north=1))
    far = [scene.enter(TOKYO)] if has_fourth else []
    for person in (ann, bo, near, *far):
        scene.shake(person)
    scene.wait(TOGETHER_S)
    pair = {ann.id, bo.id}
    assert company_of(ann) == pair | ({near.id} if not has_fourth else set())
    if far:
        assert company_of(near) == {near.id, far[0].id}


def test_four_at_one_place_sit_together_and_of_five_nobody_is_left_over() -> None:
    for count, sizes in ((2, [2]), (3, [3]), (4, [4]), (5, [2, 3]), (6, [2, 4]), (8, [4, 4]), (9, [2, 3, 4])):
        scene = Scene()
        people = scene.enter_many(count)
        for person in people:
            scene.shake(person)
            scene.wait(0.1)
        scene.wait(ANSWER_S)
        rooms = {place_of(person)[0] for person in people}
        assert sorted(len(room.seats) for room in rooms) == sizes
        assert {room.kind for room in rooms} == {SHAKE}


def test_a_seat_is_kept_for_whoever_shakes_a_little_later() -> None:
    scene = Scene()
    people = [scene.enter(beside(HOME, north=n)) for n in (0, 5, 10)]
    scene.shake(people[0])
    scene.wait(1)
    scene.shake(people[1])
    scene.wait(1.5)
    assert company_of(people[0]) == {people[0].id, people[1].id}
    scene.shake(people[2])
    scene.wait(TOGETHER_S)
    assert company_of(people[0]) == {person.id for person in people}
    late = scene.enter(beside(HOME, north=2))
    scene.shake(late)
    scene.wait(ANSWER_S)
    assert kind_of(late) == NEARBY, "nobody there shook within two seconds of this one"


@pytest.mark.parametrize("blocker", [0, 1])
def test_nobody_meets_whom_they_are_kept_apart_from(blocker: int) -> None:
    scene = Scene()
    people = [scene.enter(), scene.enter(TOKYO)]
    keep_apart(people[blocker], people[1 - blocker])
    for person in people:
        scene.shake(person)
    scene.wait(ANSWER_S)
    assert [kind_of(person) for person in people] == [NEARBY, NEARBY]
    assert [len(nobodies(scene, person)) for person in people] == [1, 1]


def test_a_third_is_taken_only_if_nobody_there_is_kept_apart_from_them() -> None:
    scene = Scene()
    ann, bo, cy = scene.enter(), scene.enter(), scene.enter(beside(HOME, north=9))
    keep_apart(bo, cy)
    for person in (ann, bo, cy):
        scene.shake(person)
    scene.wait(ANSWER_S)
    assert company_of(ann) == {ann.id, bo.id}
    assert kind_of(cy) == NEARBY


def test_the_one_just_met_is_met_again_only_if_there_is_nobody_else() -> None:
    scene = Scene()
    ann, bo, cy = scene.enter(), scene.enter(), scene.enter(TOKYO)
    for person in (ann, bo):
        scene.shake(person)
    scene.wait(ANSWER_S)
    first = place_of(ann)[0]
    for person in (ann, bo):
        scene.shake(person)
    scene.wait(ANSWER_S)
    assert company_of(ann) == {ann.id, bo.id}
    assert place_of(ann)[0] is not first
    for person in (ann, bo, cy):
        scene.shake(person)
        scene.wait(0.1)
    scene.wait_until(scene.now + TOGETHER_S - 0.25)
    assert company_of(ann) == {ann.id, cy.id}
    scene.wait(ANSWER_S)
    assert company_of(bo) == {ann.id, bo.id, cy.id}, "there was nobody else for them"
    scene.check()


def test_nobody_meets_whoever_is_away_lost_or_gone_meanwhile() -> None:
    for goes in ("away", "lose", "leave"):
        scene = Scene()
        ann, bo = scene.enter(), scene.enter(TOKYO)
        scene.shake(ann)
        scene.shake(bo)
        getattr(scene, goes)(bo)
        scene.wait(ANSWER_S)
        assert kind_of(ann) == NEARBY
        assert len(nobodies(scene, ann)) == 1
        scene.check()


def test_next_leads_back_to_where_one_sat() -> None:
    scene = Scene()
    people = scene.enter_many(5)
    table = place_of(people[0])[0]
    for person in people[:2]:
        scene.shake(person)
    scene.wait(ANSWER_S)
    assert len(table.seats) == 3
    met = place_of(people[0])[0]
    changes = scene.next(people[0])
    assert place_of(people[0])[0] is table
    assert [change.why.code for change in changes if isinstance(change, Seated)] == ["back"]
    assert people[0].asked_until <= scene.now
    assert [seat.person for seat in met.seats.values()] == [people[1]], "the other is not moved"
    scene.check()


def test_back_is_elsewhere_where_the_seat_is_gone() -> None:
    scene = Scene(seats_min=2, seats_target=2, seats_max=2)
    ann, bo = scene.enter_many(2)
    table = place_of(bo)[0]
    scene.shake(ann)
    scene.shake(scene.enter(TOKYO))
    scene.wait(ANSWER_S)
    assert kind_of(ann) == SHAKE
    cy = scene.enter()
    assert company_of(bo) == {bo.id, cy.id}, "the seat is taken"
    changes = scene.next(ann)
    assert "back" not in [change.why.code for change in changes if isinstance(change, Seated)]
    assert (kind_of(ann), company_of(bo)) == (NEARBY, {bo.id, cy.id})
    assert place_of(ann)[0] is not table
    assert ann.asked_until == place_of(ann)[0].closes
    scene.check()


@pytest.mark.parametrize("cell", [beside(HOME, east=1), TOKYO])
def test_back_is_elsewhere_where_the_place_is_another(cell: Cell) -> None:
    scene = Scene()
    ann, bo, *_ = scene.enter_many(5)
    for person in (ann, bo):
        scene.shake(person)
    scene.wait(ANSWER_S)
    assert kind_of(ann) == SHAKE
    scene.world.move(ann, cell, now=scene.now)
    changes = scene.next(ann)
    assert "back" not in [change.why.code for change in changes if isinstance(change, Seated) and change.person is ann]
    assert (kind_of(ann), ann.cell) == (NEARBY, cell)
    assert ann.asked_until == place_of(ann)[0].closes
    scene.check()


def test_the_room_is_found_by_nobody_waits_never_and_says_when_it_ends() -> None:
    scene = Scene()
    ann, bo = scene.enter_many(2)
    for person in (ann, bo):
        scene.shake(person)
    scene.wait(ANSWER_S)
    room = place_of(ann)[0]
    others = scene.enter_many(20)
    scene.leave(bo)
    assert not any(other.id in company_of(ann) for other in others)
    changes = scene.wait(LASTS_S - ANSWER_S - 1)
    assert place_of(ann)[0] is room, "alone there one is neither moved nor told to wait"
    assert scene.listeners[ann.id].waiting is None
    told = [change.event for change in changes if isinstance(change, Published) and change.room is room]
    assert [type(event) for event in told] == [Closing]
    scene.wait(ANSWER_S)
    assert kind_of(ann) == NEARBY
    assert len(company_of(ann)) > 2
    scene.check()


def test_whoever_left_such_a_room_and_comes_back_is_a_newcomer_near_their_cell() -> None:
    scene = Scene()
    ann, bo = scene.enter_many(2)
    for person in (ann, bo):
        scene.shake(person)
    scene.wait(ANSWER_S)
    room = place_of(ann)[0]
    scene.leave(ann)
    again = scene.enter(former=room.id)
    assert kind_of(again) == NEARBY
    assert again.asked_until == place_of(again)[0].closes, "to shake and come back draws no room that one may vote in"


def test_at_its_end_people_are_seated_where_they_are_then() -> None:
    scene = Scene()
    ann, bo = scene.enter_many(2)
    for person in (ann, bo):
        scene.shake(person)
    scene.wait(ANSWER_S)
    there = beside(HOME, north=3)
    assert scene.world.move(ann, there, now=scene.now) == place_of(ann)[0].closes
    scene.lose(bo)
    scene.wait(LASTS_S)
    assert ann.cell == there
    assert bo.id not in scene.world.people
    scene.check()


def test_a_second_shake_takes_the_place_of_the_first() -> None:
    scene = Scene()
    ann = scene.enter()
    scene.shake(ann, ref="a")
    assert scene.world.shaking.answered_in_s(ann, now=scene.now) == ANSWER_S
    scene.wait(1)
    scene.shake(ann, ref="b")
    scene.wait(ANSWER_S)
    assert [event.ref for event in nobodies(scene, ann)] == ["b"]
    assert scene.world.shaking.answered_in_s(ann, now=scene.now) <= 0


def test_nothing_is_kept_of_shakes_that_are_over() -> None:
    scene = Scene()
    people = [*scene.enter_many(7), scene.enter(TOKYO)]
    for person in people:
        scene.shake(person)
        scene.wait(0.7)
    scene.leave(people[0])
    scene.wait(3 * ANSWER_S)
    shaking = scene.world.shaking
    assert not shaking.waiting
    assert not shaking._young
    assert not shaking._moment._regions


def test_everybody_who_could_meet_somebody_does_whenever_they_shake() -> None:
    met = could = 0
    for seed in range(60):
        chance = random.Random(seed)
        scene = Scene(seed)
        cells = [beside(HOME, north=4 * n) for n in range(chance.choice([1, 3, 12]))]
        people = [scene.enter(chance.choice(cells)) for _ in range(24)]
        at = sorted((scene.now + chance.random() * chance.choice([10, 30, 60]), n) for n in range(len(people)))
        for moment, number in at:
            scene.wait_until(moment)
            scene.shake(people[number])
        scene.wait(ANSWER_S)
        scene.check()
        for (moment, number), others in ((one, [x for x in at if x is not one]) for one in at):
            if any(abs(moment - other) <= TOGETHER_S for other, _ in others):
                could += 1
                met += kind_of(people[number]) == SHAKE
    assert could > 500
    assert met / could > 0.99


def test_shakes_come_nearest_first_and_by_chance_among_equals() -> None:
    cells = [HOME, beside(HOME, north=1), beside(HOME, north=40), beside(HOME, east=900), TOKYO, HOME.parent(4)]
    firsts = set()
    for seed in range(20):
        moment = Moment(random.Random(seed))
        shakes = [Shake(Person(f"{cell}{n}", cell), 0.0, None) for cell in cells for n in range(3)]
        for shake in shakes:
            moment.put(shake)
        found = list(moment.around(HOME))
        assert len(found) == len(shakes)
        far = [_far(shake) for shake in found]
        assert far == sorted(far)
        firsts.add(found[0].person.id)
        for shake in shakes:
            moment.take(shake)
            moment.take(shake)
        assert not list(moment.around(HOME))
    assert len(firsts) == 3


def _far(shake: Shake) -> float:
    return cell_distance_m(HOME, shake.person.cell)


def test_a_company_is_never_larger_than_its_room_and_of_people_who_may_meet() -> None:
    people = [Person(f"p{n}", HOME) for n in range(9)]
    for one, other in itertools.pairwise(people[1:]):
        keep_apart(one, other)
    first, *others = [Shake(person, 0.0, None) for person in people]
    company = choose_company(first, others)
    assert [shake.person.id for shake in company] == ["p1", "p3", "p5"]
    assert choose_company(first, []) == []


def test_two_who_walk_out_of_such_a_room_go_on_in_another_until_the_same_end() -> None:
    scene = Scene()
    ann, bo, cy = scene.enter(), scene.enter(TOKYO), scene.enter()
    for person in (ann, bo, cy):
        scene.shake(person)
    scene.wait(ANSWER_S)
    room = place_of(cy)[0]
    scene.walk_out([ann, bo], cy)
    assert company_of(ann) == {ann.id, bo.id}
    assert (kind_of(ann), place_of(ann)[0].closes) == (SHAKE, room.closes)
    scene.wait_until(room.closes)
    assert {kind_of(person) for person in (ann, bo, cy)} == {NEARBY}
    scene.check()


def test_how_far_people_are_apart_is_right_across_an_ocean() -> None:
    scene = Scene()
    ann, bo = scene.enter(), scene.enter(TOKYO)
    for person in (ann, bo):
        scene.shake(person)
    scene.wait(ANSWER_S)
    room = place_of(ann)[0]
    apart_m = cell_distance_m(HOME, TOKYO)
    assert apart_m <= room.within_m <= apart_m + 3000
    assert room.within_m % 100 == 0
    scene.leave(bo)
    assert HOME.diagonal_m <= room.within_m <= HOME.diagonal_m + 100
