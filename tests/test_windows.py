"""When rooms end."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import ALPHABET, Cell
from rooms.windows import closing_time, phase_s, region_of, window_end

regions = st.text(alphabet=ALPHABET, min_size=4, max_size=4).map(Cell)
windows = st.integers(10, 86_400)
moments = st.floats(1_500_000_000, 2_500_000_000)


@pytest.mark.parametrize("cell", ["dr5r", "dr5ru", "dr5ru6"])
def test_a_region_is_the_cell_of_four_characters(cell: str) -> None:
    assert region_of(Cell(cell)) == Cell("dr5r")


def test_phase_is_the_hash_of_the_region_so_that_every_process_agrees() -> None:
    # CRC-32 of "123456789" is its published check value; of four letters, one that geohashes can spell.
    assert phase_s(Cell("123456789"), 1 << 32) == 0xCBF43926
    assert phase_s(Cell("dr5r"), 1800) == 208


def test_windows_of_the_regions_are_staggered() -> None:
    phases = [phase_s(Cell("dr" + a + b), 1800) for a in ALPHABET for b in ALPHABET]
    minutes = Counter(int(phase // 60) for phase in phases)
    assert len(minutes) == 30
    assert max(minutes.values()) < 3 * len(phases) / 30


@given(regions, moments, windows)
def test_window_ends_after_now_and_within_one_window(region: Cell, now: float, window_s: int) -> None:
    end = window_end(region, now, window_s)
    assert now < end <= now + window_s + 1e-6
    assert (end - phase_s(region, window_s)) % window_s == 0


@given(regions, moments, windows)
def test_the_next_window_begins_where_one_ends(region: Cell, now: float, window_s: int) -> None:
    end = window_end(region, now, window_s)
    assert window_end(region, end, window_s) == end + window_s
    assert window_end(region, end - 0.001, window_s) == end


@given(regions, windows, st.floats(0, 1, exclude_min=True))
def test_room_founded_in_the_last_quarter_ends_with_the_next_window(region: Cell, window_s: int, share: float) -> None:
    end = window_end(region, 1_700_000_000, window_s)
    now = end - share * window_s
    if abs(share - 0.25) > 1e-3 and now < end:
        assert closing_time(region, now, window_s) == (end + window_s if share < 0.25 else end)


def test_exactly_a_quarter_before_the_end_is_not_yet_the_last_quarter() -> None:
    region = Cell("dr5r")
    end = window_end(region, 1_700_000_000, 1800)
    assert closing_time(region, end - 450, 1800) == end
    assert closing_time(region, end - 449.999, 1800) == end + 1800
