"""Circles: people who keep each other and are near, seated as one wherever a region or a room sits down anew.

`Person.kept` names, both ways, those with whom somebody has pressed `keep`. Of a chain longer than a circle may be,
each sitting down puts other pairs together, by chance. Knows ids and cells, and who is kept apart: a block beats it.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from geo import Cell
from rooms.apart import are_apart
from rooms.clusters import MaySit
from rooms.extent import apart_m
from rooms.person import Person
from rooms.placement import limit_m, members_of
from rooms.room import Room
from rooms.rules import Rules

CIRCLE_MAX = 4
"""People who are seated as one: half of a room, so that strangers find a place among them."""

Circles = Mapping[str, Sequence[str]]
"""First id → all ids, of each circle. Whoever is in none is not there."""

NO_CIRCLES: Circles = {}


def circles_of(
    people: Iterable[Person], cells: Mapping[str, Cell], rules: Rules, rng: random.Random
) -> dict[str, list[str]]:
    """Return the circles of these people, each in that cell of theirs. The order of `people` is nothing."""
    keeping = {person.id: person for person in people if person.kept}
    pairs = sorted((id, other) for id in keeping for other in keeping[id].kept if id < other and other in keeping)
    if not pairs:
        return {}
    rng.shuffle(pairs)
    circles = {id: [id] for pair in pairs for id in pair}
    for pair in pairs:
        one, other = (circles[id] for id in pair)
        if one is not other and len(one) + len(other) <= min(CIRCLE_MAX, rules.seats_max):
            meetings = ((keeping[a], keeping[b]) for a in one for b in other)
            if all(are_near(a, cells[a.id], b, cells[b.id], rules) for a, b in meetings):
                one += other
                circles |= dict.fromkeys(other, one)
    return {min(circle): sorted(circle) for circle in circles.values() if len(circle) > 1}


def are_near(one: Person, here: Cell, other: Person, there: Cell, rules: Rules) -> bool:
    """Tell whether two people may sit together, and their cells are so near that a room can have both."""
    return not are_apart(one, other) and apart_m(here, there) <= limit_m((one, other), rules)


def deal_whole(
    units: Iterable[str], circles: Circles, count: int, *, seats_max: int, may_sit: MaySit | None
) -> list[list[str]]:
    """Return the units dealt evenly into so many shards, or more where some fit in none.

    A unit is a circle, by its first id, or somebody in none. Nobody gets into a shard with whom they may not sit.

    Args:
        units: in an order of chance.
        seats_max: how many people a shard has at most.
    """
    dealt: list[list[str]] = [[] for _ in range(count)]
    people: list[list[str]] = [[] for _ in range(count)]
    least = [(0, at) for at in range(count)]
    for unit in sorted(units, key=lambda unit: -len(circles.get(unit, unit[:1]))):
        ids = circles.get(unit, (unit,))
        passed = []
        while least and least[0][0] + len(ids) <= seats_max:
            size, at = heappop(least)
            if may_sit is None or all(may_sit(one, other) for one in ids for other in people[at]):
                break
            passed.append((size, at))
        else:
            size, at = 0, len(dealt)
            dealt.append([])
            people.append([])
        dealt[at].append(unit)
        people[at] += ids
        for shard in [*passed, (size + len(ids), at)]:
            heappush(least, shard)
    return [shard for shard in dealt if shard]


def is_split(part: Sequence[Person], whole: Iterable[Person]) -> bool:
    """Tell whether somebody of the part keeps somebody of the whole who is not in it."""
    kept = {id for person in part for id in person.kept} - {person.id for person in part}
    return bool(kept) and any(person.id in kept for person in whole)


def circle_in(room: Room, person: Person) -> set[str]:
    """Return who of the room would be in a circle with somebody who sits down there."""
    return reached(person.id, {person.id: person.kept, **{other.id: other.kept for other in members_of(room)}})


def reached(id: str, links: Mapping[str, frozenset[str]]) -> set[str]:
    """Return whom one comes to by links from there, itself included, of those who are in the mapping."""
    found = {id}
    latest = found
    while latest:
        latest = {other for one in latest for other in links[one] if other in links} - found
        found = found | latest
    return found
