"""Fan-out side by side: our server, the peer, and the least a server can do, under the same load.

Each round runs every server once, freshly started, so that whatever else the machine
does meets all of them. The figure to quote is the CPU time per delivery, as a ratio to
another server of the same run: deliveries per second depend on the load as well.

The least server is a C program given by its path (`--limit`): `PROGRAM PORT` answers the
handshake for the sample key of RFC 6455, section 1.3, takes a first frame of J and six
digits as a room to join, and sends every later frame to all of that room, unchecked.
A faster load may be given the same way (`--wsfan`); its flags are those used below.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import click
import msgspec

from bench.servers import CannotMeasure, build, cores, free_port, our_command, peer_command, pin, running, without_rates

AIM_TO_PEER = 5.0
"""At least so many times the peer's deliveries per second of CPU."""
AIM_TO_LIMIT = 2.5
"""At most so many times the CPU time per delivery of the least possible server."""

PEER_BUSY = 0.9
"""The share of its core below which the peer was in somebody's way: the figures are rough."""

OURS, PEER, LIMIT = "hereabouts", "peer (websockets)", "least possible (C)"
WARM_S = 1.0
SETTLE_S = 1.5
GRACE_S = 60.0  # for connecting, settling and draining, before a load is given up


class Run(msgspec.Struct, kw_only=True):
    """One server's figures in one round, as either load prints them; other fields are passed over."""

    deliv_s: float
    us_cpu_per_deliv: float
    p50_us: float
    p99_us: float
    srv_cpu_s: float
    secs: float
    lost: int = 0
    closed: int = 0


class Row(msgspec.Struct, kw_only=True):
    """One server's medians over all rounds."""

    server: str
    deliveries_per_s: float
    cpu_us_per_delivery: float
    p50_ms: float
    p99_ms: float
    server_busy: float
    lost: int


class Ratio(msgspec.Struct, kw_only=True):
    """CPU per delivery of one server as a multiple of another's: each round by itself, then all of them."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} times ({self.lowest:.2f} to {self.highest:.2f} in the rounds)"


class Report(msgspec.Struct, kw_only=True):
    """What was measured and how."""

    rooms: int
    members: int
    secs: float
    rounds: int
    load: str
    pinned: bool
    rows: list[Row]
    times_the_peer: Ratio
    times_the_limit: Ratio | None = None


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of the load, and the programs that take part."""

    rooms: int
    members: int
    secs: float
    rounds: int
    limit: list[str] | None
    wsfan: list[str] | None

    def servers(self) -> list[str]:
        return [OURS, PEER] + ([LIMIT] if self.limit else [])

    def serve(self, server: str, port: int) -> list[str]:
        """Return the command of one server. Raises CannotMeasure."""
        if server == PEER:
            return peer_command(port, seats=self.members)
        if server == LIMIT and self.limit:
            return [*self.limit, str(port)]
        # Rooms of exactly this size, whatever cells the load enters.
        seats = {"seats_min": min(3, self.members), "seats_target": self.members, "seats_max": self.members}
        return our_command(port, **without_rates(**seats))

    def load(self, server: str, port: int, pid: int) -> list[str]:
        """Return the command that loads one server."""
        shape = ["--port", port, "--pid", pid, "--rooms", self.rooms, "--members", self.members, "--secs", self.secs]
        words = [*map(str, shape), "--warm", str(WARM_S)]
        if self.wsfan is None:
            return [sys.executable, "-m", "bench.load", *words, *(["--least"] if server == LIMIT else [])]
        say = ["--msg", '{"type":"say","text":"%B"}', "--senders", str(self.members), "--settle", str(SETTLE_S)]
        join = ["J%R"] if server == LIMIT else ['{"type":"enter","cell":"%R"}', "--sub", "hereabouts.v1.json"]
        return [*self.wsfan, *words, *say, "--join", *join]


def run_once(bench: Bench, server: str) -> Run:
    """Return the figures of one server in one round. Raises CannotMeasure."""
    port = free_port()
    server_core, load_core = cores() or (None, None)
    with running(bench.serve(server, port), port, core=server_core) as pid:
        printed = _finish(bench.load(server, port, pid), load_core, bench.secs + WARM_S + SETTLE_S + GRACE_S)
    run = msgspec.json.decode(printed, type=Run)
    if not run.deliv_s:
        raise CannotMeasure(f"{server} delivered nothing: {printed.decode().strip()}")
    if run.lost or run.closed:
        raise CannotMeasure(
            f"{server} lost {run.lost} deliveries and {run.closed} connections: no figure is worth that."
        )
    return run


