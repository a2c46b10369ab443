"""The store's link to Redis: an outage loses nothing, and whoever fell behind catches up."""

import asyncio
import logging
import time
from pathlib import Path

import pytest
from redis import asyncio as redis

from server.cluster import engine, store_link, store_wire
from server.cluster.engine import Engine
from server.cluster.store import QUEUE_MAX
from server.cluster.store_rows import Field, packed
from server.cluster.store_wire import KEY, LOG, History, Wire
from server.store.rows import Switch
from server.store.store import StoreError
from tests.redis_server import redis_server
from tests.redis_stores import all_of, emptied, fill, linked, until
from tests.stores import ANN, BO, CY, ban, block, seal, standing


@pytest.fixture
async def url(redis_url: str) -> str:
    await emptied(redis_url)
    return redis_url


async def test_node_that_missed_a_part_of_the_log_loads_everything_anew(url: str) -> None:
    node = await linked(url)
    node.store.add_block(block(ANN, BO))
    await node.link.flush()
    engine = Engine(url)
    await engine.open()
    elsewhere = Wire(engine, node="elsewhere")
    kept = block(BO, CY)
    await elsewhere.write(1, {Field("blocks", f"{BO} {CY} "): packed(kept, seal())})
    await until(lambda: node.store.blocks_of(BO))
    await engine.client.hdel(f"{KEY}blocks", f"{ANN} {BO} ")
    await elsewhere.write(7, {Field("blocks", f"{BO} {CY} "): packed(kept, seal())})
    await until(lambda: node.link.loads == 2)
    assert node.store.blocks_of(ANN) == []
    assert node.store.blocks_of(BO) == [kept]
    await engine.close()
    await node.close()


async def test_restart_of_a_redis_that_writes_things_down_loses_nothing_accepted(tmp_path: Path) -> None:
    flags = ("--appendonly", "yes", "--appendfsync", "always")
    async with asyncio.timeout(60), redis_server(tmp_path, *flags) as server:
        node = await linked(server.url)
        fill(node)
        await node.link.flush()
        before = all_of(node)
        await server.kill()
        await until(lambda: node.store.away)
        await server.start()
        await until(lambda: not node.store.away)
        node.store.add_block(block(CY, ANN))
        await node.link.flush()
        other = await linked(server.url)
        assert all_of(other) == all_of(node)
        assert set(before) < set(all_of(other))
        await node.close()
        await other.close()


async def test_redis_that_stands_still_is_away_and_catches_up(tmp_path: Path) -> None:
    async with asyncio.timeout(60), redis_server(tmp_path) as server:
        node, other = await linked(server.url), await linked(server.url)
        node.store.add_block(block())
        await until(lambda: other.store.blocks_of(ANN))
        server.stop_for_a_while()
        node.store.add_ban(ban(identity=CY))
        with pytest.raises(StoreError, match="does not answer"):
            await node.link.flush()
        assert node.store.blocks_of(ANN) == [block()], "reads go on"
        with pytest.raises(StoreError, match="does not answer"):
            node.store.add_block(block(BO, CY))
        assert node.store.blocks_of(BO) == []
        assert node.store.take_notices(ANN) == []
        node.store.put_standing(standing())
        server.go_on()
        await until(lambda: other.store.standing(ANN) and other.store.ban_of(CY, now=1.0))
        assert not node.store.away
        node.store.add_block(block(BO, CY))
        await until(lambda: other.store.blocks_of(BO))
        assert all_of(node) == all_of(other)
        await node.close()
        await other.close()


async def test_redis_that_comes_back_empty_is_told_everything_anew(tmp_path: Path) -> None:
    async with asyncio.timeout(60), redis_server(tmp_path) as server:
        node, other = await linked(server.url), await linked(server.url)
        fill(node)
        await until(lambda: all_of(node) == all_of(other))
        await server.kill()
        await until(lambda: node.store.away and other.store.away)
        await server.start()
        await until(lambda: not node.store.away and not other.store.away)
        other.store.add_block(block(CY, BO))
        await until(lambda: node.store.blocks_of(CY))
        third = await linked(server.url)
        assert all_of(third) == all_of(node) == all_of(other)
        for each in (node, other, third):
            await each.close()


async def test_log_in_which_all_is_old_leaves_nobody_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_link, "TEND_EVERY_S", 0.02)
    node = await linked(url)
    node.store.add_block(block())
    await node.link.flush()
    tended = 0
    tend = node.link.tend

    async def counted() -> None:
        nonlocal tended
        await tend()
        tended += 1

    monkeypatch.setattr(node.link, "tend", counted)
    await until(lambda: tended > 2)
    async with redis.Redis.from_url(url) as client:
        await client.xtrim(LOG, maxlen=0)
    loads, tended = node.link.loads, 0
    await until(lambda: tended > 2)
    assert node.link.loads == loads
    await node.close()


async def test_what_is_read_while_the_log_is_looked_at_is_not_lost(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_link, "TEND_EVERY_S", 0.02)
    one, other = await linked(url), await linked(url)
    one.store.add_block(block())
    await until(lambda: all_of(one) == all_of(other))
    history, looked = Wire.history, 0

    async def slowly(wire: Wire) -> History:
        nonlocal looked
        there = await history(wire)
        one.store.switch_off(Switch(feature="shake", at=float(looked)))
        await until(lambda: all_of(one) == all_of(other))
        looked += 1
        return there

    monkeypatch.setattr(Wire, "history", slowly)
    await until(lambda: looked > 3)
    assert (one.link.failures, other.link.failures) == (0, 0)
    monkeypatch.undo()
    await one.close()
    await other.close()


async def test_process_that_stood_still_goes_on_from_where_it_was_and_calls_nobody_away(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "COMMAND_TIMEOUT_S", 0.3)
    monkeypatch.setattr(store_wire, "BLOCK_MS", 100)
    node, other = await linked(url), await linked(url)
    other.store.add_block(block())
    await until(lambda: node.store.blocks_of(ANN))
    async with asyncio.timeout(60):
        with caplog.at_level(logging.INFO):
            while "in which this process stood still" not in caplog.text:  # between two reads it would miss nothing
                time.sleep(1.0)  # noqa: ASYNC251 - the whole process stands still
                node.store.add_block(block(BO, CY))
                await node.link.flush()
                await asyncio.sleep(0.05)
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
    assert node.link.failures == 0
    await until(lambda: other.store.blocks_of(BO))
    assert all_of(node) == all_of(other)
    await node.close()
    await other.close()


async def test_waiting_changes_are_bounded_while_redis_is_away(tmp_path: Path) -> None:
    async with asyncio.timeout(60), redis_server(tmp_path) as server:
        node = await linked(server.url)
        await server.kill()
        await until(lambda: node.store.away)
        for number in range(QUEUE_MAX + 5):
            node.store.put_standing(standing(f"{number:024x}"))
        assert (len(node.store.outbox), node.store.unsent) == (QUEUE_MAX, 5)
        await node.close()
