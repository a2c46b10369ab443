"""A server's inside for tests: real sessions, peers, rooms and fan-out; time, turns and connections by hand.

`Stage` is the place, `Guest` one client on it. Guests encode and decode with `json` and
`msgpack`, never with the server's codec, and follow their room as PROTOCOL.md tells
clients to: a number that is missing or doubled fails the test at once.
"""

import heapq
import json
import random
from collections.abc import Callable
from itertools import count
from typing import Any, cast

import msgpack

from rooms.world import World
from server.connection import Connection
from server.house import House
from server.node import Node
from server.origin import LOOPBACK, Origin
from server.peer import Peer
from server.safety.tokens import IDENTITY_BYTES
from server.settings import BINDS_LOOPBACK, Settings
from server.store.memory import MemoryStore
from server.store.sealing import NONCE_BYTES, Seal
from server.store.store import Store
from server.transport import Line

BEGAN = 1_700_000_000.0
"""When every stage begins, Unix seconds; in this cell's window there is more than a quarter of an hour left."""
HERE = "dr5ru6"
NEAR = "dr5ru7"
FAR_AWAY = "u33db2"
KEY = bytes(range(32))
ORIGIN = Origin("192.0.2.1", b"where")

UNLIMITED: dict[str, Any] = {
    "say_per_s": 0, "say_burst": 0, "say_per_min": 0, "room_per_min": 0,
    "next_per_h": 0, "cells_per_h": 0, "errors_per_min": 0,
}  # fmt: skip

ENDLESS: dict[str, Any] = {"window_s": 86_400}
"""For servers on the real clock: a half hour ends in the middle of some test or other each time all are run."""

Json = dict[str, Any]


def make_house(key: bytes = KEY, seed: int = 1, store: Store | None = None, **settings: Any) -> House:
    """Return a house whose chance, ids and identities are the same every time."""
    chosen = Settings(**settings)
    ids, identities, tickets, nonces = count(1), count(1), count(1), count(1)
    world = World(chosen, rng=random.Random(seed), new_id=lambda: f"id{next(ids)}")
    return House(
        chosen,
        world,
        key=key,
        new_identity=lambda: next(identities).to_bytes(IDENTITY_BYTES, "big"),
        new_nonce=lambda: f"nonce{next(ids)}",
        exempt=BINDS_LOOPBACK - set(settings),
        new_ticket=lambda: f"T{next(tickets)}",
        store=store or MemoryStore(),
        seal=Seal(key, new_nonce=lambda: next(nonces).to_bytes(NONCE_BYTES, "big")),
    )


class HandTimer:
    """What `call_later` gives."""

    def __init__(self) -> None:
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class HandLoop:
    """An event loop whose turns and time a test takes."""

    def __init__(self) -> None:
        self.now = 0.0
        self._soon: list[Callable[[], object]] = []
        self._later: list[tuple[float, int, HandTimer, Callable[[], object]]] = []
        self._order = count()

    @property
    def has_more(self) -> bool:
        return bool(self._soon)

    @property
    def timers(self) -> list[float]:
        return sorted(at for at, _, timer, _ in self._later if not timer.is_cancelled)

    def call_soon(self, callback: Callable[[], object]) -> None:
        self._soon.append(callback)

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> HandTimer:
        timer = HandTimer()
        heapq.heappush(self._later, (self.now + delay_s, next(self._order), timer, callback))
        return timer

    def take_turn(self) -> None:
        soon, self._soon = self._soon, []
        for callback in soon:
            callback()

    def take_timer(self) -> None:
        """Let time pass to the next timer and have it ring."""
        at, _, timer, callback = heapq.heappop(self._later)
        self.now = max(self.now, at)
        if not timer.is_cancelled:
            callback()

    def pass_time(self, seconds: float) -> None:
        """Let time pass from timer to timer, and a turn after each."""
        end = self.now + seconds
        while self._later and self._later[0][0] <= end:
            at, _, timer, callback = heapq.heappop(self._later)
            self.now = max(self.now, at)
            if not timer.is_cancelled:
                callback()
                self.take_turn()
        self.now = end


class HandClock:
    """The rooms' clock, kept by a hand loop."""

    def __init__(self, loop: HandLoop, time_scale: float = 1.0) -> None:
        self.time_scale = time_scale
        self._loop = loop

    def now(self) -> float:
        return BEGAN + self._loop.now * self.time_scale

    def real_s_until(self, moment: float) -> float:
        return max(0.0, (moment - self.now()) / self.time_scale)


