"""A room, or a person, as a value: taken out of one process so that another can go on with it.

`freeze` takes everything that the room and its people are to go on with: seats, cells, who is kept apart, votes, what
was said last, the end. What concerns the process alone stays: what is on its agenda, shakes of the last seconds, what
a look outward found in vain, seats held for others. `thaw` builds the same room in another world, with the same id and
`seq`.

Between two whole states there may be words alone. `later` is what was said after the frozen state, and that the room
ends soon; whatever else changes a room or its people, with an event or without, needs a new state.

Known here: rooms, people and worlds. Never how a value travels, or who decides which process goes on.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import msgspec

from geo import Cell
from rooms.alone import go_on_alone
from rooms.changes import Change, Unseated
from rooms.errors import RoomIsHere
from rooms.events import Changed, Closing, Ejected, Extended, Joined, Left, Member, Numbered, Said, Waiting
from rooms.person import NOBODY, Person
from rooms.room import NEARBY, NONE_LEFT, Room, Seat
from rooms.rules import Rules
from rooms.whys import Why
from rooms.windows import region_of

if TYPE_CHECKING:
    from rooms.world import World

EVENTS_MAX = 100
"""Of the newest events: a lost connection is noticed after 45 s, and in that time a room at its limits has so many."""

REFS_MAX = 64
"""Of the newest `ref`s of one seat: whoever says twenty words a minute repeats none of those of three minutes ago."""

Kept = Joined | Left | Changed | Said | Closing | Extended
"""The events a room keeps."""


class FrozenPerson(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Somebody online, without their seat: the fields of `Person`."""

    id: str
    cell: str
    next_cell: str
    name: str
    topics: tuple[str, ...]
    visiting: bool
    far: bool
    verified: str | None
    avoids: tuple[str, ...]
    barred: frozenset[str]
    shunned_by: frozenset[str]
    kept: frozenset[str]
    met: frozenset[str]
    came_from: str | None
    moved_until: float
    parted_until: float
    asked_until: float
    ejected: Ejected | None
    has_heard: bool
    called_to: str | None = None


