"""The figures of one or several ways of seating, as a table for people.

Knows words and numbers. Never knows how a figure came about (bench/measures.py says).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from bench.measures import AROUND, CROWD_SEATS

_AROUND_IN_WORDS = dict(zip(AROUND, ("nobody", "one other", "two or more"), strict=True))
_MISSING = "–"

THIN_BELOW = 0.5
"""The share of people with two others within 15 km below which the table is mostly about people alone."""


class Column(NamedTuple):
    """One way of seating: its name, its figures by the names of bench.account.KEYS, and others for people alone."""

    name: str
    figures: Mapping[str, Any]
    also: Mapping[str, Any]


def table(columns: Sequence[Column]) -> str:
    """Return a line for each measure and a column for each way of seating."""
    rows = [("", [column.name for column in columns])]
    rows += [(title, [_cell(kind, column, names) for column in columns]) for title, kind, names in _ROWS]
    rows += [("everybody, by others within 15 km: in a room of 3+ / of 2 / alone", [""] * len(columns))]
    rows += [_everybody_row(columns, others) for others in AROUND]
    rows += [("rooms by seats taken", [""] * len(columns)), *_size_rows(columns)]
    rows = [row for row in rows if not row[0] or not all(cell == _MISSING for cell in row[1])]
    widths = [max(len(cells[number]) for _, cells in rows) for number in range(len(columns))]
    left = max(len(title) for title, _ in rows)
    return "\n".join(
        f"{title:<{left}}  {'  '.join(f'{cell:>{width}}' for cell, width in zip(cells, widths, strict=True))}".rstrip()
        for title, cells in rows
    )


def thinness(column: Column) -> str:
    """Return a line that says so where too few people are near others for the figures to mean much, else ""."""
    shares = column.figures["everybody"]
    others, nobody = shares[AROUND[-1]]["people"], shares[AROUND[0]]["people"]
    if others is None or others >= THIN_BELOW:
        return ""
    return (
        f"\n\nToo thin to judge the rules by: {nobody * 100:.1f} % of the people have nobody within 15 km, and only "
        f"{others * 100:.1f} % two or more.\nTake busier hours, more people, or all of them in one city (--city)."
    )


_ROWS = (
    ("company", "share", ("company",)),
    ("oversize", "share", ("oversize",)),
    ("  both among this share of the people", "share", ("could",)),
    ("near, median / p90", "metres", ("near_median_m", "near_p90_m")),
    ("near ratio", "ratio", ("near_ratio",)),
    ("  busy hours counting more: near, median", "metres", ("near_weighted_m",)),
    ("  busy hours counting more: near ratio", "ratio", ("ratio_weighted",)),
    ("forced moves per person-hour", "ratio", ("moves_per_h",)),
    ("roommates with a topic in common", "share", ("common_topic",)),
    ("wait, p50 / p90", "seconds", ("wait_p50_s", "wait_p90_s")),
    ("  arrivals that ever had company", "share", ("ever",)),
    ("  wait of those, p50 / p90", "seconds", ("met_p50_s", "met_p90_s")),
    ("CPU per placement", "us", ("us_per_placement",)),
    ("  placements", "count", ("placements",)),
    ("  CPU per enter / next / leave / tick", "us", ("enter_us", "next_us", "leave_us", "tick_us")),
    ("  calls of each", "count", ("enter_calls", "next_calls", "leave_calls", "tick_calls")),
)


def _cell(kind: str, column: Column, names: Iterable[str]) -> str:
    figures = {**column.figures, **column.also}
    values = [figures.get(name) for name in names]
    if all(value is None for value in values):
        return _MISSING
    pattern, unit = _PATTERNS[kind]
    return " / ".join(_MISSING if value is None else pattern.format(value) for value in values) + unit


_PATTERNS = {
    "share": ("{:.4f}", ""),
    "metres": ("{:,.0f}", " m"),
    "ratio": ("{:.3f}", ""),
    "seconds": ("{:,.0f}", " s"),
    "us": ("{:,.0f}", " µs"),
    "count": ("{:,}", ""),
}


def _everybody_row(columns: Sequence[Column], others: str) -> tuple[str, list[str]]:
    cells = []
    for column in columns:
        shares = column.figures["everybody"][others]
        parts = [shares[name] for name in ("company", "pair", "alone")]
        cells.append(_MISSING if None in parts else " / ".join(f"{part * 100:.1f}" for part in parts) + " %")
    people = columns[0].figures["everybody"][others]["people"] or 0.0
    return f"  {_AROUND_IN_WORDS[others]} ({people * 100:.1f} % of people)", cells


def _size_rows(columns: Sequence[Column]) -> list[tuple[str, list[str]]]:
    names = [str(size) for size in range(1, CROWD_SEATS + 1)] + [f"more than {CROWD_SEATS}"]
    shares = [size_shares(column.figures["sizes"]) for column in columns]
    return [(f"  {name}", [f"{share[number] * 100:.1f} %" for share in shares]) for number, name in enumerate(names)]


def size_shares(sizes: Mapping[str, int], *, of_people: bool = False) -> list[float]:
    """Return the share of rooms, or of the people in them, by size: 1, 2, … and all above CROWD_SEATS in the last."""
    counts = [0.0] * (CROWD_SEATS + 1)
    for size, rooms in sizes.items():
        counts[min(int(size), CROWD_SEATS + 1) - 1] += rooms * int(size) if of_people else rooms
    total = sum(counts) or 1.0
    return [count / total for count in counts]
