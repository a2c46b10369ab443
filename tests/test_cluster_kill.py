"""A node is killed, with `kill -9` and in a process of its own: nothing acknowledged is lost, everybody comes back.

Or it is held dead, and begins anew.
"""

import asyncio
import contextlib
import re
import signal
from collections.abc import AsyncIterator

from redis import asyncio as redis
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from server.cluster.registry import NODES_KEY
from tests.apps import Client
from tests.clusters import SECRET, until_shown
from tests.live_server import LiveServer, live_server
from tests.redis_proxy import RedisProxy
from tests.served import Server, serving
from tests.sessions import HERE, UNLIMITED


@contextlib.asynccontextmanager
async def processes(url: str, count: int) -> AsyncIterator[list[LiveServer]]:
    async with redis.Redis.from_url(url) as client:
        await client.flushall()
    async with contextlib.AsyncExitStack() as stack:
        settings = {**UNLIMITED, "redis": url, "secret": SECRET}
        yield [await stack.enter_async_context(live_server(settings)) for _ in range(count)]


async def client_at(server: LiveServer) -> Client:
    return Client(
        await connect(
            server.url,
            subprotocols=[Subprotocol("hereabouts.v1.json")],
            compression=None,
            ping_interval=None,
            proxy=None,
            close_timeout=1,
        )
    )


async def test_the_room_of_a_killed_node_goes_on_with_all_that_was_acknowledged(redis_url: str) -> None:
    async with processes(redis_url, 2) as (one, two):
        ann, bo = await client_at(one), await client_at(two)
        await ann.enter(HERE, name="Ann")
        await until_shown(redis_url)
        await bo.enter(HERE, name="Bo")
        assert bo.room == ann.room
        for number in range(5):
            await bo.say("say", text=f"Before {number}", room=bo.room, ref=f"b{number}")
            await bo.hear("said")
        await one.kill()
        # Bo's socket is at the other node, which has lost the host: it is told to come back.
        _, code = await bo.until_closed()
        assert code == 4000
        room, seq, token, me = bo.room, bo.seq, bo.token, bo.me
        back = await client_at(two)
        entered = await back.ask("enter", "entered", cell=HERE, token=token, resume={"room": room, "seq": seq})
        assert entered["resumed"]
        event = await back.hear("room")
        assert (event["room"], event["me"], event["seq"]) == (room, me, seq)
        again = await client_at(two)
        entered = await again.ask(
            "enter", "entered", cell=HERE, token=ann.token, resume={"room": ann.room, "seq": ann.seq}
        )
        assert entered["resumed"]
        # She had read none of it when her node died.
        heard = [(await again.hear("said"))["text"] for _ in range(5)]
        assert heard == [f"Before {number}" for number in range(5)]
        await back.say("say", text="After", room=room, ref="a")
        assert (await back.hear("said"))["text"] == "After"
        assert (await again.hear("said"))["text"] == "After"


async def wrote(server: Server, pattern: str) -> str:
    """Return what the node's next line of this kind says."""
    output = server.process.stderr
    assert output is not None
    async with asyncio.timeout(30):
        while True:
            line = (await output.readline()).decode()
            assert line, "the node ended"
            found = re.search(pattern, line)
            if found:
                return found[1]


async def test_a_node_that_is_held_dead_begins_anew_when_redis_is_there(redis_url: str) -> None:
    async with redis.Redis.from_url(redis_url) as client, RedisProxy(int(redis_url.rpartition(":")[2])) as way:
        await client.flushall()
        async with serving("--set", f"redis={way.url}", HEREABOUTS_SECRET=SECRET) as node:
            name = await wrote(node, r"This is node \S+ \((\S+)\)\.")
            await client.hset(NODES_KEY, name, "dead 0")
            await wrote(node, "it (begins) anew")
            way.flows.clear()
            await wrote(node, "cannot (begin) anew yet")
            way.flows.set()
            assert await wrote(node, r"This is node \S+ \((\S+)\)\.") != name
            await node.end(signal.SIGINT)
