"""Two yardsticks beside our rooms: fixed cells, which most systems of this kind use, and what no live server can reach.

- Fixed cells: one room for each geohash cell of so many characters, without an upper limit.
- The bound: everybody online seated anew at every sampled moment, from nothing. Crowded cells become random shards
  of about `seats_target`; groups that are too small join outward, nearest first, up to `seats_target` in one room,
  and what is left over then up to `seats_max`. It is greedy, so it can be beaten, too.

Pure. Knows cells, not true positions.
"""

import heapq
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor

from bench.simulation import ENTER, LEAVE, NEXT, Move
from bench.surroundings import Vector, apart_m, vector
from geo import Cell
from rooms.rules import Rules


class FixedCells:
    """Everybody sits with all of their cell."""

    deadline = None

    def __init__(self, characters: int) -> None:
        self._characters = characters

    def enter(self, user: str, lat: float, lon: float, *, now: float) -> list[Move]:
        """Seat somebody with their cell."""
        return [Move(user, Cell.at(lat, lon, self._characters), ENTER)]

    def again(self, user: str, lat: float, lon: float, *, now: float) -> list[Move]:
        """Seat somebody with their new cell."""
        return [Move(user, Cell.at(lat, lon, self._characters), NEXT)]

    def leave(self, user: str, *, now: float) -> list[Move]:
        """Let somebody go."""
        return [Move(user, "", LEAVE)]

    def tick(self, *, now: float) -> list[Move]:
        """Do nothing: nothing is ever due."""
        return []


def bound(cells: Sequence[Cell], *, rules: Rules, rng: random.Random) -> list[int]:
    """Return the number of everybody's room if people in these cells were seated at once."""
    groups = _Groups(_shards(cells, rules, rng), cells, rules)
    for seats in (rules.seats_target, rules.seats_max):
        groups.join_outward(seats)
    room_of = [0] * len(cells)
    for number, members in enumerate(groups.members):
        for person in members:
            room_of[person] = number
    return room_of


def _shards(cells: Sequence[Cell], rules: Rules, rng: random.Random) -> Iterator[list[int]]:
    """Yield the people of each cell in even shares by chance."""
    crowds: dict[Cell, list[int]] = defaultdict(list)
    for person, cell in enumerate(cells):
        crowds[cell].append(person)
    for cell in sorted(crowds):
        crowd = crowds[cell]
        rng.shuffle(crowd)
        count = max(ceil(len(crowd) / rules.seats_max), round(len(crowd) / rules.seats_target), 1)
        yield from (crowd[share::count] for share in range(count))


class _Groups:
    """Groups founded in cells, the small ones of which join the nearest that have room.

    A group never moves and never shrinks, so what was too full or gone for a group once stays so: each goes through
    those around it only once.
    """

    def __init__(self, groups: Iterable[list[int]], cells: Sequence[Cell], rules: Rules) -> None:
        self.members = list(groups)
        self._rules = rules
        self._places = [vector(*cells[members[0]].center) for members in self.members]
        self._boxes: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        for number, place in enumerate(self._places):
            self._boxes[self._box(place)].append(number)

    def join_outward(self, seats_max: int) -> None:
        """Let every group below `seats_min` join, the nearest pairs of groups first."""
        around = {number: self._nearest_first(number) for number in range(len(self.members)) if self._is_small(number)}
        queue: list[tuple[float, int, int]] = []
        for number in around:
            self._offer(number, around, queue, seats_max)
        while queue:
            _, number, other = heapq.heappop(queue)
            if not self._is_small(number):
                continue
            if not self._fit(number, other, seats_max):
                self._offer(number, around, queue, seats_max)
                continue
            stays, moves = sorted((number, other), key=lambda group: (-len(self.members[group]), group))
            self.members[stays] += self.members[moves]
            self.members[moves] = []
            if self._is_small(stays):
                self._offer(stays, around, queue, seats_max)

    def _offer(
        self,
        number: int,
        around: dict[int, Iterator[tuple[float, int]]],
        queue: list[tuple[float, int, int]],
        seats_max: int,
    ) -> None:
        """Queue the nearest group this one could join now."""
        for distance_m, other in around[number]:
            if self._fit(number, other, seats_max):
                heapq.heappush(queue, (distance_m, number, other))
                return

    def _is_small(self, number: int) -> bool:
        return 0 < len(self.members[number]) < self._rules.seats_min

    def _fit(self, number: int, other: int, seats_max: int) -> bool:
        together = len(self.members[number]) + len(self.members[other])
        return bool(self.members[number] and self.members[other]) and together <= seats_max

    def _nearest_first(self, number: int) -> Iterator[tuple[float, int]]:
        place = self._places[number]
        x, y, z = self._box(place)
        near = [
            (distance_m, other)
            for a in (x - 1, x, x + 1)
            for b in (y - 1, y, y + 1)
            for c in (z - 1, z, z + 1)
            for other in self._boxes.get((a, b, c), ())
            if other != number and (distance_m := apart_m(place, self._places[other])) <= self._rules.reach_max_m
        ]
        return iter(sorted(near))

    def _box(self, place: Vector) -> tuple[int, int, int]:
        edge = max(self._rules.reach_max_m, 1.0)
        x, y, z = place
        return floor(x / edge), floor(y / edge), floor(z / edge)
