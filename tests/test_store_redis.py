"""The store in Redis: two nodes are of one mind, and what was forgotten is nowhere."""

import asyncio
from pathlib import Path

import pytest

from server.cluster import store_wire
from tests.redis_cluster import redis_cluster
from tests.redis_stores import WORDS, all_of, emptied, everything_in, fill, linked, until
from tests.stores import (
    ANN,
    BO,
    CY,
    audited,
    block,
    bottle,
    bottle_answer,
    ended,
    report,
    standing,
    tie,
)  # fmt: skip


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
