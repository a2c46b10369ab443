"""Which room somebody is to sit in: the rules for newcomers and for rooms that wait (docs/ROOMS.md).

Pure choices over an index; rooms/world.py carries them out. Chance decides among
equals, so that nobody can aim for a room, and everything depends on cells alone.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice

import msgspec

from geo import Cell, between_m, measured
from rooms.apart import is_kept_out
from rooms.extent import apart_m
from rooms.index import RoomIndex
from rooms.nearness import Crowd, Weights, crowd_of, gauge_of
from rooms.person import Person
from rooms.room import NEARBY, Room
from rooms.rules import Rules
from rooms.shelves import ALL_FILLS, OPEN, ROOMY, WAITING, Fill
from rooms.topics import about_as_near, most_in_common
from rooms.whys import Why
from rooms.windows import region_of

NEWCOMER_RINGS = 2
"""How many rings of finest cells around their own a newcomer is seated in at once."""

_OFFERS = 8
"""How many rooms around are compared: the nearest ones, so that a crowd of rooms costs no more than a few. Twelve seat
nobody nearer (a week of check-ins, four seeds)."""

_FAR_OFFERS = 4
"""The same for rooms farther than those rings."""

_FARTHER = 2.5
"""Rooms so many times as far as the nearest are not worth a comparison."""

WEIGHTS = Weights(lonely=1.0, fragile=0.15, crowded=0.02)
"""Company is worth a distance e times as long to each of a room that waits. A crowd is hardly shunned: it parts."""


_NEARLY = 1.15
"""So much more strain than in the best room at most, and a crowded one is asked what its parting takes off. Asking each
best one seats nobody nearer (a week of check-ins, eight seeds: 1.445 both), and cuts four times as many in vain."""

Relief = Callable[[Room], float]
"""How much strain is taken off a room's people if it parts when somebody sits down there: 0 if it does not."""


class Choice(msgspec.Struct, frozen=True, gc=False):
    """A room and why it was chosen."""

    room: Room
    why: Why


def fill_of(room: Room, rules: Rules) -> Fill | None:
    """Return how full the room is, or None if it has no free seat, or none for who looks near a cell."""
    taken = room.taken
    if room.kind != NEARBY or taken >= rules.seats_max:
        return None
    if taken >= rules.seats_target:
        return ROOMY
    return WAITING if room.company < rules.seats_min else OPEN


def choose_room(
    person: Person, index: RoomIndex, *, rules: Rules, rng: random.Random, relief: Relief | None = None
) -> Choice | None:
    """Return the room for a newcomer, or None if a new one is to be opened.

    A room of their own cell that is not yet as large as it should be, those in want of
    company first; else, of the rooms nearest around, the one in which everybody is strained least.

    Args:
        relief: what is taken off by the crowded room that fits best, which parts when they sit down there; it counts.
    """
    limit = limit_m((person,), rules)
    with_topics = bool(person.topics and rules.topic_gain)
    found = _in_own_cell(person, index, limit, rng, with_topics=with_topics)
    if found is not None:
        return Choice(found, why_there(person, found))
    offers = _rooms_near(person, index, limit, rng) or _rooms_far(person, index, limit, rules, rng)
    best = least_strained(crowd_of(person.cell), offers, rules, rng, relief)
    if best is not None and with_topics:
        ring = _ring_m(region_of(person.cell), rules.finest_cell)
        off = relief(best) if relief is not None and best.taken >= rules.seats_target else 0.0
        best = about_as_near(person, best, offers, ring_m=ring, rules=rules, weights=WEIGHTS, relief=off)
    return Choice(best, why_there(person, best)) if best is not None else None


def why_there(person: Person, room: Room) -> Why:
    """Return why somebody is given a seat in this room: it is in their cell, or it is the nearest."""
    here, there = person.cell, room.cell
    if here == there or here.matches(there):
        return _SAME_CELL
    far_m = round(between_m(measured(here), room.extent.figures_of(there)) / 100) * 100
    return Why("near", {"distance_m": far_m}) if far_m else _SAME_CELL


_SAME_CELL = Why("same_cell")


def _in_own_cell(
    person: Person, index: RoomIndex, limit: float, rng: random.Random, *, with_topics: bool
) -> Room | None:
    """Return a room of their cell that is not yet as large as it should be, or None; the emptier first."""
    places = index.places(person.cell)
    for fill in (WAITING, OPEN):
        if with_topics:
            rooms = (room for place in places for room in place.of(fill, rng) if joinable(person, (room,), limit))
            found = most_in_common(person, rooms)
            if found is not None:
                return found
        else:
            for place in places:
                for room in place.of(fill, rng):
                    if joinable(person, (room,), limit):
                        return room
    return None


