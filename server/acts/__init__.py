"""What each command does, by subject: functions of a session, a command and the time, which return the outcome.

Pure like the session they serve. `HANDLERS` has one for every command; which of them is allowed when is said by
`TRANSITIONS` in server/session.py.
"""

from collections.abc import Callable
from typing import Any

from server.acts import blocking, people, reporting, seats, talking, voting, vouching
from server.commands import (
    Auth,
    Away,
    Block,
    Blocks,
    Command,
    Eject,
    Enter,
    Leave,
    Move,
    Mute,
    Next,
    Ping,
    Rename,
    Report,
    Say,
    Unblock,
    Unmute,
)
from server.outcomes import Outcome

HANDLERS: dict[type[Command], Callable[[Any, Any, float], Outcome]] = {
    Enter: seats.enter,
    Move: seats.move,
    Next: seats.next_,
    Away: seats.away,
    Leave: seats.leave,
    Say: talking.say,
    Rename: talking.rename,
    Ping: talking.ping,
    Mute: people.mute,
    Unmute: people.unmute,
    Block: blocking.block,
    Blocks: blocking.blocks,
    Unblock: blocking.unblock,
    Eject: voting.eject,
    Auth: vouching.auth,
    Report: reporting.report,
}
