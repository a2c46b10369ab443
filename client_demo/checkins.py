"""Check-ins read from a file: `user,lat,lon,unix_time`, one a row, plain or gzip, comma or tab, header or none.

Knows the file's form and which rows are believable. Never knows what is done with them. A row that cannot be
read is counted and passed over, and the first few are named, so that a broken file is seen and a stray line is
no catastrophe.
"""

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

FIELDS = ("user", "lat", "lon", "unix_time")
PROBLEMS_NAMED = 5
_GZIP_MAGIC = b"\x1f\x8b"
# Seconds reach this in the year 5138; what is larger counts milliseconds.
_LATEST_S = 1e11


class CheckIn(NamedTuple):
    """Somebody at a place: degrees, WGS 84, and Unix seconds."""

    user: str
    lat: float
    lon: float
    at: float


@dataclass
class Reading:
    """What a file held.

    Attributes:
        rows: those inside the hours and rows asked for, by time; equal times in the file's order.
        rows_good, rows_bad: in the whole file.
        problems: the first few bad rows, each "line 7: …".
        first_at: when the file's first good row was, Unix seconds; hours count from it.
    """

    rows: list[CheckIn] = field(default_factory=list)
    rows_good: int = 0
    rows_bad: int = 0
    problems: list[str] = field(default_factory=list)
    first_at: float = 0.0

    def reject(self, line: int, what: str) -> None:
        """Count a bad row, and name it if it is among the first."""
        self.rows_bad += 1
        if len(self.problems) < PROBLEMS_NAMED:
            self.problems.append(f"line {line}: {what}")


class Unreadable(Exception):
    """The file as a whole cannot be read; the message says why."""


def parse_hours(text: str) -> tuple[float, float]:
    """Return ("36-60") as (36.0, 60.0). Raises ValueError with a sentence."""
    first, dash, last = text.partition("-")
    try:
        hours = float(first), float(last)
    except ValueError:
        hours = (math.nan, math.nan)
    if not dash or not 0 <= hours[0] < hours[1] < math.inf:
        raise ValueError(f"{text!r} is no range of hours: write for example 36-60, the smaller first")
    return hours


def parse_rows(text: str) -> tuple[int, int]:
    """Return ("40000-60000") as (40000, 60000). Raises ValueError with a sentence."""
    first, dash, last = text.partition("-")
    if dash and first.isdecimal() and last.isdecimal() and int(first) < int(last):
        return int(first), int(last)
    raise ValueError(f"{text!r} is no range of rows: write for example 40000-60000, the smaller first")


def read_file(path: Path, hours: tuple[float, float] | None = None, rows: tuple[int, int] | None = None) -> Reading:
    """Return the check-ins of a file; of `hours` or `rows` (A, B) only those from A up to, not including, B.

    Args:
        hours: counted from the file's first good row.
        rows: good rows as they stand in the file, counted from 0.

    Raises:
        Unreadable: the file is missing, not to be opened, or its gzip is broken.
    """
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == _GZIP_MAGIC
        with gzip.open(path) if is_gzip else path.open("rb") as raw:
            text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")
            return read_lines(text, hours, rows)
    except (OSError, EOFError, zlib.error) as exc:
        raise Unreadable(f"{path} cannot be read: {getattr(exc, 'strerror', None) or exc}") from exc


def read_lines(
    lines: Iterable[str], hours: tuple[float, float] | None = None, rows: tuple[int, int] | None = None
) -> Reading:
    """Return the check-ins of these lines, as `read_file` does."""
    reading = Reading()
    for number, row in enumerate(_good_rows(lines, reading)):
        if not reading.rows_good:
            reading.first_at = row.at
        reading.rows_good += 1
        in_hours = hours is None or hours[0] <= (row.at - reading.first_at) / 3600 < hours[1]
        if in_hours and (rows is None or rows[0] <= number < rows[1]):
            reading.rows.append(row)
    reading.rows.sort(key=lambda row: row.at)
    return reading


def _good_rows(lines: Iterable[str], reading: Reading) -> Iterator[CheckIn]:
    order = [0, 1, 2, 3]
    is_first = True
    for line, cells in _cells(lines, reading):
        if is_first and (named := _order_of_header(cells)):
            order = named
        else:
            try:
                yield _check_in(cells, order)
            except ValueError as exc:
                reading.reject(line, str(exc))
        is_first = False


def _cells(lines: Iterable[str], reading: Reading) -> Iterator[tuple[int, list[str]]]:
    """Yield line numbers and cells of the lines that are not blank."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            # One line at a time: an unclosed quote must not swallow the rest of the file.
            cells = next(csv.reader([line], delimiter="\t" if "\t" in line else ","))
        except csv.Error as exc:
            reading.reject(number, str(exc))
            continue
        yield number, [cell.strip() for cell in cells]


def _order_of_header(cells: list[str]) -> list[int] | None:
    """Return where each field stands if these cells are a header, else None."""
    names = [cell.lower() for cell in cells]
    if all(name in names for name in FIELDS):
        return [names.index(name) for name in FIELDS]
    is_header = len(cells) >= len(FIELDS) and not any(_is_number(cell) for cell in cells[1:4])
    return [0, 1, 2, 3] if is_header else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_in(cells: list[str], order: list[int]) -> CheckIn:
    if len(cells) <= max(order):
        raise ValueError(f"{len(cells)} fields in place of {len(FIELDS)}: {', '.join(FIELDS)}")
    user, lat, lon, at = (cells[place] for place in order)
    if not user:
        raise ValueError("no user")
    return CheckIn(
        user, _number("lat", lat, -90, 90), _number("lon", lon, -180, 180), _number("unix_time", at, 0, _LATEST_S)
    )


def _number(name: str, text: str, least: float, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{name} {text[:40]!r} is no number") from None
    if not least <= number <= most:
        raise ValueError(f"{name} {text[:40]} is not within {least:g} to {most:g}")
    return number
