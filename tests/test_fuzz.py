"""A hundred thousand frames, most of them wrong, through decoder and sessions of one house where people sit.

Nothing but documented errors and closes may come of it, and those who behave see their room
go on without a gap. Seeded: a failure comes again.
"""

import json
import logging
import random
import time
from collections import Counter
from typing import Any

import msgpack
import pytest

from server.codes import CLOSE_CODES, ERROR_CODES
from server.commands import ANNOUNCED, COMMANDS
from server.messages import wire_name
from tests.sessions import FAR_AWAY, HERE, NEAR, UNLIMITED, Guest, Stage

FRAMES = 100_000
AT_ONCE = 20
"""Frames within one turn of the loop."""
LONGEST_S = 120.0
"""Far above what it takes, about 10 s on a shared core."""

CELLS = [HERE, NEAR, FAR_AWAY, "dr5r", "dr5ru", "dr5ru6j7", "\"'; drop", "40.75", "", "d" * 64, "\x00", "ｄr5r"]
TEXTS = [
    "hi",
    "",
    " ",
    "x" * 1001,
    "x" * 1000,
    "\u202e\u2066",
    "é" * 500,
    "a" + "\u0301\u0323" * 40,
    "😀",
    "\x00",
    "null",
]
ODD: list[Any] = [None, True, -1, 0, 2**63, 2**64 - 1, 1.5, "", "x" * 70, [], {}, [[[[[]]]]], {"room": "x", "seq": 1}]


class Fuzzer:
    """Makes frames: right ones, wrong ones, and right ones spoilt."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def frame(self, guest: Guest) -> bytes:
        """Return the next frame of a client that does not behave."""
        rng = self._rng
        kind = rng.random()
        if kind < 0.08:
            return rng.randbytes(rng.randrange(60))
        message = self._message(guest)
        if kind < 0.5:
            return self._packed(guest, message)
        if kind < 0.75:
            return self._packed(guest, self._bent(message))
        return self._broken(self._packed(guest, message))

    def _message(self, guest: Guest) -> dict[str, Any]:
        rng = self._rng
        kind = rng.choice(KINDS)
        some: dict[str, dict[str, Any]] = {
            "enter": {"cell": rng.choice(CELLS[:3]), "name": rng.choice(TEXTS), "far": rng.random() < 0.5},
            "say": {"text": rng.choice(TEXTS), "room": rng.choice([guest.room, None, "elsewhere"])},
            "move": {"cell": rng.choice(CELLS)},
            "rename": {"name": rng.choice(TEXTS)},
            "mute": {"who": rng.choice([*sorted(guest.members), "nobody"])},
            "unmute": {"who": rng.choice([*sorted(guest.members), "nobody"])},
        }
        fields = some.get(kind, {})
        if kind == "enter" and guest.token and rng.random() < 0.7:
            fields |= {"token": guest.token, "resume": {"room": guest.room, "seq": rng.randrange(guest.seq + 3)}}
        if rng.random() < 0.5:
            fields["ref"] = str(rng.randrange(30))
        return {"type": kind, **fields}

    def _bent(self, message: dict[str, Any]) -> Any:
        """Return the message with one thing wrong about its fields."""
        rng = self._rng
        bent = dict(message)
        match rng.randrange(6):
            case 0:
                bent[rng.choice(sorted(bent))] = rng.choice(ODD)
            case 1:
                del bent[rng.choice(sorted(bent))]
            case 2:
                bent[rng.choice(["colour", "seq", "who", "text", "", "x" * 300])] = rng.choice(ODD)
            case 3:
                bent["type"] = rng.choice([*sorted(ANNOUNCED), "Say", "joined", "x" * 100])
            case 4:
                return rng.choice([list(bent), [bent], None, 7, "say", {"type": bent}])
            case 5:
                bent["ref"] = rng.choice(["x" * 33, 5, ["1"], {"a": 1}])
        return bent

    def _broken(self, payload: bytes) -> bytes:
        """Return the bytes with some changed, cut, doubled or nested deeply."""
        rng = self._rng
        at = rng.randrange(len(payload))
        match rng.randrange(6):
            case 0:
                return payload[:at]
            case 1:
                return payload[:at] + bytes([rng.randrange(256)]) + payload[at + 1 :]
            case 2:
                return payload[:at] + rng.randbytes(rng.randrange(1, 9)) + payload[at:]
            case 3:
                return payload + payload[at:]
            case 4:
                return payload[:at] + b"\xff\xfe" + payload[at + 2 :]
        return payload[:at] + rng.choice([b"[", b'{"a":', b"\x91", b"\x81\xa1a"]) * rng.randrange(1, 3000)

    @staticmethod
    def _packed(guest: Guest, message: Any) -> bytes:
        if guest.wire == "msgpack":
            packed: bytes = msgpack.packb(message)
            return packed
        return json.dumps(message).encode()


KINDS = [wire_name(command) for command in COMMANDS if wire_name(command) != "leave"] + ["say", "next", "enter"]


class Street:
    """Three who behave, in a house with six who do not."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.stage = Stage(seats_target=6, seats_max=8, resume_grace_s=20, **UNLIMITED | {"errors_per_min": 300})
        self.fuzzer = Fuzzer(self.rng)
        self.honest = self.stage.seated("Ann Bo Cy")
        self.wild = [Guest(self.stage, ["json", "msgpack"][number % 2]) for number in range(6)]
        self.errors: Counter[str] = Counter()
        self.closes: Counter[int] = Counter()
        self.types: Counter[str] = Counter()
        self.said = 0

    def misbehave(self) -> None:
        """Send one frame, and rarely leave, lose the connection, replace it or use the wrong frame type."""
        number = self.rng.randrange(len(self.wild))
        guest = self.wild[number]
        chance = self.rng.random()
        if chance < 0.001:
            guest.connection.lose()
        elif chance < 0.002:
            guest.send(b"{}", binary=guest.wire == "json")
        elif chance < 0.003:
            guest.say("leave")
        elif chance < 0.004:
            second = Guest(self.stage, guest.wire)
            second.say("enter", cell=HERE, token=guest.token)
            second.connection.lose()
        else:
            guest.send(self.fuzzer.frame(guest))
        if not guest.connection.is_open:
            self._read(guest)
            self.closes[guest.connection.close_code or 1006] += 1
            self.wild[number] = fresh = Guest(self.stage, self.rng.choice(["json", "msgpack"]))
            if self.rng.random() < 0.5:
                fresh.token, fresh.room, fresh.seq = guest.token, guest.room, guest.seq

    def end_turn(self) -> None:
        """Let the turn end, time pass, and those who behave read and talk."""
        self.stage.take_turn()
        for guest in self.wild:
            self._read(guest)
        speaker = self.rng.choice(self.honest)
        self.said += 1
        [said] = [
            event
            for event in speaker.ask("say", text=f"honest {self.said}", ref=f"h{self.said}")
            if event.get("ref") == f"h{self.said}"
        ]
        assert said["text"] == f"honest {self.said}"
        for guest in self.honest:
            guest.got()
            room = self.stage.house.world.rooms[guest.room]
            assert (guest.seq, set(guest.members)) == (room.seq, set(room.seats))
        self.stage.pass_time(0.05)

    def _read(self, guest: Guest) -> None:
        for event in guest.got():
            self.types[event["type"]] += 1
            if event["type"] == "error":
                self.errors[event["code"]] += 1


