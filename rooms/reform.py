"""Seating a region anew when its window ends: a plan, made from a snapshot.

`plan` says who is to sit together, who joins a room that goes on, and who is to look for a
room like a newcomer; it opens no room and moves nobody. Crowded cells become random shards of
about `seats_target`; thin cells join outward, nearest first, and then whatever brings people
nearer is done (rooms/grouping.py). Rooms of other windows with free seats take part, so that
a region's border is no border for company.
"""

import random
import zlib
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from math import ceil
from typing import NamedTuple

import msgspec

from geo import Cell, cell_distance_m
from rooms.affinity import Topics, deal, exchange
from rooms.agenda import Result
from rooms.apart import part
from rooms.clusters import Cluster, MaySit, Piece, Standing
from rooms.extent import apart_m
from rooms.grouping import break_up, improve, join_thin
from rooms.nearness import FlatMap
from rooms.rules import Rules
from rooms.windows import region_of

_RESHUFFLES = 8
"""Tries to hand nobody back exactly the group they left: each misses by rare chance, all of them never in practice."""


_A_FEW = 250
"""How many people are sorted out in one step."""

_A_LOT = 500
"""How many people of one cell are shared out in one step."""

_PERSON_US, _JOIN_US, _BETTER_US, _EXCHANGE_US = 2, 100, 1_000, 200
"""What a step takes for each person it looks at, for a cluster that joins another, for one that is bettered, and for
two whose people change places for their topics."""

_ALIKE = 2
"""How many shards of one cell take part in joining and bettering."""


class Left(msgspec.Struct, frozen=True):
    """The room somebody leaves: its id and where it was founded."""

    id: str
    cell: Cell


class Gathered(msgspec.Struct, frozen=True):
    """One person at the window's end. `limit_m` is how far from its founding cell a room of theirs may reach."""

    id: str
    cell: Cell
    left: Left
    limit_m: float


class Group(NamedTuple):
    """Ids of people who are to sit together, and the cell their room is founded in."""

    cell: Cell
    ids: list[str]


class Neighbour(NamedTuple):
    """A room of another window, which goes on and has free seats."""

    id: str
    sitting: tuple[tuple[str, Cell], ...]


class Plan(NamedTuple):
    """The groups, who joins which room that goes on, and ids of people who look for a room in this order."""

    groups: list[Group]
    joins: list[tuple[str, list[str]]]
    singles: list[str]


Slices = Generator[int, None, Result]
"""Work that can rest between any two of its steps; each yields how many microseconds it took, as a rule."""


def at_once(slices: Slices[Result]) -> Result:
    """Return what the work comes to, doing all of it."""
    while True:
        try:
            next(slices)
        except StopIteration as done:
            result: Result = done.value
            return result


def plan(
    people: Iterable[Gathered],
    *,
    rules: Rules,
    rng: random.Random,
    neighbours: Iterable[Neighbour] = (),
    may_sit: MaySit | None = None,
    topics: Topics | None = None,
) -> Plan:
    """Return who sits with whom next, at once: see `plan_in_slices`."""
    return at_once(plan_in_slices(people, rules=rules, rng=rng, neighbours=neighbours, may_sit=may_sit, topics=topics))


def plan_in_slices(
    people: Iterable[Gathered],
    *,
    rules: Rules,
    rng: random.Random,
    neighbours: Iterable[Neighbour] = (),
    may_sit: MaySit | None = None,
    topics: Topics | None = None,
) -> Slices[Plan]:
    """Return who sits with whom next, yielding after every millisecond or so of work. The order of `people` is nothing.

    One room's worth of people who sat together stay together: no break is seen, unless they are
    too few and there are others near.
    """
    snapshot = yield from _sort_out(people)
    standing = list(neighbours)
    few = len(snapshot.people) < rules.seats_min and bool(standing)
    if len(snapshot.left) == 1 and len(snapshot.people) <= rules.seats_max and not few:
        return _as_they_were([snapshot.people[id] for id in sorted(snapshot.people)])
    made = Plan([], [], [])
    if not snapshot.people:
        return made
    flat = FlatMap(*region_of(min(snapshot.crowds)).center)
    clusters = yield from _clusters(snapshot, flat, made, rules, rng, may_sit, topics)
    for id, sitting in standing:
        sums = flat.spots((cell, 1) for _, cell in sitting)
        clusters.append(Cluster(standing=Standing(id, tuple(who for who, _ in sitting), sums)))
        yield _PERSON_US * len(sitting)
    clusters = yield from _each(join_thin(clusters, rules, may_sit=may_sit), _JOIN_US)
    left = [cluster for cluster in clusters if cluster.standing is None and cluster.sums.n < rules.seats_min]
    clusters = [cluster for cluster in clusters if cluster.standing is not None or cluster.sums.n >= rules.seats_min]
    yield from _each(improve(clusters, rules, rng, may_sit=may_sit), _BETTER_US)
    if topics:
        ring_m = max(Cell.at(*region_of(min(snapshot.crowds)).center, rules.finest_cell).size_m)
        yield from _each(exchange(clusters, topics, rules, ring_m=ring_m, may_sit=may_sit), _EXCHANGE_US)
    yield from _each(break_up(clusters, snapshot.is_as_it_was, rules, may_sit=may_sit), _JOIN_US)
    for cluster in clusters:
        if cluster.pieces and cluster.standing is not None:
            made.joins.append((cluster.standing.room, _by_chance(cluster.ids(), rng)))
        elif cluster.pieces:
            _found([snapshot.people[id] for id in _by_chance(cluster.ids(), rng)], made)
        yield _PERSON_US * cluster.sums.n
    made.singles.extend(id for cluster in left for id in cluster.ids())
    rng.shuffle(made.singles)
    yield from _let_go(snapshot)
    return made


