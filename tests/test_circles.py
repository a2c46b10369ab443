"""Who is seated as one: circles of people who keep each other, and how a crowd with circles is dealt into rooms."""

import random
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import Cell
from rooms.circles import CIRCLE_MAX, circles_of, deal_whole
from rooms.person import Person
from rooms.reform import Gathered, Left, plan
from rooms.rules import Rules
from tests.worlds import HOME, beside, keep

RULES = Rules()


def people(count: int, cell: Cell = HOME) -> list[Person]:
    return [Person(f"p{number:02}", cell) for number in range(count)]


def found(crowd: list[Person], seed: int = 1, rules: Rules = RULES) -> list[list[str]]:
    cells = {person.id: person.cell for person in crowd}
    return sorted(circles_of(crowd, cells, rules, random.Random(seed)).values())


def test_who_keeps_nobody_here_is_in_none() -> None:
    one, other, third = people(3)
    keep(one, Person("gone", HOME))
    assert found([one, other, third]) == []


def test_chain_of_four_is_one_and_a_longer_one_falls_apart_by_chance() -> None:
    crowd = people(6)
    for pair in pairwise(crowd[:4]):
        keep(*pair)
    assert found(crowd) == [["p00", "p01", "p02", "p03"]]
    for pair in pairwise(crowd):
        keep(*pair)
    ways = {tuple(map(tuple, found(crowd, seed))) for seed in range(30)}
    assert len(ways) > 1
    assert all(len(circle) <= CIRCLE_MAX for way in ways for circle in way)


def test_everybody_in_a_circle_is_near_everybody_else_and_blocked_by_none() -> None:
    one, other = people(2)
    third = Person("p02", beside(HOME, east=30))
    keep(one, other)
    keep(other, third)
    assert found([one, other, third]) == [["p00", "p01"]]
    fourth = Person("p03", HOME)
    keep(other, fourth)
    one.barred = frozenset({"p03"})
    assert all(len(circle) == 2 for circle in found([one, other, fourth]))
    far = Person("p04", beside(HOME, east=30), far=True)
    keep(one, far)
    assert ["p00", "p04"] not in found([one, far])
    one.far = True
    assert found([one, far]) == [["p00", "p04"]]


def test_no_circle_is_larger_than_a_room() -> None:
    crowd = people(4)
    for pair in combinations(crowd, 2):
        keep(*pair)
    sizes = {len(circle) for seed in range(20) for circle in found(crowd, seed, Rules(seats_target=3, seats_max=3))}
    assert sizes == {2, 3}


@st.composite
def crowds(draw: st.DrawFn) -> tuple[list[str], dict[str, list[str]], set[frozenset[str]]]:
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=30))
    numbers = iter(range(1000))
    units = [[f"p{next(numbers):03}" for _ in range(size)] for size in sizes]
    ids = [id for unit in units for id in unit]
    blocked = (
        draw(st.sets(st.frozensets(st.sampled_from(ids), min_size=2, max_size=2), max_size=6)) if ids[1:] else set()
    )
    whole = {id: unit[0] for unit in units for id in unit}
    return (
        [unit[0] for unit in units],
        {unit[0]: unit for unit in units if len(unit) > 1},
        {pair for pair in blocked if len({whole[id] for id in pair}) == 2},
    )


@given(crowds(), st.integers(1, 6), st.integers(4, 12))
def test_dealt_shards_have_everybody_once_and_are_never_too_large(
    crowd: tuple[list[str], dict[str, list[str]], set[frozenset[str]]], count: int, seats_max: int
) -> None:
    units, circles, blocked = crowd
    shards = deal_whole(
        units,
        circles,
        count,
        seats_max=seats_max,
        may_sit=(lambda one, other: frozenset({one, other}) not in blocked) if blocked else None,
    )
    assert sorted(unit for shard in shards for unit in shard) == sorted(units)
    for shard in shards:
        ids = [id for unit in shard for id in circles.get(unit, [unit])]
        assert 1 <= len(ids) <= seats_max
        assert not any(frozenset(pair) in blocked for pair in combinations(ids, 2))


def test_singles_fill_the_shards_evenly() -> None:
    units = [f"p{number:03}" for number in range(40)]
    shards = deal_whole(units, {"p000": ["p000", "x", "y", "z"]}, 5, seats_max=12, may_sit=None)
    sizes = [len(shard) + 3 * ("p000" in shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 1


places = st.sampled_from([HOME, HOME, beside(HOME, north=1), beside(HOME, east=9), HOME.parent(5)])


some = st.integers(0, 59)


@given(
    st.lists(places, min_size=2, max_size=60),
    st.lists(st.tuples(some, some), max_size=20),
    st.integers(0, 9),
    st.integers(0, 9),
    st.lists(st.sampled_from(["tea", "trams", ""]), min_size=60, max_size=60),
)
def test_plan_keeps_every_circle_whole(
    cells: list[Cell], pairs: list[tuple[int, int]], rooms: int, seed: int, liked: list[str]
) -> None:
    crowd = [Person(f"p{number:02}", cell) for number, cell in enumerate(cells)]
    for a, b in pairs:
        if a % len(crowd) != b % len(crowd):
            keep(crowd[a % len(crowd)], crowd[b % len(crowd)])
    rng = random.Random(seed)
    circles = circles_of(crowd, {person.id: person.cell for person in crowd}, RULES, rng)
    gathered = [
        Gathered(person.id, person.cell, Left(f"r{number % (rooms + 1)}", HOME), RULES.reach_max_m)
        for number, person in enumerate(crowd)
    ]
    topics = {person.id: frozenset({topic}) for person, topic in zip(crowd, liked, strict=False) if topic}
    made = plan(gathered, rules=RULES, rng=rng, circles=circles, topics=topics)
    groups = [*(group.ids for group in made.groups), *made.together]
    assert sorted([id for ids in groups for id in ids] + made.singles) == [person.id for person in crowd]
    assert all(len(ids) <= RULES.seats_max for ids in groups)
    for circle in circles.values():
        assert sum(not set(circle).isdisjoint(ids) for ids in groups) == 1
        assert not set(circle) & set(made.singles)


@pytest.mark.parametrize("count", [60, 1500])
def test_crowd_of_pairs_becomes_rooms_of_about_eight(count: int) -> None:
    crowd = [Gathered(f"p{number:04}", HOME, Left(f"r{number // 8}", HOME), 15_000) for number in range(count)]
    circles = {f"p{number:04}": [f"p{number:04}", f"p{number + 1:04}"] for number in range(0, count, 2)}
    made = plan(crowd, rules=RULES, rng=random.Random(1), circles=circles)
    sizes = [len(group.ids) for group in made.groups]
    assert (made.singles, made.together) == ([], [])
    assert sum(sizes) == count
    assert min(sizes) >= 6
    assert max(sizes) <= 12
