"""Commands about what happened at another node: whoever has been seated here since may still report somebody there.

Or block, unmute and let go. All living nodes are asked what they know of the rooms that may be meant. What they
tell is known here for as long as the command is carried out, and is then in a report's evidence alone. Never knows who
means whom.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from server.bugs import log_bug
from server.cluster.rounds import Answers, Rounds
from server.cluster.wire import Recall, Recalled
from server.safety.identities import ROOMS_MAX
from server.safety.trails import Scene

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

AGAIN_S = 0.1
"""Nothing is answered sooner: else whoever asks without end would have words sent about without end."""

ASKING_MAX = 100
"""Commands about which others are asked at one time: each report may bring the words of ten minutes."""

Told = Callable[[Mapping[str, Scene]], None]


class Recalling:
    """Asks the other nodes about rooms, and answers them."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster
        self._rounds: Rounds[list[Scene]] = Rounds()

    def recall(self, rooms: list[str], who: str | None, is_report: bool, then: Told) -> None:
        """Find out what is known elsewhere of these rooms, where that member sat if one is meant, and say so once."""
        self._cluster.begin(self._recall(rooms, who, is_report, then))

    async def _recall(self, rooms: list[str], who: str | None, is_report: bool, then: Told) -> None:
        cluster, wanted = self._cluster, set(rooms)
        is_in_vain = cluster.registry.is_degraded or len(self._rounds) >= ASKING_MAX
        answers, _ = await asyncio.gather(
            self._rounds.ask(
                frozenset() if is_in_vain else cluster.registry.nodes,
                lambda node, number: cluster.tell(node, Recall(number, rooms, who, is_report)),
                is_enough=lambda answers: wanted <= _by_room(answers).keys(),
            ),
            asyncio.sleep(AGAIN_S),
        )
        known = _by_room(answers)
        try:
            then({room: known[room] for room in known.keys() & wanted})
        except Exception as bug:
            log_bug("doing what was asked about another node", bug)

    # What the others tell

    def asked(self, node: str, recall: Recall) -> None:
        """Tell another node what is known here."""
        house, now = self._cluster.house, self._cluster.clock.now()
        known = (house.trails.scene(id, house.world.rooms.get(id), now=now) for id in recall.rooms[:ROOMS_MAX])
        meant = [scene for scene in known if scene is not None and (recall.who is None or recall.who in scene.people)]
        if not recall.is_report:
            # What they were called is told by what they said; of all the others' words nothing is needed.
            meant = [
                msgspec.structs.replace(scene, said=[said for said in scene.said if said.from_ == recall.who])
                for scene in meant
            ]
        self._cluster.tell(node, Recalled(recall.ask, meant))

    def answered(self, node: str, recalled: Recalled) -> None:
        """Know what another node tells."""
        self._rounds.answered(node, recalled.ask, recalled.scenes)


def _by_room(answers: Answers[list[Scene]]) -> dict[str, Scene]:
    return {scene.room: scene for scenes in answers.values() for scene in scenes}
