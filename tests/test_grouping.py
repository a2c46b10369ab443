"""Groups that were together before are broken up at a window's end, and what that costs is mended where it can be."""

import random
from collections.abc import Generator
from math import dist

from hypothesis import given, settings
from hypothesis import strategies as st

from rooms.agenda import Result
from rooms.clusters import Cluster, Piece, Plane, group_strain
from rooms.grouping import break_up, mend
from rooms.handing import WasTogether
from rooms.nearness import FlatMap
from rooms.rules import Rules
from tests.worlds import HOME, beside

RULES = Rules()


def villages(seed: int) -> tuple[list[Cluster], dict[str, int]]:
    """Villages of 3 to 9 people, 1 to 3 cells apart, each a group that was together; and where everybody lives."""
    chance = random.Random(seed)
    flat = FlatMap(*HOME.center)
    clusters: list[Cluster] = []
    home_of: dict[str, int] = {}
    for number in range(12):
        cell = beside(HOME, north=3 * (number // 4) + chance.randrange(2), east=2 * (number % 4) + chance.randrange(2))
        ids = [f"v{number}-{person}" for person in range(chance.randint(3, 9))]
        home_of |= dict.fromkeys(ids, number)
        clusters.append(Cluster(Piece((id,), flat.spot(cell)) for id in ids))
    return clusters, home_of


def togetherness(clusters: list[Cluster]) -> WasTogether:
    """Return what tells whether people are exactly one of the groups as they are now."""
    before = {frozenset(cluster.ids()) for cluster in clusters}
    return lambda ids: frozenset(ids) in before


def done(steps: Generator[None, None, Result]) -> Result:
    """Do all the steps and return what they come to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


def strain_of(clusters: list[Cluster]) -> float:
    return sum(group_strain(cluster.sums, RULES) for cluster in clusters if cluster.pieces)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999))
def test_what_breaking_up_costs_is_mended_and_no_group_is_what_it_was(seed: int) -> None:
    clusters, home_of = villages(seed)
    is_as_it_was = togetherness(clusters)
    before = [frozenset(cluster.ids()) for cluster in clusters]
    changed = done(break_up(clusters, is_as_it_was, RULES))
    together = {number: frozenset(cluster.ids()) for number, cluster in enumerate(clusters)}
    assert {number for number, ids in together.items() if ids not in before} == {
        number for number, cluster in enumerate(clusters) if any(cluster is each for each in changed)
    }
    as_before = sum(ids in before for ids in together.values())
    broken = strain_of(clusters)
    done(mend(clusters, changed, is_as_it_was, RULES))
    assert strain_of(clusters) <= broken
    assert sum(is_as_it_was(cluster.ids()) for cluster in clusters) <= as_before
    assert sorted(id for cluster in clusters for id in cluster.ids()) == sorted(home_of)
    assert all(cluster.sums.n <= RULES.seats_max for cluster in clusters)


def test_mending_brings_people_nearer_on_the_whole() -> None:
    won = cost = 0.0
    for seed in range(10):
        clusters, _ = villages(seed)
        is_as_it_was = togetherness(clusters)
        whole = strain_of(clusters)
        changed = done(break_up(clusters, is_as_it_was, RULES))
        broken = strain_of(clusters)
        done(mend(clusters, changed, is_as_it_was, RULES))
        cost += broken - whole
        won += broken - strain_of(clusters)
    assert 0.05 * cost < won < cost


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.sampled_from([1, 5, 40, 400]))
def test_the_nearest_groups_are_found_among_few_and_many(seed: int, count: int) -> None:
    chance, flat = random.Random(seed), FlatMap(*HOME.center)

    def piece(number: int) -> Piece:
        # Most live downtown.
        wide = chance.choice([2, 2, 2, 40])
        return Piece((f"p{number}",), flat.spot(beside(HOME, north=chance.randint(0, wide), east=chance.randint(0, 9))))

    clusters = [Cluster([piece(number)]) for number in range(count)]
    plane = Plane(clusters)
    for moved in chance.sample(clusters, count // 2):
        moved.add(piece(count))
        plane.put(moved)
    gone = chance.sample(clusters, count // 5)
    for cluster in gone:
        plane.take(cluster)
    here = [cluster for cluster in clusters if cluster not in gone]
    for cluster in here[:20]:
        far = sorted(dist(cluster.middle, other.middle) for other in here if other is not cluster)
        found = plane.nearest(cluster, 8)
        assert [far_m for far_m, _ in found] == far[:8]
        assert all(dist(cluster.middle, other.middle) == far_m for far_m, other in found)
        assert cluster not in [other for _, other in found]
