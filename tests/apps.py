"""The whole server in this process on a free port of loopback, and a plain client that talks to it over a socket.

The client is `websockets`, `json` and `msgpack`: nothing of ours but the address.
"""

import asyncio
import contextlib
import http.client
import json
import os
from collections.abc import AsyncIterator
from typing import Any

import msgpack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from server.app import App, open_app
from server.loading import load
from tests.sessions import ENDLESS, HERE

PATIENCE_S = 30.0  # for browsers at the other end, too

Json = dict[str, Any]


@contextlib.asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[App]:
    """Run a server with these settings."""
    app = await open_app(load(None, {}, {"port": 0, **ENDLESS, **settings}))
    await app.start()
    try:
        yield app
    finally:
        await app.stop(within_s=0.5)


class Client:
    """One client over a real socket.

    Attributes:
        room, seq, me, token: as it was told last.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.room = self.me = self.token = ""
        self.seq = 0
        self._is_packed = socket.subprotocol == "hereabouts.v1.msgpack"

    async def say(self, type: str, **fields: Any) -> None:
        """Send one command."""
        message = {"type": type, **fields}
        await self.socket.send(msgpack.packb(message) if self._is_packed else json.dumps(message))

    async def hear(self, *types: str) -> Json:
        """Return the next event, of one of these types if any are given; each number must follow the last."""
        while True:
            payload = await asyncio.wait_for(self.socket.recv(), PATIENCE_S)
            event: Json = msgpack.unpackb(payload) if isinstance(payload, bytes) else json.loads(payload)
            self._follow(event)
            if not types or event["type"] in types:
                return event

    async def ask(self, type: str, *answers: str, **fields: Any) -> Json:
        """Send one command and return the first event of these types."""
        await self.say(type, **fields)
        return await self.hear(*answers)

    async def enter(self, cell: str = HERE, **fields: Any) -> Json:
        """Enter and return the `room`."""
        await self.ask("enter", "entered", cell=cell, **fields)
        return await self.hear("room")

    async def until_closed(self) -> tuple[list[Json], int]:
        """Return all events until the end, and the close code."""
        events: list[Json] = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                events.append(await self.hear())
        await asyncio.wait_for(self.socket.wait_closed(), PATIENCE_S)
        return events, self.socket.close_code or 0

    def abort(self) -> None:
        """Lose the connection without a word."""
        self.socket.transport.abort()

    def _follow(self, event: Json) -> None:
        if event["type"] == "entered":
            self.token = event["you"]["token"]
        elif event["type"] == "room":
            self.room, self.me, self.seq = event["room"], event["me"], event["seq"]
        elif "seq" in event:
            assert event["seq"] == self.seq + 1, f"{event} after {self.seq}"
            self.seq += 1


class Clients:
    """Clients of one server, closed together."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> "Clients":
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def new(self, wire: str = "json", *, at: App | None = None, **options: Any) -> Client:
        """Return a client that has connected, `at` another server if one is named, and not entered."""
        app = at if at is not None else self._app
        socket = await connect(
            f"ws://127.0.0.1:{app.listener.port}/ws",
            subprotocols=[Subprotocol(f"hereabouts.v1.{wire}")],
            compression=None,
            ping_interval=None,
            proxy=None,
            close_timeout=1,
            **options,
        )
        self._stack.push_async_callback(socket.close)
        return Client(socket)

    async def seated(self, names: str, cell: str = HERE) -> list[Client]:
        """Return clients of these names seated in one room, who have heard all of it so far."""
        clients: list[Client] = []
        for number, name in enumerate(names.split()):
            client = await self.new(["json", "msgpack"][number % 2])
            room = await client.enter(cell, name=name)
            for other in clients:
                assert (await other.hear("joined"))["seq"] == room["seq"]
            clients.append(client)
        return clients


async def get(app: App, path: str) -> tuple[int, str]:
    """Return the status and the body of a plain GET."""

    def fetch() -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", app.listener.port, timeout=PATIENCE_S)
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body

    return await asyncio.to_thread(fetch)


async def raw(app: App, *wires: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a socket on which a handshake was done and these bytes were sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", app.listener.port)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
    assert head.startswith(b"HTTP/1.1 101 "), head
    for wire in wires:
        writer.write(wire)
    return reader, writer


def masked(payload: bytes, first: int = 0x81) -> bytes:
    """Return a client's frame (RFC 6455, 5.2)."""
    mask = os.urandom(4)
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([first]) + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


async def close_code(reader: asyncio.StreamReader) -> int:
    """Read server's frames to the end and return the code of the Close frame."""
    wire = await asyncio.wait_for(reader.read(-1), PATIENCE_S)
    at = 0
    while at < len(wire):
        size, first = wire[at + 1], at + 2
        if size > 125:
            width = 2 if size == 126 else 8
            size, first = int.from_bytes(wire[first : first + width], "big"), first + width
        if wire[at] == 0x88:
            return int.from_bytes(wire[first : first + 2], "big")
        at = first + size
    return 0
