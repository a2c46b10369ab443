"""What many nodes on one Redis cost and do, beside one process without it: in one run, by CPU time.

Each round runs every shape once, freshly started, on a Valkey of its own: so whatever else the machine does meets all
of them. Quote the ratios. People are spread over the nodes by chance; "at random" every room has members of all nodes,
the worst there is, and in the "dense city" there are so many near that a node may seat its own people together. Beside
it runs as many servers that know nothing of each other: what they lose against one process is the price of more
processes on these cores with fewer people each, and what nodes lose against them is the price of being one server.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Callable, Iterator
from statistics import median, median_low

import click
import msgspec

from bench.cluster_kill import KillFigures, measure_kill
from bench.cluster_load import WHERE, Figures, Where, measure
from bench.load import Plan
from bench.servers import CannotMeasure, free_port, our_command, running, without_rates
from bench.valkey import Valkey, running_valkey

AIM_COMMANDS = 1.1
"""At most so many Redis commands per message at load."""
AIM_SHARE: dict[Where, float] = {"at random": 0.5, "dense city": 0.85}
"""At least so much of a lone process's deliveries per CPU second, per node."""
AIM_BACK_S = 10.0
"""At most so long is anybody away when their node is killed."""

DENSE: Where = "dense city"

SECRET = "5e" * 32
SEATS = 8


class Shape(msgspec.Struct, frozen=True):
    """So many nodes, none: one process without Redis; or `apart`, so many servers without Redis."""

    nodes: int
    where: Where
    apart: bool = False

    def __str__(self) -> str:
        if self.apart:
            return f"{self.nodes} servers, {self.where}"
        count = f"{self.nodes} node{'s' if self.nodes > 1 else ''}" if self.nodes else "no Redis"
        return f"{count}, {self.where}"


class Row(msgspec.Struct, kw_only=True):
    """A shape's medians over all rounds; `share`: of a lone process's deliveries per CPU second, in the same round.

    Attributes:
        of_servers: the same of as many servers that know nothing of each other, None where they were not measured.
    """

    shape: Shape
    figures: Figures
    share: float
    share_lowest: float
    share_highest: float
    of_servers: float | None = None


class Report(msgspec.Struct, kw_only=True):
    """What was measured and how."""

    people: int
    secs: float
    rounds: int
    cores: int
    load_average: float
    rate: float
    rows: list[Row]
    kill: KillFigures | None


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """The size of it."""

    rooms: int
    nodes: tuple[int, ...]
    secs: float
    warm_s: float
    rounds: int
    seed: int
    rate: float

    def shapes(self) -> list[Shape]:
        """Return all that is measured in a round; one node has one way alone to spread people."""
        joined = [Shape(count, where) for where in WHERE for count in (0, *self.nodes) if count != 1 or where != DENSE]
        return joined + [Shape(count, DENSE, apart=True) for count in self.nodes if count > 1]


@contextlib.contextmanager
def running_nodes(count: int, redis: str, *, spare: int = 0) -> Iterator[tuple[list[int], list[int]]]:
    """Run so many nodes, or without `redis` one process; yields their ports and process ids. Raises CannotMeasure."""
    seats = {"seats_min": 3, "seats_target": SEATS, "seats_max": SEATS}
    joined = {"redis": redis, "secret": SECRET} if redis else {}
    with contextlib.ExitStack() as stack:
        ports = [free_port() for _ in range(count)]
        commands = [our_command(port, **without_rates(**seats, **joined)) for port in ports]
        pids = [stack.enter_context(running(each, port)) for each, port in zip(commands, ports, strict=True)]
        yield ports, pids


def pin_to(pids: list[int], cores: set[int]) -> None:
    """Keep processes, all of their threads, on these cores."""
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), cores)


def run_once(bench: Bench, shape: Shape, valkey: Valkey, number: int) -> Figures:
    """Return the figures of one shape in one round. Raises CannotMeasure."""
    usable = sorted(os.sched_getaffinity(0))
    valkey.empty()
    plan = Plan(port=0, pid=0, rooms=bench.rooms, members=SEATS, secs=bench.secs, warm_s=bench.warm_s)
    redis = valkey.url if shape.nodes and not shape.apart else ""
    with running_nodes(max(1, shape.nodes), redis) as (ports, pids):
        if len(usable) > 1:
            pin_to([*pids, valkey.pid], set(usable[:-1]))
            os.sched_setaffinity(0, {usable[-1]})
        try:
            return measure(
                plan,
                ports=ports,
                pids=pids,
                where=shape.where,
                valkey=valkey if redis else None,
                seed=bench.seed + number,
                rate=bench.rate,
            )
        finally:
            os.sched_setaffinity(0, usable)


