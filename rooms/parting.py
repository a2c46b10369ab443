"""How a crowded room parts when one more sits down: those nearest to each other go on in a room of their own.

A room that is as large as it should be makes two where that brings everybody nearer. The smaller part moves, and
stays together; nobody is moved so twice in one window. Who has just come is not moved but seated.

A pure choice, like placement; rooms/world.py carries it out.
"""

from collections.abc import Sequence
from itertools import chain
from math import atan2, cos, pi, sin
from typing import NamedTuple, TypeAlias

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
    """Who goes on in a room of their own, the cell it stands in, and whether the newcomer is seated there.

    `relief` is how much strain that takes off all of them, less what the moves are to gain.
    """

    movers: Sequence[Seat]
    cell: Cell
    takes_newcomer: bool
    relief: float


_Place: TypeAlias = tuple[float, float, float]
"""Where somebody is on a flat map, in metres, and the variance in their cell."""


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
    sitting = list(room.seats.values())
    places = _places(room, sitting, newcomer)
    cut = _cut(sitting, places, worth=worth_of_a_move(room, now=now, rules=rules), now=now, rules=rules)
    if cut is None:
        return None
    movers, relief = cut
    seats = [sitting[number] for number in movers if number < len(sitting)]
    people = [newcomer if number == len(sitting) else sitting[number].person for number in movers]
    cells = [person.cell for person in people]
    middle = amid(cells)
    limit = limit_m(people, rules)
    if any(apart_m(cell, middle) > limit for cell in cells):
        # Whose cell is coarse is near to all who are in it, and a room that stands there may be far from others.
        return None
    return Parting(seats, middle, len(seats) < len(movers), relief)


def worth_of_a_move(room: Room, *, now: float, rules: Rules) -> float:
    """Return how much strain it is to take off if somebody is moved: the more, the shorter the room still lasts."""
    return rules.parting_gain * rules.window_s / max(1.0, room.closes - now)


def _places(room: Room, sitting: Sequence[Seat], newcomer: Person) -> list[_Place]:
    """Return where everybody who sits here is, and the newcomer, on a map that touches the globe amid those who sit."""
    _, lat, lon, _, _ = room.extent.crowd
    cell = newcomer.cell
    places = FlatMap(lat, lon).places(chain(room.extent.cells(), [(cell, *measured(cell))]))
    return [*[places[seat.person.cell] for seat in sitting], places[cell]]


def _cut(
    sitting: Sequence[Seat], places: Sequence[_Place], *, worth: float, now: float, rules: Rules
) -> tuple[Sequence[int], float] | None:
    """Return the part that moves if the room is cut where that takes most off for each of them, and the relief; or
    None.

    As numbers of those who sit, and behind them of the newcomer: each newcomer to a large room has it cut in all these
    ways, so this reckons with plain numbers.
    """
    of = gauge_of(rules.seats_min, rules.seats_target, WEIGHTS).of
    n, few = len(places), rules.seats_min
    # Whoever has moved so already.
    bound = [number for number, seat in enumerate(sitting) if seat.person.parted_until > now]
    all_x = all_y = all_square = all_own = 0.0
    for x, y, own in places:
        all_x, all_y, all_own = all_x + x, all_y + y, all_own + own
        all_square += x * x + y * y
    strain_of_all = of(n, all_square - (all_x * all_x + all_y * all_y) / n, all_own)
    most, best = worth, None
    for angle in _directions(places, all_x / n, all_y / n):
        along, across = cos(angle), sin(angle)
        ordered = sorted(range(n), key=[along * x + across * y for x, y, _ in places].__getitem__)
        # Up to the first who stays the front may move, and behind the last the rear.
        stay = sorted(map(ordered.index, bound))
        front_goes, rear_goes = (stay[0], stay[-1] + 1) if stay else (n, 0)
        if front_goes < few and rear_goes > n - few:
            continue
        x = y = square = own = 0.0
        for size, number in enumerate(ordered[: n - few], 1):
            at_x, at_y, at_own = places[number]
            x += at_x
            y += at_y
            square += at_x * at_x + at_y * at_y
            own += at_own
            if size < few or front_goes < size < rear_goes:
                continue
            rest = n - size
            rest_x, rest_y = all_x - x, all_y - y
            scatter = square - (x * x + y * y) / size
            rest_scatter = all_square - square - (rest_x * rest_x + rest_y * rest_y) / rest
            gain = (
                strain_of_all
                - of(size, scatter if scatter > 0.0 else 0.0, own)
                - of(rest, rest_scatter if rest_scatter > 0.0 else 0.0, all_own - own)
            )
            # At least two have to move in any case.
            if gain > 2 * most:
                halves = (ordered[:size], size <= front_goes), (ordered[size:], size >= rear_goes)
                for half, goes in sorted(halves, key=lambda half: len(half[0])):
                    moved = [sitting[number].person for number in half if number < len(sitting)]
                    if (
                        goes
                        and gain > most * len(moved)
                        and not is_split(moved, (seat.person for seat in sitting))
                        and all(_company(sitting, each) >= few for each, _ in halves)
                    ):
                        most, best = gain / len(moved), (half, gain - worth * len(moved))
    return best


def _directions(places: Sequence[_Place], middle_x: float, middle_y: float) -> list[float]:
    """Return the angles in radians along which the room is cut: that in which it is longest, and those between."""
    xx = yy = xy = 0.0
    for at_x, at_y, _ in places:
        x, y = at_x - middle_x, at_y - middle_y
        xx, yy, xy = xx + x * x, yy + y * y, xy + x * y
    longest = atan2(2 * xy, xx - yy) / 2
    return [longest + pi * cut / _CUTS for cut in range(_CUTS)]


def _company(sitting: Sequence[Seat], half: Sequence[int]) -> int:
    return sum(number == len(sitting) or sitting[number].away_since is None for number in half)
