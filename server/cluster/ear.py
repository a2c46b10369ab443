"""One subscription that is kept: on a connection of its own, made anew whenever that ends.

Knows one channel and hands on what it hears; never knows what that means. What is published while the connection is
being made anew is lost, and whoever listens has to see that by other means.
"""

from collections.abc import Callable
from typing import Any

import hiredis

from server.bugs import log
from server.cluster.engine import Engine
from server.cluster.lane import Lane
from server.cluster.lanes import ELSEWHERE, Lanes
from server.cluster.link import pack


class Ear:
    """Listens to one sharded channel.

    The connection is not the one that is written on: that is given up when an answer is late, and what Redis took
    meanwhile would be lost with it.

    Args:
        heard: called with each message.
        subscribed: called when Redis confirmed the subscription, the first time and every other.

    Attributes:
        refusal: what Redis says why it does not let this node listen; "" if it does.
    """

    def __init__(
        self, engine: Engine, channel: str, heard: Callable[[bytes], None], subscribed: Callable[[], None]
    ) -> None:
        self._engine = engine
        self._channel = channel
        self._heard = heard
        self._subscribed = subscribed
        self.refusal = ""
        self._shard = ""
        self._lanes = Lanes(engine, up=self._subscribe, rerouted=self._follow, unasked=self._hear)

    def listen(self) -> None:
        """Listen until `stop`."""
        self._lane()

    def renew(self) -> None:
        """Give the connection up and make another: it seems to be deaf."""
        self._lane().reset()

    async def stop(self) -> None:
        """Listen no more."""
        await self._lanes.stop()

    def follow(self) -> None:
        """Listen where the channel is by now, if that is known to be elsewhere: a master that is lost says nothing."""
        if self._engine.shard_of(self._channel) != self._shard:
            self._follow()

    def _lane(self) -> Lane:
        self._shard = self._engine.shard_of(self._channel)
        return self._lanes.get(self._shard)

    def _subscribe(self, lane: Lane) -> None:
        if lane is self._lane():
            # Confirmed like everything that comes here: between a question and its answer messages may come.
            lane.outbox.append(pack(("SSUBSCRIBE", self._channel)))
            lane.flush()

    def _follow(self) -> None:
        """Listen where the channel is by now."""
        self._lanes.keep(())
        lane = self._lane()
        if lane.is_up:
            self._subscribe(lane)

    def _hear(self, came: Any) -> None:
        match came:
            case [b"smessage", _, data]:
                self._heard(data)
            case [b"ssubscribe", *_]:
                if self.refusal:
                    log.info("Redis lets this node listen again.")
                self.refusal = ""
                self._subscribed()
            case [b"sunsubscribe", *_]:
                self._lanes.look_again()
            case hiredis.ReplyError() if str(came).startswith(ELSEWHERE):
                self._lanes.look_again()
            case _:
                if str(came) != self.refusal:
                    log.warning("Redis does not let this node listen: %s", came)
                self.refusal = str(came)
                self.renew()
