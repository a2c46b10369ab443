"""The real connection class as an echo server, for conformance suites.

Run `python tests/echo_server.py --port N`. Any path and any subprotocol is taken,
messages may be 64 MiB; pings and deadlines for entering are off, so that a suite
sees only what it asked for.
"""

import asyncio
import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, from anywhere

from server.connection import Connection, TransportLimits
from server.frames import binary_frame, text_frame
from server.listener import Listener

LIMITS = TransportLimits(
    frame_max_bytes=64 * 2**20,
    fragments_max=2**20,
    unsent_max_bytes=256 * 2**20,
    enter_timeout_s=0,
    ping_every_s=0,
)


class Echo:
    """Sends every message back as it came."""

    def __init__(self) -> None:
        self.connection: Connection | None = None

    def opened(self, connection: Connection) -> None:
        self.connection = connection

    def received(self, payload: bytes, binary: bool) -> None:
        assert self.connection is not None
        self.connection.write(binary_frame(payload) if binary else text_frame(payload))

    def closed(self) -> None:
        self.connection = None


async def serve(host: str, port: int) -> None:
    """Echo until cancelled."""
    listener = Listener(Echo, limits=LIMITS, path=None)
    await listener.start(host, port)
    click.echo(f"echo server on ws://{host}:{listener.port}")
    try:
        await asyncio.Event().wait()
    finally:
        await listener.close(1001, "the echo server ends", within_s=2)


@click.command(epilog="Examples:\n\n\b\n  python tests/echo_server.py --port 19100\n")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, help="0 takes any free one.")
@click.option("--plain-asyncio", is_flag=True, help="Without uvloop, even where it is installed.")
def main(host: str, port: int, plain_asyncio: bool) -> None:
    """Echo every WebSocket message, until Ctrl-C."""
    with asyncio.Runner(loop_factory=None if plain_asyncio else _fast_loop) as runner:
        runner.run(serve(host, port))


def _fast_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


if __name__ == "__main__":
    main()
