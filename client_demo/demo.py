"""The command `hereabouts demo`: a server of its own, a neighbourhood of bots, and a link to sit down among them.

Knows the command line, what is printed, and how everything begins and ends together. Never knows how a server works
(it starts the command) nor how bots live (crowd/).
"""

import asyncio
import io
import random
import secrets
import signal
import socket
import sys

import click
import pygeohash
import segno

from client_demo.about import fetch_limits
from client_demo.client import Unreachable
from client_demo.crowd.swarm import Plan, Report, Swarm
from client_demo.loop import run_loop, stop_at_ctrl_c
from client_demo.numbers import WholeNumber
from client_demo.own_server import OwnServer, ServerEnded, typed_command
from client_demo.places import Place, PlaceUnknown, parse_place
from client_demo.preflight import DEFAULT_PORT, check_capacity

SPREAD_M = 1500.0
"""How far around the place the bots stand: a few cells, so that the page has distances to tell."""

ENTER_PER_S = 150.0
PORTS_TRIED = 20
ENOUGH_IN_S = 4.0
"""After so long the link is printed though not everybody is in: whoever opens it finds company by then."""

EPILOG = """\b
Examples:
  hereabouts demo
  hereabouts demo --city Tokyo --bots 60
  hereabouts demo --near 48.86,2.35 --lan     # for the phones around, with a QR code
"""


@click.command(epilog=EPILOG)
@click.option("--city", help='Where everybody is: a city. "New York" unless a place is given.')
@click.option("--near", metavar="LAT,LON", help="Where everybody is: coordinates, cut to a cell.")
@click.option("--cell", help="Where everybody is: a geohash cell.")
@click.option("--bots", type=WholeNumber(2, 5000), default=200, show_default=True, help="How many bots.")
@click.option(
    "--port",
    type=WholeNumber(0, 65_535),
    help=f"The server's port, 0 for any free one. Unless given it is {DEFAULT_PORT}, or the next that is free.",
)
@click.option("--lan", is_flag=True, help="Let the phones of your network in too: TLS and a QR code.")
@click.option("--host", metavar="ADDRESS", help="With --lan: the one of this machine's addresses that phones use.")
def demo(
    *,
    city: str | None,
    near: str | None,
    cell: str | None,
    bots: int,
    port: int | None,
    lan: bool,
    host: str | None,
) -> None:
    """Start a server, fill it with bots who talk, and print a link to sit down among them.

    Bots say the same in many rooms, which servers hold as junk: this one does not
    (same_text_rooms=0, same_text_rooms_all=0).

    Ctrl-C ends it all. Exit status 1 if the server does not start or ends by itself, 2 if what was asked for cannot be.
    """
    if host is not None and not lan:
        raise click.UsageError("--host chooses an address for phones: it goes with --lan.")
    place = _place(city, near, cell)
    check_capacity(bots, 1, 0, {})
    chosen = choose_port(port, everywhere=lan)
    click.echo("Starting a server …")
    statuses: list[int] = []

    async def course() -> None:
        statuses.append(await _course(place, bots, chosen, lan=lan, host=host))

    run_loop(course)
    raise SystemExit(statuses[0])


def choose_port(wanted: int | None, *, everywhere: bool) -> int:
    """Return the port that is wanted, else the first free one from the usual one on, and say if it is not that.

    Ends with a sentence if the one that is wanted is taken.

    Args:
        everywhere: it has to be free on all of the machine's addresses.
    """
    if wanted is not None:
        if not _is_free(wanted, everywhere=everywhere):
            raise click.ClickException(
                f"Port {wanted} is taken, perhaps by another server. Choose another with --port "
                f"(make demo PORT={min(wanted + 1, 65_535)}), or none: then the demo looks for a free one."
            )
        return wanted
    for port in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED):
        if _is_free(port, everywhere=everywhere):
            if port != DEFAULT_PORT:
                click.echo(f"Port {DEFAULT_PORT} is taken, perhaps by another server; this one takes {port}.")
            return port
    raise click.ClickException(
        f"The ports {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1} are taken. Choose one with --port."
    )


def _is_free(port: int, *, everywhere: bool) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("" if everywhere else "127.0.0.1", port))
        except OSError:
            return False
    return True


