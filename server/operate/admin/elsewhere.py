"""What the other nodes of the same server know of what an operator asks: one's question, and their answers.

Values, and the seam to whatever carries them. A process by itself has nobody to ask. Never knows how a question
travels, nor what is done with the answers.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

import msgspec


class Question(msgspec.Struct, frozen=True, array_like=True):
    """What one node's office asks those of the others.

    Attributes:
        identities: of whom it is to be told whether they are there, and known.
        tells_all: whether name and cell of these are to be told, too.
        network: a range of addresses of which it is to be told how many are there.
        rereads: whether the filter file is to be read again first.
    """

    identities: tuple[str, ...] = ()
    tells_all: bool = False
    network: str = ""
    rereads: bool = False


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """Somebody who sits at a node, for whoever is shown what is kept of them."""

    name: str
    cell: str


class Part(msgspec.Struct, frozen=True, array_like=True):
    """What one node tells.

    Attributes:
        node: what it is called for people.
        people, connected, rooms, rooms_waiting: how many there are.
        online, known: those asked about who are connected, and of whom anything is known.
        around: how many are connected from the range.
        seen: those asked about who sit there.
        filter: how its filter file is; None without one.
    """

    node: str
    people: int
    connected: int
    rooms: int
    rooms_waiting: int
    online: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    around: int = 0
    seen: dict[str, Seen] = {}
    filter: dict[str, Any] | None = None


class Elsewhere(NamedTuple):
    """What the others have told.

    Attributes:
        silent: what those are called who have not answered in time.
    """

    parts: tuple[Part, ...] = ()
    silent: tuple[str, ...] = ()

    def has_online(self, identity: str) -> bool:
        """Tell whether somebody is connected to a room of another node."""
        return any(identity in part.online for part in self.parts)

    def knows(self, identity: str) -> bool:
        """Tell whether anything is known of somebody at another node."""
        return any(identity in part.known for part in self.parts)

    def seen(self, identity: str) -> Seen | None:
        """Return how somebody is seen at another node, if they sit there."""
        return next((part.seen[identity] for part in self.parts if identity in part.seen), None)

    @property
    def around(self) -> int:
        """How many are connected there from the range that was asked about."""
        return sum(part.around for part in self.parts)


ALONE = Elsewhere()


class Others(Protocol):
    """The other nodes of the same server."""

    name: str
    """What this one is called for people."""

    async def ask(self, question: Question) -> Elsewhere:
        """Return what they tell. What takes too long is not waited for: then they are among the silent."""


def about(identities: Iterable[str]) -> Question:
    """Return the question whether these are there."""
    return Question(identities=tuple(dict.fromkeys(filter(None, identities))))