def _let_go(snapshot: "_Snapshot") -> Slices[None]:
    """Free the memory a few at a time: all at once takes longer than a step should."""
    while snapshot.people:
        for _ in range(min(_A_FEW, len(snapshot.people))):
            snapshot.people.popitem()
        yield _PERSON_US * _A_FEW // 4


def _by_chance(ids: list[str], rng: random.Random) -> list[str]:
    """Return them in an order of chance: a cluster has them by cell, and a room hears of them in the order given."""
    rng.shuffle(ids)
    return ids


class _Snapshot(NamedTuple):
    """Everybody by id, the ids by cell, and how many left which room."""

    people: dict[str, Gathered]
    crowds: dict[Cell, list[str]]
    left: Counter[Left]

    def is_as_it_was(self, ids: Sequence[str]) -> bool:
        """Tell whether these are exactly the people who left one room."""
        rooms = {self.people[id].left for id in ids}
        return len(rooms) == 1 and self.left[rooms.pop()] == len(ids)


def _each(slices: Generator[None, None, Result], us: int) -> Slices[Result]:
    """Return the same work, its steps taking so many microseconds."""
    while True:
        try:
            next(slices)
        except StopIteration as done:
            result: Result = done.value
            return result
        yield us


def _sort_out(people: Iterable[Gathered]) -> Slices[_Snapshot]:
    snapshot = _Snapshot({}, {}, Counter())
    for count, person in enumerate(people, 1):
        snapshot.people[person.id] = person
        snapshot.crowds.setdefault(person.cell, []).append(person.id)
        snapshot.left[person.left] += 1
        if count % _A_FEW == 0:
            yield _PERSON_US * _A_FEW
    return snapshot


def _clusters(
    snapshot: _Snapshot,
    flat: FlatMap,
    made: Plan,
    rules: Rules,
    rng: random.Random,
    may_sit: MaySit | None,
    topics: Topics | None,
) -> Slices[list[Cluster]]:
    """Return a cluster for each shard of each cell; what need not be looked at again goes into the plan at once.

    A coarse cell's few look for a room like newcomers, so that chance seats them among all that match, and so do those
    who may sit with nobody of their crowd. Of the shards of a crowd only two take part in what follows, and stand for
    the others: they are all alike.
    """
    clusters: list[Cluster] = []
    for cell in sorted(snapshot.crowds):
        crowd = snapshot.crowds[cell]
        if len(cell) < rules.finest_cell and len(crowd) < rules.seats_min:
            made.singles.extend(sorted(crowd))
            continue
        spot = flat.spot(cell)
        alike = 0
        for lot in (yield from _lots(crowd, rng)):
            shards = _shards(lot, snapshot, rules, rng, topics)
            if may_sit is not None:
                made.singles.extend(part(shards, may_sit))
            taking_part = shards[: max(0, _ALIKE - alike)]
            alike += len(taking_part)
            made.groups.extend(Group(cell, shard) for shard in shards[len(taking_part) :])
            clusters.extend(Cluster(Piece((id,), spot) for id in shard) for shard in taking_part)
            yield _PERSON_US * len(lot)
    return clusters


def _lots(crowd: list[str], rng: random.Random) -> Slices[list[list[str]]]:
    """Return the people of one cell in lots of about `_A_LOT`, each sorted: a stadium's are not sorted at one go.

    Chance decides who is in which lot, whatever the order they come in: it is the salt of a hash of who they are.
    """
    if len(crowd) <= 2 * _A_LOT:
        return [sorted(crowd)]
    salt = rng.getrandbits(32)
    lots: list[list[str]] = [[] for _ in range(round(len(crowd) / _A_LOT))]
    for count, id in enumerate(crowd, 1):
        lots[zlib.crc32(id.encode(), salt) % len(lots)].append(id)
        if count % _A_FEW == 0:
            yield _PERSON_US * _A_FEW
    return [sorted(lot) for lot in lots if lot]


def _found(people: list[Gathered], made: Plan) -> None:
    """Plan a room for these people amid them; whoever would be farther from it than they accept looks for another."""
    cells = sorted({person.cell for person in people})
    middle = min(cells, key=lambda cell: sum(cell_distance_m(cell, other.cell) for other in people))
    limit = min(person.limit_m for person in people)
    near = [person.id for person in people if apart_m(person.cell, middle) <= limit]
    made.groups.append(Group(middle, near))
    made.singles.extend(person.id for person in people if person.id not in near)


def _as_they_were(people: list[Gathered]) -> Plan:
    """Return one group of all who are still near: around the old founding cell, or around their middle one."""
    cells = sorted({person.cell for person in people})
    former = people[0].left.cell
    middle = min(cells, key=lambda cell: sum(cell_distance_m(cell, other.cell) for other in people))
    cell = former if former in cells else middle
    limit = min(person.limit_m for person in people)
    near = [person.id for person in people if apart_m(person.cell, cell) <= limit]
    return Plan([Group(cell, near)], [], [person.id for person in people if person.id not in near])


def _shards(
    ids: list[str], snapshot: _Snapshot, rules: Rules, rng: random.Random, topics: Topics | None
) -> list[list[str]]:
    """Return the crowd in even shards of about `seats_target`, by chance; none is too large.

    None waits either, unless the operator's `seats_min` is so near to `seats_max` that some must.
    """
    wanted = min(round(len(ids) / rules.seats_target), len(ids) // rules.seats_min)
    count = max(wanted, ceil(len(ids) / rules.seats_max))
    for _ in range(_RESHUFFLES):
        rng.shuffle(ids)
        shards = deal(ids, count, topics, rng) if topics else [ids[i::count] for i in range(count)]
        if count == 1 or not any(map(snapshot.is_as_it_was, shards)):
            break
    return shards
