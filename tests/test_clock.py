"""The rooms' clock: as fast as it is told to be, and never backwards."""

import time

import pytest

from server.clock import Clock


@pytest.mark.parametrize("scale", [1.0, 60.0, 600.0])
def test_clock_runs_so_many_times_as_fast_from_the_time_of_its_start(scale: float) -> None:
    early, early_monotonic = time.time(), time.monotonic()
    clock = Clock(scale)
    late, late_monotonic = time.time(), time.monotonic()
    readings = []
    for _ in range(1000):
        before = time.monotonic()
        now = clock.now()
        after = time.monotonic()
        # A microsecond, scaled, for the digits that Unix seconds have no room for.
        assert early + (before - late_monotonic - 1e-6) * scale <= now
        assert now <= late + (after - early_monotonic + 1e-6) * scale
        readings.append(now)
    assert readings == sorted(readings)
    assert readings[0] < readings[-1]


def test_real_seconds_until_a_moment_are_scaled_and_never_negative() -> None:
    clock = Clock(600.0)
    now = clock.now()
    assert clock.real_s_until(now - 1) == 0.0
    assert 9 < clock.real_s_until(now + 6000) <= 10
