"""Bus, registry and directory on a Redis Cluster of three masters, and what one master's death costs."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from redis.crc import key_slot

from geo import Cell
from rooms.shelves import Fill
from server.cluster.bus import Bus, channel_of
from server.cluster.directory import Directory, Where
from server.cluster.engine import Engine
from server.cluster.registry import Registry
from server.cluster.shelving import RoomCard
from tests.cluster_clients import engine_of, until
from tests.redis_cluster import RedisCluster, redis_cluster


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[RedisCluster]:
    async with redis_cluster(tmp_path) as running:
        yield running


class Node:
    """A bus and what it heard."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.heard: list[bytes] = []
        self.gaps: list[str] = []
        self.deaf = 0
        self.bus = Bus(
            engine,
            node=name,
            received=lambda node, message: self.heard.append(message),
            gap=self.gaps.append,
            deaf=self.be_deaf,
            beat_s=0.1,
            answer_s=5.0,
            deaf_s=60.0,
            pause_s=0.05,
        )

    def be_deaf(self) -> None:
        self.deaf += 1


def names_on(cluster: RedisCluster) -> list[str]:
    """Return a node's id for each master, whose channel lies there."""
    found: dict[int, str] = {}
    for number in range(1_000):
        name = f"node{number}.1"
        found.setdefault(cluster.masters.index(cluster.master_of(channel_of(name))), name)
    return [found[number] for number in range(len(cluster.masters))]


async def test_nodes_on_a_cluster_hear_each_other_know_who_lives_and_find_rooms(cluster: RedisCluster) -> None:
    async with AsyncExitStack() as stack:
        names = names_on(cluster)
        nodes = [Node(await stack.enter_async_context(engine_of(cluster.url)), name) for name in names]
        for node in nodes:
            await node.bus.start()
            stack.push_async_callback(node.bus.stop)
        words = [str(number).encode() for number in range(100)]
        for word in words:
            for other in names[1:]:
                nodes[0].bus.send(other, word)
            await asyncio.sleep(0)
        await until(lambda: nodes[1].heard == nodes[2].heard == words)
        assert [node.gaps for node in nodes] == [[], [], []]
        await _look_who_lives(nodes[0].bus._engine, nodes[1].bus._engine)
        await _find(nodes[0].bus._engine, nodes[1].bus._engine)


async def _look_who_lives(here: object, there: object) -> None:
    died: list[str] = []
    first, second = (
        Registry(engine, node=name, died=died.append, came=lambda node: None, beat_s=0.05)  # type: ignore[arg-type]
        for engine, name in ((here, "a.1"), (there, "b.1"))
    )
    await first.start()
    await second.start()
    await until(lambda: first.lives("b.1") and second.lives("a.1"))
    await second.stop()
    await until(lambda: died == ["b.1"])
    await first.stop()


async def _find(here: object, there: object) -> None:
    first, second = (
        Directory(
            engine,  # type: ignore[arg-type]
            node=name,
            takes=lambda node: True,
            is_dead=lambda node: False,
            rng=random.Random(7),
            unix=lambda: 1e6,
        )
        for engine, name in ((here, "a.1"), (there, "b.1"))
    )
    where = Where(node="a.1", room="r1", frozen=None, until=1e6 + 60)
    first.put_person("ann", where)
    first.put_person("bob", where)
    first.put_room(RoomCard("r1", "a.1", Cell("dr5ru6"), 3, Fill.OPEN, 1e6 + 60))
    await until(lambda: not first._unwritten and first._writing is not None and first._writing.done())
    assert await second.person("ann") == await second.person("bob") == where
    assert [card.room for card in await second.rooms_near(Cell("dr5ru7"), reach_m=15_000.0)] == ["r1"]
    first.forget_person("ann")
    await first.stop()
    assert await second.person("ann") is None
    assert await second.rooms_near(Cell("dr5ru7"), reach_m=15_000.0) == []


