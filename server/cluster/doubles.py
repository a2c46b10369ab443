"""Who sits at two nodes: they entered at both before the directory had them at either, or Redis had lost them from it.

The node that writes later learns of the other, and tells it. One seat is given up: the one whose client is gone, else
the older. Its client is told what it would be at one node, that another came with its token. Who moves gave up their
seat before they came, and nothing is left to be done.
"""

from typing import TYPE_CHECKING

from server.cluster.engine import FAILURES
from server.cluster.takeover import give_up
from server.cluster.wire import Doubled
from server.outcomes import bye

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster


class Doubles:
    """Finds them, and gives seats up here."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster

    def found(self, identity: str, node: str) -> None:
        """Tell a node that somebody of whom the directory said that they are there sits here."""
        self._cluster.begin(self._tell(identity, node))

    async def _tell(self, identity: str, node: str) -> None:
        cluster = self._cluster
        try:
            lives = await cluster.registry.look_whether_lives(node)
        except FAILURES:
            return  # Redis has just gone away: both seats stay.
        person = cluster.house.world.people.get(identity)
        # Who has gone on meanwhile may sit there by now.
        if person is None or person.room is None or person.seat is None or not lives:
            return
        is_connected = identity in cluster.node.peers
        cluster.tell(node, Doubled(identity, person.room.id, person.seat.since, is_connected))

    def heard(self, node: str, doubled: Doubled) -> None:
        """Give up somebody's seat here, if there still is one and the other node's holds."""
        cluster = self._cluster
        person = cluster.house.world.people.get(doubled.identity)
        if person is None or person.room is None or person.seat is None or person.room.id == doubled.room:
            return
        peer = cluster.node.peers.get(person.id)
        here = (peer is not None, person.seat.since, person.room.id)
        if here > (doubled.is_connected, doubled.since, doubled.room):
            # Written again, it replaces the other's: that node is told, and gives up.
            cluster.node.moved.add(person.id)
            cluster.node.arm()
            return
        if peer is not None:
            cluster.node.lost(peer)
            peer.session.unseat()
            peer.end(bye(4503))
        give_up(cluster, person)
        cluster.node.arm()
