"""Staying in touch: to keep somebody, to let them go, to give them a line by which they reach one elsewhere.

What one of two presses is told to nobody, whatever the other has done: the answer is always the same, even while
nothing can be written down. Then what both have pressed comes to something once it can.
"""

from functools import partial
from typing import TYPE_CHECKING

from rooms.changes import Change, LooksAgain, Told
from rooms.room import Seat
from server.acts.lately import met
from server.answers import ContactEvent, Kept, Unkept, Voted
from server.bugs import log
from server.codes import Refused
from server.commands import Contact, Keep, Unkeep
from server.outcomes import Outcome
from server.safety.words import clean_text
from server.store.store import StoreError

if TYPE_CHECKING:
    from server.house import House
    from server.session import Session

CONTACT_MAX_CHARS = 200

AGAIN_S = 5.0
"""So often what two have pressed is written down again, in seconds of the rooms' clock."""


def keep(session: "Session", command: Keep, now: float) -> Outcome:
    """Press for somebody; once both have pressed, both are told, and sit together from then on."""
    room, seat = session.place()
    other = session.other(command.who)
    _count(session, now)
    return (Voted(about="keep", ref=command.ref), *_press(session.house, room.id, seat, other, now=now))


def _press(house: "House", room: str, seat: Seat, other: Seat, *, now: float) -> list[Change]:
    """Count a press, and tell both if that makes two."""
    try:
        if not house.keeps.press(room, seat.person, other.person, now=now):
            return []
    except StoreError as error:
        # To be told so now is to be told that the other has pressed.
        one, two = sorted((seat.person.id, other.person.id))
        if (room, one, two) not in house.keeps.unwritten:
            house.keeps.unwritten.add((room, one, two))
            log.error("%s", error)
            house.world.later(now + AGAIN_S, partial(_press_again, house, room, one, two))
        return []
    return [
        LooksAgain(seat.person),
        LooksAgain(other.person),
        Told(seat.person, Kept(who=other.member.id)),
        Told(other.person, Kept(who=seat.member.id)),
    ]


def _press_again(house: "House", room: str, one: str, two: str, now: float) -> list[Change]:
    """Have two keep each other who have pressed, if they still sit there and neither has let go."""
    house.keeps.unwritten.discard((room, one, two))
    here = house.world.rooms.get(room)
    seats = {seat.person.id: seat for seat in here.seats.values()} if here is not None else {}
    if one not in seats or two not in seats:
        return []
    if not (house.keeps.has_pressed(room, one, two) and house.keeps.has_pressed(room, two, one)):
        return []
    return _press(house, room, seats[one], seats[two], now=now)


def unkeep(session: "Session", command: Unkeep, now: float) -> Outcome:
    """Let somebody go; they are not told, and go on seeing what they saw."""
    room, _ = session.place()
    other, _ = met(session, command.who, now)
    _count(session, now)
    session.house.keeps.let_go(room.id, session.identity.id, other)
    return (LooksAgain(session.seated), Unkept(who=command.who, ref=command.ref))


def contact(session: "Session", command: Contact, now: float) -> Outcome:
    """Give somebody whom one keeps a line; once both have given one, both get the other's."""
    house = session.house
    _, seat = session.place()
    other = session.other(command.who)
    if other.person.id not in house.keeps.held(session.identity.id):
        raise Refused("not_yours", "Only somebody you keep gets your contact, once both of you have pressed `keep`.")
    text = " ".join(clean_text(command.text, max_chars=CONTACT_MAX_CHARS).split())
    _count(session, now)
    if house.checks.list.holds(text):
        session.count_as_said(now)
        return (house.checks.held("filter", ref=command.ref),)
    me, them, lines = seat.person, other.person, house.keeps.lines
    apart = them.id in house.blocks.kept_from(me.id)
    voted = Voted(about="contact", ref=command.ref)
    both = lines.give(me.id, them.id, seat.member.name, text, now=now, are_apart=apart)
    if both is None:
        return (voted,)
    mine, theirs = both
    lines.sent(them.id, me.id)
    if other.waits_until is None:  # else they get it when they are back
        lines.sent(me.id, them.id)
    got = ContactEvent(who=other.member.id, name=theirs.name, text=theirs.text)
    return (voted, got, Told(them, ContactEvent(who=seat.member.id, name=mine.name, text=mine.text)))


def _count(session: "Session", now: float) -> None:
    """Count one of these acts: none is told to anybody alone, but each costs the server a look round, or a write."""
    session.take(session.identity.keeps, "You keep, let go and give contacts too often.", now)


def waiting_lines(session: "Session") -> list[ContactEvent]:
    """Return the lines that came while somebody had no connection, or one that may have been dead already."""
    house, (room, seat) = session.house, session.place()
    me, members = seat.person.id, {seat.person.id: id for id, seat in room.seats.items()}
    lines = house.keeps.lines.coming(me, apart=house.blocks.kept_from(me))
    for line in lines:
        house.keeps.lines.sent(line.by, me)
    return [ContactEvent(who=members.get(line.by), name=line.name, text=line.text) for line in lines]
