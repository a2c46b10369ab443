"""What is done to the servers. Each returns when nothing it did stands in the way any more."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.chaos.arena import SILENT_S, Arena
from tests.chaos.history import Fault

STARTS_AGAIN_S = 2.0
"""A supervisor starts a dead node again, and not in the same moment."""

REDIS_AWAY_S = 6.0
REDIS_LONG_AWAY_S = 30.0
NODE_AWAY_S = 10.0
CUT_S = 9.0
DRAIN_S = 4
"""For dozens of people: a node that is asked to end hands its rooms on within that."""


async def kill_a_node(place: Arena) -> None:
    """`kill -9` of one node; another one is started in its place."""
    await _kill(place, 1)


async def kill_two_nodes(place: Arena) -> None:
    """`kill -9` of two nodes at once: of hosts together with those where their rooms' people are connected."""
    await _kill(place, 2)


async def stop_redis(place: Arena, away_s: float = REDIS_AWAY_S) -> None:
    """Redis stands still: connections stay, and nothing is answered."""
    at = _now()
    place.redis.stop_for_a_while()
    await asyncio.sleep(away_s)
    place.redis.go_on()
    place.faults.append(Fault(at, _now(), f"Redis stopped for {away_s:.0f} s"))


async def stop_redis_for_long(place: Arena) -> None:
    """The same for half a minute: longer than most things are waited for, as long as a seat waits."""
    await stop_redis(place, REDIS_LONG_AWAY_S)


async def kill_redis(place: Arena) -> None:
    """Redis dies, and one that knows nothing comes in its place."""
    at = _now()
    await place.redis.kill()
    await place.redis.start()
    place.faults.append(Fault(at, _now(), "Redis killed, back empty"))


async def stop_a_node(place: Arena, away_s: float = NODE_AWAY_S) -> None:
    """A node stands still for longer than anybody waits for it, and goes on."""
    server = place.rng.choice(place.servers)
    at, ports = _now(), (server.port,)
    server.stop_for_a_while()
    await asyncio.sleep(SILENT_S)
    place.unhealthy.add(server)
    await asyncio.sleep(away_s - SILENT_S)
    server.go_on()
    place.unhealthy.discard(server)
    place.faults.append(Fault(at, _now(), f"a node stopped for {away_s:.0f} s", ports))


async def cut_a_node(place: Arena, away_s: float = CUT_S) -> None:
    """A node and Redis do not reach each other, for longer than the others wait; its people are still connected."""
    server = place.rng.choice([server for server in place.servers if server in place.ways])
    at, ports, way = _now(), (server.port,), place.ways[server]
    way.flows.clear()
    await asyncio.sleep(away_s)
    way.flows.set()
    place.faults.append(Fault(at, _now(), f"a node without Redis for {away_s:.0f} s", ports))


async def restart_a_node(place: Arena) -> None:
    """SIGTERM to one node when its successor is there."""
    server = place.rng.choice(place.servers)
    await place.add_node()
    at, ports = _now(), (server.port,)
    await place.end_node(server)
    place.faults.append(Fault(at, _now(), "SIGTERM to a node", ports))


async def _kill(place: Arena, count: int) -> None:
    servers = place.rng.sample(place.servers, count)
    at, ports = _now(), tuple(server.port for server in servers)
    await asyncio.gather(*(place.kill_node(server) for server in servers))
    what = "kill -9 of a node" if count == 1 else f"kill -9 of {count} nodes"
    place.faults.append(Fault(at, at, what, ports))
    await asyncio.sleep(STARTS_AGAIN_S)
    await asyncio.gather(*(place.add_node() for _ in range(count)))


def _now() -> float:
    return asyncio.get_running_loop().time()


FAULTS: dict[str, Callable[[Arena], Awaitable[None]]] = {
    "kill-node": kill_a_node,
    "kill-two": kill_two_nodes,
    "stop-redis": stop_redis,
    "stop-redis-long": stop_redis_for_long,
    "kill-redis": kill_redis,
    "stop-node": stop_a_node,
    "cut-node": cut_a_node,
    "restart-node": restart_a_node,
}
