"""Plays the client vectors of docs/vectors.json: the server's part is read from them, the client is ours.

Knows the vectors' format and drives `client_demo.client.Client`; whoever tests another
client replaces what `_Person` does.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from typing import Any

import msgpack
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from client_demo.client import Client, Closed, Message, Refused
from tests.vector_patterns import Names, filled, mismatch
from tests.vector_player import SUBPROTOCOLS, ClientVector

PATIENCE_S = 10.0


class _Person:
    """Somebody at the client: says things, and remembers what they were shown."""

    def __init__(self, url: str, wire: str) -> None:
        self.client = Client(url, cell="dr5ru7", name="Ann", wire=wire, backoff_s=(0.001, 0.01), keepalive_s=None)
        self.shown: list[str] = []
        self.saw = asyncio.Event()
        self.client.on_event = self._take
        self._tasks = {asyncio.create_task(self._enter())}

    def say(self, text: str) -> None:
        self._tasks.add(asyncio.create_task(self._say(text)))

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _enter(self) -> None:
        async with self.client:
            await asyncio.Event().wait()

    async def _say(self, text: str) -> None:
        with contextlib.suppress(Closed, Refused):
            await self.client.say(text)

    def _take(self, event: Message) -> None:
        if event["type"] == "said":
            self.shown.append(event["text"])
        self.saw.set()


class ClientPlayer:
    """One playing of one client vector."""

    def __init__(self, vector: ClientVector, wire: str) -> None:
        self._vector = vector
        self._wire = wire
        self._names: Names = {}
        self._arrivals: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self._connection: ServerConnection | None = None
        self._seated_as = ""

    async def play(self) -> None:
        """Return if the client did everything as expected. Raises AssertionError."""
        known = [Subprotocol(name) for name in SUBPROTOCOLS.values()]
        async with serve(self._arrive, "127.0.0.1", 0, subprotocols=known) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            person = _Person(f"ws://127.0.0.1:{port}/ws", self._wire)
            try:
                for number, step in enumerate(self._vector.steps, 1):
                    try:
                        await asyncio.wait_for(self._do(step, person), PATIENCE_S)
                    except (AssertionError, ConnectionClosed, TimeoutError) as exc:
                        raise AssertionError(f"step {number}, {step}: {exc!r}") from exc
            finally:
                await self._hang_up()
                await person.leave()
        assert self._arrivals.empty(), "the client came back once more"

    async def _arrive(self, connection: ServerConnection) -> None:
        await self._arrivals.put(connection)
        await connection.wait_closed()

    async def _do(self, step: Mapping[str, Any], person: _Person) -> None:
        match step:
            case {"accept": True}:
                await self._hang_up()
                began = time.monotonic()
                self._connection = await self._arrivals.get()
                assert time.monotonic() - began >= step.get("after_s", 0), "the client came too early"
            case {"receive": pattern}:
                command = await self._receive(pattern)
                assert not (complaint := mismatch(pattern, command, self._names)), f"{complaint} in {command}"
            case {"send": event}:
                await self._send(filled(event, self._names))
            case {"cut": True}:
                self._here.transport.abort()
            case {"close": code}:
                await self._here.close(code)
            case {"act": "say", "text": text}:
                # Whoever says something sees what was sent before.
                await self._until(person, lambda: person.client.me == self._seated_as)
                person.say(text)
            case {"shows": texts}:
                await self._until(person, lambda: len(person.shown) >= len(texts))
                assert person.shown == texts
            case {"members": names}:
                assert sorted(member["name"] for member in person.client.members.values()) == names
            case {"over": code}:
                await self._until(person, lambda: person.client.closed is not None)
                assert person.client.closed is not None
                assert (person.client.closed.code, person.client.closed.may_return) == (code, False)
            case _:
                raise AssertionError("there is no such step")

    @property
    def _here(self) -> ServerConnection:
        assert self._connection is not None, "nothing was accepted yet"
        return self._connection

    async def _until(self, person: _Person, holds: Any) -> None:
        """Wait until it holds, answering pings meanwhile: a client may ask whether everything has come."""
        answering = asyncio.create_task(self._answer_pings())
        try:
            while not holds():
                person.saw.clear()
                await person.saw.wait()
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)

    async def _answer_pings(self) -> None:
        while True:
            command = await self._next_command()
            assert command["type"] == "ping", command
            await self._pong(command)

    async def _receive(self, pattern: Message) -> Message:
        """Return the next command; a `ping` that is not expected is answered and passed over."""
        while True:
            command = await self._next_command()
            if command["type"] != "ping" or pattern["type"] == "ping":
                return command
            await self._pong(command)

    async def _next_command(self) -> Message:
        payload = await self._here.recv()
        command: Message = json.loads(payload) if isinstance(payload, str) else msgpack.unpackb(payload)
        return command

    async def _pong(self, command: Message) -> None:
        pong = {"type": "pong", "now": 1_700_000_002_000}
        await self._send(pong | ({"ref": command["ref"]} if "ref" in command else {}))

    async def _send(self, event: Message) -> None:
        if event["type"] == "room":
            self._seated_as = event["me"]
        packed = self._here.subprotocol == SUBPROTOCOLS["msgpack"]
        await self._here.send(msgpack.packb(event) if packed else json.dumps(event))

    async def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.transport.abort()
            await self._connection.wait_closed()
