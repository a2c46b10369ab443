"""Muting somebody, and ending that: for oneself alone."""

from typing import TYPE_CHECKING

from rooms.changes import LooksAgain
from server.acts.lately import met
from server.answers import Muted, Unmuted
from server.commands import Mute, Unmute
from server.outcomes import Outcome

if TYPE_CHECKING:
    from server.session import Session


def mute(session: "Session", command: Mute, now: float) -> Outcome:
    """Hide what somebody who sits here says, here and in later rooms.

    Not of somebody met before: what is hidden next would tell who they are here.
    """
    other, identity = session.other(command.who).person.id, session.identity
    session.house.ties.add("mute", [(identity.id, other)], now=now)
    identity.muted = session.house.ties.of("mute", identity.id)
    return (LooksAgain(session.seated), Muted(who=command.who, ref=command.ref))


def unmute(session: "Session", command: Unmute, now: float) -> Outcome:
    """Show again what somebody met lately says."""
    (other, _), identity = met(session, command.who, now), session.identity
    session.house.ties.remove("mute", [(identity.id, other)])
    identity.muted = session.house.ties.of("mute", identity.id)
    return (LooksAgain(session.seated), Unmuted(who=command.who, ref=command.ref))
