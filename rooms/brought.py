"""Why somebody who comes back sits in another room than the one they know: read from what the rooms keep of a person.

Nothing but a call is remembered for it, since nearly everybody hears of a move as it happens.
"""

from rooms.person import Person
from rooms.placement import why_there
from rooms.room import NEARBY
from rooms.rules import Rules
from rooms.seating import place_of
from rooms.whys import Why
from rooms.windows import window_end

GATHERED_S = 5.0
"""Whoever sat down so soon after a window's end gathered with their region, which may take it three seconds."""


def why_brought(person: Person, rules: Rules, *, now: float) -> Why:
    """Return why they sit where they do; `now` is in Unix seconds."""
    room, seat = place_of(person)
    if room.kind != NEARBY:
        return Why(room.kind)
    if person.parted_until == room.closes:
        return Why("parted")
    there = why_there(person, room)
    if person.moved_until > now:
        return Why("called") if person.called_to == room.id else _outward(there)
    window_began = window_end(room.region, seat.since, rules.window_s) - rules.window_s
    if seat.since - window_began < GATHERED_S:
        return Why("window")
    if any(other.person.id in person.kept for other in room.seats.values()):
        return Why("together")
    return there


def _outward(there: Why) -> Why:
    return Why("outward", there.args) if there.args else Why("outward_here")
