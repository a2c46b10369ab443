"""The operator's way in on the machine itself: a Unix socket only the server's own user may open.

One JSON line in, one JSON line out: what was asked is done, or `error` says why not.
"""

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from server.bugs import log_bug
from server.operate.admin.office import Office
from server.operate.admin.requests import NotDone, read
from server.settings import Settings

LINE_MAX_BYTES = 16_384
"""Of a request: the longest text, many times over."""
PATIENCE_S = 10.0
"""A client says what it wants in this time."""
BY = "socket"


def socket_path(settings: Settings, environ: Mapping[str, str], *, port: int) -> Path | None:
    """Return where the socket is, or None if there is no place for one."""
    if settings.admin_socket:
        return Path(settings.admin_socket)
    if settings.data:
        return Path(settings.data) / "admin.sock"
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return Path(runtime) / f"hereabouts-{port}.sock" if runtime else None


class AdminSocket:
    """The socket of one server. Raises OSError on `start` if the path cannot be had."""

    def __init__(self, office: Office, path: Path) -> None:
        self.path = path
        self._office = office
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Answer from here on. What a killed server left at the path is replaced; anything else there stays."""
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(self.path.stat().st_mode):
                raise FileExistsError(f"{self.path} exists and is no socket")
            if is_answered(self.path):
                raise FileExistsError(f"{self.path} belongs to a server that runs")
            self.path.unlink()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # From the first moment nobody else may open it.
            former = os.umask(0o177)
            try:
                listening.bind(str(self.path))
            finally:
                os.umask(former)
            self._server = await asyncio.start_unix_server(self._serve, sock=listening, limit=LINE_MAX_BYTES)
        except BaseException:
            listening.close()
            raise

    def close(self) -> None:
        """Answer no more, and take the socket away."""
        if self._server is not None:
            self._server.close()
            self._server = None  # what is at the path from here on is another's
            with contextlib.suppress(FileNotFoundError):
                self.path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                writer.write(await self._answer(await reader.readline()))
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass  # too slow, gone, or a line too long: nobody is there to be told
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> bytes:
        try:
            told = await self._office.answer(read(line), by=BY, is_local=True)
        except NotDone as error:
            told = {"error": str(error)}
        except Exception as bug:
            log_bug("doing what an operator asked", bug)
            told = {"error": "A bug of this server; it is written down."}
        return msgspec.json.encode(told) + b"\n"


def is_answered(path: Path) -> bool:
    """Tell whether a server that runs has its socket there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
