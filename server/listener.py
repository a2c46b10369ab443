"""The port: accepts connections, counts them, refuses what is too much, keeps their time.

Knows sockets, the event loop and how many are there. Must never know what
connections say to each other. One timer drives the wheel that all connections
put their deadlines on.
"""

import asyncio
import ipaddress
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from server.connection import Connection
from server.http import FrontDoor, HttpResponse, Reply, Routes, refusal
from server.transport import Receiver, TransportLimits
from server.wheel import Entry, Wheel

BACKLOG = 2048  # a whole room of reconnecting clients arrives within one turn
HEADS_MAX = 512  # connections beyond `connections_max` that may still ask for HTTP, so that probes get through
RETRY_AFTER_S = 10
CLOSED_PER_TURN = 200  # closing costs tens of microseconds each; others are served in between
LOOPBACK = "loopback"  # what all of this machine's addresses are counted as


class Listener:
    """A WebSocket and HTTP server on one port, made in a running loop: `start` it, and in the end `close` it.

    Args:
        make_receiver: called once for each opened connection.
        routes: what plain GETs are answered by.
        subprotocols: the known ones.
        path: where upgrades are accepted; None for everywhere.
        count_loopback: hold clients on this machine to `connections_per_address` too.
        rng: for the jitter of pings alone.

    Attributes:
        port: the one listened on, from `start` on; the system's choice if 0 was asked for.
        connections: all that have a socket, those in their handshake included.
        open_count: those whose handshake is done and that are not closing.
        accepted: upgrades accepted so far. The other counters count from the start too:
        refused_full, refused_address: answered 503; http_answered: any other HTTP answer to a whole head;
        handshakes_failed: ended before an answer; closed: by close code, 1006 if none was exchanged.
    """

    def __init__(
        self,
        make_receiver: Callable[[], Receiver],
        *,
        limits: TransportLimits | None = None,
        routes: Routes | None = None,
        subprotocols: Sequence[str] = (),
        path: str | None = "/ws",
        count_loopback: bool = False,
        rng: Random | None = None,
    ) -> None:
        self.make_receiver = make_receiver
        self.limits = limits or TransportLimits()
        self.rng = rng or Random()
        self.connections: set[Connection] = set()
        self.open_count = 0
        self.accepted = self.refused_full = self.refused_address = 0
        self.http_answered = self.handshakes_failed = 0
        self.closed: Counter[int] = Counter()
        self._front_door = FrontDoor(routes or {}, subprotocols, path)
        self._count_loopback = count_loopback
        self._per_address: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()
        self._wheel = Wheel(now=self._loop.time(), tick_s=self.limits.wheel_tick_s)
        self._timer: asyncio.TimerHandle | None = None
        self._is_late = False
        self._servers: list[asyncio.Server] = []
        self.port = 0
        self._emptied = asyncio.Event()

    async def start(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        backlog: int = BACKLOG,
        reuse_port: bool = False,
    ) -> None:
        """Accept connections from here on; once more for each further address. Raises OSError if one cannot be had.

        Args:
            tls: what to speak TLS with; None for plain TCP.
            reuse_port: let other processes listen on the same port; the system shares connections out.
        """
        # A handshake of TLS is over before there is a connection, so the loop has to keep its time.
        limits = self.limits
        server = await self._loop.create_server(
            lambda: Connection(self),
            host,
            port,
            backlog=backlog,
            reuse_port=reuse_port or None,
            ssl=tls,
            ssl_handshake_timeout=limits.handshake_timeout_s if tls else None,
            ssl_shutdown_timeout=limits.close_timeout_s if tls else None,
        )
        self._servers.append(server)
        self.port = server.sockets[0].getsockname()[1]

    def stop_accepting(self) -> None:
        """Close the listening sockets; the connections stay."""
        for server in self._servers:
            server.close()

    async def close(self, code: int, reason: str, *, within_s: float) -> None:
        """Close all connections with `code` and return when they are gone, after `within_s` at the latest."""
        self.stop_accepting()
        try:
            async with asyncio.timeout(within_s):
                await self._end_all(code, reason)
                await self._until_empty()
        except TimeoutError:
            for connection in list(self.connections):
                connection.abort()
            await self._until_empty()
        if self._timer is not None:
            self._timer.cancel()

    async def _until_empty(self) -> None:
        while self.connections:
            self._emptied.clear()
            await self._emptied.wait()

    async def _end_all(self, code: int, reason: str) -> None:
        for number, connection in enumerate(list(self.connections)):
            if connection.is_open:
                connection.end(code, reason)
            else:
                connection.abort()
            if number % CLOSED_PER_TURN == CLOSED_PER_TURN - 1:
                await asyncio.sleep(0)

    # What connections ask: see `Endpoint`.

    def arrived(self, connection: Connection) -> None:
        """Count a new socket; answer at once where there are far too many."""
        address = counted_address(connection.remote)
        self.connections.add(connection)
        self._per_address[address] += 1
        if len(self.connections) > self.limits.connections_max + HEADS_MAX:
            self.refused_full += 1
            connection.refuse(_full())
        elif self._has_more_than(2 * self.limits.connections_per_address, address):
            self.refused_address += 1
            connection.refuse(_too_many())

    def answer(self, head: bytes, connection: Connection) -> Reply:
        """Return the answer to a request head, and count it."""
        reply = self._front_door.answer(head, lambda: self._refusal(connection))
        if not reply.is_open:
            self.http_answered += 1
        return reply

    def failed(self) -> None:
        """Count a request that was never whole, or was none."""
        self.handshakes_failed += 1

    def opened(self) -> None:
        """Count an accepted upgrade."""
        self.accepted += 1
        self.open_count += 1

    def _refusal(self, connection: Connection) -> HttpResponse | None:
        if self.open_count >= self.limits.connections_max:
            self.refused_full += 1
            return _full()
        address = counted_address(connection.remote)
        if self._has_more_than(self.limits.connections_per_address, address):
            self.refused_address += 1
            return _too_many()
        return None

    def ended(self, code: int) -> None:
        """Count an open connection's end."""
        self.open_count -= 1
        self.closed[code] += 1

    def left(self, connection: Connection) -> None:
        """Forget a socket that is gone."""
        address = counted_address(connection.remote)
        self.connections.discard(connection)
        self._per_address[address] -= 1
        if not self._per_address[address]:
            del self._per_address[address]
        if not self.connections:
            self._emptied.set()

    def _has_more_than(self, most: int, address: str) -> bool:
        if not most or (address == LOOPBACK and not self._count_loopback):
            return False
        return self._per_address[address] > most

    # Time.

    def after(self, delay_s: float, callback: Callable[[], None]) -> Entry:
        """Call back once, `delay_s` from now or up to a tick later; `cancel` takes it back."""
        entry = self._wheel.add(self._loop.time() + delay_s, callback)
        self._arm()
        return entry

    def cancel(self, entry: Entry) -> None:
        """Forget what `after` promised; harmless when it has happened."""
        self._wheel.cancel(entry)

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back in the next loop turn."""
        self._loop.call_soon(callback)

    def _arm(self) -> None:
        if self._timer is None and self._wheel:
            self._timer = self._loop.call_later(self.limits.wheel_tick_s, self._turn)

    def _turn(self) -> None:
        """Tell what is due, but after a stall of the process let a tick pass first.

        The loop may run timers before it reads what came meanwhile; the pongs
        that lay unread would come too late, and everybody would be closed.
        """
        now = self._loop.time()
        assert self._timer is not None
        was_late, self._is_late = self._is_late, now - self._timer.when() > self.limits.wheel_tick_s
        self._timer = None
        due = self._wheel.advance(now) if was_late or not self._is_late else []
        self._arm()
        for entry in due:
            try:
                entry.callback()
            except Exception as exc:
                self._loop.call_exception_handler({"message": "bug in a deadline", "exception": exc})


def counted_address(remote: str) -> str:
    """Return what an address is counted as: IPv6 by /64, which one household or machine holds whole."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:  # no IP socket
        return LOOPBACK
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return LOOPBACK
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _full() -> HttpResponse:
    return refusal(503, "This server is full; try again later.", Retry_After=str(RETRY_AFTER_S))


def _too_many() -> HttpResponse:
    text = "Too many connections from this address; try again later."
    return refusal(503, text, Retry_After=str(RETRY_AFTER_S))
