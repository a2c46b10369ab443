"""What Prometheus sees of a node as one of many: counted where things happen, read out only when somebody asks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from server.operate.metrics import counter, gauge

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster


class ClusterCollector(Collector):
    """Reads one node's part in the cluster."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        yield from self._gauges()
        yield from self._counters()

    def _gauges(self) -> Iterator[Metric]:
        cluster = self._cluster
        relayed = sum(1 for entrance in cluster.entrances.values() if entrance.host)
        yield gauge("cluster_nodes", "Other nodes that live.", len(cluster.registry.nodes))
        yield gauge("cluster_degraded", "1 while Redis cannot be asked.", bool(cluster.trouble))
        yield gauge("cluster_relayed_out", "Clients connected here whose room is at another node.", relayed)
        yield gauge("cluster_relayed_in", "Clients connected elsewhere whose room is here.", len(cluster.remotes))
        yield gauge("cluster_bus_lag_seconds", "How long a message to oneself takes.", cluster.bus.lag_s)
        yield gauge("cluster_bus_queued_bytes", "What waits to be sent to other nodes.", cluster.bus.queued_bytes)
        yield gauge("cluster_log_lag_seconds", "How long what happens waits to be written.", cluster.log.lag_s)
        yield gauge("cluster_turns_waiting", "Loop turns whose words wait for that.", cluster.commit.turns)

    def _counters(self) -> Iterator[Metric]:
        cluster = self._cluster
        takeovers = cluster.takeovers - cluster.handing.taken
        yield counter(
            "cluster_degraded_seconds", "Time in which Redis could not be asked.", cluster.registry.degraded_s
        )
        yield counter("cluster_bus_gaps", "Times something another node sent was lost.", cluster.bus.gaps)
        yield counter("cluster_bus_dropped", "Messages given up since too much waited.", cluster.bus.dropped)
        yield counter("cluster_bus_renewals", "Times the subscription was made anew.", cluster.bus.renewals)
        yield counter("cluster_takeovers", "Rooms of dead nodes that went on here.", takeovers)
        yield counter("cluster_rooms_lost", "Rooms of here that went on elsewhere.", cluster.writing.rooms_lost)
        yield counter("cluster_rooms_handed_on", "Rooms handed on before an end.", cluster.handing.handed_on)
        yield counter("cluster_rooms_taken", "Rooms handed on by others.", cluster.handing.taken)
        yield counter("cluster_windows_planned", "Windows' ends planned with other nodes.", cluster.regions.plans)
        yield counter("cluster_windows_unplanned", "The same, but no plan came in time.", cluster.regions.alone)
        yield counter("cluster_commands_refused", "Commands refused: Redis was away.", cluster.writing.refused)
        yield counter("cluster_people_moved_in", "People who came from rooms elsewhere.", cluster.moving.moved_in)
        yield counter("cluster_people_moved_out", "People who went to rooms elsewhere.", cluster.moving.moved_out)
