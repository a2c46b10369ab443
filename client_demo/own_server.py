"""A server in a process of its own, started by its command and ended with the program that started it.

Knows the command's name, flags and output. Never knows what is said to the server.
"""

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import signal
import sysconfig
from pathlib import Path
from types import TracebackType
from typing import Self

from client_demo.accounting.verdict import WITHOUT_SAME_TEXT

READY_S = 20.0
SETTINGS_BEGIN = "HEREABOUTS_"
"""So begins every setting's name in the environment."""

END_S = 6.0
"""The server says goodbye to everybody at once, and waits 1 s at most for who does not answer."""

_PAGE = re.compile(r"\bhttps?://\S+/(?=\s)")
_END_OF_GREETING = re.compile(r"^ +End +Ctrl-C$", re.M)
_END_OF_INVITATION = re.compile(r"^ +([0-9A-F]{2}:){31}[0-9A-F]{2}$", re.M)


class ServerEnded(Exception):
    """The server is not there any more, or never was; `status` is None where nobody knows why."""

    def __init__(self, status: int | None, *, has_begun: bool = True) -> None:
        how = "" if status is None else f" (exit status {status})"
        self.sentence = f"The server ended{how}, and so does the demo." if has_begun else "The server did not start."
        super().__init__(self.sentence)


class OwnServer:
    """`hereabouts serve`, for as long as the `async with` block lasts.

    Attributes:
        pages: where its page is; the first one on this machine, without TLS.
        warning: what phones will be asked, "" without `lan`.
    """

    def __init__(self, port: int, *, lan: bool, host: str | None = None) -> None:
        """Prepare. With `lan`, `host` chooses one of several addresses."""
        self.pages: list[str] = []
        self.warning = ""
        self._port, self._lan, self._host = port, lan, host
        self._process: asyncio.subprocess.Process
        self._draining: asyncio.Task[None] | None = None

    @property
    def websocket(self) -> str:
        """Where its WebSocket is on this machine."""
        return self.pages[0].replace("http", "ws", 1) + "ws"

    async def __aenter__(self) -> Self:
        """Start it and return when it listens. Raises ServerEnded if it does not, and it has said why itself."""
        # A session of its own: Ctrl-C is for the one who started it, who ends it in good time.
        self._process = await asyncio.create_subprocess_exec(
            _command(),
            *self._arguments(),
            # Settings of another server's are not this one's: a demo for adults alone would seat no bot.
            env={name: value for name, value in os.environ.items() if not name.startswith(SETTINGS_BEGIN)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(READY_S):
                await self._read_greeting()
        except BaseException as exc:
            await self._end()
            if isinstance(exc, TimeoutError):
                raise ServerEnded(None, has_begun=False) from None
            raise
        self._draining = asyncio.create_task(self._drain())
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._end()

    async def ended_before(self, stop: asyncio.Event) -> int | None:
        """Wait until either comes; return the exit status if the server ended first, None if it still runs."""
        ended, stopped = asyncio.create_task(self._process.wait()), asyncio.create_task(stop.wait())
        await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if stop.is_set():
            ended.cancel()
            return None
        return ended.result()

    def _arguments(self) -> list[str]:
        # Bots say the same in many rooms, out of one phrase book.
        network = ["--lan"] if self._lan else []
        network += ["--host", self._host] if self._host is not None else []
        said = [argument for setting in WITHOUT_SAME_TEXT for argument in ("--set", setting)]
        return ["serve", "--port", str(self._port), *said, *network]

    async def _read_greeting(self) -> None:
        last = _END_OF_INVITATION if self._lan else _END_OF_GREETING
        said = ""
        while not last.search(said):
            line = await self._output.readline()
            if not line:
                raise ServerEnded(await self._process.wait(), has_begun=False)
            said += line.decode(errors="replace")
        self.pages = _PAGE.findall(said)
        if self._lan:
            self.warning = said[said.index("The phone will warn") :].rstrip()

    async def _drain(self) -> None:
        while await self._output.read(65_536):
            pass

    async def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            # Not SIGTERM, which lets people go one after another: nobody is there but our own bots and who looks on.
            self._process.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(END_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._draining is not None:
            await self._draining

    @property
    def _output(self) -> asyncio.StreamReader:
        assert self._process.stdout is not None
        return self._process.stdout


def typed_command() -> str:
    """Return that command as short as it can be typed here."""
    command, found = Path(_command()), shutil.which("hereabouts")
    if found is not None and Path(found).resolve() == command.resolve():
        return "hereabouts"
    with contextlib.suppress(OSError):  # the folder it was started in may be gone by now
        if command.is_relative_to(Path.cwd()):
            return shlex.quote(os.path.relpath(command))
    return shlex.quote(str(command))


def _command() -> str:
    """Return the `hereabouts` that belongs to this very program."""
    beside = Path(sysconfig.get_path("scripts"), "hereabouts")
    return str(beside) if beside.exists() else shutil.which("hereabouts") or str(beside)
