"""What was sent to Redis at once, turn by turn: each is told what became of it after all before it, and none waits
for ever.

Knows futures and the loop's clock. Must never know what was sent, nor how it is found out what became of it.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from server.cluster.engine import COMMAND_TIMEOUT_S
from server.cluster.logged import Verdict

STALL_S = 1.0
"""A timer that rings so late says that this process stood still, not that Redis did."""

Verdicts: TypeAlias = "asyncio.Future[dict[str, Verdict]]"
"""Room → what became of what it was to write in one turn; of several the gravest."""


class Turn:
    """What was sent at once.

    Attributes:
        due_at: when what has no verdict yet is given up, by the loop's clock.
        left: how many of its entries have no verdict yet.
    """

    __slots__ = ("_settle", "due_at", "future", "left", "sent_at", "verdicts")

    def __init__(self, future: Verdicts, now: float, entries: int, settle: Callable[[], None]) -> None:
        self.future = future
        self.left = entries
        self.sent_at = now
        self.due_at = now + COMMAND_TIMEOUT_S
        self.verdicts: dict[str, Verdict] = {}
        self._settle = settle

    def judged(self, room: str, verdict: Verdict) -> None:
        """Know what became of one entry."""
        verdicts = self.verdicts
        if verdict >= verdicts.get(room, verdict):
            verdicts[room] = verdict
        self.done()

    def done(self) -> None:
        """Know that one entry fewer is waited for."""
        self.left -= 1
        if not self.left:
            self._settle()


class Turns:
    """All turns that have no answer yet, the oldest first.

    Args:
        late: called with the loop's time when something is due by then and has no verdict.
    """

    def __init__(self, late: Callable[[float], None]) -> None:
        self._late = late
        self._turns: deque[Turn] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._last_s = 0.0

    @property
    def lag_s(self) -> float:
        """How long the last turn waited for its verdict, or the oldest has by now if that is longer."""
        return max(self._last_s, self.waits_s)

    @property
    def waits_s(self) -> float:
        """How long the oldest turn has waited for its verdict by now; 0 if none waits."""
        return asyncio.get_running_loop().time() - self._turns[0].sent_at if self._turns else 0.0

    def begin(self, entries: int) -> Turn:
        """Return a new turn, the last, of so many entries; `watch` is to be called when all are sent."""
        loop = asyncio.get_running_loop()
        turn = Turn(loop.create_future(), loop.time(), entries, self._settle)
        self._turns.append(turn)
        return turn

    def watch(self) -> None:
        """Have the oldest turn looked at when it is due."""
        if self._turns and self._watch is None:
            due_at = self._turns[0].due_at
            self._watch = asyncio.get_running_loop().call_at(due_at, self._look, due_at)

    def stop(self) -> None:
        """Look at none any more."""
        if self._watch is not None:
            self._watch.cancel()

    def _settle(self) -> None:
        while self._turns and not self._turns[0].left:
            turn = self._turns.popleft()
            self._last_s = asyncio.get_running_loop().time() - turn.sent_at
            if not turn.future.done():
                turn.future.set_result(turn.verdicts)

    def _look(self, due_at: float) -> None:
        """Have what has no answer given up, if the oldest turn is that old."""
        loop = asyncio.get_running_loop()
        self._watch = None
        now = loop.time()
        if self._turns and now - due_at > STALL_S:
            self._watch = loop.call_later(COMMAND_TIMEOUT_S, self._look, now + COMMAND_TIMEOUT_S)
            return
        if self._turns and self._turns[0].due_at <= now:
            self._late(now)
        if self._turns:
            due_at = self._turns[0].due_at
            next_at = due_at if due_at > now else now + COMMAND_TIMEOUT_S
            self._watch = loop.call_at(next_at, self._look, next_at)