def run_rounds(bench: Bench, tell: Callable[[str], None]) -> dict[Shape, list[Figures]]:
    """Return the figures of all shapes, round by round. Raises CannotMeasure."""
    runs: dict[Shape, list[Figures]] = {shape: [] for shape in bench.shapes()}
    for number in range(bench.rounds):
        for shape, figures in runs.items():
            with running_valkey() as valkey:
                figures.append(run_once(bench, shape, valkey, number))
            tell(f"round {number + 1}/{bench.rounds}  {shape!s:<24}{figures[-1].node_us:8.2f} µs per delivery")
    return runs


def kill_once(nodes: int, people: int, seed: int) -> KillFigures:
    """Return how people came back from a killed node. Raises CannotMeasure."""
    with running_valkey() as valkey, running_nodes(nodes, valkey.url) as (ports, pids):
        return asyncio.run(measure_kill(ports, pids, people=people, seed=seed))


def rows_of(runs: dict[Shape, list[Figures]]) -> list[Row]:
    """Return the medians of all runs, and the shares within each round."""
    rows = []
    for shape, figures in runs.items():
        shares = _shares(runs[Shape(0, shape.where)], figures)
        servers = runs.get(Shape(shape.nodes, shape.where, apart=True)) if not shape.apart else None
        rows.append(
            Row(
                shape=shape,
                figures=_middle(figures),
                share=round(median(shares), 2),
                share_lowest=round(min(shares), 2),
                share_highest=round(max(shares), 2),
                of_servers=round(median(_shares(servers, figures)), 2) if servers else None,
            )
        )
    return rows


def _shares(others: list[Figures], figures: list[Figures]) -> list[float]:
    """Return by round what share these deliver per CPU second of what the others do."""
    return [other.node_us / each.node_us for other, each in zip(others, figures, strict=True)]


def _middle(figures: list[Figures]) -> Figures:
    """Return the medians of all numbers."""
    first = figures[0]
    names = sorted({name for each in figures for name in each.commands})
    middle = {
        field: (median_low if isinstance(value, int) else median)(getattr(each, field) for each in figures)
        for field in first.__struct_fields__
        if isinstance(value := getattr(first, field), float | int)
    }
    middle["lost"] = sum(each.lost for each in figures)
    commands = {name: round(median(each.commands.get(name, 0.0) for each in figures), 4) for name in names}
    return msgspec.convert(msgspec.to_builtins(first) | middle | {"commands": commands}, Figures, strict=False)


def table(report: Report) -> str:
    """Return the report for people."""
    head = (
        f"{report.people} people in rooms of {SEATS}, {_talking(report.rate)}; "
        f"{report.rounds} rounds of {report.secs:g} s on {report.cores} cores "
        f"(load average {report.load_average:g})\n\n"
        f"{'':<23}{'CPU µs/deliv.':>14}{'/message':>10}{'per node':>10}{'rooms':>7}{'deliv./s':>10}{'p50 ms':>8}"
        f"{'p99':>7}{'seat p50':>10}{'p99':>7}{'commands':>10}{'Valkey µs':>11}{'bytes':>7}\n"
    )
    rows = "".join(map(_line, report.rows))
    foot = (
        "\nper node: deliveries per CPU second, of a lone process's. commands, Valkey µs, bytes: Redis', per message.\n"
    )
    return head + rows + foot + "\n" + "\n".join(_verdicts(report))


def _talking(rate: float) -> str:
    return f"{rate:,g} messages/s" if rate else "everybody talking"


