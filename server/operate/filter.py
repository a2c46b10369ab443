"""The operator's list of words and links in a running server: its file is followed, and read again when asked.

Knows the file and the checks that go by it. Never looks at what anybody says.
"""

import asyncio
from typing import Any

from server.safety.checks import Checks
from server.safety.filter_file import BROKEN_TOLD_MAX, POLL_EVERY_S, FilterFile


class FilterKeeper:
    """Has the checks of a server go by what is in its file."""

    def __init__(self, file: FilterFile, checks: Checks) -> None:
        self._file = file
        self._checks = checks
        self._watching: asyncio.Task[None] | None = None
        self._take()

    def start(self) -> None:
        """Follow the file from here on."""
        self._watching = asyncio.create_task(self._watch())

    def stop(self) -> None:
        """Follow it no more."""
        if self._watching is not None:
            self._watching.cancel()

    def reread(self) -> None:
        """Read the file now. Raises FilterError; the rules from before stay in force."""
        self._file.reload()
        self._take()

    def told(self) -> dict[str, Any]:
        """Return how the file is, without a word of it."""
        file = self._file
        broken = [{"line": line.number, "problem": line.problem} for line in file.broken[:BROKEN_TOLD_MAX]]
        return {
            "rules": len(file.rules),
            "broken": len(file.broken),
            "broken_lines": broken,
            "read_at": file.read_at,
            "problem": file.problem,
        }

    async def _watch(self) -> None:
        """Read it again when it changes, in a thread: a disk may be slow."""
        while True:
            await asyncio.sleep(POLL_EVERY_S)
            if await asyncio.to_thread(self._file.poll):
                self._take()

    def _take(self) -> None:
        self._checks.list = self._file.rules
