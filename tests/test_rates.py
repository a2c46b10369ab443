"""Rates: how many at once, how many over time, and that whoever waits as told is let through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.safety.rates import Meter, Rate, per_period, take_all

NOW = 1_700_000_000.0

rates = st.builds(
    Rate,
    st.floats(min_value=0.01, max_value=10_000),
    st.integers(min_value=1, max_value=50),
)
pauses = st.lists(st.floats(min_value=0, max_value=1000), max_size=40)


def test_burst_is_allowed_at_once_and_no_more() -> None:
    meter = (Meter(Rate(interval_s=1.0, burst=5)),)
    assert [take_all(meter, NOW) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_rate_allows_one_per_interval_after_the_burst() -> None:
    meter = (Meter(Rate(interval_s=2.0, burst=3)),)
    for _ in range(3):
        assert take_all(meter, NOW) == 0
    for later in range(2, 40, 2):
        assert take_all(meter, NOW + later - 0.5) == 0.5
        assert take_all(meter, NOW + later) == 0


def test_long_silence_saves_up_one_burst_only() -> None:
    meter = (Meter(Rate(interval_s=1.0, burst=2)),)
    take_all(meter, NOW)
    assert [take_all(meter, NOW + 10_000) for _ in range(3)] == [0, 0, 1]


@given(rates, pauses)
def test_no_span_of_time_holds_more_than_the_rate_allows(rate: Rate, waits: list[float]) -> None:
    meter = (Meter(rate),)
    now, taken = NOW, []
    for wait_s in waits:
        now += wait_s
        if not take_all(meter, now):
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            allowed = rate.burst + (taken[last] - taken[first]) / rate.interval_s
            assert last - first + 1 <= allowed + 1e-3


@given(st.lists(rates, min_size=1, max_size=3), pauses)
def test_waiting_as_told_is_enough_and_less_is_not(given_rates: list[Rate], waits: list[float]) -> None:
    meters = tuple(Meter(rate) for rate in given_rates)
    now = NOW
    for wait_s in waits:
        now += wait_s
        told_s = take_all(meters, now)
        if told_s > 0.001:
            assert take_all(meters, now + told_s - 0.001) > 0
        if told_s:
            now += told_s + 1e-5
            assert take_all(meters, now) == 0


def test_refusal_by_one_meter_counts_on_none() -> None:
    narrow, wide = Meter(Rate(10.0, 1)), Meter(Rate(1.0, 2))
    assert take_all((narrow, wide), NOW) == 0
    for _ in range(5):
        assert take_all((narrow, wide), NOW) == 10.0
    assert wide.wait_s(NOW) <= 0


def test_wait_is_that_of_the_slowest() -> None:
    meters = (Meter(Rate(3.0, 1)), Meter(Rate(7.0, 1)), Meter(Rate(5.0, 1)))
    take_all(meters, NOW)
    assert take_all(meters, NOW) == 7.0


def test_no_meters_allow_everything() -> None:
    assert [take_all((), NOW) for _ in range(100)] == [0] * 100


@pytest.mark.parametrize(("count", "burst"), [(0, None), (0, 5), (1, 0), (0.0, 0)])
def test_zero_switches_a_rate_off(count: float, burst: int | None) -> None:
    assert per_period(count, 60, burst) is None


def test_rate_of_a_period_allows_its_whole_count_at_once() -> None:
    assert per_period(20, 60) == Rate(3.0, 20)
    assert per_period(0.5, 1, 5) == Rate(2.0, 5)
