"""Meeting somebody of another process who shook in the same moment: one of the two comes over.

What a shake found at home is taken first. Of what is left over, the older asks the other processes and goes to the
younger, or to a room of this moment: by that order no two ever go to each other.

    there: find_offer  what there is for somebody who shook elsewhere; nothing is promised
    there: take_in     a seat is held in the room, or nobody else may meet the one who shook there, for `COMES_S`
    here:  set_out     they are about to leave; then rooms/moving.py's `take_out`
    there: come        they sit together: only now a room is opened, so nobody sits alone in one
    there: stayed      instead of the last two: they do not come

Everybody who is promised or on their way is bound: their `nobody` waits until that is over.
"""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from geo import cell_distance_m
from rooms.changes import Change, Told
from rooms.events import Nobody
from rooms.frozen import FrozenPerson, freeze_person, thaw_person
from rooms.moment import Shake, just_met
from rooms.moving import Leaver, bring_in, hold, release
from rooms.room import NEARBY, SHAKE
from rooms.seating import place_of
from rooms.shaking import ANSWER_S, can_meet, people_of

if TYPE_CHECKING:
    from rooms.world import World

COMES_S = 2.0
"""As long as the longest way between processes takes; whoever waits for somebody is free again after it."""

_LOOKED_AT = 50
"""How many shakes are looked at for somebody of elsewhere: in a crowd the first few will do."""


class Guest(msgspec.Struct, frozen=True, array_like=True):
    """Somebody who shook in another process: when, Unix seconds."""

    person: FrozenPerson
    at: float


class Offer(msgspec.Struct, frozen=True, array_like=True, order=True):
    """What there is for a guest; the least is the best.

    Attributes:
        has_met: whether they met somebody there when they last shook.
        id: the room's, or the person's who shook.
    """

    has_met: bool
    distance_m: float
    is_room: bool
    id: str


def guest_of(shake: Shake) -> Guest:
    """Return whoever shook as those of other processes are to know them."""
    return Guest(freeze_person(shake.person), shake.at)


def find_offer(world: "World", guest: Guest) -> Offer | None:
    """Return the best there is for somebody who shook elsewhere, or None."""
    shake = _shake_of(guest)
    return min((*_rooms(world, shake), *_shakes(world, shake)), default=None)


def take_in(world: "World", guest: Guest, offer: Offer, *, now: float) -> bool:
    """Have somebody from elsewhere expected, and tell whether they may come."""
    shake, shaking = _shake_of(guest), world.shaking
    if offer.is_room:
        if not any(room.id == offer.id for room in shaking.rooms_for(world, shake)):
            return False
        return hold(world, guest.person, now=now, room=offer.id) is not None
    host = shaking.waiting.get(offer.id)
    if host is None or not _goes_to(shake, host) or shake.person.id in shaking.promised:
        return False
    host.is_bound = True
    shaking.promised[shake.person.id] = host
    world.later(now + COMES_S, partial(_lapse, world, shake.person.id, host))
    return True


def stayed(world: "World", guest: str, *, now: float) -> list[Change]:
    """Know that somebody who was expected does not come."""
    held = world.holds.get(guest)
    if held is not None and held.room.kind == SHAKE:
        release(world, guest, now=now)
    host = world.shaking.promised.get(guest)
    return _lapse(world, guest, host, now) if host is not None else []


def come(world: "World", leaver: Leaver, *, at: float, ref: str | None, now: float) -> list[Change]:
    """Seat somebody who has come with whom they came for; if that cannot be any more, as a newcomer who met nobody."""
    shaking = world.shaking
    person, seat, held, changes = bring_in(world, leaver, now=now)
    shake = Shake(person, at, ref)
    host = shaking.promised.pop(person.id, None)
    if host is not None:
        host.is_bound = False
    if host is not None and shaking.waiting.get(host.person.id) is host and can_meet(shake, host):
        changes += shaking.meet_guest(world, host, shake, seat, now)
    elif held is not None and held.room.company:
        changes += shaking.sit_with(world, shake, held.room, seat, now)
    else:
        since = leaver.waiting_since
        changes += world.seat_newcomer(person, now=now, seat=seat, waiting_since=since)
        changes.append(Told(person, Nobody(about="shake", ref=ref)))
        if host is not None:
            changes += _unbind(world, host, now)
    world.keep_seat(person)
    return changes


def can_go(world: "World", shake: Shake) -> bool:
    """Tell whether somebody's shake is still unanswered, and they could leave for its answer now."""
    person = shake.person
    return world.shaking.waiting.get(person.id) is shake and shake.is_ready and world.people.get(person.id) is person


def set_out(world: "World", shake: Shake) -> None:
    """Know that somebody leaves for where their shake is answered, and from which room."""
    world.shaking.answered(shake)
    room, _ = place_of(shake.person)
    if room.kind == NEARBY:
        shake.person.came_from = room.id


def stay(world: "World", shake: Shake, *, now: float) -> list[Change]:
    """Know that somebody who was to leave cannot: others may answer their shake again, while there is time."""
    shake.is_bound = False
    return world.shaking.give_up(world, shake, now) if now >= shake.at + ANSWER_S else []


def _rooms(world: "World", shake: Shake) -> Iterator[Offer]:
    for room in world.shaking.rooms_for(world, shake):
        has_met = any(just_met(shake.person, other) for other in people_of(room))
        yield Offer(has_met, cell_distance_m(shake.person.cell, room.cell), True, room.id)


def _shakes(world: "World", shake: Shake) -> Iterator[Offer]:
    nearest_first = islice(world.shaking.within_reach(shake), _LOOKED_AT)
    for host in nearest_first:
        if _goes_to(shake, host):
            offer = _offer_of(shake, host)
            yield offer
            if not offer.has_met:
                break
    left_over = (host for host in world.shaking.left_over.values() if _goes_to(shake, host))
    for host in islice(left_over, _LOOKED_AT):
        yield _offer_of(shake, host)


def _offer_of(shake: Shake, host: Shake) -> Offer:
    far_m = cell_distance_m(shake.person.cell, host.person.cell)
    return Offer(just_met(shake.person, host.person), far_m, False, host.person.id)


def _goes_to(shake: Shake, host: Shake) -> bool:
    """Tell whether somebody may go to another one who shook: the older goes, and of two as old the first by id."""
    return (shake.at, shake.person.id) < (host.at, host.person.id) and can_meet(shake, host)


def _lapse(world: "World", guest: str, host: Shake, now: float) -> list[Change]:
    """Have somebody be free who was promised to a guest, unless the guest has come."""
    if world.shaking.promised.get(guest) is not host:
        return []
    del world.shaking.promised[guest]
    return _unbind(world, host, now)


def _unbind(world: "World", host: Shake, now: float) -> list[Change]:
    changes = stay(world, host, now=now)
    shaking = world.shaking
    is_decided = host.cell is None
    if is_decided and shaking.waiting.get(host.person.id) is host and host.person.id not in shaking.left_over:
        shaking.leave_over(host)
    return changes


def _shake_of(guest: Guest) -> Shake:
    return Shake(thaw_person(guest.person), guest.at, None)
