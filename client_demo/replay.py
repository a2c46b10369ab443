"""The command `hereabouts replay`: real check-ins as people, so many times faster, and how they were seated.

Knows the command line and the course of a replay. Never knows how a check-in is read (checkins.py), planned
(timetable.py) or carried out (replayer.py), nor how the figures are put (summary.py).
"""

import asyncio
import random
import secrets
from dataclasses import dataclass
from pathlib import Path

import click

from client_demo.accounting.verdict import SAME_TEXT, complaints, errors, praise, print_json, print_summary, why_held
from client_demo.checkins import Reading, Unreadable, parse_hours, read_file
from client_demo.ledger import Ledger
from client_demo.loop import run_loop, stop_at_ctrl_c
from client_demo.numbers import Number
from client_demo.places import CELL_CHARACTERS
from client_demo.preflight import (
    DEFAULT_URL,
    check_capacity,
    check_url,
    limits_or_exit,
    sources_or_exit,
)
from client_demo.progress import Display, in_ms
from client_demo.replaying.replayer import Replayer
from client_demo.replaying.summary import Outcome
from client_demo.replaying.timetable import Action, actions, most_online, visits

REFRESH_S = 0.5
SAMPLE_EVERY_S = 600.0
# A closed connection may hold its port so long (RFC 9293, section 3.4.2: twice the segment lifetime; Linux: 60 s).
PORT_HELD_S = 60.0
# The rows of check-ins are usually precise to the minute: a replay later than that is another replay.
LATE_REPLAYED_S = 60.0

EPILOG = """\b
Examples:
  hereabouts serve --set time_scale=600
  hereabouts replay checkins.csv.gz --speed 600 --hours 36-60
  hereabouts replay checkins.csv --speed 60 --stay 30 --url ws://127.0.0.1:9000/ws
  hereabouts replay checkins.csv.gz --speed 600 --hours 36-60 --seed 7 --json
"""


@dataclass
class Run:
    """A replay as it goes: what was asked for, and what came of it."""

    reading: Reading
    todo: list[Action]
    ledger: Ledger
    replayer: Replayer
    outcome: Outcome


@click.command(epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("address", required=False, metavar="[ws://…]")
@click.option(
    "--speed",
    type=Number(0, min_open=True),
    default=600.0,
    show_default=True,
    help="Replayed seconds per second.",
)
@click.option("--hours", metavar="A-B", help="Only from hour A up to hour B, counted from the first row; else all.")
@click.option(
    "--stay",
    type=Number(0, min_open=True),
    default=60.0,
    show_default=True,
    help="Replayed minutes that a check-in stays.",
)
@click.option("--source", metavar="ADDR-ADDR", help="Local addresses to connect from, a range or several with commas.")
@click.option("--wire", type=click.Choice(["msgpack", "json"]), default="msgpack", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Decides what is said and when.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on standard output and nothing else there."
)
@click.option("--url", help=f"The server, {DEFAULT_URL} by default; its address may stand behind the file too.")
def replay(
    *,
    file: Path,
    address: str | None,
    url: str | None,
    speed: float,
    hours: str | None,
    stay: float,
    source: str | None,
    wire: str,
    seed: int,
    as_json: bool,
) -> None:
    """Replay check-ins: each row of FILE (user,lat,lon,unix_time; plain or gzip) is a person who enters, says
    something, and leaves.

    The cell is cut here; the server never learns a position. Windows and waiting keep the replay's pace only if
    the server's clock does: start it with `--set time_scale=` the speed, or there are no figures of company,
    distance and waiting.

    Exit status 1 if no server answers or a word was lost, doubled or refused, 2 if what was asked for cannot be.
    """
    if address is not None and url is not None:
        raise click.UsageError("Name the server once: behind the file or with --url.")
    url = url or address or DEFAULT_URL
    check_url(url)
    sources = sources_or_exit(source)
    reading = _read_or_exit(file, hours)
    for problem in reading.problems:
        click.echo(f"{file}: {problem}", err=True)
    limits = limits_or_exit(url)
    planned = visits(reading.rows, stay_s=stay * 60)
    # Without --source the system picks ports itself and can use one again for another connection's other end.
    held_s = PORT_HELD_S * speed if sources else 0.0
    check_capacity(most_online(planned, linger_s=held_s), 1, len(sources), limits)
    rng = random.Random(seed)
    ledger = Ledger("w" + secrets.token_hex(4)[:5])
    replayer = Replayer(
        planned,
        url=url,
        wire=wire,
        sources=sources,
        speed=speed,
        characters=int(limits.get("finest_cell") or CELL_CHARACTERS),
        ledger=ledger,
        rng=rng,
    )
    replayer.happenings.limits = limits
    outcome = Outcome(
        file=file.name,
        url=url,
        speed=speed,
        stay_min=stay,
        seed=seed,
        reading=reading,
        course=replayer.course,
        happenings=replayer.happenings,
        figures=ledger.figures,
        rooms=ledger.rooms_seen,
    )
    run = Run(reading, actions(planned, rng, sample_every_s=SAMPLE_EVERY_S), ledger, replayer, outcome)
    _warn_of_pace(outcome)
    run_loop(lambda: _course(run))
    _end(run, as_json=as_json)


def _read_or_exit(file: Path, hours: str | None) -> Reading:
    try:
        reading = read_file(file, parse_hours(hours) if hours else None)
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="--hours") from exc
    except Unreadable as exc:
        raise click.UsageError(str(exc)) from exc
    if not reading.rows:
        what = f"no check-in in hours {hours}" if reading.rows_good else "no check-in that can be read"
        named = "".join(f"\n  {problem}" for problem in reading.problems)
        raise click.UsageError(f"{file} holds {what} ({reading.rows_bad} bad rows).{named}")
    return reading


