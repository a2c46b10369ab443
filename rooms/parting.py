"""How a crowded room parts when one more sits down: those nearest to each other go on in a room of their own.

A room that is as large as it should be makes two where that brings everybody nearer. The smaller part moves, and
stays together; nobody is moved so twice in one window. Who has just come is not moved but seated.

A pure choice, like placement; rooms/world.py carries it out.
"""

from collections.abc import Sequence
from itertools import chain
from math import atan2, cos, pi, sin
from typing import NamedTuple

import msgspec

from geo import Cell, measured
from rooms.circles import is_split
from rooms.extent import amid, apart_m
from rooms.nearness import FlatMap, Weights, gauge_of
from rooms.person import Person
from rooms.placement import limit_m
from rooms.room import Room, Seat
from rooms.rules import Rules

WEIGHTS = Weights(lonely=1.0, fragile=0.02, crowded=0.05)

_CUTS = 2
"""In how many directions the room is cut: along its length, and others evenly between. Three and six brought nobody
nearer on average (a week of check-ins, four seeds)."""


class Parting(NamedTuple):
    """Who goes on in a room of their own, the cell it stands in, and whether the newcomer is seated there."""

    movers: Sequence[Seat]
    cell: Cell
    takes_newcomer: bool


class _Member(msgspec.Struct, frozen=True, gc=False):
    """Somebody's place on a flat map, in metres, and the variance in their cell; without a seat it is the newcomer."""

    x: float
    y: float
    own: float
    seat: Seat | None
    stays: bool
    """Whether they have moved so already."""


def part(room: Room, newcomer: Person, *, now: float, rules: Rules) -> Parting | None:
    """Return how the room parts if the newcomer sits down in it too, or None if it stays whole."""
    n = len(room.seats) + 1
    if n <= rules.seats_target or n < 2 * rules.seats_min:
        return None
    if room.extent.is_all_at_the_center and newcomer.cell == room.cell:
        return None
    if room.closes <= now:
        # Its end is late. The part would end at once too, and its people make others part that are late: without end.
        return None
    worth = rules.parting_gain * rules.window_s / max(1.0, room.closes - now)
    movers = _movers(_members(room, newcomer, now), worth=worth, rules=rules)
    if movers is None:
        return None
    people = [newcomer if member.seat is None else member.seat.person for member in movers]
    cells = [person.cell for person in people]
    middle = amid(cells)
    limit = limit_m(people, rules)
    if any(apart_m(cell, middle) > limit for cell in cells):
        # Whose cell is coarse is near to all who are in it, and a room that stands there may be far from others.
        return None
    seats = [member.seat for member in movers if member.seat is not None]
    return Parting(seats, middle, takes_newcomer=len(seats) < len(movers))


def _members(room: Room, newcomer: Person, now: float) -> list[_Member]:
    """Return everybody who sits here and the newcomer, on a map that touches the globe amid those who sit."""
    _, lat, lon, _, _ = room.extent.crowd
    flat = FlatMap(lat, lon)
    cell = newcomer.cell
    places = flat.places(chain(room.extent.cells(), [(cell, *measured(cell))]))
    members = []
    for seat in room.seats.values():
        x, y, own = places[seat.person.cell]
        members.append(_Member(x, y, own, seat, seat.person.parted_until > now))
    x, y, own = places[cell]
    return [*members, _Member(x, y, own, None, stays=False)]


def _movers(members: list[_Member], *, worth: float, rules: Rules) -> Sequence[_Member] | None:
    """Return the part that moves if the room is cut where that takes most off for each of them, or None."""
    gauge = gauge_of(rules.seats_min, rules.seats_target, WEIGHTS)
    n, few = len(members), rules.seats_min
    all_x = all_y = all_square = all_own = 0.0
    for member in members:
        x, y = member.x, member.y
        all_x, all_y, all_own = all_x + x, all_y + y, all_own + member.own
        all_square += x * x + y * y
    strain_of_all = gauge.of(n, all_square - (all_x * all_x + all_y * all_y) / n, all_own)
    most, best = worth, None
    for angle in _directions(members, all_x / n, all_y / n):
        along, across = cos(angle), sin(angle)
        ordered = sorted(members, key=lambda member: along * member.x + across * member.y)
        # Up to the first who stays the front may move, and behind the last the rear.
        stay = [at for at, member in enumerate(ordered) if member.stays]
        front_goes, rear_goes = (stay[0], stay[-1] + 1) if stay else (n, 0)
        if front_goes < few and rear_goes > n - few:
            continue
        x = y = square = own = 0.0
        # Sums in plain numbers: each newcomer to a large room has it cut in all these ways.
        for size, member in enumerate(ordered[: n - few], 1):
            at_x, at_y = member.x, member.y
            x += at_x
            y += at_y
            square += at_x * at_x + at_y * at_y
            own += member.own
            if size < few or front_goes < size < rear_goes:
                continue
            rest = n - size
            rest_x, rest_y = all_x - x, all_y - y
            gain = (
                strain_of_all
                - gauge.of(size, max(0.0, square - (x * x + y * y) / size), own)
                - gauge.of(
                    rest,
                    max(0.0, all_square - square - (rest_x * rest_x + rest_y * rest_y) / rest),
                    all_own - own,
                )
            )
            # At least two have to move in any case.
            if gain > 2 * most:
                halves = (ordered[:size], size <= front_goes), (ordered[size:], size >= rear_goes)
                for half, goes in sorted(halves, key=lambda half: len(half[0])):
                    moved = [member.seat.person for member in half if member.seat is not None]
                    if (
                        goes
                        and gain > most * len(moved)
                        and not is_split(moved, (member.seat.person for member in members if member.seat is not None))
                        and all(_company(each) >= few for each, _ in halves)
                    ):
                        most, best = gain / len(moved), half
    return best


def _directions(members: Sequence[_Member], middle_x: float, middle_y: float) -> list[float]:
    """Return the angles in radians along which the room is cut: that in which it is longest, and those between."""
    xx = yy = xy = 0.0
    for member in members:
        x, y = member.x - middle_x, member.y - middle_y
        xx, yy, xy = xx + x * x, yy + y * y, xy + x * y
    longest = atan2(2 * xy, xx - yy) / 2
    return [longest + pi * cut / _CUTS for cut in range(_CUTS)]


def _company(half: Sequence[_Member]) -> int:
    return sum(member.seat is None or member.seat.away_since is None for member in half)
