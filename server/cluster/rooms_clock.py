"""The rooms' clock of many nodes: the same on all of them, so that windows end everywhere at once."""

from server.clock import Clock
from server.cluster.engine import Engine

BEGAN = "ha:began"
"""When the first of the nodes began, by Redis' clock: where the rooms' time runs faster it runs so from there."""


class RoomsClock(Clock):
    """Tells the rooms' time, Unix seconds, once started."""

    def __init__(self, engine: Engine, time_scale: float = 1.0) -> None:
        super().__init__(time_scale)
        self._engine = engine
        self._origin = 0.0

    async def start(self) -> None:
        """Agree with the other nodes."""
        if self.time_scale == 1.0:
            return
        client = self._engine.client
        await client.set(BEGAN, repr(self._engine.time()), nx=True)
        found = await client.get(BEGAN)
        assert found is not None
        self._origin = float(found)

    def unix(self, moment: float) -> float:
        """Return when, in real Unix seconds, the rooms' time is or was this moment."""
        return self._origin + (moment - self._origin) / self.time_scale

    def now(self) -> float:
        """Return the rooms' time in Unix seconds."""
        return self._origin + (self._engine.time() - self._origin) * self.time_scale
