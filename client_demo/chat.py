"""`hereabouts chat`: sit down in a room near a place, in this terminal.

Knows the command line and how to say what went wrong before there is a screen. Never speaks the wire.
"""

import asyncio
import contextlib
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from client_demo.about import fetch_about
from client_demo.client import Client, Closed, NoTls, Refused, TlsFails, Unreachable, Untrusted
from client_demo.places import Place, PlaceUnknown, parse_place
from client_demo.terminal import safe, slash, wording

DEFAULT_URL = "ws://127.0.0.1:8765/ws"
ABOUT_TIMEOUT_S = 1.0
"""So long one sits without a screen where a proxy lets `/about` hang."""
WRONG_USE = 2

WHERE = """Say where you are, in one of three ways:

  hereabouts chat --city "New York"
  hereabouts chat --near 40.75,-73.99
  hereabouts chat --cell dr5ru

Only a cell of about 1.2 by 0.6 km is told to the server, never the position."""


@click.command(
    epilog="""\b
Examples:
  hereabouts chat --city "New York"
  hereabouts chat --near 40.75,-73.99 --name Ada
  hereabouts chat --city Lisbon --topic trams --topic tea --visiting
  hereabouts chat --cell dr5ru --url ws://127.0.0.1:8765/ws
  hereabouts chat --cell dr5ru --auth ann.jwt"""
)
@click.option("--city", help="A city of 100,000 people or more; add the country if there are several: London, CA.")
@click.option("--near", metavar="LAT,LON", help="A position in degrees; it is cut to a cell here.")
@click.option("--cell", metavar="GEOHASH", help="A geohash of 4 to 6 characters.")
@click.option("--name", help="What the others call you; without one you are given a name.")
@click.option(
    "--topic", "topics", multiple=True, metavar="TOPIC", help="What you like to talk about; up to five times."
)
@click.option("--visiting", is_flag=True, help="Say that you are not from there; once a day it may be anywhere.")
@click.option("--url", default=DEFAULT_URL, show_default=True, help="The server.")
@click.option("--wire", type=click.Choice(["msgpack", "json"]), default="msgpack", show_default=True)
@click.option("--accept-terms", metavar="VERSION", help="Accept the server's terms in this version; it asks for it.")
@click.option("--far", is_flag=True, help="Let the search for company go far beyond the neighbourhood.")
@click.option(
    "--auth",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file with the JWT of the application that the server belongs to; read again before it expires.",
)
def chat(
    city: str | None,
    near: str | None,
    cell: str | None,
    name: str | None,
    topics: tuple[str, ...],
    visiting: bool,
    url: str,
    wire: str,
    accept_terms: str | None,
    far: bool,
    auth: Path | None,
) -> None:
    """Sit down with people near a place and talk.

    Exit status 1 if no server answers, it refuses or it could not be told that you left, or without a terminal;
    2 if what was asked for cannot be.
    """
    if city is None and near is None and cell is None:
        _give_up(WHERE, status=WRONG_USE)
    try:
        place = parse_place(city=city, near=near, cell=cell)
    except PlaceUnknown as exc:
        _give_up(str(exc), status=WRONG_USE)
    if not url.startswith(("ws://", "wss://")):
        _give_up(f"{url} is no WebSocket address; one begins with ws:// or wss://.", status=WRONG_USE)
    if not _has_terminal():
        _give_up("`hereabouts chat` needs a terminal to draw on and to type in.")
    vouched = _vouched(auth) if auth is not None else None
    client = Client(
        url,
        cell=place.cell,
        name=name,
        wire=wire,
        far=far,
        topics=topics,
        visiting=visiting,
        auth=vouched,
        terms=accept_terms,
    )
    try:
        unheard = asyncio.run(_talk(client, place))
    except Unreachable as exc:
        _give_up(_unreachable(url, exc))
    except Refused as exc:
        if exc.code == "terms_needed":
            _give_up(_terms(exc))
        _give_up(f"The server refused: {wording.refusal(exc)}")
    except Closed as exc:
        _give_up(wording.ending(exc))
    _say_goodbye(client, unheard)


def _vouched(path: Path) -> Callable[[], str]:
    """Return what reads the JWT in that file; later, while it cannot be read, the last one it held is good enough."""
    last = ""

    def read() -> str:
        nonlocal last
        with contextlib.suppress(OSError, UnicodeDecodeError):
            last = path.read_text(encoding="utf-8").strip()
        return last

    if not read():
        _give_up(f"{path} holds no JWT that can be read.", status=WRONG_USE)
    return read


async def _talk(client: Client, place: Place) -> list[str]:
    # Textual is slow to import; a mistyped city should not wait for it.
    from client_demo.terminal.app import ChatApp

    async with client:
        app = ChatApp(client, place.label, choice=place.choice, off=await _switched_off(client.url))
        return await app.run_async() or []


async def _switched_off(url: str) -> frozenset[str]:
    """Return which commands the server does not do; where it does not say so at once, its refusals will."""
    try:
        async with asyncio.timeout(ABOUT_TIMEOUT_S):
            return slash.switched_off((await fetch_about(url)).get("commands"))
    except (Unreachable, TimeoutError):
        return frozenset()


def _terms(exc: Refused) -> str:
    """Return what is to be accepted, and how: with one's own hands, never by the client itself."""
    version = safe.line(str(exc.details.get("terms_version", "")))
    terms = safe.line(str(exc.details.get("terms") or "")) or "(the server does not say what they are)"
    age = " and say that you are 18 or older" if exc.details.get("adults_only") else ""
    return f"This server has terms:\n\n  {terms}\n\nTo accept them{age}, add: --accept-terms {shlex.quote(version)}"


def _unreachable(url: str, exc: Unreachable) -> str:
    if isinstance(exc, Untrusted | TlsFails):
        return safe.line(exc.reason)
    if exc.retry_after is not None:
        return f"The server at {url} is full or not ready. Try again in {wording.clock(exc.retry_after)}."
    if not exc.may_return and "HTTP" not in exc.reason:
        return f"{url} is no WebSocket address; one begins with ws:// or wss://."
    if "HTTP" in exc.reason:
        return f"What answers at {url} is no hereabouts server ({safe.line(exc.reason)})."
    if isinstance(exc, NoTls):
        return f"{url} is no address of TLS: what answers there speaks without. Try ws:// instead of wss://."
    return (
        f"No server answers at {url}.\n"
        "Start one in another terminal with `make run` or `hereabouts serve`, or name another with --url."
    )


def _say_goodbye(client: Client, unheard: list[str]) -> None:
    if unheard:
        click.echo("Not known to have been heard:")
        for text in unheard:
            click.echo(f"  {safe.line(text)}")
    closed = client.closed
    if client.is_forgotten:
        click.echo("You left; the server has forgotten you.")
    elif closed is not None and closed.code != 1000 and not closed.may_return:
        _give_up(wording.ending(closed))
    else:
        _give_up(wording.untold(client.limits, is_away=bool(client.members.get(client.me, {}).get("away"))))


def _has_terminal() -> bool:
    """Tell whether there are keys to read and a screen to draw: what is typed comes in by one, shown by the other."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _give_up(words: str, *, status: int = 1) -> NoReturn:
    click.echo(words, err=True)
    sys.exit(status)
