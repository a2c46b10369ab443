"""What commands that bring many people check before anybody enters.

Knows how to say on the command line what cannot be and what to type about it. Never knows what the people will do.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import click

from client_demo.about import fetch_limits
from client_demo.capacity import descriptor_shortage, descriptors_needed, port_shortage, seat_shortage
from client_demo.client import Unreachable, Untrusted
from client_demo.machine import BadSource, check_sources, ephemeral_ports, parse_sources, raise_descriptor_limit
from client_demo.places import PlaceUnknown, choice, find_cities, parse_cell, parse_coordinates

DEFAULT_PORT = 8765
DEFAULT_URL = f"ws://127.0.0.1:{DEFAULT_PORT}/ws"


def limits_or_exit(url: str) -> dict[str, Any]:
    """Return the server's limits, {} where it tells none; end with a sentence where nobody answers."""
    check_url(url)
    try:
        return asyncio.run(fetch_limits(url))
    except Untrusted as exc:
        raise click.ClickException(exc.reason) from exc
    except Unreachable as exc:
        message = f"{exc.reason}.\nStart a server first, in another terminal: {serve_command(url)}"
        raise click.ClickException(message) from exc


def check_url(url: str) -> None:
    """End with a sentence where this is no WebSocket address."""
    if not url.startswith(("ws://", "wss://")):
        raise click.BadParameter(f"{url!r} is no WebSocket address: it begins with ws:// or wss://", param_hint="url")


def serve_command(url: str, *settings: str) -> str:
    """Return what to type to start the server that is wanted at this address."""
    port = urlsplit(url).port
    flags = [] if port in (None, DEFAULT_PORT) else [f"--port {port}"]
    return " ".join(["hereabouts serve", *flags, *(f"--set {setting}" for setting in settings)])


def sources_or_exit(text: str | None) -> tuple[str, ...]:
    """Return the local addresses; end with a sentence where one cannot be connected from."""
    try:
        sources = parse_sources(text)
        check_sources(sources)
    except BadSource as exc:
        raise click.BadParameter(str(exc), param_hint="--source") from exc
    return sources


def check_capacity(connections: int, processes: int, sources: int, limits: dict[str, Any]) -> None:
    """Make room for so many connections at a time, or end with what falls short and what to do about it."""
    hard = raise_descriptor_limit(descriptors_needed(connections, processes))
    first, last = ephemeral_ports()
    shortage = (
        descriptor_shortage(connections, processes, hard_limit=hard)
        or port_shortage(connections, sources, first_port=first, last_port=last)
        or seat_shortage(connections, limits)
    )
    if shortage:
        raise click.UsageError(shortage)


def place_or_exit(city: str | None, near: str | None, cell: str | None) -> tuple[float, float, str | None]:
    """Return the centre in degrees, and its cell where a cell was given; say which of several cities was taken."""
    if sum(given is not None for given in (city, near, cell)) > 1:
        raise click.UsageError("Say where they are in one way: --city, --near or --cell.")
    try:
        if cell is not None:
            parsed = parse_cell(cell)
            return *_centre(parsed), parsed
        if near is not None:
            return *parse_coordinates(near), None
        found, *others = find_cities(city or "New York")
    except PlaceUnknown as exc:
        raise click.UsageError(str(exc)) from exc
    if others:
        click.echo(choice(found, others), err=True)
    return found.lat, found.lon, None


def check_cell(cell: str, finest: int) -> None:
    """End with a sentence where a cell is finer than the server takes."""
    if len(cell) > finest:
        raise click.BadParameter(f"the server takes {finest} characters at most", param_hint="--cell")


def _centre(cell: str) -> tuple[float, float]:
    import pygeohash

    lat, lon = pygeohash.decode(cell)
    return float(lat), float(lon)
