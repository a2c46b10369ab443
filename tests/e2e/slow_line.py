"""A bad line between a browser and a server: so many bits a second, so late, and now and then broken.

Knows bytes alone. Breaks by counting, not by chance, so that a run can be repeated.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

CHUNK = 512
PATIENCE_S = 5.0


class SlowLine:
    """A TCP proxy on a port of its own.

    Attributes:
        port: where it listens on 127.0.0.1.
        opened, broken: connections so far, and those of them that were cut.
    """

    def __init__(self, to_port: int, *, bits_per_s: int, late_s: float, break_every: int, break_first: int) -> None:
        """Prepare.

        Args:
            late_s: how long a byte is under way; half of what a ping would show.
            break_every: one connection in so many is cut, the `break_first`th first, before it has carried an answer.
        """
        self._to_port = to_port
        self._byte_s = 8 / bits_per_s
        self._late_s = late_s
        self._break_every, self._break_first = break_every, break_first
        self._free_at = {"up": 0.0, "down": 0.0}
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = self.opened = self.broken = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["SlowLine"]:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._server.close()
            self.cut()
            for task in self._tasks:
                task.cancel()
            await asyncio.wait_for(asyncio.gather(*self._tasks, return_exceptions=True), PATIENCE_S)

    def cut(self) -> None:
        """Break every connection there is."""
        there = [writer for writer in self._writers if not writer.is_closing()]
        for writer in there:
            writer.transport.abort()
        self.broken += len(there) // 2  # each has two ends
        self._writers.clear()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        if self.opened % self._break_every == self._break_first:
            await reader.read(1)
            self.broken += 1
            writer.transport.abort()
            return
        await asyncio.sleep(2 * self._late_s)  # here a connection stands at once; on such a line it takes a round trip
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        self._writers |= {writer, far_writer}
        for source, sink, way in ((reader, far_writer, "up"), (far_reader, writer, "down")):
            task = asyncio.create_task(self._carry(source, sink, way))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: str) -> None:
        """Carry bytes one way: they share the line with all other connections and arrive late, in order."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while data := await source.read(CHUNK):
                # What one connection sends waits for what others have sent before it.
                self._free_at[way] = max(self._free_at[way], loop.time()) + len(data) * self._byte_s
                arrives = self._free_at[way] + self._late_s
                loop.call_at(arrives, self._deliver, sink, data)
                await asyncio.sleep(max(0.0, self._free_at[way] - loop.time()))
        loop.call_later(self._late_s, sink.close)

    @staticmethod
    def _deliver(sink: asyncio.StreamWriter, data: bytes) -> None:
        if not sink.is_closing():
            sink.write(data)
