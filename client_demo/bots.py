"""The command `hereabouts bots`: a crowd of scripted people, and whether everything they said arrived.

Knows the command line and the course of a run. Never knows how one bot lives (swarm.py) or how words are
accounted for (ledger.py).
"""

import asyncio
import random
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import click
from click.core import ParameterSource

from client_demo.accounting.verdict import (
    SAME_TEXT,
    WITHOUT_SAME_TEXT,
    complaints,
    counted,
    errors,
    praise,
    print_json,
    print_summary,
    why_held,
    word_rows,
)
from client_demo.capacity import Overdriven, descriptors_needed, overdriven
from client_demo.crowd.swarm import Plan, Report
from client_demo.crowd.workers import Crew
from client_demo.loop import run_loop, stop_at_ctrl_c
from client_demo.numbers import Number, WholeNumber
from client_demo.places import CELL_CHARACTERS
from client_demo.preflight import (
    DEFAULT_URL,
    check_capacity,
    check_cell,
    check_url,
    limits_or_exit,
    place_or_exit,
    serve_command,
    sources_or_exit,
)
from client_demo.progress import Display, in_ms, told_in_ms
from client_demo.scenario.command import play

DEFAULT_SPREAD_M = 2000.0
REFRESH_S = 0.5
RUN_HEX = 5

EPILOG = """\b
Examples:
  hereabouts bots --count 300 --city "New York"
  hereabouts bots --near 40.75,-73.99 --spread-m 500 --duration 60
  hereabouts bots --count 2000 --rate 200 --duration 30 --processes 2 --json
  hereabouts bots --count 40000 --source 127.0.0.2-127.0.0.9 --no-moves
  hereabouts bots --scenario evening                     # or festival, or raid
  hereabouts bots --scenario my-town.toml --people 100 --duration 120 --json
"""

SCENARIO_TOO = ("scenario", "people", "share", "duration", "url", "wire", "seed", "as_json")
"""The options that go with --scenario; where, how many and what they do is said in its file."""


@dataclass
class Run:
    """A run as it goes: what was asked for, and what came of it.

    Attributes:
        seated_most: the most people seated at a time.
        began_at, ended_at: from when everybody was in until the end, monotonic seconds; None until then.
    """

    plan: Plan
    processes: int
    duration_s: float | None
    limits: dict[str, Any]
    over: Overdriven | None
    report: Report = field(default_factory=Report)
    seated_most: int = 0
    began_at: float | None = None
    ended_at: float | None = None


