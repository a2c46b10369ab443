"""What happened in the rooms of this node in one turn, as it goes into their logs.

All events go in as they are. Whenever more than words changed, the room's whole state goes with them: so nobody who
goes on with the room has to know how each kind of change is made. Where the log begins, or begins anew since Redis has
lost some of it, the newest events go in again with the state.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec

from rooms.events import Changed, Closing, Event, Extended, Joined, Left, Numbered, Said
from rooms.frozen import EVENTS_MAX
from rooms.room import Room
from server.bugs import log_bug
from server.cluster.log import RoomLog

STATE_EVERY = 48
"""After so many turns of words alone the state is written again: whoever reads the log reads that many entries at most,
and of those it keeps at least one has the state."""

LATER_S = 900.0
"""How long after its end a room's log is kept, real seconds: a member who slept over it is told that it ended, not that
nobody knows it."""

AnyNumbered: TypeAlias = Joined | Left | Changed | Said | Closing | Extended


class Body(msgspec.Struct, array_like=True, omit_defaults=True):
    """One entry of a room's log: what the room was told in a turn; the whole state after it, b"" if only words came."""

    events: list[AnyNumbered] = []
    state: bytes = b""


decode_body = msgspec.msgpack.Decoder(Body).decode
_encode = msgspec.msgpack.Encoder().encode


class Journal:
    """What is yet to be written of this turn.

    Args:
        log: where it goes.
        room_of: gives the room of an id, if it is here.
        state_of: gives a room's whole state, encoded.
        unix: gives the real time at a moment of the rooms'.
    """

    def __init__(
        self,
        log: RoomLog,
        room_of: Callable[[str], Room | None],
        state_of: Callable[[Room], bytes],
        *,
        unix: Callable[[float], float],
    ) -> None:
        self._log = log
        self._unix = unix
        self._room_of = room_of
        self._state_of = state_of
        self._events: dict[str, list[Numbered]] = {}
        self._touched: set[str] = set()
        self._turns: dict[str, int] = {}
        self._changed: set[str] = set()
        self._anew: set[str] = set()

    def told(self, room: str, events: list[Event]) -> None:
        """Know what a room was told; what is not numbered concerned that moment alone."""
        numbered = [event for event in events if isinstance(event, Numbered)]
        if numbered:
            self._events.setdefault(room, []).extend(numbered)
            if not all(isinstance(event, Said) for event in numbered):
                self._touched.add(room)

    def touch(self, room: str) -> None:
        """Know that a room is other than it was."""
        self._touched.add(room)

    def took_over(self, room: str) -> None:
        """Know that a room's log goes on here."""
        self._turns[room] = 0
        self._touched.add(room)

    def write_out(self, room: Room) -> bytes:
        """Queue all there is of the room, the last that this node writes of it, and return it.

        As if it had just begun: Redis may have forgotten it, and nobody would be here to write it anew.
        """
        self.let_go(room.id)
        return self._create(room)

    def let_go(self, room: str) -> None:
        """Know that a room is another node's now, and its log with it."""
        self._turns.pop(room, None)
        self._events.pop(room, None)
        self._touched.discard(room)
        self._anew.discard(room)

    def write_anew(self, rooms: Iterable[str]) -> None:
        """Write these rooms' states as if they had just begun: Redis knows them no more."""
        for room in rooms:
            self._anew.add(room)
            self._touched.add(room)

    def take_changed(self) -> set[str]:
        """Return the rooms of which more than words was written since this was last asked."""
        changed, self._changed = self._changed, set()
        return changed

    def write(self) -> bool:
        """Queue everything, and return whether there was anything."""
        events, self._events = self._events, {}
        touched, self._touched = self._touched, set()
        self._changed |= touched
        for id in touched:
            self._write_one(id, self._write_state, events.pop(id, []))
        for id, words in events.items():
            self._write_one(id, self._write_words, words)
        return bool(events or touched)

    @staticmethod
    def _write_one(id: str, write: Callable[[str, list[Numbered]], None], events: list[Numbered]) -> None:
        """Write of one room; a bug in it is that room's alone."""
        try:
            write(id, events)
        except Exception as bug:
            log_bug("writing a room down", bug)

    def _write_words(self, id: str, words: list[Numbered]) -> None:
        room = self._room_of(id)
        if room is None or id not in self._turns or id in self._anew or self._turns[id] + 1 >= STATE_EVERY:
            self._write_state(id, words)
            return
        self._turns[id] += 1
        self._log.append(id, _encode((words, b"")), long=room.unconnected > 0)

    def _write_state(self, id: str, events: list[Numbered]) -> None:
        room = self._room_of(id)
        is_anew = id in self._anew
        self._anew.discard(id)
        if room is None:
            if self._turns.pop(id, None) is not None:
                self._log.drop(id)
            return
        if id in self._turns and not is_anew:
            body = _encode((events, self._state_of(room)))
            self._log.append(id, body, long=room.unconnected > 0, ends_at=self._ends_at(room))
        else:
            self._create(room)
        self._turns[id] = 0

    def _create(self, room: Room) -> bytes:
        """Queue all there is: of what was written before nothing need be there any more, and some of it never was."""
        body = _encode((room.recent()[-EVENTS_MAX:], self._state_of(room)))
        self._log.create(room.id, body, ends_at=self._ends_at(room), long=room.unconnected > 0)
        return body

    def _ends_at(self, room: Room) -> float:
        return self._unix(room.closes) + LATER_S