# --- pace -------------------------------------------------------------------------------------------------


def _warn_of_pace(outcome: Outcome) -> None:
    if outcome.limits and not outcome.keeps_pace:
        scale = outcome.limits.get("time_scale", 1)
        click.echo(
            f"The server's clock runs {scale:g} times as fast as real time, this replay {outcome.speed:g} times, so "
            "there will be no figures of company, distance and waiting. The server it wants:\n"
            f"  {outcome.serve_command}",
            err=True,
        )


# --- during -----------------------------------------------------------------------------------------------


async def _course(run: Run) -> None:
    stop = asyncio.Event()
    stop_at_ctrl_c(stop)
    first, last = run.todo[0].at, run.todo[-1].at
    title = f"{len(run.reading.rows):,} check-ins"
    with Display(title, total=last - first) as display:
        running = asyncio.create_task(run.replayer.run(run.todo, stop))
        is_told = False
        while not running.done():
            if run.ledger.figures.held[SAME_TEXT] and not is_told:
                display.say(why_held(run.outcome.serve_command))
                is_told = True
            display.show(_live_figures(run), done=run.replayer.course.replayed_s, hint="Ctrl-C ends.")
            await asyncio.wait([running], timeout=REFRESH_S)
        running.result()


def _live_figures(run: Run) -> dict[str, str]:
    course, figures, happenings = run.replayer.course, run.ledger.figures, run.replayer.happenings
    return {
        "replayed": f"{course.replayed_s / 3600:.1f} h",
        "online": f"{course.online:,}",
        "seated": f"{run.replayer.seated:,}",
        "rooms": f"{len(run.ledger.rooms):,}",
        "words": f"{figures.sent:,}",
        "latency p50": in_ms(figures.latency.at(0.5)),
        "p99": in_ms(figures.latency.at(0.99)),
        "late p99": in_ms(course.late.at(0.99)),
        "errors": f"{errors(figures, happenings.troubles).total():,}",
    }


# --- after ------------------------------------------------------------------------------------------------


def _end(run: Run, *, as_json: bool) -> None:
    """Print what came of it and end with the exit status."""
    outcome = run.outcome
    run.ledger.finish()
    wrong = complaints(outcome.figures, outcome.happenings.troubles, may_be_limited=False)
    if as_json:
        print_json(outcome.as_map(wrong))
    else:
        print_summary(outcome.title(), outcome.rows(), wrong, praise(outcome.figures))
        if not outcome.keeps_pace:
            click.echo(f"For company, distance and waiting: {outcome.serve_command}")
    if (late_s := outcome.late_s) > LATE_REPLAYED_S:
        click.echo(
            f"This machine is too slow for speed {outcome.speed:g}: one act in a hundred was {late_s / 60:.1f} "
            "replayed minutes late or more. Figures of company and waiting suffer from that; give a lower --speed.",
            err=True,
        )
    raise SystemExit(1 if wrong else 0)
