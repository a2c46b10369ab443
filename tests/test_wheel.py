"""What the timer wheel guarantees; a plain list of deadlines is the model."""

from hypothesis import given
from hypothesis import strategies as st

from server.wheel import Entry, Wheel

TICK_S = 0.5
SLOTS = 8


def new_wheel(now: float = 0.0) -> Wheel:
    return Wheel(now=now, tick_s=TICK_S, slots=SLOTS)


def nothing() -> None:
    pass


delays = st.floats(min_value=0, max_value=40)
steps = st.lists(st.tuples(st.lists(delays, max_size=4), delays, st.booleans()), max_size=12)


@given(steps, st.floats(min_value=0, max_value=1e6))
def test_every_deadline_is_told_once_not_early_and_at_most_a_tick_late(
    story: list[tuple[list[float], float, bool]], now: float
) -> None:
    wheel = new_wheel(now)
    waiting: dict[Entry, float] = {}
    for new_delays, step, cancels in story:
        for delay in new_delays:
            waiting[wheel.add(now + delay, nothing)] = now + delay
        if cancels and waiting:
            cancelled = next(iter(waiting))
            wheel.cancel(cancelled)
            del waiting[cancelled]
        now += step
        due = wheel.advance(now)
        assert all(waiting.pop(entry) <= now for entry in due)
        assert all(at > now - TICK_S for at in waiting.values())
        assert len(wheel) == len(waiting)


def test_earlier_ticks_are_told_first_after_a_long_silence() -> None:
    wheel = new_wheel()
    entries = {at: wheel.add(at, nothing) for at in (9.0, 1.0, 30.0, 4.0)}
    assert wheel.advance(100.0) == [entries[at] for at in (1.0, 4.0, 9.0, 30.0)]


def test_a_deadline_of_a_later_round_waits_for_its_round() -> None:
    wheel = new_wheel()
    entry = wheel.add(TICK_S * (2 * SLOTS + 1), nothing)
    assert wheel.advance(TICK_S * (SLOTS + 1)) == []
    assert wheel.advance(TICK_S * 2 * SLOTS) == []
    assert wheel.advance(TICK_S * (2 * SLOTS + 1)) == [entry]


def test_a_deadline_in_the_past_is_told_at_the_next_tick() -> None:
    wheel = new_wheel(now=10.0)
    entry = wheel.add(3.0, nothing)
    assert wheel.advance(10.0) == []
    assert wheel.advance(10.5) == [entry]


def test_a_cancelled_entry_does_nothing_even_when_just_told_due() -> None:
    told: list[str] = []
    wheel = new_wheel()
    first = wheel.add(1.0, lambda: told.append("first"))
    second = wheel.add(1.0, lambda: told.append("second"))
    due = wheel.advance(1.0)
    wheel.cancel(second)
    for entry in due:
        entry.callback()
    assert (told, set(due), len(wheel)) == (["first"], {first, second}, 0)


def test_cancelling_twice_counts_once() -> None:
    wheel = new_wheel()
    entry = wheel.add(1.0, nothing)
    wheel.add(1.0, nothing)
    wheel.cancel(entry)
    wheel.cancel(entry)
    assert len(wheel) == 1


def test_time_that_stands_still_or_runs_back_tells_nothing_again() -> None:
    wheel = new_wheel()
    wheel.add(1.0, nothing)
    assert len(wheel.advance(1.0)) == 1
    wheel.add(2.0, nothing)
    assert wheel.advance(1.0) == []
    assert wheel.advance(0.5) == []
    assert len(wheel.advance(2.0)) == 1
