"""Which nodes have people of a window, known before it ends.

In a window's last quarter no room begins that ends with it. So each node says then that it has people, in a key of
the window, and reads who else has a second before the end. Of those who come by a room that was taken over, or wait for
the next window's end, the others may learn too late: then each node seats its own.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rooms.agenda import Window
from server.bugs import log_bug
from server.cluster.clients import ask
from server.cluster.engine import FAILURES

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

LOOK_EVERY_S = 0.25
"""How often it is looked which windows end soon: it takes microseconds, and nothing of Redis as a rule."""

AHEAD_S = 1.0
"""So long before the end it is read who has people of the window."""

ANSWER_S = 1.0

KEPT_S = 60.0
"""How long what concerns a window's end is kept after it, in Redis and here."""

AT_ONCE = 200
"""Windows asked about in one pipeline: about a millisecond."""


class Ahead:
    """One node's knowledge of the windows that are soon to end.

    Attributes:
        nodes: window → those who have people of it, this node too, once it has been read.
    """

    def __init__(self, cluster: "Cluster") -> None:
        self.nodes: dict[Window, frozenset[str]] = {}
        self._cluster = cluster
        self._told: set[Window] = set()

    async def look_ahead(self) -> None:
        """Tell the others of this node's windows, and know of theirs, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                with contextlib.suppress(*FAILURES):
                    await self._look()
            except Exception as bug:
                log_bug("looking ahead to windows' ends", bug)

    def forgotten(self) -> None:
        """Tell everything anew: Redis knows it no more."""
        self._told.clear()

    def living(self, window: Window) -> list[str]:
        """Return those who have people of the window and live, as far as it is known."""
        return sorted(node for node in self.nodes.get(window, ()) if self._cluster.registry.lives(node))

    async def _look(self) -> None:
        cluster = self._cluster
        seating, now, scale = cluster.house.world.seating, cluster.clock.now(), cluster.clock.time_scale
        self._forget(now - KEPT_S * scale)
        if not cluster.registry.nodes:
            return
        quarter_s = cluster.house.world.rules.window_s / 4
        soon = [window for window in seating.windows() if 0 < window.closes - now <= quarter_s]
        await self._tell([each for each in soon if each not in self._told and seating.has_people_of(each)], now)
        last = [each for each in soon if each.closes - now <= AHEAD_S * scale]
        await self._read([each for each in last if each not in self.nodes])

    def _forget(self, before: float) -> None:
        for window in [window for window in self.nodes if window.closes < before]:
            del self.nodes[window]
        self._told = {window for window in self._told if window.closes >= before}

    async def _tell(self, windows: Sequence[Window], now: float) -> None:
        scale = self._cluster.clock.time_scale
        for at in range(0, len(windows), AT_ONCE):
            some = windows[at : at + AT_ONCE]
            commands: list[tuple[object, ...]] = []
            for window in some:
                key, left_s = people_key(window), (window.closes - now) / scale
                commands += [("SADD", key, self._cluster.name), ("EXPIRE", key, int(left_s + KEPT_S))]
            answers = await ask(self._cluster.engine, commands, answer_s=ANSWER_S)
            told = zip(some, answers[::2], strict=True)
            self._told.update(window for window, answer in told if not isinstance(answer, Exception))

    async def _read(self, windows: Sequence[Window]) -> None:
        for at in range(0, len(windows), AT_ONCE):
            some = windows[at : at + AT_ONCE]
            commands = [("SMEMBERS", people_key(window)) for window in some]
            answers = await ask(self._cluster.engine, commands, answer_s=ANSWER_S)
            for window, answer in zip(some, answers, strict=True):
                if not isinstance(answer, Exception):
                    self.nodes[window] = frozenset(node.decode() for node in answer)


def people_key(window: Window) -> str:
    """Return the key of the nodes that have people of a window."""
    return f"ha:{{w:{window.region}:{window.closes:.3f}}}:people"
