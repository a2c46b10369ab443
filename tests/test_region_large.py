"""A region of thousands, spread over three processes, sits down anew by one plan: once each, in company."""

import random
from collections import Counter
from collections.abc import Mapping

import pytest

from rooms import gathering
from rooms.agenda import Window
from rooms.moving import put_in, take_out
from rooms.person import Person
from rooms.reform import at_once
from rooms.region import Offer, PlannedRoom, RegionPlan, plan_region
from rooms.room import Room
from rooms.rules import Rules
from rooms.seating import place_of
from rooms.sharing import Share
from rooms.whys import Why
from rooms.windows import region_of
from rooms.world import World
from tests.worlds import HOME, START, beside, counter

EACH = 2_000
RULES = Rules()
END = START + RULES.window_s
CELLS = [
    cell
    for north in range(-32, 32)
    for east in range(-32, 32)
    for cell in [beside(HOME, north=north, east=east)]
    if region_of(cell) == region_of(HOME)
]


class Process:
    """A world whose people are of a region that others have people of, too, and what it hears of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.world = World(RULES, rng=random.Random(name), new_id=counter(name))
        self.world.sharing = self
        self.told: tuple[Share, Offer] | None = None
        self.calls: list[tuple[str, tuple[str, ...]]] = []

    def is_shared(self, window: Window) -> bool:
        return True

    def offer(self, share: Share, offer: Offer) -> None:
        self.told = share, offer

    def opened(self, share: Share, room: str, awaited: Mapping[str, tuple[str, ...]]) -> None:
        self.calls += awaited.items()

    @property
    def share(self) -> Share:
        assert self.told is not None
        return self.told[0]

    def tick(self, until: float) -> None:
        while (deadline := self.world.deadline) is not None and deadline <= until:
            self.world.tick(now=max(deadline, START))

    def rooms(self) -> list[Room]:
        return list(self.world.rooms.values())


def let_go_over(processes: Mapping[str, Process]) -> int:
    """Send everybody who is called to where a seat is held for them, and return how many that were."""
    moved = 0
    for there in processes.values():
        calls, there.calls = there.calls, []
        for node, ids in calls:
            here = processes[node]
            for person in here.share.take(ids):
                leaver, _ = take_out(here.world, person, now=END)
                put_in(there.world, leaver, now=END, why=Why("window"))
                moved += 1
    return moved


def test_three_times_two_thousand_are_planned_as_one_and_sit_once_each() -> None:
    chance = random.Random(3)
    processes = {name: Process(name) for name in "abc"}
    for name, process in processes.items():
        for number in range(EACH):
            process.world.enter(Person(f"{name}{number}", chance.choice(CELLS)), now=START)
        process.tick(END)
    offers = {name: process.told[1] for name, process in processes.items() if process.told is not None}
    assert {name: len(offer.people) for name, offer in offers.items()} == dict.fromkeys("abc", EACH)
    plan = at_once(plan_region(offers, rules=RULES, rng=chance, new_id=counter("planned")))
    for process in processes.values():
        process.share.carry_out(plan, process.name, now=END)
        process.tick(END)
    moved = let_go_over(processes)
    for process in processes.values():
        process.share.give_up(now=END)
        process.tick(END)
    everybody = Counter(id for process in processes.values() for id in process.world.people)
    assert len(everybody) == everybody.total() == 3 * EACH
    rooms = [room for process in processes.values() for room in process.rooms()]
    assert not any(room.is_over or room.held for room in rooms)
    sizes = Counter(len(room.seats) for room in rooms)
    assert max(sizes) <= RULES.seats_max
    assert sum(count for size, count in sizes.items() if size < RULES.seats_min) <= 3, sizes
    # It is one plan: two thirds of those within reach are at other processes.
    mixed = sum(len({seat.person.id[0] for seat in room.seats.values()}) > 1 for room in rooms)
    assert mixed > 0.9 * len(rooms)
    assert moved > EACH
    for process in processes.values():
        assert all(place_of(person)[0].closes > END for person in process.world.people.values())


def test_more_than_a_process_may_tell_of_find_company_among_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "OFFERED_MAX", 300)
    process, chance = Process("a"), random.Random(4)
    for number in range(301):
        process.world.enter(Person(f"a{number}", chance.choice(CELLS)), now=START)
    process.tick(END)
    assert process.told is not None
    assert process.told[1].people == ()
    assert all(place_of(person)[0].closes > END for person in process.world.people.values())


def test_whoever_is_called_when_they_are_about_to_sit_down_here_stays_and_nobody_is_left_over() -> None:
    process, chance = Process("a"), random.Random(5)
    for number in range(EACH):
        process.world.enter(Person(f"a{number}", chance.choice(CELLS)), now=START)
    process.tick(END)
    everybody = tuple(process.world.people)
    elsewhere = RegionPlan((PlannedRoom("elsewhere", "b", str(HOME), {"a": everybody, "b": ("b1",)}),))
    process.share.carry_out(elsewhere, "a", now=END)
    process.tick(END)
    process.share.give_up(now=END)
    called = list(everybody)
    while (deadline := process.world.deadline) is not None and deadline <= END:
        process.world.tick(now=END)
        assert process.share.take([called.pop()]) == []
    assert len(process.world.people) == EACH
    assert not any(room.is_over for room in process.rooms())
