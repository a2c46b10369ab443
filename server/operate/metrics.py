"""What Prometheus sees: counted as plain numbers where things happen, read out only when somebody asks.

No cell, name, text or token is ever a label or a value.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from rooms.placement import is_waiting
from server.listener import Listener
from server.node import Node
from server.operate.admin.web import Gate
from server.operate.webhook import Webhook


class NodeCollector(Collector):
    """Reads one node, its listener, and what its operator has set up."""

    def __init__(self, node: Node, listener: Listener, gate: Gate | None, webhook: Webhook | None) -> None:
        self._node = node
        self._listener = listener
        self._gate = gate
        self._webhook = webhook

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        yield from self._gauges()
        yield from self._counters()

    def _gauges(self) -> Iterator[Metric]:
        world = self._node.house.world
        rooms = world.rooms.values()
        yield gauge("connections", "Open connections.", self._listener.open_count)
        yield gauge("people_seated", "People with a seat, those whose seat waits included.", len(world.people))
        yield gauge("people_connected", "People with a seat and a connection.", len(self._node.peers))
        yield gauge("rooms", "Rooms.", len(rooms))
        yield gauge("rooms_waiting", "Rooms in want of company.", sum(1 for room in rooms if is_waiting(room)))
        yield gauge("reports_open", "Reports that wait for an operator.", len(self._node.house.reports.open()))
        yield gauge("draining", "1 while people are let go because the server ends.", self._listener.is_draining)
        yield gauge("bans", "Bans in force.", len(self._node.house.store.bans()))

    def _counters(self) -> Iterator[Metric]:
        node, listener = self._node, self._listener
        yield counter("messages_received", "Messages from clients.", node.received)
        yield counter("events_published", "Events of rooms, each counted once.", node.fanout.published)
        yield counter("events_delivered", "Events of rooms, counted per reader.", node.fanout.delivered)
        yield counter("connections_accepted", "Handshakes done.", listener.accepted)
        yield counter("connections_refused_full", "Answered 503: the server is full.", listener.refused_full)
        yield counter("connections_refused_address", "Answered 503: too many of one address.", listener.refused_address)
        yield counter(
            "connections_refused_draining", "Answered 503: the server is about to end.", listener.refused_draining
        )
        yield counter("handshakes_failed", "Connections that ended before an answer.", listener.handshakes_failed)
        yield counter("connections_refused_origin", "Answered 403: a page of another origin.", listener.refused_origin)
        yield counter(
            "forwarded_untrusted", "Handshakes with an X-Forwarded-For not believed.", listener.forwarded_untrusted
        )
        yield counter(
            "handshakes_dropped",
            "Of these, dropped to make room: very many sockets sent nothing.",
            listener.dropped_half_open,
        )
        yield counter("connections_made_room", "Ended without having entered, to make room.", listener.made_room)
        yield counter("work_asked", "Newcomers who were asked to show work.", node.house.door.asked)
        if self._gate is not None:
            yield counter("admin_refused", "Requests to /admin without the right token.", self._gate.refused)
        if self._webhook is not None:
            yield counter("webhook_delivered", "Webhook messages that arrived.", self._webhook.delivered)
            yield counter("webhook_lost", "Webhook messages given up.", self._webhook.lost)
        closed = CounterMetricFamily("hereabouts_connections_closed", "Ended connections.", labels=["code"])
        for code, count in sorted(listener.closed.items()):
            closed.add_metric([str(code)], count)
        yield closed


def make_registry(
    node: Node, listener: Listener, gate: Gate | None = None, webhook: Webhook | None = None
) -> CollectorRegistry:
    """Return everything there is to see of a node and its process."""
    registry = CollectorRegistry()
    registry.register(NodeCollector(node, listener, gate, webhook))
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def gauge(name: str, text: str, value: float) -> Metric:
    """Return one value that goes up and down."""
    return GaugeMetricFamily(f"hereabouts_{name}", text, value=value)


def counter(name: str, text: str, value: float) -> Metric:
    """Return one value that only goes up."""
    return CounterMetricFamily(f"hereabouts_{name}", text, value=value)
