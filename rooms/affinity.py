"""Shared topics at a window's end: of people as near as each other, those with something in common sit together.

A crowded cell's people are dealt to its shards so, and people of thin cells change places, where that is as near or, by
one ring of cells at most, nearly. Knows ids, topics and spots; moves nobody. Where nobody has topics it is not asked.
"""

import random
from collections.abc import Generator, Iterable, Mapping, Sequence
from math import hypot, inf

from rooms.clusters import Cluster, MaySit, Piece, Plane, group_strain
from rooms.person import Person
from rooms.rules import Rules
from rooms.topics import LOOKED_AT

Topics = Mapping[str, frozenset[str]]
"""Id to topics, of those who have any."""

_NEIGHBOURS = 4
"""How many clusters around are looked at, nearest first: those farther are mostly more than a ring away."""

_NONE: frozenset[str] = frozenset()


def topics_by(people: Iterable[Person]) -> dict[str, frozenset[str]]:
    """Return the topics of those of these people who have any."""
    return {person.id: frozenset(person.topics) for person in people if person.topics}


def deal(ids: Sequence[str], count: int, topics: Topics, rng: random.Random) -> list[list[str]]:
    """Return the people, who come by chance, in so many even shards: each in that of a few with most in common."""
    shards: list[list[str]] = [[] for _ in range(count)]
    full, larger = divmod(len(ids), count)
    room = [full + (number < larger) for number in range(count)]
    open_ = [number for number in range(count) if room[number]]
    for id in ids:
        own = topics.get(id, _NONE)
        few = rng.sample(open_, min(LOOKED_AT, len(open_)))
        chosen = max(few, key=lambda number: _share_in_common(own, shards[number], topics)) if own else few[0]
        shards[chosen].append(id)
        if len(shards[chosen]) == room[chosen]:
            open_.remove(chosen)
    return shards


def exchange(
    clusters: list[Cluster], topics: Topics, rules: Rules, *, ring_m: float, may_sit: MaySit | None = None
) -> Generator[None, None, None]:
    """Have people of neighbouring clusters change places, one for one, where more then share a topic.

    The two are from one cell or at most a ring apart, and what it costs in strain is no more than their topics are
    worth. Yields after each pair of clusters.
    """
    plane = Plane(clusters)
    for cluster in clusters:
        if not cluster.pieces:
            continue
        for _, other in plane.nearest(cluster, _NEIGHBOURS):
            if other.pieces:
                _exchange(cluster, other, topics, rules, ring_m, may_sit)
                yield


def _exchange(a: Cluster, b: Cluster, topics: Topics, rules: Rules, ring_m: float, may_sit: MaySit | None) -> None:
    """Have two change places, the pair with which most is gained, as often as something is."""
    pieces = [*a.pieces, *b.pieces]
    liked = [[topics[id] for id in piece.ids if id in topics] for piece in pieces]
    shared = [[_pairs(one, other) for other in liked] for one in liked]
    if not any(map(any, shared)):
        return
    sitting = [_sitting(cluster, topics) for cluster in (a, b)]
    fixed = [[_pairs(one, there) for one in liked] for there in sitting]
    sides = [[*range(len(a.pieces))], [*range(len(a.pieces), len(pieces))]]
    for _ in range(len(a.pieces)):
        # What each shares with those of either side, themselves left out.
        links = [
            [
                fixed[side][at] + sum(shared[at][other] for other in sides[side] if other != at)
                for at in range(len(pieces))
            ]
            for side in (0, 1)
        ]
        best, p, q = 0.0, -1, -1
        for one in sides[0]:
            for other in sides[1]:
                more = links[1][one] + links[0][other] - links[0][one] - links[1][other] - 2 * shared[one][other]
                if more > 0:
                    gain = rules.topic_gain * more - _cost(a, pieces[one], b, pieces[other], rules, ring_m)
                    if gain > best:
                        best, p, q = gain, one, other
        if p < 0 or not (_welcome(pieces[p], pieces[q], b, may_sit) and _welcome(pieces[q], pieces[p], a, may_sit)):
            return
        for cluster, comes, goes in ((a, pieces[q], pieces[p]), (b, pieces[p], pieces[q])):
            cluster.add(comes)
            cluster.remove(goes)
        sides[0][sides[0].index(p)], sides[1][sides[1].index(q)] = q, p


def _cost(a: Cluster, p: Piece, b: Cluster, q: Piece, rules: Rules, ring_m: float) -> float:
    """Return by how much the two changing places adds to the strain of all; no end of it if they are too far apart."""
    if p.spot == q.spot:
        return 0.0
    x, y = p.spot.x / p.spot.n - q.spot.x / q.spot.n, p.spot.y / p.spot.n - q.spot.y / q.spot.n
    if p.spot.n != q.spot.n or hypot(x, y) > ring_m:
        return inf
    swapped_a = a.sums.without(p.spot).with_(q.spot)
    swapped_b = b.sums.without(q.spot).with_(p.spot)
    return group_strain(swapped_a, rules) + group_strain(swapped_b, rules) - a.strain(rules) - b.strain(rules)


def _sitting(cluster: Cluster, topics: Topics) -> list[frozenset[str]]:
    """Return the topics of those who stay where they sit."""
    ids = cluster.standing.sitting if cluster.standing is not None else ()
    return [topics[id] for id in ids if id in topics]


def _pairs(some: Sequence[frozenset[str]], others: Sequence[frozenset[str]]) -> int:
    """Return how many pairs, one of either, share a topic."""
    return sum(not one.isdisjoint(other) for one in some for other in others)


def _welcome(comer: Piece, goer: Piece, cluster: Cluster, may_sit: MaySit | None) -> bool:
    if may_sit is None:
        return True
    others = [id for id in cluster.everybody() if id not in goer.ids]
    return all(may_sit(one, other) for one in comer.ids for other in others)


def _share_in_common(own: frozenset[str], shard: Sequence[str], topics: Topics) -> float:
    """Return the share of a shard's people who share a topic; that of an empty one is that of a chance table."""
    if not shard:
        return 0.0
    return sum(not own.isdisjoint(topics.get(id, _NONE)) for id in shard) / len(shard)
