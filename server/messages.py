"""Every message of the wire protocol: commands in, events out, and the codes of both.

One table each, which the codec, the session, /asyncapi.json and the documentation's
tests read. Events of a room are defined where they happen, in rooms/events.py, and
are listed here with the others. Nothing here decides anything.
"""

from typing import Annotated, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta

from rooms.events import Changed, Closing, Event, Joined, Left, Member, Said, Skipped, Waiting

PROTOCOL = "1.0"

Ref: TypeAlias = Annotated[str, Meta(max_length=32, description="Comes back in the answer or the error.")]
CellText: TypeAlias = Annotated[str, Meta(max_length=64, description="Geohash of 4 to `finest_cell` characters.")]
MemberId: TypeAlias = Annotated[str, Meta(max_length=64, description="A member id of one's present room.")]
Milliseconds: TypeAlias = Annotated[int, Meta(description="Unix time in milliseconds.")]


# Commands


class Command(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True, tag=str.lower):
    """The root of all commands: `type` on the wire is the class's name in lower case."""

    ref: Ref | None = None


class Resume(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The room one sat in and the newest event one has of it."""

    room: str
    seq: Annotated[int, Meta(ge=0)]


class Enter(Command, frozen=True, kw_only=True):
    """Ask for a seat among people near a cell: the first command of a connection."""

    cell: CellText
    name: str | None = None
    topics: list[str] | None = None
    visiting: bool | None = None
    far: bool | None = None
    token: str | None = None
    auth: str | None = None
    terms: str | None = None
    resume: Resume | None = None
    work: str | None = None


class Say(Command, frozen=True, kw_only=True):
    """Say something to everybody in the room."""

    text: str
    room: str | None = None


class Move(Command, frozen=True, kw_only=True):
    """Say that one is elsewhere now: counts from the next window, or `next`."""

    cell: CellText


class Next(Command, frozen=True, kw_only=True):
    """Ask for another room, at once."""


class Rename(Command, frozen=True, kw_only=True):
    """Show another name."""

    name: str


class Away(Command, frozen=True, kw_only=True):
    """Keep my seat while I sleep; any other command ends it."""


class Leave(Command, frozen=True, kw_only=True):
    """Forget me: seat, place and token."""


class Mute(Command, frozen=True, kw_only=True):
    """See no more of what a member says, in later rooms too."""

    who: MemberId


class Unmute(Command, frozen=True, kw_only=True):
    """See again what a member says."""

    who: MemberId


class Ping(Command, frozen=True, kw_only=True):
    """Ask for the server's time."""


COMMANDS: tuple[type[Command], ...] = (Enter, Say, Move, Next, Rename, Away, Leave, Mute, Unmute, Ping)
"""What this version understands, in the order of the documentation."""

ANNOUNCED = frozenset(
    "block blocks unblock report eject keep unkeep contact extend shake throw pick answer throw_back auth".split()
)
"""Commands of protocol 1.0 that this version does not have: they are answered by `unavailable`."""


# Events to one person; those of a room are in rooms/events.py


class Answer(Event, frozen=True, kw_only=True):
    """An event that may answer a command of the reader's."""

    ref: str | None = None


class You(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    token: str
    verified: str | None = None


class ServerInfo(msgspec.Struct, frozen=True):
    name: str
    version: str
    protocol: str
    terms: str
    contact: str


class Privacy(msgspec.Struct, frozen=True):
    """What the server holds of the reader."""

    cell: str
    cell_m: int
    """How far two points of that cell can be from each other, in metres."""
    kept: tuple[str, ...]


class Entered(Answer, frozen=True, kw_only=True):
    you: You
    server: ServerInfo
    limits: dict[str, float]
    privacy: Privacy
    resumed: bool


class RoomEvent(Answer, frozen=True, kw_only=True, tag="room"):
    """Where the reader sits now: sent only when that changes, or is resumed."""

    room: str
    kind: str
    me: str
    cell: str
    within_m: int
    opened: Milliseconds
    closes: Milliseconds
    now: Milliseconds
    members: tuple[Member, ...]
    seq: int
    missed: int | None = None
    why: str
    why_code: str
    why_args: dict[str, int]


class Moved(Answer, frozen=True, kw_only=True):
    cell: str
    counts_from: Milliseconds


class Muted(Answer, frozen=True, kw_only=True):
    who: str


class Unmuted(Answer, frozen=True, kw_only=True):
    who: str


class Pong(Answer, frozen=True, kw_only=True):
    now: Milliseconds


class Error(Answer, frozen=True, kw_only=True):
    code: str
    message: str
    about: str | None = None
    retry_after: float | None = None
    """Seconds of real time."""


class Bye(Answer, frozen=True, kw_only=True):
    """The last message before the server closes the connection."""

    code: int
    reason: str
    why_code: str
    reconnect_in: float | None


EVENTS: tuple[type[Event], ...] = (
    Entered, RoomEvent, Waiting, Joined, Left, Changed, Said, Skipped, Closing,
    Moved, Muted, Unmuted, Pong, Error, Bye,
)  # fmt: skip
"""What this version sends, in the order of the documentation."""


# Codes


class ErrorCode(NamedTuple):
    """One way a command can be refused."""

    code: str
    means: str
    may_retry: bool
    """Whether the same command may succeed later."""


ERROR_CODES: dict[str, ErrorCode] = {
    row.code: row
    for row in (
        ErrorCode("bad_message", "The frame is no command, or a field is missing, unknown or of a wrong type.", False),
        ErrorCode("unknown_type", "There is no command of that type.", False),
        ErrorCode("not_entered", "The first command is `enter`.", False),
        ErrorCode("already_entered", "This connection has entered already.", False),
        ErrorCode("bad_cell", "The cell is no geohash of 4 to `finest_cell` characters.", False),
        ErrorCode("too_precise", "The cell is finer than this server wants to know.", False),
        ErrorCode("bad_name", "The name is too long or holds characters that a name may not.", False),
        ErrorCode("bad_text", "The text is empty or too long.", False),
        ErrorCode("bad_topic", "There are too many topics, or one is empty or too long.", False),
        ErrorCode("bad_token", "The token is altered, expired, ended by `leave`, or another server's.", False),
        ErrorCode("bad_auth", "This server takes no `auth`.", False),
        ErrorCode("no_such_member", "Nobody else of that id sits in your room.", False),
        ErrorCode("wrong_room", "The room named is not yours any more.", False),
        ErrorCode("rate_limited", "Too often; `retry_after` says when it is allowed again.", True),
        ErrorCode("unavailable", "This server does not offer the command.", False),
    )
}  # fmt: skip
"""Every error code this version sends."""


class CloseCode(NamedTuple):
    """One way a connection ends. 4000 to 4499: come back; 4500 to 4999: not as you are."""

    code: int
    name: str
    means: str
    may_return: bool


CLOSE_CODES: dict[int, CloseCode] = {
    row.code: row
    for row in (
        CloseCode(1000, "left", "You asked to leave.", False),
        CloseCode(1001, "shutdown", "The server ends.", True),
        CloseCode(1002, "protocol_error", "Not WebSocket (RFC 6455, 7.4.1).", False),
        CloseCode(1003, "wrong_frame", "Text frames carry JSON, binary frames MessagePack: not the agreed one.", False),
        CloseCode(1007, "not_utf8", "A text frame that is not UTF-8.", False),
        CloseCode(1009, "too_big", "A message over `frame_max_bytes`, or of more than 256 fragments.", False),
        CloseCode(1011, "bug", "An error of the server's, which it has written down.", True),
        CloseCode(4000, "drain", "The server makes room; come back in `reconnect_in`.", True),
        CloseCode(4001, "slow_reader", "You read too slowly.", True),
        CloseCode(4002, "idle", "No sign of life, or no `enter` in time.", True),
        CloseCode(4003, "overloaded", "Too much to do.", True),
        CloseCode(4502, "too_many_errors", "More than `errors_per_min` errors.", False),
        CloseCode(4503, "replaced", "Another connection came with your token.", False),
    )
}  # fmt: skip
"""Every close code a client must know. 4000 and 4003 are for servers of many processes: this version sends neither."""


class Refused(Exception):
    """A command is refused: becomes one `error` event, the session goes on as before it."""

    def __init__(self, code: str, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = ERROR_CODES[code].code
        self.message = message
        self.retry_after = retry_after


def wire_name(message: type[Event] | type[Command]) -> str:
    """Return the `type` a message has on the wire."""
    name = message.__struct_config__.tag
    assert isinstance(name, str)
    return name


AnyCommand: TypeAlias = Enter | Say | Move | Next | Rename | Away | Leave | Mute | Unmute | Ping
