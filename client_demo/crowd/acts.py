"""Scripted people: where they stand, and when they change rooms or leave.

Pure: chance comes in, acts go out. Never knows a connection; what they are like is in characters.py, what they say is
for the table they sit at (table.py) to decide.
"""

import math
import random
from collections import deque
from dataclasses import dataclass
from enum import Enum

METRES_PER_DEGREE = 111_195.0
HOUR_S = 3600.0

_MOVE_ON_MEAN_S = 90.0
_NEXT_SHARE = 0.48
# A room takes so many words a minute from all together; from here on a polite person waits.
_ROOM_SHARE = 0.7


class Kind(Enum):
    """What somebody may do."""

    NEXT = "next"
    COME_BACK = "come back"


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do after a pause of `after_s`."""

    kind: Kind
    after_s: float


class Script:
    """One person's acts, one after the other, for as long as anybody asks.

    Args:
        stays_s: how long they stay at a table, on average; None for people in a hurry.
        next_per_h: never more than this in any hour, less one to be safe; 0 for no bound.
    """

    def __init__(self, rng: random.Random, *, stays_s: float | None = None, next_per_h: float = 6) -> None:
        self._rng, self._next_per_h = rng, next_per_h
        self._stays_s = _MOVE_ON_MEAN_S if stays_s is None else stays_s
        self._nexts: deque[float] = deque()

    def next_act(self, now: float) -> Act:
        """Return what comes next. `now` in seconds of any steady clock."""
        after_s = self._rng.expovariate(1 / self._stays_s)
        if self._rng.random() < _NEXT_SHARE and self.take_next(now + after_s):
            return Act(Kind.NEXT, after_s)
        return Act(Kind.COME_BACK, after_s)

    def take_next(self, at: float) -> bool:
        """Return whether they may ask for another room at that moment; if so, it counts."""
        while self._nexts and self._nexts[0] <= at - HOUR_S:
            self._nexts.popleft()
        if self._next_per_h and len(self._nexts) >= self._next_per_h - 1:
            return False
        self._nexts.append(at)
        return True


class RoomPace:
    """How much was said in the present room in the last minute, so that nobody overcrowds it."""

    def __init__(self, room_per_min: float) -> None:
        """Keep below a share of `room_per_min`; 0 for no bound."""
        self._most = room_per_min * _ROOM_SHARE
        self._heard: deque[float] = deque()

    def changed(self) -> None:
        """Begin anew: it is another room."""
        self._heard.clear()

    def heard(self, now: float) -> None:
        """Take note of a word."""
        if self._most:
            self._heard.append(now)

    def has_space(self, now: float) -> bool:
        """Return whether one more word would be polite."""
        while self._heard and self._heard[0] <= now - 60.0:
            self._heard.popleft()
        return not self._most or len(self._heard) < self._most


def stand(lat: float, lon: float, *, spread_m: float, rng: random.Random) -> tuple[float, float]:
    """Return a point at most `spread_m` metres from (lat, lon), any part of the disc as likely as any other."""
    away_m, direction = spread_m * math.sqrt(rng.random()), rng.uniform(0.0, math.tau)
    there_lat = lat + away_m * math.cos(direction) / METRES_PER_DEGREE
    # Near a pole a metre east is many degrees; the last metre before it is far enough.
    narrowing = max(math.cos(math.radians(lat)), 1e-5)
    there_lon = lon + away_m * math.sin(direction) / (METRES_PER_DEGREE * narrowing)
    return min(max(there_lat, -90.0), 90.0), (there_lon + 180.0) % 360.0 - 180.0
