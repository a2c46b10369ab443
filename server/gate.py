"""Where TLS begins: accepts sockets itself, has them shake hands, and holds only so many that have yet to do so.

The loop's own `create_server(ssl=…)` gives a socket its TLS at once and tells nobody until the handshake is done; each
that never is costs 40 KiB until its time is up (10,000 of them: 400 MiB, measured). Here the oldest makes room: who
does shake hands is done in two round trips. Never knows what is said behind it.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable

from server.bugs import log, log_bug

UNSHAKEN_MAX = 512
"""Some 20 MiB. An honest handshake fails only where so many more come within two of its round trips."""

ACCEPTED_PER_TURN = 64
"""Connections there are get their turn in between."""

NO_FILES_PAUSE_S = 1.0
"""While no file can be opened, the system holds who comes."""


class Gate:
    """The listening sockets of one address, and those who have yet to shake hands.

    Attributes:
        port: the one listened on.
        dropped, failed: handshakes that made room for others, and that came to nothing by themselves.
    """

    def __init__(
        self,
        make_connection: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        *,
        handshake_timeout_s: float,
        shutdown_timeout_s: float,
    ) -> None:
        self.port = self.dropped = self.failed = 0
        self._make_connection = make_connection
        self._context = context
        self._handshake_timeout_s = handshake_timeout_s
        self._shutdown_timeout_s = shutdown_timeout_s
        self._loop = asyncio.get_running_loop()
        self._listening: list[socket.socket] = []
        self._waiting: dict[asyncio.Task[None], None] = {}

    async def listen(self, host: str, port: int, *, backlog: int, reuse_port: bool) -> None:
        """Accept from here on. Raises OSError if the address cannot be had."""
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        try:
            for family, kind, protocol, _, address in dict.fromkeys(found):
                # All of them get the port that the first was given.
                there = (address[0], self.port or address[1], *address[2:])
                self._bind(socket.socket(family, kind, protocol), there, backlog=backlog, reuse_port=reuse_port)
        except OSError:
            self.close()
            raise
        for listening in self._listening:
            self._loop.add_reader(listening, self._accept, listening)

    def close(self) -> None:
        """Accept nobody any more, and let go of everybody who has yet to shake hands."""
        for listening in self._listening:
            self._loop.remove_reader(listening)
            listening.close()
        self._listening = []
        for task in list(self._waiting):
            task.cancel()

    def _bind(self, sock: socket.socket, address: tuple[object, ...], *, backlog: int, reuse_port: bool) -> None:
        self._listening.append(sock)
        sock.setblocking(False)
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(backlog)
        self.port = sock.getsockname()[1]

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTED_PER_TURN):
            try:
                sock, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log.error("No connection can be accepted: %s.", error.strerror)
                self._loop.remove_reader(listening)
                self._loop.call_later(NO_FILES_PAUSE_S, self._go_on, listening)
                return
            sock.setblocking(False)
            self._begin(sock)

    def _go_on(self, listening: socket.socket) -> None:
        if listening in self._listening:
            self._loop.add_reader(listening, self._accept, listening)

    def _begin(self, sock: socket.socket) -> None:
        if len(self._waiting) >= UNSHAKEN_MAX:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            self.dropped += 1
            oldest.cancel()
        task = self._loop.create_task(self._shake(sock))
        self._waiting[task] = None
        task.add_done_callback(lambda _: self._waiting.pop(task, None))

    async def _shake(self, sock: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(
                self._make_connection,
                sock,
                ssl=self._context,
                ssl_handshake_timeout=self._handshake_timeout_s,
                ssl_shutdown_timeout=self._shutdown_timeout_s,
            )
        except OSError:  # no handshake, or none in time
            self.failed += 1
            sock.close()
        except asyncio.CancelledError:
            sock.close()
            raise
        except Exception as bug:
            log_bug("shaking hands", bug)
            sock.close()
