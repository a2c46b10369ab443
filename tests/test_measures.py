"""The measures, on seatings small enough to reckon by hand."""

import random
from math import cos, isclose, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.account import KEYS, Account, all_figures, seating_figures
from bench.measures import Measures, Seen, Values, Waits, everybody_as_map
from bench.simulation import ENTER, LEAVE, NEXT, OUTWARD, WINDOW, Move, Seats
from bench.surroundings import Surroundings, apart_m, vector
from geo import EARTH_RADIUS_M, distance_m

M_PER_DEGREE = radians(EARTH_RADIUS_M)
EARTH = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
TOWN = st.tuples(st.floats(-0.05, 0.05), st.floats(179.95, 180.05).map(lambda lon: (lon + 180) % 360 - 180))


def seen(north_m: float, east_m: float, room: str) -> Seen:
    """Return somebody so far from a corner of New York."""
    return Seen(vector(40.75 + north_m / M_PER_DEGREE, -73.99 + east_m / M_PER_DEGREE / cos(radians(40.75))), room)


def measured(*samples: list[Seen]) -> Measures:
    found = Measures(random.Random(1))
    for sample in samples:
        found.add(sample)
    return found


# --- who is near ------------------------------------------------------------------------------------------


@given(EARTH, EARTH)
def test_distances_of_vectors_are_those_along_the_globe(a: tuple[float, float], b: tuple[float, float]) -> None:
    assert isclose(apart_m(vector(*a), vector(*b)), distance_m(a, b), rel_tol=1e-6, abs_tol=0.5)


@given(st.lists(EARTH, min_size=1, max_size=12) | st.lists(TOWN, min_size=1, max_size=12), st.integers(1, 7))
def test_nearest_others_are_those_that_comparing_everybody_finds(places: list[tuple[float, float]], count: int) -> None:
    points = [vector(*place) for place in places]
    surroundings = Surroundings(points)
    for number, point in enumerate(points):
        others = [apart_m(point, other) for place, other in enumerate(points) if place != number]
        assert surroundings.nearest_m(number, count) == pytest.approx(sorted(others)[:count], abs=1e-6)


def test_people_at_the_very_same_place_are_each_others_nearest() -> None:
    assert Surroundings([vector(1, 1)] * 3).nearest_m(0, 7) == [0.0, 0.0]


# --- company, oversize, everybody -------------------------------------------------------------------------


def test_company_is_a_share_of_those_with_two_others_within_ten_kilometres() -> None:
    together = [seen(0, 0, "a"), seen(100, 0, "a"), seen(200, 0, "a")]
    alone_beside_them = [seen(9_000, 0, "b")]
    too_far = [seen(0, 20_000, "c"), seen(0, 20_100, "c")]
    found = measured(together + alone_beside_them + too_far)
    assert (found.could, found.had) == (4, 3)
    assert found.company == 0.75


def test_no_figure_is_given_where_nobody_could_have_company() -> None:
    found = measured([seen(0, 0, "a"), seen(0, 50_000, "b")])
    assert found.company is None
    assert found.oversize is None


def test_oversize_is_a_room_of_more_than_twelve() -> None:
    twelve = [seen(i, 0, "a") for i in range(12)]
    thirteen = [seen(i, 500, "b") for i in range(13)]
    assert measured(twelve + thirteen).oversize == pytest.approx(13 / 25)


def test_everybody_is_told_apart_by_others_within_fifteen_kilometres() -> None:
    found = measured(
        [
            seen(0, 0, "a"),
            *(seen(100_000, 0, "b"), seen(114_000, 0, "b")),
            *(seen(200_000, 0, "c"), seen(201_000, 0, "c"), seen(202_000, 0, "c"), seen(202_000, 0, "")),
        ]
    )
    assert everybody_as_map(found.everybody) == {
        "0": {"people": pytest.approx(1 / 7, abs=1e-6), "company": 0, "pair": 0, "alone": 1},
        "1": {"people": pytest.approx(2 / 7, abs=1e-6), "company": 0, "pair": 1, "alone": 0},
        "2+": {"people": pytest.approx(4 / 7, abs=1e-6), "company": 0.75, "pair": 0, "alone": 0.25},
    }


def test_rooms_are_counted_by_size_over_all_samples() -> None:
    pair = [seen(0, 0, "a"), seen(1, 0, "a")]
    assert measured(pair, [*pair, seen(2, 0, "b")]).sizes == {2: 2, 1: 1}


# --- near -------------------------------------------------------------------------------------------------


def test_near_is_the_median_of_each_ones_median_distance_to_roommates() -> None:
    found = measured([seen(0, 0, "a"), seen(100, 0, "a"), seen(400, 0, "a"), seen(50, 0, "b")])
    assert found.medians_m.ordered() == pytest.approx([200, 250, 350], rel=1e-3)
    assert found.medians_m.percentile(0.5) == pytest.approx(250, rel=1e-3)


