"""Seating a region anew when its window ends: a plan, made from a snapshot.

`plan` says who is to sit together and who is to look for a room like a newcomer; it
opens no room and moves nobody. Crowded cells become random shards of about
`seats_target`; people of thin cells are seated one by one, nearest room first.
"""

import random
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from geo import Cell
from rooms.rules import Rules

_RESHUFFLES = 8
"""Tries to hand nobody back exactly the group they left; each misses with less than one chance in a thousand."""


class Gathered(NamedTuple):
    """One person at the window's end: `left` is the id of the room that ended."""

    id: str
    cell: Cell
    left: str


class Plan(NamedTuple):
    """Ids of people: those of one group sit together; the singles look for a room in this order."""

    groups: list[list[str]]
    singles: list[str]


def plan(people: Iterable[Gathered], *, rules: Rules, rng: random.Random) -> Plan:
    """Return who sits with whom next. The order of `people` never matters.

    One room's worth of people who sat together stay together: no break is seen.
    """
    gathered = sorted(people)
    if len({person.left for person in gathered}) == 1 and len(gathered) <= rules.seats_max:
        return Plan([[person.id for person in gathered]], [])
    groups: list[list[str]] = []
    singles: list[str] = []
    for _, here in groupby(sorted(gathered, key=_by_cell), key=lambda person: person.cell):
        crowd = list(here)
        if len(crowd) >= rules.seats_min:
            groups += _shards(crowd, _old_groups(gathered), rules, rng)
        else:
            singles += [person.id for person in crowd]
    rng.shuffle(singles)
    return Plan(groups, singles)


def _by_cell(person: Gathered) -> tuple[Cell, str]:
    return person.cell, person.id


def _old_groups(people: list[Gathered]) -> set[frozenset[str]]:
    together: dict[str, list[str]] = {}
    for person in people:
        together.setdefault(person.left, []).append(person.id)
    return {frozenset(group) for group in together.values()}


def _shards(crowd: list[Gathered], old: set[frozenset[str]], rules: Rules, rng: random.Random) -> list[list[str]]:
    """Return the crowd in even shards of about `seats_target`, by chance."""
    ids = [person.id for person in crowd]
    count = max(1, round(len(ids) / rules.seats_target))
    for _ in range(_RESHUFFLES):
        rng.shuffle(ids)
        shards = [ids[i::count] for i in range(count)]
        if count == 1 or not any(frozenset(shard) in old for shard in shards):
            break
    return shards
