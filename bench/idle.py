"""Memory of idle company: what each connection that has entered and says nothing costs the server.

Resident memory before the first and after the last connection, once the server is
quiet, divided by their number: sockets' buffers in the kernel are not in it, everything
the server keeps is (connection, session, person, seat, room, index, deadlines).
"""

import json
import socket
import time
from collections.abc import Callable

import click
import msgspec

from bench import wire
from bench.servers import (
    CannotMeasure,
    allow_files,
    cpu_s,
    free_port,
    our_command,
    peer_command,
    rss_kib,
    running,
    without_rates,
)

AIM_KIB = 12.0
"""At most so much for each of 10,000."""

ROOM_OF = 8
SPARE_FILES = 100  # the server's own: listening socket, event loop, libraries, logs
LOOK_S = 0.5
QUIET_CPU_S = 0.02  # of the server's CPU in one look: nothing goes on any more
QUIET_TIMEOUT_S = 30.0
PROGRESS_EVERY = 1000


class Report(msgspec.Struct, kw_only=True):
    """What was found. `kib_per_connection` is the growth divided by `connections`."""

    server: str
    connections: int
    rss_before_kib: int
    rss_after_kib: int
    kib_per_connection: float
    enters_per_s: int


def measure(count: int, *, peer: bool, tell: Callable[[str], None]) -> Report:
    """Return the memory that `count` connections take. Raises CannotMeasure."""
    needed = count + SPARE_FILES
    tell(f"{count} connections need {needed} file descriptors in the server and here, each")
    allow_files(needed)
    port = free_port()
    command = peer_command(port, seats=ROOM_OF) if peer else our_command(port, **_settings(count))
    sockets: list[socket.socket] = []
    with running(command, port) as pid:
        try:
            _await_quiet(pid)
            before = rss_kib(pid)
            took_s = _fill(port, count, sockets, tell)
            _await_quiet(pid)
            after = rss_kib(pid)
            _check_alive(sockets)
        finally:
            for sock in sockets:
                sock.close()
    return Report(
        server="peer (websockets)" if peer else "hereabouts",
        connections=count,
        rss_before_kib=before,
        rss_after_kib=after,
        kib_per_connection=round((after - before) / count, 2),
        enters_per_s=round(count / took_s),
    )


def _settings(count: int) -> dict[str, object]:
    return without_rates(seats_target=ROOM_OF, seats_max=ROOM_OF, connections_max=count + SPARE_FILES)


def _fill(port: int, count: int, sockets: list[socket.socket], tell: Callable[[str], None]) -> float:
    """Connect and enter one after the other, eight to a cell; return how long it took, in seconds."""
    began = time.perf_counter()
    for number in range(count):
        sock = wire.connect(port, number)
        sockets.append(sock)
        wire.enter(sock, wire.far_cell(number // ROOM_OF % wire.CELLS_MAX))
        if (number + 1) % PROGRESS_EVERY == 0:
            tell(f"{number + 1} have entered")
    return time.perf_counter() - began


def _await_quiet(pid: int) -> None:
    """Return once the server has used next to no CPU for half a second. Raises CannotMeasure."""
    deadline = time.monotonic() + QUIET_TIMEOUT_S
    used = cpu_s(pid)
    while time.monotonic() < deadline:
        time.sleep(LOOK_S)
        before, used = used, cpu_s(pid)
        if used - before < QUIET_CPU_S:
            return
    raise CannotMeasure("The server does not come to rest though nobody says anything.")


def _check_alive(sockets: list[socket.socket]) -> None:
    """Raise CannotMeasure unless every connection is open still."""
    ended = 0
    for sock in sockets:
        sock.setblocking(False)
        try:
            while data := sock.recv(wire.RECEIVE_BYTES):
                pass
            ended += not data
        except BlockingIOError:
            continue
        except OSError:
            ended += 1
    if ended:
        raise CannotMeasure(f"{ended} of {len(sockets)} connections ended meanwhile: the figure would be too low.")


@click.command(
    epilog="Examples:\n\n\b\n  python -m bench.idle\n  python -m bench.idle --connections 2000\n"
    "  python -m bench.idle --peer --json"
)
@click.option("--connections", type=click.IntRange(8, 100_000), default=10_000, show_default=True)
@click.option("--peer", is_flag=True, help="Measure the peer of bench/peer.py instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def main(connections: int, peer: bool, as_json: bool) -> None:
    """Measure the server's memory per entered, idle connection (about 10 s per 10,000, and 3 s to settle)."""
    try:
        report = measure(connections, peer=peer, tell=lambda line: click.echo(line, err=True))
    except CannotMeasure as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(report), indent=2))
        return
    grown = report.rss_after_kib - report.rss_before_kib
    click.echo(
        f"{report.server}: {report.kib_per_connection:.2f} KiB per entered, idle connection "
        f"({report.connections:,} of them: {grown / 1024:.0f} MiB more than {report.rss_before_kib / 1024:.0f} MiB; "
        f"{report.enters_per_s:,} entered per second)."
    )
    if not peer:
        click.echo(f"Aim: at most {AIM_KIB:g} KiB; {'met' if report.kib_per_connection <= AIM_KIB else 'MISSED'}.")


if __name__ == "__main__":
    main()
