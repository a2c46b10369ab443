"""How a crowded room parts when one more sits down: those nearest to each other go on in a room of their own.

A room that is as large as it should be makes two where that brings everybody nearer. The smaller part moves, and
stays together; nobody is moved so twice in one window. Who has just come is not moved but seated.

A pure choice, like placement; rooms/world.py carries it out.
"""

from collections.abc import Sequence
from math import atan2, cos, pi, sin
from typing import NamedTuple

from geo import Cell, cell_distance_m
from rooms.extent import apart_m
from rooms.nearness import FlatMap, Spot, Weights, strain
from rooms.person import Person
from rooms.placement import limit_m
from rooms.room import Room, Seat
from rooms.rules import Rules

WEIGHTS = Weights(lonely=1.0, fragile=0.02, crowded=0.05)

_CUTS = 6
"""In how many directions the room is cut: that in which it is longest, and others evenly between."""


class Parting(NamedTuple):
    """Who goes on in a room of their own, the cell it stands in, and whether the newcomer is seated there."""

    movers: Sequence[Seat]
    cell: Cell
    takes_newcomer: bool


class _Member(NamedTuple):
    """Somebody's place on a flat map; without a seat it is the newcomer."""

    spot: Spot
    seat: Seat | None


def part(room: Room, newcomer: Person, *, now: float, rules: Rules) -> Parting | None:
    """Return how the room parts if the newcomer sits down in it too, or None if it stays whole."""
    n = len(room.seats) + 1
    if n <= rules.seats_target or n < 2 * rules.seats_min:
        return None
    if room.extent.is_all_at_the_center and newcomer.cell == room.cell:
        return None
    _, lat, lon, _, _ = room.extent.crowd
    flat = FlatMap(lat, lon)
    members = [_Member(flat.spot(seat.person.cell), seat) for seat in room.seats.values()]
    members.append(_Member(flat.spot(newcomer.cell), None))
    movers = _movers(
        members, now=now, worth=rules.parting_gain * rules.window_s / max(1.0, room.closes - now), rules=rules
    )
    if movers is None:
        return None
    people = [newcomer if seat is None else seat.person for _, seat in movers]
    cells = [person.cell for person in people]
    middle = min(sorted(set(cells)), key=lambda cell: sum(cell_distance_m(cell, other) for other in cells))
    limit = limit_m(people, rules)
    if any(apart_m(cell, middle) > limit for cell in cells):
        # Whose cell is coarse is near to all who are in it, and a room that stands there may be far from others.
        return None
    seats = [seat for _, seat in movers if seat is not None]
    return Parting(seats, middle, takes_newcomer=len(seats) < len(movers))


def _movers(members: list[_Member], *, now: float, worth: float, rules: Rules) -> Sequence[_Member] | None:
    """Return the part that moves if the room is cut where that takes most off for each of them, or None."""
    whole = _sum(members)
    strain_of_all = strain(whole, rules, WEIGHTS)
    most, best = worth, None
    for angle in _directions(members, whole):
        x, y = cos(angle), sin(angle)
        ordered = sorted(members, key=lambda member: x * member.spot.x + y * member.spot.y)
        near = _sum(ordered[: rules.seats_min - 1])
        for size in range(rules.seats_min, len(members) - rules.seats_min + 1):
            near = near.with_(ordered[size - 1].spot)
            gain = strain_of_all - strain(near, rules, WEIGHTS) - strain(whole.without(near), rules, WEIGHTS)
            # At least two have to move in any case.
            if gain > 2 * most:
                halves = ordered[:size], ordered[size:]
                for half in sorted(halves, key=len):
                    moved = [seat.person for _, seat in half if seat is not None]
                    if (
                        gain > most * len(moved)
                        and all(person.parted_until <= now for person in moved)
                        and all(_company(each) >= rules.seats_min for each in halves)
                    ):
                        most, best = gain / len(moved), half
    return best


def _directions(members: Sequence[_Member], whole: Spot) -> list[float]:
    """Return the angles in radians along which the room is cut: that in which it is longest, and those between."""
    middle_x, middle_y = whole.x / whole.n, whole.y / whole.n
    xx = yy = xy = 0.0
    for spot, _ in members:
        x, y = spot.x - middle_x, spot.y - middle_y
        xx, yy, xy = xx + x * x, yy + y * y, xy + x * y
    longest = atan2(2 * xy, xx - yy) / 2
    return [longest + pi * cut / _CUTS for cut in range(_CUTS)]


def _company(half: Sequence[_Member]) -> int:
    return sum(seat is None or seat.away_since is None for _, seat in half)


def _sum(members: Sequence[_Member]) -> Spot:
    total = members[0].spot
    for spot, _ in members[1:]:
        total = total.with_(spot)
    return total
