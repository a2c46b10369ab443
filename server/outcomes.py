"""What may follow from a command, beside events and changes of the rooms: a list of these is a command's outcome."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from rooms.changes import Change
from rooms.events import Event
from rooms.person import Person
from server.answers import Bye, Error
from server.codes import CLOSE_CODES, Refused
from server.store.rows import Report


class Arrived(NamedTuple):
    """The client is that person from now on; whoever was so far is no more."""

    person: Person


class Patience(NamedTuple):
    """The client has this many seconds more to enter: it was given work to do."""

    seconds: float


class Lasts(NamedTuple):
    """What vouches for the client is good for this many real seconds from now."""

    seconds: float


class WantsKeys(NamedTuple):
    """Somebody showed a JWT of a key that is not known: the host application may have a newer one."""


class Alert(NamedTuple):
    """The operator is to know of a report."""

    report: Report


class End(NamedTuple):
    """The connection closes after this last message."""

    bye: Bye


Rare: TypeAlias = Arrived | Patience | Lasts | WantsKeys | Alert | End
Outcome: TypeAlias = Sequence[Event | Change | Rare]


def bye(code: int, *, ref: str | None = None, reason: str = "", reconnect_in: float = 1.0) -> Bye:
    """Return the last message before a close with that code; the reader comes back at once, after a pause or never.

    Args:
        reason: a sentence for this reader; by default what the code means.
        reconnect_in: seconds; where the code says not to come back, nothing is told of it.
    """
    row = CLOSE_CODES[code]
    return Bye(
        code=code,
        reason=reason or row.means,
        why_code=row.name,
        reconnect_in=reconnect_in if row.may_return else None,
        ref=ref,
    )


def error_of(refused: Refused, *, about: str | None, ref: str | None) -> Error:
    """Return the event that tells of a refusal."""
    return Error(
        code=refused.code,
        message=refused.message,
        about=about,
        retry_after=refused.retry_after,
        ref=ref,
        **refused.details,  # type: ignore[arg-type]
    )