def test_ratio_is_one_for_whom_nobody_is_nearer_than_their_roommates() -> None:
    assert measured([seen(0, 0, "a"), seen(100, 0, "a"), seen(5_000, 0, "b")]).ratios.ordered() == [1.0, 1.0]


def test_ratio_compares_roommates_with_as_many_nearest_people() -> None:
    sample = [seen(0, 0, "a"), seen(999, 0, "a"), seen(0, 99, "b"), seen(0, 100_000, "c")]
    found = measured(sample).ratios.ordered()
    # The second one's nearest is the first (999 m), the first one's the third (99 m).
    assert found == pytest.approx([1, 1000 / 100], rel=1e-3)


def test_ratio_looks_at_seven_nearest_however_many_roommates_there_are() -> None:
    """Eight roommates 900 m away, the nearest of whom are compared: seven others at the same corner."""
    corner = [seen(0, 0, f"x{i}") for i in range(7)]
    far_room = [seen(0, 0, "a")] + [seen(899, 0, "a")] * 8
    found = measured(corner + far_room).ratios
    assert max(found.ordered()) == pytest.approx(900, rel=1e-3)


# --- samples ----------------------------------------------------------------------------------------------


def test_150_of_many_people_stand_for_all_of_them() -> None:
    found = measured([seen(i, 0, "a" if i % 2 else "b") for i in range(600)])
    assert len(found.medians_m) == 150
    assert found.could == pytest.approx(600)
    assert everybody_as_map(found.everybody)["2+"]["people"] == 1


def test_the_same_seed_samples_the_same_people() -> None:
    sample = [seen(i * i, 0, str(i // 3)) for i in range(400)]
    assert measured(sample).medians_m.ordered() == measured(sample).medians_m.ordered()


def test_percentiles_count_each_sampled_person_once_or_as_many_as_they_stand_for() -> None:
    values = Values()
    for value, weight in ((1.0, 1.0), (2.0, 1.0), (3.0, 8.0)):
        values.add(value, weight)
    assert (values.percentile(0.5), values.percentile(0.5, weighted=True)) == (2.0, 3.0)
    assert (values.percentile(0.9), values.percentile(0.2, weighted=True)) == (3.0, 2.0)
    assert Values().percentile(0.5) is None


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_is_a_value_that_the_share_does_not_exceed(numbers: list[float], share: float) -> None:
    found = Values(numbers).percentile(share)
    assert found in numbers
    assert sum(number <= found for number in numbers) >= share * len(numbers) - 1e-6


# --- what goes on between samples -------------------------------------------------------------------------


def test_a_wait_lasts_from_arrival_to_the_first_room_of_three_and_never_begins_again() -> None:
    waits = Waits()
    waits.arrive("ann", 100)
    waits.arrive("ben", 130)
    waits.meet(["ann", "ben", "old"], 150)
    waits.meet(["ann"], 400)
    waits.leave("ann", 900)
    assert (waits.met_s, waits.never_s, waits.ever) == ([50, 20], [], 1.0)


def test_who_never_sits_with_two_others_waits_the_whole_stay() -> None:
    waits = Waits()
    waits.arrive("ann", 100)
    waits.leave("ann", 3_700)
    assert (waits.met_s, waits.never_s, waits.ever) == ([], [3600], 0.0)


def played(*acts: tuple[float, list[Move]]) -> Account:
    account, seats = Account(seed=1), Seats()
    for now, moves in acts:
        for move in moves:
            seats.take(move)
        account.moved(moves, seats, now=now)
    return account


def test_company_by_the_arrival_of_another_ends_the_wait_of_all_who_sit_there() -> None:
    account = played((0, [Move("ann", "r", ENTER)]), (10, [Move("ben", "r", ENTER)]), (40, [Move("cat", "r", ENTER)]))
    assert sorted(account.waits.met_s) == [0, 30, 40]


def test_only_moves_that_nobody_asked_for_within_a_window_are_forced() -> None:
    account = played(
        (0, [Move("ann", "r", ENTER), Move("ben", "s", ENTER)]),
        (5, [Move("ann", "s", OUTWARD)]),
        (9, [Move("ann", "t", WINDOW), Move("ben", "u", WINDOW)]),
        (12, [Move("ben", "t", NEXT)]),
        (20, [Move("ann", "", LEAVE)]),
    )
    assert account.forced == 1
    assert all_figures(account, person_hours=4, us_per_placement=None)["moves_per_h"] == 0.25


def test_figures_have_the_agreed_names_in_the_agreed_order_and_none_where_there_is_nothing() -> None:
    figures = all_figures(Account(seed=1), person_hours=0, us_per_placement=None)
    assert list(figures) == KEYS == list(seating_figures(Measures(random.Random(1))))
    assert {name for name, value in figures.items() if value is None} == {*KEYS} - {"sizes", "everybody"}
