"""The command `hereabouts replay`: real check-ins as people, so many times faster, and how they were seated.

Knows the command line and the summary. Never knows how a check-in is read (checkins.py), planned (timetable.py) or
carried out (replayer.py).
"""

import asyncio
import random
import secrets
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from client_demo.checkins import Reading, Unreadable, parse_hours, read_file
from client_demo.figures import Figures
from client_demo.ledger import Ledger
from client_demo.nearness import Seating, percentile
from client_demo.places import CELL_CHARACTERS
from client_demo.preflight import (
    DEFAULT_URL,
    check_capacity,
    limits_or_exit,
    sources_or_exit,
    stop_at_ctrl_c,
)
from client_demo.progress import Display, in_ms
from client_demo.replayer import Replayer
from client_demo.timetable import Action, Visit, actions, most_online, visits
from client_demo.verdict import complaints, counted, print_json, print_summary, word_rows
from client_demo.workers import run_loop

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
  hereabouts replay checkins.csv --speed 60 --stay 30 ws://127.0.0.1:9000/ws
  hereabouts replay checkins.csv.gz --speed 600 --hours 36-60 --seed 7 --json
"""


@dataclass
class Run:
    """A replay as it goes: what was asked for, and what came of it."""

    file: Path
    url: str
    speed: float
    stay_min: float
    seed: int
    reading: Reading
    planned: list[Visit]
    todo: list[Action]
    ledger: Ledger
    replayer: Replayer

    @property
    def limits(self) -> dict[str, Any]:
        return self.replayer.happenings.limits


@click.command(epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("url", default=DEFAULT_URL, metavar="[ws://…]")
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=600.0,
    show_default=True,
    help="Replayed seconds per second.",
)
@click.option("--hours", metavar="A-B", help="Only from hour A up to hour B, counted from the first row; else all.")
@click.option(
    "--stay",
    type=click.FloatRange(0, min_open=True),
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
def replay(
    *,
    file: Path,
    url: str,
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

    Exit status 1 if a word was lost, doubled or refused, 2 if what was asked for cannot be.
    """
    reading = _read_or_exit(file, hours)
    for problem in reading.problems:
        click.echo(f"{file}: {problem}", err=True)
    limits = limits_or_exit(url)
    sources = sources_or_exit(source)
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
    todo = actions(planned, rng, sample_every_s=SAMPLE_EVERY_S)
    run = Run(file, url, speed, stay, seed, reading, planned, todo, ledger, replayer)
    _warn_of_pace(run)
    run_loop(lambda: _course(run))
    _report(run, ledger.finish(), as_json=as_json)


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


def keeps_pace(limits: dict[str, Any], speed: float) -> bool:
    """Return whether the server's clock runs as fast as the replay."""
    scale = limits.get("time_scale", 1)
    return isinstance(scale, int | float) and abs(scale - speed) <= speed * 1e-6


def serve_command(url: str, speed: float) -> str:
    """Return what to type to start the server this replay wants."""
    port = urlsplit(url).port
    flag = f" --port {port}" if port not in (None, 8765) else ""
    return f"hereabouts serve{flag} --set time_scale={speed:g}"


