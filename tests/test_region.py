"""One plan for a region's people of several processes, and what one process does with it."""

import random
from collections.abc import Mapping

from geo import Cell
from rooms.agenda import Window
from rooms.changes import Unseated
from rooms.events import Left
from rooms.moving import take_out
from rooms.person import Person
from rooms.reform import at_once
from rooms.region import DENSE_ROOMS, Noted, Offer, PlannedRoom, RegionPlan, Standing, plan_region
from rooms.rules import Rules
from rooms.sharing import Share
from rooms.windows import region_of
from tests.world_views import room_of
from tests.worlds import HOME, START, Scene, beside, counter

END = START + Rules().window_s
NOBODY: frozenset[str] = frozenset()


def told(id: str, cell: Cell = HOME, *, barred: frozenset[str] = NOBODY, kept: frozenset[str] = NOBODY) -> Noted:
    return Noted(id, str(cell), f"left by {id}", str(cell), False, (), barred, kept)


def planned(offers: Mapping[str, Offer], seed: int = 1) -> RegionPlan:
    return at_once(plan_region(offers, rules=Rules(), rng=random.Random(seed), new_id=counter("new")))


def ids_of(room: PlannedRoom) -> set[str]:
    return {id for ids in room.people.values() for id in ids}


def test_people_of_several_processes_sit_where_most_of_them_are() -> None:
    offers = {
        "a": Offer((told("a1"),), ()),
        "b": Offer((told("b1"), told("b2")), ()),
    }
    (room,) = planned(offers).rooms
    assert (room.node, room.cell) == ("b", str(HOME))
    assert {node: set(ids) for node, ids in room.people.items()} == {"a": {"a1"}, "b": {"b1", "b2"}}


def test_nothing_is_planned_at_a_process_that_is_about_to_end_unless_its_people_are_alone() -> None:
    offers = {
        "a": Offer((told("a1"), told("a2")), ()),
        "b": Offer((told("b1"),), ()),
    }
    plan = plan_region(offers, hosts=["b"], rules=Rules(), rng=random.Random(1), new_id=counter("new"))
    assert [room.node for room in at_once(plan).rooms] == ["b"]
    alone = {"a": Offer((told("a1"), told("a2"), told("a3")), ())}
    plan = plan_region(alone, hosts=["b"], rules=Rules(), rng=random.Random(1), new_id=counter("new"))
    assert [room.node for room in at_once(plan).rooms] == ["a"]


def test_somebody_told_of_by_two_processes_is_in_no_plan() -> None:
    three = (told("x"), told("y"), told("z"))
    plan = planned({"a": Offer((*three, told("twice")), ()), "b": Offer((told("twice"),), ())})
    assert [ids_of(room) for room in plan.rooms] == [{"x", "y", "z"}]


def test_too_few_join_a_room_that_goes_on_at_another_process() -> None:
    room = Standing("goes on", tuple((f"s{number}", str(HOME)) for number in range(4)))
    plan = planned({"a": Offer((told("ann"),), ()), "b": Offer((), (room,))})
    assert plan.rooms == (PlannedRoom("goes on", "b", "", {"a": ("ann",)}),)


def test_blocks_and_kept_pairs_hold_across_processes() -> None:
    kept = {"a1": frozenset({"b1"}), "b1": frozenset({"a1"})}
    barred = {"a2": frozenset({"b2"})}
    for seed in range(5):
        offers = {
            node: Offer(
                tuple(
                    told(id, barred=barred.get(id, NOBODY), kept=kept.get(id, NOBODY))
                    for id in (f"{node}{number}" for number in range(8))
                ),
                (),
            )
            for node in "ab"
        }
        rooms = [ids_of(room) for room in planned(offers, seed).rooms]
        assert sorted(id for room in rooms for id in room) == sorted(f"{node}{n}" for node in "ab" for n in range(8))
        assert any({"a1", "b1"} <= room for room in rooms)
        assert not any({"a2", "b2"} <= room for room in rooms)


class Others:
    """A shell that shares every window."""

    def __init__(self) -> None:
        self.offers: list[tuple[Share, Offer]] = []
        self.calls: list[tuple[str, dict[str, tuple[str, ...]]]] = []

    def is_shared(self, window: Window) -> bool:
        return True

    def offer(self, share: Share, offer: Offer) -> None:
        self.offers.append((share, offer))

    def opened(self, share: Share, room: str, awaited: Mapping[str, tuple[str, ...]]) -> None:
        self.calls.append((room, dict(awaited)))


