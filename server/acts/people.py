"""Commands about somebody else in the room."""

from typing import TYPE_CHECKING

from server.answers import Muted, Unmuted
from server.commands import Mute, Unmute
from server.outcomes import Hides, Outcome

if TYPE_CHECKING:
    from server.session import Session


def mute(session: "Session", command: Mute, now: float) -> Outcome:
    """Hide what somebody says, here and in later rooms."""
    session.identity.mute(session.other(command.who).person.id)
    return (Hides((session.hidden or frozenset()) | {command.who}), Muted(who=command.who, ref=command.ref))


def unmute(session: "Session", command: Unmute, now: float) -> Outcome:
    """Show again what somebody says."""
    muted = session.identity.muted
    muted.pop(session.other(command.who).person.id, None)
    hidden = (session.hidden or frozenset()) - {command.who} if muted else None
    return (Hides(hidden), Unmuted(who=command.who, ref=command.ref))
