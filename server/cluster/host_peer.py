"""A client of a node that is one of many: what cannot be written down is refused, and a command about
somebody met at another node waits for what that knows.

Must never know how anything is written down, nor where a client goes.
"""

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from rooms.changes import Ended, Gone, LooksAgain, Published, Seated, Told, Unseated
from rooms.events import Event
from server.acts import HANDLERS
from server.acts.lately import OfSomebodyMet, unknown_rooms
from server.cluster.commit import Held
from server.cluster.entrance import Entrance
from server.cluster.relay import Parked, RemoteLine
from server.codes import Refused
from server.commands import Command, Enter, Leave, Ping, Report, Say
from server.messages import wire_name
from server.outcomes import Alert, Outcome, bye
from server.peer import Peer
from server.safety.trails import Scene
from server.session import State
from server.store.store import StoreError

if TYPE_CHECKING:
    from server.cluster.node import ClusterNode

_AT_ANY_TIME = frozenset((Enter, Ping))
_TOUCHES_NOTHING = frozenset((Say, Ping))

ELSEWHERE = 4000
"""Come back: another node is found then."""

WAITING_MAX = 8
"""Messages of one client that wait for such a command, a second at most; what is too much is refused. With as many more
they may yet go on to another node (`relay.PARKED_MAX`)."""


class HostPeer(Peer):
    """A client of a node that is one of many."""

    __slots__ = ("_recalled", "_waiting")

    _node: "ClusterNode"

    def __init__(self, node: "ClusterNode") -> None:
        super().__init__(node)
        self._waiting: list[Command] | None = None
        """A command about which other nodes are asked, and what came after it."""
        self._recalled: Mapping[str, Scene] | None = None
        """What they have told."""

    def obey(self, command: Command, *, now: float) -> None:
        """Do what one command asks for, after what came before it, unless it cannot be written down."""
        node, kind = self._node, type(command)
        if self._waiting is not None:
            if len(self._waiting) < WAITING_MAX:
                self._waiting.append(command)
            else:
                later = Refused(
                    "unavailable", "Something you asked for is yet being done; try again soon.", retry_after=1.0
                )
                self._refuse_at_once(self.session.refuse(later, about=wire_name(kind), ref=command.ref, now=now))
            return
        if kind is Say and not node.log.is_away:
            # Words, nearly all that comes, touch nothing but what their room says.
            self.carry_out(self.session.receive(command, now=now))
            return
        if isinstance(command, Enter) and node.turns_away(command):
            self.end(bye(ELSEWHERE))
            return
        refused = node.refusal(self) if kind not in _AT_ANY_TIME else None
        if refused is not None:
            self._refuse_at_once(self.session.refuse(refused, about=wire_name(kind), ref=command.ref, now=now))
            return
        if isinstance(command, OfSomebodyMet) and self._asks_others(command, now):
            return
        super().obey(command, now=now)
        if kind not in _TOUCHES_NOTHING:
            node.touched_by(self)

    def closed(self) -> None:
        """Let the seat wait for this client's return, and nothing of this connection stay."""
        super().closed()
        cast("Held", self.connection).is_gone()

    def _refuse_at_once(self, outcome: Outcome) -> None:
        """Tell that something cannot be written down now: behind what waits for that it would come as late."""
        assert isinstance(self.connection, Held)
        for what in outcome:
            if isinstance(what, Event):
                self.connection.write_at_once(self.codec.frame(what))
            else:
                self.carry_out((what,))

    def _asks_others(self, command: OfSomebodyMet, now: float) -> bool:
        """Tell whether a command has to wait for what other nodes know of where somebody was met."""
        if self.session.state is not State.SEATED or self._recalled is not None:
            return False
        rooms = unknown_rooms(self.session, command, now)
        if not rooms:
            return False
        self._waiting = [command]
        self._node.recall(rooms, command.who, isinstance(command, Report), self._go_on)
        return True

    def park(self) -> tuple[str, int]:
        """Have all that the client sends wait, since it or its room goes to another node.

        What waits for other nodes by now waits there before all else.

        Returns:
            Its gateway, "" for this node, and its number there; 0 if it is gone.
        """
        held = cast("Held", self.connection)
        waiting, self._waiting = self._waiting or [], None
        receiver: Parked | Entrance
        if isinstance(held.line, RemoteLine):
            held.line.receiver = receiver = Parked()
            where = held.line.gateway, held.line.conn
        elif held.entrance is not None:
            receiver, where = held.entrance, ("", held.entrance.park())
        else:
            return "", 0
        for command in waiting:
            receiver.received(self.codec.payload(command), self.codec.is_binary)
        return where

    def _go_on(self, scenes: Mapping[str, Scene]) -> None:
        """Do what waited for other nodes, and what came after it."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return  # they sit elsewhere by now, where it is looked for anew
        clock = self._node.clock
        if self.session.state is State.ENDED:
            self._do_unheard(waiting, scenes, now=clock.now())
            return
        self._recalled = scenes
        with self._node.house.trails.lent(scenes):
            self.obey(waiting[0], now=clock.now())
        self._recalled = None
        for command in waiting[1:]:
            self.obey(command, now=clock.now())

    def _do_unheard(self, commands: list[Command], scenes: Mapping[str, Scene], *, now: float) -> None:
        """Do what still matters to somebody whose connection is gone since: who reports somebody often closes the page.

        Or another of theirs has come, as when a phone changes networks: then it is done as if that had asked for it,
        but for leaving, since they are back.
        """
        for command in commands:
            heir = self._node.peers.get(self.session.identity.id) if self.session.person is None else self
            person = heir.session.person if heir is not None else None
            if heir is None or person is None or person.room is None:
                return
            if not isinstance(command, OfSomebodyMet) and (heir is not self or not isinstance(command, Leave)):
                continue
            if not isinstance(command, Report) and self._node.refusal(heir) is not None:
                continue
            with self._node.house.trails.lent(scenes), contextlib.suppress(Refused, StoreError):
                self._carry_out_unheard(HANDLERS[type(command)](heir.session, command, now))
            if heir is self and person.seat is not None and person.seat.waits_until is None:
                # A block has given them another seat, which waits like the one before.
                self._node.house.world.lose(person, now=now)
            self._node.touched_by(heir)
        self._node.arm()

    def _carry_out_unheard(self, outcome: Outcome) -> None:
        """Do what follows from a command but for what its client alone would hear."""
        for what in outcome:
            match what:
                case Alert(report):
                    self._node.alert(report)
                case Published(room, event):
                    self._node.fanout.publish(room.id, event)
                case Seated() | Unseated() | Ended() | Gone() | Told() | LooksAgain():
                    self._node.carry_out(what)
                case _:
                    pass
