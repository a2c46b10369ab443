"""Pairs of people: what is put is found by either, what is dropped is gone everywhere, and nothing is left behind."""

import random

import pytest

from server.safety.pairs import Pair, Pairs, RoomPairs

PEOPLE = "abcd"
ROOMS = ("r", "s", "t")


def some_pair(rng: random.Random) -> Pair:
    one, other = rng.sample(PEOPLE, 2)
    return one, other


def test_a_pair_is_found_by_either_and_the_newest_is_last() -> None:
    pairs: Pairs[int] = Pairs()
    for value, pair in enumerate([("a", "b"), ("c", "a"), ("a", "b")]):
        pairs.put(pair, value)
    assert pairs.of("a") == [("c", "a"), ("a", "b")]
    assert pairs.of("b") == [("a", "b")]
    assert pairs.get(("a", "b")) == pairs.pop(("a", "b")) == 2
    assert pairs.pop(("a", "b")) is None
    assert (pairs.items(), pairs.of("b"), len(pairs)) == ([(("c", "a"), 1)], [], 1)


@pytest.mark.parametrize("seed", range(20))
def test_pairs_of_rooms_are_what_a_plain_set_of_all_says(seed: int) -> None:
    rng = random.Random(seed)
    tried, plain = RoomPairs(), set[tuple[str, Pair]]()
    for _ in range(200):
        room, pair, who = rng.choice(ROOMS), some_pair(rng), rng.choice(PEOPLE)
        match rng.randrange(6):
            case 0 | 1:
                pairs = (pair, some_pair(rng))
                tried.add(room, *pairs)
                plain |= {(room, each) for each in pairs}
            case 2:
                tried.drop(pair)
                plain = {(here, each) for here, each in plain if each != pair}
            case 3:
                tried.drop_in(room, pair)
                plain.discard((room, pair))
            case 4:
                tried.end(room)
                plain = {(here, each) for here, each in plain if here != room}
            case 5:
                tried.forget(who)
                plain = {(here, each) for here, each in plain if who not in each}
        assert tried.has(room, pair) == ((room, pair) in plain)
        assert tried.beside(room, who) == {other for here, (one, other) in plain if (here, one) == (room, who)}
        assert {room: set(pairs) for room, pairs in tried._in.items()} == {
            here: {each for there, each in plain if there == here} for here, _ in plain
        }, "an empty room is left behind"
        assert {pair for pair, _ in tried._rooms.items()} == {each for _, each in plain}
