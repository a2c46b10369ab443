"""Shared topics: of rooms as near as each other, the one in which more people have something in common.

They break ties, and never beat distance by more than one ring of cells. Only a few rooms are looked at, drawn by
chance: whoever makes topics up to sit with somebody is so many times as likely to meet them at most, and no likelier.

Knows words and who said them; people without any cost nothing here.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from geo import cell_distance_m
from rooms.nearness import Weights, crowd_of, gauge_of
from rooms.person import Person
from rooms.room import Room
from rooms.rules import Rules

LOOKED_AT = 6
"""Rooms compared by topics: with all of a crowded cell's, a topic of one's own making would aim at a room."""


def in_common(topics: frozenset[str], room: Room) -> int:
    """Return how many of those who sit in the room have one of the topics."""
    return sum(not topics.isdisjoint(seat.person.topics) for seat in room.seats.values())


def most_in_common(person: Person, rooms: Iterable[Room]) -> Room | None:
    """Return, of the first few rooms, that in which the largest share has a topic in common with the person."""
    topics = frozenset(person.topics)
    few = islice(rooms, LOOKED_AT)
    return max(few, key=lambda room: in_common(topics, room) / max(1, len(room.seats)), default=None)


def about_as_near(
    person: Person,
    best: Room,
    rooms: Sequence[Room],
    *,
    ring_m: float,
    rules: Rules,
    weights: Weights,
    relief: float = 0.0,
) -> Room:
    """Return, of a few rooms at most a ring farther than the best one, that which topics make the best of.

    Each who has a topic in common takes `topic_gain` off the strain.

    Args:
        relief: how much strain is taken off in the best one when it parts.
    """
    topics = frozenset(person.topics)
    limit_m = cell_distance_m(person.cell, best.cell) + ring_m
    newcomer, gauge = crowd_of(person.cell), gauge_of(rules.seats_min, rules.seats_target, weights)

    def strain(room: Room) -> float:
        [added] = gauge.added(newcomer, [room.extent.crowd])
        return added - rules.topic_gain * in_common(topics, room) - (relief if room is best else 0.0)

    others = (room for room in rooms if room is not best and cell_distance_m(person.cell, room.cell) <= limit_m)
    # Where nobody shares a topic nothing speaks against the best.
    liked = [room for room in islice(others, LOOKED_AT - 1) if in_common(topics, room)]
    return min([best, *liked], key=strain) if liked else best
