"""A real Redis Cluster for tests: masters on loopback that share the slots, without replicas."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from redis import asyncio as redis
from redis.crc import key_slot

from tests.redis_server import RedisServer, free_port, redis_server

SLOTS = 16_384
AGREED_S = 20.0
FLAGS = ("--cluster-enabled yes --cluster-require-full-coverage no --cluster-node-timeout 15000").split()


class RedisCluster:
    """Masters that know each other.

    Attributes:
        masters: in the order of the slots they hold, equal shares.
    """

    def __init__(self, masters: list[RedisServer]) -> None:
        self.masters = masters

    @property
    def url(self) -> str:
        """Where one of them listens, who knows the others."""
        return f"redis+cluster://127.0.0.1:{self.masters[0].port}"

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
        clients = [redis.Redis.from_url(master.url) for master in self.masters]
        try:
            for number, client in enumerate(clients):
                first = -(-number * SLOTS // len(clients))
                after = -(-(number + 1) * SLOTS // len(clients))
                await _run(client, "CLUSTER", "ADDSLOTSRANGE", first, after - 1)
                await _run(client, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            for master in self.masters[1:]:
                await _run(clients[0], "CLUSTER", "MEET", "127.0.0.1", master.port, master.bus_port)
            async with asyncio.timeout(AGREED_S):
                for client in clients:
                    while not await self._is_agreed(client):  # noqa: ASYNC110 - a server tells nobody when it agrees
                        await asyncio.sleep(0.05)
        finally:
            for client in clients:
                await client.aclose()

    async def _is_agreed(self, client: redis.Redis) -> bool:
        said = str(await _run(client, "CLUSTER", "INFO"))
        return "cluster_state:ok" in said and f"cluster_slots_ok:{SLOTS}" in said


@contextlib.asynccontextmanager
async def redis_cluster(folder: Path, *, masters: int = 3) -> AsyncIterator[RedisCluster]:
    """Run a Cluster of its own for a test."""
    async with contextlib.AsyncExitStack() as stack:
        running = []
        for number in range(masters):
            own = folder / str(number)
            own.mkdir()
            bus_port = free_port()
            server = await stack.enter_async_context(redis_server(own, *FLAGS, "--cluster-port", str(bus_port)))
            server.bus_port = bus_port
            running.append(server)
        cluster = RedisCluster(running)
        await cluster.meet()
        yield cluster


async def ask(master: RedisServer, *command: str | int) -> Any:
    """Return what one master answers."""
    async with redis.Redis.from_url(master.url) as client:
        return await _run(client, *command)


async def _run(client: redis.Redis, *command: str | int) -> object:
    return await client.execute_command(*command)  # type: ignore[no-untyped-call]
