"""The command `hereabouts simulate`: check-ins through the rooms' own code, and how well people were seated.

Knows the command line. Never knows how a check-in is read (client_demo/checkins.py), carried out
(bench/simulation.py) or measured (bench/measures.py).
"""

import json
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from bench.account import Account, BoundAccount, all_figures, seating_figures
from bench.acts import Act, Tally, acts, tally
from bench.asked import asked_check_ins, drawing_name, output, rules_of
from bench.compare import FixedCells, bound
from bench.measures import Measures, Values, Waits
from bench.our_rooms import OurRooms
from bench.picture import Drawn, picture
from bench.report import Column, size_shares, table, thinness, wrapped
from bench.simulation import SAMPLE_EVERY_S, Course, Seater, SeatLost, Watcher
from bench.topics import TopicsOf, handed_out
from bench.trace import Trace
from client_demo.numbers import Number, WholeNumber
from client_demo.progress import Display
from rooms.rules import Rules

REFRESH_S = 0.2
FIXED = (6, 5)
INTERRUPTED = 130

IN_WORDS = {f"fixed {characters}": f"fixed cells of {characters} characters" for characters in FIXED} | {
    "rules": "by the rules",
    "bound": "bound: seated anew at every look",
}
"""What the columns' names mean, for the picture, which has no help beside it."""

EPILOG = """\b
Examples:
  hereabouts simulate checkins.csv.gz --hours 36-60
  hereabouts simulate checkins.csv --rows 40000-60000 --compare
  hereabouts simulate checkins.csv --set window_s=900 --set seats_target=6
  hereabouts simulate checkins.csv --trace seats.csv --picture seats.svg
  hereabouts simulate checkins.csv --topics 200
  hereabouts simulate --people 5000 --city "New York" --write people.csv.gz
"""


@dataclass(frozen=True)
class Plan:
    """What was asked for: `what` names the check-ins for a person."""

    what: str
    todo: list[Act]
    amounts: Tally
    rules: Rules
    seed: int
    every_s: float
    topics_of: TopicsOf


@dataclass(frozen=True)
class Result:
    """What came of one way of seating, for each of the outputs."""

    column: Column
    drawn: Drawn


@contextmanager
def _ended_by_ctrl_c() -> Iterator[None]:
    """End the command with a sentence, and the status that shells give to an interrupt."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("Stopped by Ctrl-C before the end: no figures, and no file that is not whole.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


@click.command(epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--hours", metavar="A-B", help="Only from hour A up to hour B, counted from the first row; else all.")
@click.option("--rows", metavar="A-B", help="Only from row A up to row B, counted from 0; else all.")
@click.option(
    "--stay",
    type=Number(0, min_open=True),
    default=60.0,
    show_default=True,
    help="Minutes that a check-in stays.",
)
@click.option(
    "--every",
    type=Number(10),
    default=SAMPLE_EVERY_S,
    show_default=True,
    metavar="SECONDS",
    help="How often everybody is looked at.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the seating, and of people made up.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set one of the rules, repeatable; `hereabouts config` prints them with their ranges.",
)
@click.option(
    "--topics",
    type=WholeNumber(1, 100_000),
    metavar="N",
    help="Hand out N topics, the n-th to one n-th as many as the first: one to five to each person.",
)
@click.option(
    "--people",
    type=WholeNumber(1, 2_000_000),
    help="Instead of FILE: make so many people up, who check in around the world's cities through a day.",
)
@click.option("--city", help="Have all of those in and around one city: over the world, thousands are a thin crowd.")
@click.option("--write", type=click.Path(path_type=Path), metavar="OUT.csv[.gz]", help="Save those as a FILE.")
@click.option("--compare", is_flag=True, help="Beside it: fixed cells of 5 and 6 characters, and the bound.")
@click.option("--trace", type=click.Path(path_type=Path), metavar="OUT.csv", help="Write every change of seat down.")
@click.option("--picture", "svg", type=click.Path(path_type=Path), metavar="OUT.svg", help="Draw it.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on standard output and nothing else there."
)
@_ended_by_ctrl_c()
def simulate(
    *,
    file: Path | None,
    hours: str | None,
    rows: str | None,
    stay: float,
    every: float,
    seed: int,
    assignments: tuple[str, ...],
    topics: int | None,
    people: int | None,
    city: str | None,
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
    Every ten minutes (--every), over everybody online, or 150 of them by chance:
      company     of those with two others online within 10 km, the share
                  in a room of three or more
      oversize    of the same, the share in a room of more than 12
      of the share with two within 10 km
                  of all people online those whom these two speak of
      near        each one's median distance to their roommates
      near ratio  mean distance to roommates by mean distance to as many
                  nearest people online, at most 7; 1 m added to both
      topics      with --topics: each one's share of roommates with a
                  topic in common
      everybody   of all people online, by how many others are within
                  15 km, the share in each kind of room. Who has nobody
                  that near may have roommates still: the rooms' 15 km
                  (reach_max_m) are between middles of cells, and to the
                  middle of a room, and people stay together when
                  somebody between them leaves
      people by seats taken in their room
                  of all people online the share in rooms of so many, as in
                  the picture; `sizes` of --json counts rooms instead
    And through the whole time:
      moves       changes of seat that nobody asked for, besides window
                  ends, per person-hour
      wait        from arrival until first in a room of three; who never
                  was counts with the whole stay
      placement   CPU time of all calls of the rooms' code together, by all
                  seats taken: entering, next, at a window's end, outward;
                  where many are alone it is mostly their looking about,
                  each every ten seconds
      CPU per …   of each kind of call by itself: enter (a first check-in),
                  next (a later one), leave (the end of a stay), and tick
                  (the clock: one thing that is due, as a waiting room that
                  looks about or a step of a window's end)
    "Busy hours counting more": however many are online, 150 are looked at;
    there each counts for as many people as they stand for, else for one.

    \b
    The trace has a line for each change of seat, its columns unix_time, user,
    room (empty: none), size (seats taken there, after it) and why:
      enter       a first check-in
      next        a later one of somebody online
      window      their room had reached its end
      outward     it had not, and nobody asked: company elsewhere, or a
                  crowded room that parted
      leave       the stay was over

    \b
    --compare adds columns, and to the picture lines:
      fixed 6, fixed 5  everybody sits with all of their geohash cell of so
                        many characters, however many they are
      bound             everybody is seated anew at every look, which no
                        server may do: about the best there is

    The figures depend on the file, the rules and the seed alone, but for CPU times. --compare adds an object `compare`
    to the JSON with the same keys for each.

    Exit status 1 if somebody lost their seat, 2 if what was asked for cannot be, 130 after Ctrl-C.
    """
    rules = rules_of(assignments)
    svg = drawing_name(svg)
    rows_asked, what = asked_check_ins(file, people=people, city=city, write=write, seed=seed, hours=hours, rows=rows)
    todo = acts(rows_asked, stay_s=stay * 60)
    plan = Plan(what, todo, tally(todo), rules, seed, every, handed_out(topics or 0, seed=seed))
    with ExitStack() as outputs:
        tracing = [Trace(outputs.enter_context(output(trace)))] if trace is not None else []
        drawing = outputs.enter_context(output(svg)) if svg is not None else None
        try:
            results = _results(plan, tracing, compare=compare)
        except SeatLost as exc:
            raise click.ClickException(f"The rooms broke their word: {exc}.") from exc
        if drawing is not None:
            drawing.write(picture(plan.what, _amounts(plan), [result.drawn for result in results]))
    for path, what in ((trace, "changes of seat"), (svg, "picture")):
        if path is not None:
            click.echo(f"{path}: {what} written.", err=True)
    columns = [result.column for result in results]
    said = f"{wrapped(f'{plan.what}: {_amounts(plan)}')}\n\n{table(columns)}{thinness(columns[0])}"
    click.echo(_as_json(columns) if as_json else said)


