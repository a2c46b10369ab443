"""How people are seated elsewhere: by a block, by a vote of the room, or because two walk out on a third.

What is left behind sees no more than that somebody moved on, but for an ejection, which the whole room has decided.
Who wants to part from whom is known here for this one act alone.
"""

from collections.abc import Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from geo import Cell
from rooms.alone import open_alone
from rooms.apart import keep_apart
from rooms.changes import Change, Told
from rooms.events import Ejected
from rooms.extent import apart_m
from rooms.person import Person
from rooms.placement import Choice, limit_m, may_sit_in, why_there
from rooms.room import NEARBY, Room, Seat
from rooms.rules import Rules
from rooms.seating import Former, place_of
from rooms.shelves import ALL_FILLS
from rooms.whys import Why

if TYPE_CHECKING:
    from rooms.world import World

_LOOKED_AT = 24
"""How many of the nearest rooms are tried for people who walk out together, before they get one of their own."""


def block(world: "World", person: Person, other: Person, *, now: float) -> list[Change]:
    """Keep the two apart for good; if they sit together now, the first one sits elsewhere at once.

    The other is still told of them among those around, as after any `next`, and until a moment of chance: as if they
    had gone offline then. Where hardly anybody else is, that they count no more from now on would tell of the block.
    """
    keep_apart(person, other)
    room = person.room
    if room is None or room is not other.room:
        return []
    room.counts_until = {**room.counts_until, person.id: world.rng.uniform(now, room.closes)}
    return world.next(person, now=now)


def eject(world: "World", person: Person, *, now: float) -> list[Change]:
    """Seat somebody elsewhere because the room has voted so; that room is not theirs again."""
    room, _ = place_of(person)
    changes, seat = _stand_up(world, person, "ejected", now=now)
    changes += world.company_changed(room, now)
    why = Why("ejected")
    told = Ejected(
        room=room.id, until=int(room.closes * 1000), why=why.sentence, why_code=why.code, why_args=dict(why.args)
    )
    person.ejected, person.has_heard = told, seat.waits_until is None
    return [*changes, Told(person, told), *world.seat_newcomer(person, now=now, seat=seat)]


def walk_out(world: "World", people: Sequence[Person], other: Person, *, now: float) -> list[Change]:
    """Seat people who sit together elsewhere together; for this window it is not where the other may come to."""
    room, _ = place_of(other)
    changes: list[Change] = []
    formers = []
    for person in people:
        left, seat = _stand_up(world, person, "moved", now=now)
        changes += left
        formers.append(Former(person, seat, room, None))
    changes += world.company_changed(room, now)
    choice = room_for(world, people) if room.kind == NEARBY else _room_like(world, room, people[0], now=now)
    if choice is None:
        target = world.seating.open_room(_amid(people, room, world.rules), now=now)
        changes += world.seating.gather(formers, target, Why("first_here"), now=now)
    else:
        target, why = choice.room, choice.why
        for former in formers:
            changes += world.seating.join(former.person, target, why, now=now, former=former.seat)
    for person in people:
        person.asked_until = target.closes
    other.avoids = (*other.avoids, target.id)
    return changes + world.company_changed(target, now)


def _amid(people: Sequence[Person], room: Room, rules: Rules) -> Cell:
    """Return where a room of their own is to stand: with one of them, or where the room they leave stood.

    That is near enough for each, as it was, though two who sat at its two ends may be too far apart.
    """
    limit = limit_m(people, rules)
    cells = sorted({person.cell for person in people})
    far_m = {cell: max(apart_m(cell, person.cell) for person in people) for cell in cells}
    best = min(cells, key=far_m.__getitem__)
    return best if far_m[best] <= limit else room.cell


def _stand_up(world: "World", person: Person, why: str, *, now: float) -> tuple[list[Change], Seat]:
    """Have somebody leave a room that is not theirs again, and return the seat they had.

    Whoever is away, or has lost their connection, is so in the next one: else nobody would ever give that up.
    """
    room, seat = place_of(person)
    person.avoids = (*person.avoids, room.id)
    return world.seating.leave(person, why, now=now), seat


def room_for(world: "World", people: Sequence[Person]) -> Choice | None:
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


def _room_like(world: "World", room: Room, first: Person, *, now: float) -> Choice:
    """Return a new room in which people go on who met in one of the same kind, be they as far apart as they like."""
    like = open_alone(world, room.kind, first.cell, now=now, closes=room.closes, seats_max=room.seats_max)
    return Choice(like, Why(room.kind))


def _has_seats(world: "World", room: Room, people: Sequence[Person]) -> bool:
    return room.taken + len(people) <= world.rules.seats_max and may_sit_in(room, people, world.rules)
