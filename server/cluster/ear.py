"""One subscription that is kept: a connection of its own, made anew whenever it ends.

Knows one channel and hands on what it hears; never knows what that means. What is published while the connection is
being made anew is lost, and whoever listens has to see that by other means.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from server.bugs import log_bug
from server.cluster.clients import AWAY, Asks, end

log = logging.getLogger("hereabouts")

READ_S = 1.0
"""A read that heard nothing for so long begins again: an idle channel is no error."""


class Ear:
    """Listens to one sharded channel.

    Args:
        heard: called with each message.
        subscribed: called when Redis confirmed the subscription, the first time and every other.
        answer_s: how long Redis may take to be connected to.
        pause_s: how long to wait before connecting again.
    """

    def __init__(
        self,
        engine: Asks,
        channel: str,
        heard: Callable[[bytes], None],
        subscribed: Callable[[], None],
        *,
        answer_s: float,
        pause_s: float,
    ) -> None:
        self._engine = engine
        self._channel = channel
        self._heard = heard
        self._subscribed = subscribed
        self._answer_s = answer_s
        self._pause_s = pause_s
        self._connection: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Listen until cancelled."""
        while True:
            self._connection = asyncio.create_task(self._listen_once())
            try:
                await asyncio.wait({self._connection})
            except asyncio.CancelledError:
                await end(self._connection)
                raise
            if not self._connection.cancelled():
                ended = self._connection.exception()
                if isinstance(ended, AWAY):
                    log.info("the subscription ended: %s", type(ended).__name__)
                elif isinstance(ended, Exception):
                    log_bug("listening to other nodes", ended)
            await asyncio.sleep(self._pause_s)

    def renew(self) -> None:
        """Give the connection up and make another: it seems to be deaf."""
        if self._connection is not None:
            self._connection.cancel()

    async def _listen_once(self) -> None:
        # One pub/sub object for one connection: a Cluster's keeps a broken node in mind and raises at odd moments.
        pubsub = self._engine.client.pubsub()
        read = getattr(pubsub, "get_sharded_message", None) or pubsub.get_message
        try:
            async with asyncio.timeout(self._answer_s):
                await pubsub.ssubscribe(self._channel)
            while True:
                message = await read(timeout=READ_S)
                if message is None:
                    continue
                if message["type"] == "smessage":
                    self._heard(message["data"])
                elif message["type"] == "ssubscribe":
                    self._subscribed()
        finally:
            with contextlib.suppress(*AWAY):
                await pubsub.aclose()
