"""Shared topics at a window's end: of people as near as each other, those with something in common sit together.

A crowded cell's people are dealt to its shards so, and people of thin cells change places, where that is as near or, by
one ring of cells at most, nearly. Knows ids, topics and spots; moves nobody. Where nobody has topics it is not asked.
"""

import random
from collections.abc import Generator, Iterable, Mapping, Sequence
from math import hypot

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
    for _ in range(len(a.pieces)):
        swaps = ((_gain(a, p, b, q, topics, rules, ring_m), p, q) for p in a.pieces for q in b.pieces)
        gain, p, q = max(swaps, key=lambda swap: swap[0])
        if gain <= 0 or not (_welcome(p, q, b, may_sit) and _welcome(q, p, a, may_sit)):
            return
        a.remove(p)
        b.remove(q)
        a.add(q)
        b.add(p)


def _gain(a: Cluster, p: Piece, b: Cluster, q: Piece, topics: Topics, rules: Rules, ring_m: float) -> float:
    """Return what it is worth that the two change places, as strain taken off; nothing if they are too far apart."""
    x, y = p.spot.x / p.spot.n - q.spot.x / q.spot.n, p.spot.y / p.spot.n - q.spot.y / q.spot.n
    if hypot(x, y) > ring_m or p.spot.n != q.spot.n:
        return 0.0
    after = _links(p, b, q, topics) + _links(q, a, p, topics)
    more = after - _links(p, a, p, topics) - _links(q, b, q, topics)
    if more <= 0 or p.spot == q.spot:
        return rules.topic_gain * more
    swapped_a = a.sums.without(p.spot).with_(q.spot)
    swapped_b = b.sums.without(q.spot).with_(p.spot)
    strain = group_strain(swapped_a, rules) + group_strain(swapped_b, rules) - a.strain(rules) - b.strain(rules)
    return rules.topic_gain * more - strain


def _links(piece: Piece, cluster: Cluster, but: Piece, topics: Topics) -> int:
    """Return how many of the cluster's people, without one piece of it, share a topic with the piece's."""
    left_out = but.ids
    return sum(
        not topics.get(one, _NONE).isdisjoint(topics.get(other, _NONE))
        for one in piece.ids
        for other in cluster.everybody()
        if other not in left_out and other != one
    )


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
