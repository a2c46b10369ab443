"""The figures of one or several ways of seating, as a table for people.

Knows words and numbers. Never knows how a figure came about (bench/measures.py says).
"""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from bench.measures import AROUND, CROWD_SEATS

_AROUND_IN_WORDS = dict(zip(AROUND, ("no other", "one other", "two others or more"), strict=True))
_MISSING = "–"

WIDTH = 100

THIN_BELOW = 0.5
"""The share of people with two others within 15 km below which the table is mostly about people alone."""


_Row = tuple[str, list[str]]
"""What a line begins with, and a cell for each way of seating; without cells it is the head of lines below."""


class Column(NamedTuple):
    """One way of seating: its name, its figures by the names of bench.account.KEYS, and others for people alone."""

    name: str
    figures: Mapping[str, Any]
    also: Mapping[str, Any]


def table(columns: Sequence[Column]) -> str:
    """Return a line for each measure and a column for each way of seating; of four ways no line is above `WIDTH`."""
    rows = [("", [column.name for column in columns]), *_measure_rows(columns, _SEATING), *_cpu_rows(columns)]
    for others in AROUND:
        rows += _everybody_rows(columns, others)
    rows += [("people by seats taken in their room", []), *_size_rows(columns)]
    rows = [row for row in rows if not row[0] or not row[1] or not all(cell == _MISSING for cell in row[1])]
    told = [(title, cells) for title, cells in rows if cells]
    widths = [max(len(cells[number]) for _, cells in told) for number in range(len(columns))]
    left = max(len(title) for title, _ in told)
    return "\n".join(
        f"{title:<{left}}  {'  '.join(f'{cell:>{width}}' for cell, width in zip(cells, widths, strict=False))}".rstrip()
        for title, cells in rows
    )


def thinness(column: Column) -> str:
    """Return a line that says so where too few people are near others for the figures to mean much, else ""."""
    shares = column.figures["everybody"]
    others, nobody = shares[AROUND[-1]]["people"], shares[AROUND[0]]["people"]
    if others is None or others >= THIN_BELOW:
        return ""
    return "\n\n" + wrapped(
        f"Too thin to judge the rules by: {nobody * 100:.1f} % of the people have nobody within 15 km, and only "
        f"{others * 100:.1f} % two or more. Take busier hours, more people, or all of them in one city (--city)."
    )


def wrapped(text: str) -> str:
    """Return it in lines as wide as a table may be."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


_SEATING = (
    ("company", "share", "company"),
    ("oversize", "share", "oversize"),
    ("  of the share with two within 10 km", "share", "could"),
    ("near, median", "metres", "near_median_m"),
    ("near, p90", "metres", "near_p90_m"),
    ("near ratio", "ratio", "near_ratio"),
    ("  busy hours counting more: near, median", "metres", "near_weighted_m"),
    ("  busy hours counting more: near ratio", "ratio", "ratio_weighted"),
    ("forced moves per person-hour", "ratio", "moves_per_h"),
    ("roommates with a topic in common", "share", "common_topic"),
    ("wait, p50", "seconds", "wait_p50_s"),
    ("wait, p90", "seconds", "wait_p90_s"),
    ("  arrivals that ever had company", "share", "ever"),
    ("  wait of those, p50", "seconds", "met_p50_s"),
    ("  wait of those, p90", "seconds", "met_p90_s"),
)
_CALLS = ("enter", "next", "leave", "tick")
_CALLS_IN_WORDS = "  enter: a first check-in; next: a later one; leave: a stay's end; tick: what is due by the clock"


def _measure_rows(columns: Sequence[Column], measures: Iterable[tuple[str, str, str]]) -> list[_Row]:
    return [(title, [_cell(kind, column, name) for column in columns]) for title, kind, name in measures]


def _cpu_rows(columns: Sequence[Column]) -> list[_Row]:
    """Return what the rooms' code took; that of each call only for our rooms, whose calls the title counts."""
    counts = [(name, columns[0].also.get(f"{name}_calls")) for name in _CALLS]
    each = [(f"  CPU per {name}, {count:,} calls", "us", f"{name}_us") for name, count in counts if count]
    all_of_them = [
        ("CPU of all calls per placement", "us", "us_per_placement"),
        ("  placements", "count", "placements"),
    ]
    rows = _measure_rows(columns, all_of_them + each)
    return [*rows, (_CALLS_IN_WORDS, [])] if each else rows


def _cell(kind: str, column: Column, name: str) -> str:
    value = column.figures.get(name, column.also.get(name))
    return _MISSING if value is None else _PATTERNS[kind].format(value)


_PATTERNS = {
    "share": "{:.4f}",
    "metres": "{:,.0f} m",
    "ratio": "{:.3f}",
    "seconds": "{:,.0f} s",
    "us": "{:,.0f} µs",
    "count": "{:,}",
}


def _everybody_rows(columns: Sequence[Column], others: str) -> list[_Row]:
    """Return the kinds of room of those with so many others around, below how many they are."""
    shares = [column.figures["everybody"][others] for column in columns]
    people = shares[0]["people"] or 0.0
    farther = " (any roommates are farther)" if others == AROUND[0] else ""
    return [
        (f"everybody with {_AROUND_IN_WORDS[others]} within 15 km{farther}, {people * 100:.1f} % of people", []),
        *((title, [_percent(share[name]) for share in shares]) for name, title in _KINDS_OF_ROOM.items()),
    ]


_KINDS_OF_ROOM = {"company": "  in a room of three or more", "pair": "  in a room of two", "alone": "  alone"}


def _percent(share: float | None) -> str:
    return _MISSING if share is None else f"{share * 100:.1f} %"


def _size_rows(columns: Sequence[Column]) -> list[_Row]:
    names = [str(size) for size in range(1, CROWD_SEATS + 1)] + [f"more than {CROWD_SEATS}"]
    shares = [size_shares(column.figures["sizes"]) for column in columns]
    return [(f"  {name}", [_percent(share[number]) for share in shares]) for number, name in enumerate(names)]


def size_shares(sizes: Mapping[str, int]) -> list[float]:
    """Return the share of people by the size of their room: 1, 2, … and all above CROWD_SEATS in the last.

    Args:
        sizes: how many rooms there are of each size.
    """
    counts = [0.0] * (CROWD_SEATS + 1)
    for size, rooms in sizes.items():
        counts[min(int(size), CROWD_SEATS + 1) - 1] += rooms * int(size)
    total = sum(counts) or 1.0
    return [count / total for count in counts]
