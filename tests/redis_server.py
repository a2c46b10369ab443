"""A real Redis or Valkey for tests: the one that is named, one on this machine, or the one that comes as a wheel.

Never skips: a test that cannot find a server fails.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from redis import asyncio as redis

from server.cluster.embedded import binary

READY_S = 10.0
IN_MEMORY = ("--save", "", "--appendonly", "no")

PORTS = range(10_240, 32_000)
"""Below those that connections get on the systems we know."""


class RedisServer:
    """One server process of a test's own, on a free port of loopback.

    Attributes:
        url: where it listens.
        bus_port: where it speaks to the others of a Cluster, if it is in one.
    """

    bus_port = 0

    def __init__(self, folder: Path, *flags: str, sentinel: Path | None = None) -> None:
        self._folder = folder
        self._sentinel = sentinel
        self._flags = flags
        self._process: asyncio.subprocess.Process | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @property
    def urls(self) -> list[str]:
        """Where everything that is written may lie."""
        return [self.url]

    async def start(self, *more: str) -> None:
        """Start it, empty, and return when it answers; on the same port each time. `more` are flags of this time."""
        fixed = ["--port", str(self.port), "--bind", "127.0.0.1"]
        fixed = [str(self._sentinel), "--sentinel", *fixed] if self._sentinel else [*fixed, *IN_MEMORY]
        self._process = await asyncio.create_subprocess_exec(
            _binary(),
            *fixed,
            *self._flags,
            *more,
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(READY_S):
            while not await self._answers():
                assert self._process.returncode is None, "the Redis server did not start"
                await asyncio.sleep(0.02)

    def stop_for_a_while(self) -> None:
        """Have it stand still, as a machine that swaps or a network that is cut would: nothing is refused."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Have it go on where it stood still."""
        self._signal(signal.SIGCONT)

    async def kill(self) -> None:
        """End it at once, and everything it held."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=1.0)
        try:
            return bool(await client.ping())
        except (OSError, redis.RedisError):
            return False
        finally:
            await client.aclose()


@contextlib.asynccontextmanager
async def redis_server(folder: Path, *flags: str, sentinel: Path | None = None) -> AsyncIterator[RedisServer]:
    """Run a server of its own, for tests that stop and kill it; a Sentinel if the file of what it watches is given."""
    server = RedisServer(folder, *flags, sentinel=sentinel)
    try:
        await server.start()
        yield server
    finally:
        await server.kill()


@contextlib.contextmanager
def shared_redis(folder: Path) -> Iterator[str]:
    """Give the address of a server that several tests may use, each emptying it first.

    Where tests run several at a time the one that is named is the first worker's: the others would empty it under it.
    """
    named = os.environ.get("HEREABOUTS_TEST_REDIS_URL")
    if named and os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        yield named
        return
    server = RedisServer(folder)
    with asyncio.Runner() as runner:
        runner.run(server.start())
        try:
            yield server.url
        finally:
            runner.run(server.kill())


def _binary() -> str:
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    return binary()


def free_port() -> int:
    """Return a port of loopback nobody listens on now.

    One that the system gives out would be given to any connection in the moment until the server listens.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
