"""One room: its seats, its numbered events, and what it still remembers of them.

The room decides what is said in it and in which order; it never decides who sits
where (rooms/world.py does) and knows no session, socket or clock. Events are
numbered from 1 without a gap; the newest are kept so that a member who lost the
connection can be told what they missed.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import msgspec

from geo import Cell
from rooms.errors import RoomFull, Unthawable
from rooms.events import Changed, Closing, Extended, Joined, Left, Marks, Member, Numbered, Said, Waiting
from rooms.extent import Extent, widest_m
from rooms.names import looks_of
from rooms.person import NOBODY, Person
from rooms.seldom import Seldom
from rooms.windows import region_of

if TYPE_CHECKING:
    from rooms.shelves import Spot

AnEvent = TypeVar("AnEvent", bound=Numbered)

NEARBY, SHAKE = "nearby", "shake"
"""The kinds of rooms. Who looks for a seat near a cell finds one of the first kind; any other is a group by itself."""

MISSED_MAX = 1000
"""Events kept while a seat waits, and `ref`s remembered per seat: what a resume may ask for (PROTOCOL.md)."""


NONE_LEFT: dict[str, float] = {}
"""Shared by all rooms that nobody has left by a block, and never changed."""


class _Absence(msgspec.Struct, gc=False):
    """What few have, see `Seat`."""

    waits_until: float | None = None
    away_since: float | None = None


_PRESENT = _Absence()


class Seat:
    """One member's place in one room.

    Attributes:
        waits_until: when the seat of somebody without a connection is given up, Unix seconds; None while connected.
        away_since: when they said they would be away, Unix seconds; None while present.
        since: when they sat down, Unix seconds: of two seats of one person the newer one holds.
        looks: what the name they are shown by looks like.
    """

    __slots__ = ("_absence", "_refs", "looks", "member", "person", "since")

    waits_until = Seldom[float | None]("_absence", _PRESENT)
    away_since = Seldom[float | None]("_absence", _PRESENT)

    def __init__(self, person: Person, member: Member) -> None:
        self.person = person
        self.member = member
        self.looks = looks_of(member.name)
        self._absence = _PRESENT
        self.since = 0.0
        self._refs: dict[str, tuple[int, int]] | None = None

    @property
    def is_absent(self) -> bool:
        """Whether they may be away or without a connection; nearly everybody who changes rooms is not."""
        return self._absence is not _PRESENT

    def accepted(self, ref: str | None) -> tuple[int, int] | None:
        """Return the `seq` and `at` of what was said here under this `ref`, or None."""
        return self._refs.get(ref) if self._refs and ref is not None else None

    def newest_refs(self, most: int) -> Iterator[tuple[str, int, int]]:
        """Yield so many of what was accepted here with its `ref`, `seq` and `at`, the newest first."""
        newest = reversed(self._refs.items()) if self._refs else ()
        return ((ref, seq, at) for ref, (seq, at) in islice(newest, most))

    def remember(self, ref: str, seq: int, at: int) -> None:
        """Know the `ref` again: its number and time, not the words, which the room forgets in its own time."""
        if self._refs is None:
            self._refs = {}
        self._refs[ref] = (seq, at)
        if len(self._refs) > MISSED_MAX:
            del self._refs[next(iter(self._refs))]


class Room:
    """A small group that ends by itself.

    Attributes:
        cell: where the room stands: the cell of a member from which the others are nearest; at first the founding one.
        kind: by what its people found each other.
        opened, closes: Unix seconds.
        seats: member id → seat.
        seq: number of the newest event.
        extent: how far the members' cells are apart, and from `cell`.
        held: seats kept for people who are on their way from another process: they are taken, and nobody sees them.
        waiting_since: since when fewer than `seats_min` keep company here, Unix seconds; None while enough do.
        looks_at: when it next looks outward, Unix seconds; 0 if it is not to.
        is_closing: it was told its present end.
        is_extended: it was given more time, and ends alone.
        wishes: ids of people who voted for that.
        is_over: its window has ended; people sit here until they have another seat, and nobody joins them.
        idle_until: before that time, Unix seconds, a look outward is known to find nothing.
        told: what was last told to those who wait here.
        spot: where the index has it, which alone reads it; None while it cannot be found.
        counts_until: person's id → until when somebody who left by a block is told of as around, Unix seconds.
    """

    __slots__ = (
        "_gone",
        "_recent",
        "_recent_max",
        "away",
        "cell",
        "closes",
        "counts_until",
        "extent",
        "held",
        "id",
        "idle_until",
        "is_closing",
        "is_extended",
        "is_over",
        "kind",
        "looks_at",
        "opened",
        "region",
        "seats",
        "seats_max",
        "seq",
        "spot",
        "told",
        "unconnected",
        "waiting_since",
        "wishes",
    )

    def __init__(
        self,
        id: str,
        cell: Cell,
        *,
        opened: float,
        closes: float,
        seats_max: int,
        recent_max: int,
        kind: str = NEARBY,
    ) -> None:
        self.id = id
        self.kind = kind
        self.cell = cell
        self.region = region_of(cell)
        self.opened = opened
        self.closes = closes
        self.seats_max = seats_max
        self.seats: dict[str, Seat] = {}
        self._gone: dict[str, str] | None = None
        self.seq = 0
        self.away = 0
        self.unconnected = 0
        self.held = 0
        self.extent = Extent(cell)
        self.waiting_since: float | None = opened
        self.looks_at = 0.0
        self.idle_until = 0.0
        self.is_closing = False
        self.is_extended = False
        self.wishes = NOBODY
        self.is_over = False
        self.told: Waiting | None = None
        self.counts_until = NONE_LEFT
        self.spot: Spot | None = None
        # A list, since an empty deque takes 700 bytes, and where few are online most rooms have said little.
        self._recent: list[Numbered] = []
        self._recent_max = recent_max

    def __repr__(self) -> str:
        return f"<Room {self.id} at {self.cell}: {len(self.seats)} seats, seq {self.seq}>"

    @property
    def gone(self) -> dict[str, str]:
        """Member id → person's id, of those who left: a member stays muted when they are gone."""
        return self._gone if self._gone is not None else {}

    @property
    def was_left(self) -> bool:
        """Whether somebody has left it who is not back."""
        if not self._gone:
            return False
        here = {seat.person.id for seat in self.seats.values()}
        return any(id not in here for id in self._gone.values())

    @property
    def company(self) -> int:
        """How many members keep company: all but those away."""
        return len(self.seats) - self.away

    @property
    def taken(self) -> int:
        """How many seats nobody else can have."""
        return len(self.seats) + self.held

    @property
    def within_m(self) -> int:
        """No two members are farther apart than this, by their cells alone; rounded up to 100 m."""
        if self.kind == NEARBY:
            return self.extent.within_m
        return widest_m([seat.person.cell for seat in self.seats.values()])

    def settle(self, cell: Cell, *, limit_m: float) -> None:
        """Have the room stand in that member's cell, unless that leaves somebody farther away than `limit_m`."""
        self.extent.recenter(cell, limit_m=limit_m)
        self.cell = self.extent.center

    def join(self, person: Person, member: Member) -> Joined:
        """Seat the person as `member`. Raises RoomFull, changing nothing."""
        if self.taken >= self.seats_max:
            raise RoomFull(f"{self.taken} of {self.seats_max} seats are taken")
        seat = self.seats[member.id] = Seat(person, member)
        person.room, person.seat = self, seat
        self.extent.add(person.cell)
        return self._numbered(Joined(self.seq + 1, member.id, member, self.within_m))

    def leave(self, seat: Seat, why: str) -> Left:
        """Give the seat up; what waits of it can go on elsewhere."""
        self.vacate(seat)
        self.extent.remove(seat.person.cell)
        return self._numbered(Left(self.seq + 1, seat.member.id, why))

    def vacate(self, seat: Seat) -> None:
        """Give the seat up without a word, and without measuring anew: what waits of it can go on elsewhere."""
        self.away -= seat.away_since is not None
        self.unconnected -= seat.waits_until is not None
        person = seat.person
        if self._gone is None:
            self._gone = {}
        self._gone[seat.member.id] = person.id
        del self.seats[seat.member.id]
        person.room = person.seat = None

    def say(self, seat: Seat, text: str, *, now: float, ref: str | None = None, marks: Marks | None = None) -> Said:
        """Say `text` to everybody here, the speaker too."""
        member = seat.member
        said = Said(self.seq + 1, member.id, member.name, text, int(now * 1000), ref, marks)
        if ref is not None:
            seat.remember(ref, said.seq, said.at)
        return self._numbered(said)

    def said_before(self, seat: Seat, text: str, ref: str | None) -> Said | None:
        """Return what this member said here under the same `ref`, or None.

        If the room has forgotten the words, they are those the member repeats.
        """
        accepted = seat.accepted(ref)
        if accepted is None:
            return None
        seq, at = accepted
        age = self.seq - seq + 1
        if age <= len(self._recent):
            kept = self._recent[-age]
            assert isinstance(kept, Said)
            return kept
        return Said(seq, seat.member.id, seat.member.name, text, at, ref)

    def change(self, seat: Seat, member: Member, *, ref: str | None = None) -> Changed:
        """Show the seat's member as `member` from now on; the id stays."""
        if member.name != seat.member.name:
            seat.looks = looks_of(member.name)
        seat.member = member
        return self._numbered(Changed(self.seq + 1, member.id, member, ref))

    def announce_closing(self) -> Closing:
        """Tell everybody when the room ends."""
        self.is_closing = True
        return self._numbered(Closing(self.seq + 1, int(self.closes * 1000)))

    def announce_extended(self) -> Extended:
        """Tell everybody that the room has got more time."""
        return self._numbered(Extended(self.seq + 1, int(self.closes * 1000)))

    def set_away(self, seat: Seat, since: float | None) -> None:
        """Count the seat as away since then, or as present (None)."""
        self.away += (since is not None) - (seat.away_since is not None)
        seat.away_since = since

    def set_waiting(self, seat: Seat, until: float | None) -> None:
        """Keep the seat for somebody without a connection until then, or know them connected (None)."""
        self.unconnected += (until is not None) - (seat.waits_until is not None)
        seat.waits_until = until

    def go_on_from(self, seq: int, events: Sequence[Numbered], gone: dict[str, str]) -> None:
        """Have come to that number in another process, with these as the newest events."""
        self.seq = seq
        self._recent = [*events]
        self._gone = {**gone} if gone else None

    def relive(self, event: Numbered) -> None:
        """Know what another process has told everybody here next. Raises Unthawable, changing nothing."""
        if event.seq != self.seq + 1:
            raise Unthawable(f"after {self.seq} comes {event.seq}")
        match event:
            case Said(from_=id, ref=ref):
                if ref is not None and id in self.seats:
                    self.seats[id].remember(ref, event.seq, event.at)
            case Closing():
                self.is_closing = True
            case _:
                raise Unthawable(f"{type(event).__name__} changes more than words: a state has to follow it")
        self._numbered(event)

    def recent(self) -> Sequence[Numbered]:
        """Return the events still kept, oldest first."""
        return self._recent

    def since(self, seq: int) -> tuple[list[Numbered], int]:
        """Return the events after `seq` still kept, in order, and how many older ones are not."""
        wanted = self.seq - seq
        kept = min(wanted, len(self._recent))
        return self._recent[len(self._recent) - kept :], wanted - kept

    def skip_to(self, seq: int) -> None:
        """Go on from that number: the words between are lost, and whoever missed them is told how many there were."""
        self.seq = seq
        self._recent.clear()

    def _numbered(self, event: AnEvent) -> AnEvent:
        self.seq += 1
        recent = self._recent
        recent.append(event)
        kept = MISSED_MAX if self.unconnected else self._recent_max
        if len(recent) > kept:
            del recent[: len(recent) - kept]
        return event
