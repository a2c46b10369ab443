"""What nodes say to each other: a client's bytes on their way between its gateway and its host, and people who move.

Values only. `conn` numbers a connection at its gateway, which holds the socket; the host is where its room is.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from rooms.region import Offer as RegionOffer
from rooms.shaking_afar import Guest, Offer
from server.operate.admin.elsewhere import Part, Question
from server.safety.checks import News
from server.safety.trails import Scene


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The root of all messages between nodes."""


# From a gateway to a host


class Opened(Message, frozen=True, array_like=True, tag=1):
    """A client is yours. `address` is what it is counted as."""

    conn: int
    address: str
    subprotocol: str


NOBODY = 0
"""The number of no connection: what is sent for it comes back from any node, after all else that is returned."""


class Received(Message, frozen=True, array_like=True, tag=2):
    """A client of yours sent this message."""

    conn: int
    payload: bytes
    is_binary: bool


class Closed(Message, frozen=True, array_like=True, tag=3):
    """A client's connection is gone."""

    conn: int


# From a host to a gateway


class Written(Message, frozen=True, array_like=True, tag=4):
    """These frames are for each of these connections."""

    conns: list[int]
    data: bytes


class Ended(Message, frozen=True, array_like=True, tag=5):
    """Close this connection, after what was written to it."""

    conn: int
    code: int
    reason: str


class Entered(Message, frozen=True, array_like=True, tag=6):
    """The client has a seat: its deadline for that is lifted."""

    conn: int


class Patience(Message, frozen=True, array_like=True, tag=7):
    """The client has this many seconds more to enter."""

    conn: int
    seconds: float


class Relayed(Message, frozen=True, array_like=True, tag=31):
    """These of your clients I know, now that something on its way here was lost: no other is mine."""

    conns: list[int]


class Rehomed(Message, frozen=True, array_like=True, tag=8):
    """The client is another node's from here on."""

    conn: int
    node: str


class Returned(Message, frozen=True, array_like=True, tag=9):
    """This came for a client who is another node's by now."""

    conn: int
    payload: bytes
    is_binary: bool


class Known(Message, frozen=True, array_like=True, tag=26):
    """Somebody of mine is about to enter at yours: this is what they left behind, sealed."""

    identity: str
    sealed: bytes


# Between hosts, about people who move


class Asked(Message, frozen=True, array_like=True, tag=10):
    """Keep so many seats of that room for people of mine, for half a minute."""

    ask: int
    room: str
    people: list[bytes]
    """Frozen, so that the host can tell whether each may sit there."""
    left: str
    """The room that all of them come from."""


class Kept(Message, frozen=True, array_like=True, tag=11):
    """The answer: whether the seats are kept."""

    ask: int
    is_kept: bool


class Came(Message, frozen=True, array_like=True, tag=12):
    """One of them comes now: their seat here is given up.

    Attributes:
        leaver, identity: frozen.
        gateway, conn, address, subprotocol: their connection; `gateway` is empty while they have none.
        why: what they are told; empty if it is how near the room is.
        shook: when and with which `ref`, if they come for that.
        far_m: how far, where `why` says it; 0 where it does not.
    """

    leaver: bytes
    identity: bytes
    gateway: str
    conn: int
    address: str
    subprotocol: str
    why: str = ""
    shook: tuple[float, str | None] | None = None
    far_m: int = 0


class Doubled(Message, frozen=True, array_like=True, tag=30):
    """Somebody who sits at mine sat, as the directory had it, at yours in another room.

    Attributes:
        room, since: their seat at mine, and when they sat down.
        is_connected: whether their client is there.
    """

    identity: str
    room: str
    since: float
    is_connected: bool


class Released(Message, frozen=True, array_like=True, tag=25):
    """These do not come: what is kept for them is free again."""

    people: tuple[str, ...]


class Carried(msgspec.Struct, frozen=True, array_like=True):
    """Somebody's connection, and the person they are."""

    person: str
    gateway: str
    conn: int
    address: str
    subprotocol: str


