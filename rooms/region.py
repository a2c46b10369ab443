"""A region's window end of which several processes have people: what each tells of its own, and one plan for all.

A process tells of people in thin cells alone. A crowd of a cell has company enough where it is, and nobody of it moves
for this: dense places stay where they are. Knows values; who collects them and how they travel is the shell's.
"""

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from geo import Cell
from rooms.apart import may_sit_by
from rooms.circles import circles_of
from rooms.person import Person
from rooms.placement import limit_m
from rooms.reform import Gathered, Left, Neighbour, Slices, plan_in_slices
from rooms.rules import Rules

DENSE_ROOMS = 4
"""A cell with so many rooms' worth of people in one process is no business of the others: they are shared out among
each other there, and nobody is handed back exactly the people they left."""

OFFERED_MAX = 5_000
"""Of how many people a process tells, of one region and window; of more than that of none, since so many in thin cells
find company among themselves. Fifteen thousand of three processes are planned in a third of a second of CPU, and half
of them change theirs."""

_A_FEW, _PERSON_US = 100, 10
"""How many people are taken into the plan in one step, and what each of them takes."""


class Noted(msgspec.Struct, frozen=True, array_like=True):
    """One person at the window's end: what the plan needs to know of them, and nothing else.

    Attributes:
        cell: where they are seated anew.
        left, left_cell: the room they leave, and where it was founded.
    """

    id: str
    cell: str
    left: str
    left_cell: str
    far: bool
    topics: tuple[str, ...]
    barred: frozenset[str]
    kept: frozenset[str]


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """A room of another window which goes on and has seats: who sits there, and in which cell."""

    room: str
    sitting: tuple[tuple[str, str], ...]


class Offer(msgspec.Struct, frozen=True, array_like=True):
    """What one process tells of its own."""

    people: tuple[Noted, ...]
    rooms: tuple[Standing, ...]


class PlannedRoom(msgspec.Struct, frozen=True, array_like=True):
    """A room of the plan.

    Attributes:
        room: its id: of a new one, or of one that goes on.
        node: the process that has it.
        cell: where it is founded; empty if it goes on.
        people: process → ids of those of its people who are to sit there.
    """

    room: str
    node: str
    cell: str
    people: dict[str, tuple[str, ...]]


class RegionPlan(msgspec.Struct, frozen=True, array_like=True):
    """Who sits with whom. Whoever is in no room of it looks for one where they are."""

    rooms: tuple[PlannedRoom, ...]


def noted(person: Person, cell: Cell, left: Left) -> Noted:
    """Return what is told of somebody."""
    return Noted(
        person.id,
        # As plain text, which alone is encoded.
        str(cell),
        left.id,
        str(left.cell),
        person.far,
        person.topics,
        person.barred,
        person.kept,
    )


def standing(neighbours: Iterable[Neighbour]) -> tuple[Standing, ...]:
    """Return what is told of rooms that go on."""
    return tuple(Standing(each.id, tuple((id, str(cell)) for id, cell in each.sitting)) for each in neighbours)


def plan_region(
    offers: Mapping[str, Offer],
    *,
    hosts: Collection[str] | None = None,
    rules: Rules,
    rng: random.Random,
    new_id: Callable[[], str],
) -> Slices[RegionPlan]:
    """Return who sits with whom of all that was offered: process → what it told.

    A room is planned where most of its people are. Whoever is told of by two processes is on their way between them,
    and in no plan.

    Args:
        hosts: processes that may have new rooms; all if it is not given. A room of people of others alone is theirs.
    """
    counts = Counter(each.id for offer in offers.values() for each in offer.people)
    node_of: dict[str, str] = {}
    known: list[tuple[Noted, Person]] = []
    for node in sorted(offers):
        for each in offers[node].people:
            if counts[each.id] == 1:
                node_of[each.id] = node
                known.append((each, _person(each)))
                if len(known) % _A_FEW == 0:
                    yield _PERSON_US * _A_FEW
    people = [person for _, person in known]
    circles = circles_of(people, {person.id: person.cell for person in people}, rules, rng)
    host_of = {each.room: node for node in sorted(offers) for each in offers[node].rooms}
    neighbours = {
        each.room: Neighbour(each.room, tuple((id, Cell(cell)) for id, cell in each.sitting))
        for offer in offers.values()
        for each in offer.rooms
    }
    topics = {person.id: frozenset(person.topics) for person in people if person.topics} if rules.topic_gain else {}
    made = yield from plan_in_slices(
        (_gathered(each, person, rules) for each, person in known),
        rules=rules,
        rng=rng,
        neighbours=neighbours.values(),
        may_sit=may_sit_by({person.id: person.barred for person in people}),
        topics=topics,
        circles=circles,
    )
    may_host = frozenset(offers if hosts is None else hosts)
    rooms = [_planned(new_id(), "", str(group.cell), group.ids, node_of, may_host) for group in made.groups]
    rooms += [_planned(room, host_of[room], "", ids, node_of, may_host) for room, ids in made.joins]
    return RegionPlan(tuple(rooms))


def _planned(
    room: str, node: str, cell: str, ids: list[str], node_of: Mapping[str, str], may_host: Collection[str]
) -> PlannedRoom:
    people: dict[str, tuple[str, ...]] = {}
    for id in ids:
        people[node_of[id]] = (*people.get(node_of[id], ()), id)
    # The order of names makes nobody's room any other: each start of a process has one of chance.
    host = node or max(people, key=lambda each: (each in may_host, len(people[each]), each))
    return PlannedRoom(room, host, cell, people)


def _person(noted: Noted) -> Person:
    person = Person(noted.id, Cell(noted.cell), topics=noted.topics, far=noted.far)
    person.barred, person.kept = noted.barred, noted.kept
    return person


def _gathered(noted: Noted, person: Person, rules: Rules) -> Gathered:
    return Gathered(noted.id, person.cell, Left(noted.left, Cell(noted.left_cell)), limit_m([person], rules))
