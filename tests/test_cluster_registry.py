"""The registry on a real Redis: who lives, who died, and that an outage kills nobody."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from redis import RedisError

from server.cluster.ending import end
from server.cluster.engine import CONNECTIONS_MAX, Engine
from server.cluster.registry import KEPT_S, NODES_KEY, Registry
from tests import clusters
from tests.cluster_clients import engine_of, until
from tests.redis_server import RedisServer, redis_server
from tests.test_cluster_moving import cluster_of


class Node:
    """One registry and what it told."""

    def __init__(
        self, engine: Engine, name: str, *, unix: Callable[[], float] = time.time, beat_s: float = 0.05
    ) -> None:
        self.name = name
        self.came: list[str] = []
        self.died: list[str] = []
        self.buried = 0
        self.emptied = 0
        self.slept_s = 0.0
        self.client = engine.client
        self.registry = Registry(
            engine,
            node=name,
            died=self.died.append,
            came=self.came.append,
            buried=self.bury,
            emptied=self.empty,
            clock=lambda: time.monotonic() + self.slept_s,
            unix=unix,
            beat_s=beat_s,
            dead_s=0.5,
            answer_s=0.2,
            slept_s=0.2,
        )

    def bury(self) -> None:
        self.buried += 1

    def empty(self) -> None:
        self.emptied += 1

    async def crash(self) -> None:
        """Raise no counter any more, and say nothing."""
        task = self.registry._task
        assert task is not None
        await end(task)

    def go_on(self) -> None:
        """Go on where it was stopped, as a process does that was stopped and continued."""
        self.registry._task = asyncio.create_task(self.registry._beat())


@asynccontextmanager
async def nodes(url: str, *names: str, beat_s: float = 0.05) -> AsyncIterator[list[Node]]:
    """Run a registry for each name, time ten times as fast, on a Redis that was emptied."""
    async with AsyncExitStack() as stack:
        running: list[Node] = []
        for name in names:
            engine = await stack.enter_async_context(engine_of(url))
            if not running:
                await engine.client.flushall()
            node = Node(engine, name, beat_s=beat_s)
            await node.registry.start()
            stack.push_async_callback(node.registry.stop)
            running.append(node)
        yield running


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with redis_server(tmp_path) as running:
        yield running


async def beats(node: Node, count: int) -> None:
    """Wait until the node raised its counter so often."""
    goal = node.registry._count + count
    await until(lambda: node.registry._count >= goal)


async def test_nodes_come_to_know_each_other(redis_url: str) -> None:
    async with nodes(redis_url, "a.1", "b.1", "c.1") as (a, b, c):
        assert c.registry.nodes == {"a.1", "b.1"}
        await until(lambda: a.registry.nodes == {"b.1", "c.1"})
        assert a.registry.lives("b.1")
        assert a.registry.lives("a.1")
        assert not a.registry.lives("z.1")
        assert (b.died, b.registry.reason, b.registry.is_degraded) == ([], "", False)
        assert a.emptied == 0


async def test_a_dead_node_is_noticed_by_all_and_does_not_come_back(redis_url: str) -> None:
    async with nodes(redis_url, "a.1", "b.1", "c.1") as (a, b, c):
        await until(lambda: len(a.registry.nodes) == 2)
        began = time.monotonic()
        await c.crash()
        await until(lambda: a.died == b.died == ["c.1"])
        assert time.monotonic() - began > 0.4
        assert not a.registry.lives("c.1")
        c.go_on()
        await until(lambda: c.registry.is_buried)
        await beats(a, 3)
        assert c.buried == 1
        assert c.registry.has_slept
        assert not c.registry.lives("c.1")
        assert a.registry.nodes == {"b.1"}
        assert a.came.count("c.1") == 1


async def test_the_verdict_comes_when_it_is_due_and_not_a_beat_later(redis_url: str) -> None:
    async with nodes(redis_url, "a.1", "b.1", beat_s=2.0) as (a, b):
        await until(lambda: "b.1" in a.registry.nodes)
        await b.crash()
        count = b.registry._count
        await until(lambda: a.registry._census._standing["b.1"].count == count)
        due = a.registry._census.verdict_at
        assert due is not None
        await until(lambda: a.died == ["b.1"])
        # The next beat would be a second and a half later.
        assert time.monotonic() - due < 1.0


async def test_a_newcomer_never_knows_the_dead(redis_url: str) -> None:
    async with nodes(redis_url, "a.1", "b.1") as (a, b):
        await until(lambda: "b.1" in a.registry.nodes)
        await b.crash()
        await until(lambda: a.died == ["b.1"])
        await beats(a, 2)
        async with engine_of(redis_url) as engine:
            late = Node(engine, "late.1")
            await late.registry.start()
            assert late.registry.nodes == {"a.1"}
            assert late.died == []
            await late.registry.stop()


async def test_goodbye_is_heard_at_once(redis_url: str) -> None:
    async with nodes(redis_url, "a.1", "b.1") as (a, b):
        await until(lambda: "b.1" in a.registry.nodes)
        await b.registry.stop()
        await beats(a, 3)
        assert a.died == ["b.1"]


async def test_whom_a_supervisor_reaped_is_dead_at_once_to_all(redis_url: str) -> None:
    async with nodes(redis_url, "a.1", "b.1", "c.1") as (a, b, c):
        await until(lambda: len(a.registry.nodes) == len(b.registry.nodes) == 2)
        await c.crash()
        await a.registry.declare_dead("c.1")
        assert a.died == ["c.1"]
        await beats(b, 3)
        assert b.died == ["c.1"]
        await a.registry.declare_dead("c.1")
        assert a.died == ["c.1"]


async def test_who_has_just_begun_lives_and_whom_nobody_knows_does_not(redis_url: str) -> None:
    async with nodes(redis_url, "a.1") as (a,):
        await a.client.hset(NODES_KEY, mapping={"new.1": 1, "old.1": "dead 0"})
        looked = [await a.registry.look_whether_lives(node) for node in ("a.1", "new.1", "old.1", "never.1")]
        assert looked == [True, True, False, False]


async def test_who_leaves_is_known_to_where_redis_was_emptied(redis_url: str) -> None:
    async with nodes(redis_url, "a.1", "b.1") as (a, b):
        await until(lambda: len(a.registry.nodes) == len(b.registry.nodes) == 1)
        await a.registry.leave()
        await until(lambda: not b.registry.takes("a.1"))
        await a.client.flushdb()
        await until(lambda: a.emptied == b.emptied == 1)
        await beats(a, 3)
        await beats(b, 3)
        assert b.registry.lives("a.1")
        assert not b.registry.takes("a.1")


async def test_a_stopped_redis_kills_nobody(server: RedisServer) -> None:
    async with nodes(server.url, "a.1", "b.1", "c.1") as running:
        a = running[0]
        await until(lambda: all(len(node.registry.nodes) == 2 for node in running))
        server.stop_for_a_while()
        await until(lambda: all(node.registry.is_degraded for node in running))
        assert "Redis has not answered for" in a.registry.reason
        await until(lambda: "Timeout" in a.registry.reason)
        await asyncio.sleep(0.6)
        assert a.registry.lives("b.1")
        told_s = [node.registry.degraded_s for node in running]
        server.go_on()
        await until(lambda: not any(node.registry.is_degraded for node in running))
        for node, before_s in zip(running, told_s, strict=True):
            assert node.registry.degraded_s >= before_s, "it would seem to begin anew"
            await beats(node, 15)
            assert (node.died, node.buried, node.emptied, len(node.registry.nodes)) == ([], 0, 0, 2)


async def test_a_killed_and_empty_redis_kills_nobody_and_is_known_empty(server: RedisServer) -> None:
    async with nodes(server.url, "a.1", "b.1") as (a, b):
        await until(lambda: "b.1" in a.registry.nodes)
        await server.kill()
        await until(lambda: a.registry.is_degraded and b.registry.is_degraded)
        await server.start()
        await until(lambda: a.emptied == b.emptied == 1)
        await beats(a, 15)
        assert a.died == b.died == []
        assert not a.registry.is_degraded
        assert a.emptied == 1


async def test_a_death_that_redis_forgot_is_marked_again(redis_url: str) -> None:
    async with nodes(redis_url, "a.1", "b.1") as (a, b):
        await until(lambda: "b.1" in a.registry.nodes)
        await b.crash()
        await a.registry.declare_dead("b.1")
        await a.client.flushall()
        b.go_on()
        await until(lambda: b.registry.is_buried)
        assert a.died == ["b.1"]


async def test_whoever_slept_trusts_nothing_before_an_answer_though_the_first_question_fails(
    server: RedisServer,
) -> None:
    async with nodes(server.url, "a.1") as (a,):
        server.stop_for_a_while()
        a.slept_s = 30.0
        await until(lambda: a.registry._slept)
        await until(lambda: a.registry._fault != "")
        assert a.registry.has_slept
        server.go_on()
        await until(lambda: not a.registry.has_slept)


async def test_an_observer_who_slept_judges_nobody_by_that_time(redis_url: str) -> None:
    async with nodes(redis_url, "a.1", "b.1") as (a, b):
        await until(lambda: "b.1" in a.registry.nodes)
        await beats(a, 2)
        await b.crash()
        await beats(a, 1)
        assert not a.registry.has_slept
        a.slept_s = 30.0
        assert a.registry.is_degraded
        assert a.registry.has_slept
        await beats(a, 2)
        assert not a.registry.has_slept
        assert not a.registry.is_degraded
        assert a.died == []
        assert a.registry.lives("b.1")
        await until(lambda: a.died == ["b.1"])


async def test_a_bug_in_who_is_told_stops_no_beat(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with nodes(redis_url, "a.1") as (a,):

        def stumble(node: str) -> None:
            raise RuntimeError

        a.registry._came = stumble
        await a.client.hset(NODES_KEY, "b.1", 1)
        await until(lambda: "RuntimeError" in caplog.text)
        await beats(a, 2)
        assert a.registry.lives("b.1")


async def test_old_marks_and_the_whole_hash_end_by_themselves(redis_url: str) -> None:
    async with nodes(redis_url, "a.1") as (a,):
        await a.client.hset(NODES_KEY, mapping={"old.1": f"dead {time.time() - KEPT_S - 9:.0f}", "odd.1": "?"})
        await a.client.hset(NODES_KEY, "new.1", f"dead {time.time():.0f}")
        await beats(a, 3)
        assert set(await a.client.hkeys(NODES_KEY)) == {b"a.1", b"new.1"}
        assert 0 < await a.client.ttl(NODES_KEY) <= KEPT_S
        assert a.died == []


async def test_goodbye_to_a_redis_that_is_away_does_not_hang(server: RedisServer) -> None:
    async with nodes(server.url, "a.1") as (a,):
        server.stop_for_a_while()
        async with asyncio.timeout(2.0):
            await a.registry.stop()
            with pytest.raises((OSError, TimeoutError, RedisError)):
                await a.registry.declare_dead("b.1")
        server.go_on()


async def test_the_beat_waits_for_no_connection_of_those_who_look_for_their_seats(redis_url: str) -> None:
    async with clusters.nodes(redis_url, 1) as (one,):
        registry, client = cluster_of(one).registry, cluster_of(one).engine.client

        async def look() -> None:
            await client.blpop(["nothing"], timeout=1.5)

        looks = [asyncio.create_task(look()) for _ in range(2 * CONNECTIONS_MAX)]
        count = registry._count
        await until(lambda: registry._count >= count + 2)
        assert not any(look.done() for look in looks[CONNECTIONS_MAX:])
        await end(*looks)