def _place(city: str | None, near: str | None, cell: str | None) -> Place:
    if city is None and near is None and cell is None:
        city = "New York"
    try:
        place = parse_place(city=city, near=near, cell=cell)
    except PlaceUnknown as exc:
        raise click.UsageError(str(exc)) from exc
    if place.choice:
        click.echo(place.choice, err=True)
    return place


# --- the course -------------------------------------------------------------------------------------------


async def _course(place: Place, bots: int, port: int, *, lan: bool, host: str | None = None) -> int:
    """Start everything, wait until it is to end, end it, and return the exit status."""
    stop = asyncio.Event()
    stop_at_ctrl_c(stop)
    # A terminal that is closed ends what runs in it, but would not reach the server.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, stop.set)
    try:
        async with OwnServer(port, lan=lan, host=host) as server:
            click.echo(f"It listens; letting {bots} bots in …")
            swarm = Swarm(await _plan(server, place, bots))
            running = asyncio.create_task(swarm.run())
            await _until_enough(swarm, stop)
            if not stop.is_set():
                click.echo(greeting(server, place, swarm.report(), bots))
            ended = await server.ended_before(stop)
            if ended is not None:
                running.cancel()
                raise ServerEnded(ended)
            click.echo("Everybody is leaving …")
            swarm.stop()
            await running
    except ServerEnded as exc:
        click.echo(exc.sentence, err=True)
        return 1
    click.echo("The demo has ended.")
    return 0


async def _plan(server: OwnServer, place: Place, bots: int) -> Plan:
    url = server.websocket
    try:
        limits = await fetch_limits(url)
    except Unreachable:
        raise ServerEnded(None) from None
    lat, lon = pygeohash.decode(place.cell)
    return Plan(
        url=url,
        wire="msgpack",
        count=bots,
        lat=float(lat),
        lon=float(lon),
        spread_m=SPREAD_M,
        cell=None,
        characters=int(limits["finest_cell"]),
        enter_per_s=ENTER_PER_S,
        rate=None,
        moves=True,
        leaves_chairs=True,
        next_per_h=float(limits["next_per_h"]),
        sources=(),
        seed=random.randrange(2**32),
        run="d" + secrets.token_hex(2),
    )


async def _until_enough(swarm: Swarm, stop: asyncio.Event) -> None:
    """Return when all bots are in, enough time has passed, or everything is to end."""
    waits = [asyncio.create_task(swarm.until_all_in()), asyncio.create_task(stop.wait())]
    await asyncio.wait(waits, timeout=ENOUGH_IN_S, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


# --- what is printed --------------------------------------------------------------------------------------


def greeting(server: OwnServer, place: Place, report: Report, bots: int) -> str:
    """Return what to open and what to expect there, of so many bots that were asked for."""
    there = f"#cell={place.cell}"
    here, *phones = [page + there for page in server.pages]
    lines = [
        "",
        f"{report.seated} of {bots} bots are in now, in {place.label}; they talk, come and go.",
        *(f"  {count} times {what}" for what, count in sorted(report.troubles.items())),
        "",
        f"  Open      {here}",
        '            and press "Take a seat". Nothing is sent before that.',
        *(f"  Phones    {phone}   (in the same network)" for phone in phones),
        f"  Chat      {typed_command()} chat --url {server.websocket} --cell {place.cell}",
        "  End       Ctrl-C",
        "",
        "Whoever is a bot says so in their name; they talk English, out of a phrase book.",
        "",
    ]
    if phones:
        lines += [qr_code(phones[0]) if sys.stdout.isatty() else "", server.warning, "", _where(place), ""]
    return "\n".join(lines)


def _where(place: Place) -> str:
    return (
        f"The bots are in {place.label}: a phone that gives its own position may find nobody there.\n"
        'To have them where you are: make demo LAN=1 CITY="…", or hereabouts demo --lan --near LAT,LON.'
    )


def qr_code(link: str) -> str:
    """Return the link as a QR code for a terminal: white paper and black ink, whatever its colours are."""
    drawn = io.StringIO()
    segno.make(link, micro=False).terminal(drawn, border=2, compact=True)
    return "".join(f"  \x1b[97;40m{line}\x1b[0m\n" for line in drawn.getvalue().splitlines())
