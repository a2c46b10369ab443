"""`hereabouts serve` as a process, for tests of how it begins and ends."""

import asyncio
import contextlib
import os
import re
import signal
import sysconfig
import time
from collections.abc import AsyncIterator
from pathlib import Path

COMMAND = str(Path(sysconfig.get_path("scripts"), "hereabouts"))
ENVIRONMENT = {name: text for name, text in os.environ.items() if not name.startswith("HEREABOUTS_")}
PATIENCE_S = 20.0
QUICKLY_S = 8.0
"""What ending takes on a loaded machine: 1 s at most where clients do not answer, never a drain."""


class Server:
    """A running server: what it greeted with, and its process."""

    def __init__(self, process: asyncio.subprocess.Process, greeting: str) -> None:
        self.process = process
        self.greeting = greeting

    @property
    def page(self) -> str:
        found = re.search(r"http://\S+", self.greeting)
        assert found
        return found[0]

    async def end(self, *signals: signal.Signals) -> tuple[int, str, str, float]:
        """Send it signals, and return its exit status, both outputs, and how long it took in seconds."""
        began = time.monotonic()
        for number in signals:
            self.process.send_signal(number)
        out, err = await asyncio.wait_for(self.process.communicate(), PATIENCE_S)
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode(), time.monotonic() - began


async def start(*flags: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        COMMAND, "serve", *flags,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=ENVIRONMENT | environment,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def serving(*flags: str, **environment: str) -> AsyncIterator[Server]:
    process = await start("--port", "0", *flags, **environment)
    assert process.stdout is not None
    try:
        greeting = await asyncio.wait_for(process.stdout.readuntil(b"Ctrl-C\n\n"), PATIENCE_S)
        if "HEREABOUTS_SECRET" not in environment:
            greeting += await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
        yield Server(process, greeting.decode())
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def refused(*flags: str, **environment: str) -> tuple[int, str]:
    """Return the exit status of a server that cannot begin, and what it said."""
    process = await start(*flags, **environment)
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode is not None
    assert b"Traceback" not in out + err
    return process.returncode, (out + err).decode()
