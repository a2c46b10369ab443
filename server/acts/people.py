"""Commands about somebody else in the room."""

from typing import TYPE_CHECKING

from rooms.changes import LooksAgain
from server.answers import Muted, Unmuted
from server.codes import Refused
from server.commands import Mute, Unmute
from server.outcomes import Outcome

if TYPE_CHECKING:
    from server.session import Session


def mute(session: "Session", command: Mute, now: float) -> Outcome:
    """Hide what somebody says, here and in later rooms."""
    other, identity = session.other(command.who).person.id, session.identity
    session.house.ties.add("mute", [(identity.id, other)], now=now)
    identity.muted = session.house.ties.of("mute", identity.id)
    return (LooksAgain(session.seated), Muted(who=command.who, ref=command.ref))


def unmute(session: "Session", command: Unmute, now: float) -> Outcome:
    """Show again what somebody says, here or who has left."""
    (other, _), identity = met_here(session, command.who), session.identity
    session.house.ties.remove("mute", [(identity.id, other)])
    identity.muted = session.house.ties.of("mute", identity.id)
    return (LooksAgain(session.seated), Unmuted(who=command.who, ref=command.ref))


def met_here(session: "Session", who: str) -> tuple[str, str]:
    """Return the identity of somebody who sits or sat in the room, and what they were called. Raises Refused."""
    room, _ = session.place()
    if who not in room.gone:
        seat = session.other(who)
        return seat.person.id, seat.member.name
    other = room.gone[who]
    if other == session.identity.id:
        raise Refused("no_such_member", "That is you.")
    said = session.house.trails.live(room.id).said
    return other, next((event.name for event in reversed(said) if event.from_ == who), "")
