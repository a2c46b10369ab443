"""Groups in the making at a window's end: thin cells join nearest first, then whatever brings people nearer is done.

A cluster is a list of people and the sums of their places (rooms/nearness.py), so that to try
somebody in it costs the same whatever its size. First each cluster too small to be company joins
the nearest one that has room; then, for a few passes, a cluster swallows a neighbour, hands
somebody over, swaps two or falls into two, whenever that lowers the strain of all together.
A standing room, which goes on, takes part as a cluster whose members stay. At last a group that
was together before gives somebody away, and what that costs is mended as far as it can be.

Works in steps: each generator yields after a little work. Knows spots and ids of people; moves nobody.
"""

import heapq
import random
from collections.abc import Generator
from math import atan2, cos, hypot, sin

from rooms.clusters import Cluster, MaySit, Piece, Plane, group_strain
from rooms.handing import LEAST, WasTogether, best_move, carry_out, hand_over
from rooms.nearness import NOBODY
from rooms.rules import Rules

_PASSES = 4
"""The last brings the near ratio down by 0.004 (a week of check-ins, three seeds); after it nothing is measured."""

_NEIGHBOURS = 8
"""How many clusters around are tried: the nearest ones touch this one on all sides."""

_CROWD_M = 800.0
"""How far a cluster of `seats_target` counts at least: as for newcomers, a crowd costs most of a kilometre."""

_BEARABLE = 6.0
"""Strain for which a group that was together before is changed: short of leaving a group too few to be company."""

_VISITS = 12_000
"""People looked at in all passes together, at most: bounds the work of a large region with fine cells."""


def join_thin(
    clusters: list[Cluster], rules: Rules, *, may_sit: MaySit | None = None
) -> Generator[None, None, list[Cluster]]:
    """Return the clusters after each of fewer than `seats_min` has joined the nearest one it fits, nearest pairs first.

    Those whom nobody within `reach_max_m` has room for are left as they are.
    """
    plane = Plane(clusters)
    heap: list[tuple[float, int, Cluster, Cluster]] = []
    alive = dict.fromkeys(map(id, clusters))
    by_id = {id(cluster): cluster for cluster in clusters}
    tries = 0

    def propose(thin: Cluster) -> None:
        nonlocal tries
        if thin.standing is None and thin.sums.n < rules.seats_min:
            partner = _partner(thin, plane, rules, may_sit)
            if partner is not None:
                tries += 1
                heapq.heappush(heap, (partner[0], tries, thin, partner[1]))

    for cluster in clusters:
        propose(cluster)
        yield
    while heap:
        _, _, thin, other = heapq.heappop(heap)
        if id(thin) in alive:
            if id(other) in alive:
                for gone in (thin, other):
                    del alive[id(gone)]
                    plane.take(gone)
                both = Cluster(other.pieces + thin.pieces, standing=other.standing)
                alive[id(both)] = None
                by_id[id(both)] = both
                plane.put(both)
                propose(both)
            else:
                propose(thin)
        yield
    return [by_id[key] for key in alive]


def _partner(thin: Cluster, plane: Plane, rules: Rules, may_sit: MaySit | None) -> tuple[float, Cluster] | None:
    """Return the cluster in whose midst the thin one is nearest, and the mean distance in metres, or None."""
    best: tuple[float, Cluster] | None = None
    for far_m, other in plane.nearest(thin, 2 * _NEIGHBOURS):
        if far_m > rules.reach_max_m or (best is not None and far_m >= best[0]):
            break
        if _fit(thin, other, rules, may_sit):
            n, _, _, square, own = other.sums
            x, y = other.middle
            wide = max(0.0, square / n - x * x - y * y) + own / n
            crowd_m = _CROWD_M if n >= rules.seats_target else 0.0
            mean_m = hypot(far_m, wide**0.5, crowd_m)
            if best is None or mean_m < best[0]:
                best = mean_m, other
    return best


def _fit(a: Cluster, b: Cluster, rules: Rules, may_sit: MaySit | None) -> bool:
    if a.sums.n + b.sums.n > rules.seats_max or (a.standing is not None and b.standing is not None):
        return False
    return may_sit is None or all(may_sit(p, q) for p in a.everybody() for q in b.everybody())


