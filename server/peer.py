"""One client's end at the server: its connection, its wire format and its session, tied together.

A frame comes in, the codec makes a command of it, the session decides, and what
follows is carried out: events for this client are written here, the rest is the node's.
"""

from asyncio import TimerHandle
from functools import partial
from typing import TYPE_CHECKING

from rooms.changes import Change, Published, Seated
from rooms.events import Event
from server.answers import AuthExpiring, Bye
from server.codec import JSON, SUBPROTOCOLS, Codec, Unreadable
from server.commands import Command
from server.outcomes import Alert, Arrived, End, Lasts, Outcome, Patience, Rare, WantsKeys, bye
from server.session import Session, State
from server.transport import Line

if TYPE_CHECKING:
    from server.node import Node


AUTH_WARNING_S = 60.0
"""Long enough for a page in the background, whose timers run once a minute, to fetch a fresh JWT."""


class Peer:
    """One client. The connection calls `opened`, `received`, `ending` and `closed`."""

    __slots__ = ("_expiry", "_node", "codec", "connection", "session")

    connection: Line
    """Set by `opened`, which the connection calls before anything else."""

    session: Session
    """Likewise: where the client comes from is known only then."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._expiry: TimerHandle | None = None
        self.codec: Codec = JSON

    # What the connection tells

    def opened(self, connection: Line) -> None:
        """Begin to talk in the format agreed on."""
        self.connection = connection
        self.codec = SUBPROTOCOLS[connection.subprotocol]
        self.session = Session(self._node.house, self._node.house.origin(connection.address))
        self.session.connected(now=self._node.clock.now())

    def received(self, payload: bytes, binary: bool) -> None:
        """Do what one message asks for."""
        if binary is not self.codec.is_binary:
            self.end(bye(1003))
            return
        node = self._node
        now = node.clock.now()
        node.received += 1
        try:
            command = self.codec.decode(payload)
        except Unreadable as refused:
            self.carry_out(self.session.refuse(refused, about=refused.about, ref=refused.ref, now=now))
            return
        self.obey(command, now=now)

    def obey(self, command: Command, *, now: float) -> None:
        """Do what one command asks for."""
        self.carry_out(self.session.receive(command, now=now))

    def ending(self, code: int, reason: str) -> None:
        """Say goodbye before the connection closes for a reason of its own."""
        self._write(bye(code))

    def closed(self) -> None:
        """Let the seat wait for this client's return."""
        self._expire_after(None)
        self._node.lost(self)
        self.session.disconnected(now=self._node.clock.now())
        self._node.give_up_one_too_many(self.session.origin)
        self._node.arm()

    # What the node and the fan-out ask

    @property
    def sees_otherwise(self) -> bool:
        """Whether this client may not see everything as it is."""
        return self.session.sight.is_otherwise

    def seen(self, event: Event) -> Event:
        """Return an event of the room as this client sees it."""
        return self.session.sight.event(event)

    def meet(self, seated: Seated) -> None:
        """Know that somebody sits down in this client's room."""
        self.session.meet(seated.me, seated.person)

    def tell(self, *events: Event) -> None:
        """Write events for this client alone."""
        self._write(*events)
        if self.connection.is_paused:
            self.connection.check_unsent()

    def end(self, last: Bye) -> None:
        """Say goodbye and close."""
        self._write(last)
        self.connection.close(last.code, last.why_code)

    @property
    def sits_in(self) -> str:
        """The room of whoever has a seat, else ""."""
        person = self.session.person
        return person.room.id if person is not None and person.room is not None else ""

    def let_go(self, last: Bye) -> None:
        """Say goodbye and close after everything their room has said so far."""
        self._hear_the_room()
        self.end(last)

    def unseat(self) -> None:
        """Know that the seat is no longer this client's, nor what vouches for them a matter of this one."""
        self._expire_after(None)
        self.session.unseat()

    def sent_away(self) -> None:
        """Close for somebody who was away too long; whoever leaves is told so by the session itself."""
        if self.session.state is not State.ENDED:
            self.unseat()
            self.end(bye(4002, reason="You were away, and your seat was kept no longer."))

    def carry_out(self, outcome: Outcome) -> None:
        """Do everything that follows from a command, in order."""
        node = self._node
        for_me: list[Event] = []
        for what in outcome:
            if isinstance(what, Event):
                for_me.append(what)
                continue
            if for_me:
                self._answer(for_me)
                for_me = []
            if isinstance(what, Published):
                node.fanout.publish(what.room.id, what.event)
            else:
                self._carry_out_rare(what)
        if for_me:
            self._answer(for_me)
        node.arm()

    def _carry_out_rare(self, what: Change | Rare) -> None:
        """Do what follows from few commands: words come by no way through here."""
        node = self._node
        match what:
            case Arrived(person):
                node.introduce(self, person)
                self.connection.entered()
            case Patience(seconds):
                self.connection.await_enter(seconds)
            case Lasts(seconds):
                self._expire_after(seconds)
            case WantsKeys():
                node.want_keys()
            case Alert(report):
                node.alert(report)
            case End(last):
                self.end(last)
            case _:
                node.carry_out(what)

    def sit(self, seated: Seated) -> None:
        """Tell this client where they sit now."""
        self.tell(self.session.room_event(seated, now=self._node.clock.now()))

    def _expire_after(self, lasts_s: float | None) -> None:
        """Close when nobody vouches for this client any more, `AUTH_WARNING_S` after saying so; None: never."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        if lasts_s is not None:
            warning_s = min(AUTH_WARNING_S, lasts_s)
            self._expiry = self._node.later(lasts_s - warning_s, partial(self._warn, warning_s))

    def _warn(self, in_s: float) -> None:
        self.tell(AuthExpiring(in_s=round(in_s, 3)))
        self._expiry = self._node.later(in_s, self._expired)

    def _expired(self) -> None:
        self._expiry = None
        self.end(bye(4504))

    def _answer(self, events: list[Event]) -> None:
        """Tell this client events in their place: after what the room said before."""
        self._hear_the_room()
        self.tell(*events)

    def _hear_the_room(self) -> None:
        """Have everything sent that the room has said so far."""
        person = self.session.person
        if person is not None and person.room is not None:
            self._node.fanout.catch_up(person.room.id)

    def _write(self, *events: Event) -> None:
        self.connection.write(b"".join(map(self.codec.frame, events)))
