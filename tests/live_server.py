"""A real server in a process of its own, for tests that talk to it as strangers do.

Knows how to start one on a free port, when it is ready, and how to end it. Never
knows what is said to it.
"""

import asyncio
import contextlib
import os
import re
import signal
import sysconfig
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from tests.sessions import ENDLESS

READY_S = 60.0
END_S = 10.0

_ADDRESS = re.compile(rb"(?:ws|http)://127\.0\.0\.1:(\d+)")


class LiveServer:
    """Where a server listens, and what it wrote.

    Attributes:
        port: on 127.0.0.1.
        log: everything it wrote so far, on both outputs.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.port = 0
        self.log = b""
        self._process = process
        self._reading: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where its WebSocket is."""
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def has_bugs(self) -> bool:
        """Whether it logged an error, which it does for its own bugs only."""
        return b"Traceback" in self.log or b" ERROR " in self.log

    @property
    def has_ended(self) -> bool:
        """Whether there is no process any more."""
        return self._process.returncode is not None

    async def wait_until_told_where(self) -> None:
        """Return when the server has said where it listens."""
        found = None
        while not found:
            line = await self._output.readline()
            self.log += line
            assert line, f"the server ended: {self.log.decode()}"
            found = _ADDRESS.search(self.log)
        self.port = int(found[1])
        self._reading = asyncio.create_task(self._read_on())

    async def end(self) -> None:
        """End the process and read what it wrote last."""
        self._signal(signal.SIGINT)
        try:
            await asyncio.wait_for(self._process.wait(), END_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise
        if self._reading is not None:
            await self._reading

    async def kill(self) -> None:
        """End the process at once, without a word to it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def end_gently(self) -> None:
        """Ask it to end as whoever restarts a server does, and return when it has ended."""
        self._signal(signal.SIGTERM)
        await self._process.wait()

    def stop_for_a_while(self) -> None:
        """Have it stand still, as a machine that swaps would."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Have it go on where it stood still."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    @property
    def _output(self) -> asyncio.StreamReader:
        assert self._process.stdout is not None
        return self._process.stdout

    async def _read_on(self) -> None:
        while chunk := await self._output.read(65536):
            self.log += chunk


@contextlib.asynccontextmanager
async def live_server(settings: Mapping[str, object] | None = None) -> AsyncIterator[LiveServer]:
    """Start a server with these settings; after the block it has ended, and has logged no bug."""
    # A drain is for thousands of clients; here it would only hold the test up.
    chosen = {"drain_s": 0, **ENDLESS, **(settings or {})}
    flags = [flag for name, value in chosen.items() for flag in ("--set", f"{name}={value}")]
    command = Path(sysconfig.get_path("scripts"), "hereabouts")
    process = await asyncio.create_subprocess_exec(
        command,
        "serve",
        "--port",
        "0",
        *flags,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={name: text for name, text in os.environ.items() if not name.startswith("HEREABOUTS_")}
        | {"PYTHONUNBUFFERED": "1"},
    )
    server = LiveServer(process)
    try:
        await asyncio.wait_for(server.wait_until_told_where(), READY_S)
        yield server
    finally:
        await server.end()
    assert not server.has_bugs, server.log.decode()
