"""The curve of docs/ROOMS.md, as SVG: how near people sit against how often they are moved, a panel for each data.

Knows points, lines and words. Never knows how a figure came about.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

_PANEL_WIDTH, _PANEL_HEIGHT = 480, 300
_LEFT, _TOP, _BETWEEN = 70, 90, 90
_INK, _FAINT, _PAPER, _LINE, _BESIDE = "#1c2430", "#d9dee6", "#ffffff", "#0b62c4", "#d9662b"


class Point(NamedTuple):
    """One simulation: `is_on_curve` if only what parting is to gain differs; `label` says what was set."""

    data: str
    is_on_curve: bool
    label: str
    near_ratio: float
    moves_per_h: float
    company: float


def curve(points: Sequence[Point]) -> str:
    """Return the picture: moves across, near ratio up, the share with company beside each point."""
    names = list(dict.fromkeys(point.data for point in points))
    width = _LEFT + len(names) * (_PANEL_WIDTH + _BETWEEN)
    height = _TOP + _PANEL_HEIGHT + 70
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="13" '
        f'fill="{_INK}">',
        "<title>Nearness against moves</title>",
        f'<rect width="{width}" height="{height}" fill="{_PAPER}"/>',
        _text(_LEFT - 40, 32, "Nearness against moves", size=18),
        _text(_LEFT - 40, 54, "Line: parting_gain. Orange: other windows. In brackets: people with company."),
    ]
    for number, name in enumerate(names):
        left = _LEFT + number * (_PANEL_WIDTH + _BETWEEN)
        parts += _panel(left, name, [point for point in points if point.data == name])
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(left: float, name: str, points: Sequence[Point]) -> Iterator[str]:
    most = max(point.moves_per_h for point in points) * 1.25 or 1.0
    low = min(point.near_ratio for point in points) - 0.03
    high = max(point.near_ratio for point in points) + 0.03

    def place(point: Point) -> tuple[float, float]:
        across = left + _PANEL_WIDTH * point.moves_per_h / most
        return across, _TOP + _PANEL_HEIGHT * (high - point.near_ratio) / (high - low)

    yield _text(left, _TOP - 12, name, size=14)
    for step in range(5):
        x, y = left + _PANEL_WIDTH * step / 4, _TOP + _PANEL_HEIGHT * step / 4
        lines = f"M{left} {y:.1f}H{left + _PANEL_WIDTH}M{x:.1f} {_TOP}V{_TOP + _PANEL_HEIGHT}"
        yield f'<path d="{lines}" stroke="{_FAINT}"/>'
        yield _text(left - 8, y + 4, f"{high - (high - low) * step / 4:.2f}", anchor="end")
        yield _text(x, _TOP + _PANEL_HEIGHT + 20, f"{most * step / 4:.2f}", anchor="middle")
    yield _text(left + _PANEL_WIDTH / 2, _TOP + _PANEL_HEIGHT + 44, "forced moves per person-hour", anchor="middle")
    along = " ".join(f"{x:.1f},{y:.1f}" for x, y in sorted(place(point) for point in points if point.is_on_curve))
    yield f'<polyline points="{along}" fill="none" stroke="{_LINE}" stroke-width="2.5"/>'
    for point in points:
        x, y = place(point)
        colour = _LINE if point.is_on_curve else _BESIDE
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>'
        yield _text(x + 9, y - 7, f"{point.label} ({point.company:.2%})")


def _text(x: float, y: float, text: str, *, size: int = 13, anchor: str = "start") -> str:
    weight = 600 if size > 13 else 400
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
