"""Reports of what happened at another node: whoever has been seated here since may still report somebody there.

All living nodes are asked what they know of the rooms that may be meant. What they tell is known here for as long as
the report is made, and is then in its evidence alone. Never knows who reports whom.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from server.bugs import log_bug
from server.cluster.wire import Recall, Recalled
from server.safety.identities import ROOMS_MAX
from server.safety.trails import Scene

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

ANSWER_S = 1.0
"""How long the others are waited for: they answer in milliseconds, or else stand still, or have just died."""

AGAIN_S = 0.1
"""No report is made sooner: else whoever repeats one without end would have words sent about without end."""

ASKING_MAX = 100
"""Reports about which others are asked at one time: each may bring the words of ten minutes."""

Told = Callable[[Mapping[str, Scene]], None]


class Recalling:
    """Asks the other nodes about rooms, and answers them."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster
        self._asks = 0
        self._rounds: dict[int, _Round] = {}

    def recall(self, rooms: list[str], who: str | None, then: Told) -> None:
        """Find out what is known elsewhere of these rooms, where that member sat if one is meant, and say so once."""
        self._cluster.begin(self._recall(rooms, who, then))

    async def _recall(self, rooms: list[str], who: str | None, then: Told) -> None:
        cluster = self._cluster
        self._asks += 1
        is_in_vain = cluster.registry.is_degraded or len(self._rounds) >= ASKING_MAX
        number, asked = self._asks, _Round(set() if is_in_vain else set(cluster.registry.nodes), set(rooms))
        self._rounds[number] = asked
        for node in asked.nodes:
            cluster.tell(node, Recall(number, rooms, who))
        try:
            await asyncio.gather(asyncio.wait((asked.done,), timeout=ANSWER_S), asyncio.sleep(AGAIN_S))
        finally:
            del self._rounds[number]
        try:
            then(asked.scenes)
        except Exception as bug:
            log_bug("making a report of what happened at another node", bug)

    # What the others tell

    def asked(self, node: str, recall: Recall) -> None:
        """Tell another node what is known here."""
        house, now = self._cluster.house, self._cluster.clock.now()
        known = (house.trails.scene(id, house.world.rooms.get(id), now=now) for id in recall.rooms[:ROOMS_MAX])
        meant = [scene for scene in known if scene is not None and (recall.who is None or recall.who in scene.people)]
        self._cluster.tell(node, Recalled(recall.ask, meant))

    def answered(self, node: str, recalled: Recalled) -> None:
        """Know what another node tells."""
        asked = self._rounds.get(recalled.ask)
        if asked is not None:
            asked.answered(node, recalled.scenes)


class _Round:
    """One question to all nodes, and their answers so far."""

    def __init__(self, nodes: set[str], rooms: set[str]) -> None:
        self.nodes = nodes
        self._rooms = rooms
        self.scenes: dict[str, Scene] = {}
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not nodes:
            self.done.set_result(None)

    def answered(self, node: str, scenes: list[Scene]) -> None:
        """Know what one of them knows. Once all is known, or all have answered, nobody is waited for."""
        self.nodes.discard(node)
        self.scenes |= {scene.room: scene for scene in scenes if scene.room in self._rooms}
        if not self.done.done() and (not self.nodes or self._rooms <= self.scenes.keys()):
            self.done.set_result(None)