class Handed(Message, frozen=True, array_like=True, tag=13):
    """Go on with this room of mine: its state is in its log, and these are the connections of its people.

    Attributes:
        seq: of the last that they heard; 0 from a node that does not say.
        epoch: of its log, by which it is known whether I have taken it back; 0 from a node that does not say.
    """

    room: str
    clients: list[Carried]
    seq: int = 0
    epoch: int = 0


class Took(Message, frozen=True, array_like=True, tag=14):
    """The answer: whether the room goes on with whoever was asked."""

    room: str
    is_taken: bool


# Between hosts, about people who shake


class Shaken(Message, frozen=True, array_like=True, tag=15):
    """Somebody of mine shook: have you anything for them?"""

    ask: int
    guest: Guest


class Offered(Message, frozen=True, array_like=True, tag=16):
    """The answer: the best there is, which is not promised yet."""

    ask: int
    offer: Offer | None


class Wished(Message, frozen=True, array_like=True, tag=17):
    """Expect them for that. `Kept` is the answer."""

    ask: int
    guest: Guest
    offer: Offer


class Stayed(Message, frozen=True, array_like=True, tag=18):
    """They do not come."""

    person: str


# Between hosts, at the end of a region's window


class Listed(Message, frozen=True, array_like=True, tag=19):
    """Some of my people of that window; after the last of `slices` all of them."""

    region: str
    closes: float
    slices: int
    offer: RegionOffer


class Planned(Message, frozen=True, array_like=True, tag=20):
    """It is decided who sits with whom."""

    region: str
    closes: float


class Ready(Message, frozen=True, array_like=True, tag=21):
    """In a room of mine seats are held for these people of yours."""

    region: str
    closes: float
    ids: tuple[str, ...]


# For reports


class Recall(Message, frozen=True, array_like=True, tag=27):
    """Somebody of mine means a member, or what happened, of one of these rooms, of which I know nothing: do you?

    Attributes:
        who: the member who is meant, if one is.
        is_report: whether all that was said matters, and not what that member said alone.
    """

    ask: int
    rooms: list[str]
    who: str | None
    is_report: bool = True


class Recalled(Message, frozen=True, array_like=True, tag=28):
    """The answer: what I know."""

    ask: int
    scenes: list[Scene]


# Against junk


class Met(Message, frozen=True, array_like=True, tag=29):
    """This was said at mine lately."""

    news: News


# Between the operators' offices


class Called(Message, frozen=True, array_like=True, tag=22):
    """This is what I am called for people."""

    name: str


class Inquired(Message, frozen=True, array_like=True, tag=23):
    """An operator here asks something: what is your part of it?"""

    ask: int
    question: Question


class Answered(Message, frozen=True, array_like=True, tag=24):
    """The answer."""

    ask: int
    part: Part


AnyMessage: TypeAlias = (
    Opened
    | Received
    | Closed
    | Written
    | Ended
    | Entered
    | Patience
    | Rehomed
    | Returned
    | Asked
    | Kept
    | Came
    | Handed
    | Took
    | Shaken
    | Offered
    | Wished
    | Stayed
    | Listed
    | Planned
    | Ready
    | Called
    | Inquired
    | Answered
    | Released
    | Known
    | Recall
    | Recalled
    | Met
    | Doubled
    | Relayed
)

encode = msgspec.msgpack.Encoder().encode
_decode_all = msgspec.msgpack.Decoder(list[AnyMessage]).decode
_decode_one: Callable[[msgspec.Raw], AnyMessage] = msgspec.msgpack.Decoder(AnyMessage).decode
_split = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


def decode(payload: bytes) -> list[AnyMessage]:
    """Return what a node says, without what only a newer version understands: nodes are replaced one by one."""
    try:
        return _decode_all(payload)
    except msgspec.ValidationError:
        return [message for message in map(_known, _split(payload)) if message is not None]


def _known(raw: msgspec.Raw) -> AnyMessage | None:
    try:
        return _decode_one(raw)
    except msgspec.ValidationError:
        return None
