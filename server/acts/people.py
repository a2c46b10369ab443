"""Commands about somebody else in the room."""

from typing import TYPE_CHECKING

from server.answers import Muted, Unmuted
from server.commands import Mute, Unmute
from server.outcomes import LooksAgain, Outcome

if TYPE_CHECKING:
    from server.session import Session


def mute(session: "Session", command: Mute, now: float) -> Outcome:
    """Hide what somebody says, here and in later rooms."""
    other, identity = session.other(command.who).person.id, session.identity
    session.house.ties.add("mute", [(identity.id, other)], now=now)
    identity.muted = session.house.ties.of("mute", identity.id)
    return (LooksAgain(session.seated), Muted(who=command.who, ref=command.ref))


def unmute(session: "Session", command: Unmute, now: float) -> Outcome:
    """Show again what somebody says."""
    other, identity = session.other(command.who).person.id, session.identity
    session.house.ties.remove("mute", [(identity.id, other)])
    identity.muted = session.house.ties.of("mute", identity.id)
    return (LooksAgain(session.seated), Unmuted(who=command.who, ref=command.ref))
