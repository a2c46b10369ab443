"""Nodes of one Redis have one secret, and are told where they have other settings."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from server.app import open_app
from server.cluster.address import EngineError
from server.cluster.alike import ANOTHER_SECRET, EVERY_S, KEPT_S, SECRET_KEY, SETTINGS_KEY, Alike, Mark, others_at
from server.cluster.engine import Engine
from server.cluster.registry import NODES_KEY, Registry
from server.loading import load
from server.setting_table import SETTINGS
from tests.cluster_clients import engine_of, until
from tests.clusters import SECRET, nodes
from tests.redis_server import redis_server
from tests.served import refused
from tests.sessions import ENDLESS

OTHER = "0f" * 32


def alike(engine: Engine, node: str, secret: str = SECRET, *, every_s: float = EVERY_S, **settings: Any) -> Alike:
    chosen = load(None, {}, settings).settings
    return Alike(engine, Mark(bytes.fromhex(secret), chosen), node=node, called=f"{node}.example", every_s=every_s)


async def test_a_node_with_another_secret_does_not_begin_and_leaves_nothing(redis_url: str) -> None:
    async with nodes(redis_url, 1), engine_of(redis_url) as engine:
        there = await engine.client.hgetall(SETTINGS_KEY), await engine.client.hkeys(NODES_KEY)
        app = await open_app(load(None, {}, {**ENDLESS, "port": 0, "redis": redis_url, "secret": OTHER}))
        with pytest.raises(EngineError, match="has nodes with another secret than this one's"):
            await app.start()
        await app.stop(within_s=0)
        assert (await engine.client.hgetall(SETTINGS_KEY), await engine.client.hkeys(NODES_KEY)) == there


async def test_an_operator_is_told_what_to_do_by_serve_and_workers(redis_url: str) -> None:
    async with nodes(redis_url, 1), engine_of(redis_url) as engine:
        said = ANOTHER_SECRET.format(where=engine.address.shown)
        for flags in ((), ("--workers", "2")):
            status, err = await refused("--port", "0", "--redis", redis_url, *flags, HEREABOUTS_SECRET=OTHER)
            assert (status, err.count(f"Error: {said}")) == (1, 1), err
            assert "Traceback" not in err
            assert OTHER not in err


async def test_another_secret_may_begin_when_the_last_that_had_the_former_is_gone_for_a_while(redis_url: str) -> None:
    async with engine_of(redis_url) as engine:
        await engine.client.flushdb()
        ann = alike(engine, "ann")
        await ann.start()
        await ann.stop()
        assert KEPT_S - 5 < await engine.client.ttl(SECRET_KEY) <= KEPT_S
        with pytest.raises(EngineError):
            await alike(engine, "bo", OTHER).start()
        await alike(engine, "cy").start()
        await engine.client.delete(SECRET_KEY)  # as its time does
        await alike(engine, "bo", OTHER).start()


async def test_the_secret_is_kept_while_a_node_lives_and_written_anew_when_it_was_lost(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with engine_of(redis_url) as engine:
        await engine.client.flushdb()
        often, seldom = alike(engine, "often", every_s=0.01), alike(engine, "seldom")
        await often.start()
        mark = await engine.client.get(SECRET_KEY)
        await engine.client.expire(SECRET_KEY, 5)
        async with asyncio.timeout(10):
            while await engine.client.ttl(SECRET_KEY) <= 5:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await often.stop()
        await seldom.start()
        await engine.client.flushdb()
        seldom.forgotten()
        async with asyncio.timeout(10):
            while await engine.client.get(SECRET_KEY) != mark:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await seldom.stop()
        assert not caplog.text


async def test_whoever_meets_another_secret_later_says_so_once(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with engine_of(redis_url) as engine:
        await engine.client.flushdb()
        node = alike(engine, "ann", every_s=0.01)
        await node.start()
        # Redis was emptied, and it was quicker.
        await engine.client.set(SECRET_KEY, "another", ex=KEPT_S)
        await until(lambda: "another secret" in caplog.text)
        looked, look = 0, node._tell

        async def counted() -> bool:
            nonlocal looked
            looked += 1
            return await look()

        node._tell = counted  # type: ignore[method-assign]
        await until(lambda: looked > 3)
        await node.stop()
        assert await engine.client.get(SECRET_KEY) == b"another"
        assert caplog.text.count("another secret") == 1


async def test_a_redis_that_was_emptied_knows_its_nodes_secret_within_a_beat(redis_url: str) -> None:
    async with nodes(redis_url, 1), engine_of(redis_url) as engine:
        await engine.client.flushdb()
        async with asyncio.timeout(EVERY_S / 2):
            while not await engine.client.exists(SECRET_KEY):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_other_settings_are_named_at_the_start_with_who_has_them(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with nodes(redis_url, 2, window_s=900, server_name="Campus"):
        assert "other settings" not in caplog.text
        async with nodes(redis_url, 1, is_empty=True, window_s=600, drain_s=5, admin_token="s" * 32) as (app,):
            [line] = [line for line in caplog.messages if "other settings" in line]
            assert app.cluster is not None
            where = f"{app.cluster.offices.name} and 1 more"
            assert f"window_s (600 here, 900 at {where})" in line
            assert f"server_name (another at {where})" in line
            assert f"admin_token (another at {where})" in line
            assert "drain_s" not in line
            assert "s" * 32 not in line


async def test_nodes_that_ended_are_not_compared_with(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with engine_of(redis_url) as engine:
        await engine.client.flushdb()
        ann, bo = alike(engine, "ann", window_s=600), alike(engine, "bo", window_s=900)
        await ann.start()
        await bo.start()
        assert "window_s (900 here, 600 at ann.example)" in bo.differences
        await ann.stop()
        assert [node.called for node in await others_at(engine)] == ["bo.example"]
        cy = alike(engine, "cy")
        await cy.start()
        # Of one that was killed the others may know, and it is known that it says nothing any more.
        await Registry(engine, node="bo", died=print, came=print).declare_dead("cy")
        assert [node.called for node in await others_at(engine)] == ["bo.example"]
        monkeypatch.setattr(engine, "time", lambda: time.time() + KEPT_S + 5)
        assert await others_at(engine) == []
        await bo.stop()
        await cy.stop()


async def test_a_redis_that_takes_nothing_is_no_place_to_begin(tmp_path: Path) -> None:
    async with redis_server(tmp_path, "--maxmemory", "1") as server, engine_of(server.url) as engine:
        with pytest.raises(EngineError, match=r"^Redis at 127\.0\.0\.1:\d+ cannot be used: .*'maxmemory'\.$"):
            await alike(engine, "ann").start()


async def test_what_cannot_be_read_is_passed_over(redis_url: str) -> None:
    async with engine_of(redis_url) as engine:
        await engine.client.flushdb()
        await engine.client.hset(SETTINGS_KEY, mapping={"one": b"\xff", "two": b'{"called": 3}'})
        node = alike(engine, "ann")
        await node.start()
        assert node.differences == ""
        await node.stop()


def test_no_text_and_no_secret_is_told_of() -> None:
    chosen = load(None, {}, {"terms": "Be kind", "webhook_url": "https://h.example/?t=1", "webhook_secret": "w" * 24})
    mark = Mark(bytes.fromhex(SECRET), chosen.settings)
    texts = {name for name, setting in SETTINGS.items() if setting.kind is str}
    prints = {mark.settings[name] for name in texts & set(mark.settings) if mark.settings[name] not in ("", "set")}
    assert {len(str(told)) for told in prints} == {32}
    assert len(prints) > 10
    assert mark.secret not in prints
    assert mark.secret != Mark(bytes.fromhex(OTHER), chosen.settings).secret


def test_a_store_is_the_same_whoever_asks_it() -> None:
    urls = ("redis://ann:one@h.example:1/2", "redis://bo:two@h.example:1/2", "redis://bo:two@h.example:1/3")
    one, two, three = (
        Mark(bytes(32), load(None, {}, {"store": url, "secret": SECRET}).settings).settings["store"] for url in urls
    )
    assert one == two != three
