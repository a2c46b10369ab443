"""`hereabouts serve`: one server process in the foreground, until Ctrl-C or SIGTERM."""

import asyncio
import contextlib
import errno
import logging
import resource
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path

import click
import msgspec

from server.app import App, open_app
from server.bugs import log
from server.cluster.trouble import EngineError
from server.collector import look_rarely
from server.config import settings_options
from server.ending import Ending
from server.listener import HEADS_MAX
from server.loading import Loaded
from server.operate.admin.socket import is_answered
from server.own_command import OF_MAKE, own_command
from server.phones import Network
from server.safety.filter_file import FilterError
from server.settings import Settings
from server.store.store import StoreError
from server.tls import TlsError

AT_ONCE = "SIGTERM once more, or Ctrl-C, ends it at once."
THIS_MACHINE = "127.0.0.1"
ENDS_WITH_PROCESS = "blocks, bans and reports end with this process"
ENDS_WITH_PROCESSES = "blocks, bans and reports end with these processes"

STOP_S = 1.0
"""Who presses Ctrl-C does not wait longer than that for clients that do not answer a Close frame."""

GENTLE_STOP_S = 3.0
"""After a drain the last of them have as long as every closing connection has."""

AGAIN_S = 1.0
"""How soon a node that was outlived tries again to begin anew, where it cannot."""

SPARE_FILES = HEADS_MAX + 100
"""File descriptors besides those of clients: probes of a full server, listening sockets, the loop's own, logs."""


@click.command(
    epilog="""\b
Examples:
  hereabouts serve
  hereabouts serve --port 9000 --set server_name="Campus chat"
  hereabouts serve --config hereabouts.toml
  hereabouts serve --lan                     # for the phones around; --host chooses one of several addresses
  hereabouts serve --set time_scale=600      # for a replay at that speed
"""
)
@settings_options
@click.option("--lan", is_flag=True, help="Serve the local network by TLS too, with a certificate of its own making.")
def serve(loaded: Loaded, *, lan: bool) -> None:
    """Start the server on one address, with everything it needs.

    Ctrl-C ends it at once. SIGTERM takes nobody new, lets people go one after another within half of drain_s and tells
    them when to come back; SIGTERM once more, or Ctrl-C, ends it at once.
    """
    log_as("")
    _look_at_admin_socket(loaded.settings.admin_socket)
    if loaded.settings.workers > 1:
        if lan:
            raise click.UsageError("--lan serves the people around, for whom one process is enough: leave workers out.")
        _supervise(loaded)
        return
    raise_file_limit(loaded.settings.connections_max)
    network = Network.of(loaded) if lan else None
    if network is not None:
        # This machine's own commands and browsers need no TLS, and none of their users a warning.
        loaded = replace(loaded, settings=msgspec.structs.replace(loaded.settings, host=THIS_MACHINE))
    run(_serve(loaded, network))


def _look_at_admin_socket(path: str) -> None:
    """Refuse the path of another server: whoever named one is to find this server there, and not that."""
    if path and is_answered(Path(path)):
        raise click.ClickException(
            f"{path} is the socket of a server that runs. Each has its own: set admin_socket to another path, here and "
            "for `hereabouts admin`."
        )


def log_as(who: str) -> None:
    """Write what there is to be said to standard error, under this name if there is one."""
    named = f"{who}, " if who else ""
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s %(levelname)s {named}%(name)s: %(message)s")


def _supervise(loaded: Loaded) -> None:
    """Have several processes serve together."""
    if not hasattr(socket, "SO_REUSEPORT"):
        raise click.UsageError("Processes cannot share a port on this system: leave workers out.")
    # Imported here: whoever runs one process needs nothing of it.
    from server.cluster.supervise import supervise

    run(supervise(loaded))


async def _serve(loaded: Loaded, network: Network | None) -> None:
    app, pages = await _start(loaded, network)

    def hurry() -> None:
        app.hurry()  # whichever serves by then

    ending = Ending(hurry)
    print(_greeting(app, loaded, pages), flush=True)
    if network is not None:
        print(network.invitation(pages[0]), flush=True)
    while await is_outlived(app, ending):
        # Whoever was told where it listens finds it there again.
        loaded = replace(loaded, settings=msgspec.structs.replace(loaded.settings, port=app.listener.port))
        await app.stop(within_s=STOP_S)
        another = await _start_anew(loaded, network, ending)
        if another is None:
            return
        app = another
    await end(app, ending)


