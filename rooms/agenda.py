"""What is to be done when: a queue of moments, each with what concerns it."""

import heapq
from collections.abc import Callable, Generator
from typing import NamedTuple, TypeVar

import msgspec

from geo import Cell
from rooms.changes import Change
from rooms.person import Person
from rooms.room import Room


class Window(NamedTuple):
    """The rooms of a region that end together."""

    closes: float
    region: Cell


class LookOutward(msgspec.Struct, frozen=True):
    """A room looks for company, if it still waits, and is not to look later only by now."""

    room: Room


class AnnounceClosing(msgspec.Struct, frozen=True):
    """The rooms of the window are told that they end soon."""

    window: Window


class EndWindow(msgspec.Struct, frozen=True):
    """The rooms of the window end."""

    window: Window


class AnnounceEnd(msgspec.Struct, frozen=True):
    """A room that was given more time is told that it ends soon."""

    room: Room


class EndAlone(msgspec.Struct, frozen=True):
    """A room that was given more time ends."""

    room: Room


Result = TypeVar("Result")

Sliced = Generator[list[Change], float, Result]
"""Something too long to be done at once: it yields what follows from each slice, and is sent the time of the next."""

Work = Sliced[None]


class GoOn(msgspec.Struct, frozen=True):
    """The next slice of the work is due."""

    work: Work


class GiveUpSeat(msgspec.Struct, frozen=True):
    """The person's seat is given up, if it is kept no longer."""

    person: Person


class Later(msgspec.Struct, frozen=True):
    """What is to be done then, and by itself: it is given the time, and sees whether it still holds."""

    act: Callable[[float], list[Change]]


Item = LookOutward | AnnounceClosing | EndWindow | AnnounceEnd | EndAlone | GoOn | GiveUpSeat | Later


class Agenda:
    """Items by time; those of one moment in the order they were put.

    Nothing is taken out early: an item that no longer holds is passed over by whoever
    does it, which is cheaper than looking for it here.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Item]] = []
        self._count = 0

    def put(self, at: float, item: Item) -> None:
        """Have `item` come up at that time, Unix seconds."""
        heapq.heappush(self._heap, (at, self._count, item))
        self._count += 1

    @property
    def next_at(self) -> float | None:
        """When the first item comes up, or None if there is none."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> Item | None:
        """Return the first item whose time has come, or None."""
        if self._heap and self._heap[0][0] <= now:
            return heapq.heappop(self._heap)[2]
        return None
