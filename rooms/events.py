"""What happens in a room, as immutable values.

Each is, field for field, an event of the wire protocol, so that the server encodes
it as it stands. Numbered events carry `seq`, the room's count from 1; `Waiting`
concerns the moment only and carries none. Nothing here knows a socket, a format
or anybody's cell.
"""

from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True, omit_defaults=True, gc=False, tag=str.lower):
    """The root of all events: `type` on the wire is the class's name in lower case."""


class Member(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One member as the others see them. `id` is new in every room."""

    id: str
    name: str
    verified: str | None = None
    visiting: bool = False
    away: bool = False
    topics: tuple[str, ...] = ()


class Marked(Member, frozen=True):
    """One member as somebody sees them who has muted or keeps them: the server says so per viewer. Not a field of all
    members, of whom each takes 16 bytes less."""

    muted: bool = False
    kept: bool = False


class Numbered(Event, frozen=True):
    """An event that counts: every member sees every number once."""

    seq: int


class Joined(Numbered, frozen=True):
    id: str
    member: Member
    within_m: int


class Left(Numbered, frozen=True):
    id: str
    why: str
    """`left`, `lost`, `moved` or `ejected`."""


class Changed(Numbered, frozen=True):
    id: str
    member: Member
    ref: str | None = None


class Marks(msgspec.Struct, frozen=True):
    """What readers are told of a text besides its words."""

    rooms: int
    """How many rooms got it in the last hour, this one included."""


class Said(Numbered, frozen=True, rename={"from_": "from"}):
    from_: str
    name: str
    text: str
    at: int
    """Unix milliseconds."""
    ref: str | None = None
    marks: Marks | None = None


class Closing(Numbered, frozen=True):
    closes: int
    """Unix milliseconds."""


class Extended(Numbered, frozen=True):
    closes: int
    """Unix milliseconds."""


class Skipped(Numbered, frozen=True):
    """Stands for an event that one member does not see."""


class Ejected(Event, frozen=True, kw_only=True):
    """The room has voted that the reader sit elsewhere: until its end it is not theirs again."""

    room: str
    until: int
    """Unix milliseconds."""
    why: str
    why_code: str
    why_args: dict[str, Any]


class Nobody(Event, frozen=True, kw_only=True):
    """Nobody was found for the reader in the way they asked for."""

    about: str
    """The type of the command."""
    ref: str | None = None


class Waiting(Event, frozen=True):
    """Too few sit here: what the server is doing about it."""

    within_m: int
    people: str
    """How many others are in the region: "0", "1-9", "10-99" or "100+"."""
    bottles: bool
    next_at: int
    """When the region next gathers, Unix milliseconds."""
    why: str
    why_code: str
    why_args: dict[str, Any]
