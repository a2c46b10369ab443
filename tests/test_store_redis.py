"""The store in Redis: two nodes are of one mind, what was forgotten is nowhere, and an outage loses nothing."""

import asyncio
import logging
import time
from pathlib import Path

import msgspec
import pytest
from redis import asyncio as redis

from server.cluster import engine, store, store_link, store_wire
from server.cluster.engine import Engine
from server.cluster.store import QUEUE_MAX
from server.cluster.store_rows import Field, packed, unpacked
from server.cluster.store_wire import KEY, LOG, History, Wire
from server.store.database import FILE
from server.store.rows import Row, Switch
from server.store.store import StoreError
from tests.redis_cluster import redis_cluster
from tests.redis_server import redis_server
from tests.redis_stores import Linked, emptied, everything_in, linked, until
from tests.stores import (
    ANN,
    BO,
    CY,
    audited,
    ban,
    block,
    bottle,
    bottle_answer,
    ended,
    mark,
    notice,
    on_disk,
    report,
    seal,
    standing,
    tie,
)  # fmt: skip

WORDS = "meet me behind the old tram depot"


def fill(node: Linked) -> None:
    """Write a row of each kind."""
    store = node.store
    store.put_standing(standing())
    store.end(ended("dd" * 12))
    store.add_block(block(name=WORDS))
    store.put_mark(mark())
    store.add_ties(tie())
    store.add_ban(ban(network="192.0.2.0/24", until=None))
    store.put_report(report(), b"\x00evidence")
    store.put_bottle(bottle(is_held=True))
    store.put_answer(bottle_answer())
    store.add_notice(notice(text=WORDS))
    store.switch_off(Switch(feature="shake", at=1.0))
    store.add_audit(audited())


def all_of(node: Linked) -> list[str]:
    """Return every row and evidence of a node, comparable."""
    return sorted([repr(row) for row in node.store.rows()] + [repr(node.store.evidence("R1"))])


@pytest.fixture
async def url(redis_url: str) -> str:
    await emptied(redis_url)
    return redis_url


async def test_each_node_has_what_the_others_write(url: str) -> None:
    one, other = await linked(url), await linked(url)
    fill(one)
    await until(lambda: all_of(one) == all_of(other))
    assert len(all_of(other)) == 13
    assert other.store.ban_of_address("192.0.2.9", now=1.0)
    assert other.store.audit(most=9) == [audited()]
    other.store.remove_ban("ban1")
    other.store.take_notices(ANN)
    other.store.remove_report("R1")
    other.store.end(ended(ANN))
    await until(lambda: all_of(one) == all_of(other))
    assert (one.store.bans(), one.store.reports(), one.store.blocks_of(ANN)) == ([], [], [])
    assert one.store.evidence("R1") is None
    assert one.store.take_notices(ANN) == []
    await one.close()
    await other.close()


async def test_nodes_share_a_redis_cluster(tmp_path: Path) -> None:
    async with asyncio.timeout(60), redis_cluster(tmp_path) as cluster:
        url = cluster.url.replace("redis://", "redis+cluster://")
        one, other = await linked(url), await linked(url)
        fill(one)
        await until(lambda: all_of(one) == all_of(other))
        await other.link.tend()
        assert (one.store.expires, other.store.expires) == (True, False)
        await one.close()
        await other.close()
        third = await linked(url)
        assert all_of(third) == all_of(one)
        await third.close()


async def test_renewed_rows_keep_their_order_elsewhere(url: str) -> None:
    one, other = await linked(url), await linked(url)
    for number, whom in enumerate((BO, CY)):
        one.store.add_block(block(ANN, whom, at=float(number)))
        one.store.add_ties(tie(ANN, whom, at=float(number)))
    one.store.add_block(block(ANN, CY, at=1.0, until=500.0))
    one.store.renew_blocks(ANN, until=400.0)
    one.store.renew_ties(ANN, until=400.0)
    await until(lambda: [held.until for held in other.store.blocks_of(ANN)] == [400.0, 500.0])
    assert other.store.blocks_of(ANN) == one.store.blocks_of(ANN)
    assert other.store.ties_of("keep", ANN) == one.store.ties_of("keep", ANN)
    await one.close()
    await other.close()


async def test_bottle_given_away_by_two_nodes_at_once_is_in_the_hands_of_both(url: str) -> None:
    one, other = await linked(url), await linked(url)
    one.store.put_bottle(bottle(picked=(), in_hand=()))
    await until(lambda: other.store.bottle("b1"))
    one.store.put_bottle(bottle(picked=(BO,), in_hand=(BO,)))
    other.store.put_bottle(bottle(picked=(CY,), in_hand=(CY,)))
    both = bottle(picked=(BO, CY), in_hand=(BO, CY))
    await until(lambda: one.store.bottle("b1") == other.store.bottle("b1") == both)
    await one.close()
    await other.close()