class FrozenSeat(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One seat: the fields of `Seat`. Until when it waits is not among them: wherever it goes on, its person has to
    find the way there first."""

    member: Member
    person: FrozenPerson
    since: float
    away_since: float | None
    refs: tuple[tuple[str, int, int], ...]
    """`ref`, `seq` and `at` of what was said here, the oldest first, without what is among the events."""


class FrozenRoom(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One room: the fields of `Room`, and when it was so, Unix seconds."""

    at: float
    id: str
    kind: str
    cell: str
    region: str
    opened: float
    closes: float
    seats_max: int
    seq: int
    seats: tuple[FrozenSeat, ...]
    gone: dict[str, str]
    events: tuple[Kept, ...]
    waiting_since: float | None
    is_closing: bool
    is_extended: bool
    wishes: frozenset[str]
    told: Waiting | None
    counts_until: dict[str, float]


def freeze_person(person: Person) -> FrozenPerson:
    """Return the person as a value."""
    return FrozenPerson(
        id=person.id,
        # As plain text, which alone is encoded.
        cell=str(person.cell),
        next_cell=str(person.next_cell),
        name=person.name,
        topics=person.topics,
        visiting=person.visiting,
        far=person.far,
        verified=person.verified,
        avoids=person.avoids,
        barred=person.barred,
        shunned_by=person.shunned_by,
        kept=person.kept,
        met=person.met,
        came_from=person.came_from,
        moved_until=person.moved_until,
        parted_until=person.parted_until,
        asked_until=person.asked_until,
        ejected=person.ejected,
        has_heard=person.has_heard,
        called_to=person.called_to,
    )


def thaw_person(frozen: FrozenPerson) -> Person:
    """Return the person, who has no seat."""
    person = Person(frozen.id, Cell(frozen.cell))
    _become(person, frozen)
    return person


def freeze(room: Room, *, now: float, events_max: int = EVENTS_MAX, refs_max: int = REFS_MAX) -> FrozenRoom:
    """Return the room and everybody in it as a value.

    Args:
        events_max, refs_max: so many of the newest events, and `ref`s of each seat, go along; events may be put in
            later, if they are kept elsewhere.
    """
    recent = room.recent()
    events = tuple(recent[max(0, len(recent) - events_max) :])
    before = events[0].seq if events else room.seq + 1
    return FrozenRoom(
        at=now,
        id=room.id,
        kind=room.kind,
        cell=str(room.cell),
        region=str(room.region),
        opened=room.opened,
        closes=room.closes,
        seats_max=room.seats_max,
        seq=room.seq,
        seats=tuple([_freeze_seat(seat, refs_max, before) for seat in room.seats.values()]),
        # A copy, since the room goes on.
        gone={**room.gone},
        # A room keeps no others.
        events=cast("tuple[Kept, ...]", events),
        waiting_since=room.waiting_since,
        is_closing=room.is_closing,
        is_extended=room.is_extended,
        wishes=room.wishes,
        told=room.told,
        counts_until=room.counts_until,
    )


def thaw(
    world: "World", frozen: FrozenRoom, later: Iterable[Numbered] = (), *, now: float
) -> tuple[Room, list[Change]]:
    """Have the room go on in this world, and return it and what follows.

    All seats wait for their people as if they had lost their connections this moment. A room whose end is past ends
    with the next `tick`, as it would have. Of somebody who sits here in another room the seat taken later holds, this
    one or that; the others there are told that they moved. If it is this one they are told so, and keep their
    connection.

    Args:
        later: what was said there after it was frozen, in order.

    Raises:
        RoomIsHere: the world has a room of that id.
        Unthawable: `later` has a gap, or says more than words. Nothing has changed then.
    """
    if frozen.id in world.rooms:
        raise RoomIsHere(frozen.id)
    room = _rebuilt(frozen, world.rules)
    for event in later:
        room.relive(event)
    if room.kind == NEARBY:
        world.seating.go_on(room, now=now)
    else:
        go_on_alone(world, room)
    sitting: list[Seat] = []
    for seat in room.seats.values():
        if seat.person.id in world.people:
            sitting.append(seat)
        else:
            world.online.admit(seat.person)
            world.lose(seat.person, now=now)
    changes: list[Change] = []
    for seat in sitting:
        changes += _sit_once(world, room, seat, now=now)
    return room, changes


def drop(world: "World", room: Room) -> list[Change]:
    """Have the room be here no more, since it goes on in another process, and return what follows.

    Nobody is told anything, and those who sat there are not online here any longer.
    """
    people = [seat.person for seat in room.seats.values()]
    changes, _ = world.seating.take_apart([room])
    # What is still on the agenda for it passes it over.
    room.is_over = True
    for person in people:
        world.online.dismiss(person)
    return changes


def _freeze_seat(seat: Seat, refs_max: int, before: int) -> FrozenSeat:
    refs = [(ref, seq, at) for ref, seq, at in seat.newest_refs(refs_max) if seq < before]
    refs.reverse()
    return FrozenSeat(
        member=seat.member,
        person=freeze_person(seat.person),
        since=seat.since,
        away_since=seat.away_since,
        refs=tuple(refs),
    )


def _rebuilt(frozen: FrozenRoom, rules: Rules) -> Room:
    """Return the room with its people, of whom the world knows nothing yet."""
    room = Room(
        frozen.id,
        Cell(frozen.cell),
        opened=frozen.opened,
        closes=frozen.closes,
        seats_max=frozen.seats_max,
        recent_max=rules.recent_events,
        kind=frozen.kind,
    )
    # It may have come to stand beyond the border of the region whose window it ends with.
    room.region = region_of(Cell(frozen.region))
    room.waiting_since = frozen.waiting_since
    room.is_closing = frozen.is_closing
    room.is_extended = frozen.is_extended
    room.wishes = frozen.wishes or NOBODY
    room.told = frozen.told
    room.counts_until = frozen.counts_until or NONE_LEFT
    for each in frozen.seats:
        _rebuild_seat(room, each)
    room.go_on_from(frozen.seq, frozen.events, frozen.gone)
    for event in frozen.events:
        if isinstance(event, Said) and event.ref is not None and event.from_ in room.seats:
            room.seats[event.from_].remember(event.ref, event.seq, event.at)
    return room


def _rebuild_seat(room: Room, frozen: FrozenSeat) -> None:
    person = thaw_person(frozen.person)
    seat = room.seats[frozen.member.id] = Seat(person, frozen.member)
    person.room, person.seat = room, seat
    room.extent.add(person.cell)
    seat.since = frozen.since
    room.set_away(seat, frozen.away_since)
    for ref, seq, at in frozen.refs:
        seat.remember(ref, seq, at)


def _sit_once(world: "World", room: Room, seat: Seat, *, now: float) -> list[Change]:
    """Have somebody who sits here in another room sit only where they sat down later."""
    here = world.people[seat.person.id]
    if here.seat is not None and here.seat.since >= seat.since:
        # Who is online here goes on hearing the other room: it is not they whom this unseats.
        left = world.seating.leave(seat.person, "moved", now=now)
        return [change for change in left if not isinstance(change, Unseated)] + world.company_changed(room, now)
    return _change_seats(world, here, room, seat, now=now)


def _change_seats(world: "World", here: Person, room: Room, seat: Seat, *, now: float) -> list[Change]:
    """Have somebody sit in this seat instead of the one they have here."""
    changes: list[Change] = []
    is_connected = True
    if here.room is not None and here.seat is not None:
        former, is_connected = here.room, here.seat.waits_until is None
        changes = world.seating.leave(here, "moved", now=now) + world.company_changed(former, now)
    frozen = freeze_person(seat.person)
    world.online.count_in(here, seat.person.cell)
    _become(here, frozen)
    seat.person, here.room, here.seat = here, room, seat
    if not is_connected:
        world.lose(here, now=now)
        return changes
    world.keep_seat(here)
    return [*changes, world.snapshot(here, Why("kept"))]


def _become(person: Person, frozen: FrozenPerson) -> None:
    """Give the person all that was frozen, but their seat."""
    person.cell = Cell(frozen.cell)
    # The same object for both, as with nearly everybody who is online.
    person.next_cell = person.cell if frozen.next_cell == frozen.cell else Cell(frozen.next_cell)
    person.name = frozen.name
    person.topics = frozen.topics
    person.visiting = frozen.visiting
    person.far = frozen.far
    person.verified = frozen.verified
    person.avoids = frozen.avoids
    person.barred = frozen.barred or NOBODY
    person.shunned_by = frozen.shunned_by or NOBODY
    person.kept = frozen.kept or NOBODY
    person.met = frozen.met or NOBODY
    person.came_from = frozen.came_from
    person.moved_until = frozen.moved_until
    person.parted_until = frozen.parted_until
    person.asked_until = frozen.asked_until
    person.ejected = frozen.ejected
    person.has_heard = frozen.has_heard
    person.called_to = frozen.called_to
