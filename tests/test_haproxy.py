"""docs/examples/haproxy.cfg before real nodes: WebSockets pass, addresses are believed, a dead node is passed over."""

import asyncio
import contextlib
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from redis import asyncio as redis
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from server.listener import Listener
from tests.apps import Client, running
from tests.clusters import SECRET, until_shown
from tests.live_server import LiveServer, live_server
from tests.redis_server import free_port
from tests.sessions import HERE, UNLIMITED

CONFIG = Path(__file__).parent.parent / "docs" / "examples" / "haproxy.cfg"
HAPROXY = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

ANYBODY = "203.0.113.1"

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="left out: HAProxy is not installed")


def adapted(port: int, nodes: Sequence[LiveServer | Listener]) -> str:
    """Return the example for this machine: its ports, no TLS, no user of its own; all else is as it stands.

    Who connects says where from (the PROXY protocol): here everybody is one machine.
    """
    text = re.sub(r"    (user|group|maxconn) .*\n", "", CONFIG.read_text(encoding="utf-8"))
    text, bound = re.subn(r"bind :443 ssl .*", f"bind 127.0.0.1:{port} accept-proxy", text)
    text = re.sub(r"    server .*\n", "", text)
    assert bound == 1
    return text + "".join(f"    server n{node.port} 127.0.0.1:{node.port}\n" for node in nodes)


@contextlib.asynccontextmanager
async def haproxy(folder: Path, nodes: Sequence[LiveServer | Listener]) -> AsyncIterator[int]:
    """Run HAProxy before these nodes, and give its port."""
    assert HAPROXY is not None
    port = free_port()
    config = folder / "haproxy.cfg"
    config.write_text(adapted(port, nodes))
    process = await asyncio.create_subprocess_exec(
        HAPROXY, "-db", "-f", config, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(10.0):
            while not await is_answered(port):
                if process.returncode is not None:
                    assert process.stderr is not None
                    pytest.fail((await process.stderr.read()).decode())
                await asyncio.sleep(0.02)
        yield port
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def is_answered(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def connected(port: int, source: str) -> socket.socket:
    """Return a socket that comes from that address."""
    sock = socket.create_connection(("127.0.0.1", port), 10.0)
    sock.sendall(f"PROXY TCP4 {source} 192.0.2.1 40000 443\r\n".encode())
    sock.setblocking(False)
    return sock


async def status_of(port: int, path: str, source: str = ANYBODY) -> int:
    reader, writer = await asyncio.open_connection(sock=connected(port, source))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: chat.example.org\r\nConnection: close\r\n\r\n".encode())
    head = await asyncio.wait_for(reader.readline(), 10.0)
    writer.close()
    return int(head.split()[1])


async def client(port: int, *, source: str = ANYBODY, claims: str = "") -> Client:
    return Client(
        await connect(
            f"ws://127.0.0.1:{port}/ws",
            subprotocols=[Subprotocol("hereabouts.v1.json")],
            additional_headers={"X-Forwarded-For": claims} if claims else None,
            sock=connected(port, source),
            compression=None,
            ping_interval=None,
            proxy=None,
            close_timeout=1,
        )
    )


async def test_people_whom_it_spreads_over_nodes_sit_together_and_a_dead_node_is_passed_over(
    redis_url: str, tmp_path: Path
) -> None:
    async with redis.Redis.from_url(redis_url) as emptied:
        await emptied.flushall()
    settings = {**UNLIMITED, "redis": redis_url, "secret": SECRET, "trusted_proxies": "loopback"}
    async with live_server(settings) as one, live_server(settings) as two, haproxy(tmp_path, [one, two]) as port:
        # The one with the fewest connections gets the next: these are at both nodes.
        ann, bo = await client(port), await client(port)
        await ann.enter(HERE, name="Ann")
        await until_shown(redis_url)
        await bo.enter(HERE, name="Bo")
        assert ann.room == bo.room
        await ann.say("say", text="Hello", room=ann.room)
        assert (await bo.hear("said"))["text"] == "Hello"
        await one.kill()
        for _ in range(4):
            await (await client(port)).enter()


async def test_nobody_is_refused_by_a_node_that_drains_before_that_is_known(tmp_path: Path) -> None:
    settings = {**UNLIMITED, "trusted_proxies": "loopback"}
    async with (
        running(**settings) as one,
        running(**settings) as two,
        haproxy(tmp_path, [one.listener, two.listener]) as port,
    ):
        one.listener.turn_away_until(asyncio.get_running_loop().time() + 60)
        for _ in range(4):
            await (await client(port)).enter()
        assert one.listener.refused_draining
        assert two.listener.open_count == 4


async def test_addresses_are_those_it_sees_whatever_a_client_claims(tmp_path: Path) -> None:
    settings = {"sockets_per_address": 1, "connections_per_address": 1, "trusted_proxies": "loopback"}
    async with live_server(settings) as node, haproxy(tmp_path, [node]) as port:
        await (await client(port, source="203.0.113.2")).enter()
        with pytest.raises(InvalidStatus) as refused:
            await client(port, source="203.0.113.2", claims="203.0.113.9")
        assert refused.value.response.status_code == 503
        await (await client(port, source="203.0.113.3")).enter()


async def test_figures_and_the_operators_page_stay_inside(tmp_path: Path) -> None:
    async with live_server({"trusted_proxies": "loopback"}) as node, haproxy(tmp_path, [node]) as port:
        statuses = [await status_of(port, path) for path in ("/", "/readyz", "/metrics", "/admin", "/admin/api")]
        inside = [await status_of(port, path, "192.0.2.9") for path in ("/metrics", "/admin")]
    assert statuses == [200, 200, 403, 403, 403]
    assert inside[0] == 403
    assert inside[1] == 404  # the server has no /admin without a token of its own
