"""The server's chance: fair, from the system, and as good as nobody's to foretell."""

import os
import random
from collections import Counter

import pytest

from server.chance import PooledRandom


def test_draws_are_evenly_spread() -> None:
    rng = PooledRandom()
    assert abs(sum(rng.random() for _ in range(20_000)) / 20_000 - 0.5) < 0.02
    drawn = Counter(rng.randrange(10) for _ in range(20_000))
    assert set(drawn) == set(range(10))
    assert all(1700 < count < 2300 for count in drawn.values())
    assert all(0 <= rng.random() < 1 for _ in range(2000))


@pytest.mark.parametrize("bits", [0, 1, 2, 7, 53, 63, 64, 65, 200])
def test_bits_are_as_many_as_asked_for(bits: int) -> None:
    rng = PooledRandom()
    drawn = [rng.getrandbits(bits) for _ in range(200)]
    assert max(drawn) < 2**bits
    assert max(drawn).bit_length() >= bits - 12


def test_no_seed_makes_it_say_the_same_again() -> None:
    rng = PooledRandom()
    rng.seed(1)
    first = [rng.random() for _ in range(8)]
    rng.seed(1)
    assert [rng.random() for _ in range(8)] != first


def test_the_system_is_asked_once_for_a_thousand_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    urandom = os.urandom

    def counted(count: int) -> bytes:
        asked.append(count)
        return urandom(count)

    monkeypatch.setattr(os, "urandom", counted)
    rng = PooledRandom()
    for _ in range(1024):
        rng.random()
    assert asked == [8 * 1024]
    assert isinstance(rng, random.Random)
