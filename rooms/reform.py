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

from geo import Cell
from rooms.affinity import Topics, deal, exchange
from rooms.agenda import Result
from rooms.apart import part
from rooms.circles import NO_CIRCLES, Circles, deal_whole
from rooms.clusters import Cluster, MaySit, Piece, Standing
from rooms.extent import amid, apart_m
from rooms.grouping import break_up, improve, join_thin, mend
from rooms.nearness import FlatMap
from rooms.rules import Rules
from rooms.windows import region_of

_RESHUFFLES = 8
"""Tries to hand nobody back exactly the group they left: each misses by rare chance, all of them never in practice."""


_A_FEW = 250
"""How many people are sorted out in one step."""

_A_LOT = 500
"""How many people of one cell are shared out in one step."""

_PERSON_US, _UNIT_US, _JOIN_US, _BETTER_US, _EXCHANGE_US = 2, 6, 100, 1_000, 200
"""What a step takes for each person it looks at, for each where there are circles among them, for a cluster that joins
another, for one that is bettered, and for two whose people change places for their topics."""

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
    """The groups, who joins which room that goes on, and ids of people who look for a room in this order.

    `together` are circles that look for one room for all of them.
    """

    groups: list[Group]
    joins: list[tuple[str, list[str]]]
    singles: list[str]
    together: list[list[str]]


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
    circles: Circles = NO_CIRCLES,
) -> Plan:
    """Return who sits with whom next, at once: see `plan_in_slices`."""
    return at_once(
        plan_in_slices(
            people, rules=rules, rng=rng, neighbours=neighbours, may_sit=may_sit, topics=topics, circles=circles
        )
    )


def plan_in_slices(
    people: Iterable[Gathered],
    *,
    rules: Rules,
    rng: random.Random,
    neighbours: Iterable[Neighbour] = (),
    may_sit: MaySit | None = None,
    topics: Topics | None = None,
    circles: Circles = NO_CIRCLES,
) -> Slices[Plan]:
    """Return who sits with whom next, yielding after every millisecond or so of work. The order of `people` is nothing.

    Each circle, of some of them who are near each other and may sit together, is kept whole. One room's worth of people
    who sat together stay together: no break is seen, unless they are too few and there are others near.
    """
    snapshot = yield from _sort_out(people, circles)
    standing = list(neighbours)
    few = len(snapshot.people) < rules.seats_min and bool(standing)
    made = Plan([], [], [], [])
    if len(snapshot.left) == 1 and len(snapshot.people) <= rules.seats_max and not few:
        as_before = [snapshot.people[id] for id in sorted(snapshot.people)]
        _found(as_before, snapshot, made, as_they_were=True)
        return made
    if not snapshot.people:
        return made
    apart = (snapshot.people[id].cell for circle in snapshot.spread for id in circle)
    center = region_of(min([*snapshot.crowds, *apart])).center
    flat = FlatMap(*center)
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
        ring_m = max(Cell.at(*center, rules.finest_cell).size_m)
        yield from _each(exchange(clusters, topics, rules, ring_m=ring_m, may_sit=may_sit), _EXCHANGE_US)
    changed = yield from _each(break_up(clusters, snapshot.is_as_it_was, rules, may_sit=may_sit), _JOIN_US)
    yield from _each(mend(clusters, changed, snapshot.is_as_it_was, rules, may_sit=may_sit), _BETTER_US)
    for cluster in clusters:
        if cluster.pieces and cluster.standing is not None:
            made.joins.append((cluster.standing.room, _by_chance(cluster.ids(), rng)))
        elif cluster.pieces:
            _found([snapshot.people[id] for id in _by_chance(cluster.ids(), rng)], snapshot, made)
        yield _PERSON_US * cluster.sums.n
    for piece in (piece for cluster in left for piece in cluster.pieces):
        _look_alone(piece.ids, made)
    rng.shuffle(made.singles)
    rng.shuffle(made.together)
    yield from _let_go(snapshot)
    return made


def _let_go(snapshot: "_Snapshot") -> Slices[None]:
    """Free the memory a few at a time: all at once takes longer than a step should."""
    while snapshot.people:
        for _ in range(min(_A_FEW, len(snapshot.people))):
            snapshot.people.popitem()
        yield _PERSON_US * _A_FEW // 4


def _look_alone(ids: Sequence[str], made: Plan) -> None:
    """Plan that somebody, or a circle, looks for a room."""
    if len(ids) > 1:
        made.together.append(list(ids))
    else:
        made.singles.extend(ids)


def _by_chance(ids: list[str], rng: random.Random) -> list[str]:
    """Return them in an order of chance: a cluster has them by cell, and a room hears of them in the order given."""
    rng.shuffle(ids)
    return ids


class _Snapshot(NamedTuple):
    """Everybody by id, the ids by cell, and how many left which room.

    A circle of one cell stands in its crowd by its first id; those of several cells stand apart.
    """

    people: dict[str, Gathered]
    crowds: dict[Cell, list[str]]
    left: Counter[str]
    circles: Circles
    spread: list[Sequence[str]]

    def everybody(self, units: list[str]) -> list[str]:
        """Return who is meant by these, each a circle or somebody in none."""
        if not self.circles:
            return units
        return [id for unit in units for id in self.circles.get(unit, (unit,))]

    def pieces(self, units: list[str], cell: Cell, flat: FlatMap) -> list[Piece]:
        """Return these, who are of one cell, as pieces."""
        spot = flat.spot(cell)
        if not self.circles:
            return [Piece((id,), spot) for id in units]
        ids = [tuple(self.circles.get(unit, (unit,))) for unit in units]
        return [Piece(each, spot if len(each) == 1 else flat.spot(cell, len(each))) for each in ids]

    def has_circle(self, units: list[str]) -> bool:
        """Tell whether there is a circle among them."""
        return bool(self.circles) and not self.circles.keys().isdisjoint(units)

    def is_as_it_was(self, ids: Sequence[str]) -> bool:
        """Tell whether these are exactly the people who left one room."""
        rooms = {self.people[id].left.id for id in ids}
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


