"""One node of many: a `Node` whose rooms are written down as they change, and whose clients may be another's.

What leaves it waits for the log; where its people are is told to the others.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import cast

from rooms.changes import Change, Ended, Gone, Published, Seated, Unseated
from rooms.events import Event
from server.clock import Clock
from server.cluster.commit import Commit, Held
from server.cluster.host_peer import HostPeer
from server.cluster.journal import Journal
from server.cluster.log import RoomLog
from server.codes import Refused
from server.commands import Enter
from server.fanout import Audience, Fanout, Hearer
from server.house import House
from server.node import Node
from server.origin import Origin
from server.peer import Peer
from server.safety.trails import Scene
from server.transport import Line

AWAKE_S = 0.05
"""How often a node that slept looks whether it may go on: Redis tells it within a beat."""


class LoggedFanout(Fanout):
    """A fan-out of which the journal knows all that was told, to whomever.

    It knows it when the rooms' outboxes are sent, for less than one event at a time: they are sent before anything of a
    room is written down, or let go.
    """

    def __init__(self, soon: Callable[[Callable[[], None]], object], journal: Journal, commit: Commit) -> None:
        super().__init__(soon)
        self._journal = journal
        self._commit = commit

    def _unheard(self, room: str, event: Event) -> None:
        self._journal.told(room, [event])

    def _tell(self, audience: Audience, events: list[Event]) -> None:
        self._journal.told(audience.room, events)
        super()._tell(audience, events)

    def detach(self, room: str, hearer: Hearer) -> None:
        """Let the hearer hear what was published until now, once it is written down, and nothing more."""
        super().detach(room, hearer)
        self._commit.left(room, cast("Held", hearer.connection))

    def _write(self, data: bytes, hearing: list[Line]) -> None:
        self._commit.put(cast("list[Held]", hearing), data)


class ClusterNode(Node):
    """The shell around one house that is one of many.

    Args:
        journal: what is to be written of the rooms; `log`: where it goes.
        commit: where what is written waits.
        refusal: tells why a client's command cannot be carried out now, if so.
        turns_away: tells whether whoever enters is to come back, and finds another node then.
        recall: asks other nodes what they know of rooms and of a member, for a report or not, and says so later.
        stands_still: tells whether nothing is to end now: all of it may have ended elsewhere already.

    Attributes:
        moved: ids of people whose place may have changed since it was last asked.
        log, refusal, turns_away, recall: as given.
    """

    def __init__(
        self,
        house: House,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        *,
        journal: Journal,
        log: RoomLog,
        commit: Commit,
        refusal: Callable[[Peer], Refused | None],
        turns_away: Callable[[Enter], bool],
        recall: Callable[[list[str], str | None, bool, Callable[[Mapping[str, Scene]], None]], None],
        stands_still: Callable[[], bool],
    ) -> None:
        super().__init__(house, clock, loop)
        self.fanout = LoggedFanout(self._soon, journal, commit)
        self.moved: set[str] = set()
        self._journal = journal
        self.log = log
        self._commit = commit
        self.refusal = refusal
        self.turns_away = turns_away
        self.recall = recall
        self._stands_still = stands_still

    def _soon(self, flush: Callable[[], None]) -> None:
        """Have the fan-out wait for the end of the turn, where everything is written down and then goes out."""
        self._commit.happened()

    def _tick(self) -> None:
        """Let time pass, unless nothing is to end now."""
        if self._stands_still():
            self._timer = self._loop.call_later(AWAKE_S, self._tick)
            return
        super()._tick()

    def give_up_one_too_many(self, origin: Origin) -> None:
        """The same, unless nothing is to end now."""
        if not self._stands_still():
            super().give_up_one_too_many(origin)

    def arm(self) -> None:
        """Have the timer ring when the rooms next have something to do; called after whatever happened to them."""
        if not self._commit.is_due:
            self._commit.happened()
        if self.house.world.deadline != self._timer_at:
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
