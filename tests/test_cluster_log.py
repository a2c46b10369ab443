"""What rooms write is in a real Redis once, in order and for nobody else to read, whatever happens on the way."""

import asyncio
import time
from functools import partial
from pathlib import Path

import pytest
from redis import asyncio as redis

from server.cluster.entries import log_key
from server.cluster.log import OUTLASTS_S, Claimed, Verdict
from tests.cluster_clients import until
from tests.cluster_logs import host_on, ids
from tests.redis_proxy import RedisProxy
from tests.redis_server import redis_server


@pytest.fixture(autouse=True)
async def _empty(redis_url: str) -> None:
    async with redis.Redis.from_url(redis_url) as client:
        await client.flushall()


async def test_what_a_room_writes_is_there_in_order_and_unreadable(redis_url: str) -> None:
    async with host_on(redis_url) as host, host_on(redis_url, "b.1") as other:
        await host.founds("room")
        assert await host.says("room", b"secret one") is Verdict.ACCEPTED
        assert await host.says("room", b"two", b"three") is Verdict.ACCEPTED
        client = host.client
        assert await ids(client, "room") == ["1-0", "1-1", "1-2", "1-3"]
        assert b"secret" not in repr(await client.xrange(log_key("room"))).encode()
        entries = await other.entries("room")
        assert [(e.epoch, e.n, e.node, e.body) for e in entries] == [
            (1, 0, "a.1", b"whole"),
            (1, 1, "a.1", b"secret one"),
            (1, 2, "a.1", b"two"),
            (1, 3, "a.1", b"three"),
            (2, 0, "b.1", b"claim"),
        ]


async def test_turns_overlap_and_are_judged_in_order(redis_url: str) -> None:
    async with host_on(redis_url) as host, host_on(redis_url, "b.1") as other:
        await host.founds("room")
        done: list[int] = []
        turns = []
        for number in range(50):
            host.log.append("room", b"%d" % number)
            turns.append(host.log.send())
            turns[-1].add_done_callback(partial(lambda number, _: done.append(number), number))
        assert [turn.result() for turn in turns if turn.done()] == []
        await asyncio.gather(*turns)
        assert done == list(range(50))
        assert (await other.reads("room"))[1:] == [b"%d" % number for number in range(50)]


async def test_nothing_to_write_is_judged_after_what_was(redis_url: str) -> None:
    async with host_on(redis_url) as host:
        await host.founds("room")
        host.log.append("room", b"word")
        first, second = host.log.send(), host.log.send()
        assert await second == {}
        assert first.done()


async def test_a_log_is_kept_as_long_as_it_is_of_use(redis_url: str) -> None:
    async with host_on(redis_url) as host:
        await host.founds("short", "long")
        for number in range(400):
            host.log.append("short", b"%d" % number)
            host.log.append("long", b"%d" % number, long=True)
        await host.log.send()
        client = host.client
        assert 50 <= await client.xlen(log_key("short")) <= 200
        assert await client.xlen(log_key("long")) == 401


async def test_redis_is_told_of_an_end_only_when_it_changes(redis_url: str) -> None:
    async with host_on(redis_url) as host:
        client = host.client
        ends_at = host.ends_at
        host.log.create("room", b"whole", ends_at=ends_at)
        host.log.append("room", b"word", ends_at=ends_at)
        await host.log.send()
        assert abs(await client.expiretime(log_key("room")) - (ends_at + OUTLASTS_S)) < 2
        await client.config_resetstat()
        host.log.append("room", b"word", ends_at=ends_at)
        await host.log.send()
        assert "cmdstat_expire" not in await client.info("commandstats")
        host.log.append("room", b"later", ends_at=ends_at + 60)
        await host.log.send()
        assert abs(await client.expiretime(log_key("room")) - (ends_at + 60 + OUTLASTS_S)) < 2


