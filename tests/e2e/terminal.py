"""The real `hereabouts chat` in a terminal of its own: a pseudo-terminal, keys in, the drawn screen out."""

import asyncio
import contextlib
import os
import pty
import re
import signal
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

COMMAND = Path(sysconfig.get_path("scripts"), "hereabouts")
PATIENCE_S = 20.0
ESCAPES = re.compile(r"\x1b\[[0-9;?>=<]*[ -/]*[@-~]|\x1b[\]P].*?(?:\x07|\x1b\\)")
ENTER = "\r"


class Terminal:
    """One person at a terminal."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._drawn = ""
        self._came = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    async def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

    async def shows(self, text: str) -> None:
        """Wait until this has been drawn."""
        async with asyncio.timeout(PATIENCE_S):
            while text not in ESCAPES.sub("", self._drawn):
                self._came.clear()
                await self._came.wait()

    def stop(self) -> None:
        """Look no more."""
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            self._drawn += os.read(self._master, 65536).decode(errors="replace")
        self._came.set()


@contextlib.asynccontextmanager
async def terminal(*arguments: str) -> AsyncIterator[Terminal]:
    """Run `hereabouts chat` with these arguments until the block ends."""
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "chat",
        *arguments,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"},
        start_new_session=True,
    )
    os.close(slave)
    seen = Terminal(master)
    try:
        yield seen
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
        seen.stop()
