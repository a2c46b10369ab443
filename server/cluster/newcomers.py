"""How fast newcomers come to this node, place by place: pure, and told the time.

Where as many as a room takes came within some seconds, the next ones fill a room here as fast. There everybody is
seated at their own node, though they may be alone for a moment, and so most rooms of a dense place have all their
people at one node, which costs what it would cost one process.
"""

from collections import deque

from geo import Cell

WITHIN_S = 5.0
"""Of a room of eight: company after 0.6 s in the mean."""

PLACE_LENGTH = 5
"""Cells of some 5 km, about as far as newcomers are seated without being asked to wait."""

PLACES_MAX = 10_000
"""Places remembered, those where somebody came last; each costs a few hundred bytes."""


class Newcomers:
    """The last newcomers of each place.

    Args:
        enough: how many within `WITHIN_S` make a place dense.
    """

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self._came: dict[str, deque[float]] = {}

    def is_dense(self, cell: Cell, *, now: float) -> bool:
        """Count one newcomer, and tell whether enough came before."""
        place = str(cell)[:PLACE_LENGTH]
        came = self._came.pop(place, None)
        if came is None:
            came = deque(maxlen=self._enough)
        self._came[place] = came
        if len(self._came) > PLACES_MAX:
            del self._came[next(iter(self._came))]
        is_dense = len(came) == self._enough and now - came[0] <= WITHIN_S
        came.append(now)
        return is_dense
