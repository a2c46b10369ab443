"""What each command does, by subject: functions of a session, a command and the time, which return the outcome.

Pure like the session they serve. `HANDLERS` has one for every command; which of them is allowed when is said by
`TRANSITIONS` in server/session.py.
"""

from collections.abc import Callable
from typing import Any

from server.acts import (
    blocking,
    bottles,
    extending,
    keeping,
    meeting,
    muting,
    reporting,
    seats,
    talking,
    voting,
    vouching,
)
from server.commands import (
    AnswerBottle,
    Auth,
    Away,
    Block,
    Blocks,
    Command,
    Contact,
    Eject,
    Enter,
    Extend,
    Keep,
    Leave,
    Move,
    Mute,
    Next,
    Pick,
    Ping,
    Rename,
    Report,
    Say,
    Shake,
    Throw,
    ThrowBack,
    Unblock,
    Unkeep,
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
    Mute: muting.mute,
    Unmute: muting.unmute,
    Block: blocking.block,
    Blocks: blocking.blocks,
    Unblock: blocking.unblock,
    Eject: voting.eject,
    Keep: keeping.keep,
    Unkeep: keeping.unkeep,
    Contact: keeping.contact,
    Extend: extending.extend,
    Shake: meeting.shake,
    Throw: bottles.throw,
    Pick: bottles.pick,
    AnswerBottle: bottles.answer,
    ThrowBack: bottles.throw_back,
    Auth: vouching.auth,
    Report: reporting.report,
}
