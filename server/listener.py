"""The port: accepts connections, counts them, refuses what is too much, keeps their time.

Knows sockets, the event loop and how many are there. Must never know what
connections say to each other. One timer drives the wheel that all connections
put their deadlines on.
"""

import asyncio
import math
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from websockets.datastructures import Headers

from server.bugs import log, log_bug
from server.connection import Connection
from server.crowds import Crowds
from server.edge import Edge
from server.gate import Gate
from server.http import FrontDoor, HttpResponse, Later, Posts, Reply, Routes, refusal
from server.origin import LOOPBACK, counted_address
from server.transport import Receiver, TransportLimits
from server.wheel import Entry, Wheel

BACKLOG = 2048  # a whole room of reconnecting clients arrives within one turn
HEADS_MAX = 512  # connections beyond `connections_max` that may still ask for HTTP, so that probes get through
RETRY_AFTER_S = 10
UNTRUSTED_PROXY = (
    "A request says by X-Forwarded-For that it comes through a proxy, but that proxy is not trusted: all behind it "
    'count as one address. If it is yours, set trusted_proxies = "%s". This is said once; the metrics count on.'
)
OVERLOADED = 4003
CLOSED_PER_TURN = 200  # closing costs tens of microseconds each; others are served in between


class Listener:
    """A WebSocket and HTTP server on one port, made in a running loop: `start` it, and in the end `close` it.

    Args:
        make_receiver: called once for each opened connection.
        routes: what plain GETs are answered by; `posts`: what POSTs are.
        subprotocols: the known ones.
        path: where upgrades are accepted; None for everywhere.
        count_loopback: hold clients on this machine to `sockets_per_address` too.
        edge: whose request it is behind proxies, and which pages may connect.
        rng: for the jitter of pings alone.

    Attributes:
        port: the one listened on, from `start` on; the system's choice if 0 was asked for.
        connections: all that have a socket, those in their handshake included.
        gates: where TLS begins, one for each address that speaks it.
        open_count: those whose handshake is done and that are not closing.
        accepted: upgrades accepted so far. The other counters count from the start too:
        refused_full, refused_address: answered 503; refused_origin: answered 403; forwarded_untrusted: handshakes with
        an X-Forwarded-For that was not believed; made_room: those ended that had not entered in time;
        http_answered: any other HTTP answer to a whole head;
        handshakes_failed: ended before an answer; dropped_half_open: those of them that made room for others;
        closed: by close code, 1006 if none was exchanged.
        is_draining: whether upgrades are answered 503 because the server restarts; `refused_draining` counts them.
        deserted: called when the last open connection ends.
        fell_silent: called when the listening sockets go.
    """

    def __init__(
        self,
        make_receiver: Callable[[], Receiver],
        *,
        limits: TransportLimits | None = None,
        routes: Routes | None = None,
        posts: Posts | None = None,
        subprotocols: Sequence[str] = (),
        path: str | None = "/ws",
        count_loopback: bool = False,
        edge: Edge | None = None,
        rng: Random | None = None,
    ) -> None:
        self.make_receiver = make_receiver
        self.limits = limits or TransportLimits()
        self.rng = rng or Random()
        self.connections: set[Connection] = set()
        self.gates: list[Gate] = []
        self.open_count = 0
        self.accepted = self.refused_full = self.refused_address = self.refused_origin = 0
        self.refused_draining = self.forwarded_untrusted = self.made_room = 0
        self.deserted: Callable[[], None] = _nothing
        self.fell_silent: Callable[[], None] = _nothing
        self.http_answered = self.handshakes_failed = self.dropped_half_open = 0
        self.closed: Counter[int] = Counter()
        self._front_door = FrontDoor(routes or {}, subprotocols, path, posts=posts)
        self._count_loopback = count_loopback
        self._edge = edge or Edge()
        self._crowds: Crowds[Connection] = Crowds()
        self._half_open: dict[Connection, None] = {}
        self._loop = asyncio.get_running_loop()
        self._wheel = Wheel(now=self._loop.time(), tick_s=self.limits.wheel_tick_s)
        self._timer: asyncio.TimerHandle | None = None
        self._is_late = False
        self._servers: list[asyncio.Server] = []
        self.port = 0
        self._emptied = asyncio.Event()
        self._back_at: float | None = None
        self._answering: set[asyncio.Task[None]] = set()

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
        if tls is not None:
            gate = self._gate(tls)
            await gate.listen(host, port, backlog=backlog, reuse_port=reuse_port)
            self.port = gate.port
            return
        server = await self._loop.create_server(
            self._connection, host, port, backlog=backlog, reuse_port=reuse_port or None
        )
        self._servers.append(server)
        self.port = server.sockets[0].getsockname()[1]

    def _connection(self) -> Connection:
        return Connection(self)

    def _gate(self, tls: ssl.SSLContext) -> Gate:
        gate = Gate(
            self._connection,
            tls,
            handshake_timeout_s=self.limits.handshake_timeout_s,
            shutdown_timeout_s=self.limits.close_timeout_s,
        )
        self.gates.append(gate)
        return gate

    def stop_accepting(self) -> None:
        """Close the listening sockets; the connections stay."""
        for server in self._servers:
            server.close()
        for gate in self.gates:
            gate.close()
        self.fell_silent()

    def turn_away_until(self, at: float) -> None:
        """Accept no upgrade any more, and tell whoever asks to come back at a moment of the loop's clock."""
        self._back_at = at

    @property
    def is_draining(self) -> bool:
        return self._back_at is not None

    @property
    def back_in_s(self) -> int:
        """After how many seconds those who are turned away may ask again."""
        return max(1, math.ceil((self._back_at or 0.0) - self._loop.time()))

    async def close(self, code: int, reason: str, *, within_s: float) -> None:
        """Close all connections with `code` and return when they are gone, at most `within_s` after all were told."""
        self.stop_accepting()
        await self._end_all(code, reason)
        try:
            async with asyncio.timeout(within_s):
                await self._until_empty()
        except TimeoutError:
            self.abort_all()
            await self._until_empty()
        if self._timer is not None:
            self._timer.cancel()

    def abort_all(self) -> None:
        """End whatever has a socket now, without a word."""
        for connection in list(self.connections):
            connection.abort()

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
        address = connection.address = counted_address(connection.remote)
        self.connections.add(connection)
        self._crowds.add(connection, address, now=self._loop.time())
        is_too_full = len(self.connections) > self.limits.connections_max + HEADS_MAX
        if self._is_crowded(address) and not self._edge.trusts(connection.remote) and not self._make_room(address):
            self.refused_address += 1
            connection.refuse(_too_many())
        elif is_too_full and not self._half_open:
            self.refused_full += 1
            connection.refuse(_full())
        else:
            if is_too_full or len(self._half_open) >= self.limits.half_open_max:
                self._drop_half_open()
            self._half_open[connection] = None

    def _drop_half_open(self) -> None:
        """End the socket that has been without a request the longest: who does send one is done in a round trip."""
        oldest = next(iter(self._half_open))
        del self._half_open[oldest]
        self.dropped_half_open += 1
        oldest.abort()

    def answer(self, head: bytes, connection: Connection) -> Reply:
        """Return the answer to a request head, and count it."""
        self._half_open.pop(connection, None)
        reply = self._front_door.answer(
            head,
            lambda headers: self._refusal(headers, connection),
            address=lambda headers: self._address_of(headers, connection),
        )
        if not reply.is_open:
            self.http_answered += 1
        if reply.later is not None:
            task = self._loop.create_task(self._answer_later(reply.later, connection))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        return reply

    async def _answer_later(self, later: Later, connection: Connection) -> None:
        try:
            response = await later
        except Exception as bug:
            log_bug("answering a request", bug)
            response = refusal(500, "A bug of this server; it is written down.")
        connection.refuse(response)

    def failed(self) -> None:
        """Count a request that was never whole, or was none."""
        self.handshakes_failed += 1

    def opened(self) -> None:
        """Count an accepted upgrade."""
        self.accepted += 1
        self.open_count += 1

    def _refusal(self, headers: Headers, connection: Connection) -> HttpResponse | None:
        has_moved = self._recount(connection, headers.get_all("X-Forwarded-For"))
        if not self._edge.may_connect(headers.get_all("Origin"), headers.get("Host", "")):
            self.refused_origin += 1
            return _foreign_page()
        if self.is_draining:
            self.refused_draining += 1
            return refusal(503, "This server restarts; try again later.", Retry_After=str(self.back_in_s))
        if self.open_count >= self.limits.connections_max and not self._make_room(connection.address):
            self.refused_full += 1
            return _full()
        if has_moved and self._is_crowded(connection.address) and not self._make_room(connection.address):
            self.refused_address += 1
            return _too_many()
        return None

    def _address_of(self, headers: Headers, connection: Connection) -> str:
        """Return what a plain request's address is counted as, as a trusted proxy tells it."""
        return counted_address(self._edge.seen(connection.remote, headers.get_all("X-Forwarded-For")).remote)

    def _recount(self, connection: Connection, forwarded: Sequence[str]) -> bool:
        """Count a connection where a trusted proxy says it comes from; return whether that is elsewhere."""
        seen = self._edge.seen(connection.remote, forwarded)
        if seen.is_untrusted:
            self.forwarded_untrusted += 1
            if self.forwarded_untrusted == 1:
                log.warning(UNTRUSTED_PROXY, LOOPBACK if connection.address == LOOPBACK else "ITS ADDRESS")
        address = counted_address(seen.remote)
        if address == connection.address:
            return False
        self._crowds.remove(connection, connection.address)
        self._crowds.add(connection, address, now=self._loop.time())
        connection.address = address
        return True

    def _make_room(self, address: str) -> bool:
        """End the oldest connection of an address that has not entered in time; return whether there was one."""
        oldest = self._crowds.who_makes_room(address, now=self._loop.time())
        if oldest is None:
            return False
        self.made_room += 1
        self.entered(oldest)
        if oldest.is_open:
            oldest.end(OVERLOADED, "very many come from where you are")
        else:
            oldest.abort()
        return True

    def entered(self, connection: Connection) -> None:
        """Know a connection to be somebody's, who makes room for nobody."""
        self._crowds.entered(connection, connection.address)

    def ended(self, code: int) -> None:
        """Count an open connection's end."""
        self.open_count -= 1
        self.closed[code] += 1
        if not self.open_count:
            self.deserted()

    def left(self, connection: Connection) -> None:
        """Forget a socket that is gone."""
        self._crowds.remove(connection, connection.address)
        self.connections.discard(connection)
        self._half_open.pop(connection, None)
        if not self.connections:
            self._emptied.set()

    def _is_crowded(self, address: str) -> bool:
        most = self.limits.sockets_per_address
        if not most or (address == LOOPBACK and not self._count_loopback):
            return False
        return self._crowds.counts[address] > most

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


def _nothing() -> None:
    """Stand in where nobody wants to know."""


def _foreign_page() -> HttpResponse:
    text = "Pages of another origin may not connect here, unless the operator lists it in allowed_origins."
    return refusal(403, text)


def _full() -> HttpResponse:
    return refusal(503, "This server is full; try again later.", Retry_After=str(RETRY_AFTER_S))


def _too_many() -> HttpResponse:
    text = "Too many connections from this address; try again later."
    return refusal(503, text, Retry_After=str(RETRY_AFTER_S))