def at_the_end(*cells: Cell) -> tuple[Scene, Others, list[Person]]:
    """Return people whose window has ended, and who were told of."""
    scene, others = Scene(), Others()
    scene.world.sharing = others
    people = [scene.enter(cell) for cell in cells]
    scene.wait_until(END)
    return scene, others, people


def test_those_told_of_wait_in_their_rooms_until_it_is_known_that_there_is_no_plan() -> None:
    scene, others, people = at_the_end(HOME, HOME, HOME)
    ((share, offer),) = others.offers
    assert share.window == Window(END, region_of(HOME))
    assert {each.id for each in offer.people} == {person.id for person in people}
    assert all(room_of(person).is_over for person in people)
    scene.say(people[0], "still here")
    share.carry_out(None, "here", now=scene.now)
    scene.wait(0)
    scene.check()
    assert len({room_of(person).id for person in people}) == 1
    assert not room_of(people[0]).is_over


def test_crowd_of_a_cell_is_told_of_to_nobody_and_waits_for_nothing() -> None:
    crowd = DENSE_ROOMS * Rules().seats_target
    _, others, people = at_the_end(*[HOME] * crowd, *[beside(HOME, north=4)] * 3)
    ((_, offer),) = others.offers
    assert {each.id for each in offer.people} == {person.id for person in people[crowd:]}
    assert not any(room_of(person).is_over for person in people[:crowd])
    assert all(room_of(person).is_over for person in people[crowd:])


def test_whoever_keeps_somebody_elsewhere_is_told_of_though_their_cell_is_crowded() -> None:
    scene, others = Scene(), Others()
    scene.world.sharing = others
    people = [scene.enter(HOME) for _ in range(DENSE_ROOMS * Rules().seats_target)]
    people[0].kept = frozenset({"somebody elsewhere"})
    scene.wait_until(END)
    ((_, offer),) = others.offers
    assert [each.id for each in offer.people] == [people[0].id]


def test_by_the_plan_some_sit_down_here_and_seats_are_held_for_others() -> None:
    scene, others, (ann, bo, cy) = at_the_end(HOME, HOME, HOME)
    ((share, _),) = others.offers
    plan = RegionPlan(
        (
            PlannedRoom("planned", "here", str(HOME), {"here": (ann.id, bo.id), "there": ("dee",)}),
            PlannedRoom("elsewhere", "there", str(HOME), {"here": (cy.id,), "there": ("eve", "fay")}),
        )
    )
    share.carry_out(plan, "here", now=scene.now)
    scene.wait(0)
    room = scene.world.rooms["planned"]
    assert {seat.person for seat in room.seats.values()} == {ann, bo}
    assert room.held == 1
    assert others.calls == [("planned", {"there": ("dee",)})]
    assert room_of(cy).is_over
    assert share.take([cy.id, ann.id, "nobody"]) == [cy]
    assert share.take([cy.id]) == []


def test_whoever_is_never_called_for_sits_down_here() -> None:
    scene, others, (ann, *_) = at_the_end(HOME, HOME, HOME)
    ((share, _),) = others.offers
    share.carry_out(
        RegionPlan((PlannedRoom("elsewhere", "there", str(HOME), {"here": (ann.id,)}),)), "here", now=scene.now
    )
    scene.wait(0)
    assert room_of(ann).is_over
    share.give_up(now=scene.now)
    scene.wait(0)
    scene.check()
    assert not room_of(ann).is_over


def test_whoever_left_or_went_on_while_they_waited_is_not_seated_again() -> None:
    scene, others, (ann, bo, cy) = at_the_end(HOME, HOME, HOME)
    ((share, _),) = others.offers
    scene.leave(ann)
    scene.next(bo)
    got = room_of(bo)
    plan = RegionPlan((PlannedRoom("planned", "here", str(HOME), {"here": (ann.id, bo.id, cy.id)}),))
    share.carry_out(plan, "here", now=scene.now)
    scene.wait(0)
    assert room_of(bo) is got
    assert {seat.person for seat in scene.world.rooms["planned"].seats.values()} == {cy}


def test_those_who_stay_are_told_nothing_of_who_is_given_away() -> None:

    scene, others, (ann, bo, _) = at_the_end(HOME, HOME, HOME)
    ((share, _),) = others.offers
    (person,) = share.take([ann.id])
    _, changes = take_out(scene.world, person, now=scene.now)
    assert [type(change) for change in changes] == [Unseated]
    assert not any(isinstance(event, Left) for event in scene.listeners[bo.id].heard)
