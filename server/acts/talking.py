"""Commands that speak to the room, or to the server alone: to say, to change one's name, to ask for the time."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rooms.changes import Published
from rooms.errors import NameWorn
from rooms.events import Marks
from server.answers import Pong
from server.codes import Refused
from server.commands import Ping, Rename, Say
from server.outcomes import Outcome
from server.safety.contacts import has_mail
from server.safety.folding import readings
from server.safety.words import clean_name, clean_text, name_worn

if TYPE_CHECKING:
    from server.session import Session


def say(session: "Session", command: Say, now: float) -> Outcome:
    """Say something to everybody in the room, once for each `ref`; what is held is told to its sender alone."""
    room, seat = session.place()
    if command.room is not None and command.room != room.id:
        raise Refused("wrong_room", "You sit in another room now; nothing was said there.")
    text = clean_text(command.text, max_chars=session.house.settings.text_max_chars)
    said = room.said_before(seat, text, command.ref)
    if said is not None:
        return (said,)
    session.house.pace(session.identity.said, room, seat, now=now)
    checks = session.house.checks
    reason, rooms = checks.look(text, session.identity, session.origin, room.id, now=now)
    if reason == "contact" and "@" in text and not any(map(has_mail, readings(text))):
        # Who calls somebody else here by name leads nobody away.
        names = (other.member.name for other in room.seats.values() if other is not seat)
        called = _without_mentions(text, names)
        reason, rooms = checks.look(called, session.identity, session.origin, room.id, now=now)
    if reason is not None:
        return (checks.held(reason, ref=command.ref),)
    marks = Marks(rooms) if rooms > 1 else None
    said = room.say(seat, text, now=now, ref=command.ref, marks=marks)
    session.house.trails.add(room.id, said)
    return (Published(room, said),)


def _without_mentions(text: str, names: Iterable[str]) -> str:
    """Return the text without the at sign before these names, or their first words."""
    called = {part for name in names for part in (name, name.partition(" ")[0])}
    longest_first = "|".join(map(re.escape, sorted(called, key=len, reverse=True)))
    return re.sub(rf"@({longest_first})(?!\.?\w)", r"\1", text, flags=re.IGNORECASE)


def rename(session: "Session", command: Rename, now: float) -> Outcome:
    """Show another name."""
    name = clean_name(command.name)
    session.take(session.identity.shown, "You change your name too often.", now)
    checks = session.house.checks
    if checks.list.holds(name):
        return (checks.held("filter", ref=command.ref),)
    try:
        return session.house.world.rename(session.seated, name, ref=command.ref)
    except NameWorn:
        raise name_worn() from None


def ping(session: "Session", command: Ping, now: float) -> Outcome:
    """Tell the server's time."""
    return (Pong(now=int(now * 1000), ref=command.ref),)