def _rooms_near(person: Person, index: RoomIndex, limit: float, rng: random.Random) -> list[Room]:
    """Return rooms of the cells around that the person may join."""
    found: list[Room] = []
    for shelf in index.within_rings(person.cell, NEWCOMER_RINGS, rng):
        # A few of each fill by chance: those of one cell differ little.
        found += shelf.few(_OFFERS // len(ALL_FILLS), rng)
        if len(found) >= _OFFERS:
            # Asked of all at once: as a rule all are, and another shelf is needed only if some are not.
            found = joinable(person, found, limit)
            if len(found) >= _OFFERS:
                return found[:_OFFERS]
    return joinable(person, found, limit)


def _rooms_far(person: Person, index: RoomIndex, limit: float, rules: Rules, rng: random.Random) -> list[Room]:
    """Return the nearest rooms that the person may join, as far as a room that waits would look in the end.

    Where nobody is near, nobody is likely to come near while one waits for the reach to
    grow: the wait would be in vain, and the move after it a break for nothing.
    """
    found: list[Room] = []
    enough_m = rules.reach_max_m
    around = index.around(person.cell, reach_m=rules.reach_max_m, fills=ALL_FILLS, rng=rng)
    for room, far_m in islice(around, 4 * _FAR_OFFERS):
        if len(found) == _FAR_OFFERS or far_m > enough_m:
            break
        if room.company and joinable(person, (room,), limit):
            if not found:
                enough_m = _FARTHER * far_m
            found.append(room)
    return found


def least_strained(
    newcomers: Crowd, rooms: Sequence[Room], rules: Rules, rng: random.Random, relief: Relief | None = None
) -> Room | None:
    """Return the room in which the newcomers and its members are strained least together; None of none.

    Of the rooms as large as they should be, which may part, only the best one is asked for its relief, if it is nearly
    the best of all: to cut a room is dear.
    """
    if len(rooms) < 2:
        return rooms[0] if rooms else None
    gauge = gauge_of(rules.seats_min, rules.seats_target, WEIGHTS)
    added = gauge.added(newcomers, [room.extent.crowd for room in rooms])
    draw = rng.random
    offers = [(more, draw(), number) for number, more in enumerate(added)]
    if relief is not None:
        crowded = [offer for offer in offers if rooms[offer[2]].taken >= rules.seats_target]
        if crowded:
            more, chance, number = min(crowded)
            if more <= _NEARLY * min(added):
                offers[number] = more - relief(rooms[number]), chance, number
    return rooms[min(offers)[2]]


def may_join(person: Person, room: Room, rules: Rules) -> bool:
    """Tell whether this newcomer may be seated in this room at all, were it near enough."""
    return bool(joinable(person, (room,), limit_m((person,), rules)))


def joinable(person: Person, rooms: Iterable[Room], limit: float) -> list[Room]:
    """Return those of the rooms in which this newcomer may be seated at all, were they near enough.

    Not one that is over, nor one they left by `next`, nor one with somebody they are kept apart from, nor one with
    company from far that they did not ask for.

    Args:
        limit: of this person alone, see `limit_m`.
    """
    avoids = person.avoids
    fit = [room for room in rooms if not room.is_over and room.id not in avoids and room.extent.radius_m <= limit]
    # Nearly everybody is kept apart from nobody.
    return [room for room in fit if not is_kept_out(person, room)] if person.barred else fit


def may_sit_in(room: Room, people: Sequence[Person], rules: Rules, *, cells: Sequence[Cell] | None = None) -> bool:
    """Tell whether all of these may be seated in the room, and it is near enough for everybody who will sit there.

    Args:
        cells: where they will be counted, if not where they are now.
    """
    limit = limit_m([*people, *members_of(room)], rules)
    return (
        room.extent.radius_m <= limit
        and all(may_join(person, room, rules) for person in people)
        and all(apart_m(cell, room.cell) <= limit for cell in cells or [person.cell for person in people])
    )


def reach_m(room: Room, *, now: float, rules: Rules) -> float:
    """Return how far a waiting room looks, in metres: one more ring of cells every `widen_every_s`."""
    waited_s = now - room.waiting_since if room.waiting_since is not None else 0.0
    rings = NEWCOMER_RINGS + waited_s // rules.widen_every_s
    return min(rings * ring_m(room, rules), whole_reach_m(room, rules))


def ring_m(room: Room, rules: Rules) -> float:
    """Return by how much a ring of finest cells widens a room's reach, in metres: the same all over a region.

    Those who wait are told the reach to the metre. By the cell that a room stands in, which is that of any of its
    members, the others would be told its row.
    """
    return _ring_m(room.region, rules.finest_cell)


@lru_cache(maxsize=16_384)
def _ring_m(region: Cell, finest_cell: int) -> float:
    return max(Cell.at(*region.center, finest_cell).size_m)


def whole_reach_m(room: Room, rules: Rules) -> float:
    """Return how far a waiting room looks in the end, in metres."""
    return rules.far_max_m if _all_far(seat.person for seat in room.seats.values()) else rules.reach_max_m


def limit_m(people: Iterable[Person], rules: Rules) -> float:
    """Return how far from where their room was founded these people may sit together, in metres."""
    limit = rules.far_max_m if _all_far(people) else rules.reach_max_m
    return limit if limit > _ALWAYS_M else max(limit, _newcomers_m(rules.finest_cell))


def is_waiting(room: Room) -> bool:
    """Tell whether too few keep company here."""
    return room.waiting_since is not None


def members_of(room: Room) -> list[Person]:
    """Return who sits in the room."""
    return [seat.person for seat in room.seats.values()]


def _all_far(people: Iterable[Person]) -> bool:
    # A loop, since all() with a generator takes twice as long, and every room compared asks this.
    for person in people:  # noqa: SIM110
        if not person.far:
            return False
    return True


def neighbourhood_m(rules: Rules) -> float:
    """Return how far from a room newcomers to it come from at most, in metres, as long as nobody is alone."""
    return _newcomers_m(rules.finest_cell)


@lru_cache
def _newcomers_m(finest_cell: int) -> float:
    """Return the distance in metres that newcomers of the outermost ring come from at most, at the equator."""
    return NEWCOMER_RINGS * Cell.at(0.0, 0.0, finest_cell).diagonal_m


_ALWAYS_M = _newcomers_m(4)
"""No finer cells make that any larger: four characters are the fewest accepted."""