def _finish(command: Sequence[str], core: int | None, timeout_s: float) -> bytes:
    """Return what a load printed. Raises CannotMeasure."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        pin(process.pid, core)
        try:
            printed, errors = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise CannotMeasure(f"The load did not end within {timeout_s:.0f} s.") from None
    if process.returncode and not printed:
        raise CannotMeasure(f"The load failed: {errors.decode(errors='replace').strip()[-2000:]}")
    return printed


def measure(bench: Bench, *, tell: bool) -> Report:
    """Return the report of all rounds, each of all servers in turn. Raises CannotMeasure."""
    runs: dict[str, list[Run]] = {server: [] for server in bench.servers()}
    for number in range(bench.rounds):
        for server, of_it in runs.items():
            of_it.append(run_once(bench, server))
            if tell:
                each = of_it[-1].us_cpu_per_deliv
                click.echo(f"round {number + 1}/{bench.rounds}  {server:<20} {each:7.2f} µs per delivery", err=True)
    return report(bench, runs)


def report(bench: Bench, runs: dict[str, list[Run]]) -> Report:
    """Return the medians and ratios of all runs."""
    return Report(
        rooms=bench.rooms,
        members=bench.members,
        secs=bench.secs,
        rounds=bench.rounds,
        load="C" if bench.wsfan else "bench/load.py",
        pinned=cores() is not None,
        rows=[_row(server, of_it) for server, of_it in runs.items()],
        times_the_peer=_ratio(runs[PEER], runs[OURS]),
        times_the_limit=_ratio(runs[OURS], runs[LIMIT]) if LIMIT in runs else None,
    )


def _row(server: str, runs: list[Run]) -> Row:
    return Row(
        server=server,
        deliveries_per_s=round(median(run.deliv_s for run in runs)),
        cpu_us_per_delivery=round(median(run.us_cpu_per_deliv for run in runs), 2),
        p50_ms=round(median(run.p50_us for run in runs) / 1000, 1),
        p99_ms=round(median(run.p99_us for run in runs) / 1000, 1),
        server_busy=round(median(run.srv_cpu_s / run.secs for run in runs), 2),
        lost=sum(run.lost for run in runs),
    )


def _ratio(above: list[Run], below: list[Run]) -> Ratio:
    each = [round(a.us_cpu_per_deliv / b.us_cpu_per_deliv, 2) for a, b in zip(above, below, strict=True)]
    return Ratio(median=round(median(each), 2), lowest=min(each), highest=max(each))


def table(report: Report) -> str:
    """Return the report for people."""
    head = (
        f"{report.rooms} rooms of {report.members}, everybody talking, {report.rounds} rounds of {report.secs:g} s, "
        f"load: {report.load}\n\n"
        f"{'server':<20}{'deliveries/s':>14}{'CPU µs/delivery':>17}{'p50 ms':>9}{'p99 ms':>9}{'busy':>7}\n"
    )
    rows = "".join(
        f"{row.server:<20}{row.deliveries_per_s:>14,.0f}{row.cpu_us_per_delivery:>17.2f}"
        f"{row.p50_ms:>9.1f}{row.p99_ms:>9.1f}{row.server_busy:>7.0%}\n"
        for row in report.rows
    )
    return head + rows + "\n" + "\n".join(_verdicts(report))


def _verdicts(report: Report) -> list[str]:
    to_peer = report.times_the_peer
    lines = [
        f"Deliveries per CPU second: {to_peer} the peer's (aim: at least {AIM_TO_PEER:g}; "
        f"{'met' if to_peer.median >= AIM_TO_PEER else 'MISSED'})."
    ]
    if (to_limit := report.times_the_limit) is not None:
        lines.append(
            f"CPU per delivery: {to_limit} the least possible (aim: at most {AIM_TO_LIMIT:g}; "
            f"{'met' if to_limit.median <= AIM_TO_LIMIT else 'MISSED'})."
        )
    share = next(row.server_busy for row in report.rows if row.server == PEER)
    if share < PEER_BUSY:
        lines.append(f"The peer, which any load keeps busy, got {share:.0%} of its core: try again on a quiet machine.")
    if not report.pinned:
        lines.append("Only one core may be used here: server and load were in each other's way.")
    return lines


@click.command(
    epilog="Examples:\n\n\b\n"
    "  python -m bench.fanout\n"
    "  python -m bench.fanout --rooms 50 --secs 2 --rounds 1\n"
    "  python -m bench.fanout --limit limit.c --wsfan wsfan.c --json"
)
@click.option("--rooms", type=click.IntRange(1, 5000), default=100, show_default=True)
@click.option("--members", type=click.IntRange(2, 50), default=8, show_default=True, help="Members of each room.")
@click.option(
    "--secs", type=click.FloatRange(0.2, 600), default=3.0, show_default=True, help="Each server, each round."
)
@click.option("--rounds", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option("--limit", type=click.Path(path_type=Path), help="A C file: the least server a room needs.")
@click.option("--wsfan", type=click.Path(path_type=Path), help="A C file: the load to use in place of bench/load.py.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def main(
    rooms: int, members: int, secs: float, rounds: int, limit: Path | None, wsfan: Path | None, as_json: bool
) -> None:
    """Compare what a delivered message costs here, in the peer, and at the least (rounds × servers × about 6 s)."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            bench = Bench(
                rooms=rooms,
                members=members,
                secs=secs,
                rounds=rounds,
                limit=build(limit, Path(folder, "limit")) if limit else None,
                wsfan=build(wsfan, Path(folder, "wsfan")) if wsfan else None,
            )
            result = measure(bench, tell=not as_json)
        except CannotMeasure as error:
            raise click.ClickException(str(error)) from None
    click.echo(json.dumps(msgspec.to_builtins(result), indent=2) if as_json else table(result))


if __name__ == "__main__":
    main()
