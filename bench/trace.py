"""Every change of seat as a line of CSV, so that anybody can check the figures with code of their own.

Columns: `unix_time` (of the check-ins' clock), `user` (as in the check-ins), `room` (ids are never used again; empty
for somebody who left), `size` (how many sit in that room after this line, if lines are read one after the other and
each takes its person out of the room they sat in; 0 for none), `why`:

- enter: a first check-in; next: a later one
- window: the room had reached its end; outward: it had not, and nobody asked
- leave: the stay was over

A sample shows what the lines before its moment come to: those of the same `unix_time` come after it.
"""

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from bench.simulation import Move, Seats
from bench.surroundings import Vector

COLUMNS = ("unix_time", "user", "room", "size", "why")


class Trace:
    """Watches a course and writes it down."""

    def __init__(self, file: TextIO) -> None:
        self._rows = csv.writer(file, lineterminator="\n")
        self._rows.writerow(COLUMNS)
        self._seats = Seats()

    def moved(self, moves: Sequence[Move], seats: Seats, *, now: float) -> None:
        """Write the moves down."""
        at = f"{now:.3f}".rstrip("0").rstrip(".")
        self._rows.writerows((at, move.user, move.room, self._seats.take(move), move.why) for move in moves)

    def sampled(self, online: Iterable[tuple[str, Vector]], seats: Seats) -> None:
        """Write nothing: a sample follows from the lines before it."""
