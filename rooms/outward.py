"""How rooms that wait find company: which rooms become one, and who moves.

A waiting room joins the nearest room with company, or gathers with as many other waiting rooms as
make company together, whichever is nearer; the smaller move. Nobody's one outward move of a window is
spent on a pair while more may be had: two rooms of one make a pair only when nothing else is within
the usual reach. Pure choices over an index, like placement; rooms/world.py carries them out.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from math import ceil
from typing import NamedTuple

from geo import Cell, cell_distance_m
from rooms.apart import is_kept_out
from rooms.calling import Call, call, lacks_one
from rooms.extent import apart_m
from rooms.index import RoomIndex
from rooms.placement import is_waiting, least_strained, limit_m, members_of, reach_m, ring_m, whole_reach_m
from rooms.reform import Neighbour, Slices
from rooms.room import Room
from rooms.rules import Rules
from rooms.shelves import ALL_FILLS, Fill

_LOOKED_AT = 24
"""How many of the nearest rooms one look takes in."""

_HOSTS = 6
"""How many rooms with company are compared: the nearest ones."""

_AGAIN = 6
"""A look is due again after so many turns even if nothing is known to come."""

_VISITORS = 100
"""How many waiting rooms of other windows are gathered at a window's end at most."""

_STANDING = 4
"""How many rooms that go on are offered to each cell at a window's end."""


_ASKED = 40
"""For how many cells rooms that go on are looked for at most, at a window's end. To ask for three times as many seats
nobody nearer (a week of check-ins, eight seeds)."""

_ASK_US = 100
"""What each of them takes."""


class Union(NamedTuple):
    """Rooms that become one: those that move and the one they join."""

    movers: Sequence[Room]
    target: Room


def search(room: Room, index: RoomIndex, *, now: float, rules: Rules, rng: random.Random) -> Union | Call | None:
    """Return how a waiting room finds company now; if it finds none, have it know until when that stays so."""
    if now < room.idle_until:
        return None
    # Once as far as it ever looks: whoever finds nothing within reach is mostly to know what is beyond.
    calls = lacks_one(room, rules)
    fills = ALL_FILLS if calls or can_move(room, now=now) else (Fill.WAITING,)
    around = index.around(room.cell, reach_m=whole_reach_m(room, rules), fills=fills, rng=rng)
    others = ((other, far_m) for other, far_m in around if other is not room)
    reach = reach_m(room, now=now, rules=rules)
    near = []
    beyond_m = None
    for other, far_m in islice(others, _LOOKED_AT):
        if far_m > reach:
            beyond_m = far_m
            break
        near.append(other)
    union = _choose_outward(room, near, reach, now=now, rules=rules, rng=rng)
    called = None
    if calls and (union is None or (room in union.movers and not is_waiting(union.target))):
        called = call(room, near, union.target if union is not None else None, now=now, rules=rules, rng=rng)
    if called is None and union is None:
        room.idle_until = _idle_until(room, reach, beyond_m, now=now, rules=rules)
    return called or union


def _choose_outward(
    room: Room, near: Iterable[Room], reach: float, *, now: float, rules: Rules, rng: random.Random
) -> Union | None:
    """Return how this waiting room finds company among the others within reach, nearest first, or None.

    Whoever is away is no company: rooms of nobody else neither look nor are found.

    Args:
        reach: how far it looks now, in metres.
    """
    if not room.company:
        return None
    moves = can_move(room, now=now)
    hosts: list[Room] = []
    peers: list[Room] = []
    for other in near:
        enough = _are_company([room, *peers], rules)
        if len(hosts) == _HOSTS or (hosts and enough):
            break
        if not is_waiting(other):
            if moves and fits(room, other, rules):
                hosts.append(other)
        elif not enough and _may_gather(room, peers, other, now=now, rules=rules):
            peers.append(other)
    return _choose(room, hosts, peers, reach, now=now, rules=rules, rng=rng)


def _idle_until(room: Room, reach: float, beyond_m: float | None, *, now: float, rules: Rules) -> float:
    """Return when a waiting room that found nothing now may find something, Unix seconds.

    That is when its reach gets to the next room that is there already. Whatever else appears finds it: newcomers look
    as far as it ever will, rooms that begin to wait look themselves, a window's end takes in the rooms that reach it.
    Only a full room from which somebody goes does not, nor one that could spare somebody by now: once in a while it
    looks all the same. To call as soon as somebody can be spared seats nobody nearer (a week, three seeds).

    Args:
        reach: how far it looks now, in metres.
        beyond_m: how far the nearest room is that is farther, in metres; None if none is seen.
    """
    if beyond_m is None and reach < whole_reach_m(room, rules):
        beyond_m = whole_reach_m(room, rules)
    wait_s = (_AGAIN - 1) * rules.look_every_s
    if beyond_m is not None:
        wait_s = min(wait_s, ceil((beyond_m - reach) / ring_m(room, rules)) * rules.widen_every_s)
    # A little early, for a look on the dot.
    return now + wait_s - rules.look_every_s / 2