# --- what is done -----------------------------------------------------------------------------------------


def _results(plan: Plan, tracing: Sequence[Watcher], *, compare: bool) -> list[Result]:
    rooms = OurRooms(plan.rules, seed=plan.seed, topics_of=plan.topics_of)
    account = Account(seed=plan.seed, topics_of=plan.topics_of)
    chance = random.Random(f"bound {plan.seed}")
    reseated = BoundAccount(
        lambda users: bound([rooms.cells[user] for user in users], rules=plan.rules, rng=chance),
        seed=plan.seed,
        topics_of=plan.topics_of,
    )
    watchers: list[Watcher] = [account, *tracing]
    _run(plan, rooms, [*watchers, reseated] if compare else watchers, "by the rules")
    results = [_result("rules", plan, account, rooms)]
    if compare:
        for characters in FIXED:
            fixed = Account(seed=plan.seed, topics_of=plan.topics_of)
            _run(plan, FixedCells(characters), [fixed], f"in fixed cells of {characters} characters")
            results.append(_result(f"fixed {characters}", plan, fixed))
        column = Column("bound", seating_figures(reseated.measures), _weighted(reseated.measures))
        results.append(Result(column, _drawn("bound", column, reseated.measures, None)))
    return results


def _run(plan: Plan, seater: Seater, watchers: Sequence[Watcher], name: str) -> None:
    """Carry the acts out, with a bar on standard error."""
    first_at = plan.todo[0].at
    course = Course(seater, watchers, first_at=first_at, sample_every_s=plan.every_s)
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
    met_s = Values(account.waits.met_s)
    also = {"ever": account.waits.ever, "met_p50_s": met_s.percentile(0.5), "met_p90_s": met_s.percentile(0.9)}
    also |= _weighted(account.measures)
    if rooms is not None:
        also |= {"placements": rooms.placements}
        also |= {f"{kind}_us": spent.us for kind, spent in rooms.spent.items()}
        also |= {f"{kind}_calls": spent.calls for kind, spent in rooms.spent.items()}
    column = Column(name, figures, also)
    return Result(column, _drawn(name, column, account.measures, account.waits))


def _weighted(measures: Measures) -> dict[str, float | None]:
    """Return the medians with everybody counted, not only sampled, once, and of how many company is told."""
    return {
        "near_weighted_m": measures.medians_m.percentile(0.5, weighted=True),
        "ratio_weighted": measures.ratios.percentile(0.5, weighted=True),
        # Of nobody there is nothing to tell, as with the two shares themselves.
        "could": measures.could_share or None,
    }


def _drawn(name: str, column: Column, measures: Measures, waits: Waits | None) -> Drawn:
    return Drawn(
        IN_WORDS.get(name, name),
        size_shares(column.figures["sizes"]),
        measures.medians_m.ordered(),
        sorted(waits.met_s) if waits is not None else [],
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
