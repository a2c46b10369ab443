"""Commands that have no answer yet, in the order they were asked for.

Knows which answer belongs to which command, and what the loss of a seat answers. Never knows connections: an entry
outlives as many of them as it takes.
"""

import asyncio
from typing import Any

from client_demo.wire import Closed, Held, Refused

Message = dict[str, Any]

UNANSWERED_MAX = 256

OTHER_ROOM = {"code": "wrong_room", "message": "the seat there was gone before this was heard"}
# A code of the client's own: no server can tell, to which the new seat is somebody else.
OTHER_SEAT = {"code": "seat_gone", "message": "the seat was given up; what was on its way may have been heard"}


class Unanswered:
    """Futures by `ref`."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[Message, asyncio.Future[Message]]] = {}

    def ask(self, command: Message) -> asyncio.Future[Message]:
        """Return where the answer to a command, which has a `ref`, will come.

        Raises:
            Refused: too many are waiting already.
        """
        if len(self._asked) >= UNANSWERED_MAX:
            raise Refused({"code": "not_now", "message": "too much is unanswered", "about": command["type"]})
        answer = asyncio.get_running_loop().create_future()
        self._asked[command["ref"]] = command, answer
        return answer

    def forget(self, ref: str) -> None:
        """Wait for this answer no more."""
        self._asked.pop(ref, None)

    def commands(self) -> list[Message]:
        """Return what is still without an answer."""
        return [command for command, answer in self._asked.values() if not answer.done()]

    def waiting(self, ref: str) -> asyncio.Future[Message] | None:
        """Return where the answer to a command will come, or None if it has come or nobody waits for it."""
        _, answer = self._asked.get(ref, (None, None))
        return None if answer is None or answer.done() else answer

    def answer(self, event: Message) -> None:
        """Let an event answer the command whose `ref` it carries, if it carries one."""
        ref = event.get("ref")
        _, answer = self._asked.get(ref, (None, None)) if isinstance(ref, str) else (None, None)
        if answer is None or answer.done():
            return
        if event["type"] == "error":
            answer.set_exception(Refused(event))
        elif event["type"] == "held":
            answer.set_exception(Held(event))
        else:
            answer.set_result(event)

    def settle_for_other_seat(self, room: str, *, is_other_room: bool) -> None:
        """Answer what the loss of a seat answers: words from it are said by nobody, `next` may have happened."""
        for command in self.commands():
            if command["type"] == "next" and is_other_room:
                self.answer({"type": "room", "room": room, "ref": command["ref"]})
            elif command["type"] == "say":
                lost = OTHER_ROOM if is_other_room else OTHER_SEAT
                self.answer({"type": "error"} | lost | {"about": "say", "ref": command["ref"]})

    def end(self, closed: Closed) -> None:
        """Tell everybody who waits that no answer will come."""
        for _, answer in self._asked.values():
            if not answer.done():
                answer.set_exception(closed)