def next_look(room: Room, *, now: float, rules: Rules) -> float:
    """Return when a waiting room that has just looked looks again, Unix seconds.

    Each time its reach may have grown, which is told; one that reaches as far as it ever will, and is known to find
    nothing for a while, lets that pass. Four of five looks were such, and a half hour of people all over the world took
    1.6 times the CPU.
    """
    every_s = rules.look_every_s
    if room.idle_until > now and reach_m(room, now=now, rules=rules) >= whole_reach_m(room, rules):
        return now + ceil((room.idle_until - now) / every_s) * every_s
    return now + every_s


def _choose(
    room: Room, hosts: list[Room], peers: list[Room], reach: float, *, now: float, rules: Rules, rng: random.Random
) -> Union | None:
    host = least_strained(room.extent.crowd, hosts, rules, rng)
    if _are_company([room, *peers], rules) and (
        host is None or cell_distance_m(room.cell, peers[-1].cell) <= cell_distance_m(room.cell, host.cell)
    ):
        return _gather([room, *peers], now=now, rules=rules)
    if host is not None:
        return Union([room], host)
    if peers and reach >= rules.reach_max_m:
        return _gather([room, peers[0]], now=now, rules=rules)
    return None


def can_move(room: Room, *, now: float) -> bool:
    """Tell whether everybody here has their one outward move of this window left.

    Whoever has company, if only one, is left in peace once they were told when the room ends: all of them are seated
    anew so soon.
    """
    if room.is_closing and room.company > 1:
        return False
    return all(seat.person.moved_until <= now for seat in room.seats.values())


def fits(mover: Room, target: Room, rules: Rules) -> bool:
    """Tell whether all of both may sit together there: whoever did not ask for company from far gets none."""
    movers = members_of(mover)
    people = movers + members_of(target)
    if len(people) + target.held > rules.seats_max or not target.company or target.is_over or mover.is_over:
        return False
    limit = limit_m(people, rules)
    return (
        target.extent.radius_m <= limit
        and all(apart_m(person.cell, target.cell) <= limit for person in movers)
        and not any(mover.id in person.avoids or target.id in person.avoids for person in people)
        and not any(is_kept_out(person, target) for person in movers)
    )


def _may_gather(room: Room, peers: list[Room], other: Room, *, now: float, rules: Rules) -> bool:
    """Tell whether this room may be one more of those that gather: one of them at most need not move."""
    together = [room, *peers, other]
    return (
        sum(each.taken for each in together) <= rules.seats_max
        and sum(not can_move(each, now=now) for each in together) <= 1
        and all(fits(other, each, rules) and fits(each, other, rules) for each in together[:-1])
    )


def _are_company(rooms: list[Room], rules: Rules) -> bool:
    return sum(room.company for room in rooms) >= rules.seats_min


def _gather(rooms: list[Room], *, now: float, rules: Rules) -> Union:
    """Return the rooms as one: where those sit who may not move, else where most do, else amid all."""

    def order(target: Room) -> tuple[bool, int, float, str]:
        others_m = sum(cell_distance_m(target.cell, other.cell) for other in rooms)
        return can_move(target, now=now), -len(target.seats), others_m, target.id

    target = min(rooms, key=order)
    return Union([room for room in rooms if room is not target], target)


def waiting_around(region: Cell, index: RoomIndex, *, rules: Rules, rng: random.Random) -> list[Room]:
    """Return the waiting rooms of other windows that may reach somebody of the region."""
    across_m = region.diagonal_m / 2 + rules.reach_max_m
    around = index.around(region, reach_m=across_m, fills=(Fill.WAITING,), rng=rng)
    return [room for room, _ in islice(around, _VISITORS) if not room.is_over]


def reaches(room: Room, cells: Iterable[Cell], *, now: float, rules: Rules) -> bool:
    """Tell whether a waiting room reaches somebody seated anew: to gather with them costs it nothing."""
    reach = reach_m(room, now=now, rules=rules)
    return any(cell_distance_m(room.cell, cell) <= reach for cell in cells)


def rooms_near(
    cells: Mapping[Cell, int], index: RoomIndex, *, rules: Rules, rng: random.Random
) -> Slices[list[Neighbour]]:
    """Return the rooms with free seats nearest to each cell of few, given how many stand in it.

    Of very many cells only some are asked, evenly: there are others near enough to everybody.
    """
    found: dict[str, Neighbour] = {}
    few = sorted(cell for cell, n in cells.items() if n < rules.seats_target)
    for cell in few[:: 1 + len(few) // _ASKED]:
        for room, _ in islice(index.around(cell, reach_m=rules.reach_max_m, fills=ALL_FILLS, rng=rng), _STANDING):
            if room.company and not room.is_over and room.id not in found:
                sitting = ((seat.person.id, seat.person.cell) for seat in room.seats.values())
                found[room.id] = Neighbour(room.id, tuple(sitting))
        yield _ASK_US
    return list(found.values())
