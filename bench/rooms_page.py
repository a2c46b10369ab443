"""Makes the measured part of docs/ROOMS.md and its curve anew: `python -m bench.rooms_page` or `make rooms`.

Knows files, the command `hereabouts simulate --json` and how its figures are written down. Each line names its data:
`--data NAME=FILE,--hours,36-60`; without any, people are made up, and the page says so.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import click

from bench.trade import Point, curve

PAGE = Path("docs/ROOMS.md")
CURVE = Path("docs/rooms-trade.svg")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
MADE_UP = "made up=--people,2000"

GAINS = ("1000", "0.6", "0.3", "0.14", "0.05")
WINDOWS = ("900", "3600")


class Data(NamedTuple):
    """Check-ins to measure on: what they are called, and the arguments that name them."""

    name: str
    arguments: tuple[str, ...]


class Run(NamedTuple):
    """One simulation: its data, what is set, and whether the yardsticks stand beside it."""

    data: Data
    settings: tuple[str, ...]
    compare: bool = False


@click.command()
@click.option(
    "--data", "given", multiple=True, metavar="NAME=ARGUMENT,ARGUMENT…", help="Check-ins, as simulate takes them."
)
def rooms_page(given: tuple[str, ...]) -> None:
    """Measure the rules on check-ins and write tables and curve into docs/.

    \b
    Example:
      python -m bench.rooms_page --data week=WEEK.csv.gz,--hours,36-60 --data 2012=2012.csv.gz,--rows,40000-60000
    """
    data = [_data(each) for each in given or (MADE_UP,)]
    runs = [Run(each, (), compare=True) for each in data]
    runs += [Run(each, (f"parting_gain={gain}",)) for each in data for gain in GAINS]
    runs += [Run(each, (f"window_s={window}",)) for each in data for window in WINDOWS]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        figures = dict(zip(runs, pool.map(_figures, runs), strict=True))
    text = PAGE.read_text(encoding="utf-8")
    made = f"{BEGIN}\n\n{_tables(data, figures)}\n\n{END}"
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: made, text, flags=re.DOTALL), encoding="utf-8")
    points = [_point(run, figures[run]) for run in runs if not run.compare and figures[run]["near_ratio"] is not None]
    CURVE.write_text(curve(points), encoding="utf-8")
    click.echo(f"{PAGE} and {CURVE} are made anew.")


def _data(text: str) -> Data:
    name, equals, arguments = text.partition("=")
    if not equals:
        raise click.BadParameter("it takes NAME=FILE,ARGUMENT,…", param_hint="--data")
    return Data(name, tuple(arguments.split(",")))


def _figures(run: Run) -> dict[str, Any]:
    """Return what the command prints."""
    sets = [part for setting in run.settings for part in ("--set", setting)]
    command = [sys.executable, "-c", "from bench.simulate import simulate; simulate()", *run.data.arguments, *sets]
    command += ["--json", *["--compare"] * run.compare]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise click.ClickException(done.stderr.strip().rpartition("\n")[2])
    click.echo(f"{run.data.name} {' '.join(run.settings) or 'as it is'}: done", err=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _tables(data: Sequence[Data], figures: dict[Run, dict[str, Any]]) -> str:
    lines = [
        "| data | rooms | company | over 12 | near (median / p90) | near ratio | moves/h | wait p50 / p90 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in data:
        ours = figures[Run(each, (), compare=True)]
        beside = ours["compare"]
        lines.append(_line(each.name, "**by these rules**", ours))
        lines.append(_line("", "a window of 15 minutes", figures[Run(each, ("window_s=900",))]))
        lines.append(_line("", "fixed cells of 6 characters", beside["fixed_6"]))
        lines.append(_line("", "fixed cells of 5 characters", beside["fixed_5"]))
        lines.append(_line("", "seated anew at every instant (no server may)", beside["bound"]))
    lines += ["", "What parting is to gain trades moves for nearness (`parting_gain`, 1000: never; the same data):", ""]
    lines += ["| data | parting_gain | company | near ratio | moves/h |", "|---|---|---|---|---|"]
    for each in data:
        for gain in GAINS:
            row = figures[Run(each, (f"parting_gain={gain}",))]
            shown = (_share(row["company"]), _fixed(row["near_ratio"]), _fixed(row["moves_per_h"]))
            lines.append(f"| {each.name} | {gain} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _line(name: str, way: str, row: dict[str, Any]) -> str:
    waits = [row[key] for key in ("wait_p50_s", "wait_p90_s")]
    wait = "–" if None in waits else f"{waits[0]:.0f} / {waits[1]:.0f} s"
    near = " / ".join("–" if row[key] is None else f"{row[key]:,.0f} m" for key in ("near_median_m", "near_p90_m"))
    cells: Iterable[str] = (
        name, way, _share(row["company"]), _share(row["oversize"]), near,
        _fixed(row["near_ratio"]), _fixed(row["moves_per_h"]), wait,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _point(run: Run, row: dict[str, Any]) -> Point:
    name, _, value = run.settings[0].partition("=")
    label = f"window of {int(value) // 60} min" if name == "window_s" else f"{value}" if value != "1000" else "never"
    return Point(
        run.data.name, name == "parting_gain", label, row["near_ratio"], row["moves_per_h"], row["company"] or 0.0
    )


def _share(value: float | None) -> str:
    if value is None:
        return "–"
    return "0" if not value else f"{value:.4f}" if value > 0.99 else f"{value:.3f}"


def _fixed(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    rooms_page()
