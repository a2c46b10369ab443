"""The registry: which nodes live, by counters in Redis that each raises from its own loop.

All counters stand in one hash, so a beat is one pipeline whatever the number of nodes: raise one's own, read all.
A node that says goodbye, that a supervisor reaped, or whose counter an observer saw stand still is marked in its
field; raising a marked counter is an error, so a node that was stopped and goes on learns at its first beat that it
is dead to the others, and all others agree within a beat (`buried`). The census judges (census.py).

Redis cut off or a loop that slept: nothing is judged, everybody known lives on, and `is_degraded` says so until
something asked after that was answered.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from typing import Any

from redis.exceptions import ResponseError

from server.bugs import log_bug
from server.cluster.census import Census
from server.cluster.clients import Asks, ask
from server.cluster.ending import end
from server.cluster.engine import FAILURES

NODES_KEY = "ha:nodes"

LEAVING_KEY = "ha:leaving"
"""Nodes that take nobody any more, since they are about to end. Beside the counters, which go on being raised."""

KEPT_S = 3600
"""Counters and marks end so long after their last use."""


NO_NUMBER = "not an integer"
"""What Redis and Valkey say of a counter that is none."""

AT_LEAST_S = 0.01
"""Between two readings, whatever is awaited."""


def _nothing() -> None:
    """Stand in where nobody cares."""


class Registry:
    """One node's place among the others.

    Args:
        beats: whom the beat alone asks: it waits for no connection of others.
        died: called with a node that is dead now; its id does not come back.
        came: called with a node seen for the first time.
        buried: called once when others hold this very node dead: it may go on only under another id.
        emptied: called when Redis had forgotten this node: what else was kept there is lost as well.
        clock: monotonic seconds.
        unix: Unix seconds, for the marks' age alone.
        answer_s: how long Redis may take to answer.
        slept_s: a beat that comes so much too late was slept away.
    """

    def __init__(
        self,
        engine: Asks,
        *,
        node: str,
        beats: Asks | None = None,
        died: Callable[[str], None],
        came: Callable[[str], None],
        buried: Callable[[], None] = _nothing,
        emptied: Callable[[], None] = _nothing,
        clock: Callable[[], float] = time.monotonic,
        unix: Callable[[], float] = time.time,
        beat_s: float = 0.5,
        dead_s: float = 5.0,
        answer_s: float = 1.0,
        slept_s: float = 1.0,
    ) -> None:
        self.node = node
        self.is_buried = False
        self._engine = engine
        self._beats = beats or engine
        self._died = died
        self._came = came
        self._buried = buried
        self._emptied = emptied
        self._clock = clock
        self._unix = unix
        self._beat_s = beat_s
        self._answer_s = answer_s
        self._slept_s = slept_s
        self._census = Census(node, dead_s=dead_s)
        self._count = 0
        self._sure_at = self._seen_at = clock()
        self._slept = False
        self._fault = self._refusal = ""
        self._degraded_s = 0.0
        self._leaving: frozenset[str] = frozenset()
        self._leaves = False
        self._task: asyncio.Task[None] | None = None
        self._first = asyncio.Event()

    @property
    def nodes(self) -> frozenset[str]:
        """The others that live."""
        return self._census.living

    def lives(self, node: str) -> bool:
        """Tell whether this node is known and not dead; oneself is, until buried."""
        return not self.is_buried if node == self.node else node in self._census.living

    def is_dead(self, node: str) -> bool:
        """Tell whether this node lived once; of one that nobody knows yet it cannot be told."""
        return self._census.is_dead(node)

    def takes(self, node: str) -> bool:
        """Tell whether this node lives and is not about to end."""
        return node not in self._leaving and self.lives(node)

    def has_left(self, node: str) -> bool:
        """Tell whether this node, oneself too, said that it would end."""
        return node in self._leaving

    @property
    def staying(self) -> frozenset[str]:
        """The others that live and are not about to end."""
        return self.nodes - self._leaving

    async def look_whether_lives(self, node: str) -> bool:
        """Tell whether this node lives, also of one that has just begun and was not seen yet.

        Raises:
            OSError, TimeoutError, RedisError: Redis could not be asked.
        """
        if self.lives(node) or self.is_dead(node):
            return self.lives(node)
        (count,) = await ask(self._engine, [("HGET", NODES_KEY, node)], answer_s=self._answer_s)
        if isinstance(count, Exception):
            raise count
        return count is not None and count.isdigit()

    async def leave(self) -> None:
        """Have the others send nobody here any more, also where Redis is emptied later.

        Raises:
            OSError, TimeoutError, RedisError: Redis could not be asked.
        """
        self._leaves = True
        commands = [("HSET", LEAVING_KEY, self.node, f"{self._unix():.0f}"), ("EXPIRE", LEAVING_KEY, KEPT_S)]
        self._see_leaving((await ask(self._engine, [*commands, ("HKEYS", LEAVING_KEY)], answer_s=self._answer_s))[-1])

    async def look_who_stays(self) -> frozenset[str]:
        """Return which others live and are not about to end, as of now.

        Raises:
            OSError, TimeoutError, RedisError: Redis could not be asked.
        """
        self._see_leaving((await ask(self._engine, [("HKEYS", LEAVING_KEY)], answer_s=self._answer_s))[0])
        return self.staying

    def _see_leaving(self, found: Any) -> None:
        if isinstance(found, Exception):
            raise found
        self._leaving = frozenset(node.decode(errors="replace") for node in found)

    @property
    def reason(self) -> str:
        """Why nothing can be said of the others now, in words for the operator; empty if it can."""
        silent_s = self._clock() - self._sure_at
        if silent_s <= self._beat_s + self._slept_s:
            return ""
        if self._refusal:
            return f"Redis has not taken what this node tells it for {silent_s:.0f} s ({self._refusal})"
        fault = f" ({self._fault})" if self._fault else ""
        return f"Redis has not answered for {silent_s:.0f} s{fault}"

    @property
    def degraded_s(self) -> float:
        """For how long, in all, nothing could be said of the others."""
        return self._degraded_s + (self._clock() - self._sure_at if self.is_degraded else 0.0)

    @property
    def has_slept(self) -> bool:
        """Whether this loop slept, and has not yet heard whether the others went on without it; or knows they did."""
        stood_s = self._clock() - self._seen_at
        return self.is_buried or self._slept or stood_s > self._answer_s + self._beat_s + self._slept_s

    @property
    def may_be_outlived(self) -> bool:
        """Whether the others may have gone on without this node: it speaks for nobody until that is known."""
        return self.is_degraded or self.has_slept

    @property
    def is_degraded(self) -> bool:
        """Whether Redis could not be asked for a while, or this loop slept and has not asked since."""
        return self.reason != ""

    async def start(self) -> None:
        """Say that this node lives, and return when the others are known."""
        self._sure_at = self._seen_at = self._clock()
        self._task = asyncio.create_task(self._beat())
        await self._first.wait()

    async def stop(self) -> None:
        """Say goodbye, if Redis can be reached: to the others this node is dead at once."""
        if self._task is not None:
            await end(self._task)
        with contextlib.suppress(*FAILURES):
            await self._mark(self.node)

    async def declare_dead(self, node: str) -> None:
        """Have all nodes know this one dead, for who knows it without a doubt.

        Raises:
            OSError, TimeoutError, RedisError: Redis could not be asked; here it is dead all the same.
        """
        if self._census.bury(node):
            self._tell(self._died, node)
        await self._mark(node)

    async def _mark(self, *nodes: str) -> None:
        fields = [each for node in nodes for each in (node, f"dead {self._unix():.0f}")]
        answers = await ask(self._engine, [("HSET", NODES_KEY, *fields)], answer_s=self._answer_s)
        if isinstance(answers[0], Exception):
            raise answers[0]

    async def _beat(self) -> None:
        due = self._clock()
        while True:
            asked_at = self._seen_at = self._clock()
            if asked_at - due > self._slept_s:
                self._census.missed()
                self._slept = True
            try:
                await self._look(asked_at)
            except FAILURES as away:
                self._census.missed()
                # Who slept, also while they asked, knows nothing until an answer comes; who only could not ask goes on.
                self._slept |= self._clock() - asked_at > self._answer_s + self._slept_s
                self._fault = type(away).__name__
                self._refusal = str(away) if isinstance(away, ResponseError) else ""
            except Exception as bug:
                self._census.missed()
                log_bug("looking who lives", bug)
            # Not later than when somebody may be known dead: everybody of theirs waits for it.
            due = max(self._clock() + AT_LEAST_S, min(asked_at + self._beat_s, self._census.verdict_at or math.inf))
            await asyncio.sleep(due - self._clock())

    async def _look(self, asked_at: float) -> None:
        commands: list[tuple[Any, ...]] = [
            ("HINCRBY", NODES_KEY, self.node, 1),
            ("EXPIRE", NODES_KEY, KEPT_S),
            ("HGETALL", NODES_KEY),
            ("HKEYS", LEAVING_KEY),
        ]
        raised, _, found, leaving = await ask(self._beats, commands, answer_s=self._answer_s)
        if isinstance(found, Exception):
            raise found
        answered_at = self._clock()
        if answered_at - asked_at > self._answer_s + self._slept_s:
            # Slept in the middle: the answer is as old as the sleep.
            self._census.missed()
            self._slept = True
            return
        self._raised(raised)
        self._see_leaving(leaving)
        if self._leaves and not self.has_left(self.node):
            await self.leave()
        counters, stale = self._sort(found)
        came, died = self._census.read(counters, asked_at=asked_at, answered_at=answered_at)
        self._degraded_s = self.degraded_s  # up to now: what was told of it meanwhile never becomes less
        self._sure_at, self._fault, self._refusal, self._slept = asked_at, "", "", False
        for node in died:
            self._tell(self._died, node)
        for node in came:
            self._tell(self._came, node)
        self._first.set()
        await self._tidy(counters, died, stale)

    def _raised(self, raised: Any) -> None:
        """Look at what raising the own counter said."""
        if isinstance(raised, ResponseError) and NO_NUMBER in str(raised):
            # The field holds a mark. Any other refusal, of a Redis that is full for one, says nothing of this node.
            if not self.is_buried:
                self.is_buried = True
                self._call(self._buried)
        elif isinstance(raised, Exception):
            raise raised
        else:
            if raised <= self._count:
                self._call(self._emptied)
            self._count = raised

    def _sort(self, found: dict[bytes, bytes]) -> tuple[dict[str, int | None], list[str]]:
        """Return node → counter, None where it is marked dead; and the marks that are older than anybody cares for."""
        counters: dict[str, int | None] = {}
        stale: list[str] = []
        oldest = self._unix() - KEPT_S
        for field, value in found.items():
            node = field.decode(errors="replace")
            if value.isdigit():
                counters[node] = int(value)
            else:
                counters[node] = None
                _, _, marked_at = value.partition(b" ")
                if not marked_at.isdigit() or int(marked_at) < oldest:
                    stale.append(node)
        return counters, stale

    async def _tidy(self, counters: dict[str, int | None], died: list[str], stale: list[str]) -> None:
        """Mark who is dead and not marked, for all to agree, and take old marks away."""
        unmarked = {node for node, count in counters.items() if count is not None and self._census.is_dead(node)}
        unmarked |= {node for node in died if counters.get(node, 0) is not None}
        if unmarked:
            await self._mark(*sorted(unmarked))
        if stale:
            forgotten = [("HDEL", NODES_KEY, *stale), ("HDEL", LEAVING_KEY, *stale)]
            await ask(self._engine, forgotten, answer_s=self._answer_s)

    def _tell(self, whom: Callable[[str], None], node: str) -> None:
        self._call(lambda: whom(node))

    @staticmethod
    def _call(back: Callable[[], None]) -> None:
        try:
            back()
        except Exception as bug:
            log_bug("a node that came or died", bug)