def test_a_hundred_thousand_wrong_frames_harm_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    began = time.monotonic()
    street = Street(seed=2)
    for turn in range(FRAMES // AT_ONCE):
        for _ in range(AT_ONCE):
            street.misbehave()
        street.end_turn()
        if turn % 100 == 0:
            street.stage.check()
            assert time.monotonic() - began < LONGEST_S
    street.stage.check()
    assert [record.getMessage() for record in caplog.records] == []
    assert all(guest.connection.is_open for guest in street.honest)
    # It reached everything that clients can cause by frames: nothing here is a limit that was switched off.
    assert set(street.errors) == set(ERROR_CODES) - {
        "rate_limited",
        "bad_auth",
        "bad_topic",
        "work_needed",
        "auth_needed",
    }
    assert set(street.closes) <= {*CLOSE_CODES, 1006}
    assert {1000, 1003, 1006, 4502, 4503} <= set(street.closes)
    assert {"entered", "room", "said", "skipped", "moved", "muted", "unmuted", "pong", "bye"} <= set(street.types)


def test_rates_hold_against_frames_that_are_right() -> None:
    stage = Stage()
    rng = random.Random(3)
    ann, bo, cy = stage.seated("Ann Bo Cy")
    accepted = 0
    for _ in range(2000):
        ann.say("say", text="flood")
        stage.take_turn()
        accepted += len(ann.got("said"))
        stage.pass_time(rng.random() / 10)
        if not ann.connection.is_open:
            break
        bo.got()
        assert cy.got("error") == []
    assert accepted <= 5 + 100
    assert ann.connection.close_code == 4502
