"""`--workers N`: several nodes on one machine behind one port, and whoever looks after them.

The supervisor serves nobody itself. It starts the workers, says so at once when one has died, so that nobody waits to
find out, and starts another; it passes on what it is asked to end by, and ends when the last of them has.
"""

import asyncio
import contextlib
import logging
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable

import msgspec

from server.bugs import log
from server.cluster.engine import FAILURES, Engine
from server.cluster.registry import Registry
from server.cluster.trouble import EngineError
from server.cluster.worker import Began, Orders
from server.loading import Loaded

RESTART_S = 0.2
RESTART_MAX_S = 30.0
"""A worker that dies at once each time is started again more and more rarely."""
STEADY_S = 30.0
"""One that lived so long was a good one."""
HUNG_S = 10.0
"""A worker that is there so long after its end should have come hangs: nobody else would ever learn that it is over."""
NODE_BYTES = 9


class CannotBegin(Exception):
    """The workers cannot serve; the message says why."""


def reserve_port(host: str, port: int) -> tuple[int, list[socket.socket]]:
    """Return the port, and sockets that keep it for workers to share: they listen to nobody. Raises OSError."""
    keepers: list[socket.socket] = []
    try:
        for family, kind, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            where = (address[0], port, *address[2:])
            if port:
                # Whoever shares the port lets others share it, too: another server's workers among them.
                with socket.socket(family, kind) as alone:
                    alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    alone.bind(where)
            keeper = socket.socket(family, kind)
            keepers.append(keeper)
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            keeper.bind(where)
            port = keeper.getsockname()[1]
    except OSError:
        for keeper in keepers:
            keeper.close()
        raise
    return port, keepers


class Supervisor:
    """Keeps so many workers running, as `loaded` says: with its port, its secret and its Redis.

    Args:
        tell: called with what an operator is to read.
        redis_lasts: whether the Redis outlives the workers.
    """

    def __init__(self, loaded: Loaded, tell: Callable[[str], None], *, redis_lasts: bool) -> None:
        self._loaded = loaded
        self._redis_lasts = redis_lasts
        self._tell = tell
        self._running: dict[int, asyncio.subprocess.Process] = {}
        self._looking: list[asyncio.Task[None]] = []
        self._ending = asyncio.Event()
        self._signals = 0

    async def start(self) -> list[Began]:
        """Start all, and return how each began. Raises CannotBegin, with none left."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._asked, number)
        numbers = range(1, self._loaded.settings.workers + 1)
        starting = [asyncio.create_task(self._start_one(number)) for number in numbers]
        began = await asyncio.gather(*starting)
        failed = next((one.failed for _, _, one in began if one.failed), "")
        if failed:
            self._ending.set()
            for _, process, one in began:
                if not one.failed:
                    process.send_signal(signal.SIGINT)
            await asyncio.gather(*(process.wait() for _, process, _ in began))
            raise CannotBegin(failed)
        self._looking = [
            asyncio.create_task(self._look_after(number, node, process))
            for number, (node, process, _) in zip(numbers, began, strict=True)
        ]
        return [one for _, _, one in began]

    async def until_ended(self) -> None:
        """Return when asked to end and all workers have."""
        await asyncio.gather(*self._looking)

    def _asked(self, number: signal.Signals) -> None:
        """Pass a signal on: workers end by it, at once when it comes a second time; the third is the system's."""
        loop = asyncio.get_running_loop()
        self._ending.set()
        self._signals += 1
        ends_in_s = self._loaded.settings.drain_s if number is signal.SIGTERM and self._signals == 1 else 0.0
        loop.call_later(ends_in_s + HUNG_S, self._kill)
        if self._signals > 1:
            for each in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(each)
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    def _kill(self) -> None:
        for number, process in self._running.items():
            log.warning("Worker %d does not end: it is killed.", number)
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def _start_one(self, number: int) -> tuple[str, asyncio.subprocess.Process, Began]:
        node = secrets.token_urlsafe(NODE_BYTES)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server.cluster.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal comes to the supervisor alone, who passes it on
        )
        self._running[number] = process
        assert process.stdin is not None
        assert process.stdout is not None
        settings = self._loaded.settings
        orders = Orders(
            number,
            node,
            msgspec.to_builtins(settings),
            dict(self._loaded.origin),
            settings.port + number,
            self._redis_lasts,
        )
        process.stdin.write(msgspec.json.encode(orders) + b"\n")
        line = await process.stdout.readline()
        began = msgspec.json.decode(line, type=Began) if line else Began(failed="A worker ended as it began.")
        return node, process, began

    async def _look_after(self, number: int, node: str, process: asyncio.subprocess.Process) -> None:
        wait_s = RESTART_S
        while True:
            began_at = time.monotonic()
            await self._pass_on(number, process)
            status = await process.wait()
            self._running.pop(number, None)
            if self._ending.is_set():
                return
            level = logging.WARNING if status else logging.INFO
            log.log(level, "Worker %d ended with status %d; another one begins.", number, status)
            await self._tell_of_death(node)
            wait_s = RESTART_S if time.monotonic() - began_at > STEADY_S else min(2 * wait_s, RESTART_MAX_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), wait_s)
                return
            node, process, began = await self._start_one(number)
            if self._ending.is_set():
                # It was not there yet when the signal was passed on.
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGINT)
            if began.failed:
                log.error("Worker %d cannot begin: %s", number, began.failed)

    async def _pass_on(self, number: int, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self._tell(f"Worker {number}: {line.decode(errors='replace').rstrip()}")

    async def _tell_of_death(self, node: str) -> None:
        engine = Engine(self._loaded.settings.redis)
        try:
            await engine.open()
            try:
                await Registry(engine, node="", died=_nobody, came=_nobody).declare_dead(node)
            finally:
                await engine.close()
        except (EngineError, *FAILURES) as error:
            log.warning("The others are not told at once that a worker is dead: %s", error)


def _nobody(node: str) -> None:
    """Stand in: the supervisor has no people of its own."""
