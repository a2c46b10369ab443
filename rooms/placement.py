"""Which room somebody is to sit in: the rules for newcomers and for rooms that wait (docs/DESIGN.md, Rooms).

Pure choices over an index; rooms/world.py carries them out. Chance decides among
equals, so that nobody can aim for a room, and everything depends on cells alone.
"""

import random
from typing import NamedTuple

from geo import Cell, cell_distance_m, distance_m
from rooms.index import Fill, RoomIndex
from rooms.person import Person
from rooms.room import Room
from rooms.rules import Rules
from rooms.whys import Why

NEWCOMER_RINGS = 2
"""How many rings of finest cells around their own a newcomer is seated in at once."""

_FARTHER_M = {Fill.WAITING: -500.0, Fill.OPEN: 0.0, Fill.ROOMY: 800.0}
"""How much farther a room counts than it lies: company is worth half a kilometre, a crowd costs most of one."""


class Choice(NamedTuple):
    """A room and why it was chosen."""

    room: Room
    why: Why


def fill_of(room: Room, rules: Rules) -> Fill | None:
    """Return how full the room is, or None if it has no free seat."""
    if len(room.seats) >= rules.seats_max:
        return None
    if len(room.seats) >= rules.seats_target:
        return Fill.ROOMY
    return Fill.WAITING if room.company < rules.seats_min else Fill.OPEN


def choose_room(person: Person, index: RoomIndex, *, rng: random.Random) -> Choice | None:
    """Return the room for a newcomer, or None if a new one is to be opened.

    A room of their own cell that is not yet as large as it should be, those in want of
    company first; else the nearest one around.
    """
    for fill in (Fill.WAITING, Fill.OPEN):
        for room in index.matching(person.cell, fill, rng):
            if may_join(person, room):
                return Choice(room, Why("same_cell"))
    return _nearest_around(person, index, rng)


def _nearest_around(person: Person, index: RoomIndex, rng: random.Random) -> Choice | None:
    center = person.cell.center
    offers = [
        (distance_m(center, middle) + _FARTHER_M[fill], rng.random(), fill, shelf[fill])
        for middle, shelf in index.within_rings(person.cell, NEWCOMER_RINGS)
        for fill in Fill
        if shelf[fill]
    ]
    for _, _, _, pile in sorted(offers, key=lambda offer: offer[:2]):
        for room in pile.from_random(rng):
            if may_join(person, room):
                return Choice(room, Why("near", {"distance_m": _apart_m(person, room)}))
    return None


def may_join(person: Person, room: Room) -> bool:
    """Tell whether this person may be seated in this room at all, were it near enough."""
    return room.id not in person.avoids


def reach_m(room: Room, *, now: float, rules: Rules) -> float:
    """Return how far a waiting room looks, in metres: one more ring of cells every `widen_every_s`."""
    waited_s = now - room.waiting_since if room.waiting_since is not None else 0.0
    rings = NEWCOMER_RINGS + waited_s // rules.widen_every_s
    ring_m = max(Cell.at(*room.cell.center, rules.finest_cell).size_m)
    return min(rings * ring_m, _limit_m(room, rules))


def choose_outward(
    room: Room, index: RoomIndex, *, now: float, rules: Rules, rng: random.Random
) -> tuple[Room, float] | None:
    """Return the nearest room this waiting one may become one with, and how far it is in metres, or None."""
    members = [seat.person for seat in room.seats.values()]

    def accept(other: Room) -> bool:
        return (
            other is not room
            and len(other.seats) + len(members) <= rules.seats_max
            and _willing(room, other, rules)
            and all(may_join(person, other) for person in members)
            and all(may_join(seat.person, room) for seat in other.seats.values())
            and (can_move(room, now=now) or (is_waiting(other) and can_move(other, now=now)))
        )

    return index.nearest(room.cell, reach_m=reach_m(room, now=now, rules=rules), accept=accept, rng=rng)


def who_moves(room: Room, other: Room, *, now: float) -> tuple[Room, Room]:
    """Return (the room that moves, the room it joins): the smaller waiting one that still may."""
    if not (is_waiting(other) and can_move(other, now=now)):
        return room, other
    if not can_move(room, now=now) or len(other.seats) < len(room.seats):
        return other, room
    return room, other


def is_waiting(room: Room) -> bool:
    """Tell whether too few keep company here."""
    return room.waiting_since is not None


def can_move(room: Room, *, now: float) -> bool:
    """Tell whether everybody here has their one outward move of this window left."""
    return all(seat.person.moved_until <= now for seat in room.seats.values())


def _limit_m(room: Room, rules: Rules) -> float:
    far = room.seats and all(seat.person.far for seat in room.seats.values())
    return rules.far_max_m if far else rules.reach_max_m


def _willing(room: Room, other: Room, rules: Rules) -> bool:
    """Whoever did not ask for company from far gets none, whichever of the two rooms looks."""
    return cell_distance_m(room.cell, other.cell) <= min(_limit_m(room, rules), _limit_m(other, rules))


def _apart_m(person: Person, room: Room) -> int:
    return round(cell_distance_m(person.cell, room.cell) / 100) * 100
