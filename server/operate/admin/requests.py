"""What an operator may ask, as typed requests: the shapes alone, shared by the socket and /admin.

A request is a map whose `act` names it; fields are exactly as written here.
"""

from pathlib import PurePath
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

ONE_LINE = r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*\Z"
SPAN_MAX_S = 315_360_000
"""Ten years: whoever means longer means for good."""
Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\A[A-Za-z0-9_-]+\Z")]
Words: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500, pattern=ONE_LINE)]
Token: TypeAlias = Annotated[str, Meta(min_length=1, max_length=300)]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="act", tag=str.lower):
    """The root of all requests."""


class Status(Request, frozen=True, kw_only=True):
    """How the server is: people, rooms, open reports, what is switched off."""


class Reports(Request, frozen=True, kw_only=True):
    """The open reports, those most people made first, then the oldest; or all."""

    all: bool = False


class Show(Request, frozen=True, kw_only=True):
    """One report with its evidence, and whether the seal is whole."""

    ticket: Id


class Close(Request, frozen=True, kw_only=True):
    """Be done with a report."""

    ticket: Id


class Warn(Request, frozen=True, kw_only=True):
    """Say something to one person, now or when they come back."""

    identity: Id
    text: Words
    level: Literal["info", "warning"] = "warning"


class BanRequest(Request, frozen=True, kw_only=True, tag="ban"):
    """Keep somebody out: an identity, or a range of addresses, of which only new identities unless `stops_known`.

    A range is first answered with how many online it would hit; with `confirm` it is done.
    """

    identity: Id | None = None
    network: Annotated[str, Meta(max_length=64)] | None = None
    for_s: Annotated[float, Meta(ge=1, le=SPAN_MAX_S)] | None = None
    reason: Words
    stops_known: bool = False
    confirm: bool = False


class Unban(Request, frozen=True, kw_only=True):
    """Lift a ban."""

    ban: Id


class Bans(Request, frozen=True, kw_only=True):
    """Every ban there is."""


class Audit(Request, frozen=True, kw_only=True):
    """What operators did, newest first."""

    most: Annotated[int, Meta(ge=1, le=1000)] = 50


class Export(Request, frozen=True, kw_only=True):
    """Everything that is kept of one person."""

    token: Token | None = None
    identity: Id | None = None


class Erase(Request, frozen=True, kw_only=True):
    """Forget one person: as `leave` does, and they are out if they are online. Bans and reports against them stay."""

    token: Token | None = None
    identity: Id | None = None


class Switch(Request, frozen=True, kw_only=True):
    """Switch a feature off, or on again."""

    feature: Id
    on: bool


class Reload(Request, frozen=True, kw_only=True):
    """Read the filter file again, now."""


class Backup(Request, frozen=True, kw_only=True):
    """Write everything into a new file."""

    path: Annotated[str, Meta(min_length=1, max_length=4000)]


AnyRequest: TypeAlias = (
    Status
    | Reports
    | Show
    | Close
    | Warn
    | BanRequest
    | Unban
    | Bans
    | Audit
    | Export
    | Erase
    | Switch
    | Reload
    | Backup
)

LOCAL_ONLY = (Backup,)
"""What may be asked on this machine alone: it writes where it is told to."""


class NotDone(Exception):
    """The request cannot be done; the message says why, in one line."""


_decoder: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)


def read(line: bytes) -> AnyRequest:
    """Return the request. Raises NotDone."""
    try:
        return _decoder.decode(line)
    except (ValueError, RecursionError) as error:
        raise NotDone(f"This cannot be asked: {str(error)[:300]}.") from None


def is_absolute(path: str) -> bool:
    """Tell whether a path means the same to the server as to whoever typed it."""
    return PurePath(path).is_absolute()
