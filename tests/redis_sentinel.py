"""Redis behind Sentinels for tests: a master, its replica, and three who put that in its place when it is gone."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from redis import asyncio as redis

from tests.redis_server import RedisServer, redis_server

NAME = "ours"
SENTINELS = 3
QUORUM = 2

DOWN_AFTER_MS = 1000
"""Sentinels hold a master dead after so long; as few as a short test can be spared."""

FAILOVER_MS = 3000
"""One that did not come off is tried again after twice this."""

AT_ONCE = ("--repl-diskless-sync-delay", "0")
"""A replica is sent everything when it asks, and not when others might have asked too."""

WITHIN_S = 30.0
LOOK_EVERY_S = 0.05


class RedisSentinel:
    """A master, replicas, and Sentinels.

    Attributes:
        servers: master and replicas, whichever of them is which.
        sentinels: those who know.
    """

    def __init__(self, servers: Sequence[RedisServer], sentinels: Sequence[RedisServer]) -> None:
        self.servers = servers
        self.sentinels = sentinels

    @property
    def url(self) -> str:
        """Where the Sentinels listen."""
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.sentinels)
        return f"redis+sentinel://{hosts}/{NAME}"

    @property
    def urls(self) -> list[str]:
        """Where everything that is written may lie."""
        return [server.url for server in self.servers]

    async def master(self) -> RedisServer:
        """Return whom a Sentinel holds for the master."""
        for sentinel in self.sentinels:
            found = await _ask(sentinel, "SENTINEL GET-MASTER-ADDR-BY-NAME", NAME)
            if found is not None:
                return next(server for server in self.servers if server.port == int(found[1]))
        raise AssertionError("no Sentinel knows the master")

    async def pick_master(self, rng: random.Random) -> RedisServer:
        """Return the only one there is."""
        return await self.master()

    async def until_replaced(self, lost: RedisServer) -> None:
        """Return when another one is the master, and says so itself."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                master = await self.master()
                if master is not lost and (await _replication(master)).get("role") == "master":
                    return
                await asyncio.sleep(LOOK_EVERY_S)

    async def start_again(self, lost: RedisServer) -> None:
        """Start a killed server anew, as a replica of whoever is the master now."""
        await lost.start("--replicaof", f"127.0.0.1 {(await self.master()).port}")

    async def until_whole(self) -> None:
        """Return when the master has all others as replicas that have all it has, and every Sentinel knows of all."""
        async with asyncio.timeout(WITHIN_S):
            while not await self._is_whole():  # noqa: ASYNC110 - neither tells when it is so
                await asyncio.sleep(LOOK_EVERY_S)

    async def _is_whole(self) -> bool:
        said = await _replication(await self.master())
        count = len(self.servers) - 1
        online = sum(1 for key, value in said.items() if key.startswith("slave") and "online" in str(value))
        if online < count:
            return False
        for sentinel in self.sentinels:
            known = await _ask(sentinel, "SENTINEL MASTER", NAME) or {}
            if (known.get("num-slaves"), known.get("num-other-sentinels")) != (count, SENTINELS - 1):
                return False
        return True


@contextlib.asynccontextmanager
async def redis_sentinel(folder: Path, *, replicas: int = 1) -> AsyncIterator[RedisSentinel]:
    """Run all of it for a test; they know each other some seconds later, `until_whole`."""
    async with contextlib.AsyncExitStack() as stack:
        servers: list[RedisServer] = []
        for number in range(1 + replicas):
            flags = ("--replicaof", f"127.0.0.1 {servers[0].port}") if servers else ()
            own = _made(folder / f"server{number}")
            servers.append(await stack.enter_async_context(redis_server(own, *AT_ONCE, *flags)))
        sentinels = []
        for number in range(SENTINELS):
            own = _made(folder / f"sentinel{number}")
            config = own / "sentinel.conf"
            config.write_text(
                f"sentinel monitor {NAME} 127.0.0.1 {servers[0].port} {QUORUM}\n"
                f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}\n"
                f"sentinel failover-timeout {NAME} {FAILOVER_MS}\n"
            )
            sentinel = await stack.enter_async_context(redis_server(own, sentinel=config))
            sentinels.append(sentinel)
        yield RedisSentinel(servers, sentinels)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def _replication(server: RedisServer) -> dict[str, Any]:
    return dict(await _ask(server, "INFO", "replication") or {})


async def _ask(server: RedisServer, *command: str) -> Any:
    """Return the answer; None if there is none."""
    with contextlib.suppress(OSError, TimeoutError, redis.RedisError):
        async with redis.Redis.from_url(server.url, socket_timeout=0.5, socket_connect_timeout=0.5) as client:
            return await client.execute_command(*command)  # type: ignore[no-untyped-call]
    return None