async def test_a_log_is_kept_as_long_though_the_clock_of_redis_was_set_forward(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with host_on(redis_url) as host:
        now = host.engine.time
        monkeypatch.setattr(host.engine, "time", lambda: now() - 3600.0)  # followed gently, it is behind for days
        await host.founds("room")
        assert abs(await host.client.ttl(log_key("room")) - (600 + OUTLASTS_S)) < 3
        assert await host.says("room", b"word") is Verdict.ACCEPTED


async def test_whoever_was_overtaken_is_refused(redis_url: str) -> None:
    async with host_on(redis_url) as old, host_on(redis_url, "b.1") as new:
        await old.founds("room")
        assert isinstance(await new.takes("room"), Claimed)
        assert await old.says("room", b"late") is Verdict.LOST
        assert await old.says("room", b"later") is Verdict.LOST
        assert await new.says("room", b"on we go") is Verdict.ACCEPTED
        old.log.drop("room")
        await old.log.send()
        assert await ids(old.client, "room") == ["1-0", "2-0", "2-1"]
        assert old.noticed == []


async def test_a_room_nobody_knows_is_lost(redis_url: str) -> None:
    async with host_on(redis_url) as host:
        assert await host.says("room", b"word") is Verdict.LOST


async def test_the_end_of_a_room_that_was_overtaken_touches_nothing(redis_url: str) -> None:
    async with host_on(redis_url) as old, host_on(redis_url, "b.1") as new:
        await old.founds("room")
        await new.takes("room")
        old.log.drop("room")
        await old.log.send()
        assert await new.says("room", b"still here") is Verdict.ACCEPTED
        assert await ids(old.client, "room") == ["1-0", "2-0", "2-1"]


async def test_a_room_that_is_over_is_forgotten(redis_url: str) -> None:
    async with host_on(redis_url) as host, host_on(redis_url, "b.1") as other:
        await host.founds("room")
        host.log.drop("room")
        await host.log.send()
        assert await host.says("room", b"late") is Verdict.LOST
        assert await ids(host.client, "room") == ["1-1"]
        assert 0 < await host.client.ttl(log_key("room")) <= OUTLASTS_S
        assert not isinstance(await other.takes("room"), Claimed)


async def test_whoever_stood_still_while_a_room_was_taken_over_and_ended_does_not_write_it_anew(redis_url: str) -> None:
    async with host_on(redis_url) as old, host_on(redis_url, "b.1") as new:
        await old.founds("room")
        assert isinstance(await new.takes("room"), Claimed)
        new.log.drop("room")
        await new.log.send()
        assert await old.says("room", b"late") is Verdict.LOST
        assert await ids(old.client, "room") == ["2-1"]


async def test_a_log_that_is_gone_is_written_anew_under_its_epoch(redis_url: str) -> None:
    async with host_on(redis_url) as host, host_on(redis_url, "b.1") as other:
        await host.founds("room")
        await host.says("room", b"word")
        await host.client.flushall()
        assert await host.says("room", b"lost") is Verdict.GONE
        assert await host.says("room", b"lost too") is Verdict.GONE
        host.log.create("room", b"anew", ends_at=host.ends_at)
        host.log.append("room", b"more")
        assert await host.log.send() == {"room": Verdict.ACCEPTED}
        assert await other.reads("room") == [b"anew", b"more"]
        assert await host.says("room", b"late") is Verdict.LOST


async def test_an_answer_that_is_lost_doubles_nothing(redis_url: str) -> None:
    async with (
        RedisProxy(int(redis_url.rpartition(":")[2])) as proxy,
        host_on(proxy.url) as host,
        host_on(redis_url, "b.1") as other,
    ):
        await host.founds("room", "quiet")
        said = []
        for number in range(20):
            proxy.cuts_answer = number % 4 == 0
            said += [b"%d" % number, b"%d again" % number]
            assert await host.says("room", *said[-2:]) is Verdict.ACCEPTED
            assert not proxy.cuts_answer
        assert (await other.reads("room"))[1:] == said
        assert host.away == []
        assert host.noticed == []


async def test_order_holds_when_connections_end_while_turns_overlap(redis_url: str) -> None:
    async with (
        RedisProxy(int(redis_url.rpartition(":")[2])) as proxy,
        host_on(proxy.url) as host,
        host_on(redis_url, "b.1") as other,
    ):
        await host.founds("a", "b")
        turns = []
        for number in range(200):
            host.log.append("ab"[number % 2], b"%d" % number, long=True)
            turns.append(host.log.send())
            if number % 50 == 25:
                proxy.cuts_answer = True
            if number % 10 == 0:
                await asyncio.sleep(0)
        verdicts = await asyncio.gather(*turns)
        assert {each for verdict in verdicts for each in verdict.values()} == {Verdict.ACCEPTED}
        assert (await other.reads("a"))[1:] == [b"%d" % number for number in range(0, 200, 2)]
        assert (await other.reads("b"))[1:] == [b"%d" % number for number in range(1, 200, 2)]


async def test_a_redis_that_stands_still_for_a_moment_costs_a_moment(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server, host_on(server.url) as host, host_on(server.url, "b.1") as other:
        await host.founds("room")
        server.stop_for_a_while()
        turn = asyncio.ensure_future(host.says("room", b"word"))
        await asyncio.wait([turn], timeout=0.5)
        assert not turn.done()
        server.go_on()
        assert await turn is Verdict.ACCEPTED
        assert await other.reads("room") == [b"whole", b"word"]
        assert host.away == []


async def test_a_redis_that_stands_still_for_long_is_away_until_it_answers(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server, host_on(server.url) as host, host_on(server.url, "b.1") as other:
        await host.founds("room", "quiet")
        server.stop_for_a_while()
        began = time.monotonic()
        assert await host.says("room", b"maybe") is Verdict.AWAY
        assert 1.9 < time.monotonic() - began < 3.0
        assert host.log.is_away
        assert host.away == [True]
        # From here on nothing waits.
        assert await host.says("room", b"unlogged") is Verdict.AWAY
        host.log.create("new", b"whole", ends_at=host.ends_at)
        assert await host.log.send() == {"new": Verdict.AWAY}
        assert time.monotonic() - began < 3.0
        server.go_on()
        await until(lambda: sorted(host.noticed) == [("new", Verdict.GONE), ("room", Verdict.GONE)])
        assert host.away == [True, False]
        assert await host.says("quiet", b"word") is Verdict.ACCEPTED
        assert await host.says("room", b"too early") is Verdict.GONE
        for room in ("room", "new"):
            host.log.create(room, b"anew", ends_at=host.ends_at)
        assert await host.log.send() == {"room": Verdict.ACCEPTED, "new": Verdict.ACCEPTED}
        found = await other.reads("room")
        assert found in ([b"whole", b"anew"], [b"whole", b"maybe", b"anew"])
        assert await other.reads("new") == [b"anew"]


async def test_a_redis_that_comes_back_empty_is_filled_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with redis_server(tmp_path) as server, host_on(server.url) as host, host_on(server.url, "b.1") as other:
        await host.founds("quiet", "loud")
        await server.kill()
        turn = asyncio.ensure_future(host.says("loud", b"word"))
        await server.start()
        assert await turn is Verdict.GONE
        await until(lambda: ("quiet", Verdict.GONE) in host.noticed)
        for room in ("quiet", "loud"):
            host.log.create(room, b"anew", ends_at=host.ends_at)
        assert await host.log.send() == {"quiet": Verdict.ACCEPTED, "loud": Verdict.ACCEPTED}
        assert await other.reads("quiet") == [b"anew"]
        assert await host.client.ttl(log_key("quiet")) > 0
        told = [caplog.text.count(words) for words in ("Redis cannot be reached: ", "Redis can be reached again.")]
        # Of each outage, each reason once.
        assert told[0] >= told[1] > 0
        assert caplog.text.count("Redis cannot be reached: [Errno 111]") <= 2


async def test_a_room_that_was_overtaken_during_an_outage_is_known_to_be(tmp_path: Path) -> None:
    async with (
        redis_server(tmp_path) as server,
        RedisProxy(server.port) as proxy,
        host_on(proxy.url) as old,
        host_on(server.url, "b.1") as new,
    ):
        await old.founds("room")
        await proxy.refuse()
        await new.takes("room")
        await proxy.accept()
        await until(lambda: old.noticed == [("room", Verdict.LOST)])
        assert await old.says("room", b"late") is Verdict.LOST


async def test_a_redis_that_takes_nothing_is_asked_until_it_does(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with redis_server(tmp_path) as server, host_on(server.url) as host, host_on(server.url, "b.1") as other:
        await host.founds("room")
        client = host.client
        await client.config_set("maxmemory", "1")
        turns = [asyncio.ensure_future(host.says("room", b"%d" % number)) for number in range(3)]
        await asyncio.wait(turns, timeout=0.3)
        assert not any(turn.done() for turn in turns)
        await client.config_set("maxmemory", "0")
        assert await asyncio.gather(*turns) == [Verdict.ACCEPTED] * 3
        assert await other.reads("room") == [b"whole", b"0", b"1", b"2"]
        assert caplog.text.count("Redis does not take what rooms write: ") == 1  # however often it was asked


async def test_a_process_that_stood_still_does_not_blame_redis(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server, host_on(server.url) as host:
        await host.founds("room")
        server.stop_for_a_while()
        turn = asyncio.ensure_future(host.says("room", b"word"))
        await asyncio.sleep(0)
        time.sleep(3.2)  # noqa: ASYNC251 - that is what standing still is
        asyncio.get_running_loop().call_later(0.2, server.go_on)
        assert await turn is Verdict.ACCEPTED
        assert host.away == []
        assert 3.0 < host.log.lag_s < 5.0


async def test_what_has_no_verdict_at_the_end_is_away(tmp_path: Path) -> None:
    async with (
        redis_server(tmp_path) as server,
        host_on(server.url) as host,
    ):
        await host.founds("room")
        server.stop_for_a_while()
        host.log.append("room", b"word")
        turn = host.log.send()
        assert await turn == {"room": Verdict.AWAY}
        server.go_on()


async def test_what_is_pending_of_a_room_that_is_let_go_holds_nobody_else_up(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server, host_on(server.url) as host:
        await host.founds("goes", "stays")
        server.stop_for_a_while()
        host.log.append("goes", b"last")
        first = host.log.send()
        host.log.append("stays", b"word")
        second = host.log.send()
        host.log.let_go("goes")
        assert await first == {"goes": Verdict.LOST}
        server.go_on()
        assert await second == {"stays": Verdict.ACCEPTED}
