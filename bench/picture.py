"""A picture of how people were seated, as SVG: room sizes, distances to roommates, waiting for company.

Knows lines, bars and words. Never knows how a figure came about (bench/measures.py says).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import log10
from typing import NamedTuple
from xml.sax.saxutils import escape

from bench.measures import CROWD_SEATS

WIDTH, HEIGHT = 1250, 500
_TOP, _BOTTOM = 150, 430
_PANEL_WIDTH = 340
_LEFTS = (60, 470, 880)

_INK, _FAINT, _PAPER = "#1c2430", "#d9dee6", "#ffffff"
_COLOURS = ("#0b62c4", "#d9662b", "#8d63b8", "#1f9268")
_DASHES = ("", "7 4", "2 3", "10 3 2 3")

_NEAREST_M, _FARTHEST_M = 10.0, 100_000.0
_SHORTEST_S, _LONGEST_S = 1.0, 3600.0


class Drawn(NamedTuple):
    """One way of seating: its name, the share of people by room size, their distances and their waits, least first.

    `waits_s` are of those who ever had company; `ever` is their share of all, None where nobody waits.
    """

    name: str
    sizes: Sequence[float]
    distances_m: Sequence[float]
    waits_s: Sequence[float]
    ever: float | None


def picture(title: str, below: str, drawn: Sequence[Drawn]) -> str:
    """Return the picture of these ways of seating, at most four, the first of them in bars and a thick line.

    `below` stands under the title, smaller.
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="13" '
        f'fill="{_INK}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{_PAPER}"/>',
        _text(_LEFTS[0] - 30, 34, title, size=18, weight=600),
        _text(_LEFTS[0] - 30, 56, below),
        *_legend(drawn),
        *_sizes_panel(drawn),
        *_distances_panel(drawn),
        *_waits_panel(drawn),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


# --- panels -----------------------------------------------------------------------------------------------


def _sizes_panel(drawn: Sequence[Drawn]) -> Iterator[str]:
    """Yield bars for the first way of seating and marks for the others: the share of people by room size."""
    left, step = _LEFTS[0], _PANEL_WIDTH / (CROWD_SEATS + 1)
    top_share = max(0.05, *(share for way in drawn for share in way.sizes))
    scale = next(nice for nice in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0) if nice >= min(top_share, 1.0))
    yield from _frame(left, "People by seats taken in their room", "seats taken", scale)
    for size in range(1, CROWD_SEATS + 2):
        name = str(size) if size <= CROWD_SEATS else f"{size}+"
        yield _text(left + (size - 0.5) * step, _BOTTOM + 18, name, anchor="middle")
    for size, share in enumerate(drawn[0].sizes):
        y = _height(share / scale)
        yield (
            f'<rect x="{left + size * step + 3:.1f}" y="{y:.1f}" width="{step - 6:.1f}" height="{_BOTTOM - y:.1f}" '
            f'fill="{_COLOURS[0]}" opacity="0.85"/>'
        )
    for number, way in enumerate(drawn[1:], 1):
        for size, share in enumerate(way.sizes):
            y, x = _height(share / scale), left + size * step
            yield (
                f'<line x1="{x + 1:.1f}" x2="{x + step - 1:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
                f'stroke="{_COLOURS[number]}" stroke-width="3"/>'
            )


def _distances_panel(drawn: Sequence[Drawn]) -> Iterator[str]:
    left = _LEFTS[1]
    yield from _frame(left, "People with roommates, nearer than …", "median distance to them", 1.0)
    across = _logarithmic(left, _NEAREST_M, _FARTHEST_M)
    ticks = ((10, "10 m"), (100, "100 m"), (1000, "1 km"), (10_000, "10 km"), (100_000, "100 km"))
    yield from _ticks(across, ticks)
    for number, way in enumerate(drawn):
        people = len(way.distances_m)
        yield from _curve(number, ((across(apart), (i + 1) / people) for i, apart in enumerate(way.distances_m)))


def _waits_panel(drawn: Sequence[Drawn]) -> Iterator[str]:
    left = _LEFTS[2]
    yield from _frame(left, "Arrivals that sat with two others within …", "time since arrival", 1.0)
    across = _logarithmic(left, _SHORTEST_S, _LONGEST_S)
    yield from _ticks(across, ((1, "at once"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h")))
    for number, way in enumerate(drawn):
        if way.ever is None:
            continue
        arrivals = len(way.waits_s)
        points = [(across(wait_s), way.ever * (i + 1) / arrivals) for i, wait_s in enumerate(way.waits_s)]
        yield from _curve(number, [*points, (left + _PANEL_WIDTH, way.ever)])


# --- their parts ------------------------------------------------------------------------------------------


def _legend(drawn: Sequence[Drawn]) -> Iterator[str]:
    x = float(_LEFTS[0] - 30)
    for number, way in enumerate(drawn):
        width = 5 if number == 0 else 3
        yield (
            f'<line x1="{x:.0f}" x2="{x + 30:.0f}" y1="84" y2="84" stroke="{_COLOURS[number]}" '
            f'stroke-width="{width}" stroke-dasharray="{_DASHES[number]}"/>'
        )
        yield _text(x + 38, 89, way.name)
        x += 70 + 8 * len(way.name)


def _frame(left: int, title: str, below: str, scale: float) -> Iterator[str]:
    """Yield a panel's heading, its horizontal lines with their shares, and what its axis means."""
    yield _text(left - 30, _TOP - 18, title, size=14, weight=600)
    for line in range(5):
        y = _height(line / 4)
        colour = _INK if line == 0 else _FAINT
        yield f'<line x1="{left}" x2="{left + _PANEL_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'
        yield _text(left - 6, y + 4, _percent(scale * line / 4), anchor="end")
    yield _text(left + _PANEL_WIDTH / 2, _BOTTOM + 42, below, anchor="middle")


def _ticks(across: Callable[[float], float], ticks: Iterable[tuple[float, str]]) -> Iterator[str]:
    for value, name in ticks:
        x = across(value)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_BOTTOM}" stroke="{_FAINT}"/>'
        yield _text(x, _BOTTOM + 18, name, anchor="middle")


def _curve(number: int, points: Iterable[tuple[float, float]]) -> Iterator[str]:
    """Yield a line of steps through (x, share); points that no eye can tell apart are left out."""
    path: list[str] = []
    at_x = at_y = float("-inf")
    for x, share in points:
        y = _height(share)
        if not path:
            path.append(f"M{x:.1f},{_BOTTOM}V{y:.1f}")
            at_x, at_y = x, y
        elif x - at_x >= 0.5:
            path.append(f"H{x:.1f}V{y:.1f}")
            at_x, at_y = x, y
        elif at_y - y >= 0.5:
            path.append(f"V{y:.1f}")
            at_y = y
    if path:
        width = 3.5 if number == 0 else 2.2
        yield (
            f'<path d="{"".join(path)}" fill="none" stroke="{_COLOURS[number]}" stroke-width="{width}" '
            f'stroke-dasharray="{_DASHES[number]}" stroke-linejoin="round"/>'
        )


def _logarithmic(left: int, least: float, most: float) -> Callable[[float], float]:
    """Return what takes a value to its place across a panel; what is beyond an end stands at it."""
    span = log10(most / least)

    def across(value: float) -> float:
        return left + _PANEL_WIDTH * log10(min(max(value, least), most) / least) / span

    return across


def _height(share: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * min(share, 1.0)


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def _text(x: float, y: float, text: str, *, size: int = 13, weight: int = 400, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