def _sort_out(people: Iterable[Gathered], circles: Circles) -> Slices[_Snapshot]:
    snapshot = _Snapshot({}, {}, Counter(), circles, [])
    encircled = {id for circle in circles.values() for id in circle}
    for count, person in enumerate(people, 1):
        snapshot.people[person.id] = person
        if person.id not in encircled:
            snapshot.crowds.setdefault(person.cell, []).append(person.id)
        snapshot.left[person.left.id] += 1
        if count % _A_FEW == 0:
            yield _PERSON_US * _A_FEW
    for first, circle in circles.items():
        cells = {snapshot.people[id].cell for id in circle}
        if len(cells) == 1:
            snapshot.crowds.setdefault(cells.pop(), []).append(first)
        else:
            snapshot.spread.append(circle)
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
    the others: they are all alike. A circle of several cells is a cluster of its own.
    """
    clusters: list[Cluster] = []
    for circle in sorted(snapshot.spread, key=min):
        spot = flat.spots((snapshot.people[id].cell, 1) for id in circle)
        clusters.append(Cluster([Piece(tuple(circle), spot)]))
    for cell in sorted(snapshot.crowds):
        crowd = snapshot.crowds[cell]
        if len(cell) < rules.finest_cell and len(snapshot.everybody(crowd)) < rules.seats_min:
            for unit in sorted(crowd):
                _look_alone(snapshot.everybody([unit]), made)
            continue
        alike = 0
        for lot in (yield from _lots(crowd, rng)):
            has_circle = snapshot.has_circle(lot)
            if has_circle:
                shards = _dealt(lot, snapshot, rules, rng, may_sit)
            else:
                shards = _shards(lot, snapshot, rules, rng, topics)
            if may_sit is not None and not has_circle:
                made.singles.extend(part(shards, may_sit))
            taking_part = shards[: max(0, _ALIKE - alike)]
            alike += len(taking_part)
            for shard in shards[len(taking_part) :]:
                ids = snapshot.everybody(shard)
                if has_circle and len(ids) < rules.seats_min:
                    taking_part.append(shard)
                else:
                    made.groups.append(Group(cell, ids))
            clusters.extend(Cluster(snapshot.pieces(shard, cell, flat)) for shard in taking_part)
            yield (_UNIT_US if has_circle else _PERSON_US) * len(lot)
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


def _found(people: list[Gathered], snapshot: _Snapshot, made: Plan, *, as_they_were: bool = False) -> None:
    """Plan a room for these people amid them, or where they sat before, if somebody stands there still.

    Whoever would be farther from it than they accept looks for another, their circle with them.
    """
    cells = [person.cell for person in people]
    former = people[0].left.cell
    cell = former if as_they_were and former in cells else amid(cells)
    limit = min(person.limit_m for person in people)
    far = {person.id for person in people if apart_m(person.cell, cell) > limit}
    for circle in snapshot.circles.values() if far else ():
        if not far.isdisjoint(circle):
            made.together.append(list(circle))
            far.difference_update(circle)
            people = [person for person in people if person.id not in circle]
    near = [person.id for person in people if person.id not in far]
    if near:
        made.groups.append(Group(cell, near))
    made.singles.extend(person.id for person in people if person.id in far)


def _dealt(
    units: list[str], snapshot: _Snapshot, rules: Rules, rng: random.Random, may_sit: MaySit | None
) -> list[list[str]]:
    """Return the crowd in shards as `_shards` does, its circles whole and nobody with whom they may not sit.

    So some may be short, where there are blocks, or circles as large as rooms.
    """
    count = _count(len(snapshot.everybody(units)), rules)
    for _ in range(_RESHUFFLES):
        rng.shuffle(units)
        shards = deal_whole(units, snapshot.circles, count, seats_max=rules.seats_max, may_sit=may_sit)
        for shard in shards:
            rng.shuffle(shard)
        if count == 1 or not any(snapshot.is_as_it_was(snapshot.everybody(shard)) for shard in shards):
            break
    return shards


def _count(people: int, rules: Rules) -> int:
    """Return into how many shards a crowd falls."""
    wanted = min(round(people / rules.seats_target), people // rules.seats_min)
    return max(wanted, ceil(people / rules.seats_max))


def _shards(
    ids: list[str], snapshot: _Snapshot, rules: Rules, rng: random.Random, topics: Topics | None
) -> list[list[str]]:
    """Return the crowd in even shards of about `seats_target`, by chance; none is too large.

    None waits either, unless the operator's `seats_min` is so near to `seats_max` that some must.
    """
    count = _count(len(ids), rules)
    for _ in range(_RESHUFFLES):
        rng.shuffle(ids)
        shards = deal(ids, count, topics, rng) if topics else [ids[i::count] for i in range(count)]
        if count == 1 or not any(map(snapshot.is_as_it_was, shards)):
            break
    return shards