@click.command(epilog=EPILOG)
@click.option("--count", type=WholeNumber(1, 1_000_000), default=300, show_default=True, help="How many people.")
@click.option("--city", help='Where they are: a city. "New York" unless a place is given.')
@click.option("--near", metavar="LAT,LON", help="Where they are: coordinates.")
@click.option("--cell", help="Where they are: a geohash cell, the same for everybody unless --spread-m is given.")
@click.option(
    "--spread-m",
    type=Number(0, 1_000_000),
    help=f"How far around the place they stand, in metres; {DEFAULT_SPREAD_M:g} around a city or coordinates.",
)
@click.option(
    "--duration",
    type=Number(0),
    metavar="S",
    help="Seconds from when all are in; else until Ctrl-C. Of a scenario: seconds from its start, instead of its own.",
)
@click.option("--rate", type=Number(0, min_open=True), metavar="M", help="Say M messages/s in all, each at its moment.")
@click.option("--enter-per-s", type=Number(0.1), default=100.0, show_default=True, help="How many enter a second.")
@click.option("--moves/--no-moves", default=True, help="Whether they change rooms, leave and come back.")
@click.option(
    "--processes", type=WholeNumber(1, 256), default=1, show_default=True, help="Processes to share the work."
)
@click.option("--source", metavar="ADDR-ADDR", help="Local addresses to connect from, a range or several with commas.")
@click.option("--wire", type=click.Choice(["msgpack", "json"]), default="msgpack", show_default=True)
@click.option("--seed", type=int, help="The same seed gives the same people with the same intentions.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on standard output and nothing else there."
)
@click.option("--url", default=DEFAULT_URL, show_default=True, help="The server.")
@click.option(
    "--scenario", metavar="FILE.toml", help="Play a file of populations and what they do, or an example that ships."
)
@click.option("--people", type=click.IntRange(1, 200_000), metavar="N", help="Of a scenario: so many people in all.")
@click.option(
    "--share",
    type=click.FloatRange(0, 100, min_open=True),
    metavar="S",
    help="Of a scenario: so many times its people.",
)
@click.pass_context
def bots(
    context: click.Context,
    *,
    count: int,
    city: str | None,
    near: str | None,
    cell: str | None,
    spread_m: float | None,
    duration: float | None,
    rate: float | None,
    enter_per_s: float,
    moves: bool,
    processes: int,
    source: str | None,
    wire: str,
    seed: int | None,
    as_json: bool,
    url: str,
    scenario: str | None,
    people: int | None,
    share: float | None,
) -> None:
    """Let scripted people enter, talk, fall silent and move on, and account for every word.

    With --scenario, what a file says of who comes where and what they do; the report then is of how they fared: seats,
    balance of talk, answers, meetings, bottles, reports (docs/SCENARIOS.md).

    Exit status 1 if no server answers or a word was lost, doubled or refused unexpectedly, 2 if what was asked for
    cannot be.
    """
    given = [name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if scenario is not None:
        if idle := [name for name in given if name not in SCENARIO_TOO]:
            raise click.UsageError(f"A scenario says so itself: leave off --{idle[0].replace('_', '-')}.")
        status = play(
            scenario, people=people, share=share, duration=duration, url=url, wire=wire, seed=seed, as_json=as_json
        )
        raise SystemExit(status)
    if people is not None or share is not None:
        raise click.UsageError("--people and --share scale a --scenario; without one it is --count.")
    check_url(url)
    lat, lon, given_cell = place_or_exit(city, near, cell)
    addresses = sources_or_exit(source)
    limits = limits_or_exit(url)
    finest = int(limits.get("finest_cell") or CELL_CHARACTERS)
    one_cell = given_cell if spread_m is None else None
    if one_cell is not None:
        check_cell(one_cell, finest)
    plan = Plan(
        url=url,
        wire=wire,
        count=count,
        lat=lat,
        lon=lon,
        spread_m=DEFAULT_SPREAD_M if spread_m is None else spread_m,
        cell=one_cell,
        characters=finest,
        enter_per_s=enter_per_s,
        rate=rate,
        moves=moves,
        leaves_chairs=False,
        next_per_h=float(limits.get("next_per_h") or 0),
        sources=addresses,
        seed=random.randrange(2**32) if seed is None else seed,
        # No hexadecimal digit begins it, so no ref that a client makes up can look like one of this run.
        run="w" + secrets.token_hex(4)[:RUN_HEX],
    )
    check_capacity(count, processes, len(plan.sources), limits)
    over = overdriven(rate, count, limits) if rate else None
    if over is not None:
        click.echo(over.sentence, err=True)
    run = Run(plan, min(processes, count), duration, limits, over)
    run_loop(lambda: _course(run))
    wrong = complaints(run.report.figures, run.report.troubles, may_be_limited=over is not None)
    if as_json:
        print_json(_as_map(run, wrong))
    else:
        print_summary(_title(run), _rows(run), wrong, praise(run.report.figures))
    raise SystemExit(1 if wrong else 0)


# --- during -----------------------------------------------------------------------------------------------


async def _course(run: Run) -> None:
    """Let the crowd in, let it live for as long as was asked, and see everybody off."""
    stop = asyncio.Event()
    stop_at_ctrl_c(stop)
    crew = Crew(run.plan, run.processes, descriptors=descriptors_needed(run.plan.count, run.processes))
    with Display(f"{run.plan.count} people at {run.plan.url}") as display:
        speed, is_told = _Speed(), False
        while not (report := crew.refresh()).is_final:
            now = time.monotonic()
            run.seated_most = max(run.seated_most, report.seated)
            if report.has_entered and run.began_at is None:
                run.began_at = now
            if run.ended_at is None and (stop.is_set() or _is_time_up(run, report, now)):
                run.ended_at = now
                crew.stop()
            if report.figures.held[SAME_TEXT] and not is_told:
                display.say(why_held(serve_command(run.plan.url, *WITHOUT_SAME_TEXT)))
                is_told = True
            hint = "Ctrl-C ends." if run.ended_at is None else "Everybody is leaving …"
            display.show(_live_figures(run, report, speed.per_s(report, now)), hint=hint)
            await _wait(stop, REFRESH_S if run.ended_at is None else REFRESH_S / 10)
    run.report = report


def _is_time_up(run: Run, report: Report, now: float) -> bool:
    if run.began_at is None:
        return False
    nobody_got_in = not report.acts["entered"] and bool(report.troubles)
    return nobody_got_in or (run.duration_s is not None and now - run.began_at >= run.duration_s)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, but no longer than until the first Ctrl-C."""
    if stop.is_set():
        await asyncio.sleep(seconds)
        return
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


class _Speed:
    """Messages and deliveries a second since the last look."""

    def __init__(self) -> None:
        self._at, self._sent, self._delivered = time.monotonic(), 0, 0

    def per_s(self, report: Report, now: float) -> tuple[float, float]:
        figures, passed_s = report.figures, max(now - self._at, 1e-3)
        speeds = (figures.sent - self._sent) / passed_s, (figures.delivered - self._delivered) / passed_s
        self._at, self._sent, self._delivered = now, figures.sent, figures.delivered
        return speeds


def _live_figures(run: Run, report: Report, speeds: tuple[float, float]) -> dict[str, str]:
    figures = report.figures
    return {
        "seated": f"{report.seated:,} of {run.plan.count:,}",
        "rooms": f"{len(report.rooms):,}",
        "messages/s": f"{speeds[0]:,.1f}",
        "deliveries/s": f"{speeds[1]:,.1f}",
        "latency p50": in_ms(figures.latency.at(0.5)),
        "p99": in_ms(figures.latency.at(0.99)),
        "errors": f"{errors(figures, report.troubles).total():,}",
    }


# --- after ------------------------------------------------------------------------------------------------


def _seconds(run: Run) -> float:
    return round((run.ended_at or 0.0) - (run.began_at or run.ended_at or 0.0), 3)


def _title(run: Run) -> str:
    return f"{run.plan.count:,} bots at {run.plan.url}, {_seconds(run):.0f} s"


def _rows(run: Run) -> list[tuple[str, str]]:
    report, figures = run.report, run.report.figures
    rows = [
        ("people seated at most", f"{run.seated_most:,}"),
        ("rooms", f"{len(report.rooms_seen):,}"),
        ("entered / next / came back", " / ".join(f"{report.acts[act]:,}" for act in ("entered", "next", "came back"))),
        *word_rows(figures),
        ("latency p50 / p99 / max", told_in_ms(figures.latency, 0.5, 0.99, 1.0)),
    ]
    if run.plan.rate is not None:
        rows.append(("rate meant / unsaid", f"{run.plan.rate:g}/s / {report.unsaid:,}"))
    if report.breaks:
        rows.append(("connections mended", counted(report.breaks)))
    return [*rows, ("errors", counted(errors(figures, report.troubles))), ("seed", str(run.plan.seed))]


def _as_map(run: Run, wrong: list[str]) -> dict[str, Any]:
    report, seconds = run.report, _seconds(run)
    return {
        "command": "bots",
        "ok": not wrong,
        "wrong": wrong,
        "url": run.plan.url,
        "count": run.plan.count,
        "processes": run.processes,
        "wire": run.plan.wire,
        "seed": run.plan.seed,
        "seconds": seconds,
        "seated_most": run.seated_most,
        "rooms": len(report.rooms_seen),
        "acts": dict(report.acts),
        **report.figures.as_map(),
        "messages_per_s": round(report.figures.sent / seconds, 3) if seconds else None,
        "rate": run.plan.rate,
        "rate_allowed": run.over.allowed_per_s if run.over else None,
        "unsaid": report.unsaid,
        "mended": dict(report.breaks),
        "errors": dict(report.troubles),
    }
