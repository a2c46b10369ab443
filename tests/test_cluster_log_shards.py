"""On a Redis Cluster rooms are written to the master that has them; a master's absence is its own rooms' alone."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.crc import key_slot

from server.cluster.entries import log_key
from server.cluster.log import OUTLASTS_S, Claimed, HeldBy, Verdict
from tests.cluster_clients import until
from tests.cluster_logs import Host, host_on
from tests.redis_cluster import RedisCluster, ask, redis_cluster
from tests.redis_server import RedisServer

ROOMS = [f"room{number}" for number in range(12)]


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[RedisCluster]:
    async with redis_cluster(tmp_path) as running:
        yield running


def address(cluster: RedisCluster) -> str:
    return cluster.url.replace("redis://", "redis+cluster://")


def by_shard(host: Host) -> dict[str, list[str]]:
    found = defaultdict(list)
    for room in ROOMS:
        found[host.engine.shard_of(log_key(room))].append(room)
    return found


async def test_rooms_of_all_masters_are_written_and_taken_over(cluster: RedisCluster) -> None:
    async with host_on(address(cluster)) as host, host_on(address(cluster), "b.1") as other:
        await host.founds(*ROOMS)
        assert len(by_shard(host)) == 3
        for number in range(20):
            for room in ROOMS:
                host.log.append(room, b"%d" % number)
            assert await host.log.send() == dict.fromkeys(ROOMS, Verdict.ACCEPTED)
        claims = await asyncio.gather(*(other.takes(room) for room in ROOMS))
        for claim in claims:
            assert isinstance(claim, Claimed)
            assert [entry.body for entry in claim.entries[1:-1]] == [b"%d" % number for number in range(20)]
        assert await host.says(ROOMS[0], b"late") is Verdict.LOST
        assert await host.takes(ROOMS[0], living="b.1") == HeldBy("b.1")


async def test_a_master_that_stands_still_is_its_own_rooms_affair(cluster: RedisCluster) -> None:
    async with host_on(address(cluster)) as host:
        await host.founds(*ROOMS)
        still = cluster.masters[0]
        shards = by_shard(host)
        away = shards.pop(f"127.0.0.1:{still.port}")
        there = [room for rooms in shards.values() for room in rooms]
        still.stop_for_a_while()
        for room in ROOMS:
            host.log.append(room, b"word")
        verdicts = await host.log.send()
        assert {room for room, verdict in verdicts.items() if verdict is Verdict.AWAY} == set(away)
        assert {room for room, verdict in verdicts.items() if verdict is Verdict.ACCEPTED} == set(there)
        assert host.away == [True]
        assert await host.says(there[0], b"on we go") is Verdict.ACCEPTED
        still.go_on()
        await until(lambda: sorted(host.noticed) == sorted((room, Verdict.GONE) for room in away))
        assert host.away == [True, False]


def slot_and_target(cluster: RedisCluster, key: str) -> tuple[int, RedisServer]:
    """Return a key's slot, and a master that does not hold it."""
    source = cluster.master_of(key)
    return key_slot(key.encode()), next(master for master in cluster.masters if master is not source)


async def test_a_slot_that_moves_is_followed(cluster: RedisCluster) -> None:
    async with host_on(address(cluster)) as host, host_on(address(cluster), "b.1") as other:
        await host.founds(*ROOMS)
        room = ROOMS[0]
        key = log_key(room)
        slot, target = slot_and_target(cluster, key)
        await cluster.begin_move(slot, target, key)
        turns = [asyncio.ensure_future(host.says(room, b"%d" % number)) for number in range(3)]
        await cluster.end_move(slot, target)
        turns += [asyncio.ensure_future(host.says(room, b"%d" % number)) for number in range(3, 6)]
        assert await asyncio.gather(*turns) == [Verdict.ACCEPTED] * 6
        await until(lambda: host.engine.shard_of(key) == f"127.0.0.1:{target.port}")
        assert await other.reads(room) == [b"whole", *(b"%d" % number for number in range(6))]
        assert host.noticed == []


async def test_a_room_that_went_ahead_of_its_slot_is_written_and_claimed_where_it_is(cluster: RedisCluster) -> None:
    url = address(cluster)
    async with host_on(url) as host, host_on(url, "b.1") as other, host_on(url, "c.1") as third:
        await host.founds(*ROOMS)
        room = ROOMS[0]
        key = log_key(room)
        slot, target = slot_and_target(cluster, key)
        await cluster.begin_move(slot, target, key)
        for word in (b"one", b"two"):
            assert await host.says(room, word) is Verdict.ACCEPTED
        assert await other.reads(room) == [b"whole", b"one", b"two"]
        assert await other.says(room, b"three") is Verdict.ACCEPTED
        await cluster.end_move(slot, target)
        assert await other.says(room, b"four") is Verdict.ACCEPTED
        assert await third.reads(room) == [b"whole", b"one", b"two", b"claim", b"three", b"four"]
        assert host.away == other.away == []
        assert 0 < await ask(target, "TTL", key) <= 600 + OUTLASTS_S


async def test_a_master_that_comes_back_empty_is_filled_anew(cluster: RedisCluster) -> None:
    async with host_on(address(cluster)) as host:
        await host.founds(*ROOMS)
        killed = cluster.masters[1]
        rooms = by_shard(host)[f"127.0.0.1:{killed.port}"]
        await killed.kill()
        await killed.start()
        await until(lambda: sorted(host.noticed) == sorted((room, Verdict.GONE) for room in rooms), within_s=15.0)
        for room in rooms:
            host.log.create(room, b"anew", ends_at=host.ends_at)
        assert await host.log.send() == dict.fromkeys(rooms, Verdict.ACCEPTED)
