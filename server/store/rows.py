"""What the stores keep, as immutable values. Identities are opaque ids, times are Unix seconds of the rooms' clock.

Never holds a cell, a token, an address of one person, or words in clear: what people wrote is sealed, and with it where
a bottle was thrown.
"""

from typing import TypeVar

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The root of all rows."""

    @property
    def until(self) -> float | None:
        """When it is forgotten by itself; None where only an act ends it. Each kind has a field of that name."""
        raise NotImplementedError


ARow = TypeVar("ARow", bound=Row)


class Standing(Row, frozen=True, kw_only=True):
    """How long an identity has been around: whether it still counts as new hangs on it.

    Attributes:
        jumped_at: when it last visited a place out of its reach, never which; None if it never did.
        throws_due, picks_due, answers_due: until when it has used up what it may throw, pick and answer in a day; None
            if that is over.
    """

    identity: str
    first_at: float
    seated_s: float
    jumped_at: float | None = None
    throws_due: float | None = None
    picks_due: float | None = None
    answers_due: float | None = None
    until: float


class Ended(Row, frozen=True, kw_only=True):
    """An identity whose person asked to be forgotten: its tokens of before are good for nothing while they last.

    Attributes:
        at: tokens made until then are of before; None if all are that were made until `until`.
    """

    identity: str
    at: float | None = None
    until: float

    @property
    def dead_until(self) -> float:
        """Tokens made until then are dead."""
        return self.until if self.at is None else self.at


class Block(Row, frozen=True, kw_only=True):
    """`owner` and `other` are never seated together.

    Attributes:
        name: what `other` was called then, for the owner's list.
        via: the bottle or the answer that was blocked, "" if it was somebody in a room. Each has a block of its own: if
            one took another's place, the list would tell that both are of one person.
    """

    block: str
    owner: str
    other: str
    name: str
    at: float
    until: float
    via: str = ""


class Mark(Row, frozen=True, kw_only=True):
    """A blocked identity was at a place, for whoever comes anew from there. `place` is a keyed hash: it names none."""

    place: str
    identity: str
    at: float
    until: float


class Tie(Row, frozen=True, kw_only=True):
    """What `owner` holds of `other` for as long as they can come back: one way, and never told to `other`.

    Attributes:
        kind: `keep` or `mute`. Two keep each other where each has a `keep` of the other.
    """

    kind: str
    owner: str
    other: str
    at: float
    until: float


class Ban(Row, frozen=True, kw_only=True):
    """An identity, or a range of addresses, is kept out.

    Attributes:
        identity, network: one of them is empty; a network is written as in `192.0.2.0/24`.
        stops_known: of a range: whether identities that were here before are kept out as well.
        reason: in the operator's words, for the person who is kept out.
    """

    ban: str
    identity: str = ""
    network: str = ""
    stops_known: bool = False
    reason: str
    at: float
    until: float | None


class Report(Row, frozen=True, kw_only=True):
    """What was reported of one identity, or of a room as a whole, in one room; repeated reports are one.

    Attributes:
        against: the identity, or "" for the room.
        reasons, reporters: each once, in the order they came.
        counted: those reporters who count toward holding somebody's bottles.
        times: how often it was reported.
        closed_at: when the operator was done with it.
    """

    ticket: str
    room: str
    against: str
    reasons: tuple[str, ...]
    reporters: tuple[str, ...]
    times: int
    at: float
    last_at: float
    until: float
    closed_at: float | None = None
    counted: tuple[str, ...] = ()


class Bottle(Row, frozen=True, kw_only=True):
    """A message in a bottle.

    Attributes:
        owner: the identity that threw it.
        sealed: the words, and about where they were thrown.
        picked: who has ever picked it, in_hand: who of them may still answer.
        owner, sealed: empty once whoever threw it is forgotten.
        is_held: whether it comes to nobody any more, since so many reported it.
    """

    bottle: str
    owner: str
    sealed: bytes
    at: float
    until: float
    picked: tuple[str, ...] = ()
    in_hand: tuple[str, ...] = ()
    is_held: bool = False


class BottleAnswer(Row, frozen=True, kw_only=True):
    """An answer to a bottle, from `by` to its `owner`.

    Attributes:
        is_told: whether it was sent to them at least once, is_heard: whether it is known to have come.
    """

    answer: str
    bottle: str
    owner: str
    by: str
    sealed: bytes
    at: float
    until: float
    is_told: bool = False
    is_heard: bool = False


class Notice(Row, frozen=True, kw_only=True):
    """What the operator has to say to somebody, until they are there to hear it."""

    notice: str
    identity: str
    text: str
    level: str
    at: float
    until: float


class Switch(Row, frozen=True, kw_only=True):
    """A feature that the operator has switched off; one that is on has no row."""

    feature: str
    at: float
    until: float | None = None


class AuditEntry(Row, frozen=True, kw_only=True):
    """One act of an operator's. `by` is the way they came in, `target` a ticket, ban, identity or file."""

    at: float
    by: str
    act: str
    target: str
    detail: str
    until: float
