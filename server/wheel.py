"""A timer wheel: many deadlines, one timer.

Rules. Time is whatever number the caller passes as `now`, in seconds; the wheel
never reads a clock and never calls anybody. Deadlines fall into ticks of
`tick_s`, rounded up, so nothing is due early and nothing more than one tick
late. A tick's entries lie in the slot `tick % slots`; entries of later rounds
share the slot and are passed over. Adding and cancelling take constant time.
(Hashed wheel, scheme 6 of Varghese and Lauck, "Hashed and Hierarchical Timing
Wheels", 1987.)
"""

from collections.abc import Callable
from math import ceil


def _nothing() -> None:
    """Stand in for what a cancelled entry would have done."""


class Entry:
    """One deadline: what to do, and in which tick. Whoever drives the wheel calls `callback` when it is due."""

    __slots__ = ("callback", "tick")

    def __init__(self, callback: Callable[[], None], tick: int) -> None:
        self.callback = callback
        self.tick = tick


class Wheel:
    """Deadlines of any number, told by `advance` when they have come.

    Args:
        now: the present moment, seconds.
        tick_s: how late a deadline may be told, seconds.
        slots: one round is `slots * tick_s` seconds; longer deadlines are looked at once per round.
    """

    __slots__ = ("_length", "_slots", "_tick", "_tick_s")

    def __init__(self, *, now: float, tick_s: float = 0.1, slots: int = 512) -> None:
        self._tick_s = tick_s
        self._tick = int(now / tick_s)
        self._slots: list[set[Entry]] = [set() for _ in range(slots)]
        self._length = 0

    def __len__(self) -> int:
        """Return how many deadlines are waiting."""
        return self._length

    def add(self, at: float, callback: Callable[[], None]) -> Entry:
        """Return a new entry, due at `at`; one in the past is due at the next tick."""
        entry = Entry(callback, max(ceil(at / self._tick_s), self._tick + 1))
        self._slots[entry.tick % len(self._slots)].add(entry)
        self._length += 1
        return entry

    def cancel(self, entry: Entry) -> None:
        """Forget the entry, which does nothing from here on, though it may be among those just told to be due."""
        entry.callback = _nothing
        slot = self._slots[entry.tick % len(self._slots)]
        if entry in slot:
            slot.remove(entry)
            self._length -= 1

    def advance(self, now: float) -> list[Entry]:
        """Return the entries due at `now`, earliest tick first, and forget them."""
        newest = int(now / self._tick_s)
        first = max(self._tick + 1, newest - len(self._slots) + 1)
        due: list[Entry] = []
        for tick in range(first, newest + 1):
            slot = self._slots[tick % len(self._slots)]
            if slot:
                ripe = [entry for entry in slot if entry.tick <= newest]
                slot.difference_update(ripe)
                due += ripe
        self._tick = max(self._tick, newest)
        self._length -= len(due)
        due.sort(key=lambda entry: entry.tick)
        return due
