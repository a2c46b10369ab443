"""Meeting whoever shakes in the same moment: a small room that is found by a moment instead of a cell.

Whoever shakes stays where they sit until `TOGETHER_S` later, when it is known who else shook within so much of it. Then
the oldest shake not yet answered takes the nearest others along (rooms/moment.py), or else a seat that was left in a
room of this moment. Nobody learns of anybody's shake but by meeting them.
"""

import random
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from geo import cell_distance_m
from rooms.alone import open_alone
from rooms.apart import are_apart, is_kept_out
from rooms.changes import Change, Told
from rooms.events import Nobody
from rooms.moment import MEET_MAX, Moment, Shake, choose_company, just_met
from rooms.person import Person
from rooms.placement import may_sit_in
from rooms.room import NEARBY, SHAKE, Room
from rooms.seating import Former, place_of
from rooms.whys import Why

if TYPE_CHECKING:
    from rooms.world import World

TOGETHER_S = 2.0
"""Who shakes no farther apart in time than this meets: a nod, a hand on the phone, a slow network."""

ANSWER_S = 4.0
"""Who met nobody is told so after this: as long as anybody looks at a phone that does nothing."""

LASTS_S = 1200.0
"""How long such a room lasts: long enough to talk, short of a window."""

_LOOKED_AT = 200
"""How many others are looked at for one shake, nearest first: in a crowd the first few will do."""


class Young(NamedTuple):
    """A room that people shook for a moment ago, by its id, and when each of them did."""

    id: str
    ats: tuple[float, ...]


class Shaking:
    """Who shakes now, and the rooms they found by it a moment ago."""

    def __init__(self, rng: random.Random) -> None:
        self._moment = Moment(rng)
        self._waiting: dict[str, Shake] = {}
        """Person's id → their shake that has not been answered."""
        self._young: dict[str, Young] = {}

    def answered_in_s(self, person: Person, *, now: float) -> float:
        """Return in how many seconds a shake of theirs is answered at the latest; 0 or less if there is none."""
        shake = self._waiting.get(person.id)
        return shake.at + ANSWER_S - now if shake is not None and shake.person is person else 0.0

    def shake(self, world: "World", person: Person, *, now: float, ref: str | None = None) -> None:
        """Know that somebody shakes: who they met, or that it was nobody, they are told in `ANSWER_S` at the latest."""
        before = self._waiting.get(person.id)
        if before is not None:
            self._moment.take(before)
        shake = self._waiting[person.id] = Shake(person, now, ref)
        self._moment.put(shake)
        world.later(now + TOGETHER_S, partial(self._decide, world, shake))
        world.later(now + ANSWER_S, partial(self._give_up, world, shake))

    def _decide(self, world: "World", shake: Shake, now: float) -> list[Change]:
        """Have somebody meet those who shook within reach, unless they have met somebody already."""
        if shake.cell is None:
            return []
        self._moment.take(shake)
        if not shake.is_ready:
            return []
        person = shake.person
        others = list(islice(self._within_reach(shake), _LOOKED_AT))
        fresh = [other for other in others if not just_met(person, other.person)]
        company = choose_company(shake, fresh, seats=_seats(world))
        if company:
            return self._meet(world, [shake, *company], now)
        rooms = self._rooms_for(world, shake)
        strangers = next((room for room in rooms if not any(just_met(person, each) for each in _people(room))), None)
        if strangers is not None:
            return self._join(world, shake, strangers, now)
        if others:
            return self._meet(world, [shake, others[0]], now)
        return self._join(world, shake, rooms[0], now) if rooms else []

    def _within_reach(self, shake: Shake) -> Iterator[Shake]:
        """Yield the shakes that this one may be answered by, nearest first."""
        person = shake.person
        for other in self._moment.around(person.cell):
            if abs(other.at - shake.at) <= TOGETHER_S and other.is_ready and not are_apart(person, other.person):
                yield other

    def _rooms_for(self, world: "World", shake: Shake) -> list[Room]:
        """Return the rooms of this moment that have a seat for somebody, nearest first."""
        person = shake.person
        reached = [
            young.id for young in self._young.values() if any(abs(at - shake.at) <= TOGETHER_S for at in young.ats)
        ]
        rooms = [room for id in reached if (room := world.rooms.get(id)) is not None and _has_seat(room, person)]
        return sorted(rooms, key=lambda room: cell_distance_m(person.cell, room.cell))

    def _meet(self, world: "World", shakes: Sequence[Shake], now: float) -> list[Change]:
        """Seat people in a room of their own."""
        people = [shake.person for shake in shakes]
        changes: list[Change] = []
        formers: list[Former] = []
        for shake in shakes:
            self._answered(shake)
            left, former = _stand_up(world, shake.person, now)
            changes += left
            formers.append(former)
        room = open_alone(world, SHAKE, people[0].cell, now=now, closes=now + LASTS_S, seats_max=_seats(world))
        for person in people:
            person.met = frozenset(other.id for other in people if other is not person)
        refs = {shake.person.id: shake.ref for shake in shakes}
        for seated in world.seating.gather(formers, room, Why("shake"), now=now):
            changes.append(msgspec.structs.replace(seated, ref=refs[seated.person.id]))
        self._know_young(world, Young(room.id, tuple(shake.at for shake in shakes)))
        return changes

    def _join(self, world: "World", shake: Shake, room: Room, now: float) -> list[Change]:
        """Give somebody the seat that was left in a room of this moment."""
        self._answered(shake)
        person = shake.person
        changes, former = _stand_up(world, person, now)
        here = _people(room)
        person.met = frozenset(other.id for other in here)
        for other in here:
            other.met |= {person.id}
        young = self._young[room.id]
        self._know_young(world, young._replace(ats=(*young.ats, shake.at)))
        return changes + world.seating.join(person, room, Why("shake"), now=now, former=former.seat, ref=shake.ref)

    def _know_young(self, world: "World", young: Young) -> None:
        """Know the room for as long as somebody may come who shook with one of those there."""
        self._young[young.id] = young
        world.later(max(young.ats) + 2 * TOGETHER_S, partial(self._forget_young, young))

    def _forget_young(self, young: Young, now: float) -> list[Change]:
        if self._young.get(young.id) is young:
            del self._young[young.id]
        return []

    def _give_up(self, world: "World", shake: Shake, now: float) -> list[Change]:
        """Tell somebody that nobody shook with them."""
        person = shake.person
        if self._waiting.get(person.id) is not shake:
            return []
        del self._waiting[person.id]
        self._moment.take(shake)
        if world.people.get(person.id) is not person:
            return []
        return [Told(person, Nobody(about="shake", ref=shake.ref))]

    def _answered(self, shake: Shake) -> None:
        """Know the shake answered."""
        self._moment.take(shake)
        if self._waiting.get(shake.person.id) is shake:
            del self._waiting[shake.person.id]


