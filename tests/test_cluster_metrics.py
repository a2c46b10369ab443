"""What an operator sees of a node as one of many: figures, and /readyz while Redis is away."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from redis import asyncio as redis

from server.app import App
from tests.apps import Clients, get
from tests.cluster_clients import until as holds
from tests.clusters import nodes, until_shown
from tests.operators import run
from tests.redis_server import redis_server
from tests.served import PATIENCE_S
from tests.sessions import HERE


async def figures(app: App) -> dict[str, float]:
    _, body = await get(app, "/metrics")
    found = re.findall(r"^hereabouts_cluster_(\S+) (\S+)$", body, re.MULTILINE)
    return {name.removesuffix("_total"): float(value) for name, value in found}


async def until(app: App, name: str, value: float) -> dict[str, float]:
    async with asyncio.timeout(PATIENCE_S):
        while (found := await figures(app))[name] != value:  # noqa: ASYNC110 as Prometheus does
            await asyncio.sleep(0.05)
    return found


async def test_both_ends_of_a_relayed_client_are_counted(redis_url: str) -> None:
    async with nodes(redis_url, 2) as (one, two), Clients(one) as clients:
        await until(one, "nodes", 1)
        await until(two, "nodes", 1)
        ann, bo = await clients.new(), await clients.new(at=two)
        await ann.enter(HERE, name="Ann")
        await until_shown(redis_url)
        await bo.enter(HERE, name="Bo")
        assert bo.room == ann.room
        host, gateway = await figures(one), await figures(two)
        assert (host["relayed_in"], host["relayed_out"]) == (1, 0)
        assert (gateway["relayed_in"], gateway["relayed_out"]) == (0, 1)
        assert 0 < host["bus_lag_seconds"] < 2
        assert 0 < host["log_lag_seconds"] < 2
        await two.begin_to_drain().run()
        assert (await until(one, "relayed_in", 0))["takeovers"] == 0


async def test_without_redis_a_node_stays_ready_and_says_what_is_wrong(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    async with redis_server(tmp_path) as server, nodes(server.url, 1, admin_socket=path) as (app,):
        assert json.loads((await get(app, "/readyz"))[1]) == {"ready": True}
        server.stop_for_a_while()
        found = await until(app, "degraded", 1)
        status, body = await get(app, "/readyz")
        assert status == 200
        assert json.loads(body)["ready"] is True
        assert re.match(r"Redis (has not answered for|does not take)", json.loads(body)["degraded"])
        shown = await run("--set", f"admin_socket={path}", "status")
        assert re.search(r"^degraded: Redis (has not answered for|does not take)", shown.stdout, re.MULTILINE)
        server.go_on()
        found = await until(app, "degraded", 0)
        assert found["degraded_seconds"] > 1
        await holds(lambda: not app.house.store.away)  # type: ignore[attr-defined]
        assert json.loads((await get(app, "/readyz"))[1]) == {"ready": True}


async def test_a_node_that_has_gone_deaf_is_to_begin_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with redis_server(tmp_path) as server, nodes(server.url, 1) as (app,):
        async with redis.Redis.from_url(server.url) as client:
            # What is said is taken, as ever; but nobody may listen any more.
            await client.acl_setuser("default", enabled=True, commands=["-ssubscribe"])
            await client.client_kill_filter(_type="pubsub")
        await asyncio.wait_for(app.is_outlived.wait(), PATIENCE_S)
    assert "hears nothing any more of what Redis takes" in caplog.text


async def test_rooms_that_are_handed_on_are_counted_at_both_nodes(redis_url: str) -> None:
    async with nodes(redis_url, 2, drain_s=2) as (one, two), Clients(one) as clients:
        await until(one, "nodes", 1)
        await (await clients.new()).enter(HERE, name="Ann")
        await one.begin_to_drain().run()
        there = await figures(two)
        assert one.cluster is not None  # its port is gone by now
        assert (one.cluster.handing.handed_on, one.cluster.writing.rooms_lost) == (1, 0)
        assert (there["rooms_taken"], there["takeovers"]) == (1, 0)
