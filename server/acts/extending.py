"""Voting for more time in one's room."""

from typing import TYPE_CHECKING

from rooms.errors import CannotExtend
from rooms.extending import vote
from server.answers import Voted
from server.codes import Refused
from server.commands import Extend
from server.outcomes import Outcome

if TYPE_CHECKING:
    from server.session import Session


def extend(session: "Session", command: Extend, now: float) -> Outcome:
    """Count a vote for half a window more, and do what the votes come to."""
    try:
        changes = vote(session.house.world, session.seated)
    except CannotExtend as error:
        raise Refused("not_now", f"This room gets no more time: {error}.") from None
    return [Voted(about="extend", ref=command.ref), *changes]
