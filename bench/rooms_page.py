"""Makes the measured parts of docs/ROOMS.md and its curve anew: `python -m bench.rooms_page` or `make rooms`.

Knows files, the command `hereabouts simulate --json` and how its figures are written down. Each line names its data:
`--data NAME=FILE,--hours,36-60`; without any, people are made up, and the page says so. Our own rules are measured with
several seeds, which decide the seating (and the people, if made up), and told as their mean and range.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import click

from bench.trade import Point, curve

PAGE = Path("docs/ROOMS.md")
CURVE = Path("docs/rooms-trade.svg")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TOPICS_BEGIN, TOPICS_END = "<!-- topics: begin -->", "<!-- topics: end -->"
MADE_UP = "made up=--people,5000,--city,New York"

GAINS = ("1000", "0.6", "0.3", "0.14", "0.05")
WINDOWS = ("900", "3600")
TOPICS = (("30", ("0", "0.3")), ("100", ("0", "0.3", "1")), ("1000", ("0", "0.3")))
"""How many topics there are, and with which gains each time."""

_KEYS = "company oversize near_median_m near_p90_m near_ratio moves_per_h wait_p50_s wait_p90_s".split()


class Data(NamedTuple):
    """Check-ins to measure on: what they are called, and the arguments that name them."""

    name: str
    arguments: tuple[str, ...]


class Run(NamedTuple):
    """One simulation: its data, what is set, the seed, and whether the yardsticks stand beside it."""

    data: Data
    settings: tuple[str, ...]
    seed: int = 1
    compare: bool = False
    topics: str = ""


class Spread(NamedTuple):
    """A figure of several seeds."""

    mean: float
    least: float
    most: float


@click.command()
@click.option(
    "--data", "given", multiple=True, metavar="NAME=ARGUMENT,ARGUMENT…", help="Check-ins, as simulate takes them."
)
@click.option(
    "--part",
    "parts",
    multiple=True,
    type=click.Choice(("rules", "topics")),
    default=("rules", "topics"),
    help="Only these tables; all without it.",
)
@click.option(
    "--seeds", type=click.IntRange(1, 100), default=3, show_default=True, help="How many seeds our rules are told of."
)
def rooms_page(given: tuple[str, ...], parts: tuple[str, ...], seeds: int) -> None:
    """Measure the rules on check-ins and write tables and curve into docs/.

    \b
    Example:
      python -m bench.rooms_page --data week=WEEK.csv.gz,--hours,36-60 --data 2012=2012.csv.gz,--rows,40000-60000
    """
    data = [_data(each) for each in given or (MADE_UP,)]
    ways: list[tuple[str, ...]] = [(), *((f"parting_gain={gain}",) for gain in GAINS)]
    ways += [(f"window_s={window}",) for window in WINDOWS]
    runs = [
        Run(each, way, seed, compare=not way and seed == 1)
        for way in ways
        for each in data
        for seed in range(1, seeds + 1)
        if "rules" in parts
    ]
    runs += [
        Run(each, _worth(gain), seed, topics=count)
        for each in data
        for count, gains in TOPICS
        for gain in gains
        for seed in range(1, seeds + 1)
        if "topics" in parts
    ]
    measured = Measured(_all_figures(runs), seeds)
    text = PAGE.read_text(encoding="utf-8")
    if "rules" in parts:
        text = _between(BEGIN, END, _tables(data, measured), text)
        points = [_point(each, way, measured) for way in ways if way for each in data]
        CURVE.write_text(curve([point for point in points if point is not None]), encoding="utf-8")
    if "topics" in parts:
        text = _between(TOPICS_BEGIN, TOPICS_END, _topics_table(data, measured), text)
    PAGE.write_text(text, encoding="utf-8")
    click.echo(f"{PAGE}{f' and {CURVE}' * ('rules' in parts)}: made anew.")


def _between(begin: str, end: str, made: str, text: str) -> str:
    """Return the text with what stands between these marks made anew."""
    return re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n\n{made}\n\n{end}", text, flags=re.DOTALL)


def _worth(gain: str) -> tuple[str, ...]:
    return (f"topic_gain={gain}",)


class Measured:
    """What all runs printed."""

    def __init__(self, figures: Mapping[Run, dict[str, Any]], seeds: int) -> None:
        self._figures = figures
        self.seeds = seeds

    def ours(self, data: Data, way: tuple[str, ...], key: str, *, topics: str = "") -> Spread | None:
        """Return a figure of our rules over all seeds; None if any of them has none."""
        asked = (data, way, topics)
        found = [row[key] for run, row in self._figures.items() if (run.data, run.settings, run.topics) == asked]
        return None if None in found else Spread(fmean(found), min(found), max(found))

    def beside(self, data: Data, name: str) -> dict[str, Any]:
        """Return the figures of a yardstick."""
        found: dict[str, Any] = self._figures[Run(data, (), compare=True)]["compare"][name]
        return found


def _all_figures(runs: Sequence[Run]) -> dict[Run, dict[str, Any]]:
    """Return what each run printed; the first tells how long the others will take."""
    at_once = os.cpu_count() or 1
    began = time.monotonic()
    click.echo(
        f"{len(runs)} simulations, {at_once} at a time; after the first it is said how long they take.", err=True
    )
    figures = {}
    with ThreadPoolExecutor(at_once) as pool:
        for done, (run, printed) in enumerate(zip(runs, pool.map(_figures, runs), strict=True), 1):
            figures[run] = printed
            left_s = (time.monotonic() - began) / done * (len(runs) - done)
            way = " ".join(run.settings) or "as it is"
            if run.topics:
                way += f", {run.topics} topics"
            click.echo(
                f"{run.data.name}, {way}, seed {run.seed}: done; "
                f"{done} of {len(runs)}, about {ceil(left_s / 60)} min to go",
                err=True,
            )
    return figures


def _data(text: str) -> Data:
    name, equals, arguments = text.partition("=")
    if not equals:
        raise click.BadParameter("it takes NAME=FILE,ARGUMENT,…", param_hint="--data")
    return Data(name, tuple(arguments.split(",")))


def _figures(run: Run) -> dict[str, Any]:
    """Return what the command prints."""
    sets = [part for setting in run.settings for part in ("--set", setting)]
    command = [sys.executable, "-c", "from bench.simulate import simulate; simulate()", *run.data.arguments, *sets]
    command += ["--seed", str(run.seed), "--json", *["--compare"] * run.compare]
    command += ["--topics", run.topics] if run.topics else []
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise click.ClickException(done.stderr.strip().rpartition("\n")[2])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _tables(data: Sequence[Data], measured: Measured) -> str:
    lines = [
        "| data | rooms | company | over 12 | near (median / p90) | near ratio | moves/h | wait p50 / p90 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in data:
        lines.append(_our_line(each.name, "**by these rules**", each, (), measured))
        lines.append(_our_line("", "a window of 15 minutes", each, ("window_s=900",), measured))
        lines.append(_line("", "fixed cells of 6 characters", measured.beside(each, "fixed_6")))
        lines.append(_line("", "fixed cells of 5 characters", measured.beside(each, "fixed_5")))
        lines.append(_line("", "seated anew at every instant (no server may)", measured.beside(each, "bound")))
    lines += ["", "What parting is to gain trades moves for nearness (`parting_gain`, 1000: never; the same data):", ""]
    lines += ["| data | parting_gain | company | near ratio | moves/h |", "|---|---|---|---|---|"]
    for each in data:
        for gain in GAINS:
            way = (f"parting_gain={gain}",)
            ours = [measured.ours(each, way, key) for key in ("company", "near_ratio", "moves_per_h")]
            shown = (_spread(ours[0], 4), _spread(ours[1], 3), _spread(ours[2], 3))
            lines.append(f"| {each.name} | {gain} | {' | '.join(shown)} |")
    return "\n".join([*lines, "", _seeds(measured, "Of our rules")])


def _topics_table(data: Sequence[Data], measured: Measured) -> str:
    keys = (("common_topic", 3), ("near_median_m", 0), ("near_ratio", 3), ("company", 4), ("moves_per_h", 3))
    lines = ["| data | topics | topic_gain | roommates in common | near (median, m) | near ratio | company | moves/h |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for each in data:
        for count, gains in TOPICS:
            for gain in gains:
                ours = (
                    _spread(measured.ours(each, _worth(gain), key, topics=count), decimals) for key, decimals in keys
                )
                lines.append(f"| {each.name} | {count} | {gain} | {' | '.join(ours)} |")
    return "\n".join([*lines, "", _seeds(measured, "Of each")])


def _seeds(measured: Measured, of: str) -> str:
    return "One seed each." if measured.seeds == 1 else f"{of} the mean of {measured.seeds} seeds, and their range."


def _our_line(name: str, way: str, data: Data, settings: tuple[str, ...], measured: Measured) -> str:
    """Return a line of our rules: of shares, ratio and moves the range as well, of the rest the mean alone."""
    got = {key: measured.ours(data, settings, key) for key in _KEYS}
    means = {key: spread.mean if spread is not None else None for key, spread in got.items()}
    ranged = (_spread(got["company"], 4), _spread(got["near_ratio"], 3), _spread(got["moves_per_h"], 3))
    return _row(name, way, means, *ranged)


def _line(name: str, way: str, row: Mapping[str, float | None]) -> str:
    exact = (_fixed(row["company"], 4), _fixed(row["near_ratio"], 3), _fixed(row["moves_per_h"], 3))
    return _row(name, way, row, *exact)


def _row(name: str, way: str, row: Mapping[str, float | None], company: str, ratio: str, moves: str) -> str:
    wait_p50, wait_p90 = row["wait_p50_s"], row["wait_p90_s"]
    wait = "–" if wait_p50 is None or wait_p90 is None else f"{wait_p50:.0f} / {wait_p90:.0f} s"
    near = " / ".join("–" if m is None else f"{m:,.0f} m" for m in (row["near_median_m"], row["near_p90_m"]))
    cells = (name, way, company, _fixed(row["oversize"], 3), near, ratio, moves, wait)
    return f"| {' | '.join(cells)} |"


def _point(data: Data, way: tuple[str, ...], measured: Measured) -> Point | None:
    name, _, value = way[0].partition("=")
    label = f"window of {int(value) // 60} min" if name == "window_s" else f"{value}" if value != "1000" else "never"
    ratio, moves, company = (measured.ours(data, way, key) for key in ("near_ratio", "moves_per_h", "company"))
    if ratio is None or moves is None:
        return None
    return Point(
        data.name, name == "parting_gain", label, ratio.mean, moves.mean, company.mean if company is not None else 0.0
    )


def _spread(value: Spread | None, decimals: int) -> str:
    """Return "1.436 (1.431–1.440)"; the mean alone where all seeds print the same."""
    if value is None:
        return "–"
    mean, least, most = (_fixed(each, decimals) for each in value)
    return mean if least == most else f"{mean} ({least}–{most})"


def _fixed(value: float | None, decimals: int) -> str:
    return "–" if value is None else "0" if not value else f"{value:.{decimals}f}"


if __name__ == "__main__":
    rooms_page()
