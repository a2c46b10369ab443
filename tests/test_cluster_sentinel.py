"""A master watched by a Sentinel dies, and its replica takes its place: log, bus, directory and store go on there."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

from redis import asyncio as redis

from server.app import App
from server.cluster import replicas
from server.cluster.engine import Engine
from tests.apps import Client, Clients
from tests.cluster_clients import until
from tests.clusters import nodes, together
from tests.redis_server import RedisServer, redis_server
from tests.sessions import HERE

FOUND_S = 30.0
QUICK = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")


class Watched(NamedTuple):
    """A master, its replica, and the address by which a Sentinel is asked for whichever leads."""

    master: RedisServer
    replica: RedisServer
    url: str


@contextlib.asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Watched]:
    """Run a master and a replica that has all it has, with a Sentinel that knows both."""
    for name in ("replica", "sentinel"):
        (folder / name).mkdir()
    async with redis_server(folder, *QUICK) as master:
        flags = ("--replicaof", f"127.0.0.1 {master.port}")
        async with redis_server(folder / "replica", *QUICK, *flags) as replica:
            async with redis.Redis.from_url(master.url) as client:
                await _until(client, "slave0", "state", "online")
            settings = folder / "sentinel" / "sentinel.conf"
            settings.write_text(
                f"sentinel monitor ours 127.0.0.1 {master.port} 1\n"
                "sentinel down-after-milliseconds ours 500\n"
                "sentinel failover-timeout ours 3000\n"
            )
            async with redis_server(folder / "sentinel", sentinel=settings) as sentinel:
                async with redis.Redis.from_url(sentinel.url) as client:
                    await _until(client, "master0", "slaves", 1)
                yield Watched(master, replica, f"redis+sentinel://127.0.0.1:{sentinel.port}/ours")


async def _until(client: redis.Redis, of: str, what: str, value: object) -> None:
    """Return when a server tells this of one that it knows; they find each other by and by."""
    async with asyncio.timeout(FOUND_S):
        while (await client.info()).get(of, {}).get(what) != value:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def _replicated(master: RedisServer) -> None:
    """Return when the replica has all that the master took so far: else it dies with the master."""
    async with redis.Redis.from_url(master.url) as client:
        await client.set("a write to wait for", 1)
        assert await client.wait(1, int(FOUND_S * 1000)) == 1


async def comes_back(client: Client, former: Client) -> dict[str, Any]:
    """Return the `entered` of somebody who comes for their seat again, and asks anew while it cannot be looked for."""
    resume = {"room": former.room, "seq": former.seq}
    async with asyncio.timeout(FOUND_S):
        while True:
            told = await client.ask("enter", "entered", "error", cell=HERE, token=former.token, resume=resume)
            if told["type"] == "entered":
                return told
            assert told["code"] == "unavailable", told
            await asyncio.sleep(0.2)


async def talks(talker: Client, *hearers: Client, text: str) -> None:
    """Have somebody be heard, who says it again while they are told that it cannot be."""
    async with asyncio.timeout(FOUND_S):
        while True:
            told = await talker.ask("say", "said", "error", text=text, room=talker.room, ref=text)
            if told["type"] == "said":
                break
            assert told["code"] == "unavailable", told
            await asyncio.sleep(0.2)
    for each in hearers:
        assert (await each.hear("said"))["text"] == text


async def test_what_is_advised_is_for_the_master_and_not_for_who_knows_it(tmp_path: Path) -> None:
    async with watched(tmp_path) as there:
        engine = Engine(there.url)
        await engine.open()
        advised = await replicas.advice(engine)
        await engine.close()
    assert f"`redis-cli -h 127.0.0.1 -p {there.master.port} CONFIG SET min-replicas-to-write 1`" in advised


def store_is_there(app: App) -> bool:
    return not app.house.store.away  # type: ignore[attr-defined]


async def test_people_of_two_nodes_talk_on_and_find_their_seats_and_blocks(tmp_path: Path) -> None:
    async with (
        watched(tmp_path) as there,
        nodes(there.url, 2, is_empty=True) as (one, two),
        Clients(one) as clients,
    ):
        ann, bo = await clients.new(), await clients.new(at=two)
        await ann.enter(HERE, name="Ann")
        await bo.enter(HERE, name="Bo")
        await together(ann, bo)
        await talks(bo, ann, text="before")
        await _replicated(there.master)
        await there.master.kill()
        await talks(ann, bo, text="after")
        await talks(bo, ann, text="and back")
        await until(lambda: store_is_there(one) and store_is_there(two), within_s=FOUND_S)
        await ann.ask("report", "reported", who=bo.me, reason="spam")
        await until(lambda: bool(one.house.store.reports() and two.house.store.reports()), within_s=FOUND_S)
        for client, app in ((ann, two), (bo, one)):
            await client.socket.close()
            back = await clients.new(at=app)
            assert (await comes_back(back, client))["resumed"]
            assert (await back.hear("room"))["me"] == client.me
        async with redis.Redis.from_url(there.replica.url) as asking:
            assert (await asking.info("replication"))["role"] == "master"
            assert await asking.exists(f"ha:{{{ann.room}}}:log")
