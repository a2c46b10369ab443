"""The gateway's end of a client: finds the node whose the client is, and carries bytes to and fro.

Until the client enters it is this node's own. Then it is either that for good, with nothing between it and its `Peer`,
or another node's: what it sends goes there, and what is written comes from there. Where it becomes a third's, what came
too late for the second comes back first, and what it sends meanwhile waits: so it is heard in the order it was said.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol, cast

from server.answers import Bye
from server.cluster.commit import Commit, Held
from server.cluster.relay import Wire
from server.cluster.wire import Closed, Opened
from server.codec import SUBPROTOCOLS, Unreadable
from server.codes import Refused
from server.commands import Command, Enter, Leave, Ping
from server.connection import Connection
from server.messages import wire_name
from server.outcomes import bye, error_of
from server.peer import Peer
from server.session import State

WAITING_MAX = 16
"""Messages of one client that wait while it is found out whose it is: more than any sends before it has a seat."""

BACK_S = 0.1
"""When whoever's room goes on elsewhere is to come back: at once, since they are told one after another already."""

RETURN_S = 1.0
"""How long what was sent to a former host may take to come back; in milliseconds it does, or that host has died."""

OVERLOADED = 4003
AGAIN_S = 2.0
"""As long as it takes to know whether Redis is there."""

_NEW = State.NEW
"""A member read through its class takes 0.08 µs on Python 3.11."""


class Gateway(Protocol):
    """What entrances share: the cluster as this node sees it."""

    name: str
    commit: Commit
    entrances: dict[int, "Entrance"]

    @property
    def reaches_others(self) -> bool:
        """Whether other nodes hear what this one says, as far as is known."""

    def refuse(self) -> Refused:
        """Return why others cannot be told of anything now."""

    def make_peer(self) -> Peer: ...
    def wire_to(self, node: str) -> Wire: ...
    def next_conn(self) -> int: ...
    def now(self) -> float: ...
    def find(self, enter: Enter, then: Callable[[str | None], None]) -> None:
        """Find out where whoever enters is to be, and say so once: a node, "" for this one, None if nobody knows."""


