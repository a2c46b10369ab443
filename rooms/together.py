"""How people who keep each other come to sit together: on entering, when a window ends, when an extended room ends.

By `next`, a block or a vote somebody leaves those they keep, too: they asked to sit elsewhere. From the next sitting
down on they are together again.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from geo import Cell
from rooms.apart import company_of
from rooms.changes import Change
from rooms.circles import CIRCLE_MAX, are_near, circle_in
from rooms.elsewhere import room_for
from rooms.person import Person
from rooms.placement import may_sit_in
from rooms.room import NEARBY, Room
from rooms.seating import Former
from rooms.waiting import waited_since
from rooms.whys import Why

if TYPE_CHECKING:
    from rooms.world import World


def kept_room(world: "World", people: Sequence[Person], cells: Mapping[str, Cell]) -> Room | None:
    """Return a room that has seats for all of these, in those cells of theirs, and somebody they keep; None of none.

    Where people shook for one another nobody comes because they are kept.
    """
    those_here = {person.id for person in people}
    for person in people:
        for id in sorted(person.kept - those_here):
            other = world.people.get(id)
            if other is not None and other.room is not None and _has_seats(world, other.room, people, cells):
                near = are_near(person, cells[person.id], other, other.cell, world.rules)
                circle = set().union(*(circle_in(other.room, one) for one in people))
                if near and len(circle) <= CIRCLE_MAX:
                    return other.room
    return None


def _has_seats(world: "World", room: Room, people: Sequence[Person], cells: Mapping[str, Cell]) -> bool:
    has_seats = room.kind == NEARBY and room.taken + len(people) <= world.rules.seats_max
    return has_seats and may_sit_in(room, people, world.rules, cells=[cells[person.id] for person in people])


def who_may_sit(formers: Sequence[Former]) -> tuple[list[Former], list[Former]]:
    """Return as many of these as may sit together by now, and the others: since the plan there may be a block."""
    company = company_of(former.person for former in formers)
    if len(company) == len(formers):
        return list(formers), []
    return (
        [former for former in formers if former.person in company],
        [former for former in formers if former.person not in company],
    )


def seat_as_newcomers(
    world: "World", formers: Sequence[Former], cells: Mapping[str, Cell], *, now: float
) -> list[Change]:
    """Seat people whose room is over, in those cells of theirs: one like any newcomer, several in one room.

    Who may not sit together by now is seated by themselves.
    """
    company, others = who_may_sit(formers)
    if others:
        return [each for some in (company, others) for each in seat_as_newcomers(world, some, cells, now=now)]
    people = [former.person for former in formers]
    kept = kept_room(world, people, cells) if any(person.kept for person in people) else None
    changes: list[Change] = []
    for former in formers:
        changes += world.seating.vacate(former)
        world.online.count_in(former.person, cells[former.person.id])
    # One reason for all: by another, who is alone would know whether that is so because nobody is here.
    why = Why("window")
    if kept is None and len(formers) == 1:
        seat, since = formers[0].seat, formers[0].waiting_since
        return changes + world.seat_newcomer(people[0], now=now, seat=seat, waiting_since=since, because=why)
    choice = room_for(world, people) if kept is None else None
    room = kept or (choice.room if choice is not None else None)
    if room is None:
        room = world.seating.open_room(people[0].cell, now=now, waiting_since=waited_since(list(formers)))
        changes += world.seating.gather(list(formers), room, why, now=now)
    else:
        for former in formers:
            changes += world.seating.join(former.person, room, why, now=now, former=former.seat)
    return changes + world.company_changed(room, now)
