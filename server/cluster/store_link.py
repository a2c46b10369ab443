"""The store's link to Redis: sends what this node changed, brings what the others did, and sees it through an outage.

Three tasks run while all is well: one writes a batch after the other, one reads the log, one tends locks and the log's
length. Whatever goes wrong ends all three; then the store is `away`, until Redis answers and this node knows where it
stands: it reads on, or loads all rows anew because the log was cut before it had read it, or, if Redis has lost what
it had taken, writes it all anew from memory. Knows when, never how a row looks.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Coroutine
from typing import Any

from server.bugs import log, log_bug
from server.cluster import engine
from server.cluster.engine import FAILURES
from server.cluster.outbox import BATCH_MAX
from server.cluster.store import RedisStore
from server.cluster.store_rows import Field
from server.cluster.store_wire import (
    BEGINNING,
    EXPIRY,
    EXPIRY_TTL_S,
    REWRITE,
    REWRITE_TTL_S,
    LogEntry,
    Wire,
    after,
)
from server.store.store import StoreError

TEND_EVERY_S = 20.0
"""A third of what the lock and the log last: one round may fail."""
AGAIN_S, AGAIN_MAX_S = 0.2, 2.0
"""How soon Redis is tried again, and how seldom at most: one command of each node in two seconds."""
STOP_S = 3.0
CANCEL_AGAIN_S = 0.05
SLEPT_S = 0.5
"""A read that took so much longer than any may was slept through: this process stood still, and Redis did not."""
NODES_MAX = 1000
"""Nodes whose numbers are followed, most of them long gone; beyond, those longest silent are forgotten."""


class Behind(Exception):
    """The log was cut before this node had read it."""


class Lost(Exception):
    """Redis does not have any more what it had taken."""


class StoreLink:
    """One node's end.

    Attributes:
        failures: how often Redis was lost.
        loads: how often all rows were loaded anew, or written.
    """

    def __init__(self, store: RedisStore, wire: Wire, *, where: str) -> None:
        self.store = store
        self.failures = self.loads = 0
        self._wire = wire
        self._where = where
        self._last = BEGINNING
        self._history = ""
        self._must_load = self._must_write_anew = False
        self._heard: dict[str, int] = {}
        self._wakened = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._running: asyncio.Task[None] | None = None
        self._works: list[asyncio.Task[None]] = []
        self._read_since = 0.0
        store.wake = self._wakened.set

    async def open(self) -> None:
        """Load all rows, and stay linked from then on. Raises StoreError."""
        try:
            await self._load()
            await self.tend()
        except FAILURES as error:
            raise StoreError(self._told(error)) from None
        except ValueError as error:
            raise StoreError(
                f"Redis at {self._where} holds what is no store of this version: {error}. Nothing was changed."
            ) from None
        self._running = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Send what is queued, if Redis takes it in a few seconds, and end."""
        if self._running is None:
            return
        with contextlib.suppress(StoreError, TimeoutError):
            await asyncio.wait_for(self.flush(), STOP_S)
        if len(self.store.outbox):
            log.error(
                "Changes that were not kept: %d. %s", len(self.store.outbox), self.store.away or "Redis is too slow"
            )
        await _end(self._running)
        await _end(*self._works)
        self._running = None
        self._fail_waiting("The server has ended.")
        with contextlib.suppress(*FAILURES):
            if not self.store.away:
                await self._wire.let_go(EXPIRY)

    def flush(self) -> Awaitable[None]:
        """Return what is done when Redis has accepted all that was written so far.

        Raises StoreError while Redis is away: what is queued is sent when it is back.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.store.away:
            future.set_exception(StoreError(self.store.away))
        elif len(self.store.outbox) == 0:
            future.set_result(None)
        else:
            self._waiting.append(future)
        return future

    # While all is well

    async def _run(self) -> None:
        while True:
            trouble = await self._until_trouble(self._send(), self._follow(), self._tend())
            if isinstance(trouble, Behind):
                log.info("the store fell behind, and loads all rows anew")
            elif has_slept := self._has_slept(trouble):
                log.info("The store was not followed for %.0f s in which this process stood still.", has_slept)
            else:
                self._away(trouble)
            await self._come_back()

    def _has_slept(self, trouble: Exception) -> float:
        """Return for how long this process stood still, if that alone is what went wrong; else 0."""
        took_s = asyncio.get_running_loop().time() - self._read_since
        return took_s if not isinstance(trouble, Lost) and took_s > engine.COMMAND_TIMEOUT_S + SLEPT_S else 0.0

    async def _until_trouble(self, *works: Coroutine[Any, Any, None]) -> Exception:
        self._works = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait(self._works, return_when=asyncio.FIRST_COMPLETED)
            ended = next(iter(done))
            # The client's own timeout, when it rings together with an answer, may end as a cancellation.
            trouble = ended.exception() if not ended.cancelled() else TimeoutError("cancelled by the client")
            assert isinstance(trouble, Exception)
            return trouble
        finally:
            await _end(*self._works)

    async def _send(self) -> None:
        """Write a batch after the other. What is queued in one turn of the loop is one batch."""
        outbox = self.store.outbox
        while True:
            while (batch := outbox.next()) is not None:
                told = [] if outbox.is_queued else self._waiting
                self._waiting = self._waiting if outbox.is_queued else []
                try:
                    await self._wire.write(batch.n, batch.changes)
                except BaseException:
                    self._waiting = told + self._waiting
                    raise
                outbox.accepted()
                _settle(told)
            told, self._waiting = self._waiting, []
            _settle(told)
            await self._wakened.wait()
            self._wakened.clear()

    async def _follow(self) -> None:
        while True:
            self._read_since = asyncio.get_running_loop().time()
            for entry in await self._wire.read(self._last):
                self._take(entry)

    def _take(self, entry: LogEntry) -> None:
        heard = self._heard.pop(entry.node, None)
        if heard is not None and entry.n > heard + 1:
            self._must_load = True
            raise Behind
        self._heard[entry.node] = entry.n
        if len(self._heard) > NODES_MAX:
            del self._heard[next(iter(self._heard))]
        self._last = entry.id
        self.store.follow(entry.node, entry.n, entry.changes, is_news=entry.is_news)

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(TEND_EVERY_S)
            await self._look()
            await self.tend()

    async def tend(self) -> None:
        """Keep or take the task of forgetting what is over, and have the log forget what is old."""
        self.store.expires = await self._wire.holds(EXPIRY, EXPIRY_TTL_S)
        if self.store.expires:
            await self._wire.trim()

    # When it is not

    def _away(self, trouble: Exception) -> None:
        self.failures += 1
        if not isinstance(trouble, (Lost, *FAILURES)):
            log_bug("keeping the store in Redis", trouble)
        self.store.away = self._told(trouble)
        log.error(
            "%s Blocks, bans and reports are not kept until it is back; everything else goes on.", self.store.away
        )
        self._fail_waiting(self.store.away)

    async def _come_back(self) -> None:
        """Return when this node has caught up; where Redis is not known to be away it is asked at once."""
        wait_s = AGAIN_S if self.store.away else 0.0
        while True:
            await asyncio.sleep(wait_s)
            try:
                await self._catch_up()
                break
            except (*FAILURES, ValueError) as error:
                if self.store.away:
                    self.store.away = self._told(error)
                else:
                    self._away(error)
                wait_s = min(AGAIN_MAX_S, max(AGAIN_S, wait_s * 2))
        if self.store.away:
            log.info("Redis is back at %s", self._where)
        self.store.away = ""
        self._wakened.set()

    async def _catch_up(self) -> None:
        try:
            if self._must_write_anew:
                raise Lost  # and what has been written of it so far would look like the whole
            if self._must_load:
                raise Behind
            await self._look()
        except Behind:
            await self._load()
        except Lost:
            await self._write_anew()
        await self.tend()

    async def _look(self) -> None:
        """See that the log goes on from where this node is. Raises Behind or Lost."""
        last = self._last  # by the time Redis has answered more may have been read
        if last == BEGINNING:
            return
        there = await self._wire.history()
        if there.name not in ("", self._history):
            raise Behind  # another node has written everything anew
        if not there.name or after(last, there.newest):
            raise Lost
        if after(there.cut, last):
            raise Behind
        if last not in (there.cut, there.newest) and not await self._wire.has(last):
            # Cut meanwhile, or never there: what Redis has instead is told by loading it. The newest is cut, too, where
            # nobody has written for long, and nothing has come after it.
            raise Behind

    async def _load(self) -> None:
        """Hold what Redis does, and read on from the log as it was before that was read."""
        there = await self._wire.history()
        if not there.name:
            await self._wire.begin_history(self.store.node, anew=False)
            there = await self._wire.history()
        self.store.outbox.forget_accepted()
        self.store.become(await self._wire.rows())
        self._last, self._history = there.newest, there.name
        self._heard.clear()
        self._must_load = False
        self.loads += 1

    async def _write_anew(self) -> None:
        """Have Redis hold what this node does, since it has lost what it had taken; one node does it for all."""
        if not await self._wire.holds(REWRITE, REWRITE_TTL_S):
            raise TimeoutError("another node writes everything anew")
        self._must_write_anew = True
        outbox = self.store.outbox
        name = f"{self.store.node}.{outbox.number()}"
        there_are = await self._wire.rows()
        ours: dict[Field, bytes | None] = dict(self.store.fields())
        outbox.clear()  # all of it is among these
        for table, found in there_are.items():
            for key in found:
                ours.setdefault(Field(table, key), None)
        fields = list(ours)
        log.error("Redis at %s has lost rows; all %d are written anew", self._where, len(fields))
        for first in range(0, len(fields), BATCH_MAX):
            chunk = {field: ours[field] for field in fields[first : first + BATCH_MAX]}
            await self._wire.write(outbox.number(), chunk, is_news=False)
        await self._wire.begin_history(name, anew=True)
        there = await self._wire.history()
        self._last, self._history = there.newest, name
        self._heard.clear()
        self.loads += 1
        self._must_write_anew = False
        await self._wire.let_go(REWRITE)

    def _told(self, error: Exception) -> str:
        if isinstance(error, Lost):
            return f"Redis at {self._where} has lost what it had taken."
        if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
            return f"Redis at {self._where} does not answer."
        return f"Redis at {self._where} cannot be used: {str(error).rstrip('.') or type(error).__name__}."

    def _fail_waiting(self, why: str) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_exception(StoreError(why))
        self._waiting = []


async def _end(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks until they have ended: the client swallows a cancellation that comes together with an answer."""
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)


def _settle(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
