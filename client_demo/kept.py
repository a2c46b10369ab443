"""What a break kept: sent in the order it was asked for, words one at a time.

Six lines typed in a break and sent at once are more than a server lets anybody say at once. So words wait for the
answer to those before them, and what is refused as too soon is said again when it may be. Never knows a connection: it
is told what sends.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from client_demo.unanswered import Unanswered
from client_demo.wire import Message, seconds_or_none

TOO_SOON = ("rate_limited", "unavailable")
TRIES_MAX = 5
# Whoever may not speak for longer than this decides anew whether to say it.
LONGEST_WAIT_S = 60.0
# The server's count of a wait and ours may differ by a little.
SLACK_S = 0.02


class Kept:
    """Sends what is still unanswered when a connection has caught up."""

    def __init__(self, unanswered: Unanswered, send: Callable[[Message], Awaitable[None]]) -> None:
        self._unanswered, self._send = unanswered, send
        self._commands: deque[Message] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._on_way = ""
        self._tries = 0
        self._put_off: asyncio.Future[float] | None = None

    def start(self) -> None:
        """Begin to send what has no answer."""
        self._commands = deque(self._unanswered.commands())
        self._sending = asyncio.create_task(self._send_all())

    def stop(self) -> None:
        """Send nothing more; what has no answer is there for the next connection."""
        if self._sending is not None:
            self._sending.cancel()
        self._sending, self._on_way = None, ""

    def queue(self, command: Message) -> bool:
        """Take words that have to wait for earlier ones; returns whether it did."""
        if command["type"] != "say" or self._sending is None or self._sending.done():
            return False
        self._commands.append(command)
        return True

    def puts_off(self, event: Message) -> bool:
        """Return whether an event only puts off the words on their way: then it is no answer to them yet."""
        wait_s = seconds_or_none(event.get("retry_after"))
        is_too_soon = event["type"] == "error" and event.get("ref") == self._on_way and event.get("code") in TOO_SOON
        if not is_too_soon or wait_s is None or wait_s > LONGEST_WAIT_S or self._tries >= TRIES_MAX:
            return False
        if self._put_off is not None and not self._put_off.done():
            self._put_off.set_result(wait_s + SLACK_S)
        return True

    async def _send_all(self) -> None:
        while self._commands:
            command = self._commands.popleft()
            if command["type"] == "say":
                await self._say(command)
            elif self._unanswered.waiting(command["ref"]) is not None:
                await self._send(command)

    async def _say(self, command: Message) -> None:
        """Return once these words have an answer, or nobody waits for one any more."""
        self._on_way, self._tries = command["ref"], 0
        while (answer := self._unanswered.waiting(command["ref"])) is not None:
            self._tries += 1
            self._put_off = asyncio.get_running_loop().create_future()
            await self._send(command)
            either: set[asyncio.Future[Any]] = {answer, self._put_off}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._put_off.done():
                await asyncio.sleep(self._put_off.result())
        self._on_way = ""
