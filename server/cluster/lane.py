"""The one way to one shard's master: a connection that comes back by itself, in whose order all is written.

Must never know what is written. After every return whoever writes has to find out what came through (`up`), before
anything new goes out.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from server.bugs import log, log_bug
from server.cluster.ending import end
from server.cluster.engine import COMMAND_TIMEOUT_S, FAILURES, Engine
from server.cluster.link import ASKING, Answered, Link, LinkLostError, ignore, open_link

FIRST_WAIT_S = 0.02
LAST_WAIT_S = 0.5
"""Between tries to connect, doubled each time: a Redis that is back is found within half a second."""

SAID_MAX = 5
"""Reasons told of one outage."""


class Lane:
    """The way to a shard.

    Args:
        up: called when there is a connection, with this lane.
        failed: called with its name when there is none to be had where it is thought to be.
        unasked: called with what comes though no answer is awaited.

    Attributes:
        shard: its name.
        is_up: whether there is a connection.
        is_away: whether it took too long to answer, and nothing has been heard of it since.
        outbox, answers: packed commands that wait for `flush`, and who hears their answers.
    """

    def __init__(
        self,
        engine: Engine,
        shard: str,
        *,
        up: Callable[["Lane"], None],
        failed: Callable[[str], None],
        unasked: Answered | None = None,
    ) -> None:
        self.shard = shard
        self.is_up = False
        self.is_away = False
        self.outbox: list[bytes] = []
        self.answers: list[Answered] = []
        self._engine = engine
        self._up = up
        self._failed = failed
        self._unasked = unasked
        self._link: Link | None = None
        self._came_up = asyncio.Event()
        self._has_to_connect = asyncio.Event()
        self._has_to_connect.set()
        self._since = -LAST_WAIT_S
        self._connecting = asyncio.create_task(self._keep_connected())

    def flush(self) -> None:
        """Send what is in the outbox; only while `is_up`. Whose answer does not come is not told: `up` follows."""
        if self._link is not None and self.outbox:
            self._link.write(b"".join(self.outbox), self.answers)
        if self.outbox:
            self.outbox.clear()
            self.answers.clear()

    async def ask(self, *command: str | bytes, is_asking: bool = False) -> Any:
        """Return the answer to one command, `is_asking` for a key that is sent there ahead of its slot.

        Raises:
            LinkLostError: the connection ended, and nobody knows.
        """
        await self._came_up.wait()
        if self._link is None:
            raise LinkLostError
        if is_asking:
            self._link.write(ASKING, (ignore,))
        return await self._link.ask(*command)

    def reset(self) -> None:
        """Give the connection up and make another: this one does not answer, or refuses what is written."""
        link, self._link = self._link, None
        self.is_up = False
        self._came_up.clear()
        if link is not None:
            link.close()
        self._has_to_connect.set()

    async def stop(self) -> None:
        """End it."""
        await end(self._connecting)
        if self._link is not None:
            self._link.close()

    def _lost(self, link: Link) -> None:
        if link is self._link:
            self.reset()

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        wait_s = FIRST_WAIT_S
        while True:
            await self._has_to_connect.wait()
            if loop.time() - self._since > LAST_WAIT_S:
                wait_s = FIRST_WAIT_S
            if await self._connect():
                self._since = loop.time()
                try:
                    self._up(self)
                except Exception as bug:
                    log_bug("taking up a connection to Redis", bug)
                    self.reset()
            # Also after a success: a server that takes connections and refuses what is written is not asked more often.
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LAST_WAIT_S)

    async def _connect(self) -> bool:
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                endpoint = await self._engine.endpoint(self.shard)
                link = await open_link(self._engine, endpoint, self._lost, self._unasked)
        except FAILURES as error:
            # Each reason is said once, though several try: a Redis that is back may refuse the user.
            said, text = self._engine.unreachable.setdefault(self.shard, set()), str(error) or "no answer"
            if text not in said and len(said) < SAID_MAX:
                said.add(text)
                log.warning("Redis cannot be reached: %s", text)
            self._failed(self.shard)
            return False
        except Exception as bug:
            log_bug("connecting to Redis", bug)
            return False
        if not link.is_open:
            return False
        self._link = link
        self._has_to_connect.clear()
        if self.shard in self._engine.unreachable:
            del self._engine.unreachable[self.shard]
            log.info("Redis can be reached again.")
        self.is_up = True
        self.is_away = False
        self._came_up.set()
        return True
