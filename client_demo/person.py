"""One scripted person: a client every event of which the ledger is shown, as it came off the wire.

Knows how a word is accounted for on its way: acknowledged, crossed by the end of its room, held, refused. Never decides
when to speak or where to be.
"""

import asyncio
import time
from typing import Any

from client_demo.client import Client, Closed, Held, Message, Refused
from client_demo.ledger import Ledger

# A word whose room has just ended is said in the next one; more than once in a row is a room that never holds.
ATTEMPTS = 3
ANSWERS_WAIT_S = 5.0


class Person(Client):
    """A client under observation. Arguments beyond `ledger` are those of `Client`."""

    def __init__(self, *, ledger: Ledger, **options: Any) -> None:
        super().__init__(**options)
        self._ledger = ledger
        self._watch = ledger.watch()
        self._speaking: set[asyncio.Task[bool]] = set()
        self.on_event = _pass_over

    def take(self, event: Message) -> bool:
        """Show the event to the ledger, then apply it: repeated ones and those after a hole are seen too."""
        self._watch.see(event, time.monotonic())
        return super().take(event)

    async def arrive(self) -> None:
        """Enter; raises as `Client` does."""
        await self.__aenter__()

    async def depart(self) -> None:
        """Leave and be forgotten, once every word was answered or had a fair time to be.

        Never raises for what the connection does meanwhile.
        """
        await self.wait_for_answers()
        await self.__aexit__(None, None, None)
        self._watch.end(whole=False)

    async def wait_for_answers(self) -> None:
        """Return when everything said with `start_speaking` was answered, or after a fair time."""
        if self._speaking:
            await asyncio.wait(self._speaking, timeout=ANSWERS_WAIT_S)

    def start_speaking(self, text: str, *, meant_at: float) -> asyncio.Task[bool]:
        """Say something as `speak` does, without waiting for what becomes of it."""
        task = asyncio.create_task(self.speak(text, meant_at=meant_at))
        self._speaking.add(task)
        task.add_done_callback(self._speaking.discard)
        return task

    async def speak(self, text: str, *, meant_at: float) -> bool:
        """Say something and return whether it was acknowledged; the ledger knows what became of it otherwise.

        Args:
            meant_at: the moment it should have been said, of the monotonic clock.
        """
        for _ in range(ATTEMPTS):
            room, ref = self.room, self._ledger.word(meant_at)
            try:
                await self.request("say", text=text, room=room, ref=ref)
            except Held as held:
                self._ledger.held(ref, held.reason)
                return False
            except Refused as refused:
                if refused.code != "wrong_room" or self.room == room:
                    self._ledger.refused(ref, refused.code)
                    return False
                self._ledger.crossed(ref)
            except Closed:
                return False
            else:
                return True
        return False


def _pass_over(_event: Message) -> None:
    """Watch without doing anything: a client that nobody watches keeps its events for an iterator."""
