"""The ten-line clients of docs/PROTOCOL.md work: two of them, in two languages, talk to each other."""

import asyncio
import contextlib
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.live_server import live_server

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
PATIENCE_S = 15.0
CELL = "dr5ru7"


def node_command() -> list[str]:
    """Return how to run a JavaScript file that uses WebSocket, or [] where no Node here has one.

    Node has it by itself from version 22 on, and from 20.10 on behind a flag.
    """
    node = shutil.which("node")
    for command in ([node], [node, "--experimental-websocket"]) if node else []:
        asked = subprocess.run([*command, "-p", "typeof WebSocket"], capture_output=True, text=True, check=False)
        if asked.stdout.strip() == "function":
            return [*command]
    return []


PYTHON = [sys.executable, "-u", str(EXAMPLES / "client.py")]
NODE = [*node_command(), str(EXAMPLES / "client.mjs")]
needs_node = pytest.mark.skipif(len(NODE) == 1, reason="no Node.js with a WebSocket of its own")


class Talker:
    """A client that runs, and what it has printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def printed(self, wanted: str) -> str:
        """Return the first line from now on that holds `wanted`."""
        assert self._process.stdout is not None
        seen = []
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self._process.stdout.readline()).decode():
                seen.append(line)
                if wanted in line:
                    return line
        raise AssertionError(f"{wanted!r} is not in {seen}")


@contextlib.asynccontextmanager
async def talker(command: list[str], url: str, cell: str, text: str) -> AsyncIterator[Talker]:
    """Run a client for the length of the block."""
    process = await asyncio.create_subprocess_exec(
        *command, url, cell, text, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield Talker(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_python_client_says_and_hears() -> None:
    async with live_server() as server, talker(PYTHON, server.url, CELL, "hello") as ann:
        assert await ann.printed("room ")
        assert (await ann.printed("hello")).startswith("said ")


async def test_python_client_prints_what_was_refused() -> None:
    async with live_server() as server, talker(PYTHON, server.url, "40.7,-74.0", "hello") as ann:
        assert "geohash" in await ann.printed("error ")


@needs_node
async def test_clients_in_two_languages_hear_each_other() -> None:
    async with live_server() as server, talker(PYTHON, server.url, CELL, "from Python") as ann:
        await ann.printed("from Python")
        async with talker(NODE, server.url, CELL, "from JavaScript") as bo:
            assert (await ann.printed("from JavaScript")).startswith("said ")
            assert (await bo.printed("from JavaScript")).startswith("said ")
            async with talker(PYTHON, server.url, CELL, "welcome"):
                assert (await bo.printed("welcome")).startswith("said ")


@pytest.mark.parametrize("name", ["client.py", "client.mjs"])
def test_clients_are_about_ten_lines(name: str) -> None:
    lines = [line for line in (EXAMPLES / name).read_text().splitlines() if line.strip()]
    assert len(lines) <= 13
