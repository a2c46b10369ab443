"""Stands between a client and a Redis server: cuts connections, swallows what they should hear, speaks TLS for it."""

import asyncio
import ssl
from typing import Self


class RedisProxy:
    """A TCP relay of loopback. It knows a subscription by the command that makes it.

    Args:
        tls: what clients are spoken to with; plain TCP without it.

    Attributes:
        swallows: whether what subscriptions should hear is lost.
        subscriptions: how many were made so far.
        flows: cleared while nothing gets through, in either direction, and no connection ends: a network that is cut.
        cuts_answer_in: at the how manieth answer from now a connection ends, with the command carried out; 0: never.
    """

    def __init__(self, target_port: int, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.swallows = False
        self.flows = asyncio.Event()
        self.flows.set()
        self.subscriptions = 0
        self.cuts_answer_in = 0
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._relays: set[asyncio.Task[None]] = set()
        self._subscribed: set[asyncio.StreamWriter] = set()
        self._port = 0

    @property
    def cuts_answer(self) -> bool:
        """Whether the next answer is yet to be cut."""
        return self.cuts_answer_in > 0

    @cuts_answer.setter
    def cuts_answer(self, cuts: bool) -> None:
        self.cuts_answer_in = int(cuts)

    @property
    def url(self) -> str:
        assert self._server is not None
        scheme = "rediss" if self._tls is not None else "redis"
        return f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        for relay in list(self._relays):
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    def cut(self) -> None:
        """End every subscription's connection."""
        for writer in self._subscribed:
            writer.transport.abort()
        self._subscribed.clear()

    async def refuse(self) -> None:
        """End all connections and let none in."""
        assert self._server is not None
        self._port = self._server.sockets[0].getsockname()[1]
        self._server.close()
        for relay in list(self._relays):
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def accept(self) -> None:
        """Let them in again."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self._port)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            try:
                await asyncio.gather(self._up(reader, up_writer, writer), self._down(up_reader, writer))
            finally:
                up_writer.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass  # cancelled at the end alone: asyncio's streams would write a traceback
        finally:
            writer.transport.abort()
            self._subscribed.discard(writer)
            self._relays.discard(task)

    async def _up(self, reader: asyncio.StreamReader, up: asyncio.StreamWriter, client: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65_536):
            if b"SSUBSCRIBE" in chunk:
                self._subscribed.add(client)
                self.subscriptions += 1
            await self.flows.wait()
            up.write(chunk)
            await up.drain()
        up.write_eof()

    async def _down(self, up: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while chunk := await up.read(65_536):
            await self.flows.wait()
            was_due = self.cuts_answer
            self.cuts_answer_in -= was_due
            if was_due and not self.cuts_answer:
                break
            # Whole answers: the messages of tests are small, and each is written at once.
            if not (self.swallows and client in self._subscribed and b"smessage" in chunk):
                client.write(chunk)
                await client.drain()
        client.transport.abort()
