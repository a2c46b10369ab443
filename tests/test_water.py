"""Which bottle comes to whom: the near ones mostly, old ones from farther away, and some as long as any may."""

import random
from collections import Counter

import pytest

from geo import Cell, cell_distance_m
from rooms.bottles import NEAR_MIN, THROWN_AT, Afloat, Water, within_m

NOW = 1_000_000.0
HOUR_S = 3600.0
MADRID, TOLEDO, PARIS, TOKYO = Cell("ezjmu"), Cell("ezhgz"), Cell("u09tv"), Cell("xn76u")


def water(*thrown: tuple[Cell, float], seed: int = 1) -> tuple[Water, list[Afloat]]:
    """Return water with a bottle for each cell and age in hours."""
    made = Water(random.Random(seed))
    bottles = [Afloat(f"b{n}", f"o{n}", cell, NOW - age_h * HOUR_S) for n, (cell, age_h) in enumerate(thrown)]
    for bottle in bottles:
        made.put(bottle)
    return made, bottles


def shares(made: Water, cell: Cell, times: int = 4000) -> Counter[Cell]:
    """Return from where bottles come, of so many draws."""
    found: Counter[Cell] = Counter()
    for _ in range(times):
        bottle = made.draw(cell, lambda afloat: True, now=NOW)
        assert bottle is not None
        found[bottle.cell] += 1
    return found


@pytest.mark.parametrize("cell", ["ezjmu7", "ezjmu", "ezjm", "zzzzzz", "000000", "xn76urwx"])
def test_the_only_bottle_comes_from_the_other_end_of_the_world(cell: str) -> None:
    made, [bottle] = water((Cell("rbsm0"), 0.0))
    assert made.draw(Cell(cell), lambda afloat: True, now=NOW) is bottle
    assert made.draw(Cell(cell), lambda afloat: False, now=NOW) is None
    made.take(bottle)
    assert made.draw(Cell(cell), lambda afloat: True, now=NOW) is None
    assert len(made) == 0


def test_near_ones_come_most_often_and_old_ones_from_farther_away() -> None:
    cells = (MADRID, TOLEDO, PARIS, TOKYO)
    fresh = shares(water(*((cell, 0.0) for cell in cells))[0], MADRID)
    old = shares(water(*((cell, 23.0) for cell in cells))[0], MADRID)
    assert fresh[MADRID] > fresh[TOLEDO] > fresh[PARIS]
    assert fresh[PARIS] + fresh[TOKYO] < 0.05 * fresh.total()
    assert old[PARIS] > 3 * fresh[PARIS]
    assert old[TOKYO] > fresh[TOKYO]
    assert old[MADRID] > old[PARIS] > 0


def test_of_two_as_far_the_older_comes_more_often() -> None:
    made, _ = water((MADRID, 0.0), (PARIS, 0.1), (Cell("u09tw"), 20.0))
    found = shares(made, MADRID)
    assert found[Cell("u09tw")] > 3 * found[PARIS]


def test_a_thousand_that_may_not_come_hide_the_one_that_may() -> None:
    made, bottles = water(*[(MADRID, 0.0)] * 1000, (TOKYO, 0.0))
    for _ in range(20):
        assert made.draw(MADRID, lambda afloat: afloat is bottles[-1], now=NOW) is bottles[-1]


def test_whatever_is_put_and_taken_the_piles_hold_what_floats() -> None:
    chance = random.Random(3)
    cells = [Cell.at(chance.uniform(-90, 90), chance.uniform(-180, 180), THROWN_AT) for _ in range(30)]
    made = Water(chance)
    afloat: dict[str, Afloat] = {}
    for number in range(2000):
        if afloat and chance.random() < 0.45:
            made.take(afloat.pop(chance.choice(sorted(afloat))))
        else:
            bottle = Afloat(f"b{number}", "o", chance.choice(cells), NOW)
            afloat[bottle.bottle] = bottle
            made.put(bottle)
        assert len(made) == len(afloat)
    for bottle in afloat.values():
        found = made.draw(chance.choice(cells), lambda other, wanted=bottle: other is wanted, now=NOW)  # type: ignore[misc]
        assert found is bottle
        made.take(bottle)
    assert not any(made._piles)


def test_few_that_lie_near_are_not_told() -> None:
    made, bottles = water(*[(MADRID, 0.0)] * (NEAR_MIN - 1), (TOKYO, 0.0))
    for number in range(NEAR_MIN):
        made.put(Afloat(f"another {number}", "o1", MADRID, NOW))
    assert not made.lie_near(Cell("ezjm")), "people count, not their bottles"
    made.put(Afloat("more", "o", Cell("ezjq0"), NOW))
    assert made.lie_near(Cell("ezjm"))
    made.take(bottles[0])
    assert not made.lie_near(Cell("ezjm"))


def test_distance_is_told_coarsely_and_never_too_small() -> None:
    chance = random.Random(5)
    for _ in range(500):
        here = Cell.at(chance.uniform(-89, 89), chance.uniform(-180, 180), chance.choice([4, 5, 6]))
        there = Cell.at(chance.uniform(-89, 89), chance.uniform(-180, 180), chance.choice([4, 5]))
        told = within_m(here, there)
        assert str(told).rstrip("0") in ("1", "2", "5")
        assert told >= 5000
        assert cell_distance_m(here.parent(min(len(here), 5)), there) <= told
    assert {within_m(MADRID, MADRID), within_m(Cell("ezjmu7"), MADRID)} == {10_000}
    inside = {within_m(Cell(f"ezjmu{letter}"), PARIS) for letter in "0123456789bcdefghjkmnpqrstuvwxyz"}
    assert len(inside) == 1, "a finer cell tells no more"