class Entrance:
    """One client's connection. It calls `opened`, `received`, `ending` and `closed`.

    Attributes:
        host: whose the client is, "" as long as it is this node's own.
        sent_at: when this node itself last sent the client to a host, by the loop's clock.
        peer: who hears it then.
    """

    peer: Peer

    __slots__ = (
        "_conn", "_entering", "_former", "_gateway", "_gives_up", "_is_finding", "_line", "_waiting", "host", "peer",
        "sent_at",
    )  # fmt: skip

    _line: Connection

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._conn = 0
        self._waiting: list[tuple[bytes, bool]] = []
        self._entering: tuple[Enter, bytes, bool] | None = None
        self._is_finding = False
        self._former: frozenset[str] = frozenset()
        self._gives_up: asyncio.TimerHandle | None = None
        self.host = ""
        self.sent_at = 0.0

    # What the connection tells

    def opened(self, connection: Connection) -> None:
        """Begin as this node's own."""
        self._line = connection
        self._become_own()

    def received(self, payload: bytes, binary: bool) -> None:
        """Pass one message on."""
        if self._is_finding or self._former:
            self._wait(payload, binary)
        elif self.host or self.peer.session.state is _NEW:
            self._take(payload, binary)
        else:
            self._line.be_heard_by(self.peer.received)  # from here on nothing is looked at in between
            self.peer.received(payload, binary)

    def _take(self, payload: bytes, binary: bool) -> None:
        if self.host or self.peer.session.state is not _NEW:
            self._pass_on(payload, binary)
        else:
            enter = self._read_enter(payload, binary)
            if enter is None:
                self.peer.received(payload, binary)
            else:
                self._find(enter, payload, binary)

    def ending(self, code: int, reason: str) -> None:
        """Say goodbye before the connection closes for a reason of its own."""
        if self.host:
            self._say_goodbye(code)
        else:
            self.peer.ending(code, reason)

    def closed(self) -> None:
        """Let whoever's the client is know that it is gone."""
        self._gateway.entrances.pop(self._conn, None)
        if self.host:
            self._gateway.wire_to(self.host).tell(Closed(self._conn))
            cast("Held", self.peer.connection).is_gone()
        else:
            self.peer.closed()

    # What the host tells

    def write(self, data: bytes) -> None:
        """Write what the host has for the client."""
        self._entering = None
        self._line.write(data)
        if self._line.is_paused:
            self._line.check_unsent()

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        self._line.close(code, reason)

    def entered(self) -> None:
        """Lift the deadline for entering."""
        self._line.entered()

    def await_enter(self, within_s: float) -> None:
        """Put the deadline for entering off."""
        self._line.await_enter(within_s)

    def adopted(self, peer: Peer) -> None:
        """Know the client this node's own again, and who hears it from here on."""
        # Its number stays: what it sent to its former host may yet be returned.
        if self.host not in ("", self._gateway.name):
            self._wait_for(self.host)
        self.host = ""
        self._hear_by(peer)

    def park(self) -> int:
        """Have what the client sends wait, since its room is on its way to another node; return its number there."""
        self._line.be_heard_by(self.received)
        self._is_finding = True
        return self._get_number()

    def unpark(self, host: str) -> None:
        """Know the client that node's from here on, and send what waited after it; or say there that it is gone."""
        self._is_finding = False
        if not self._line.is_open:
            self._gateway.wire_to(host).tell(Closed(self._conn))
            return
        self._send_to(host)
        self._send_waiting()

    @property
    def sits_in(self) -> str:
        """The client's room where it is this node's own, else the node whose it is."""
        return self.host or self.peer.sits_in

    def let_go(self, last: Bye) -> None:
        """Say goodbye and close, after everything their room has said so far."""
        if self.host:
            self._line.write(SUBPROTOCOLS[self._line.subprotocol].frame(last))
            self._line.close(last.code, last.why_code)
        else:
            self.peer.let_go(last)

    def rehomed(self, sender: str, host: str) -> None:
        """Know that the client is that node's from here on, and no more the sender's."""
        if self.host == sender:
            self.host = host
            self._wait_for(sender)
        if sender in self._former:
            self._gateway.wire_to(sender).ask_back(self._conn)

    def returned(self, sender: str, payload: bytes, binary: bool) -> None:
        """Send again what came too late for the former host."""
        if sender == self.host:
            # It knows nothing of the client: what it was told of them was lost on the way.
            self.host_lost()
        elif self._line.is_open:
            # By now it may be this node's own.
            (self._wait if self._is_finding else self._take)(payload, binary)

    def all_returned(self, sender: str) -> None:
        """Know that nothing more comes back from a former host."""
        if sender in self._former:
            self._former -= {sender}
            if not self._former:
                self._go_on()

    def _wait_for(self, host: str) -> None:
        """Have what the client sends wait for what comes back from its former host."""
        self._line.be_heard_by(self.received)
        self._former |= {host}
        if self._gives_up is None:
            self._gives_up = asyncio.get_running_loop().call_later(RETURN_S, self._go_on)

    def _go_on(self) -> None:
        """Wait for no former host any more."""
        if self._gives_up is not None:
            self._gives_up.cancel()
        self._gives_up, self._former = None, frozenset()
        if not self._is_finding:
            self._send_waiting()

    def _send_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for payload, binary in waiting if self._line.is_open else ():
            self.received(payload, binary)

    def lose_touch(self) -> None:
        """Write nothing more of the host's: what came before it is missing."""
        self._gateway.entrances.pop(self._conn, None)

    def host_lost(self) -> None:
        """Know that the host is dead, or that something was lost on the way: what was not answered is asked anew.

        Whoever has a seat comes back for it by themselves; who only wanted one is none the wiser.
        """
        if not self._line.is_open:
            return
        if self._entering is None:
            self._say_goodbye(4000, back_in_s=BACK_S)
            self._line.close(4000, "lost")
            return
        enter, payload, binary = self._entering
        self._gateway.entrances.pop(self._conn, None)
        self.host = ""
        self._become_own()
        self._find(enter, payload, binary)

    # Finding

    def _read_enter(self, payload: bytes, binary: bool) -> Enter | None:
        codec = self.peer.codec
        if binary is not codec.is_binary:
            return None
        try:
            command = codec.decode(payload)
        except Unreadable:
            return None
        return command if isinstance(command, Enter) else None

    def _find(self, enter: Enter, payload: bytes, binary: bool) -> None:
        self._is_finding = True
        self._entering = (enter, payload, binary)
        self._waiting.insert(0, (payload, binary))
        self._gateway.find(enter, self._found)

    def _found(self, node: str | None) -> None:
        self._is_finding = False
        if node is None or (node and not self._gateway.reaches_others):
            self._put_off()
            return
        waiting, self._waiting = self._waiting, []
        if not self._line.is_open:
            return
        if node:
            self._become(node)
        else:
            self._entering = None
        for payload, binary in waiting:
            self._pass_on(payload, binary)

    def _put_off(self) -> None:
        """Have whoever enters try again soon: somebody known may sit at a node of which nothing can be learnt now."""
        entering, self._entering = self._entering, None
        later, self._waiting = self._waiting[1:], []
        if entering is not None and self._line.is_open:
            refused = Refused("unavailable", "Your seat cannot be looked for just now.", retry_after=AGAIN_S)
            ref, now = entering[0].ref, self._gateway.now()
            self.peer.carry_out(self.peer.session.refuse(refused, about="enter", ref=ref, now=now))
            for payload, binary in later:
                self.received(payload, binary)

    def _pass_on(self, payload: bytes, binary: bool) -> None:
        """Give a message to whoever's the client is; an `enter` that waited is not looked at a second time."""
        if not self.host:
            self.peer.received(payload, binary)
        elif not self._gateway.reaches_others:
            self._refuse(payload, binary)
        else:
            self._gateway.wire_to(self.host).pass_on(self._conn, payload, binary)

    def _refuse(self, payload: bytes, binary: bool) -> None:
        """Say that the room cannot be reached now; what would come there later would all come at once."""
        codec = SUBPROTOCOLS[self._line.subprotocol]
        command: Command | None = None
        if binary is codec.is_binary:
            with contextlib.suppress(Unreadable):
                command = codec.decode(payload)
        if command is None or isinstance(command, Ping | Leave):
            self._gateway.wire_to(self.host).pass_on(self._conn, payload, binary)
            return
        refused = self._gateway.refuse()
        self._line.write(codec.frame(error_of(refused, about=wire_name(type(command)), ref=command.ref)))

    def _become(self, node: str) -> None:
        """Have the client be that node's."""
        self.peer.closed()
        self._send_to(node)
        conn = self._get_number()
        self._gateway.wire_to(node).tell(Opened(conn, self._line.address, self._line.subprotocol))

    def _send_to(self, host: str) -> None:
        self.host, self.sent_at = host, asyncio.get_running_loop().time()

    def _become_own(self) -> None:
        """Have the client be this node's."""
        self._hear_by(self._gateway.make_peer())

    def _hear_by(self, peer: Peer) -> None:
        self._line.be_heard_by(self.received)
        self.peer = peer
        held = self._gateway.commit.hold(self._line)
        held.entrance, held.peer = self, peer
        peer.opened(held)

    def _get_number(self) -> int:
        self._gateway.entrances.pop(self._conn, None)
        self._conn = self._gateway.next_conn()
        self._gateway.entrances[self._conn] = self
        return self._conn

    def _wait(self, payload: bytes, binary: bool) -> None:
        if len(self._waiting) >= WAITING_MAX:
            self._line.end(OVERLOADED, "too much at once before there was a seat")
        else:
            self._waiting.append((payload, binary))

    def _say_goodbye(self, code: int, back_in_s: float = 1.0) -> None:
        self._line.write(SUBPROTOCOLS[self._line.subprotocol].frame(bye(code, reconnect_in=back_in_s)))
