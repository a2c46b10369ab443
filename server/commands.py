"""Every command of the wire protocol, and which of them this version has.

The shapes alone: the codec decodes and checks by them. What a command does stands in server/acts/.
"""

from typing import Annotated, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

Ref: TypeAlias = Annotated[str, Meta(max_length=32, description="Comes back in the answer or the error.")]
CellText: TypeAlias = Annotated[str, Meta(max_length=64, description="Geohash of 4 to `finest_cell` characters.")]
MemberId: TypeAlias = Annotated[str, Meta(max_length=64, description="A member id of one's present room.")]

SEQ_MAX = 2**53 - 1
"""Beyond, clients in JavaScript count no more exactly; what is kept and what goes from node to node holds 64 bits."""

BottleId: TypeAlias = Annotated[str, Meta(max_length=64, description="A bottle, or an answer to one.")]


class Command(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True, tag=str.lower):
    """The root of all commands: `type` on the wire is the class's name in lower case."""

    ref: Ref | None = None


class Resume(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The room one sat in and the newest event one has of it."""

    room: str
    seq: Annotated[int, Meta(ge=0, le=SEQ_MAX)]


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
    work: Annotated[str, Meta(max_length=64, description="Answers the `nonce` of `work_needed`.")] | None = None


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


class Block(Command, frozen=True, kw_only=True):
    """Never sit with a member again, here or anywhere: I am seated elsewhere at once, and they are told nothing."""

    who: MemberId | None = None
    bottle: BottleId | None = None


class Blocks(Command, frozen=True, kw_only=True):
    """Ask whom I block."""


class Unblock(Command, frozen=True, kw_only=True):
    """End a block."""

    block: Annotated[str, Meta(max_length=64, description="As in `blocked` and `blocks`.")]


class Eject(Command, frozen=True, kw_only=True):
    """Vote, in secret, that a member sit elsewhere."""

    who: MemberId


class Keep(Command, frozen=True, kw_only=True):
    """Say that one wants to go on sitting with a member, if they say so too."""

    who: MemberId


class Unkeep(Command, frozen=True, kw_only=True):
    """Let a member go; they are told nothing."""

    who: MemberId


class Contact(Command, frozen=True, kw_only=True):
    """Give a member whom one keeps a line by which to reach one elsewhere: they get it once they have given theirs."""

    who: MemberId
    text: str


class Extend(Command, frozen=True, kw_only=True):
    """Vote that the room go on for half a window more."""


class Shake(Command, frozen=True, kw_only=True):
    """Meet whoever shakes in the same moment."""


class Throw(Command, frozen=True, kw_only=True):
    """Throw a message in a bottle, for whoever picks it."""

    text: str


class Pick(Command, frozen=True, kw_only=True):
    """Take a bottle out of the water."""


class AnswerBottle(Command, frozen=True, kw_only=True, tag="answer"):
    """Answer a bottle one has picked, once."""

    bottle: BottleId
    text: str


class ThrowBack(Command, frozen=True, kw_only=True, tag="throw_back"):
    """Let go of a bottle one has picked."""

    bottle: BottleId


class Auth(Command, frozen=True, kw_only=True):
    """Show a fresh JWT of the same person before the last one expires."""

    auth: str


Reason: TypeAlias = Literal["spam", "scam", "harassment", "sexual", "minor", "violence", "impersonation", "other"]


class Report(Command, frozen=True, kw_only=True):
    """Have the operator look at a member, a line or a room: what was said there lately is kept for them."""

    who: MemberId | None = None
    seq: Annotated[int, Meta(ge=1, le=SEQ_MAX, description="Of a `said`, in the present room or in `room`.")] | None = (
        None
    )
    bottle: BottleId | None = None
    room: Annotated[str, Meta(max_length=64)] | None = None
    reason: Reason
    note: Annotated[str, Meta(max_length=2000, description="Up to 500 characters after NFC.")] | None = None


class Ping(Command, frozen=True, kw_only=True):
    """Ask for the server's time."""


AnyCommand: TypeAlias = (
    Enter | Say | Move | Next | Rename | Away | Leave | Mute | Unmute
    | Block | Blocks | Unblock | Report | Eject | Keep | Unkeep | Contact | Extend
    | Shake | Throw | Pick | AnswerBottle | ThrowBack | Auth | Ping
)  # fmt: skip
"""What this version understands, in the order of the documentation."""

COMMANDS: tuple[type[Command], ...] = get_args(AnyCommand)
"""The same, one by one."""
