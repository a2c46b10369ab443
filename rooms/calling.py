"""A room that lacks one person calls the nearest of a room nearby: one moves instead of two.

When a third leaves, the two who are left would move together into another room, where they are farther from everybody
than those who sit there. Somebody of a room with people to spare may live nearer to the two than to their own: then
that one goes over, and the room they know stays theirs.

A pure choice, like placement; rooms/world.py carries it out.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from math import inf, sqrt
from typing import NamedTuple

from geo import Cell, Figures, measured
from rooms.circles import is_split
from rooms.nearness import Crowd, Gauge, gauge_of, square_m, with_one, without_one
from rooms.parting import worth_of_a_move
from rooms.placement import WEIGHTS, may_sit_in, members_of
from rooms.room import Room, Seat
from rooms.rules import Rules

_CALLED_UPON = 6
"""How many rooms with people to spare are asked: the nearest ones."""

_FARTHER, _FARTHEST = 3.0, 10.0
"""Nobody is called to people so many times as far as their own; the latter where those two may not go anywhere
themselves. With 3 in both cases the near ratio rises by 0.005 (a week of check-ins, eight seeds), with 10 it stays."""


class Call(NamedTuple):
    """Whose seat is given up for one in the room that lacks somebody."""

    seat: Seat


def lacks_one(room: Room, rules: Rules) -> bool:
    """Tell whether one more would be company here again: somebody left, somebody is here, nobody on their way, there is
    a seat, and it does not end soon.

    Who only just came and never was company calls nobody: else two who may not sit where somebody is could have that
    one brought to them at once. Nor does a room call while one of them has no connection: whoever came would sit with
    the other alone if that one does not come back, and may not move again.
    """
    return 0 < room.company == rules.seats_min - 1 == _present(room) and (
        room.was_left and room.taken < rules.seats_max and not room.held and not room.is_closing
    )


def call(
    room: Room, near: Iterable[Room], joined: Room | None, *, now: float, rules: Rules, rng: random.Random
) -> Call | None:
    """Return who comes to a room that lacks one, if that is better than to join another room, or None.

    Everybody who moves counts as much as in a parting. Of those who are of one cell chance takes one. Nobody comes from
    a room that somebody here left by `next`.

    Args:
        near: the rooms within reach, nearest first.
        joined: which one this room would join else; without any, it is enough that somebody may come.
    """
    gauge = gauge_of(rules.seats_min, rules.seats_target, WEIGHTS)
    crowd = room.extent.crowd
    now_here = _strain(gauge, crowd)
    most, best, farthest = -inf, None, _FARTHEST if joined is None else _FARTHER
    if joined is not None:
        (added,) = gauge.added(crowd, [joined.extent.crowd])
        most = now_here - added - (len(room.seats) - 1) * worth_of_a_move(room, now=now, rules=rules)
    turned_from = {id for person in members_of(room) for id in person.avoids}
    asked = (other for other in near if _has_to_spare(other, rules) and other.id not in turned_from)
    for other in islice(asked, _CALLED_UPON):
        there = other.extent.crowd
        now_there = _strain(gauge, there)
        for cell, seats in _who_may_go(other, room, now=now, rules=rules).items():
            here = measured(cell)
            others = without_one(there, here)
            if _far_m(here, crowd) > farthest * _far_m(here, others):
                continue
            after = _strain(gauge, with_one(crowd, here)) + _strain(gauge, others)
            gain = now_here + now_there - after
            if gain > most:
                most, best = gain, seats
    return Call(rng.choice(best)) if best is not None else None


def _far_m(here: Figures, crowd: Crowd) -> float:
    """Return how far somebody of a cell is from these people, in metres: the root of the mean square."""
    lat, lon, _, radius_m = here
    n, mean_lat, mean_lon, scatter, own = crowd
    aside = (lon - mean_lon + 180.0) % 360.0 - 180.0
    return sqrt(square_m(lat - mean_lat, aside, mean_lat) + (scatter + own) / n + radius_m * radius_m / 3)


def _strain(gauge: Gauge, crowd: Crowd) -> float:
    n, _, _, scatter, own = crowd
    return gauge.of(n, scatter, own)


def _has_to_spare(room: Room, rules: Rules) -> bool:
    """Tell whether the room is company without one of its people, too, though nobody's lost connection comes back.

    One that was given more time stays as its people wished, and of one that ends soon nobody is taken any more.
    """
    return _present(room) > rules.seats_min and not (room.is_over or room.is_extended or room.is_closing)


def _present(room: Room) -> int:
    """Return how many sit here who are not away and have a connection."""
    if not room.away and not room.unconnected:
        return len(room.seats)
    return sum(map(_is_present, room.seats.values()))


def _is_present(seat: Seat) -> bool:
    return seat.away_since is None and seat.waits_until is None


def _who_may_go(other: Room, room: Room, *, now: float, rules: Rules) -> dict[Cell, list[Seat]]:
    """Return who of the other room may go over, by cell.

    Whom no rule has moved in this window, who has a connection and is not away, and keeps nobody there.
    """
    found: dict[Cell, list[Seat]] = defaultdict(list)
    members = members_of(other)
    for seat in other.seats.values():
        person = seat.person
        moved = person.moved_until > now or person.parted_until > now
        if moved or not _is_present(seat) or is_split([person], members):
            continue
        if may_sit_in(room, [person], rules):
            found[person.cell].append(seat)
    return found