def _line(row: Row) -> str:
    of = row.figures
    redis = f"{of.commands_total:>10.2f}{of.valkey_us_per_message:>11.1f}{of.redis_bytes:>7.0f}" if of.nodes else ""
    return (
        f"{row.shape!s:<23}{of.node_us:>14.2f}{of.node_us_per_message:>10.1f}{row.share:>10.2f}"
        f"{of.rooms:>7.0f}{of.deliveries_per_s:>10,.0f}{of.p50_ms:>8.1f}{of.p99_ms:>7.1f}{of.seating_p50_ms:>10.1f}"
        f"{of.seating_p99_ms:>7.1f}{redis}{f'  LOST {of.lost}' if of.lost else ''}\n"
    )


def _verdicts(report: Report) -> Iterator[str]:
    for row in report.rows:
        of, aim = row.figures, AIM_SHARE[row.figures.where]
        if of.nodes < 2:
            continue
        of_servers = f"; {row.of_servers:.2f} of as many servers" if row.of_servers is not None else ""
        yield (
            f"{row.shape}: {row.share:.2f} of a lone process's deliveries per CPU second and node "
            f"({row.share_lowest:.2f} to {row.share_highest:.2f} in the "
            f"rounds{of_servers}; aim: at least {aim:g}; {_met(row.share >= aim)}), "
            f"{of.commands_total:.2f} commands per message (aim: at most {AIM_COMMANDS:g}; "
            f"{_met(of.commands_total <= AIM_COMMANDS)})."
        )
    if (kill := report.kill) is not None:
        is_met = kill.p99_s <= AIM_BACK_S and kill.resumed == kill.away and kill.speak_again == kill.people
        yield (
            f"A node killed with {kill.people} people about: {kill.resumed} of {kill.away} who were away came back to "
            f"their seat, after {kill.p50_s:g} s in the median, p99 {kill.p99_s:g} s; {kill.speak_again} talk on. "
            f"Aim: all, in {AIM_BACK_S:g} s; {_met(is_met)}."
        )


def _met(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


@click.command(
    epilog="Examples:\n\n\b\n"
    "  python -m bench.cluster\n"
    "  python -m bench.cluster --nodes 3 --rounds 1 --secs 2 --kill 0\n"
    "  python -m bench.cluster --rate 1000 --kill 0\n"
    "  python -m bench.cluster --rounds 5 --json"
)
@click.option("--rooms", type=click.IntRange(1, 1000), default=100, show_default=True, help=f"Rooms of {SEATS}.")
@click.option(
    "--nodes", type=click.IntRange(1, 16), multiple=True, default=(1, 2, 3), show_default=True, help="May be repeated."
)
@click.option("--secs", type=click.FloatRange(0.2, 60), default=3.0, show_default=True, help="Each shape, each round.")
@click.option(
    "--warm", "warm_s", type=click.FloatRange(0.1, 60), default=1.0, show_default=True, help="Seconds before."
)
@click.option(
    "--rate",
    type=click.FloatRange(0, 1_000_000),
    default=0.0,
    help="Messages a second, all together; unless given, everybody speaks again when they have heard themselves.",
)
@click.option("--rounds", type=click.IntRange(1, 50), default=3, show_default=True)
@click.option(
    "--kill",
    type=click.IntRange(0, 400),
    default=60,
    show_default=True,
    help="People about when a node is killed; 0: none.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Who enters where.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def main(
    rooms: int,
    nodes: tuple[int, ...],
    secs: float,
    warm_s: float,
    rate: float,
    rounds: int,
    kill: int,
    seed: int,
    as_json: bool,
) -> None:
    """Measure many nodes on one Redis beside a lone process (rounds × 9 shapes × some 12 s, and 20 s for the kill)."""
    bench = Bench(
        rooms=rooms,
        nodes=tuple(dict.fromkeys(nodes)),
        secs=secs,
        warm_s=warm_s,
        rounds=rounds,
        seed=seed,
        rate=rate,
    )
    try:
        runs = run_rounds(bench, lambda line: click.echo(line, err=True))
        killed = kill_once(max(2, *bench.nodes), kill, seed) if kill else None
    except CannotMeasure as error:
        raise click.ClickException(str(error)) from None
    report = Report(
        people=rooms * SEATS,
        secs=secs,
        rounds=rounds,
        cores=len(os.sched_getaffinity(0)),
        load_average=round(os.getloadavg()[1], 1),
        rate=rate,
        rows=rows_of(runs),
        kill=killed,
    )
    click.echo(json.dumps(msgspec.to_builtins(report), indent=2) if as_json else table(report))


if __name__ == "__main__":
    main()