class FakeConnection:
    """A connection as a peer and the fan-out use it: keeps each write."""

    def __init__(self, loop: HandLoop, subprotocol: str, address: str, closed: Callable[[], None]) -> None:
        self.subprotocol = subprotocol
        self.address = address
        self.writes: list[bytes] = []
        self.close_code: int | None = None
        self.has_entered = False
        self.is_open = True
        self.is_paused = False
        self.checked = 0
        self.patience_s = 0.0
        self._closed = closed
        self._loop = loop

    def write(self, data: bytes) -> None:
        if self.is_open:
            self.writes.append(data)

    def check_unsent(self) -> None:
        self.checked += 1

    def entered(self) -> None:
        self.has_entered = True

    def await_enter(self, within_s: float) -> None:
        self.patience_s += within_s

    def close(self, code: int, reason: str = "") -> None:
        if self.is_open:
            self.close_code = code
            self.lose()

    def lose(self) -> None:
        """End without a word; told in the next turn, as by the real one."""
        if self.is_open:
            self.is_open = False
            self._loop.call_soon(self._closed)
            # The real one lets go of its receiver too.
            self._closed = lambda: None


class Guest:
    """One client.

    Attributes:
        room, seq, members: what it knows of its room, from what it was sent alone.
        heard: what was said, by room and number.
    """

    def __init__(
        self, stage: "Stage", wire: str = "json", *, subprotocol: str | None = None, address: str = LOOPBACK
    ) -> None:
        self.stage = stage
        self.wire = wire
        self.peer: Peer = stage.node.make_peer()
        name = f"hereabouts.v1.{wire}" if subprotocol is None else subprotocol
        self.connection = FakeConnection(stage.loop, name, address, self.peer.closed)
        self.peer.opened(cast(Connection, self.connection))
        self.room = self.me = self.token = ""
        self.seq = 0
        self.members: dict[str, Json] = {}
        self.heard: dict[tuple[str, int], str] = {}
        self.last: Json = {}
        self.resume: Json | None = None
        self._read = 0

    # Saying

    def say(self, type: str, **fields: Any) -> None:
        """Send one command, within the present turn."""
        message = {"type": type, **fields}
        if type == "enter" and self.resume is None:
            self.resume = fields.get("resume")
        packed = msgpack.packb(message) if self.wire == "msgpack" else json.dumps(message).encode()
        self.send(packed)

    def send(self, payload: bytes, *, binary: bool | None = None) -> None:
        """Send one frame, within the present turn; nothing reaches the server from a closed connection."""
        if self.connection.is_open:
            self.peer.received(payload, (self.wire == "msgpack") if binary is None else binary)

    def ask(self, type: str, **fields: Any) -> list[Json]:
        """Send one command, let the turn end, and return everything that came."""
        self.say(type, **fields)
        self.stage.take_turn()
        return self.got()

    def enter(self, cell: str = HERE, **fields: Any) -> list[Json]:
        """Enter and return everything that came; it must have succeeded."""
        came = self.ask("enter", cell=cell, **fields)
        assert [event["type"] for event in came[:2]] == ["entered", "room"], came
        return came

    # Hearing

    def got(self, *types: str) -> list[Json]:
        """Return the events since the last call, of these types only if any are given."""
        came: list[Json] = []
        for wire in self.connection.writes[self._read :]:
            came += [self._decoded(binary, payload) for binary, payload in messages_of(wire)]
        self._read = len(self.connection.writes)
        for event in came:
            self._follow(event)
        return [event for event in came if not types or event["type"] in types]

    def _decoded(self, binary: bool, payload: bytes) -> Json:
        assert binary == (self.wire == "msgpack"), "the wrong frame type"
        event: Json = msgpack.unpackb(payload) if binary else json.loads(payload)
        return event

    def _follow(self, event: Json) -> None:
        assert self.last.get("type") != "bye", f"something after the bye: {event}"
        kind = event["type"]
        if kind == "entered":
            self.token = event["you"]["token"]
        elif kind == "room":
            if self.last.get("resumed") and self.resume is not None:
                assert self.resume == {"room": event["room"], "seq": event["seq"]}
            self.room, self.me, self.seq = event["room"], event["me"], event["seq"] + event.get("missed", 0)
            self.members = {member["id"]: member for member in event["members"]}
            assert len(self.members) == len(event["members"])
            assert self.me in self.members
        elif "seq" in event:
            self._follow_numbered(event)
        self.last = event

    def _follow_numbered(self, event: Json) -> None:
        again = event["type"] == "said" and event["seq"] <= self.seq and event["from"] == self.me and "ref" in event
        assert again or event["seq"] == self.seq + 1, f"{event} after {self.seq}"
        self.seq = max(self.seq, event["seq"])
        match event["type"]:
            case "joined":
                self.members[event["id"]] = event["member"]
            case "left":
                self.members.pop(event["id"], None)
            case "changed" if event["id"] in self.members:
                self.members[event["id"]] = event["member"]
            case "said":
                assert self.heard.setdefault((self.room, event["seq"]), event["text"]) == event["text"]

    # Going

    def lose(self) -> None:
        """Lose the connection without a word."""
        self.connection.lose()
        self.stage.take_turn()

    def back(self, *, wire: str | None = None, **fields: Any) -> "Guest":
        """Return a new client that enters with this one's token, where this one left off, within the present turn."""
        guest = Guest(self.stage, wire or self.wire)
        resume = {"room": self.room, "seq": self.seq}
        guest.say("enter", **{"cell": HERE, "token": self.token, "resume": resume} | fields)
        return guest


