"""The command `hereabouts simulate`: check-ins through the rooms' own code, and how well people were seated.

Knows the command line. Never knows how a check-in is read (client_demo/checkins.py), carried out
(bench/simulation.py) or measured (bench/measures.py).
"""

import json
import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bench.account import Account, BoundAccount, all_figures, seating_figures
from bench.acts import Act, Tally, acts, tally
from bench.compare import FixedCells, bound
from bench.files import written
from bench.measures import Measures, Waits, once, percentile, plain
from bench.our_rooms import OurRooms
from bench.picture import Drawn, picture
from bench.population import as_lines, check_ins
from bench.report import Column, size_shares, table
from bench.simulation import Course, Seater, SeatLost, Watcher
from bench.trace import Trace
from client_demo.checkins import Reading, Unreadable, parse_hours, parse_rows, read_file, read_lines
from client_demo.progress import Display
from rooms.rules import Rules
from server.settings import SettingsError, load

REFRESH_S = 0.2
FIXED = (6, 5)

EPILOG = """\b
Examples:
  hereabouts simulate checkins.csv.gz --hours 36-60
  hereabouts simulate checkins.csv --rows 40000-60000 --compare
  hereabouts simulate checkins.csv --set window_s=900 --set seats_target=6
  hereabouts simulate checkins.csv --trace seats.csv --picture seats.svg
  hereabouts simulate --people 20000 --write people.csv.gz --json
"""


@dataclass(frozen=True)
class Plan:
    """What was asked for: `what` names the check-ins for a person."""

    what: str
    todo: list[Act]
    amounts: Tally
    rules: Rules
    seed: int


@dataclass(frozen=True)
class Result:
    """What came of one way of seating, for each of the outputs."""

    column: Column
    drawn: Drawn


