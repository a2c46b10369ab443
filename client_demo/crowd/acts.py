"""Scripted people: where they stand, what they are called, when they talk, fall silent and move on.

Pure: chance comes in, acts go out. Never knows a connection; what they say is in phrases.py. The pace is that of
people who type on a telephone, and stays below a server's usual rates: some two words a minute each, at least
three seconds apart, now and then another room, now and then off and back as somebody else.
"""

import math
import random
from collections import deque
from dataclasses import dataclass
from enum import Enum

METRES_PER_DEGREE = 111_195.0
HOUR_S = 3600.0

_WORDS_IN_A_ROW = (2, 6)
_TYPING_MEDIAN_S = 7.0
_TYPING_SPREAD = 0.5
_TYPING_LEAST_S = 3.0
_SILENCE_LEAST_S = 15.0
_SILENCE_MEAN_S = 60.0
_MOVE_ON_MEAN_S = 90.0
_NEXT_CHANCE = 0.12
_COME_BACK_CHANCE = 0.13
# A room takes so many words a minute from all together; from here on a polite person waits.
_ROOM_SHARE = 0.7

NAMES = (
    "Ash", "Bay", "Brook", "Cass", "Clem", "Cory", "Dale", "Dell", "Eden", "Ellis", "Ever", "Fern", "Flint", "Gale",
    "Glen", "Hollis", "Indigo", "Ira", "Jules", "Juno", "Kit", "Lake", "Lark", "Linden", "Marlo", "Moss", "Nico",
    "Noor", "Oakley", "Odell", "Pax", "Perry", "Quill", "Rain", "Reed", "Remy", "Robin", "Sage", "Sky", "Sol",
    "Tatum", "Teal", "Uli", "Vale", "Wren", "Yael", "Zephyr",
)  # fmt: skip


class Kind(Enum):
    """What somebody may do."""

    SAY = "say"
    NEXT = "next"
    COME_BACK = "come back"


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do after a pause of `after_s`; `is_last` of a row of words, silence follows."""

    kind: Kind
    after_s: float


class Script:
    """One person's acts, one after the other, for as long as anybody asks.

    Args:
        talks: whether they speak of their own accord; without it they only move on.
        moves: whether they ever change rooms or leave.
        next_per_h: never more than this in any hour, less one to be safe; 0 for no bound.
    """

    def __init__(self, rng: random.Random, *, talks: bool = True, moves: bool = True, next_per_h: float = 6) -> None:
        self._rng, self._talks, self._moves = rng, talks, moves
        self._next_per_h = next_per_h
        self._nexts: deque[float] = deque()
        self._words_left = rng.randint(*_WORDS_IN_A_ROW)
        self._is_first = True

    def next_act(self, now: float) -> Act | None:
        """Return what comes next, or None where nothing ever will. `now` in seconds of any steady clock."""
        if not self._talks:
            return self._move_on(now, self._rng.expovariate(1 / _MOVE_ON_MEAN_S)) if self._moves else None
        if self._words_left > 0:
            self._words_left -= 1
            return Act(Kind.SAY, self._typing_s())
        self._words_left = self._rng.randint(*_WORDS_IN_A_ROW)
        silence_s = _SILENCE_LEAST_S + self._rng.expovariate(1 / _SILENCE_MEAN_S)
        if self._moves and self._rng.random() < _NEXT_CHANCE + _COME_BACK_CHANCE:
            return self._move_on(now, silence_s)
        return Act(Kind.SAY, silence_s)

    def _typing_s(self) -> float:
        if self._is_first:
            # A crowd that enters together must not fall silent together.
            self._is_first = False
            self._words_left = self._rng.randint(0, self._words_left)
            return self._rng.uniform(1.0, _SILENCE_LEAST_S)
        return max(_TYPING_LEAST_S, self._rng.lognormvariate(math.log(_TYPING_MEDIAN_S), _TYPING_SPREAD))

    def _move_on(self, now: float, after_s: float) -> Act:
        at = now + after_s
        while self._nexts and self._nexts[0] <= at - HOUR_S:
            self._nexts.popleft()
        may_next = not self._next_per_h or len(self._nexts) < self._next_per_h - 1
        if may_next and self._rng.random() < _NEXT_CHANCE / (_NEXT_CHANCE + _COME_BACK_CHANCE):
            self._nexts.append(at)
            return Act(Kind.NEXT, after_s)
        return Act(Kind.COME_BACK, after_s)


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


def name_for(rng: random.Random) -> str | None:
    """Return a name, or None for one of the many who take the name a server gives them."""
    return rng.choice(NAMES) if rng.random() < 0.6 else None
