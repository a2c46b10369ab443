"""Whom one has met this evening, in which room, and about whom one asked: answers name nobody, so it is known here.

Names are remembered: an event tells of somebody who, by the time it is shown, may have gone. Never knows widgets.
"""

from typing import Any

from client_demo.terminal import safe
from client_demo.terminal.server_time import hour

Message = dict[str, Any]


class Met:
    """Everybody seen so far, by member id; a person has another one in each room."""

    def __init__(self) -> None:
        self._members: dict[str, Message] = {}
        self._rooms: dict[str, str] = {}
        self._spans: dict[str, list[str]] = {}
        self._asked: dict[str, str] = {}
        self._room = ""

    def sit(self, room: str, members: list[Message], now_ms: float) -> None:
        """Know who sits in the room that one is in from now on, or is still in."""
        if room != self._room:
            if self._room:
                self._spans[self._room].append(hour(now_ms))
            # Of a room that one is back in, as after a shake, the time before counts.
            self._room, self._spans[room] = room, self._spans.get(room, [hour(now_ms)])[:1]
        for member in members:
            self.see(member)

    def see(self, member: Message) -> None:
        """Know somebody of the present room as they look now."""
        self._members[member["id"]] = dict(member)
        self._rooms[member["id"]] = self._room

    def member(self, id: str) -> Message:
        """Return somebody as they looked last; nothing of who was never seen."""
        return self._members.get(id, {})

    def name(self, id: str) -> str:
        """Return what somebody was called last."""
        return safe.line(self.member(id).get("name", "")) or "Somebody"

    def names(self, me: str) -> dict[str, str]:
        """Return the names of everybody but oneself, by member id; of two of one name the later one."""
        latest = {safe.line(member["name"]): id for id, member in self._members.items() if id != me}
        return {id: name for name, id in latest.items()}

    def who(self, id: str) -> str:
        """Return what somebody was called last, and of which room they are where that is another than the present."""
        room = self._rooms.get(id, self._room)
        if room == self._room:
            return self.name(id)
        return f"{self.name(id)} (of your room from {' to '.join(self._spans[room])})"

    def ask(self, ref: str, whom: str) -> None:
        """Know whom a command is about, in words, until it is answered."""
        self._asked[ref] = whom

    def asked(self, answer: Message) -> str:
        """Return whom the command was about that this answers."""
        return self._asked.get(answer.get("ref") or "", "somebody")

    def answered(self, answer: Message) -> None:
        """Know of that command no more."""
        self._asked.pop(answer.get("ref") or "", None)
