"""How a room's events leave the process: encoded once, written once per member and loop turn.

A write costs the same for 100 bytes and for 1,000, so the number of writes decides what
a chat server costs, not the number of messages. Events published in one turn of the
event loop are kept in the room's outbox; at the turn's end they are encoded once per
wire format and the same bytes are written to every hearer of that format. Under
light load a turn holds one event and nothing is delayed.

Whoever mutes or keeps somebody is asked how they see each event; only what they see
otherwise is encoded for them alone. Who listens changes only between flushes, so that
everybody hears exactly the events of their seat.
"""

from collections.abc import Callable
from operator import is_
from typing import Protocol

from rooms.changes import Seated
from rooms.events import Event
from server.bugs import log_bug
from server.codec import Codec
from server.transport import Line


class Hearer(Protocol):
    """Whom events go to: one client's end."""

    @property
    def codec(self) -> Codec:
        """The format they hear in."""

    @property
    def connection(self) -> Line:
        """Where it is written to."""

    @property
    def sees_otherwise(self) -> bool:
        """Whether this client does not see everything as it is."""

    def seen(self, event: Event) -> Event:
        """Return the event as this client sees it."""

    def meet(self, seated: Seated) -> None:
        """Know that somebody sits down in the room this client hears."""


class Audience:
    """Who hears one room, and what they have not been told yet. Its lists are replaced, never changed."""

    __slots__ = ("outbox", "plain", "room", "seeing_otherwise")

    def __init__(self, room: str) -> None:
        self.room = room
        self.plain: dict[Codec, list[Line]] = {}
        self.seeing_otherwise: list[Hearer] = []
        self.outbox: list[Event] = []


class Fanout:
    """The audiences of all rooms. `soon` has its argument called at the end of the loop turn.

    Attributes:
        published, delivered: events so far, and how often they were written to somebody.
    """

    def __init__(self, soon: Callable[[Callable[[], None]], object]) -> None:
        self.published = 0
        self.delivered = 0
        self._soon = soon
        self._audiences: dict[str, Audience] = {}
        self._unsent: list[Audience] = []

    def attach(self, room: str, hearer: Hearer) -> None:
        """Let the hearer hear what is published from now on."""
        audience = self._audiences.get(room)
        if audience is None:
            audience = self._audiences[room] = Audience(room)
        self._send(audience)
        if hearer.sees_otherwise:
            audience.seeing_otherwise = [*audience.seeing_otherwise, hearer]
        else:
            hearing = audience.plain.get(hearer.codec, [])
            audience.plain[hearer.codec] = [*hearing, hearer.connection]

    def detach(self, room: str, hearer: Hearer) -> None:
        """Let the hearer hear what was published until now and nothing more."""
        audience = self._audiences.get(room)
        if audience is None:
            return
        self._send(audience)
        audience.seeing_otherwise = [other for other in audience.seeing_otherwise if other is not hearer]
        hearing = audience.plain.get(hearer.codec, [])
        audience.plain[hearer.codec] = [other for other in hearing if other is not hearer.connection]
        if not audience.seeing_otherwise and not any(audience.plain.values()):
            del self._audiences[room]

    def seeing_otherwise(self, room: str) -> list[Hearer]:
        """Return the hearers of the room who mute or keep somebody."""
        audience = self._audiences.get(room)
        return audience.seeing_otherwise if audience is not None else []

    def publish(self, room: str, event: Event) -> None:
        """Tell the event to everybody attached to the room, at the end of this loop turn."""
        audience = self._audiences.get(room)
        if audience is None:
            self._unheard(room, event)
            return
        if not audience.outbox:
            if not self._unsent:
                self._soon(self.flush)
            self._unsent.append(audience)
        audience.outbox.append(event)
        self.published += 1

    def catch_up(self, room: str) -> None:
        """Send the room's outbox now, so that what is written next comes after it."""
        audience = self._audiences.get(room)
        if audience is not None:
            self._send(audience)

    def flush(self) -> None:
        """Send all outboxes."""
        unsent, self._unsent = self._unsent, []
        for audience in unsent:
            self._send(audience)

    def _unheard(self, room: str, event: Event) -> None:
        """Do nothing about what nobody is there to hear."""

    def _send(self, audience: Audience) -> None:
        events = audience.outbox
        if not events:
            return
        audience.outbox = []
        try:
            self._tell(audience, events)
        except Exception as bug:
            # Other rooms, and whoever comes or goes just now, are not to suffer; this one's members see a gap.
            log_bug("telling a room", bug)

    def _tell(self, audience: Audience, events: list[Event]) -> None:
        encoded: dict[Codec, bytes] = {}
        for codec, hearing in audience.plain.items():
            if hearing:
                encoded[codec] = b"".join(map(codec.frame, events))
                self._write(encoded[codec], hearing)
                self.delivered += len(events) * len(hearing)
        for hearer in audience.seeing_otherwise:
            codec = hearer.codec
            seen = [hearer.seen(event) for event in events]
            if not all(map(is_, seen, events)):
                data = b"".join(map(codec.frame, seen))
            elif codec in encoded:
                data = encoded[codec]
            else:
                data = encoded[codec] = b"".join(map(codec.frame, events))
            self._write(data, [hearer.connection])
            self.delivered += len(events)

    def _write(self, data: bytes, hearing: list[Line]) -> None:
        for connection in hearing:
            connection.write(data)
            if connection.is_paused:
                connection.check_unsent()
