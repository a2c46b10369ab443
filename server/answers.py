"""Events for one person: the answers to their commands, and what is theirs alone. A room's are in rooms/events.py."""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from rooms.events import Event, Member

Milliseconds: TypeAlias = Annotated[int, Meta(description="Unix time in milliseconds.")]


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


class Blocked(Answer, frozen=True, kw_only=True):
    block: str


class BlockRow(msgspec.Struct, frozen=True):
    """One block that the reader holds."""

    block: str
    name: str
    """What the other was called then; empty if that is not known."""
    at: Milliseconds


class BlocksEvent(Answer, frozen=True, kw_only=True, tag="blocks"):
    blocks: tuple[BlockRow, ...]


class Unblocked(Answer, frozen=True, kw_only=True):
    block: str


class Voted(Answer, frozen=True, kw_only=True):
    about: str
    """The type of the command that was a vote."""


class Kept(Event, frozen=True, kw_only=True):
    """Both have pressed `keep`."""

    who: str


class Unkept(Answer, frozen=True, kw_only=True):
    who: str


class ContactEvent(Event, frozen=True, kw_only=True, tag="contact"):
    """A line by which to reach somebody kept: both have given one."""

    who: str | None = None
    """Their member id, unless they sit elsewhere by now."""
    name: str
    text: str


class Thrown(Answer, frozen=True, kw_only=True):
    bottle: str


class BottleEvent(Answer, frozen=True, kw_only=True, tag="bottle"):
    """What somebody has picked."""

    bottle: str
    text: str
    at: Milliseconds
    within_m: int
    """It was thrown no farther away than this, by cells alone, coarsely rounded up."""


class Answered(Answer, frozen=True, kw_only=True):
    """To whoever answers: it is on its way. To whoever threw the bottle: the answer."""

    bottle: str
    answer: str | None = None
    text: str | None = None
    at: Milliseconds | None = None


class ThrownBack(Answer, frozen=True, kw_only=True, tag="thrown_back"):
    bottle: str


class Authenticated(Answer, frozen=True, kw_only=True):
    verified: str


class AuthExpiring(Answer, frozen=True, kw_only=True, tag="auth_expiring"):
    in_s: float
    """Until the connection is closed with 4504."""


class Reported(Answer, frozen=True, kw_only=True):
    ticket: str


class Notice(Event, frozen=True, kw_only=True):
    """What the operator says to the reader, to be shown apart from people."""

    text: str
    level: str
    """`info` or `warning`."""


class Pong(Answer, frozen=True, kw_only=True):
    now: Milliseconds


class Error(Answer, frozen=True, kw_only=True):
    code: str
    message: str
    about: str | None = None
    retry_after: float | None = None
    """Seconds of real time."""
    bits: int | None = None
    nonce: str | None = None
    terms: str | None = None
    terms_version: str | None = None
    adults_only: bool | None = None


class Held(Answer, frozen=True, kw_only=True):
    """Something was not delivered to anybody: nothing said, no name changed."""

    reason: str
    """`link`, `contact`, `same_text` or `filter`."""
    message: str
    object: str
    """How to object, a sentence."""


class Bye(Answer, frozen=True, kw_only=True):
    """The last message before the server closes the connection."""

    code: int
    reason: str
    why_code: str
    reconnect_in: float | None