def _warn_of_pace(run: Run) -> None:
    if run.limits and not keeps_pace(run.limits, run.speed):
        scale = run.limits.get("time_scale", 1)
        click.echo(
            f"The server's clock runs {scale:g} times as fast as real time, this replay {run.speed:g} times, so there "
            f"will be no figures of company, distance and waiting. The server it wants:\n"
            f"  {serve_command(run.url, run.speed)}",
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
        while not running.done():
            display.show(_live_figures(run), done=run.replayer.course.replayed_s)
            await asyncio.wait([running], timeout=REFRESH_S)
        running.result()


def _live_figures(run: Run) -> dict[str, str]:
    course, figures, happenings = run.replayer.course, run.ledger.figures, run.replayer.happenings
    errors = sum(figures.refused.values()) + sum(happenings.troubles.values()) + sum(figures.faults().values())
    return {
        "replayed": f"{course.replayed_s / 3600:.1f} h",
        "online": f"{course.online:,}",
        "seated": f"{run.replayer.seated:,}",
        "rooms": f"{len(run.ledger.rooms):,}",
        "words": f"{figures.sent:,}",
        "latency p50": in_ms(figures.latency.at(0.5)),
        "p99": in_ms(figures.latency.at(0.99)),
        "late p99": in_ms(course.late.at(0.99)),
        "errors": f"{errors:,}",
    }


# --- after ------------------------------------------------------------------------------------------------


def _report(run: Run, figures: Figures, *, as_json: bool) -> None:
    """Print what came of it and end with the exit status."""
    seating = _seating(run) if keeps_pace(run.limits, run.speed) else None
    wrong = complaints(figures, run.replayer.happenings.troubles, may_be_limited=False)
    if as_json:
        print_json(_as_map(run, figures, seating, wrong))
    else:
        print_summary(_title(run), _rows(run, figures, seating), wrong)
        if seating is None:
            click.echo(f"For company, distance and waiting: {serve_command(run.url, run.speed)}")
    if (late_s := _late_s(run)) > LATE_REPLAYED_S:
        click.echo(
            f"This machine is too slow for speed {run.speed:g}: one act in a hundred was {late_s / 60:.1f} replayed "
            "minutes late or more. Figures of company and waiting suffer from that; give a lower --speed.",
            err=True,
        )
    raise SystemExit(1 if wrong else 0)


def _seating(run: Run) -> Seating:
    seating = Seating(seats_max=int(run.limits.get("seats_max") or 12))
    for sample in run.replayer.course.samples:
        seating.add(sample)
    return seating


def _late_s(run: Run) -> float:
    """Return how late one act in a hundred was or later, in replayed seconds."""
    return (run.replayer.course.late.at(0.99) or 0.0) * run.speed


def _waits(run: Run) -> tuple[float, float] | None:
    """Return the median wait for company and the 90th percentile, in replayed seconds."""
    waits_s = run.replayer.happenings.waits_s
    if not waits_s:
        return None
    return percentile(waits_s, 0.5) * run.speed, percentile(waits_s, 0.9) * run.speed


def _title(run: Run) -> str:
    cut = ", cut short" if run.replayer.course.is_cut_short else ""
    return f"{len(run.reading.rows):,} check-ins of {run.file.name} at speed {run.speed:g}{cut}"


def _rows(run: Run, figures: Figures, seating: Seating | None) -> list[tuple[str, str]]:
    course, happenings = run.replayer.course, run.replayer.happenings
    rows = [
        ("connections", f"{happenings.entered:,}, at most {most_online(run.planned):,} at a time"),
        ("moved / entered anew", f"{happenings.moved:,} / {happenings.anew:,}"),
        ("bad rows", f"{run.reading.rows_bad:,}"),
        ("rooms", f"{len(run.ledger.rooms_seen):,}"),
    ]
    if seating is not None:
        rows += _seating_rows(seating, _waits(run))
    rows += word_rows(figures)
    if happenings.unsaid:
        rows.append(("words of people who were not in", f"{happenings.unsaid:,}"))
    late = " / ".join(in_ms(course.late.at(share)) for share in (0.5, 0.99, 1.0))
    return [
        *rows,
        ("latency p50 / p99 / max", " / ".join(in_ms(figures.latency.at(share)) for share in (0.5, 0.99, 1.0))),
        ("entering p50 / p99", " / ".join(in_ms(happenings.entering.at(share)) for share in (0.5, 0.99))),
        ("the replay itself late p50 / p99 / max", late),
        ("connections that broke", f"{happenings.breaks:,}"),
        ("errors", counted(happenings.troubles)),
    ]


def _seating_rows(seating: Seating, waits: tuple[float, float] | None) -> list[tuple[str, str]]:
    near = seating.near_m
    return [
        ("company", _share(seating.company)),
        ("oversize", _share(seating.oversize)),
        ("near median / p90", f"{near[0]:,.0f} m / {near[1]:,.0f} m" if near else "–"),
        ("wait p50 / p90", f"{waits[0]:.0f} s / {waits[1]:.0f} s (replayed)" if waits else "–"),
        ("room sizes, sampled", _sizes(seating.sizes)),
    ]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _sizes(sizes: Counter[int]) -> str:
    """Return "1: 4 %  2: 3 %  …": the share of rooms of each size."""
    total = sizes.total() or 1
    return "  ".join(f"{size}: {count / total:.1%}" for size, count in sorted(sizes.items())) or "–"


def _as_map(run: Run, figures: Figures, seating: Seating | None, wrong: list[str]) -> dict[str, Any]:
    course, happenings = run.replayer.course, run.replayer.happenings
    return {
        "command": "replay",
        "ok": not wrong,
        "wrong": wrong,
        "file": run.file.name,
        "url": run.url,
        "speed": run.speed,
        "stay_min": run.stay_min,
        "seed": run.seed,
        "is_cut_short": course.is_cut_short,
        "check_ins": len(run.reading.rows),
        "bad_rows": run.reading.rows_bad,
        "connections": happenings.entered,
        "most_online": most_online(run.planned),
        "moved": happenings.moved,
        "entered_anew": happenings.anew,
        "rooms": len(run.ledger.rooms_seen),
        "seating": _seating_map(seating, _waits(run)) if seating is not None else None,
        "serve": None if seating is not None else serve_command(run.url, run.speed),
        **figures.as_map(),
        "unsaid": happenings.unsaid,
        "entering_ms": {name: _ms(happenings.entering.at(share)) for name, share in (("p50", 0.5), ("p99", 0.99))},
        "late_ms": {name: _ms(course.late.at(share)) for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))},
        "breaks": happenings.breaks,
        "errors": happenings.troubles,
    }


def _seating_map(seating: Seating, waits: tuple[float, float] | None) -> dict[str, Any]:
    near = seating.near_m
    return {
        "company": seating.company,
        "oversize": seating.oversize,
        "near_m": {"median": near[0], "p90": near[1]} if near else None,
        "wait_s": {"p50": waits[0], "p90": waits[1]} if waits else None,
        "sizes": {str(size): count for size, count in sorted(seating.sizes.items())},
        "samples": seating.could,
    }


def _ms(duration_s: float | None) -> float | None:
    return None if duration_s is None else round(duration_s * 1000, 3)
