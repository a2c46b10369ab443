"""What one person saw and did, in order, and what was done to the servers: values that the checker judges.

Times are seconds of one monotonic clock. Knows no socket, and nothing of what it means.
"""

from typing import TypeAlias

import msgspec


class Record(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The root of all that a history holds."""

    at: float


class Sat(Record, frozen=True):
    """A `room` came.

    Attributes:
        seq, missed: as the event says.
        asked: the room and number of the `resume` it answers; None if the server moved them on a standing connection,
            or if they came without one.
        is_back: it is the first after an `enter`.
        resumed: what `entered` said before it.
        closes: seconds until the room ends, as it was told.
        members: everybody's ids there, as it was told.
        port: of the node they are connected to.
    """

    room: str
    me: str
    seq: int
    missed: int = 0
    asked: tuple[str, int] | None = None
    is_back: bool = False
    resumed: bool = False
    why: str = ""
    closes: float = 0.0
    port: int = 0
    members: tuple[str, ...] = ()


class Heard(Record, frozen=True):
    """A numbered event came. `what` is the event as every member is to see it, `word` who said which of their words."""

    room: str
    seq: int
    what: str
    word: str = ""
    left: str = ""
    """The member who left, if that is what it tells."""
    why: str = ""
    joined: str = ""
    """The member who came, if it tells that."""


class Tried(Record, frozen=True):
    """A word was said for the first time."""

    room: str
    word: str


class Acknowledged(Record, frozen=True):
    """A word came back with its own ref."""

    room: str
    word: str
    seq: int


class Lost(Record, frozen=True):
    """The connection ended, with that close code."""

    code: int


class Refused(Record, frozen=True):
    """An `error` came that a client that keeps to the protocol never gets."""

    code: str


AnyRecord: TypeAlias = Sat | Heard | Tried | Acknowledged | Lost | Refused
History: TypeAlias = list[AnyRecord]


class Entry(msgspec.Struct, frozen=True):
    """One entry of a room's log, as it lay in Redis: who wrote it, and a digest of it."""

    room: str
    epoch: int
    n: int
    node: str
    digest: int


class Fault(msgspec.Struct, frozen=True):
    """What was done to the servers.

    Attributes:
        at, until: when it began, and when nothing stood in the way any more.
        ports: of the nodes whose clients it concerns directly.
        pause_s: how long the words of all others may wait for it; 0 if as long as it takes.
    """

    at: float
    until: float
    what: str
    ports: tuple[int, ...] = ()
    pause_s: float = 0.0


class Violation(msgspec.Struct, frozen=True):
    """What did not hold: the rule, and the words for whoever has to mend it."""

    rule: str
    text: str
    room: str = ""
    who: tuple[int, ...] = ()
