"""A real Redis Cluster for tests: masters on loopback that share the slots, with a replica each if one is to follow."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from redis import asyncio as redis
from redis.crc import key_slot

from tests.redis_server import RedisServer, free_port, redis_server

SLOTS = 16_384
AGREED_S = 20.0
FLAGS = "--cluster-enabled yes --cluster-require-full-coverage no --repl-diskless-sync-delay 0".split()

PATIENT_MS = 15_000
"""Masters hold one of them dead after so long: a busy machine is no dead one."""
FAILOVER_MS = 1_500
"""The same where a replica is to follow, and tests wait for it."""
WITHIN_S = 30.0
LOOK_EVERY_S = 0.05
ATTEMPTS = 2
"""A port may be taken in the moment before a server listens, by another test beside this one."""


class RedisCluster:
    """Masters that know each other.

    Attributes:
        masters: those who hold the slots at first, in order, equal shares.
        servers: these, and the replica of each in the same order, if there are any.
    """

    def __init__(self, masters: Sequence[RedisServer], replicas: Sequence[RedisServer] = ()) -> None:
        self.masters = masters
        self.servers = [*masters, *replicas]

    @property
    def url(self) -> str:
        """Where they listen; any of them knows the others."""
        return f"redis+cluster://{','.join(f'127.0.0.1:{each.port}' for each in self.servers)}"

    @property
    def urls(self) -> list[str]:
        """Where everything that is written may lie."""
        return [server.url for server in self.servers]

    def master_of(self, key: str) -> RedisServer:
        """Return the master that holds this key."""
        slot = key_slot(key.encode())
        return self.masters[slot * len(self.masters) // SLOTS]

    async def begin_move(self, slot: int, target: RedisServer, *keys: str) -> None:
        """Have a slot be on its way to another master, and these keys gone ahead of it."""
        source = self.masters[slot * len(self.masters) // SLOTS]
        from_id, to_id = await self._id(source), await self._id(target)
        await ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", from_id)
        await ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", to_id)
        for key in keys:
            await ask(source, "MIGRATE", "127.0.0.1", target.port, key, 0, 1000)

    async def end_move(self, slot: int, target: RedisServer) -> None:
        """Have the slot be there."""
        to_id = await self._id(target)
        for master in (target, self.masters[slot * len(self.masters) // SLOTS]):
            await ask(master, "CLUSTER", "SETSLOT", slot, "NODE", to_id)

    async def _id(self, master: RedisServer) -> str:
        return str((await ask(master, "CLUSTER", "MYID")).decode())

    async def meet(self) -> None:
        """Share the slots out and return when all agree."""
        async with contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(redis.Redis.from_url(each.url)) for each in self.servers]
            masters = len(self.masters)
            for number, client in enumerate(clients[:masters]):
                first = -(-number * SLOTS // masters)
                after = -(-(number + 1) * SLOTS // masters)
                await _run(client, "CLUSTER", "ADDSLOTSRANGE", first, after - 1)
                await _run(client, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            for server in self.servers[1:]:
                await _run(clients[0], "CLUSTER", "MEET", "127.0.0.1", server.port, server.bus_port)
            async with asyncio.timeout(AGREED_S):
                for client in clients:
                    while not await self._is_agreed(client):  # noqa: ASYNC110 - a server tells nobody when it agrees
                        await asyncio.sleep(0.05)
            for master, replica in zip(clients, clients[masters:], strict=False):
                await _run(replica, "CLUSTER", "REPLICATE", _text(await _run(master, "CLUSTER", "MYID")))

    async def _is_agreed(self, client: redis.Redis) -> bool:
        said = str(await _run(client, "CLUSTER", "INFO"))
        known = f"cluster_known_nodes:{len(self.servers)}"
        return "cluster_state:ok" in said and f"cluster_slots_ok:{SLOTS}" in said and known in said

    # Where each master has a replica

    async def pick_master(self, rng: random.Random) -> RedisServer:
        """Return one of those who hold slots now."""
        return rng.choice([each for each in self.servers if _is_master(await _replication(each))])

    async def until_replaced(self, lost: RedisServer) -> None:
        """Return when a replica holds the slots of whoever is lost, and the others know."""
        others = [each for each in self.servers if each is not lost]
        async with asyncio.timeout(WITHIN_S):
            while not all([await self._has_masters(each, other_than=lost) for each in others]):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY_S)

    async def start_again(self, lost: RedisServer) -> None:
        """Start a killed server anew: it knows from its own file who the others are, and follows its successor."""
        await lost.start()

    async def until_whole(self) -> None:
        """Return when each master has a replica that has all it has."""
        async with asyncio.timeout(WITHIN_S):
            while not await self._is_whole():  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY_S)

    async def _has_masters(self, server: RedisServer, *, other_than: RedisServer) -> bool:
        """Tell whether this one knows as many masters as there were, without that one."""
        said = _text(await _ask(server, "CLUSTER", "NODES") or b"")
        rows = [row.split() for row in said.splitlines() if row]
        masters = [row for row in rows if "master" in row[2] and "fail" not in row[2] and len(row) > 8]  # with slots
        ports = {int(row[1].partition("@")[0].rpartition(":")[2]) for row in masters}
        return len(ports) == len(self.masters) and other_than.port not in ports

    async def _is_whole(self) -> bool:
        said = [await _replication(each) for each in self.servers]
        masters = [each for each in said if _is_master(each)]
        online = [each for each in masters if "online" in str(each.get("slave0"))]
        return len(masters) == len(online) == len(self.masters)


@contextlib.asynccontextmanager
async def redis_cluster(folder: Path, *, masters: int = 3, with_replicas: bool = False) -> AsyncIterator[RedisCluster]:
    """Run a Cluster of its own for a test; one that does not come about at once is begun anew."""
    async with contextlib.AsyncExitStack() as stack:
        for attempt in range(ATTEMPTS):
            own = folder / f"attempt{attempt}"
            own.mkdir()
            try:
                async with contextlib.AsyncExitStack() as begun:
                    cluster = await _begin(begun, own, masters=masters, with_replicas=with_replicas)
                    stack.push_async_exit(begun.pop_all())
            except (AssertionError, OSError, TimeoutError, redis.RedisError):
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                break
        yield cluster


async def _begin(stack: contextlib.AsyncExitStack, folder: Path, *, masters: int, with_replicas: bool) -> RedisCluster:
    timeout_ms = FAILOVER_MS if with_replicas else PATIENT_MS
    running = []
    for number in range(masters * (1 + with_replicas)):
        own = folder / str(number)
        own.mkdir()
        bus_port = free_port()
        flags = (*FLAGS, "--cluster-node-timeout", str(timeout_ms), "--cluster-port", str(bus_port))
        server = await stack.enter_async_context(redis_server(own, *flags))
        server.bus_port = bus_port
        running.append(server)
    cluster = RedisCluster(running[:masters], running[masters:])
    await cluster.meet()
    return cluster


async def ask(master: RedisServer, *command: str | int) -> Any:
    """Return what one master answers."""
    async with redis.Redis.from_url(master.url) as client:
        return await _run(client, *command)


def _is_master(said: dict[str, Any]) -> bool:
    return said.get("role") == "master"


async def _replication(server: RedisServer) -> dict[str, Any]:
    return dict(await _ask(server, "INFO", "replication") or {})


async def _ask(server: RedisServer, *command: str) -> Any:
    """Return the answer; None if there is none."""
    with contextlib.suppress(OSError, TimeoutError, redis.RedisError):
        async with redis.Redis.from_url(server.url, socket_timeout=0.5, socket_connect_timeout=0.5) as client:
            return await _run(client, *command)
    return None


def _text(answer: object) -> str:
    return answer.decode() if isinstance(answer, bytes) else str(answer)


async def _run(client: redis.Redis, *command: str | int) -> object:
    return await client.execute_command(*command)  # type: ignore[no-untyped-call]
