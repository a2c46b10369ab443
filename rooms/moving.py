"""Somebody who leaves this process for a seat in another one's room: in neither a moment too long, nor in both.

    there: hold      the seat is taken, and nobody sees it; it is free again after `HOLD_S`
    here:  take_out  they are here no more; the others are told that they moved
    there: put_in    they sit in the seat that was held, or, if that cannot be any more, like a newcomer

Whoever carries a person over calls these in this order, one change of seats of one person at a time. If the second
never comes nothing has happened; if the third never does, the value of the second is all there is of them.
"""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rooms.apart import is_kept_out
from rooms.changes import Change
from rooms.events import Member
from rooms.frozen import FrozenPerson, freeze_person, thaw_person
from rooms.person import Person
from rooms.placement import choose_room, may_sit_in, why_there
from rooms.room import NEARBY, Room, Seat
from rooms.seating import Former, place_of
from rooms.whys import Why

if TYPE_CHECKING:
    from rooms.world import World

HOLD_S = 30.0
"""As long as a lost connection's seat waits, as a rule: whoever takes longer has been given up where they come from."""


class Hold(NamedTuple):
    """A seat that is held for somebody: where, why there, and until when, Unix seconds."""

    room: Room
    why: Why
    until: float


class Leaver(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Somebody on their way, and what waits of their seat.

    Attributes:
        waiting_since: since when their room waited for company, Unix seconds, if it did.
    """

    person: FrozenPerson
    away_since: float | None
    waits_until: float | None
    waiting_since: float | None


def hold(world: "World", frozen: FrozenPerson, *, now: float, room: str | None = None, left: str = "") -> Hold | None:
    """Have a seat taken for somebody who is to come, and return it, or None if there is none for them.

    It is for where they will be counted, `frozen.cell`. Whatever was held for them before is free.

    Args:
        room: where; if it is not given, where a newcomer would sit, in no room of their own.
        left: the room they come from with all who sit there: whoever has turned from that one has turned from them.
    """
    release(world, frozen.id, now=now)
    person = thaw_person(frozen)
    found = _room_for(world, person, room)
    if found is None or any(left in seat.person.avoids for seat in found.room.seats.values()):
        return None
    held = world.holds[person.id] = Hold(found.room, found.why, now + HOLD_S)
    _hold_seats(world, found.room, 1, now)
    world.later(held.until, partial(_lapse, world, person.id))
    return held


def hold_for(world: "World", room: Room, people: Iterable[str], why: Why, *, now: float) -> list[str]:
    """Have seats taken for these, of whom no more is known than that they are to come, as far as there are seats.

    Returns:
        Those for whom there is one.
    """
    ids = [] if room.is_over else list(people)[: max(0, room.seats_max - room.taken)]
    for id in ids:
        release(world, id, now=now)
        world.holds[id] = Hold(room, why, now + HOLD_S)
        world.later(now + HOLD_S, partial(_lapse, world, id))
    if ids:
        _hold_seats(world, room, len(ids), now)
    return ids


def release(world: "World", person: str, *, now: float) -> Hold | None:
    """Have the seat that is held for somebody free again, and return it; None if there is none."""
    held = world.holds.pop(person, None)
    if held is not None:
        _hold_seats(world, held.room, -1, now)
    return held


def take_out(world: "World", person: Person, *, now: float) -> tuple[Leaver, list[Change]]:
    """Have somebody be here no more, and return who they are and what follows for those who stay.

    Of a room that is over all go within a moment, and nobody there is told.
    """
    room, seat = place_of(person)
    waiting_since = room.waiting_since
    if room.is_over:
        changes = world.seating.vacate(Former(person, seat, room, waiting_since))
    else:
        changes = world.seating.leave(person, "moved", now=now)
    world.online.dismiss(person)
    changes += world.company_changed(room, now)
    leaver = Leaver(
        person=freeze_person(person),
        away_since=seat.away_since,
        waits_until=seat.waits_until,
        waiting_since=waiting_since,
    )
    return leaver, changes


def put_in(
    world: "World", leaver: Leaver, *, now: float, why: Why | None = None, ref: str | None = None
) -> list[Change]:
    """Seat somebody who has come, and return what follows.

    Whoever sits here already leaves that seat for this one, which is the newer.

    Args:
        why: the reason they are told instead of how near the room is.
    """
    person, seat, held, changes = bring_in(world, leaver, now=now)
    if held is not None:
        room = held.room
        changes += world.seating.join(person, room, why or held.why, now=now, former=seat, ref=ref)
        changes += world.company_changed(room, now)
    else:
        since = leaver.waiting_since
        changes += world.seat_newcomer(person, now=now, seat=seat, waiting_since=since, ref=ref, because=why)
    world.keep_seat(person)
    return changes


class Arrival(NamedTuple):
    """Somebody who has come and is to be seated at once.

    Attributes:
        seat: the one they had, as far as it goes on in the next one.
        held: the seat that was held for them, if they may have it still; it is held no more.
        changes: what follows so far.
    """

    person: Person
    seat: Seat
    held: Hold | None
    changes: list[Change]


def bring_in(world: "World", leaver: Leaver, *, now: float) -> Arrival:
    """Have somebody who comes be here: whoever calls this seats them."""
    changes = _leave_here(world, leaver.person.id, now=now)
    person = thaw_person(leaver.person)
    held = release(world, person.id, now=now)
    world.online.admit(person)
    if held is not None and not _has_seat(world, held.room, person):
        held = None
    return Arrival(person, _seat_before(person, leaver), held, changes)


class _Found(NamedTuple):
    room: Room
    why: Why


def _room_for(world: "World", person: Person, id: str | None) -> _Found | None:
    if id is None:
        choice = choose_room(person, world.seating.index, rules=world.rules, rng=world.rng)
        return _Found(choice.room, choice.why) if choice is not None else None
    room = world.rooms.get(id)
    if room is None or not _has_seat(world, room, person):
        return None
    return _Found(room, why_there(person, room) if room.kind == NEARBY else Why(room.kind))


def _has_seat(world: "World", room: Room, person: Person) -> bool:
    """Tell whether the room is still here, has a seat free, and the person may have it."""
    if world.rooms.get(room.id) is not room or room.taken >= room.seats_max:
        return False
    # Both ways: where they come from it may not be known yet that somebody here is kept apart from them.
    if any(person.id in seat.person.barred for seat in room.seats.values()):
        return False
    if room.kind != NEARBY:
        return not is_kept_out(person, room)
    return may_sit_in(room, [person], world.rules)


def _hold_seats(world: "World", room: Room, count: int, now: float) -> None:
    room.held += count
    if world.rooms.get(room.id) is room:
        world.seating.refill(room, now=now)


def _lapse(world: "World", person: str, now: float) -> list[Change]:
    """Have a seat free that was held for too long; one that was held anew since then is not."""
    held = world.holds.get(person)
    if held is not None and held.until <= now:
        release(world, person, now=now)
    return []


def _leave_here(world: "World", id: str, *, now: float) -> list[Change]:
    here = world.people.get(id)
    if here is None:
        return []
    _, changes = take_out(world, here, now=now)
    return changes


def _seat_before(person: Person, leaver: Leaver) -> Seat:
    """Return the seat they had, as far as it goes on in the next one."""
    seat = Seat(person, Member("", person.name))
    seat.away_since, seat.waits_until = leaver.away_since, leaver.waits_until
    return seat
