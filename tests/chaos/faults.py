"""What is done to the servers. Each returns when nothing it did stands in the way any more."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tests.chaos.arena import SILENT_S, Arena
from tests.chaos.history import Fault
from tests.chaos.planner import half_way
from tests.live_server import LiveServer
from tests.redis_server import RedisServer

PAUSE_S = 6.5
"""What is promised to those of a dead node's rooms who are connected elsewhere."""

STARTS_AGAIN_S = 2.0
"""A supervisor starts a dead node again, and not in the same moment."""

REDIS_AWAY_S = 6.0
REDIS_LONG_AWAY_S = 30.0
NODE_AWAY_S = 10.0
CUT_S = 9.0
STILL_S = 3.0
"""A master that stood still goes on when another has been in its place for so long: nobody may go back to it."""
DRAIN_S = 4
"""For dozens of people: a node that is asked to end hands its rooms on within that."""


async def kill_a_node(place: Arena) -> None:
    """`kill -9` of one node; another one is started in its place."""
    await _kill(place, place.rng.sample(place.servers, 1), "kill -9 of a node")
    await _start_anew(place, 1)


async def kill_two_nodes(place: Arena) -> None:
    """`kill -9` of two nodes at once: of hosts together with those where their rooms' people are connected."""
    await _kill(place, place.rng.sample(place.servers, 2), "kill -9 of 2 nodes")
    await _start_anew(place, 2)


async def kill_the_planner(place: Arena) -> None:
    """`kill -9` of the node that plans who sits with whom at a window's end, while it waits for another's people."""
    async with half_way(place) as planner:
        if planner is not None:
            await _kill(place, [planner], "kill -9 of a planner")
    if planner is not None:
        await _start_anew(place, 1)


async def stop_redis(place: Arena, away_s: float = REDIS_AWAY_S) -> None:
    """Redis stands still: connections stay, and nothing is answered."""
    redis = _only_one(place)
    at = _now()
    redis.stop_for_a_while()
    await asyncio.sleep(away_s)
    redis.go_on()
    place.faults.append(Fault(at, _now(), f"Redis stopped for {away_s:.0f} s"))


async def stop_redis_for_long(place: Arena) -> None:
    """The same for half a minute: longer than most things are waited for, as long as a seat waits."""
    await stop_redis(place, REDIS_LONG_AWAY_S)


async def kill_redis(place: Arena) -> None:
    """Redis dies, and one that knows nothing comes in its place."""
    redis = _only_one(place)
    at = _now()
    await redis.kill()
    await redis.start()
    place.faults.append(Fault(at, _now(), "Redis killed, back empty"))


async def kill_a_master(place: Arena) -> None:
    """`kill -9` of a Redis that has a replica, which takes its place; what was killed comes back as a replica."""
    redis = place.redis
    assert not isinstance(redis, RedisServer)
    await redis.until_whole()
    lost = await redis.pick_master(place.rng)
    at = _now()
    await lost.kill()
    await redis.until_replaced(lost)
    place.faults.append(Fault(at, _now(), "kill -9 of a Redis master"))
    await asyncio.sleep(STARTS_AGAIN_S)
    await redis.start_again(lost)


async def stop_a_master(place: Arena) -> None:
    """A Redis master stands still until a replica has its place, and goes on as if it were the master yet."""
    redis = place.redis
    assert not isinstance(redis, RedisServer)
    await redis.until_whole()
    lost = await redis.pick_master(place.rng)
    at = _now()
    lost.stop_for_a_while()
    try:
        await redis.until_replaced(lost)
        place.faults.append(Fault(at, _now(), "a Redis master stopped"))
        await asyncio.sleep(STILL_S)
    finally:
        lost.go_on()


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
    place.faults.append(Fault(at, _now(), f"a node stopped for {away_s:.0f} s", ports, PAUSE_S))


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


async def _kill(place: Arena, servers: Sequence[LiveServer], what: str) -> None:
    at, ports = _now(), tuple(server.port for server in servers)
    await asyncio.gather(*(place.kill_node(server) for server in servers))
    place.faults.append(Fault(at, at, what, ports, PAUSE_S))


async def _start_anew(place: Arena, count: int) -> None:
    await asyncio.sleep(STARTS_AGAIN_S)
    await asyncio.gather(*(place.add_node() for _ in range(count)))


def _only_one(place: Arena) -> RedisServer:
    assert isinstance(place.redis, RedisServer)
    return place.redis


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
    "kill-planner": kill_the_planner,
    "kill-master": kill_a_master,
    "stop-master": stop_a_master,
}

_EVERYWHERE = ("kill-node", "kill-planner", "kill-two", "restart-node", "stop-node")
_WITH_REPLICAS = (*_EVERYWHERE, "kill-master", "stop-master")

FAULTS_OF: dict[str, tuple[str, ...]] = {
    "single": (*_EVERYWHERE, "stop-redis", "stop-redis-long", "kill-redis", "cut-node"),
    "sentinel": _WITH_REPLICAS,
    "cluster": _WITH_REPLICAS,
}
"""What can be done where the nodes meet at that kind of Redis."""