async def _start_anew(loaded: Loaded, network: Network | None, ending: Ending) -> App | None:
    """Return a server in the place of one that was outlived, as soon as Redis lets it; None if asked to end first."""
    while not ending.asked.is_set():
        try:
            return (await _start(loaded, network))[0]
        except click.ClickException as error:
            log.warning("This node cannot begin anew yet: %s", error.message)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ending.asked.wait(), AGAIN_S)
    return None


async def _start(loaded: Loaded, network: Network | None) -> tuple[App, list[str]]:
    """Return a server that listens, and its pages for other machines."""
    try:
        app = await open_app(loaded)
    except (EngineError, StoreError, FilterError) as error:
        raise click.ClickException(str(error)) from None
    address = loaded.settings.host
    pages: list[str] = []
    try:
        await app.start()
        if network is not None:
            for address in network.addresses:
                pages.append(await app.start_also(address, network.tls) + "/")
    except TlsError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        port = app.listener.port or loaded.settings.port
        raise click.ClickException(cannot_listen(address, port, error)) from None
    except EngineError as error:
        await app.stop(within_s=0)
        raise click.ClickException(str(error)) from None
    return app, pages


async def is_outlived(app: App, ending: Ending) -> bool:
    """Return when it is asked to end, or is to begin anew; tell whether it is the latter."""
    waits = [asyncio.ensure_future(event.wait()) for event in (ending.asked, app.is_outlived)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    return not ending.asked.is_set()


async def end(app: App, ending: Ending) -> None:
    """Say goodbye, and stop."""
    if ending.is_gentle and app.settings.drain_s:
        await _drain(app)
    if app.listener.open_count:
        print(f"Stopping: saying goodbye to {_clients(app.listener.open_count)}.", flush=True)
    await app.stop(within_s=GENTLE_STOP_S if ending.is_gentle else STOP_S)


async def _drain(app: App) -> None:
    drain = app.begin_to_drain()

    def tell() -> None:
        if drain.count:
            print(f"Draining: letting {_clients(drain.count)} go within {drain.lets_go_s:g} s. {AT_ONCE}", flush=True)

    await drain.run(tell)


def _clients(count: int) -> str:
    return f"{count} client" if count == 1 else f"{count} clients"


def cannot_listen(host: str, port: int, error: OSError) -> str:
    advice = "Choose another address with --host or another port with --port."
    if error.errno == errno.EADDRINUSE:
        advice = "Is a server running there already? Choose another port with --port (make run PORT=9000)."
    return f"Cannot listen on {host}:{port}: {error.strerror or error}. {advice}"


def _greeting(app: App, loaded: Loaded, pages: Sequence[str] = ()) -> str:
    return greeting(app.settings, app.url, pages=pages, is_lasting=app.house.store.is_lasting)


def greeting(settings: Settings, url: str, *, pages: Sequence[str] = (), workers: str = "", is_lasting: bool) -> str:
    """Return what an operator is told at the start: where the server is, and what to type next."""
    where = url.replace("http", "ws", 1) + "/ws"
    is_default = where == "ws://127.0.0.1:8765/ws"
    to = "" if is_default else f" --url {where}"
    command = own_command()
    by_make = is_default and command == OF_MAKE
    chat = "make chat" if by_make else f'{command} chat{to} --city "New York"'
    lines = [
        f"{settings.server_name} is running.",
        "",
        f"  Open      {url}/",
        *(f"  Phones    {page}   (in the same network)" for page in pages),
        f"  Chat      {chat}   (in a second terminal)",
        f'  Company   {command} bots{to} --count 300 --city "New York"',
        f"  Clients   {where}  (the protocol: docs/PROTOCOL.md)",
        *((f"  Workers   {workers}",) if workers else ()),
        "  End       Ctrl-C",
        "",
    ]
    if not is_lasting:
        tokens = "" if settings.secret else "; without HEREABOUTS_SECRET, tokens too"
        lines.append(
            f"No --store: {ENDS_WITH_PROCESSES}{tokens}." if workers else f"No --data: {ENDS_WITH_PROCESS}{tokens}."
        )
    return "\n".join(lines)


def raise_file_limit(connections_max: int) -> None:
    """Allow as many open files as connections are allowed, or say how many fewer there can be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections_max + SPARE_FILES
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        click.echo(
            f"Only {allowed} files may be open, too few for {connections_max} connections: "
            f"raise `ulimit -n` to {wanted} or lower connections_max.",
            err=True,
        )


def run(main: Coroutine[None, None, object]) -> None:
    """Run on uvloop where there is one, about 1.3 times less CPU, and on asyncio's own loop elsewhere."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if sys.platform != "win32":
        try:
            import uvloop

            factory = uvloop.new_event_loop
            look_rarely()
        except ImportError:
            pass
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)
