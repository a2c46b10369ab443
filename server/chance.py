"""Chance that nobody can foretell, a thousand draws for one call of the system.

A seat takes some twenty draws. `random.SystemRandom` asks the system for each of them, half a microsecond at best;
`random.Random` is cheap, but whoever enters a quiet server some hundred times sees enough of what it draws, in names
and lists, to work out what comes next and so to aim for a room.
"""

import os
import random
from struct import unpack

_DRAWS = 1024
_BITS = 53
_SCALE = 2.0**-_BITS


class PooledRandom(random.Random):
    """Numbers from the system's source, drawn in advance; like `SystemRandom`, whatever it is seeded with."""

    def __init__(self) -> None:
        super().__init__()
        self._pool: list[int] = []

    def random(self) -> float:
        """Return a number from 0 up to 1, without it, with as many bits as a float has."""
        return (self._next() >> 64 - _BITS) * _SCALE

    def getrandbits(self, k: int, /) -> int:
        """Return a number of k bits."""
        if k > 64:
            return int.from_bytes(os.urandom((k + 7) // 8), "big") >> -k % 8
        return self._next() >> 64 - k

    def _next(self) -> int:
        if not self._pool:
            self._pool = list(unpack(f"{_DRAWS}Q", os.urandom(8 * _DRAWS)))
        return self._pool.pop()
