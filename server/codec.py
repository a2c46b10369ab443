"""The two wire formats: bytes to commands, events to bytes.

Knows JSON and MessagePack and what a command looks like; never which commands are
allowed when. Whatever bytes come in, the answer is a command or `Refused`.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from rooms.events import Event
from server.codes import Refused
from server.commands import COMMANDS, AnyCommand, Command
from server.frames import binary_frame, text_frame
from server.messages import wire_name

REASON_MAX_CHARS = 200
"""Of the reason why a message is none: it may quote a name of the client's, of any length."""

_KNOWN = frozenset(wire_name(command) for command in COMMANDS)


class Unreadable(Refused):
    """Bytes that are no command: says what is wrong, and repeats the `type` and `ref` if they could be read."""

    def __init__(self, code: str, message: str, *, about: str | None, ref: str | None) -> None:
        super().__init__(code, message)
        self.about = about
        self.ref = ref


class Codec:
    """One wire format.

    Attributes:
        name: as in the subprotocol, "json" or "msgpack".
        is_binary: whether its messages travel in binary frames.
        frame: an event as a whole WebSocket frame.
    """

    __slots__ = ("_decode", "_decode_any", "_encode", "_frame", "is_binary", "name")

    def __init__(
        self,
        name: str,
        *,
        is_binary: bool,
        decode: Callable[[bytes], AnyCommand],
        decode_any: Callable[[bytes], Any],
        encode: Callable[[Event | Command], bytes],
        frame: Callable[[bytes], bytes],
    ) -> None:
        self.name = name
        self.is_binary = is_binary
        self._decode = decode
        self._decode_any = decode_any
        self._encode = encode
        self._frame = frame

    def decode(self, payload: bytes) -> AnyCommand:
        """Return the command. Raises Unreadable."""
        try:
            return self._decode(payload)
        except (ValueError, RecursionError) as error:
            # ValueError holds msgspec's own errors and UnicodeDecodeError, which it lets through;
            # deep nesting is a RecursionError.
            raise self._explain(payload, error) from None

    def payload(self, command: Command) -> bytes:
        """Return a command as a client sends it, without its frame."""
        return self._encode(command)

    def frame(self, event: Event) -> bytes:
        """Return the event as one frame."""
        return self._frame(self._encode(event))

    def _explain(self, payload: bytes, error: Exception) -> Unreadable:
        """Return what to say of bytes that are no command; the slow way, for them alone."""
        try:
            message = self._decode_any(payload)
        except (ValueError, RecursionError):
            return Unreadable("bad_message", f"This is not {self.name}.", about=None, ref=None)
        if not isinstance(message, dict):
            return Unreadable("bad_message", "A message is a map with a `type`.", about=None, ref=None)
        kind = message.get("type")
        about, ref = _short(kind, 64), _short(message.get("ref"), 32)
        if isinstance(kind, str) and kind not in _KNOWN:
            return Unreadable("unknown_type", "There is no command of that type.", about=about, ref=ref)
        return Unreadable("bad_message", f"{str(error)[:REASON_MAX_CHARS]}.", about=about, ref=ref)


def _short(value: object, most: int) -> str | None:
    return value if isinstance(value, str) and len(value) <= most else None


JSON = Codec(
    "json",
    is_binary=False,
    decode=msgspec.json.Decoder(AnyCommand).decode,
    decode_any=msgspec.json.Decoder().decode,
    encode=msgspec.json.Encoder().encode,
    frame=text_frame,
)
MSGPACK = Codec(
    "msgpack",
    is_binary=True,
    decode=msgspec.msgpack.Decoder(AnyCommand).decode,
    decode_any=msgspec.msgpack.Decoder().decode,
    encode=msgspec.msgpack.Encoder().encode,
    frame=binary_frame,
)
SUBPROTOCOLS = {"hereabouts.v1.json": JSON, "hereabouts.v1.msgpack": MSGPACK, "": JSON}
"""Subprotocol → format; a client that offers none gets JSON."""
