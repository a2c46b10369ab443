"""Rooms that stand by themselves: nobody finds them by a cell, they never wait, and each has an end of its own.

Knows how such a room begins and ends; never why its people are together.
"""

from functools import partial
from typing import TYPE_CHECKING

from geo import Cell
from rooms.changes import Change, Published
from rooms.room import Room

if TYPE_CHECKING:
    from rooms.world import World


def open_alone(world: "World", kind: str, cell: Cell, *, now: float, closes: float, seats_max: int) -> Room:
    """Return a new, empty room that ends by itself; people are to be seated in it at once."""
    room = world.seating.open_alone(kind, cell, now=now, closes=closes, seats_max=seats_max)
    if closes - now > world.rules.closing_s:
        world.later(closes - world.rules.closing_s, partial(_announce_closing, world, room.id))
    world.later(closes, partial(end_alone, world, room.id))
    return room


def go_on_alone(world: "World", room: Room) -> None:
    """Have a room go on here that began in another process and ends by itself; those who sit there are known already.

    If its end or the time to say so is past, that is made up for at once.
    """
    world.seating.rooms[room.id] = room
    if not room.is_closing and room.closes - room.opened > world.rules.closing_s:
        world.later(room.closes - world.rules.closing_s, partial(_announce_closing, world, room.id))
    world.later(room.closes, partial(end_alone, world, room.id))


def _announce_closing(world: "World", id: str, now: float) -> list[Change]:
    """Tell everybody there when it ends."""
    room = world.rooms.get(id)
    if room is None or room.is_over or room.is_closing:
        return []
    return [Published(room, room.announce_closing())]


def end_alone(world: "World", id: str, now: float) -> list[Change]:
    """End a room that ends by itself: its people are seated like newcomers, where they are now."""
    room = world.rooms.get(id)
    if room is None or room.is_over:
        return []
    changes: list[Change] = []
    for former in world.seating.withdraw(room):
        person = former.person
        until = world.kept_until(room, former.seat)
        if until is not None and until <= now:
            changes += world.depart(person, "lost", now=now)
            continue
        person.came_from = None
        changes += world.seating.vacate(former)
        world.online.count_in(person, person.next_cell)
        changes += world.seat_newcomer(person, now=now, seat=former.seat, waiting_since=former.waiting_since)
    return changes
