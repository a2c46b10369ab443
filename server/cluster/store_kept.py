"""What a server has of its store in Redis, from its settings to its end: the engine, the link, the figures."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.cluster.address import EngineError
from server.cluster.engine import Engine
from server.cluster.store import RedisStore
from server.cluster.store_effects import Effects
from server.cluster.store_link import StoreLink
from server.cluster.store_open import open_store
from server.node import Node
from server.settings import Settings
from server.store.sealing import Seal
from server.store.store import StoreError


class KeptStore(NamedTuple):
    """An open store in Redis, and what seals and keys the server it belongs to."""

    key: bytes
    seal: Seal
    engine: Engine
    link: StoreLink

    @property
    def store(self) -> RedisStore:
        """The store itself."""
        return self.link.store

    def measure(self, registry: CollectorRegistry) -> None:
        """Have the figures of the store read out with the others."""
        registry.register(StoreCollector(self.link))

    def serve(self, node: Node) -> None:
        """Have the people of a node feel what was written elsewhere."""
        effects = Effects(node, self.store)
        self.store.followed, node.arrived = effects.happened, effects.arrived

    async def close(self) -> None:
        """Send what is queued, and let go of Redis."""
        await self.link.close()
        await self.engine.close()


class StoreCollector(Collector):
    """Reads how the store and Redis are getting on."""

    def __init__(self, link: StoreLink) -> None:
        self._link = link

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        link, store = self._link, self._link.store
        yield GaugeMetricFamily("hereabouts_store_away", "1 while Redis keeps nothing.", value=int(bool(store.away)))
        yield GaugeMetricFamily("hereabouts_store_queued", "Changes that wait for Redis.", value=len(store.outbox))
        yield CounterMetricFamily("hereabouts_store_failures", "Times Redis was lost.", value=link.failures)
        yield CounterMetricFamily(
            "hereabouts_store_loads", "Times all rows were loaded, or written anew.", value=link.loads
        )
        yield CounterMetricFamily("hereabouts_store_unsent", "Changes lost: too many waited.", value=store.unsent)


async def keep_in_redis(settings: Settings, *, key: bytes, seal: Seal, node: str) -> KeptStore:
    """Return the store that `store` names, or else `redis`, all rows in memory. Raises StoreError.

    Args:
        node: a name that no other process has or had.
    """
    try:
        engine = Engine(settings.lasting_redis)
        await engine.open()
    except EngineError as error:
        raise StoreError(f"{'store' if settings.store else 'redis'}: {error}") from None
    try:
        folder = Path(settings.data) if settings.data else None
        link = await open_store(engine, seal, node=node, folder=folder)
    except BaseException:
        await engine.close()
        raise
    return KeptStore(key, seal, engine, link)
