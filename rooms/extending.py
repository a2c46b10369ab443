"""A room that goes on: when most of those present vote for it, half a window more, once.

It leaves its window then and ends alone. Who has voted is known to the room as long as it lasts and told to nobody.
"""

from typing import TYPE_CHECKING

from rooms.agenda import Work
from rooms.changes import Change, Published
from rooms.circles import circles_of
from rooms.errors import CannotExtend
from rooms.person import Person
from rooms.room import NEARBY, Room
from rooms.seating import Former, place_of
from rooms.together import seat_as_newcomers

if TYPE_CHECKING:
    from rooms.world import World

VOTES_MIN = 2
"""Who sits alone has nobody to stay with, and waits for the window's end, when others come."""


def vote(world: "World", person: Person) -> list[Change]:
    """Take somebody's vote, each one's once, and have the room go on if most of those present want it.

    Raises CannotExtend, changing nothing.
    """
    room, _ = place_of(person)
    if room.kind != NEARBY:
        raise CannotExtend("it is a room people shook for")
    if room.is_over or room.is_extended:
        raise CannotExtend("it is over" if room.is_over else "it was given more time already")
    room.wishes = room.wishes | {person.id}
    return count_votes(world, room)


def count_votes(world: "World", room: Room) -> list[Change]:
    """Have the room go on if most of those present want it, though nobody has voted at this moment.

    Whoever is away is not present. Whoever has lost the connection is, until their seat is given up: the others see
    them there, and after a breakdown they all come back one by one, when two could outvote ten.
    """
    if room.is_over or room.is_extended:
        return []
    present = [seat.person.id for seat in room.seats.values() if seat.away_since is None]
    votes = sum(id in room.wishes for id in present)
    if votes < VOTES_MIN or 2 * votes <= len(present):
        return []
    world.seating.extend(room)
    return [Published(room, room.announce_extended())]


def announce_end(world: "World", room: Room) -> list[Change]:
    """Tell a room that was given more time that it ends soon, if it still lasts."""
    if room.id not in world.rooms or room.is_over or room.is_closing:
        return []
    return [Published(room, room.announce_closing())]


def end_alone(world: "World", room: Room) -> Work:
    """End a room that was given more time: its people are seated like newcomers, in an order of chance.

    Not before others that end in this moment are over too, lest somebody is seated there.
    """
    if room.id not in world.rooms or room.is_over:
        return
    withdrawn = world.seating.withdraw(room)
    now = yield []
    changes: list[Change] = []
    formers: dict[str, Former] = {}
    for former in withdrawn:
        if former.person.seat is not former.seat:
            continue  # they left between
        until = world.kept_until(room, former.seat)
        if until is not None and until <= now:
            changes += world.depart(former.person, "lost", now=now)
        else:
            formers[former.person.id] = former
    cells = {id: former.person.next_cell for id, former in formers.items()}
    circles = circles_of([former.person for former in formers.values()], cells, world.rules, world.rng)
    units = [*circles.values(), *([id] for id in formers.keys() - set().union(*circles.values()))]
    units.sort()
    world.rng.shuffle(units)
    for unit in units:
        changes += seat_as_newcomers(world, [formers[id] for id in unit], cells, now=now)
    yield changes
