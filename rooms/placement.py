"""Which room somebody is to sit in: the rules for newcomers and for rooms that wait (docs/DESIGN.md, Rooms).

Pure choices over an index; rooms/world.py carries them out. Chance decides among
equals, so that nobody can aim for a room, and everything depends on cells alone.
"""

import random
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from geo import Cell, cell_distance_m, distance_m
from rooms.extent import apart_m
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


class Merger(NamedTuple):
    """Two rooms that become one, and how far apart they are in metres."""

    mover: Room
    target: Room
    apart_m: float


def fill_of(room: Room, rules: Rules) -> Fill | None:
    """Return how full the room is, or None if it has no free seat."""
    if len(room.seats) >= rules.seats_max:
        return None
    if len(room.seats) >= rules.seats_target:
        return Fill.ROOMY
    return Fill.WAITING if room.company < rules.seats_min else Fill.OPEN


def choose_room(person: Person, index: RoomIndex, *, rules: Rules, rng: random.Random) -> Choice | None:
    """Return the room for a newcomer, or None if a new one is to be opened.

    A room of their own cell that is not yet as large as it should be, those in want of
    company first; else the nearest one around.
    """
    for fill in (Fill.WAITING, Fill.OPEN):
        for room in index.matching(person.cell, fill, rng):
            if may_join(person, room, rules):
                return Choice(room, Why("same_cell"))
    return _nearest_around(person, index, rules, rng)


def _nearest_around(person: Person, index: RoomIndex, rules: Rules, rng: random.Random) -> Choice | None:
    center = person.cell.center
    offers = [
        (far_m + _FARTHER_M[fill], rng.random(), shelf[fill])
        for middle, shelf in index.within_rings(person.cell, NEWCOMER_RINGS)
        for far_m in (distance_m(center, middle),)
        for fill in Fill
        if shelf[fill]
    ]
    for _, _, pile in sorted(offers, key=lambda offer: offer[:2]):
        for room in pile.from_random(rng):
            if may_join(person, room, rules):
                return Choice(room, Why("near", {"distance_m": _told_m(person, room)}))
    return None


def may_join(person: Person, room: Room, rules: Rules) -> bool:
    """Tell whether this newcomer may be seated in this room at all, were it near enough.

    Not in a room they left by `next`, nor with company from far that they did not ask for.
    """
    return room.id not in person.avoids and room.extent.radius_m <= limit_m([person], rules)


def reach_m(room: Room, *, now: float, rules: Rules) -> float:
    """Return how far a waiting room looks, in metres: one more ring of cells every `widen_every_s`."""
    waited_s = now - room.waiting_since if room.waiting_since is not None else 0.0
    rings = NEWCOMER_RINGS + waited_s // rules.widen_every_s
    ring_m = max(Cell.at(*room.cell.center, rules.finest_cell).size_m)
    return min(rings * ring_m, rules.far_max_m if _all_far(_members(room)) else rules.reach_max_m)


def limit_m(people: Iterable[Person], rules: Rules) -> float:
    """Return how far from where their room was founded these people may sit together, in metres."""
    return max(rules.far_max_m if _all_far(people) else rules.reach_max_m, _newcomers_m(rules.finest_cell))


def choose_outward(room: Room, index: RoomIndex, *, now: float, rules: Rules, rng: random.Random) -> Merger | None:
    """Return how this waiting room becomes one with the nearest room it may join or be joined by, or None.

    Whoever is away is no company: rooms of nobody else neither look nor are found.
    """

    def accept(other: Room) -> bool:
        return (
            other is not room
            and len(other.seats) + len(room.seats) <= rules.seats_max
            and other.company > 0
            and who_moves(room, other, now=now, rules=rules) is not None
        )

    reach = reach_m(room, now=now, rules=rules)
    found = index.nearest(room.cell, reach_m=reach, accept=accept, rng=rng) if room.company > 0 else None
    if found is None:
        return None
    other, apart = found
    ways = who_moves(room, other, now=now, rules=rules)
    return Merger(*ways, apart) if ways is not None else None


def who_moves(room: Room, other: Room, *, now: float, rules: Rules) -> tuple[Room, Room] | None:
    """Return (the room that moves, the room it joins): the smaller waiting one if it may, or None if neither may."""
    ways = [(room, other), (other, room)] if is_waiting(other) else [(room, other)]
    ways.sort(key=lambda way: len(way[0].seats))
    return next((way for way in ways if can_move(way[0], now=now) and _fits(*way, rules)), None)


def is_waiting(room: Room) -> bool:
    """Tell whether too few keep company here."""
    return room.waiting_since is not None


def can_move(room: Room, *, now: float) -> bool:
    """Tell whether everybody here has their one outward move of this window left."""
    return all(seat.person.moved_until <= now for seat in room.seats.values())


def _fits(mover: Room, target: Room, rules: Rules) -> bool:
    """Tell whether all may sit together there: whoever did not ask for company from far gets none."""
    people = _members(mover) + _members(target)
    limit = limit_m(people, rules)
    return (
        target.extent.radius_m <= limit
        and all(apart_m(person.cell, target.cell) <= limit for person in _members(mover))
        and not any(mover.id in person.avoids or target.id in person.avoids for person in people)
    )


def _members(room: Room) -> list[Person]:
    return [seat.person for seat in room.seats.values()]


def _all_far(people: Iterable[Person]) -> bool:
    return all(person.far for person in people)


@lru_cache
def _newcomers_m(finest_cell: int) -> float:
    """Return the distance in metres that newcomers of the outermost ring come from at most, at the equator."""
    return NEWCOMER_RINGS * Cell.at(0.0, 0.0, finest_cell).diagonal_m


def _told_m(person: Person, room: Room) -> int:
    return round(cell_distance_m(person.cell, room.cell) / 100) * 100