def _seats(world: "World") -> int:
    """Return how many seats a room has that people shook for."""
    return min(MEET_MAX, world.rules.seats_max)


def _people(room: Room) -> list[Person]:
    return [seat.person for seat in room.seats.values()]


def _has_seat(room: Room, person: Person) -> bool:
    """Tell whether somebody may be seated with those who met there."""
    return (
        not room.is_over
        and room.company > 0
        and len(room.seats) < room.seats_max
        and room is not person.room
        and room.id not in person.avoids
        and not is_kept_out(person, room)
    )


def _stand_up(world: "World", person: Person, now: float) -> tuple[list[Change], Former]:
    """Have somebody leave the room they shook in, to be seated at once; those there see that they moved on."""
    room, seat = place_of(person)
    if room.kind == NEARBY:
        person.came_from = room.id
    changes = world.seating.leave(person, "moved", now=now)
    return changes + world.tell_waiting(room, now), Former(person, seat, room, None)


def go_back(world: "World", person: Person, *, now: float, ref: str | None = None) -> list[Change]:
    """Seat somebody who has had enough of a room they shook for where they sat before, or else near their cell.

    Back there they are by chance, as before. Anywhere else they are because they asked.
    """
    room, _ = place_of(person)
    before = world.rooms.get(person.came_from) if person.came_from is not None else None
    if person.next_cell != person.cell:
        before = None
    person.came_from = None
    person.avoids = (*(id for id in person.avoids if id in world.rooms), room.id)
    changes = world.seating.leave(person, "moved", now=now)
    world.count_in(person, person.next_cell)
    if before is None or len(before.seats) >= before.seats_max or not may_sit_in(before, [person], world.rules):
        changes += world.seat_newcomer(person, now=now, ref=ref)
        person.asked_until = place_of(person)[0].closes
        return changes
    changes += world.seating.join(person, before, Why("back"), now=now, ref=ref)
    return changes + world.tell_waiting(before, now)
