"""The cluster's clock follows Redis's, gently and never backwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cluster.slewing import SLEW, ClusterClock, offset_s


def test_it_tells_what_redis_said() -> None:
    clock = ClusterClock(offset_s=offset_s(1000.0, asked=4.98, answered=5.02), at=5.02)
    assert clock.time(5.0) == pytest.approx(1000.0)
    assert clock.time(15.0) == pytest.approx(1010.0)


def test_a_small_error_is_gone_after_a_while() -> None:
    clock = ClusterClock(offset_s=100.0, at=0.0)
    clock.observe(110.5, asked=10.0, answered=10.0)
    assert clock.time(10.0) == 110.0
    assert clock.time(60.0) == 160.5


def test_a_redis_whose_clock_jumps_is_followed_slowly() -> None:
    clock = ClusterClock(offset_s=100.0, at=0.0)
    clock.observe(1010.0, asked=10.0, answered=10.0)
    assert clock.time(20.0) == pytest.approx(120.0 + 10 * SLEW)


def test_an_answer_that_took_long_is_not_believed() -> None:
    clock = ClusterClock(offset_s=100.0, at=0.0)
    clock.observe(120.0, asked=10.0, answered=11.0)
    assert clock.time(100.0) == 200.0


@given(st.lists(st.tuples(st.floats(0.001, 100), st.floats(-5, 5)), max_size=20))
def test_it_never_runs_backwards(steps: list[tuple[float, float]]) -> None:
    clock = ClusterClock(offset_s=100.0, at=0.0)
    at, last = 0.0, clock.time(0.0)
    for waits, error in steps:
        at += waits
        now = clock.time(at)
        clock.observe(100.0 + at + error, asked=at, answered=at)
        assert clock.time(at) == pytest.approx(now)
        assert now >= last
        last = now
