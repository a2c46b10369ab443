"""What the command line of `hereabouts simulate` asks for: the rules, and the check-ins, from a file or made up.

Knows files, options and what is wrong with them, in sentences. Never knows what is done with either.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, TypeVar

import click

from bench.files import written
from bench.population import as_lines, check_ins
from client_demo.checkins import CheckIn, Reading, Unreadable, parse_hours, parse_rows, read_file, read_lines
from client_demo.places import City, PlaceUnknown, choice, find_cities
from rooms.rules import Rules
from server.loading import SettingsError, load

R = TypeVar("R")


def rules_of(assignments: Sequence[str]) -> Rules:
    """Return the rules with what --set says; of two for one name the later holds."""
    flags = {}
    for assignment in assignments:
        name, equals, value = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise click.BadParameter("it takes NAME=VALUE, for example --set seats_target=6", param_hint="--set")
        flags[name] = value
    try:
        settings = load(None, {}, flags).settings
    except SettingsError as exc:
        raise click.BadParameter(str(exc), param_hint="--set") from exc
    idle = next((name for name in flags if name not in Rules.__struct_fields__), None)
    if idle is not None:
        raise click.BadParameter(
            f"{idle} has no effect here: it is a server's, not a rule of seating", param_hint="--set"
        )
    return settings


def asked_check_ins(
    file: Path | None,
    *,
    people: int | None,
    city: str | None,
    write: Path | None,
    seed: int,
    hours: str | None,
    rows: str | None,
) -> tuple[list[CheckIn], str]:
    """Return the check-ins asked for, by time, at least one, and their name with the part that was asked for."""
    if (file is None) == (people is None):
        raise click.UsageError("Give either a FILE of check-ins or --people N to make some up.")
    if write is not None and people is None:
        raise click.UsageError("--write saves the people that --people makes up: give that, too.")
    if city is not None and people is None:
        raise click.UsageError("--city is where --people makes people up: give that, too.")
    wanted_hours = None if hours is None else _parsed(parse_hours, hours, "--hours")
    wanted_rows = None if rows is None else _parsed(parse_rows, rows, "--rows")
    if file is not None:
        name, reading = file.name, _read(file, wanted_hours, wanted_rows)
    else:
        # Read as it would be from a file, so that a file written now gives the same figures later.
        home = _city(city) if city is not None else None
        lines = list(as_lines(check_ins(people or 0, seed=seed, home=home)))
        if write is not None:
            _write(write, lines)
        where = f" in {home.label}" if home is not None else ""
        name, reading = f"{people:,} made-up people{where}", read_lines(lines, wanted_hours, wanted_rows)
    parts = [f"hours {hours}"] * (hours is not None) + [f"rows {rows}"] * (rows is not None)
    if not reading.rows:
        asked = " and ".join(parts)
        raise click.UsageError(
            f"There is no check-in{' in ' * bool(asked)}{asked}: {file or name} holds {reading.rows_good:,} good rows."
        )
    return reading.rows, ", ".join([name, *parts])


@contextmanager
def output(path: Path) -> Iterator[TextIO]:
    """Yield the file of that name to write to, whole or not at all; what prevents it ends the command with status 2."""
    try:
        with written(path) as file:
            yield file
    except OSError as exc:
        raise click.UsageError(f"{path} cannot be written: {exc.strerror}") from exc


def drawing_name(path: Path | None) -> Path | None:
    """Return the file for a picture, whose name must not promise another format than it gets."""
    if path is not None and path.suffix.lower() != ".svg":
        raise click.BadParameter(f"it draws SVG: name the file {path.with_suffix('.svg')}", param_hint="--picture")
    return path


def _city(name: str) -> City:
    try:
        found, *others = find_cities(name)
    except PlaceUnknown as exc:
        raise click.BadParameter(str(exc), param_hint="--city") from exc
    if others:
        click.echo(choice(found, others), err=True)
    return found


def _parsed(parse: Callable[[str], R], text: str, option: str) -> R:
    try:
        return parse(text)
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint=option) from exc


def _read(file: Path, hours: tuple[float, float] | None, rows: tuple[int, int] | None) -> Reading:
    """Return the check-ins of a file, after telling of its bad rows."""
    try:
        reading = read_file(file, hours, rows)
    except Unreadable as exc:
        raise click.UsageError(str(exc)) from exc
    for problem in reading.problems:
        click.echo(f"{file}: {problem}", err=True)
    if reading.rows_bad:
        total = reading.rows_good + reading.rows_bad
        click.echo(f"{file}: {reading.rows_bad:,} of {total:,} rows are passed over.", err=True)
    return reading


def _write(path: Path, lines: Sequence[str]) -> None:
    with output(path) as file:
        file.writelines(lines)
    click.echo(f"{path}: {len(lines) - 1:,} check-ins written.", err=True)