def improve(
    clusters: list[Cluster], rules: Rules, rng: random.Random, *, may_sit: MaySit | None = None
) -> Generator[None, None, None]:
    """Bring people nearer to each other, in place: clusters appear, change, or are left empty."""
    people = sum(len(cluster.pieces) for cluster in clusters)
    at_rest: dict[int, list[tuple[int, int]]] = {}
    """Of clusters that nothing was done to: themselves and the neighbours then. Nothing will be while these are so."""
    for _ in range(min(_PASSES, _VISITS // max(1, people))):
        plane = Plane(clusters)
        order = [cluster for cluster in clusters if cluster.pieces]
        rng.shuffle(order)
        better = False
        for cluster in order:
            if cluster.pieces:
                around = [other for _, other in plane.nearest(cluster, _NEIGHBOURS)]
                found = _versions(cluster, around)
                if at_rest.get(id(cluster)) != found:
                    half = _better(cluster, around, rules, may_sit)
                    if half is not None:
                        clusters.append(half)
                        plane.put(half)
                    left = _versions(cluster, around)
                    if left == found:
                        at_rest[id(cluster)] = found
                    else:
                        better = True
                        for each, before, after in zip((cluster, *around), found, left, strict=True):
                            if after != before:
                                plane.put(each)
            yield
        if not better:
            return


def _versions(cluster: Cluster, around: list[Cluster]) -> list[tuple[int, int]]:
    return [(id(each), each.version) for each in (cluster, *around)]


def _better(cluster: Cluster, around: list[Cluster], rules: Rules, may_sit: MaySit | None) -> Cluster | None:
    """Do what brings the cluster's people nearer to each other; return the half that it falls into, if it does."""
    _swallow(cluster, around, rules, may_sit)
    # Whoever sits among their own cell alone is nowhere nearer.
    for piece in [] if cluster.is_of_one_cell else list(cluster.pieces):
        if piece in cluster.pieces:
            hand_over(cluster, piece, around, rules, may_sit)
    return _fall_apart(cluster, rules)


def break_up(
    clusters: list[Cluster], is_as_it_was: WasTogether, rules: Rules, *, may_sit: MaySit | None = None
) -> Generator[None, None, list[Cluster]]:
    """Have one of each group that was together before change places, where that costs least, if others are there.

    Returns the clusters that changed by it.
    """
    plane = Plane(clusters)
    changed: dict[int, Cluster] = {}
    for cluster in clusters:
        if cluster.pieces and cluster.standing is None and is_as_it_was(cluster.ids()):
            around = [other for _, other in plane.nearest(cluster, _NEIGHBOURS)]
            least, below = None, _BEARABLE
            for piece in cluster.pieces:
                move = best_move(cluster, piece, around, rules, may_sit, within_m=rules.reach_max_m, below=below)
                if move is not None:
                    least, below = move, move.gain
            if least is not None:
                carry_out(cluster, least)
                changed |= {id(each): each for each in (cluster, least.target)}
        yield
    return list(changed.values())


def mend(
    clusters: list[Cluster],
    changed: list[Cluster],
    is_as_it_was: WasTogether,
    rules: Rules,
    *,
    may_sit: MaySit | None = None,
) -> Generator[None, None, None]:
    """Hand people of the changed clusters over once more where that brings them nearer and makes none what it was.

    Each was broken up by itself, the others being as they were then: a third of what that cost is won back (a week of
    check-ins, two regions). Of more people than `_VISITS` none is.
    """
    if sum(len(cluster.pieces) for cluster in clusters) > _VISITS:
        return
    plane = Plane(clusters)
    for cluster in changed:
        if cluster.pieces:
            around = [other for _, other in plane.nearest(cluster, _NEIGHBOURS)]
            for piece in list(cluster.pieces):
                if piece in cluster.pieces:
                    hand_over(cluster, piece, around, rules, may_sit, is_as_it_was)
        yield


def _swallow(cluster: Cluster, around: list[Cluster], rules: Rules, may_sit: MaySit | None) -> None:
    """Have the cluster and the neighbour with which that lowers the strain most become one."""
    alone = cluster.strain(rules)
    gains = [
        (group_strain(cluster.sums.with_(other.sums), rules) - alone - other.strain(rules), i)
        for i, other in enumerate(around)
        if other.sums.n and _fit(cluster, other, rules, may_sit)
    ]
    gain, best = min(gains, default=(0.0, 0))
    if gain >= -LEAST:
        return
    target, mover = (around[best], cluster) if around[best].standing is not None else (cluster, around[best])
    for piece in list(mover.pieces):
        mover.remove(piece)
        target.add(piece)


def _fall_apart(cluster: Cluster, rules: Rules) -> Cluster | None:
    """Cut the cluster across its longest axis if both halves together are strained less; return the one cut off."""
    sums = cluster.sums
    if cluster.standing is not None or sums.n < 2 * rules.seats_min or cluster.is_of_one_cell:
        return None
    order = _along_axis(cluster)
    best = cluster.strain(rules) - LEAST, 0
    front = NOBODY
    for count, piece in enumerate(order[:-1], 1):
        front = front.with_(piece.spot)
        if front.n >= rules.seats_min and sums.n - front.n >= rules.seats_min:
            best = min(best, (group_strain(front, rules) + group_strain(sums.without(front), rules), count))
    if not best[1]:
        return None
    for piece in order[: best[1]]:
        cluster.remove(piece)
    return Cluster(order[: best[1]])


def _along_axis(cluster: Cluster) -> list[Piece]:
    """Return the pieces in order along the axis on which they vary most (the principal one)."""
    x, y = cluster.middle
    away = [(p.spot.x / p.spot.n - x, p.spot.y / p.spot.n - y) for p in cluster.pieces]
    xx, yy, xy = sum(u * u for u, _ in away), sum(v * v for _, v in away), sum(u * v for u, v in away)
    angle = 0.5 * atan2(2 * xy, xx - yy)
    c, s = cos(angle), sin(angle)
    along = [u * c + v * s for u, v in away]
    return [cluster.pieces[i] for i in sorted(range(len(along)), key=lambda i: (along[i], cluster.pieces[i].ids))]
