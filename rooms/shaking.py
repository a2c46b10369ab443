"""Meeting whoever shakes in the same moment: a small room that is found by a moment instead of a cell.

Whoever shakes stays where they sit until `TOGETHER_S` later, when it is known who else shook within so much of it. Then
the oldest shake not yet answered takes the nearest others along (rooms/moment.py), or else a seat that was left in a
room of this moment. Nobody learns of anybody's shake but by meeting them. What is unanswered then may still be by
somebody of another process (rooms/shaking_afar.py).
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from geo import Cell, cell_distance_m
from rooms.alone import open_alone
from rooms.apart import are_apart, is_kept_out, turn_from
from rooms.changes import Change, Told
from rooms.events import Nobody
from rooms.moment import MEET_MAX, Moment, Shake, choose_company, just_met
from rooms.person import Person
from rooms.placement import may_sit_in
from rooms.room import NEARBY, SHAKE, Room, Seat
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


def _nowhere_else(shake: Shake) -> None:
    """Stand in where there is no other process."""


class Shaking:
    """Who shakes now, and the rooms they found by it a moment ago.

    Attributes:
        waiting: person's id → their shake that has not been answered.
        left_over: those of them that nobody here can answer any more.
        promised: id of somebody who is to come from another process → the shake that they will answer.
        look_elsewhere: called with a shake when it is left over.
    """

    def __init__(self, rng: random.Random) -> None:
        self._moment = Moment(rng)
        self.waiting: dict[str, Shake] = {}
        self.left_over: dict[str, Shake] = {}
        self.promised: dict[str, Shake] = {}
        self.look_elsewhere: Callable[[Shake], None] = _nowhere_else
        self._young: dict[str, Young] = {}

    def answered_in_s(self, person: Person, *, now: float) -> float:
        """Return in how many seconds a shake of theirs is answered at the latest; 0 or less if there is none."""
        shake = self.waiting.get(person.id)
        return shake.at + ANSWER_S - now if shake is not None and shake.person is person else 0.0

    def shake(self, world: "World", person: Person, *, now: float, ref: str | None = None) -> None:
        """Know that somebody shakes: who they met, or that it was nobody, they are told in `ANSWER_S` at the latest."""
        before = self.waiting.get(person.id)
        if before is not None:
            self.answered(before)
        shake = self.waiting[person.id] = Shake(person, now, ref)
        self._moment.put(shake)
        world.later(now + TOGETHER_S, partial(self._decide, world, shake))
        world.later(now + ANSWER_S, partial(self.give_up, world, shake))

    def _decide(self, world: "World", shake: Shake, now: float) -> list[Change]:
        """Have somebody meet those who shook within reach, unless they have met somebody already."""
        if shake.cell is None:
            return []
        self._moment.take(shake)
        return self._answer(world, shake, now) if shake.is_ready else []

    def _answer(self, world: "World", shake: Shake, now: float) -> list[Change]:
        person = shake.person
        others = list(islice(self.within_reach(shake), _LOOKED_AT))
        fresh = [other for other in others if not just_met(person, other.person)]
        company = choose_company(shake, fresh, seats=_seats(world))
        if company:
            return self._meet(world, [shake, *company], now)
        rooms = self.rooms_for(world, shake)
        strangers = next((room for room in rooms if not any(just_met(person, each) for each in people_of(room))), None)
        if strangers is not None:
            return self._join(world, shake, strangers, now)
        if others:
            return self._meet(world, [shake, others[0]], now)
        if rooms:
            return self._join(world, shake, rooms[0], now)
        self.leave_over(shake)
        return []

    def leave_over(self, shake: Shake) -> None:
        """Know that nobody here answers the shake."""
        self.left_over[shake.person.id] = shake
        self.look_elsewhere(shake)

    def join_late(self, world: "World", shake: Shake, now: float) -> list[Change]:
        """Seat somebody whose shake is left over in a room of this moment that has come to be since."""
        rooms = self.rooms_for(world, shake)
        return self._join(world, shake, rooms[0], now) if rooms else []

    def within_reach(self, shake: Shake) -> Iterator[Shake]:
        """Yield the shakes that this one may be answered by, nearest first; without those left over."""
        return (other for other in self._moment.around(shake.person.cell) if can_meet(shake, other))

    def rooms_for(self, world: "World", shake: Shake) -> list[Room]:
        """Return the rooms of this moment that have a seat for somebody, nearest first."""
        person = shake.person
        reached = [
            young.id for young in self._young.values() if any(abs(at - shake.at) <= TOGETHER_S for at in young.ats)
        ]
        rooms = [room for id in reached if (room := world.rooms.get(id)) is not None and _has_seat(room, person)]
        return sorted(rooms, key=lambda room: cell_distance_m(person.cell, room.cell))

    def _meet(self, world: "World", shakes: Sequence[Shake], now: float) -> list[Change]:
        """Seat people in a room of their own."""
        changes: list[Change] = []
        formers: list[Former] = []
        for shake in shakes:
            self.answered(shake)
            left, former = _stand_up(world, shake.person, now)
            changes += left
            formers.append(former)
        room = _open(world, shakes[0].person.cell, now)
        return changes + self._gather(world, shakes, formers, room, now)

    def meet_guest(self, world: "World", host: Shake, guest: Shake, seat: Seat, now: float) -> list[Change]:
        """Seat somebody who has come from another process, and sits nowhere, with whoever they came for."""
        self.answered(host)
        changes, former = _stand_up(world, host.person, now)
        room = _open(world, host.person.cell, now)
        # They come from no room of this process.
        formers = [former, Former(guest.person, seat, room, None)]
        return changes + self._gather(world, [host, guest], formers, room, now)

    def _gather(
        self, world: "World", shakes: Sequence[Shake], formers: list[Former], room: Room, now: float
    ) -> list[Change]:
        people = [shake.person for shake in shakes]
        for person in people:
            person.met = frozenset(other.id for other in people if other is not person)
        refs = {shake.person.id: shake.ref for shake in shakes}
        self._know_young(world, Young(room.id, tuple(shake.at for shake in shakes)))
        gathered = world.seating.gather(formers, room, Why("shake"), now=now)
        return [msgspec.structs.replace(seated, ref=refs[seated.person.id]) for seated in gathered]

    def _join(self, world: "World", shake: Shake, room: Room, now: float) -> list[Change]:
        """Give somebody the seat that was left in a room of this moment."""
        self.answered(shake)
        changes, former = _stand_up(world, shake.person, now)
        return changes + self.sit_with(world, shake, room, former.seat, now)

    def sit_with(self, world: "World", shake: Shake, room: Room, seat: Seat, now: float) -> list[Change]:
        """Seat somebody who sits nowhere among those of a room of this moment."""
        person = shake.person
        here = people_of(room)
        person.met = frozenset(other.id for other in here)
        for other in here:
            other.met |= {person.id}
        ats = self._young[room.id].ats if room.id in self._young else ()
        self._know_young(world, Young(room.id, (*ats, shake.at)))
        return world.seating.join(person, room, Why("shake"), now=now, former=seat, ref=shake.ref)

    def _know_young(self, world: "World", young: Young) -> None:
        """Know the room for as long as somebody may come who shook with one of those there."""
        self._young[young.id] = young
        world.later(max(young.ats) + 2 * TOGETHER_S, partial(self._forget_young, young))

    def _forget_young(self, young: Young, now: float) -> list[Change]:
        if self._young.get(young.id) is young:
            del self._young[young.id]
        return []

    def give_up(self, world: "World", shake: Shake, now: float) -> list[Change]:
        """Tell somebody that nobody shook with them, unless it is about to be known whether somebody does."""
        person = shake.person
        if self.waiting.get(person.id) is not shake or shake.is_bound:
            return []
        self.answered(shake)
        if world.people.get(person.id) is not person:
            return []
        return [Told(person, Nobody(about="shake", ref=shake.ref))]

    def forget(self, world: "World", person: Person, now: float) -> list[Change]:
        """Tell somebody at once that they met nobody: they go where nothing is known of their shake."""
        shake = self.waiting.get(person.id)
        if shake is None:
            return []
        shake.is_bound = False
        return self.give_up(world, shake, now)

    def answered(self, shake: Shake) -> None:
        """Know the shake answered."""
        self._moment.take(shake)
        for shakes in (self.waiting, self.left_over):
            if shakes.get(shake.person.id) is shake:
                del shakes[shake.person.id]


def can_meet(shake: Shake, other: Shake) -> bool:
    """Tell whether the second, which waits, may answer the first."""
    if abs(other.at - shake.at) > TOGETHER_S or not other.is_ready:
        return False
    return not are_apart(shake.person, other.person) and not are_apart(other.person, shake.person)


def _open(world: "World", cell: Cell, now: float) -> Room:
    return open_alone(world, SHAKE, cell, now=now, closes=now + LASTS_S, seats_max=_seats(world))


def _seats(world: "World") -> int:
    """Return how many seats a room has that people shook for."""
    return min(MEET_MAX, world.rules.seats_max)


def people_of(room: Room) -> list[Person]:
    """Return who sits there."""
    return [seat.person for seat in room.seats.values()]


def _has_seat(room: Room, person: Person) -> bool:
    """Tell whether somebody may be seated with those who met there."""
    return (
        not room.is_over
        and room.company > 0
        and room.taken < room.seats_max
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
    return changes + world.company_changed(room, now), Former(person, seat, room, None)


def go_back(world: "World", person: Person, *, now: float, ref: str | None = None) -> list[Change]:
    """Seat somebody who has had enough of a room they shook for where they sat before, or else near their cell.

    Back there they are by chance, as before. Anywhere else they are because they asked.
    """
    room, _ = place_of(person)
    before = world.rooms.get(person.came_from) if person.came_from is not None else None
    if person.next_cell != person.cell:
        before = None
    person.came_from = None
    turn_from(person, room.id, world.all_rooms)
    changes = world.seating.leave(person, "moved", now=now)
    world.online.count_in(person, person.next_cell)
    if before is None or before.taken >= before.seats_max or not may_sit_in(before, [person], world.rules):
        changes += world.seat_newcomer(person, now=now, ref=ref)
        person.asked_until = place_of(person)[0].closes
        return changes
    changes += world.seating.join(person, before, Why("back"), now=now, ref=ref)
    return changes + world.company_changed(before, now)