class Stage:
    """One process's inside, without sockets: time passes when a test says so."""

    def __init__(self, **settings: Any) -> None:
        self.house = make_house(**settings)
        self.loop = HandLoop()
        self.clock = HandClock(self.loop, self.house.settings.time_scale)
        self.node = Node(self.house, cast(Any, self.clock), cast(Any, self.loop))

    def guest(self, wire: str = "json", *, address: str = LOOPBACK) -> Guest:
        """Return a client that has connected and not entered."""
        return Guest(self, wire, address=address)

    def seated(self, names: str, cell: str = HERE) -> list[Guest]:
        """Return clients of these names, seated in one room, every other one speaking MessagePack."""
        guests = []
        for number, name in enumerate(names.split()):
            guest = self.guest("msgpack" if number % 2 else "json")
            guest.enter(cell, name=name)
            guests.append(guest)
        self.take_turn()
        for guest in guests:
            guest.got()
        assert len({guest.room for guest in guests}) == 1, "they sit in different rooms"
        return guests

    def take_turn(self) -> None:
        """Let the turn end, and what follows from its end happen."""
        while self.loop.has_more:
            self.loop.take_turn()

    def pass_time(self, seconds: float) -> None:
        """Let real time pass."""
        self.loop.pass_time(seconds)
        self.take_turn()

    def check(self) -> None:
        """Fail unless sessions, rooms and fan-out agree about who sits where and who hears what."""
        world = self.house.world
        seated = {seat.person.id: room for room in world.rooms.values() for seat in room.seats.values()}
        assert set(seated) == set(world.people)
        for id, person in world.people.items():
            assert person.room is seated[id]
            assert person.seat is not None
            assert (person.seat.waits_until is None) == (id in self.node.peers)
        for id, peer in self.node.peers.items():
            assert peer.session.person is world.people[id]
            assert cast(Connection, peer.connection).is_open
        hearing: dict[str, set[Line]] = {}
        for peer in self.node.peers.values():
            assert peer.session.person is not None
            assert peer.session.person.room is not None
            hearing.setdefault(peer.session.person.room.id, set()).add(peer.connection)
        assert self.hearing() == hearing

    def hearing(self) -> dict[str, set[Line]]:
        """Return the connections that hear each room, by room."""
        found = {}
        for room, audience in self.node.fanout._audiences.items():
            plain = [connection for hearing in audience.plain.values() for connection in hearing]
            connections = [*plain, *(listener.connection for listener in audience.seeing_otherwise)]
            found[room] = set(connections)
            assert len(found[room]) == len(connections), "somebody hears a room twice"
        return found


def messages_of(wire: bytes) -> list[tuple[bool, bytes]]:
    """Return (is binary, payload) of each of a server's frames (RFC 6455, 5.2: final, unmasked text or binary)."""
    found = []
    at = 0
    while at < len(wire):
        assert wire[at] in (0x81, 0x82), "not a final data frame"
        size, first = wire[at + 1], at + 2
        assert size < 128, "a server's frame is not masked"
        if size > 125:
            width = 2 if size == 126 else 8
            size, first = int.from_bytes(wire[first : first + width], "big"), first + width
        assert first + size <= len(wire), "a frame cut short"
        found.append((wire[at] == 0x82, wire[first : first + size]))
        at = first + size
    return found


def of_type(events: list[Json], type: str) -> list[Json]:
    """Return the events of one type."""
    return [event for event in events if event["type"] == type]


def only(events: list[Json], type: str) -> Json:
    """Return the one event of that type."""
    [event] = of_type(events, type)
    return event