@click.command(epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--hours", metavar="A-B", help="Only from hour A up to hour B, counted from the first row; else all.")
@click.option("--rows", metavar="A-B", help="Only from row A up to row B, counted from 0; else all.")
@click.option(
    "--stay",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    help="Minutes that a check-in stays.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same seating.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set one of the rules, repeatable; `hereabouts config` prints them with their ranges.",
)
@click.option(
    "--people",
    type=click.IntRange(1, 2_000_000),
    help="Instead of FILE: make so many people up, who check in around the world's cities through a day.",
)
@click.option("--write", type=click.Path(path_type=Path), metavar="OUT.csv[.gz]", help="Save those as a FILE.")
@click.option("--compare", is_flag=True, help="Beside it: fixed cells of 5 and 6 characters, and the bound.")
@click.option("--trace", type=click.Path(path_type=Path), metavar="OUT.csv", help="Write every change of seat down.")
@click.option("--picture", "svg", type=click.Path(path_type=Path), metavar="OUT.svg", help="Draw it.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on standard output and nothing else there."
)
def simulate(
    *,
    file: Path | None,
    hours: str | None,
    rows: str | None,
    stay: float,
    seed: int,
    assignments: tuple[str, ...],
    people: int | None,
    write: Path | None,
    compare: bool,
    trace: Path | None,
    svg: Path | None,
    as_json: bool,
) -> None:
    """Seat the people of recorded check-ins in rooms, without a server, and measure how well they sit.

    Each row of FILE (user,lat,lon,unix_time; plain or gzip, comma or tab, with or without a header) is a person online
    for the stay; a later one of somebody online is a new seat at the new place and begins the stay anew.

    \b
    Every ten minutes, over everybody online, or 150 of them by chance:
      company     of those with two others online within 10 km, the share
                  in a room of three or more
      oversize    of the same, the share in a room of more than 12
      near        each one's median distance to their roommates
      near ratio  mean distance to roommates by mean distance to as many
                  nearest people online, at most 7; 1 m added to both
      everybody   of all people online, the share in each kind of room
    And through the whole time:
      moves       changes of seat that nobody asked for, besides window
                  ends, per person-hour
      wait        from arrival until first in a room of three; who never
                  was counts with the whole stay
      placement   CPU time of all calls of the rooms' code together, by all
                  seats taken: entering, next, at a window's end, outward

    The figures depend on the file, the rules and the seed alone, but for CPU times. --compare adds an object `compare`
    to the JSON with the same keys for each. The bound seats everybody anew at every sample, which no server may do.

    Exit status 1 if somebody lost their seat, 2 if what was asked for cannot be.
    """
    rules = _rules(assignments)
    reading, what = _check_ins(file, people, write, seed, hours, rows)
    todo = acts(reading.rows, stay_s=stay * 60)
    plan = Plan(what, todo, tally(todo), rules, seed)
    try:
        with ExitStack() as stack:
            tracing = [Trace(stack.enter_context(written(trace)))] if trace is not None else []
            drawing = stack.enter_context(written(svg)) if svg is not None else None
            results = _results(plan, tracing, compare=compare)
            if drawing is not None:
                drawing.write(picture(plan.what, _amounts(plan), [result.drawn for result in results]))
    except OSError as exc:
        raise click.UsageError(f"{exc.filename} cannot be written: {exc.strerror}") from exc
    except SeatLost as exc:
        raise click.ClickException(f"The rooms broke their word: {exc}.") from exc
    columns = [result.column for result in results]
    click.echo(_as_json(columns) if as_json else f"{plan.what}: {_amounts(plan)}\n\n{table(columns)}")


# --- what was asked for -----------------------------------------------------------------------------------


def _rules(assignments: Sequence[str]) -> Rules:
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


def _check_ins(
    file: Path | None, people: int | None, write: Path | None, seed: int, hours: str | None, rows: str | None
) -> tuple[Reading, str]:
    """Return the check-ins asked for, and their name."""
    if (file is None) == (people is None):
        raise click.UsageError("Give either a FILE of check-ins or --people N to make some up.")
    if write is not None and people is None:
        raise click.UsageError("--write saves the people that --people makes up: give that, too.")
    wanted_hours = _parsed(parse_hours, hours, "--hours") if hours is not None else None
    wanted_rows = _parsed(parse_rows, rows, "--rows") if rows is not None else None
    if file is not None:
        reading, what = _read(file, wanted_hours, wanted_rows), file.name
    else:
        assert people is not None
        lines = list(as_lines(check_ins(people, seed=seed)))
        if write is not None:
            _write(write, lines)
        reading, what = read_lines(lines, wanted_hours, wanted_rows), f"{people:,} made-up people"
    if not reading.rows:
        where = f" in {' and '.join(part for part in (hours and f'hours {hours}', rows and f'rows {rows}') if part)}"
        asked = where if hours is not None or rows is not None else ""
        raise click.UsageError(f"There is no check-in{asked}: {file or what} holds {reading.rows_good:,} good rows.")
    return reading, what


def _parsed(parse: Any, text: str, option: str) -> Any:
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
    try:
        with written(path) as file:
            file.writelines(lines)
    except OSError as exc:
        raise click.UsageError(f"{path} cannot be written: {exc.strerror}") from exc
    click.echo(f"{path}: {len(lines) - 1:,} check-ins written.", err=True)


# --- what is done -----------------------------------------------------------------------------------------


def _results(plan: Plan, tracing: Sequence[Watcher], *, compare: bool) -> list[Result]:
    rooms = OurRooms(plan.rules, seed=plan.seed)
    account = Account(seed=plan.seed)
    chance = random.Random(f"bound {plan.seed}")
    reseated = BoundAccount(
        lambda users: bound([rooms.cells[user] for user in users], rules=plan.rules, rng=chance), seed=plan.seed
    )
    watchers: list[Watcher] = [account, *tracing]
    _run(plan, rooms, [*watchers, reseated] if compare else watchers, "by the rules")
    results = [_result("rules", plan, account, rooms)]
    if compare:
        for characters in FIXED:
            fixed = Account(seed=plan.seed)
            _run(plan, FixedCells(characters), [fixed], f"in fixed cells of {characters} characters")
            results.append(_result(f"fixed {characters}", plan, fixed))
        column = Column("bound", seating_figures(reseated.measures), _weighted(reseated.measures))
        results.append(Result(column, _drawn("bound", column, reseated.measures, None)))
    return results


def _run(plan: Plan, seater: Seater, watchers: Sequence[Watcher], name: str) -> None:
    """Carry the acts out, with a bar on standard error."""
    first_at = plan.todo[0].at
    course = Course(seater, watchers, first_at=first_at)
    shown_at = 0.0
    with Display(plan.what, total=plan.amounts.span_s) as display:
        for act in course.run(plan.todo):
            if (now := time.monotonic()) - shown_at >= REFRESH_S:
                shown_at, done_s = now, act.at - first_at
                figures = {
                    "seating": name,
                    "replayed": f"{done_s / 3600:.1f} of {plan.amounts.span_s / 3600:.1f} h",
                    "online": f"{course.online:,}",
                    "rooms": f"{course.rooms:,}",
                }
                display.show(figures, done=done_s)


def _result(name: str, plan: Plan, account: Account, rooms: OurRooms | None = None) -> Result:
    us_per_placement = rooms.us_per_placement if rooms is not None else None
    figures = all_figures(account, person_hours=plan.amounts.person_hours, us_per_placement=us_per_placement)
    waits = plain(account.waits.met_s)
    also = {"ever": account.waits.ever, "met_p50_s": percentile(waits, 0.5), "met_p90_s": percentile(waits, 0.9)}
    also |= _weighted(account.measures)
    if rooms is not None:
        also |= {"placements": rooms.placements}
        also |= {f"{kind}_us": spent.us for kind, spent in rooms.spent.items()}
    column = Column(name, figures, also)
    return Result(column, _drawn(name, column, account.measures, account.waits))


def _weighted(measures: Measures) -> dict[str, float | None]:
    """Return the medians with everybody counted, not only sampled, once."""
    return {
        "near_weighted_m": percentile(measures.medians_m, 0.5),
        "ratio_weighted": percentile(measures.ratios, 0.5),
    }


def _drawn(name: str, column: Column, measures: Measures, waits: Waits | None) -> Drawn:
    return Drawn(
        name,
        size_shares(column.figures["sizes"], of_people=True),
        once(measures.medians_m),
        waits.met_s if waits is not None else [],
        waits.ever if waits is not None else None,
    )


# --- what is said -----------------------------------------------------------------------------------------


def _amounts(plan: Plan) -> str:
    amounts = plan.amounts
    return (
        f"{amounts.check_ins:,} check-ins of {amounts.people:,} people, {amounts.visits:,} arrivals, "
        f"at most {amounts.most_online:,} online, {amounts.person_hours:,.0f} person-hours"
    )


def _as_json(columns: Sequence[Column]) -> str:
    ours, *others = columns
    printed = dict(ours.figures)
    if others:
        printed["compare"] = {column.name.replace(" ", "_"): column.figures for column in others}
    return json.dumps(printed, indent=2)
