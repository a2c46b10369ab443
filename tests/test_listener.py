"""The port over real sockets on loopback, under asyncio's own loop and under uvloop."""

import asyncio
import gc
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Opcode
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from server import crowds
from server.connection import Connection, TransportLimits
from server.engine import Engine
from server.frames import text_frame
from server.http import HttpResponse
from server.listener import HEADS_MAX, Listener
from tests.echo_server import Echo
from tests.test_frames import masked
from tests.test_http import upgrade

try:
    import uvloop
except ImportError:
    LOOPS = [pytest.param(asyncio.new_event_loop, id="asyncio")]
else:
    LOOPS = [
        pytest.param(asyncio.new_event_loop, id="asyncio"),
        pytest.param(uvloop.new_event_loop, id="uvloop"),
    ]

HELLO = masked(b"hello")
KNOWN = ("hereabouts.v1.json", "hereabouts.v1.msgpack")
Story = Callable[[], Awaitable[None]]
Run = Callable[[Story], None]


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Run a story to its end on one loop; ten seconds are more than any takes."""
    with asyncio.Runner(loop_factory=request.param) as runner:

        async def bounded(story: Story) -> None:
            async with asyncio.timeout(10):
                await story()

        yield lambda story: runner.run(bounded(story))


@asynccontextmanager
async def listening(
    make_receiver: Callable[[], Any] = Echo,
    *,
    count_loopback: bool = False,
    tls: ssl.SSLContext | None = None,
    **limits: Any,
) -> AsyncIterator[Listener]:
    listener = Listener(
        make_receiver,
        limits=TransportLimits(**{"wheel_tick_s": 0.01, "close_timeout_s": 0.2} | limits),
        routes={"/livez": lambda _: HttpResponse(200, body=b"alive\n")},
        subprotocols=KNOWN,
        count_loopback=count_loopback,
    )
    await listener.start("127.0.0.1", 0, tls=tls)
    try:
        yield listener
    finally:
        await listener.close(1001, "the test ends", within_s=1)
    assert not listener.connections
    assert listener.open_count == 0


def client(listener: Listener, **options: Any) -> connect:
    return connect(f"ws://127.0.0.1:{listener.port}/ws", compression=None, proxy=None, **options)


async def raw(listener: Listener, *wires: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a plain TCP connection on which `wires` were sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"".join(wires))
    return reader, writer


async def answer_to(listener: Listener, *wires: bytes) -> bytes:
    """Return all that a plain TCP connection is sent after `wires`, to the end."""
    reader, writer = await raw(listener, *wires)
    answer = await reader.read()
    writer.close()
    return answer


async def close_code(websocket: ClientConnection) -> int | None:
    await websocket.wait_closed()
    return websocket.close_code


async def until(is_so: Callable[[], bool]) -> None:
    """Let the loop turn until something is so."""
    while not is_so():  # noqa: ASYNC110 - counters have no event to wait on
        await asyncio.sleep(0.001)


def test_messages_go_both_ways(run: Run) -> None:
    async def story() -> None:
        async with listening() as listener, client(listener) as websocket:
            messages: list[str | bytes] = ["hello", "naïve", b"\x00\xff", "x" * 16384, ""]
            for message in messages:
                await websocket.send(message)
                assert await websocket.recv() == message
            await websocket.send(["in ", "two"])
            assert await websocket.recv() == "in two"
            await (await websocket.ping())
            burst = [str(number) for number in range(1000)]
            for number in burst:
                await websocket.send(number)
            assert [await websocket.recv() for _ in burst] == burst

    run(story)


def test_subprotocol_is_agreed_on_or_refused(run: Run) -> None:
    async def story() -> None:
        async with listening() as listener:
            async with client(listener, subprotocols=[Subprotocol(name) for name in reversed(KNOWN)]) as both:
                assert both.subprotocol == KNOWN[1]
                [connection] = listener.connections
                assert connection.subprotocol == KNOWN[1]
            with pytest.raises(InvalidStatus, match="400"):
                await client(listener, subprotocols=[Subprotocol("chat")])

    run(story)


def test_small_messages_are_not_delayed_by_the_system(run: Run) -> None:
    nodelay = []

    class Asking(Echo):
        def opened(self, connection: Connection) -> None:
            assert connection._transport is not None
            its_socket = connection._transport.get_extra_info("socket")
            nodelay.append(its_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async def story() -> None:
        async with listening(Asking) as listener, client(listener):
            assert len(nodelay) == 1
            assert nodelay[0]

    run(story)


@pytest.mark.parametrize(
    ("wires", "status"),
    [
        ([b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"], b"200"),
        ([b"\x16\x03\x01" + bytes(500)], b"400"),
        ([b"POST /livez HTTP/1.1\r\nContent-Length: 3\r\n\r\n", b"abc"], b"405"),
        ([b"GET /nothing HTTP/1.1\r\n\r\n"], b"404"),
        ([upgrade("/chat")], b"404"),
        ([upgrade()[:-2]], b"408"),
        ([b"GET /livez HTTP/1.1\r\n\r\n", b"x" * 200_000], b"200"),
    ],
    ids="route tls post unknown elsewhere half much-unread".split(),
)
def test_what_is_no_websocket_is_answered_and_ended(run: Run, wires: list[bytes], status: bytes) -> None:
    async def story() -> None:
        async with listening(handshake_timeout_s=0.05 if status == b"408" else 5) as listener:
            assert (await answer_to(listener, *wires)).split()[1] == status
            assert listener.http_answered + listener.handshakes_failed == 1

    run(story)


def test_silence_is_ended_without_an_answer(run: Run) -> None:
    async def story() -> None:
        async with listening(handshake_timeout_s=0.05) as listener:
            assert await answer_to(listener) == b""
            assert listener.handshakes_failed == 1

    run(story)


def test_full_server_refuses_upgrades_but_answers_probes(run: Run) -> None:
    async def story() -> None:
        async with listening(connections_max=2) as listener:
            async with client(listener), client(listener):
                refused = await answer_to(listener, upgrade())
                assert refused.startswith(b"HTTP/1.1 503 ")
                assert b"\r\nRetry-After: " in refused
                assert b" 200 OK" in await answer_to(listener, b"GET /livez HTTP/1.1\r\n\r\n")
                assert (listener.open_count, listener.refused_full, listener.accepted) == (2, 1, 2)
            async with client(listener):
                assert listener.accepted == 3

    run(story)


def test_one_address_has_a_share_unless_it_is_loopback(run: Run) -> None:
    async def story() -> None:
        async with listening(count_loopback=True, sockets_per_address=3) as listener:
            async with client(listener), client(listener):
                _, silent = await raw(listener)
                await until(lambda: len(listener.connections) == 3)
                assert b" 503 " in await answer_to(listener), "not even a head is waited for"
                silent.close()
            assert listener.refused_address == 1
        async with listening(sockets_per_address=1) as listener, client(listener), client(listener):
            assert listener.open_count == 2
        async with listening(count_loopback=True, sockets_per_address=0) as listener, client(listener):
            assert listener.open_count == 1

    run(story)


def test_sockets_that_send_no_request_make_room_the_oldest_first(run: Run) -> None:
    async def story() -> None:
        async with listening(half_open_max=3) as listener:
            silent = [await raw(listener, b"GET /ws") for _ in range(20)]
            await until(lambda: listener.dropped_half_open == 17)
            async with client(listener) as honest:
                await honest.send("hello")
                assert await honest.recv() == "hello"
            ended = [reader.at_eof() or await reader.read() == b"" for reader, _ in silent[:18]]
            assert all(ended)
            assert not any(reader.at_eof() for reader, _ in silent[18:])
            for _, writer in silent:
                writer.close()

    run(story)


def test_who_has_not_entered_in_time_makes_room_for_the_next_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "MAKES_ROOM_AFTER_S", 0.05)

    class Entering(Echo):
        def received(self, payload: bytes, binary: bool) -> None:
            assert self.connection is not None
            self.connection.entered()
            super().received(payload, binary)

    async def story() -> None:
        async with listening(Entering, count_loopback=True, sockets_per_address=3) as listener:
            async with client(listener) as seated, client(listener) as idle:
                await seated.send("here")
                await seated.recv()
                _, silent = await raw(listener)
                await until(lambda: len(listener.connections) == 3)
                assert b" 503 " in await answer_to(listener, upgrade()), "nobody has had their time yet"
                await asyncio.sleep(0.06)
                async with client(listener) as newcomer:
                    await newcomer.send("hello")
                    assert await newcomer.recv() == "hello"
                    assert await close_code(idle) == 4003
                await seated.send("still here")
                assert await seated.recv() == "still here"
                silent.close()
            assert listener.made_room == 1

    run(story)


def test_half_open_sockets_do_not_fill_a_small_server(run: Run) -> None:
    async def story() -> None:
        async with listening(connections_max=2) as listener:
            silent = [await raw(listener) for _ in range(HEADS_MAX + 20)]
            async with client(listener) as honest:
                await honest.send("hello")
                assert await honest.recv() == "hello"
            assert listener.refused_full == 0
            for _, writer in silent:
                writer.close()

    run(story)


def test_huge_frame_and_endless_fragments_are_told_1009_though_much_is_unread(run: Run) -> None:
    async def story() -> None:
        async with listening() as listener:
            async with client(listener) as websocket:
                await websocket.send(b"x" * 2**20)
                assert await close_code(websocket) == 1009
            fragments = masked(b"a", fin=False) + masked(b"a", Opcode.CONT, fin=False) * 10_000
            reader, writer = await raw(listener, upgrade(), fragments)
            await reader.readuntil(b"\r\n\r\n")
            assert (await reader.read())[:4] == b"\x88" + bytes([2 + len("more than 256 fragments")]) + b"\x03\xf1"
            writer.close()
            assert listener.closed == {1009: 2}

    run(story)


def test_reader_that_stops_is_closed_with_4001_and_its_socket_goes(run: Run) -> None:
    codes: list[int] = []

    class Flooding(Echo):
        def received(self, payload: bytes, binary: bool) -> None:
            assert self.connection is not None
            while self.connection.is_open:
                self.connection.write(text_frame(b"x" * 60_000))
                if self.connection.is_paused:
                    self.connection.check_unsent()

        def ending(self, code: int, _: str) -> None:
            codes.append(code)

    async def story() -> None:
        async with listening(Flooding) as listener:
            reader, writer = await raw(listener, upgrade())
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            async with client(listener):
                writer.write(masked(b"go"))
                await until(lambda: len(listener.connections) == 1)
                assert listener.open_count == 1
            assert (codes, listener.closed[4001]) == ([4001], 1)
            writer.close()

    run(story)


def test_peer_that_answers_no_ping_is_closed_with_4002(run: Run) -> None:
    async def story() -> None:
        async with listening(ping_every_s=0.05, pong_timeout_s=0.05) as listener:
            async with client(listener) as alive:
                reader, writer = await raw(listener, upgrade())
                await reader.readuntil(b"\r\n\r\n")
                assert await reader.readexactly(2) == b"\x89\x00"
                assert (await reader.readexactly(4))[2:] == (4002).to_bytes(2, "big")
                await until(lambda: len(listener.connections) == 1)
                await alive.send("still here")
                assert await alive.recv() == "still here"
            writer.close()

    run(story)


def test_pong_that_came_while_the_process_stood_still_counts(run: Run) -> None:
    pinged: list[int] = []

    class Stalling(Echo):
        def received(self, payload: bytes, binary: bool) -> None:
            os.write(pinged[0], masked(b"", Opcode.PONG))
            time.sleep(0.45)

    async def story() -> None:
        async with listening(Stalling, ping_every_s=0.2, pong_timeout_s=0.2) as listener:
            _, staller = await raw(listener, upgrade())
            await until(lambda: listener.open_count == 1)
            reader, writer = await raw(listener, upgrade())
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"\x89\x00"
            pinged.append(writer.get_extra_info("socket").fileno())
            staller.write(HELLO)
            assert await reader.readexactly(2) == b"\x89\x00"
            writer.close()
            staller.close()

    run(story)


def test_who_does_not_enter_is_closed_with_4002(run: Run) -> None:
    async def story() -> None:
        async with listening(enter_timeout_s=0.05) as listener, client(listener) as websocket:
            assert await close_code(websocket) == 4002

    run(story)


def test_flooder_does_not_stall_a_polite_client(run: Run) -> None:
    order: list[bytes] = []
    polite: asyncio.StreamWriter | None = None

    class Noting(Echo):
        def received(self, payload: bytes, binary: bool) -> None:
            if not order and polite is not None:
                polite.write(masked(b"polite"))
            order.append(payload)

    async def story() -> None:
        nonlocal polite
        async with listening(Noting) as listener:
            reader, polite = await raw(listener, upgrade())
            await reader.readuntil(b"\r\n\r\n")
            _, flooder = await raw(listener, upgrade(), masked(b"flood") * 20_000)
            await until(lambda: len(order) == 20_001)
            assert order.index(b"polite") < 1000
            polite.close()
            flooder.close()

    run(story)


def test_bug_in_one_connection_leaves_the_others_alone(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    class Fragile(Echo):
        def received(self, payload: bytes, binary: bool) -> None:
            if payload == b"break":
                raise KeyError(payload)
            super().received(payload, binary)

    async def story() -> None:
        async with listening(Fragile) as listener, client(listener) as first, client(listener) as second:
            await first.send("break")
            assert await close_code(first) == 1011
            await second.send("hello")
            assert await second.recv() == "hello"

    run(story)
    assert len(caplog.records) == 1


def test_closing_reaches_everybody_and_waits_for_nobody_too_long(run: Run) -> None:
    async def story() -> None:
        async with listening(close_timeout_s=5) as listener:
            async with client(listener) as websocket:
                deaf = await raw(listener, upgrade())
                half = await raw(listener, b"GET /half")
                await until(lambda: listener.open_count == 2)
                await until(lambda: len(listener.connections) == 3)
                await listener.close(4000, "drain", within_s=0.1)
                assert not listener.connections
                assert (await close_code(websocket), websocket.close_reason) == (4000, "drain")
            assert listener.closed == {4000: 2}
            for _, writer in (deaf, half):
                writer.close()
            with pytest.raises(ConnectionRefusedError):
                await raw(listener)

    run(story)


def test_two_listeners_share_a_port_when_asked_to(run: Run) -> None:
    async def story() -> None:
        first, second = Listener(Echo), Listener(Echo)
        await first.start("127.0.0.1", 0, reuse_port=True)
        await second.start("127.0.0.1", first.port, reuse_port=True)
        assert first.port == second.port
        third = Listener(Echo)
        with pytest.raises(OSError, match="in use"):
            await third.start("127.0.0.1", first.port)
        await first.close(1001, "", within_s=1)
        await second.close(1001, "", within_s=1)

    run(story)


def test_ended_connections_leave_no_garbage_to_collect(run: Run) -> None:
    async def story() -> None:
        async with listening() as listener:
            for wires in ([upgrade(), masked(b"", Opcode.PING), masked(b"\x03\xe8", Opcode.CLOSE)], [b"junk\n"]):
                await answer_to(listener, *wires)
            await until(lambda: not listener.connections)

    def made() -> set[int]:
        return {id(thing) for thing in gc.get_objects() if type(thing) in (Connection, Engine, ServerProtocol)}

    gc.collect()
    gc.disable()
    try:
        before = made()  # what a test that failed holds is none of this one's
        run(story)
        assert not made() - before
    finally:
        gc.enable()
