"""Attacks on the port, really made: what docs/SECURITY.md says of them holds. Somebody honest is there all the time.

Those on tokens, JWTs, pages and proxies have tests of their own beside what they attack.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.frames import Opcode

from server.app import App
from tests.apps import PATIENCE_S, Client, Clients, close_code, get, raw, running
from tests.sessions import HERE, UNLIMITED
from tests.test_frames import masked

GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n"


@contextlib.asynccontextmanager
async def beside_honest(**settings: Any) -> AsyncIterator[App]:
    """Run a server on which two people talk before and after, and lose nothing meanwhile."""
    async with running(**UNLIMITED | settings) as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        yield app
        await _exchange(ann, bo)
        cy = await clients.new()
        await asyncio.wait_for(cy.enter(), 3)


async def _exchange(ann: Client, bo: Client) -> None:
    await ann.say("say", text="still here")
    assert (await asyncio.wait_for(bo.hear("said"), 3))["text"] == "still here"


async def connect(app: App) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", app.listener.port)


async def test_slowloris_has_its_five_seconds_however_it_drips() -> None:
    async with beside_honest(handshake_timeout_s=0.4) as app:
        slow = [await connect(app) for _ in range(50)]
        began = asyncio.get_running_loop().time()
        answers = await asyncio.gather(*(_drip(*each) for each in slow))
        assert asyncio.get_running_loop().time() - began < 3
        assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Send a head byte for byte and return what is said to it in the end."""
    answer = asyncio.create_task(reader.read())
    with contextlib.suppress(ConnectionError):
        for byte in GET * 1000:
            writer.write(bytes([byte]))
            done, _ = await asyncio.wait([answer], timeout=0.02)
            if done:
                break
    writer.close()
    return await answer


async def test_head_that_never_ends_is_refused_at_its_limit() -> None:
    async with beside_honest() as app:
        reader, writer = await connect(app)
        writer.write(GET + b"X: " + b"a" * 17_000)
        assert (await asyncio.wait_for(reader.read(), PATIENCE_S)).startswith(b"HTTP/1.1 431 ")
        writer.close()


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/....//etc/passwd",
        "/..\\..\\etc\\passwd", "/%252e%252e/etc/passwd", "/index.html%00.js", "/strings/../../__init__.py",
        "/./client.js",
        "/strings/..%2fclient.js", "/%2fetc/passwd", "/__init__.py", "/.git/config", "/client.js/", "file:///etc/passwd",
        "/;/etc/passwd", "/etc/passwd?x=/livez", "/livez/../metrics",
    ],
)  # fmt: skip
async def test_no_path_leads_anywhere_but_to_what_was_read_at_start(path: str) -> None:
    async with running() as app:
        reader, writer = await connect(app)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
    assert answer.split()[1] in (b"404", b"400")
    assert b"root:" not in answer
    assert b"hereabouts_" not in answer


@pytest.mark.parametrize(
    "head",
    [
        GET + b"Content-Length: 5\r\n\r\n",
        GET + b"Transfer-Encoding: chunked\r\n\r\n",
        GET + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n",
        GET + b"Host: other\r\n\r\n",
        GET + b"X: a\n\r\n",
        GET + b"X : a\r\n\r\n",
        GET + b" folded: a\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nX: \x00\r\n\r\n",
        b"GET /livez  HTTP/1.1\r\n\r\n",
        b"GET /livez HTTP/1.1\n\n",
        b"GET\t/livez\tHTTP/1.1\r\n\r\n",
    ],
)
async def test_head_that_two_readers_could_read_differently_is_refused_and_nothing_behind_it_is_answered(
    head: bytes,
) -> None:
    behind = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    async with beside_honest() as app:
        reader, writer = await connect(app)
        writer.write(head + behind)
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"hereabouts_" not in answer


