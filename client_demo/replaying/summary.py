"""What a replay came to, as rows of a table and as a map for JSON.

Pure. Knows every figure and which of them mean something. Figures of company, distance and waiting are given only
where the server's clock ran as fast as the replay: else windows and waiting belonged to another world.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from client_demo.accounting.figures import Figures, in_ms
from client_demo.accounting.verdict import WITHOUT_SAME_TEXT, counted, errors, word_rows
from client_demo.checkins import Reading
from client_demo.preflight import serve_command
from client_demo.progress import told_in_ms
from client_demo.replaying.nearness import Seating, percentile
from client_demo.replaying.replayer import Course
from client_demo.replaying.visitor import Happenings

THIN_BELOW = 0.5
"""The share of people with two others near them below which the figures are mostly of people alone."""


def keeps_pace(limits: Mapping[str, Any], speed: float) -> bool:
    """Return whether a server with these limits has a clock as fast as the replay."""
    scale = limits.get("time_scale", 1)
    return isinstance(scale, int | float) and abs(scale - speed) <= speed * 1e-6


@dataclass
class Outcome:
    """What was asked for and what came of it; the rest is worked out when it is over."""

    file: str
    url: str
    speed: float
    stay_min: float
    seed: int
    reading: Reading
    course: Course
    happenings: Happenings
    figures: Figures
    rooms: set[str]

    @property
    def limits(self) -> dict[str, Any]:
        """The server's."""
        return self.happenings.limits

    @property
    def keeps_pace(self) -> bool:
        """Whether the server's clock ran as fast as the replay."""
        return keeps_pace(self.limits, self.speed)

    @property
    def serve_command(self) -> str:
        """What to type to start the server this replay wants."""
        return serve_command(self.url, f"time_scale={self.speed:g}", *WITHOUT_SAME_TEXT)

    @property
    def late_s(self) -> float:
        """How late one act in a hundred was or later, in replayed seconds."""
        return (self.course.late.at(0.99) or 0.0) * self.speed

    @cached_property
    def seating(self) -> Seating | None:
        """How people were seated, or None where that would mean nothing."""
        if not self.keeps_pace:
            return None
        seating = Seating(seats_max=int(self.limits.get("seats_max") or 12))
        for sample in self.course.samples:
            seating.add(sample)
        return seating

    def title(self) -> str:
        """Return what the table is about."""
        cut = ", cut short" if self.course.is_cut_short else ""
        return f"{len(self.reading.rows):,} check-ins of {self.file} at speed {self.speed:g}{cut}"

    def rows(self) -> list[tuple[str, str]]:
        """Return the table, names and values."""
        course, happenings = self.course, self.happenings
        return [
            ("connections", f"{happenings.entered:,}, at most {course.online_most:,} at a time"),
            ("moved / entered anew", f"{happenings.moved:,} / {happenings.anew:,}"),
            ("bad rows", f"{self.reading.rows_bad:,}"),
            ("rooms", f"{len(self.rooms):,}"),
            *self._seating_rows(),
            *word_rows(self.figures),
            ("words of people who were not in", f"{happenings.unsaid:,}"),
            ("latency p50 / p99 / max", told_in_ms(self.figures.latency, 0.5, 0.99, 1.0)),
            ("entering p50 / p99", told_in_ms(happenings.entering, 0.5, 0.99)),
            ("the replay itself late p50 / p99 / max", told_in_ms(course.late, 0.5, 0.99, 1.0)),
            ("connections that broke", f"{happenings.breaks:,}"),
            ("errors", counted(errors(self.figures, happenings.troubles))),
        ]

    def as_map(self, wrong: list[str]) -> dict[str, Any]:
        """Return everything for a program; `wrong` as the verdict found it."""
        course, happenings = self.course, self.happenings
        return {
            "command": "replay",
            "ok": not wrong,
            "wrong": wrong,
            "file": self.file,
            "url": self.url,
            "speed": self.speed,
            "stay_min": self.stay_min,
            "seed": self.seed,
            "is_cut_short": course.is_cut_short,
            "check_ins": len(self.reading.rows),
            "bad_rows": self.reading.rows_bad,
            "connections": happenings.entered,
            "online_most": course.online_most,
            "moved": happenings.moved,
            "entered_anew": happenings.anew,
            "rooms": len(self.rooms),
            "seating": self._seating_map(),
            "serve": None if self.keeps_pace else self.serve_command,
            **self.figures.as_map(),
            "unsaid": happenings.unsaid,
            "entering_ms": {"p50": in_ms(happenings.entering.at(0.5)), "p99": in_ms(happenings.entering.at(0.99))},
            "late_ms": {name: in_ms(course.late.at(at)) for name, at in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))},
            "breaks": happenings.breaks,
            "errors": happenings.troubles,
        }

    def _waits_s(self) -> tuple[float, float] | None:
        """Return the median wait for company and the 90th percentile, in replayed seconds."""
        waits_s = self.happenings.waits_s
        if not waits_s:
            return None
        return percentile(waits_s, 0.5) * self.speed, percentile(waits_s, 0.9) * self.speed

    def _seating_rows(self) -> list[tuple[str, str]]:
        seating, waits_s = self.seating, self._waits_s()
        if seating is None:
            return []
        near = seating.near_m
        return [
            ("people seen in samples", f"{seating.people:,}, and {self.course.on_the_way:,} on the way in"),
            ("company", _share(seating.company)),
            ("  of those who had others near", _could(seating)),
            ("oversize", _share(seating.oversize)),
            ("near median / p90", f"{near[0]:,.0f} m / {near[1]:,.0f} m" if near else "–"),
            ("wait p50 / p90", f"{waits_s[0]:.0f} s / {waits_s[1]:.0f} s (replayed)" if waits_s else "–"),
            ("room sizes, sampled", _sizes(seating.sizes)),
        ]

    def _seating_map(self) -> dict[str, Any] | None:
        seating, waits_s = self.seating, self._waits_s()
        if seating is None:
            return None
        near = seating.near_m
        return {
            "company": seating.company,
            "oversize": seating.oversize,
            "near_m": {"median": near[0], "p90": near[1]} if near else None,
            "wait_s": {"p50": waits_s[0], "p90": waits_s[1]} if waits_s else None,
            "sizes": {str(size): count for size, count in sorted(seating.sizes.items())},
            "people": seating.people,
            "on_the_way": self.course.on_the_way,
            "could_have_company": seating.could,
        }


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _could(seating: Seating) -> str:
    """Return of how many of the people company is told, and whether that is enough to judge by."""
    share = seating.could / seating.people if seating.people else 0.0
    thin = "" if share >= THIN_BELOW else "; too thin to judge by: take busier hours, or people of one city"
    return f"{share:.1%} of the people{thin}"


def _sizes(sizes: Counter[int]) -> str:
    """Return "1: 4.0%  2: 3.1%  …": the share of rooms of each size."""
    total = sizes.total() or 1
    return "  ".join(f"{size}: {count / total:.1%}" for size, count in sorted(sizes.items())) or "–"
