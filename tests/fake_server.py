"""A scripted server for what a real one never does on purpose: holes in `seq`, lost echoes, unknown events.

Each connection is played by one script, in the order they come:

    async def first(peer):
        await peer.enter(seq=4)
        await peer.send({"type": "said", "seq": 6, ...})     # a hole

    async with fake_server(first, second) as url: ...

A script that returns leaves the connection open until the client closes it; `peer.cut()` breaks it.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgpack
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

Message = dict[str, Any]
LIMITS = {"seats_min": 3, "seats_target": 8, "seats_max": 12, "finest_cell": 6, "text_max_chars": 1000}
NOW_MS = 1_700_000_000_000


def member(id: str, name: str, **more: object) -> Message:
    """Return one entry of `members`."""
    return {"id": id, "name": name, **more}


class Peer:
    """The server's end of one connection, with the moves of the protocol ready-made."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.is_json = connection.subprotocol == "hereabouts.v1.json"
        self.seq = 0
        self.room = ""
        self.me = ""

    async def send(self, message: Message) -> None:
        """Send one event; one with `seq` sets the count that `say` goes on from."""
        self.seq = message.get("seq", self.seq)
        await self.connection.send(json.dumps(message) if self.is_json else msgpack.packb(message))

    async def receive(self, *types: str) -> Message:
        """Return the next command, which has to be of one of these types."""
        raw = await self.connection.recv()
        command: Message = json.loads(raw) if isinstance(raw, str) else msgpack.unpackb(raw)
        assert not types or command["type"] in types, command
        return command

    async def enter(
        self, *, resumed: bool = False, token: str = "t1", limits: Message | None = None, **room: Any
    ) -> Message:
        """Take `enter` and answer it with `entered` and a `room`; returns the command."""
        command = await self.receive("enter")
        await self.entered(command, resumed=resumed, token=token, limits=limits)
        await self.give_room(**room)
        return command

    async def entered(
        self,
        command: Message,
        *,
        resumed: bool = False,
        token: str = "t1",
        limits: Message | None = None,
        privacy: Message | None = None,
    ) -> None:
        """Answer `enter` with `entered`."""
        you = {"name": command.get("name") or "Quiet Otter", "token": token}
        server = {"name": "fake", "version": "0", "protocol": "1.0", "terms": None, "contact": None}
        privacy = privacy or {"cell": command["cell"], "cell_m": 1109, "kept": ["nothing"]}
        about = {"you": you, "server": server, "limits": LIMITS | (limits or {}), "privacy": privacy}
        await self.send({"type": "entered", **about, "resumed": resumed, "ref": command.get("ref")})

    async def give_room(
        self,
        *,
        room: str = "r1",
        me: str = "a",
        seq: int = 1,
        members: list[Message] | None = None,
        **more: Any,
    ) -> None:
        """Send a `room`; three members unless told otherwise."""
        self.room, self.me = room, me
        event = {
            "type": "room",
            "room": room,
            "kind": "nearby",
            "me": me,
            "cell": "dr5ru7",
            "within_m": 1400,
            "opened": NOW_MS,
            "closes": NOW_MS + 1_800_000,
            "now": NOW_MS,
            "members": members or [member("a", "Ada"), member("b", "Bo"), member("c", "Cy")],
            "seq": seq,
            "why": "The nearest room with a free seat.",
            "why_code": "nearest",
            "why_args": {},
        }
        await self.send(event | more)

    async def said(self, text: str, *, who: str = "b", name: str = "Bo", seq: int | None = None, **more: Any) -> None:
        """Send a `said`, with the next `seq` unless told otherwise."""
        seq = self.seq + 1 if seq is None else seq
        event = {
            "type": "said",
            "seq": seq,
            "from": who,
            "name": name,
            "text": text,
            "at": NOW_MS + seq * 1000,
        }
        await self.send(event | more)

    async def echo(self, command: Message, **more: Any) -> None:
        """Acknowledge a `say`."""
        await self.said(command["text"], who=self.me, name="Ada", ref=command["ref"], **more)

    async def refuse(self, command: Message, code: str, **more: Any) -> None:
        """Answer a command with an error."""
        message = f"refused: {code}"
        error = {"type": "error", "code": code, "message": message, "about": command["type"]}
        await self.send(error | {"ref": command.get("ref")} | more)

    async def pong(self) -> None:
        """Take a `ping` and answer it, which ends the client's catching up."""
        command = await self.receive("ping")
        await self.send({"type": "pong", "now": NOW_MS, "ref": command["ref"]})

    async def bye_to_leave(self) -> None:
        """Take `leave`, answer `bye` and close with 1000."""
        command = await self.receive("leave")
        bye = {"type": "bye", "code": 1000, "reason": "you left", "why_code": "left", "reconnect_in": None}
        await self.send(bye | {"ref": command["ref"]})
        await self.connection.close(1000)

    def cut(self) -> None:
        """Break the TCP connection."""
        self.connection.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


@contextlib.asynccontextmanager
async def fake_server(*scripts: Script, statuses: tuple[int, ...] = ()) -> AsyncIterator[str]:
    """Play the scripts, one per connection; yields the address.

    A failed assertion in a script, or a script that was never played, fails the test on the way out.

    Args:
        statuses: HTTP statuses that the first handshakes are refused with, each with `Retry-After: 0`.
    """
    waiting = list(scripts)
    refusals = list(statuses)
    failures: list[BaseException] = []
    playing: list[asyncio.Task[None] | None] = []

    async def play(connection: ServerConnection) -> None:
        playing.append(asyncio.current_task())
        if not waiting:
            failures.append(AssertionError("a connection for which there is no script"))
            await connection.close(4500)
            return
        script = waiting.pop(0)
        try:
            await script(Peer(connection))
            await connection.wait_closed()
        except (ConnectionClosed, asyncio.CancelledError):
            pass
        except BaseException as exc:
            failures.append(exc)
            connection.transport.abort()

    def answer(_connection: ServerConnection, _request: Request) -> Response | None:
        if not refusals:
            return None
        status = refusals.pop(0)
        return Response(status, "Refused", Headers({"Retry-After": "0", "Content-Length": "0"}))

    protocols = [Subprotocol("hereabouts.v1.msgpack"), Subprotocol("hereabouts.v1.json")]
    async with serve(play, "127.0.0.1", 0, subprotocols=protocols, process_request=answer) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        try:
            yield f"ws://127.0.0.1:{port}/ws"
        except BaseException:
            # A script that waits for what the failed test would have done would wait for ever.
            for task in playing:
                if task is not None:
                    task.cancel()
            raise
    if failures:
        raise failures[0]
    assert not waiting, f"{len(waiting)} scripts were never played"
