"""Frames and handshakes that are wrong, and some that are right: what a client sends that does not behave.

Seeded: the same numbers give the same frames. Knows the shapes of commands and of HTTP, and no socket.
"""

import json
import random
from typing import Any, Protocol

import msgpack

from server.commands import COMMANDS
from server.messages import wire_name

HERE, NEAR, FAR_AWAY = "dr5ru6", "dr5ru7", "u33db2"


class Client(Protocol):
    """What a frame may be made of: what its sender has been told."""

    @property
    def wire(self) -> str: ...
    @property
    def room(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def token(self) -> str: ...
    @property
    def members(self) -> Any: ...


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

    def frame(self, client: Client) -> bytes:
        """Return the next frame of a client that does not behave."""
        rng = self._rng
        kind = rng.random()
        if kind < 0.08:
            return rng.randbytes(rng.randrange(60))
        message = self._message(client)
        if kind < 0.5:
            return self._packed(client, message)
        if kind < 0.75:
            return self._packed(client, self._bent(message))
        return self._broken(self._packed(client, message))

    def _message(self, client: Client) -> dict[str, Any]:
        rng = self._rng
        kind = rng.choice(KINDS)
        some: dict[str, dict[str, Any]] = {
            "enter": {"cell": rng.choice(CELLS[:3]), "name": rng.choice(TEXTS), "far": rng.random() < 0.5},
            "say": {"text": rng.choice(TEXTS), "room": rng.choice([client.room, None, "elsewhere"])},
            "move": {"cell": rng.choice(CELLS)},
            "rename": {"name": rng.choice(TEXTS)},
            "throw": {"text": rng.choice(TEXTS)},
            "eject": {"who": rng.choice([*sorted(client.members), "nobody"])},
            "mute": {"who": rng.choice([*sorted(client.members), "nobody"])},
            "unmute": {"who": rng.choice([*sorted(client.members), "nobody"])},
            "report": {
                rng.choice(["who", "seq", "room", "bottle"]): rng.choice(
                    [*sorted(client.members), client.room, client.seq]
                ),
                "reason": rng.choice(["spam", "other", "boredom"]),
                "note": rng.choice(TEXTS),
            },
        }
        fields = some.get(kind, {})
        if kind == "enter" and client.token and rng.random() < 0.7:
            fields |= {"token": client.token, "resume": {"room": client.room, "seq": rng.randrange(client.seq + 3)}}
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
                bent["type"] = rng.choice(["Say", "joined", "x" * 100])
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
    def _packed(client: Client, message: Any) -> bytes:
        if client.wire == "msgpack":
            packed: bytes = msgpack.packb(message)
            return packed
        return json.dumps(message).encode()


KINDS = [wire_name(command) for command in COMMANDS if wire_name(command) != "leave"] + ["say", "next", "enter"]


RIGHT_HEAD = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: hereabouts.v1.json\r\nOrigin: http://localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
)
ODD_LINES = (
    b"Content-Length: 5", b"Content-Length: -1", b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked, identity",
    b"Host: other", b"Upgrade: h2c", b"Connection: keep-alive", b"Sec-WebSocket-Version: 99", b"Origin: null",
    b"Origin: https://evil.example", b"X-Forwarded-For: 1.2.3.4, , ::", b"Expect: 100-continue", b"X: \x00",
    b"bad name: x",    b" folded", b"Sec-WebSocket-Protocol: chat", b"Sec-WebSocket-Extensions: permessage-deflate; x=",
    b"Cookie: " + b"a" * 5000,
    b"\xff\xfe", b"", b":", b"Sec-WebSocket-Key: x", b"X" * 20000,
)  # fmt: skip
ODD_STARTS = (
    b"GET / HTTP/1.1", b"GET /ws HTTP/2.0", b"GET /ws", b"PRI * HTTP/2.0", b"POST /ws HTTP/1.1",
    b"GET /../../etc/passwd HTTP/1.1",
    b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", b"GET //etc/passwd HTTP/1.1", b"GET http://x/ws HTTP/1.1",
    b"GET /\x00 HTTP/1.1",
    b"HEAD /about HTTP/1.0", b"GET /" + b"a" * 9000 + b" HTTP/1.1", b"\x16\x03\x01\x02\x00", b"CONNECT x:1 HTTP/1.1",
)  # fmt: skip


def broken_head(rng: random.Random) -> bytes:
    """Return the bytes of a handshake with something wrong about it, or nothing."""
    lines = RIGHT_HEAD.split(b"\r\n")[:-2]
    for _ in range(rng.randrange(4)):
        at = rng.randrange(1, len(lines) + 1)
        match rng.randrange(5):
            case 0:
                lines.insert(at, rng.choice(ODD_LINES))
            case 1:
                lines[0] = rng.choice(ODD_STARTS)
            case 2:
                del lines[rng.randrange(len(lines))]
                lines = lines or [b""]
            case 3:
                lines.insert(at, rng.choice(lines))
            case 4:
                rng.shuffle(lines)
    head = rng.choice([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"]).join(lines) + b"\r\n\r\n"
    for _ in range(rng.choice([0, 0, 1, 3])):
        at = rng.randrange(len(head))
        head = head[:at] + rng.randbytes(rng.randrange(4)) + head[at + rng.randrange(3) :]
    return head + rng.choice([b"", b"", b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", rng.randbytes(50), b"\x81\x85"])
