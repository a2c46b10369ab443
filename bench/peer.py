"""The server ours is compared with: the same protocol's essentials, as most people would write them.

It is a fair opponent: uvloop, compression off, typed decoding with msgspec, each event
encoded once per room, and `websockets`' own server and `broadcast()`, which is what its
documentation advises. It checks lengths and rates, numbers events and keeps the last
50, as ours does.

It is not a server to run: a room is a cell's newest group of eight and nothing more, so
nobody is seated nearby; there is no MessagePack, resume, mute, name rule or deadline,
and every one of those would make it slower, not faster.
"""

import asyncio
import contextlib
import time
from collections import deque
from typing import Annotated, TypeAlias

import click
import msgspec
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

RECENT_EVENTS = 50
ENTER_TIMEOUT_S = 10.0
FRAME_MAX_BYTES = 16384


class Enter(msgspec.Struct, tag="enter", forbid_unknown_fields=True):
    cell: Annotated[str, msgspec.Meta(min_length=4, max_length=6, pattern="^[0-9b-hjkmnp-z]+$")]
    name: Annotated[str, msgspec.Meta(max_length=32)] = "somebody"
    ref: str | None = None


class Say(msgspec.Struct, tag="say", forbid_unknown_fields=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    ref: Annotated[str, msgspec.Meta(max_length=32)] | None = None


class Member(msgspec.Struct, frozen=True):
    id: str
    name: str


class Event(msgspec.Struct, omit_defaults=True, tag=str.lower):
    """The root of what is sent."""


class Entered(Event):
    you: Member
    ref: str | None = None


class RoomEvent(Event, tag="room"):
    room: str
    me: str
    members: list[Member]
    seq: int


class Joined(Event):
    seq: int
    id: str
    member: Member


class Left(Event):
    seq: int
    id: str
    why: str = "lost"


class Said(Event, rename={"from_": "from"}):
    seq: int
    from_: str
    name: str
    text: str
    at: int
    ref: str | None = None


class Error(Event):
    code: str
    message: str
    ref: str | None = None


_decode = msgspec.json.Decoder(Enter | Say).decode
_encode = msgspec.json.Encoder().encode
Numbered: TypeAlias = Joined | Left | Said


class Room:
    """People of one cell, their count of events and the newest of these."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.seq = 0
        self.members: dict[ServerConnection, Member] = {}
        self.recent: deque[Numbered] = deque(maxlen=RECENT_EVENTS)

    def publish(self, event: Numbered) -> None:
        self.recent.append(event)
        broadcast(self.members, _encode(event), text=True)

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq


class Bucket:
    """Lets `per_s` things pass per second, `burst` at once."""

    def __init__(self, per_s: float, burst: float) -> None:
        self.per_s, self.burst, self.left, self.at = per_s, burst, burst, time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self.left = min(self.burst, self.left + (now - self.at) * self.per_s)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Peer:
    """All rooms, and what happens on one connection."""

    def __init__(self, *, seats: int, say_per_s: float, say_burst: float) -> None:
        self.seats, self.say_per_s, self.say_burst = seats, say_per_s, say_burst
        self.rooms: dict[str, Room] = {}
        self.count = 0

    async def talk(self, connection: ServerConnection) -> None:
        """Serve one connection from its first message to its end."""
        with contextlib.suppress(ConnectionClosed, TimeoutError, msgspec.DecodeError):
            async with asyncio.timeout(ENTER_TIMEOUT_S):
                enter = _decode(await connection.recv(decode=False))
            if isinstance(enter, Enter):
                await self.stay(connection, enter)

    async def stay(self, connection: ServerConnection, enter: Enter) -> None:
        room, member = self.seat(connection, enter)
        try:
            await connection.send(_encode(Entered(you=member, ref=enter.ref)), text=True)
            everybody = list(room.members.values())
            about = RoomEvent(room=room.id, me=member.id, members=everybody, seq=room.seq)
            await connection.send(_encode(about), text=True)
            bucket = Bucket(self.say_per_s, self.say_burst)
            while True:
                if (error := receive(await connection.recv(decode=False), room, member, bucket)) is not None:
                    await connection.send(_encode(error), text=True)
        finally:
            del room.members[connection]
            room.publish(Left(seq=room.next_seq(), id=member.id))

    def seat(self, connection: ServerConnection, enter: Enter) -> tuple[Room, Member]:
        self.count += 1
        room = self.rooms.get(enter.cell)
        if room is None or len(room.members) >= self.seats:
            room = self.rooms[enter.cell] = Room(f"r{self.count}")
        member = Member(id=f"m{self.count}", name=enter.name)
        room.publish(Joined(seq=room.next_seq(), id=member.id, member=member))
        room.members[connection] = member
        return room, member


def receive(raw: bytes, room: Room, member: Member, bucket: Bucket) -> Error | None:
    """Let the member say what they sent, or return why not."""
    try:
        say = _decode(raw)
    except msgspec.DecodeError as error:
        return Error("bad_message", str(error))
    if isinstance(say, Enter):
        return Error("already_entered", "You are in.", say.ref)
    if not bucket.take():
        return Error("rate_limited", "Too often.", say.ref)
    now_ms = time.time_ns() // 1_000_000
    room.publish(Said(room.next_seq(), member.id, member.name, say.text, now_ms, say.ref))
    return None


async def listen(peer: Peer, port: int) -> Server:
    """Return the server, listening on loopback."""
    return await serve(
        peer.talk,
        "127.0.0.1",
        port,
        subprotocols=[Subprotocol("hereabouts.v1.json")],
        compression=None,
        max_size=FRAME_MAX_BYTES,
    )


async def run(peer: Peer, port: int) -> None:
    server = await listen(peer, port)
    await server.serve_forever()


@click.command(
    epilog="Examples:\n\n\b\n  python -m bench.peer --port 8766\n  python -m bench.peer --port 8766 --seats 16"
)
@click.option("--port", type=click.IntRange(1, 65535), default=8766, show_default=True)
@click.option("--seats", type=click.IntRange(2), default=8, show_default=True, help="Seats of a room.")
@click.option("--say-per-s", type=float, default=1.0, show_default=True, help="Messages one member may say.")
@click.option("--say-burst", type=float, default=5.0, show_default=True, help="How many of them at once.")
def main(port: int, seats: int, say_per_s: float, say_burst: float) -> None:
    """Serve rooms the way most people would write it, to be compared with."""
    import uvloop

    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(run(Peer(seats=seats, say_per_s=say_per_s, say_burst=say_burst), port))


if __name__ == "__main__":
    main()
