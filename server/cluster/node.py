"""One node of many: a `Node` whose rooms are written down as they change, and whose clients may be another's.

What leaves it waits for the log; where its people are is told to the others.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from rooms.changes import Change, Ended, Gone, Published, Seated, Unseated
from rooms.events import Event, Numbered
from server.clock import Clock
from server.cluster.commit import Commit, Held
from server.cluster.journal import Journal
from server.codes import Refused
from server.commands import Command, Enter, Ping, Say
from server.fanout import Fanout
from server.house import House
from server.messages import wire_name
from server.node import Node
from server.outcomes import bye
from server.peer import Peer
from server.transport import Line

_AT_ANY_TIME = frozenset((Enter, Ping))
_TOUCHES_NOTHING = frozenset((Say, Ping))

ELSEWHERE = 4000
"""Come back: another node is found then."""


class LoggedFanout(Fanout):
    """A fan-out of which the journal knows all that was told, to whomever."""

    def __init__(self, soon: Callable[[Callable[[], None]], object], journal: Journal, commit: Commit) -> None:
        super().__init__(soon)
        self._journal = journal
        self._commit = commit

    def publish(self, room: str, event: Event) -> None:
        """Tell the event to everybody attached to the room, once it is written down."""
        if isinstance(event, Numbered):
            self._journal.told(room, event)
        super().publish(room, event)

    def _write(self, data: bytes, hearing: list[Line]) -> None:
        self._commit.put(cast("list[Held]", hearing), data)


class HostPeer(Peer):
    """A client of a node that is one of many."""

    __slots__ = ()

    _node: "ClusterNode"

    def obey(self, command: Command, *, now: float) -> None:
        """Do what one command asks for, unless it cannot be written down."""
        node, kind = self._node, type(command)
        if isinstance(command, Enter) and node.turns_away(command):
            self.end(bye(ELSEWHERE))
            return
        refused = node.refusal(self) if kind not in _AT_ANY_TIME else None
        if refused is not None:
            self.carry_out(self.session.refuse(refused, about=wire_name(kind), ref=command.ref, now=now))
            return
        super().obey(command, now=now)
        if kind not in _TOUCHES_NOTHING:
            node.touched_by(self)


class ClusterNode(Node):
    """The shell around one house that is one of many.

    Args:
        journal: what is to be written of the rooms.
        commit: where what is written waits.
        refusal: tells why a client's command cannot be carried out now, if so.
        turns_away: tells whether whoever enters is to come back, and finds another node then.

    Attributes:
        moved: ids of people whose place may have changed since it was last asked.
        refusal, turns_away: as given.
    """

    def __init__(
        self,
        house: House,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        *,
        journal: Journal,
        commit: Commit,
        refusal: Callable[[Peer], Refused | None],
        turns_away: Callable[[Enter], bool],
    ) -> None:
        super().__init__(house, clock, loop)
        self.fanout = LoggedFanout(self._soon, journal, commit)
        self.moved: set[str] = set()
        self._journal = journal
        self._happened = commit.happened
        self.refusal = refusal
        self.turns_away = turns_away

    def _soon(self, flush: Callable[[], None]) -> None:
        """Have the fan-out wait for the end of the turn, where everything is written down and then goes out."""
        self._happened()

    def arm(self) -> None:
        """Have the timer ring when the rooms next have something to do; called after whatever happened to them."""
        self._happened()
        super().arm()

    def lost(self, peer: Peer) -> None:
        """Know the client no longer there: their seat waits."""
        person = peer.session.person
        if person is not None:
            self._touch(person.id, person.room.id if person.room is not None else None)
        super().lost(peer)

    def make_peer(self) -> Peer:
        """Return the end of a client that has just connected."""
        return HostPeer(self)

    def touched_by(self, peer: Peer) -> None:
        """Know that a client did something: what it votes or wants is of its room's state, though nobody was told."""
        person = peer.session.person
        if person is not None:
            self._touch(person.id, person.room.id if person.room is not None else None)

    def carry_out(self, change: Change) -> None:
        """Do what one change of the rooms asks of the shell, and know what is other than it was."""
        match change:
            case Seated(person, room) | Unseated(person, room):
                self._touch(person.id, room.id)
            case Ended(room):
                self._journal.touch(room.id)
            case Gone(person):
                self.moved.add(person.id)
            case Published():
                pass
        super().carry_out(change)

    def _touch(self, person: str, room: str | None) -> None:
        self.moved.add(person)
        if room is not None:
            self._journal.touch(room)
