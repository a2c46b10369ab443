"""Whether the machine keeps up with all that runs on it: how late this process's own timers ring.

Where they do not ring in time, nobody else's do either, and that something took long says nothing of the servers.
"""

import asyncio
import contextlib
from bisect import bisect_left

EVERY_S = 0.05

LATE_S = 0.2
"""One timer so late is a machine that stood still for a moment: of what servers may take, that is too much of it."""

MEAN_LATE_S = 0.03
"""All of them so late is a machine on which everything takes half as long again."""


class Pace:
    """Looks all the time, until it is stopped."""

    def __init__(self) -> None:
        self._rang_at: list[float] = []
        self._late_s: list[float] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Pace":
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def rang(self, at: float, *, late_s: float) -> None:
        """Know a timer that rang then, so late."""
        self._rang_at.append(at)
        self._late_s.append(late_s)

    def worst_s(self, began: float, ended: float) -> float:
        """Return how late one rang at worst in that time."""
        return max(self._between(began, ended), default=0.0)

    def was_slow(self, began: float, ended: float) -> bool:
        """Tell whether the machine did not keep up in that time."""
        late = self._between(began, ended)
        return bool(late) and (max(late) > LATE_S or sum(late) / len(late) > MEAN_LATE_S)

    def _between(self, began: float, ended: float) -> list[float]:
        return self._late_s[bisect_left(self._rang_at, began) : bisect_left(self._rang_at, ended)]

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            now = loop.time()
            self.rang(now, late_s=now - due)
