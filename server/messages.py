"""Every message of the wire protocol, in the order of the documentation.

What the codec, /asyncapi.json and the documentation's tests read. The shapes stand in server/commands.py,
server/answers.py and, for events of a room, rooms/events.py; the codes in server/codes.py.
"""

from rooms.events import Changed, Closing, Ejected, Event, Extended, Joined, Left, Nobody, Said, Skipped, Waiting
from server.answers import (
    Answered,
    Authenticated,
    AuthExpiring,
    Blocked,
    BlocksEvent,
    BottleEvent,
    Bye,
    ContactEvent,
    Entered,
    Error,
    Held,
    Kept,
    Moved,
    Muted,
    Notice,
    Pong,
    Reported,
    RoomEvent,
    Thrown,
    ThrownBack,
    Unblocked,
    Unkept,
    Unmuted,
    Voted,
)
from server.commands import Command

PROTOCOL = "1.0"

EVENTS: tuple[type[Event], ...] = (
    Entered, RoomEvent, Waiting, Joined, Left, Changed, Said, Skipped, Closing,
    Extended, Ejected, Moved, Muted, Unmuted, Blocked, BlocksEvent, Unblocked, Voted, Kept, Unkept,
    ContactEvent, Reported, Nobody, Thrown, BottleEvent, Answered, ThrownBack,
    Authenticated, AuthExpiring, Pong, Held, Notice, Error, Bye,
)  # fmt: skip
"""What this version sends, in the order of the documentation."""


def wire_name(message: type[Event] | type[Command]) -> str:
    """Return the `type` a message has on the wire."""
    name = message.__struct_config__.tag
    assert isinstance(name, str)
    return name