@pytest.mark.parametrize("status", [b"101", b"200", b"400", b"403", b"404"])
async def test_request_behind_a_request_is_never_answered(status: bytes) -> None:
    """So no proxy in front can be made to take one answer for another's."""
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    version = b"Sec-WebSocket-Version: 13\r\n"
    head = {
        b"101": b"GET /ws HTTP/1.1\r\nHost: x\r\n" + upgrade + version,
        b"200": GET,
        b"400": b"GET /ws HTTP/1.1\r\nHost: x\r\n" + upgrade + b"Sec-WebSocket-Version: 99\r\n",
        b"403": b"GET /ws HTTP/1.1\r\nHost: x\r\n" + upgrade + version + b"Origin: https://evil.example\r\n",
        b"404": b"GET /about HTTP/1.1\r\nHost: x\r\n" + upgrade + version,
    }[status]
    async with running() as app:
        reader, writer = await connect(app)
        writer.write(head + b"\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
    assert answer.split()[1] == status
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"hereabouts_" not in answer


async def test_flood_of_pings_is_answered_in_turns_and_starves_nobody() -> None:
    async with beside_honest() as app:
        pings = masked(b"x" * 100, Opcode.PING) * 20_000
        flooders = [await raw(app, pings) for _ in range(5)]
        drained = [asyncio.create_task(_read_for(reader, 0.5)) for reader, _ in flooders]
        got = await asyncio.gather(*drained)
        assert all(size > 102 * 100 for size in got)
        for _, writer in flooders:
            writer.transport.abort()


async def test_flood_of_pings_whose_pongs_are_not_read_is_cut_off() -> None:
    async with beside_honest(unsent_max_bytes=65_536, unsent_max_s=0.3) as app:
        reader, writer = await raw(app)
        writer.transport.set_write_buffer_limits(high=2**26)
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            writer.write(masked(b"x" * 125, Opcode.PING) * 1000)
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_S):
            while not app.listener.closed[4001]:  # noqa: ASYNC110 - counters have no event to wait on
                await asyncio.sleep(0.01)
        writer.transport.abort()


async def _read_for(reader: asyncio.StreamReader, seconds: float) -> int:
    size = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while more := await reader.read(65536):
                size += len(more)
    return size


async def test_flood_of_fragments_ends_at_its_limit() -> None:
    async with beside_honest() as app:
        endless = masked(b"a", Opcode.TEXT, fin=False) + masked(b"a", Opcode.CONT, fin=False) * 5000
        reader, _ = await raw(app, endless)
        assert await close_code(reader) == 1009
        empty = masked(b"", Opcode.TEXT, fin=False) + masked(b"", Opcode.CONT, fin=False) * 5000
        reader, _ = await raw(app, empty)
        assert await close_code(reader) == 1009


async def test_connections_that_come_and_go_leave_nothing_behind() -> None:
    async with beside_honest() as app:
        for _ in range(20):
            crowd = [await raw(app) for _ in range(25)]
            for _, writer in crowd:
                writer.transport.abort()
        async with asyncio.timeout(PATIENCE_S):
            while len(app.listener.connections) > 2:  # noqa: ASYNC110 - counters have no event to wait on
                await asyncio.sleep(0.01)
        assert sum(app.node.house.door._strangers.values()) == 2
        assert sum(app.listener._crowds.counts.values()) == 2
        assert not app.listener._half_open


async def test_stolen_token_replaces_its_owner_who_sees_it_and_one_made_up_opens_nothing() -> None:
    async with running() as app, Clients(app) as clients:
        ann = await clients.new()
        await ann.enter()
        thief = await clients.new()
        await thief.enter(token=ann.token)
        events, code = await ann.until_closed()
        assert (events[-1]["why_code"], code) == ("replaced", 4503)
        other = await clients.new()
        made_up = thief.token[:20] + thief.token[20:].swapcase()
        assert (await other.ask("enter", "error", cell=HERE, token=made_up))["code"] == "bad_token"


async def test_pages_may_run_nothing_but_what_comes_from_here() -> None:
    async with running() as app:
        reader, writer = await connect(app)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        head = (await asyncio.wait_for(reader.read(), PATIENCE_S)).partition(b"\r\n\r\n")[0].decode()
        writer.close()
        assert (await get(app, "/nothing"))[0] == 404
    policy = next(line for line in head.split("\r\n") if line.startswith("Content-Security-Policy: "))
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "X-Content-Type-Options: nosniff" in head
