"""What is said again and again at many nodes: each second they tell each other what they met, by fingerprints alone.

Each decides at once by what it knows. Who says one text at node after node is known a second later than at one.
"""

import asyncio
from typing import TYPE_CHECKING

from server.bugs import log_bug
from server.cluster.wire import Met

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

EVERY_S = 1.0

LEARNT_MAX = 2000
"""Sightings of texts a second that a node is told of by all others together, 0.7 to 2 µs each: what most people say is
said once and told only as long as there is room for it; what was met more than once comes first."""


class Gossip:
    """One node's part in it."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster

    async def tell_on(self) -> None:
        """Tell the others, for ever."""
        cluster = self._cluster
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                others = cluster.registry.nodes
                news = cluster.house.checks.news(LEARNT_MAX // max(1, len(others)), now=cluster.clock.now())
                if news.texts or news.suspects:
                    for node in others:
                        cluster.tell(node, Met(news))
            except Exception as bug:
                log_bug("telling other nodes what was met", bug)

    def met(self, node: str, met: Met) -> None:
        """Know what another node met."""
        self._cluster.house.checks.learn(met.news, now=self._cluster.clock.now())