async def test_what_is_written_for_somebody_who_is_just_forgotten_elsewhere_is_forgotten_too(url: str) -> None:
    one, other = await linked(url), await linked(url)
    one.store.put_bottle(bottle(picked=(), in_hand=()))
    await until(lambda: other.store.bottle("b1"))
    one.store.end(ended(ANN))
    other.store.put_standing(standing())
    other.store.add_block(block())
    other.store.put_bottle(bottle(picked=(CY,), in_hand=(CY,)))
    await until(lambda: other.store.has_ended(ANN))
    await until(lambda: len(one.store.outbox) == len(other.store.outbox) == 0 and all_of(one) == all_of(other))
    third = await linked(url)
    assert list(third.store.rows()) == [ended(ANN)]
    for node in (one, other, third):
        await node.close()


async def test_forgotten_ids_and_words_are_in_no_key_and_no_value(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    node = await linked(url)
    node.store.put_standing(standing())
    node.store.add_block(block(name=WORDS))
    node.store.add_ties(tie(BO, ANN))
    node.store.put_bottle(bottle(picked=(), in_hand=(), sealed=b"words of Ann's"))
    node.store.put_answer(bottle_answer(by=ANN, owner=BO, sealed=b"more words"))
    node.store.put_report(report(reporters=(ANN, CY)), b"evidence")
    await node.link.flush()
    there = await everything_in(url)
    assert ANN.encode() in there
    assert b"words of Ann's" in there
    assert WORDS.encode() not in there, "what somebody wrote is sealed"
    node.store.end(ended(ANN))
    await node.link.flush()
    monkeypatch.setattr(store_wire, "LOG_S", -1.0)
    await node.link.tend()
    # That they were ended is known by their number, until their tokens expire.
    there = await everything_in(url, but="ha:{store}:ended")
    assert ANN.encode() not in there
    assert b"words" not in there
    assert CY.encode() in there, "what is kept of others is there"
    node.store.expire(now=1e9)
    await node.link.flush()
    await node.link.tend()
    assert b"evidence" not in await everything_in(url)
    await node.close()


async def test_one_node_forgets_what_is_over_and_the_others_follow(url: str) -> None:
    one, other = await linked(url), await linked(url)
    one.store.add_block(block(until=10.0))
    await until(lambda: other.store.blocks_of(ANN))
    assert other.store.expire(now=50.0) == 0
    assert one.store.expire(now=50.0) == 1
    await until(lambda: not other.store.blocks_of(ANN))
    await one.close()
    await other.link.tend()
    assert other.store.expires
    await other.close()


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


async def test_backup_is_the_file_that_a_store_on_disk_reads_and_goes_back_into_an_empty_redis(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = await linked(url)
    fill(node)
    folder = tmp_path / "state"
    folder.mkdir()
    node.store.backup(folder / FILE)
    assert [path.name for path in folder.iterdir()] == [FILE]
    with pytest.raises(StoreError, match="exists already"):
        node.store.backup(folder / FILE)
    with pytest.raises(StoreError, match="cannot be written"):
        node.store.backup(tmp_path / "nowhere" / "file")
    copy = on_disk(folder)
    assert sorted(map(repr, copy.rows())) == sorted(map(repr, node.store.rows()))
    assert copy.evidence("R1") == b"\x00evidence"
    copy.close()
    await node.close()
    await emptied(url)
    monkeypatch.setattr(store, "QUEUE_MAX", 5)
    restored = await linked(url, folder=folder)
    assert all_of(restored) == all_of(node)
    restored.store.end(ended(ANN))
    await restored.close()
    again = await linked(url, folder=folder)
    assert again.store.blocks_of(ANN) == [], "only an empty store takes a folder's rows over"
    await again.close()


@pytest.mark.parametrize(
    ("table", "row", "news"),
    [
        ("standings", standing(), ("throws_due", "picks_due", "answers_due")),
        ("answers", bottle_answer(is_told=True), ("is_heard",)),
    ],
)
def test_rows_of_an_earlier_version_hold_and_it_reads_those_of_this_one(
    table: str, row: Row, news: tuple[str, ...]
) -> None:
    then = {name: value for name, value in msgspec.structs.asdict(row).items() if name not in news}
    assert unpacked(table, msgspec.msgpack.encode(then), seal()) == row
    later = msgspec.structs.asdict(row) | {"of_a_later_version": 1}
    assert unpacked(table, msgspec.msgpack.encode(later), seal()) == row


async def test_name_sealed_under_another_secret_is_gone_and_the_block_holds(url: str) -> None:
    node = await linked(url)
    node.store.add_block(block())
    await node.close()
    other = await linked(url, secret=bytes(32))
    assert [held.name for held in other.store.blocks_of(ANN)] == [""]
    await other.close()


async def test_what_is_no_row_is_refused_and_left(url: str) -> None:
    engine = Engine(url)
    await engine.open()
    await Wire(engine, node="elsewhere").write(1, {Field("bans", "b"): b"\x80"})
    with pytest.raises(StoreError, match="no store of this version"):
        await linked(url)
    assert await engine.client.hget(f"{KEY}bans", "b") == b"\x80"
    await engine.close()
