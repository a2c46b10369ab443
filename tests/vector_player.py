"""Plays the server vectors of docs/vectors.json against a server.

Knows the vectors' format (docs/PROTOCOL.md describes it) and plays it with
`websockets` and `msgpack` alone: nothing of ours stands between the vectors and the wire.
"""

import asyncio
import http.client
import json
import socket
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import msgpack
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.vector_patterns import Names, filled, mismatch

VECTORS = Path(__file__).parent.parent / "docs" / "vectors.json"
SUBPROTOCOLS = {"json": "hereabouts.v1.json", "msgpack": "hereabouts.v1.msgpack"}
PATIENCE_S = 10.0

ENTERS_MAX = 5
"""Times that somebody tries again who is told to."""

SEATINGS_MAX = 20
"""Where windows are short a busy machine may take as long for it as a room lasts."""
PASSED_OVER = "waiting"
"""An event of this type may come at any time; it counts only where it is expected."""

Json = dict[str, Any]


class Strict(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The root of the format's parts: what it does not know it refuses."""


class Connect(Strict):
    subprotocols: list[str] | None = None
    agreed: str | msgspec.UnsetType | None = msgspec.UNSET
    status: int = 101
    server: str = ""


class Raw(Strict):
    text: Any = None
    hex: Any = None
    message: Any = None
    frame: str = ""
    fragments: int = 1


class Request(Strict):
    path: str
    method: str = "GET"
    headers: dict[str, str] = {}


class Step(Strict):
    on: str = ""
    connect: Connect | None = None
    send: Any = None
    together: list[Json] = []
    raw: Raw | None = None
    drop: bool = False
    close: int = 0
    wait: Any = None
    request: Request | None = None
    expect: list[Json] = []
    strict: bool = False
    times: int = 1


class Vector(Strict):
    name: str
    rule: str
    settings: str = "default"
    wire: str = ""
    seated: dict[str, str] = {}
    steps: list[Step] = []


class ClientVector(Strict):
    name: str
    rule: str
    steps: list[Json]


class Vectors(Strict):
    about: str
    protocol: str
    settings: dict[str, dict[str, int | float | str]]
    server: list[Vector]
    client: list[ClientVector]


def load() -> Vectors:
    """Return the vectors. Raises msgspec.ValidationError where they are not in their own format."""
    return msgspec.json.decode(VECTORS.read_bytes(), type=Vectors)


class Where:
    """The servers a vector is played against, by port: the nodes of one, in turn, and `other`, with another secret."""

    def __init__(self, ports: Sequence[int], other: int, wire: str) -> None:
        self._ports = cycle(ports)
        self.other = other
        self.wire = wire

    @property
    def port(self) -> int:
        """The port of whichever node is next."""
        return next(self._ports)


class Player:
    """One playing of one vector."""

    def __init__(self, vector: Vector, where: Where) -> None:
        self._vector = vector
        self._where = where
        self._names: Names = {}
        self._sockets: dict[str, ClientConnection] = {}

    async def play(self) -> None:
        """Return if everything came as expected. Raises AssertionError."""
        try:
            for _ in range(SEATINGS_MAX):
                if await self._seat():
                    break
                await self._let_go()
            else:
                raise AssertionError("they were never seated long enough before their room's end")
            for number, step in enumerate(self._vector.steps, 1):
                for _ in range(step.times):
                    try:
                        await self._act(step)
                        await self._expect(step)
                    except (AssertionError, ConnectionClosed, TimeoutError) as exc:
                        raise AssertionError(f"step {number}, {self._described(step)}: {exc!r}") from exc
        finally:
            for each in self._sockets.values():
                each.transport.abort()
            await asyncio.gather(*(each.wait_closed() for each in self._sockets.values()))

    # Acting

    async def _act(self, step: Step) -> None:
        names = self._names
        if step.connect is not None:
            await self._connect(step.on, step.connect)
        if step.request is not None:
            names["response"] = await asyncio.to_thread(_fetch, self._where.port, step.request)
        if step.send is not None:
            await self._send(step.on, filled(step.send, names))
        if step.together:
            await self._send_together(step.on, step.together)
        if step.raw is not None:
            await self._send_raw(step.on, step.raw)
        if step.drop:
            self._sockets[step.on].transport.abort()
            await self._sockets.pop(step.on).wait_closed()
        if step.close:
            await self._sockets.pop(step.on).close(step.close)
        if step.wait is not None:
            # Time itself is what such a vector is about; everything else waits for events.
            await asyncio.sleep(float(filled(step.wait, names)))

    async def _connect(self, on: str, how: Connect) -> None:
        offered = [SUBPROTOCOLS[self._where.wire]] if how.subprotocols is None else how.subprotocols
        port = self._where.other if how.server == "other" else self._where.port
        try:
            opened = await connect(
                f"ws://127.0.0.1:{port}/ws",
                subprotocols=[Subprotocol(name) for name in offered] or None,
                compression=None,
                ping_interval=None,
                proxy=None,
            )
        except InvalidStatus as exc:
            status = exc.response.status_code
        else:
            status = 101
            self._sockets[on] = opened
        assert status == how.status
        if status == 101 and how.agreed is not msgspec.UNSET:
            assert opened.subprotocol == how.agreed

    async def _send(self, on: str, message: Json) -> None:
        await self._sockets[on].send(self._encoded(on, message))

    async def _send_together(self, on: str, messages: list[Json]) -> None:
        """Send messages so that they arrive in one piece, where the system can hold them back (Linux)."""
        tcp = self._sockets[on].transport.get_extra_info("socket")
        cork = getattr(socket, "TCP_CORK", None)
        if cork is not None:
            tcp.setsockopt(socket.IPPROTO_TCP, cork, 1)
        for message in messages:
            await self._send(on, filled(message, self._names))
        if cork is not None:
            tcp.setsockopt(socket.IPPROTO_TCP, cork, 0)

    async def _send_raw(self, on: str, raw: Raw) -> None:
        payload: str | bytes
        if raw.message is not None:
            payload = self._encoded(on, filled(raw.message, self._names))
        elif raw.text is not None:
            payload = str(filled(raw.text, self._names))
        else:
            payload = bytes.fromhex(filled(raw.hex, self._names))
        if raw.fragments == 1:
            await self._sockets[on].send(payload, text=True if raw.frame == "text" else None)
            return
        # The library ends a fragmented message with a fragment that is empty; the first takes it all.
        await self._sockets[on].send([payload, *[payload[:0]] * (raw.fragments - 2)])

    def _encoded(self, on: str, message: Json) -> str | bytes:
        if self._sockets[on].subprotocol == SUBPROTOCOLS["msgpack"]:
            packed: bytes = msgpack.packb(message)
            return packed
        return json.dumps(message)

    async def _seat(self) -> bool:
        """Seat people in one room, one after the other, until each knows of all; tell whether none heard of its end."""
        for name, cell in self._vector.seated.items():
            before = list(self._sockets)
            await self._connect(name, Connect())
            await self._send(name, {"type": "enter", "cell": cell, "name": name})
            entered, room = [await self._answer_to_enter(name, kind) for kind in ("entered", "room")]
            if (room["seq"], len(room["members"])) == (len(self._sockets) + 1, len(self._sockets)):
                return False  # its end was told of before the last one came
            assert room["seq"] == len(self._sockets), f"{name} was not seated with the others: {room}"
            self._names |= {f"{name}.token": entered["you"]["token"], f"{name}.me": room["me"], "room": room["room"]}
            for other in before:
                event = await self._next(other, {"type": "joined"})
                if event["type"] in ("closing", "room"):
                    return False  # a busy machine may take as long as a short window for it, and its end as one step
                assert event["id"] == room["me"]
        return True

    async def _answer_to_enter(self, name: str, kind: str) -> Json:
        event = await self._next(name, {"type": kind})
        assert event.get("type") == kind, f"{name} was not let in: {event}"
        return event

    async def _let_go(self) -> None:
        """Have everybody leave, so that others can be seated as if they had never been there."""
        for name, connection in self._sockets.items():
            await self._send(name, {"type": "leave"})
            await connection.wait_closed()
        self._sockets.clear()

    # Expecting

    async def _expect(self, step: Step) -> None:
        if step.request is not None:
            for pattern in step.expect:
                assert not (complaint := mismatch(pattern, self._names["response"], self._names)), complaint
            return
        patterns = list(step.expect)
        while patterns:
            pattern = patterns.pop(0)
            optional = pattern.get("maybe")
            if optional is None:
                await self._expect_one(step, pattern)
            elif not await self._came_instead(step, optional, patterns[0]):
                patterns.pop(0)

    async def _expect_one(self, step: Step, pattern: Json) -> None:
        event = await self._next(step.on, pattern, strict=step.strict)
        complaint = mismatch(pattern, event, self._names)
        for _ in range(ENTERS_MAX):
            if not complaint or step.send is None or step.send["type"] != "enter" or event.get("code") != "unavailable":
                break
            # Nodes that stood still on a busy machine know no more for a moment whether Redis is there.
            await asyncio.sleep(event["retry_after"])
            await self._send(step.on, filled(step.send, self._names))
            event = await self._next(step.on, pattern, strict=step.strict)
            complaint = mismatch(pattern, event, self._names)
        assert not complaint, f"{complaint} in {event}"

    async def _came_instead(self, step: Step, optional: Json, following: Json) -> bool:
        """Return True if the optional event came, False if it was the following one already."""
        event = await self._next(step.on, following, strict=step.strict)
        if not mismatch(optional, event, self._names):
            return True
        complaint = mismatch(following, event, self._names)
        assert not complaint, f"{complaint} in {event}"
        return False

    async def _next(self, on: str, pattern: Json, *, strict: bool = False) -> Json:
        """Return the next event, or {"closed": code}; `waiting` only where it is expected, or everything is."""
        while True:
            event = await self._receive(on)
            if strict or event.get("type") != PASSED_OVER or pattern.get("type") == PASSED_OVER:
                return event

    async def _receive(self, on: str) -> Json:
        try:
            payload = await asyncio.wait_for(self._sockets[on].recv(), PATIENCE_S)
        except ConnectionClosed as exc:
            return {"closed": exc.rcvd.code if exc.rcvd else 1006}
        packed = self._sockets[on].subprotocol == SUBPROTOCOLS["msgpack"]
        assert isinstance(payload, bytes) == packed, "the server sent a frame of the wrong type"
        event: Json = msgpack.unpackb(payload) if isinstance(payload, bytes) else json.loads(payload)
        return event

    @staticmethod
    def _described(step: Step) -> str:
        return f"{msgspec.json.encode(step).decode():.300}"


def _fetch(port: int, request: Request) -> Json:
    """Return an HTTP answer as the object that patterns are held against."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request(request.method, request.path, headers=request.headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    headers = {name.lower(): text for name, text in response.getheaders()}
    is_json = headers.get("content-type", "").startswith("application/json")
    told = {"json": json.loads(body)} if is_json and body else {"text": body.decode()}
    return {"status": response.status, "headers": headers, **told}
