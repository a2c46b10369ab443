"""While Redis is away, or takes nothing: who can be heard talks on, all others are told so at once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from redis import asyncio as redis

from server.app import App
from tests.apps import PATIENCE_S, Client, Clients
from tests.cluster_clients import until
from tests.clusters import nodes, until_shown
from tests.redis_server import redis_server
from tests.served import refused as started_in_vain
from tests.sessions import FAR_AWAY, HERE
from tests.stores import SECRET
from tests.test_cluster_moving import cluster_of


async def until_away(one: App, other: App, client: Client) -> None:
    """Return when both know that Redis is away: who has a room by what `client`, who sits in it, says."""
    await client.say("say", text="in the first moment", ref="0")
    await until(lambda: cluster_of(one).log.is_away and not cluster_of(other).reaches_others)


async def refused(client: Client, type: str, **fields: Any) -> float:
    """Return in how many seconds a command may be tried again that is `unavailable` now."""
    error = await client.ask(type, "error", "said", "entered", ref="1", **fields)
    assert (error["type"], error.get("code"), error["about"], error["ref"]) == ("error", "unavailable", type, "1")
    return float(error["retry_after"])


async def test_who_sits_with_people_of_other_nodes_is_told_at_once_that_they_cannot_be_reached(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server, nodes(server.url, 2) as (one, two), Clients(one) as clients:
        ann, bo, cy = await clients.new(), await clients.new(at=two), await clients.new()
        await ann.enter(HERE)
        await until_shown(server.url)
        await bo.enter(HERE)
        await ann.hear("joined")
        assert bo.room == ann.room
        await cy.enter(FAR_AWAY)
        server.stop_for_a_while()
        await until_away(one, two, ann)
        # The host's own, who waits for an earlier word of hers, and one whose room is elsewhere.
        for client in (ann, bo):
            assert await refused(client, "say", text="later") > 0
        writing = cluster_of(one).writing
        waiting = len(writing._limbo)
        for _ in range(3):
            assert (await cy.ask("say", "said", "error", text="to those of one node"))["type"] == "said"
            assert len(writing._limbo) == waiting, "what all have heard costs no memory"
        assert writing._waiting_for[cy.room] == [], "and is yet to be written"
        server.go_on()
        assert (await ann.hear("said"))["text"] == "in the first moment"
        assert (await bo.hear("said"))["text"] == "in the first moment"
        await until(lambda: cluster_of(one).reaches_others and cluster_of(two).reaches_others)
        assert (await bo.ask("say", "said", "error", text="again"))["type"] == "said"
        assert (await ann.hear("said"))["text"] == "again"
        await until(lambda: not writing.is_unsure)


async def test_who_enters_is_seated_where_everybody_hears_of_it_or_told_to_come_again(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server, nodes(server.url, 2) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new(at=two)
        await ann.enter(HERE)
        await until_shown(server.url)
        await bo.enter(HERE)
        await ann.hear("joined")
        server.stop_for_a_while()
        await until_away(one, two, ann)
        new, alone, back = await clients.new(), await clients.new(), await clients.new()
        assert await refused(new, "enter", cell=HERE) > 0
        ann.abort()
        assert await refused(back, "enter", cell=HERE, token=ann.token) > 0
        await alone.enter(FAR_AWAY)
        server.go_on()
        await until(lambda: cluster_of(one).reaches_others)
        assert (await new.enter(HERE))["room"] == ann.room
        assert (await back.enter(HERE, token=ann.token))["room"] == ann.room


async def test_who_is_told_to_come_again_is_not_seated_besides_when_the_node_asked_for_them_turns_out_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with redis_server(tmp_path) as server, nodes(server.url, 2) as (one, two), Clients(one) as clients:
        ann = await clients.new()
        await ann.enter(HERE)
        server.stop_for_a_while()
        await until_away(one, two, ann)
        # Found before Redis went away.
        monkeypatch.setattr(cluster_of(two), "find", lambda enter, then: then(cluster_of(one).name))
        new = await clients.new(at=two)
        await new.say("enter", cell=HERE, ref="1")
        await new.say("say", text="at once", ref="2")
        heard = [await new.hear("error") for _ in range(2)]
        assert [(each["code"], each["ref"]) for each in heard] == [("unavailable", "1"), ("not_entered", "2")]
        monkeypatch.undo()
        for entrance in list(cluster_of(two).entrances.values()):
            entrance.host_lost()
        server.go_on()
        await until(lambda: cluster_of(two).reaches_others)
        assert (await new.ask("enter", "entered", "error", cell=HERE))["type"] == "entered"
        assert (await new.ask("ping", "pong", "error", ref="3"))["type"] == "pong"


async def test_a_full_redis_takes_no_node_away(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server, nodes(server.url, 2) as (one, two), Clients(one) as clients:
        ann, bo = await clients.seated("Ann Bo")
        async with redis.Redis.from_url(server.url) as client:
            await client.config_set("maxmemory", 1)
            await until(lambda: "maxmemory" in cluster_of(one).registry.reason)
            await ann.say("say", text="on we talk")
            assert (await bo.hear("said"))["text"] == "on we talk"
            await until(lambda: "maxmemory" in cluster_of(two).registry.reason)
            await client.config_set("maxmemory", 0)
        await until(lambda: not cluster_of(one).registry.is_degraded)
        await bo.say("say", text="as ever")
        async with asyncio.timeout(PATIENCE_S):
            while (await ann.hear("said"))["text"] != "as ever":
                pass
        assert not cluster_of(one).registry.is_buried
        assert not cluster_of(two).registry.is_buried


async def test_nodes_whose_user_loses_the_right_to_channels_say_so_until_it_is_given_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with redis_server(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        await client.execute_command(*"ACL SETUSER ann on >word ~* +@all allchannels".split())  # type: ignore[no-untyped-call]
        async with nodes(server.url.replace("://", "://ann:word@"), 2) as (one, two), Clients(one) as clients:
            ann, bo = await clients.new(), await clients.new(at=two)
            await ann.enter(HERE)
            await until_shown(server.url)
            await bo.enter(HERE)
            assert bo.room == ann.room
            await client.execute_command(*"ACL SETUSER ann resetchannels".split())  # type: ignore[no-untyped-call]
            await until(lambda: all("let this node hear" in cluster_of(app).trouble for app in (one, two)))
            assert await refused(bo, "say", text="to a room elsewhere") > 0
            await client.execute_command(*"ACL SETUSER ann allchannels".split())  # type: ignore[no-untyped-call]
            await until(lambda: not any(cluster_of(app).trouble for app in (one, two)))
        assert caplog.text.count("does not let this node listen") == 2
        assert caplog.text.count("lets this node listen again") == 2


async def test_a_redis_that_is_back_and_refuses_the_user_is_told_of_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with redis_server(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        await client.execute_command(*"ACL SETUSER ann on >word ~* +@all allchannels".split())  # type: ignore[no-untyped-call]
        async with nodes(server.url.replace("://", "://ann:word@"), 1):
            await client.execute_command(*"ACL DELUSER ann".split())  # type: ignore[no-untyped-call]
            await until(lambda: "Redis cannot be reached: WRONGPASS" in caplog.text)
            await asyncio.sleep(1.0)
            assert caplog.text.count("Redis cannot be reached: WRONGPASS") == 1


async def test_a_node_whose_port_is_taken_is_seen_by_no_other(redis_url: str) -> None:
    async with nodes(redis_url, 1) as (one,):
        status, told = await started_in_vain(
            "--port", str(one.listener.port), "--redis", redis_url, HEREABOUTS_SECRET=SECRET.hex()
        )
        assert (status, told.count("Cannot listen")) == (1, 1), told
        assert "This is node" not in told
