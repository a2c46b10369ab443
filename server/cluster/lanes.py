"""The ways to all shards: a lane to each, made when first needed; and finding out where keys have moved to."""

import asyncio
from collections.abc import Callable, Collection

from server.bugs import log_bug
from server.cluster.ending import end
from server.cluster.engine import FAILURES, LOOK_AGAIN_S, Engine
from server.cluster.lane import Lane
from server.cluster.link import Answered

ELSEWHERE = ("MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN")
"""How answers begin that say that a key is elsewhere, or may be soon."""

ASK = "ASK "
"""How one of them begins that says: only this key, and only for who says ASKING first. Its slot is on its way."""

AWAY_LOOK_S = 0.5
"""How often it is looked whether another has the place of a master that is away."""


def asked_shard(error: str, asked: str) -> str:
    """Return which shard an `ASK` names that came from the shard `asked`; a host that is the same it may leave out."""
    host, _, port = error.split()[2].rpartition(":")
    return f"{host or asked.rpartition(':')[0]}:{port}"


class Lanes:
    """All lanes of one who writes or listens.

    Args:
        up: called with a lane whenever it has a new connection.
        rerouted: called when keys may be elsewhere than they were.
        unasked: called with what comes on a lane though no answer is awaited.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        up: Callable[[Lane], None],
        rerouted: Callable[[], None],
        unasked: Answered | None = None,
    ) -> None:
        self._engine = engine
        self._up = up
        self._rerouted = rerouted
        self._unasked = unasked
        self._lanes: dict[str, Lane] = {}
        self._looking: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def are_away(self) -> bool:
        """Tell whether some shard does not answer."""
        return any(lane.is_away for lane in self._lanes.values())

    def get(self, shard: str) -> Lane:
        """Return the lane to a shard."""
        lane = self._lanes.get(shard)
        if lane is None:
            lane = self._lanes[shard] = Lane(
                self._engine, shard, up=self._up, failed=self.look_again, unasked=self._unasked
            )
        return lane

    def flush(self) -> None:
        """Send what is queued in each."""
        for lane in self._lanes.values():
            lane.flush()

    def look_again(self, failed: str = "") -> None:
        """Find out soon where keys are by now, and go on looking while a shard is away.

        Args:
            failed: the shard that did not answer, if that is why.
        """
        if self._engine.is_sharded and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look(failed))

    def keep(self, shards: Collection[str]) -> None:
        """End the lanes to shards that are no more, unless they are among these."""
        kept = {*shards, *self._engine.shards()}
        for shard in [shard for shard in self._lanes if shard not in kept]:
            task = asyncio.create_task(self._lanes.pop(shard).stop())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def stop(self) -> None:
        """End all."""
        if self._looking is not None:
            await end(self._looking)
        for lane in self._lanes.values():
            await lane.stop()
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _look(self, failed: str) -> None:
        task, pause_s = self._looking, LOOK_AGAIN_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                await self._engine.look_again(failed)
            except FAILURES:
                pass  # whoever asked meets the same again, and asks again
            except Exception as bug:
                log_bug("asking where keys are", bug)
            self._looking = None
            self._rerouted()
            if self._looking is not None or not self.are_away:
                return
            self._looking, pause_s = task, AWAY_LOOK_S
