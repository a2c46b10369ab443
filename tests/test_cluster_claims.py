"""A dead node's room goes on at one other, with all that was accepted of it, and a living one's at none."""

import asyncio
from pathlib import Path

import pytest
from redis import asyncio as redis

from server.cluster.entries import log_key
from server.cluster.log import Away, Claimed, Gone, HeldBy, Verdict
from tests.cluster_logs import host_on, ids
from tests.redis_proxy import RedisProxy
from tests.redis_server import redis_server


@pytest.fixture(autouse=True)
async def _empty(redis_url: str) -> None:
    async with redis.Redis.from_url(redis_url) as client:
        await client.flushall()


async def test_two_claims_at_once_have_one_winner(redis_url: str) -> None:
    async with host_on(redis_url) as dead, host_on(redis_url, "b.1") as one, host_on(redis_url, "c.1") as two:
        rooms = [f"room{number}" for number in range(20)]
        await dead.founds(*rooms)
        alive = {"b.1", "c.1"}.__contains__
        claims = await asyncio.gather(
            *(host.log.claim(room, b"", lives=alive) for room in rooms for host in (one, two))
        )
        for room, first, second in zip(rooms, claims[::2], claims[1::2], strict=True):
            assert sorted(type(claim).__name__ for claim in (first, second)) == ["Claimed", "HeldBy"]
            winner, loser = (one, two) if isinstance(first, Claimed) else (two, one)
            assert (second if winner is one else first) == HeldBy("b.1" if winner is one else "c.1")
            assert await winner.says(room, b"word") is Verdict.ACCEPTED
            assert await loser.says(room, b"word") is Verdict.LOST


async def test_one_node_that_asks_twice_at_once_is_given_a_room_once(redis_url: str) -> None:
    async with host_on(redis_url) as dead, host_on(redis_url, "b.1") as host:
        await dead.founds("room")
        claims = await asyncio.gather(host.takes("room"), host.takes("room"), host.takes("room"))
        assert [type(claim) for claim in claims] == [Claimed, HeldBy, HeldBy]
        assert claims[1] == HeldBy("b.1")


async def test_the_room_of_one_who_lives_is_not_taken(redis_url: str) -> None:
    async with host_on(redis_url) as host, host_on(redis_url, "b.1") as other:
        await host.founds("room")
        assert await other.takes("room", living="a.1") == HeldBy("a.1")
        assert await host.says("room", b"word") is Verdict.ACCEPTED


async def test_a_room_nobody_knows_is_gone(redis_url: str) -> None:
    async with host_on(redis_url) as host:
        assert await host.takes("room") == Gone()


async def test_a_room_goes_on_and_on(redis_url: str) -> None:
    async with host_on(redis_url) as first, host_on(redis_url, "b.1") as second, host_on(redis_url, "c.1") as third:
        await first.founds("room")
        await first.says("room", b"one")
        await second.takes("room")
        await second.says("room", b"two")
        claim = await third.takes("room")
        assert isinstance(claim, Claimed)
        assert [entry.body for entry in claim.entries] == [b"whole", b"one", b"claim", b"two", b"claim"]
        assert await third.says("room", b"three") is Verdict.ACCEPTED
        assert await second.says("room", b"late") is Verdict.LOST
        assert (await ids(first.client, "room"))[-2:] == ["3-0", "3-1"]


@pytest.mark.parametrize("answer", [1, 2, 3])
async def test_a_claim_whose_answer_is_lost_is_made_once(redis_url: str, answer: int) -> None:
    async with (
        RedisProxy(int(redis_url.rpartition(":")[2])) as proxy,
        host_on(redis_url) as dead,
        host_on(proxy.url, "b.1") as host,
    ):
        await dead.founds("room", "before")
        await host.takes("before")
        proxy.cuts_answer_in = answer  # who stands last, the claim, who stands last by now
        claim = await host.takes("room")
        assert isinstance(claim, Claimed)
        assert [entry.body for entry in claim.entries] == [b"whole", b"claim"]
        assert await host.says("room", b"word") is Verdict.ACCEPTED


async def test_a_claim_that_is_not_answered_in_time_can_be_made_again(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server, host_on(server.url) as dead, host_on(server.url, "b.1") as host:
        await dead.founds("room")
        server.stop_for_a_while()
        assert await host.takes("room") == Away()
        server.go_on()
        assert [entry.body for entry in await host.entries("room")] == [b"whole", b"claim"]


async def test_entries_under_another_secret_are_not_read(redis_url: str) -> None:
    async with host_on(redis_url) as dead, host_on(redis_url, "b.1", key=bytes(32)) as host:
        await dead.founds("room")
        assert await host.takes("room") == Claimed([])


async def test_an_entry_that_was_moved_is_not_read(redis_url: str) -> None:
    async with host_on(redis_url) as dead, host_on(redis_url, "b.1") as host:
        await dead.founds("room", "other")
        await dead.says("other", b"word")
        client = dead.client
        ((_, fields),) = await client.xrevrange(log_key("other"), count=1)
        await client.xadd(log_key("room"), fields, id="1-1")
        claim = await host.takes("room")
        assert isinstance(claim, Claimed)
        assert [entry.body for entry in claim.entries] == [b"whole"]
