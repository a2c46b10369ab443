"""When rooms end: time windows, staggered by region.

A region is a cell of four characters. Its windows are `window_s` long and end at
Unix times congruent to its phase, so that the whole world does not move at once.
"""

import zlib
from functools import lru_cache
from math import floor

from geo import Cell

REGION_LENGTH = 4


def region_of(cell: Cell) -> Cell:
    """Return the region a cell lies in: its first four characters."""
    return _region(cell[:REGION_LENGTH])


@lru_cache(maxsize=4_096)
def _region(text: str) -> Cell:
    """Return the region of that name, the same object for all who are there."""
    return Cell(text)


@lru_cache(maxsize=4_096)
def phase_s(region: Cell, window_s: float) -> float:
    """Return the region's offset within a window, in seconds: CRC-32 of its name (ISO 3309) modulo the window."""
    return zlib.crc32(region.encode()) % window_s


def window_end(region: Cell, now: float, window_s: float) -> float:
    """Return the first window end of the region after `now`, Unix seconds."""
    phase = phase_s(region, window_s)
    return (floor((now - phase) / window_s) + 1) * window_s + phase


def closing_time(region: Cell, now: float, window_s: float) -> float:
    """Return when a room founded `now` ends; founded in the last quarter of a window, with the next one."""
    end = window_end(region, now, window_s)
    return end + window_s if end - now < window_s / 4 else end
