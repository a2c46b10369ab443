"""What follows from an act of the rooms, in order: the shell carries it out and decides nothing.

Each value holds what was true at its moment, so that a list of them can be carried
out after the rooms have gone on. Structs of msgspec's: some are made for each seat taken, in a third of a tuple's time.
"""

import msgspec

from rooms.events import Event, Member
from rooms.person import Person
from rooms.room import Room
from rooms.whys import Why


class Published(msgspec.Struct, frozen=True):
    """Everybody who sits in the room now is told `event`."""

    room: Room
    event: Event


class Unseated(msgspec.Struct, frozen=True):
    """The person hears the room no more."""

    person: Person
    room: Room


class Seated(msgspec.Struct, frozen=True):
    """The person sits in the room and hears every event after `seq`.

    `members` is the list at that moment, themself included, in an order of chance.
    """

    person: Person
    room: Room
    me: str
    seq: int
    members: tuple[Member, ...]
    within_m: int
    why: Why
    ref: str | None = None
    """The command of theirs that this answers."""
    missed: int | None = None
    """How many events they missed that the room no longer keeps."""


class Ended(msgspec.Struct, frozen=True):
    """The room is over; nobody sits in it."""

    room: Room


class Gone(msgspec.Struct, frozen=True):
    """The person is online no more: their seat was waiting and its time is over."""

    person: Person


class Told(msgspec.Struct, frozen=True):
    """The person alone is told `event`."""

    person: Person
    event: Event


class LooksAgain(msgspec.Struct, frozen=True):
    """The person's marks on others have changed: their client sees its room so from now on."""

    person: Person


Change = Published | Unseated | Seated | Ended | Gone | Told | LooksAgain