async def test_a_master_that_stands_still_holds_up_only_who_is_behind_it(cluster: RedisCluster) -> None:
    async with AsyncExitStack() as stack:
        sender, beside, behind = names_on(cluster)
        nodes = {}
        for name in (sender, beside, behind):
            node = nodes[name] = Node(await stack.enter_async_context(engine_of(cluster.url)), name)
            await node.bus.start()
            stack.push_async_callback(node.bus.stop)
        stopped = cluster.master_of(channel_of(behind))
        stopped.stop_for_a_while()
        try:
            nodes[sender].bus.send(behind, b"late")
            await asyncio.sleep(0.05)
            nodes[sender].bus.send(beside, b"at once")
            # Sooner than Redis is given up, after which all are tried again.
            await until(lambda: nodes[beside].heard == [b"at once"], within_s=1.5)
            assert nodes[behind].heard == []
        finally:
            stopped.go_on()
        await until(lambda: nodes[behind].heard == [b"late"])
        assert nodes[behind].gaps == []
        assert nodes[behind].deaf == 0


async def test_who_listens_follows_their_channel_to_where_its_slot_goes(cluster: RedisCluster) -> None:
    async with AsyncExitStack() as stack:
        here, there = [
            Node(await stack.enter_async_context(engine_of(cluster.url)), name) for name in names_on(cluster)[:2]
        ]
        for node in (here, there):
            await node.bus.start()
            stack.push_async_callback(node.bus.stop)
        channel = channel_of(there.bus.node)
        slot, target = key_slot(channel.encode()), cluster.masters[2]
        await cluster.begin_move(slot, target)
        here.bus.send(there.bus.node, b"on the way")
        await until(lambda: there.heard == [b"on the way"])
        await cluster.end_move(slot, target)
        here.bus.send(there.bus.node, b"there")
        await until(lambda: there.heard == [b"on the way", b"there"] or bool(there.gaps))
        here.bus.send(there.bus.node, b"after")
        await until(lambda: there.heard[-1:] == [b"after"])
        assert there.bus._engine.shard_of(channel) == f"127.0.0.1:{target.port}"
        assert there.deaf == here.deaf == 0


async def test_a_master_that_was_killed_is_found_again(cluster: RedisCluster) -> None:
    async with AsyncExitStack() as stack:
        first, _, last = names_on(cluster)
        here, there = [Node(await stack.enter_async_context(engine_of(cluster.url)), name) for name in (first, last)]
        for node in (here, there):
            await node.bus.start()
            stack.push_async_callback(node.bus.stop)
        killed = cluster.master_of(channel_of(there.bus.node))
        await killed.kill()
        here.bus.send(there.bus.node, b"while")
        there.bus.send(here.bus.node, b"heard all the while")
        await until(lambda: here.heard == [b"heard all the while"])
        await killed.start()
        # Published before the other listens again, it is lost, and then it is missed.
        await until(lambda: bool(there.gaps) or there.heard == [b"while"])
        for _ in range(20):
            here.bus.send(there.bus.node, b"after")
            with contextlib.suppress(TimeoutError):
                await until(lambda: there.heard[-1:] == [b"after"], within_s=0.5)
                break
        else:
            pytest.fail("not heard any more")
        assert there.deaf == here.deaf == 0


async def test_nodes_that_write_nothing_find_whoever_has_the_place_of_a_lost_master(tmp_path: Path) -> None:
    async with redis_cluster(tmp_path, with_replicas=True) as cluster, AsyncExitStack() as stack:
        first, _, last = names_on(cluster)
        here, there = [Node(await stack.enter_async_context(engine_of(cluster.url)), name) for name in (first, last)]
        for node in (here, there):
            await node.bus.start()
            stack.push_async_callback(node.bus.stop)
        await cluster.until_whole()
        lost = cluster.master_of(channel_of(last))
        lost.stop_for_a_while()
        try:
            here.bus.send(last, b"late")
            # A replica is elected in three seconds, and some more on a busy machine.
            await until(lambda: there.heard == [b"late"], within_s=30.0)
        finally:
            lost.go_on()
        assert there.gaps == []
