"""Seating a region anew when its window ends: a plan, made from a snapshot.

`plan` says who is to sit together and who is to look for a room like a newcomer; it
opens no room and moves nobody. Crowded cells become random shards of about
`seats_target`; people of thin cells are seated one by one, nearest room first.
"""

import random
from collections.abc import Iterable
from itertools import groupby
from math import ceil
from typing import NamedTuple

from geo import Cell, cell_distance_m
from rooms.extent import apart_m
from rooms.rules import Rules

_RESHUFFLES = 8
"""Tries to hand nobody back exactly the group they left: each misses by rare chance, all of them never in practice."""


class Left(NamedTuple):
    """The room somebody leaves: its id and where it was founded."""

    id: str
    cell: Cell


class Gathered(NamedTuple):
    """One person at the window's end. `limit_m` is how far from its founding cell a room of theirs may reach."""

    id: str
    cell: Cell
    left: Left
    limit_m: float


class Group(NamedTuple):
    """Ids of people who are to sit together, and the cell their room is founded in."""

    cell: Cell
    ids: list[str]


class Plan(NamedTuple):
    """The groups, and ids of people who look for a room in this order."""

    groups: list[Group]
    singles: list[str]


def plan(people: Iterable[Gathered], *, rules: Rules, rng: random.Random) -> Plan:
    """Return who sits with whom next. The order of `people` never matters.

    One room's worth of people who sat together stay together: no break is seen.
    """
    gathered = sorted(people)
    if len({person.left for person in gathered}) == 1 and len(gathered) <= rules.seats_max:
        return _as_they_were(gathered)
    old = _old_groups(gathered)
    groups: list[Group] = []
    singles: list[str] = []
    for cell, here in groupby(sorted(gathered, key=_by_cell), key=lambda person: person.cell):
        crowd = [person.id for person in here]
        if len(crowd) >= rules.seats_min:
            groups += [Group(cell, shard) for shard in _shards(crowd, old, rules, rng)]
        else:
            singles += crowd
    rng.shuffle(singles)
    return Plan(groups, singles)


def _as_they_were(people: list[Gathered]) -> Plan:
    """Return one group of all who are still near: around the old founding cell, or around their middle one."""
    cells = sorted({person.cell for person in people})
    former = people[0].left.cell
    middle = min(cells, key=lambda cell: sum(cell_distance_m(cell, other.cell) for other in people))
    cell = former if former in cells else middle
    limit = min(person.limit_m for person in people)
    near = [person.id for person in people if apart_m(person.cell, cell) <= limit]
    return Plan([Group(cell, near)], [person.id for person in people if person.id not in near])


def _by_cell(person: Gathered) -> tuple[Cell, str]:
    return person.cell, person.id


def _old_groups(people: list[Gathered]) -> set[frozenset[str]]:
    together: dict[Left, list[str]] = {}
    for person in people:
        together.setdefault(person.left, []).append(person.id)
    return {frozenset(group) for group in together.values()}


def _shards(ids: list[str], old: set[frozenset[str]], rules: Rules, rng: random.Random) -> list[list[str]]:
    """Return the crowd in even shards of about `seats_target`, by chance; none is too large.

    None waits either, unless the operator's `seats_min` is so near to `seats_max` that some must.
    """
    wanted = min(round(len(ids) / rules.seats_target), len(ids) // rules.seats_min)
    count = max(wanted, ceil(len(ids) / rules.seats_max))
    for _ in range(_RESHUFFLES):
        rng.shuffle(ids)
        shards = [ids[i::count] for i in range(count)]
        if count == 1 or not any(frozenset(shard) in old for shard in shards):
            break
    return shards
