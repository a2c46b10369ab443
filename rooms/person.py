"""Somebody online, as the rooms know them: a cell, never a point; a seat, at most one."""

from typing import TYPE_CHECKING

import msgspec

from geo import Cell
from rooms.events import Ejected
from rooms.seldom import Seldom

if TYPE_CHECKING:
    from rooms.room import Room, Seat


NOBODY: frozenset[str] = frozenset()
"""Shared by all who are kept apart from nobody and keep nobody, which is nearly everybody."""


class _Rare(msgspec.Struct, gc=False):
    """What most people never have while they are online, see `Person`."""

    verified: str | None = None
    avoids: tuple[str, ...] = ()
    barred: frozenset[str] = NOBODY
    shunned_by: frozenset[str] = NOBODY
    met: frozenset[str] = NOBODY
    came_from: str | None = None
    kept: frozenset[str] = NOBODY
    asked_until: float = 0.0
    ejected: Ejected | None = None
    has_heard: bool = True
    called_to: str | None = None


_NOTHING = _Rare()


class Person:
    """One identity that is online. The world changes it; the session reads it.

    Attributes:
        id: the identity, opaque; never leaves the server.
        cell: where the rooms count this person.
        next_cell: where they say they are now; counts from the next window or `next`.
        name: the name asked for, or "" for one given anew in each room.
        verified: who says that they are no counterfeit, as it is shown; None for everybody else.
        far: whether they accept company up to `far_max_m` away.
        avoids: ids of rooms left by `next`, not to be joined again.
        barred: ids of people never to be seated with, whichever of the two wants it so; each has the other.
        shunned_by: ids of those among them who want it so.
        met: ids of those they met when they last shook.
        came_from: the room they left when they shook, to which `next` leads back.
        kept: ids of people to be seated with where both are near; each has the other.
        moved_until: end of the window in which they were last moved outward.
        parted_until: end of the room they last moved to because a crowded one parted, Unix seconds.
        asked_until: end of the window in which they last asked to sit elsewhere: until then it is not chance alone that
            has seated them where they sit.
        ejected: what the last ejection of theirs says, until they come back to a connection.
        has_heard: whether they had a connection when it was said.
        called_to: the room that called them last.
    """

    __slots__ = (
        "_rare",
        "cell",
        "far",
        "id",
        "moved_until",
        "name",
        "next_cell",
        "parted_until",
        "room",
        "seat",
        "topics",
        "visiting",
    )

    # Behind one slot: 80 of 208 bytes less of everybody, and 128 more of whoever asks to sit elsewhere, say.
    verified = Seldom[str | None]("_rare", _NOTHING)
    avoids = Seldom[tuple[str, ...]]("_rare", _NOTHING)
    barred = Seldom[frozenset[str]]("_rare", _NOTHING)
    shunned_by = Seldom[frozenset[str]]("_rare", _NOTHING)
    met = Seldom[frozenset[str]]("_rare", _NOTHING)
    came_from = Seldom[str | None]("_rare", _NOTHING)
    kept = Seldom[frozenset[str]]("_rare", _NOTHING)
    asked_until = Seldom[float]("_rare", _NOTHING)
    ejected = Seldom[Ejected | None]("_rare", _NOTHING)
    has_heard = Seldom[bool]("_rare", _NOTHING)
    called_to = Seldom[str | None]("_rare", _NOTHING)

    def __init__(
        self,
        id: str,
        cell: Cell,
        *,
        name: str = "",
        topics: tuple[str, ...] = (),
        visiting: bool = False,
        far: bool = False,
        verified: str | None = None,
    ) -> None:
        self.id = id
        self.cell = cell
        self.next_cell = cell
        self.name = name
        self.topics = topics
        self.visiting = visiting
        self.far = far
        self.room: Room | None = None
        self.seat: Seat | None = None
        self.moved_until = 0.0
        self.parted_until = 0.0
        self._rare = _NOTHING
        if verified is not None:
            self.verified = verified

    def __repr__(self) -> str:
        return f"<Person {self.id} in {self.cell}>"
