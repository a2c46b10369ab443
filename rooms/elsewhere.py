"""How people are seated elsewhere: by a block, by a vote of the room, or because two walk out on a third.

What is left behind sees no more than that somebody moved on, but for an ejection, which the whole room has decided.
Who wants to part from whom is known here for this one act alone.
"""

from collections.abc import Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from rooms.apart import keep_apart
from rooms.changes import Change, Told
from rooms.events import Ejected
from rooms.extent import apart_m
from rooms.person import Person
from rooms.placement import Choice, limit_m, may_join, members_of, why_there
from rooms.room import Room, Seat
from rooms.rules import Rules
from rooms.seating import Former, place_of
from rooms.shelves import ALL_FILLS
from rooms.whys import Why

if TYPE_CHECKING:
    from rooms.world import World

_LOOKED_AT = 24
"""How many of the nearest rooms are tried for people who walk out together, before they get one of their own."""


def block(world: "World", person: Person, other: Person, *, now: float) -> list[Change]:
    """Keep the two apart for good; if they sit together now, the first one sits elsewhere at once."""
    keep_apart(person, other)
    return world.next(person, now=now) if person.room is other.room else []


def eject(world: "World", person: Person, *, now: float) -> list[Change]:
    """Seat somebody elsewhere because the room has voted so; that room is not theirs again."""
    room, _ = place_of(person)
    changes, seat = _stand_up(world, person, "ejected", now=now)
    changes += world.tell_waiting(room, now)
    why = Why("ejected")
    told = Ejected(
        room=room.id, until=int(room.closes * 1000), why=why.sentence, why_code=why.code, why_args=dict(why.args)
    )
    former = Former(person, seat, room, None)
    return [*changes, Told(person, told), *world.seat_newcomer(person, now=now, former=former)]


def walk_out(world: "World", people: Sequence[Person], other: Person, *, now: float) -> list[Change]:
    """Seat people who sit together elsewhere together; for this window it is not where the other may come to."""
    room, _ = place_of(other)
    changes: list[Change] = []
    seats = []
    for person in people:
        left, seat = _stand_up(world, person, "moved", now=now)
        changes += left
        seats.append(seat)
    changes += world.tell_waiting(room, now)
    choice = _room_for(world, people)
    if choice is None:
        choice = Choice(world.seating.open_room(people[0].cell, now=now), Why("first_here"))
    target, why = choice
    for person, seat in zip(people, seats, strict=True):
        changes += world.seating.join(person, target, why, now=now, former=seat)
        person.asked_until = target.closes
    other.avoids = (*other.avoids, target.id)
    return changes + world.tell_waiting(target, now)


def _stand_up(world: "World", person: Person, why: str, *, now: float) -> tuple[list[Change], Seat]:
    """Have somebody leave a room that is not theirs again, and return the seat they had.

    Whoever is away, or has lost their connection, is so in the next one: else nobody would ever give that up.
    """
    room, seat = place_of(person)
    person.avoids = (*person.avoids, room.id)
    return world.seating.leave(person, why, now=now), seat


def _room_for(world: "World", people: Sequence[Person]) -> Choice | None:
    """Return a room that has seats for all of them: of the first one's cell by chance, or else the nearest."""
    index, first = world.seating.index, people[0]
    own = chain.from_iterable(index.matching(first.cell, fill, world.rng) for fill in ALL_FILLS)
    for room in islice(own, _LOOKED_AT):
        if _has_seats(world, room, people):
            return Choice(room, why_there(first, room))
    around = index.around(first.cell, reach_m=world.rules.reach_max_m, fills=ALL_FILLS, rng=world.rng)
    for room, _ in islice(around, _LOOKED_AT):
        if room.company and _has_seats(world, room, people):
            return Choice(room, why_there(first, room))
    return None


def _has_seats(world: "World", room: Room, people: Sequence[Person]) -> bool:
    return len(room.seats) + len(people) <= world.rules.seats_max and may_sit_in(room, people, world.rules)


def may_sit_in(room: Room, people: Sequence[Person], rules: Rules) -> bool:
    """Tell whether all of these may be seated in the room, and it is near enough for everybody who will sit there."""
    limit = limit_m([*people, *members_of(room)], rules)
    return room.extent.radius_m <= limit and all(
        apart_m(person.cell, room.cell) <= limit and may_join(person, room, rules) for person in people
    )
