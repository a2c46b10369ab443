"""What could not be written down while Redis was away: who waits for it afterwards, and for how long."""

import asyncio
import time
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import pytest
from redis import asyncio as redis

from server.cluster.directory import Where
from server.cluster.entries import log_key
from server.cluster.log import Verdict
from server.cluster.takeover import take_over
from server.cluster.writing import LOOK_AGAIN_S, Writing
from tests.apps import Clients
from tests.cluster_clients import until
from tests.clusters import nodes
from tests.sessions import HERE
from tests.test_cluster_moving import cluster_of


class Log:
    """A log that did not answer, and holds some rooms by now."""

    is_away = True

    def __init__(self, *held: str, written: Collection[str] = ()) -> None:
        self.held = held
        self.written = written
        self.sent: asyncio.Future[dict[str, Verdict]] = asyncio.get_running_loop().create_future()

    def holds(self, room: str) -> bool:
        return room in self.held

    def was_written(self, room: str) -> bool:
        return room in self.written

    def send(self) -> asyncio.Future[dict[str, Verdict]]:
        return self.sent


def unwritten(log: Log) -> tuple[Writing, asyncio.Future[None]]:
    """Return a writing that waits for what `log` says of this turn, and what is done when it may be heard."""
    nothing = SimpleNamespace(free=lambda is_free: None, happened=lambda: None, awaits=lambda turn: True)
    journal = SimpleNamespace(anew=[])
    journal.write_anew = journal.anew.extend
    house = SimpleNamespace(world=SimpleNamespace(rooms={}))
    registry = SimpleNamespace(is_buried=False, is_degraded=False, may_be_outlived=False)
    cluster: Any = SimpleNamespace(log=log, commit=nothing, house=house, registry=registry, journal=journal)
    writing = Writing(cluster, asyncio.get_running_loop())
    done = asyncio.get_running_loop().create_future()
    writing._send(done, done)
    return writing, done


async def test_a_room_that_ended_while_redis_was_away_holds_nobody_up() -> None:
    log = Log("goes on")
    writing, done = unwritten(log)
    log.sent.set_result({"ended": Verdict.AWAY, "goes on": Verdict.AWAY})
    await asyncio.sleep(0)
    assert writing.is_unsure
    log.is_away = False
    writing.went_away(False)
    assert not done.done()
    assert writing.is_unsure
    writing.noticed("goes on", Verdict.GONE)
    assert done.done()
    assert not writing.is_unsure


async def test_what_was_said_in_a_room_that_ended_is_never_heard_where_the_others_went_on_without_this_node() -> None:
    log = Log()
    writing, done = unwritten(log)
    registry: Any = writing._cluster.registry
    registry.is_degraded = True
    log.sent.set_result({"ended": Verdict.AWAY})
    await asyncio.sleep(0)
    log.is_away = False
    writing.went_away(False)
    assert not done.done(), "it is not known yet whether they did"
    registry.is_degraded, registry.is_buried = False, True
    writing._let_out(of_ended=True)
    writing.noticed("ended", Verdict.LOST)
    writing._let_out(of_ended=False)
    assert not done.done()
    registry.is_buried = False
    writing._let_out(of_ended=True)
    assert done.done()


async def test_a_log_that_begins_anew_has_what_was_said_before(redis_url: str) -> None:
    async with nodes(redis_url, 2) as (one, two), Clients(one) as clients:
        ann, bo = await clients.seated("Ann Bo")
        for number in range(5):
            await ann.ask("say", "said", text=f"{number}", ref=f"{number}")
        async with redis.Redis.from_url(redis_url) as client:
            await client.delete(log_key(ann.room))
        await ann.ask("say", "said", text="5", ref="5")
        ann.abort()
        bo.abort()
        await cluster_of(two).registry.declare_dead(cluster_of(one).name)
        back = await clients.new(at=two)
        resume = {"room": ann.room, "seq": 2}
        assert (await back.ask("enter", "entered", cell=HERE, token=ann.token, resume=resume))["resumed"]
        assert back.room == ""
        assert [(await back.hear("room", "said")).get("text") for _ in range(7)] == [None, *"012345"]
        assert (await back.ask("say", "said", text="6"))["seq"] == 9


@pytest.mark.parametrize("goes", ["next", "leave"])
async def test_whoever_leaves_a_lost_room_in_the_turn_of_their_words_is_not_told_that_it_heard_them(
    redis_url: str, goes: str
) -> None:
    async with nodes(redis_url, 2) as (one, two), Clients(one) as clients:
        ann, _ = await clients.seated("Ann Bo")
        # As if this node had stood still: the others went on without it, and it does not know yet.
        await cluster_of(two).registry.declare_dead(cluster_of(one).name)
        assert await take_over(cluster_of(two), ann.room) == ""
        await ann.say("say", text="In no log.", ref="1")
        await ann.say(goes)
        events, code = await ann.until_closed()
        assert (code, "said" in [event["type"] for event in events]) == (4000, False)


async def test_a_room_that_began_without_redis_is_written_when_the_others_have_not_gone_on_without_this_node() -> None:
    writing, _ = unwritten(Log("new", "old", written=["old"]))
    cluster: Any = writing._cluster
    cluster.house.world.rooms |= {"new": object(), "old": object()}
    cluster.registry.may_be_outlived = True
    writing.noticed("new", Verdict.GONE)
    writing.noticed("old", Verdict.GONE)
    await asyncio.sleep(2 * LOOK_AGAIN_S)
    assert cluster.journal.anew == ["old"], "its words are known to those who sit there, and to nobody else"
    cluster.registry.may_be_outlived = False
    await asyncio.sleep(2 * LOOK_AGAIN_S)
    assert cluster.journal.anew == ["old", "new"]


async def test_words_of_such_a_room_wait_as_long() -> None:
    log = Log("room")
    writing, done = unwritten(log)
    cluster: Any = writing._cluster
    cluster.house.world.rooms["room"] = object()
    cluster.registry.may_be_outlived = True
    log.sent.set_result({"room": Verdict.GONE})
    await asyncio.sleep(0)
    assert writing.is_unsure
    cluster.registry.is_buried = True
    await asyncio.sleep(2 * LOOK_AGAIN_S)
    assert not done.done()
    assert cluster.journal.anew == []


@pytest.mark.parametrize("since_s", [0.0, -60.0], ids=["newer", "older"])
async def test_whoever_has_a_newer_seat_elsewhere_has_none_where_a_room_is_gone_on_with(
    redis_url: str, since_s: float
) -> None:
    async with nodes(redis_url, 3) as (one, two, three), Clients(one) as clients:
        ann, bo, cy = await clients.seated("Ann Bo Cy")
        [id] = [seat.person.id for seat in one.house.world.rooms[bo.room].seats.values() if seat.member.id == bo.me]
        for client in (ann, bo, cy):
            client.abort()
        await cluster_of(two).registry.declare_dead(cluster_of(one).name)
        await until(lambda: cluster_of(one).registry.is_buried)
        elsewhere = Where(cluster_of(three).name, "another room", None, time.time() + 3600, time.time() + since_s)
        cluster_of(three).directory.put_person(id, elsewhere)
        written = cluster_of(three).directory.written()
        assert written is not None
        await written
        back = await clients.new(at=two)
        resume = {"room": ann.room, "seq": ann.seq}
        assert (await back.ask("enter", "entered", cell=HERE, token=ann.token, resume=resume))["resumed"]
        if since_s < 0:
            # They moved here, and their node died before it had written so.
            await until(lambda: id in cluster_of(two).directory._people)
            assert bo.me in two.house.world.rooms[ann.room].seats
            return
        left = await back.hear("left")
        assert (left["id"], left["why"]) == (bo.me, "moved")
        assert two.house.world.rooms[ann.room].seats.keys() == {ann.me, cy.me}
        assert await cluster_of(two).directory.person(id) == elsewhere


async def test_a_node_that_was_outlived_first_writes_what_its_own_people_said() -> None:
    log = Log("old", "new", written=["old"])
    writing, _ = unwritten(log)
    cluster: Any = writing._cluster
    cluster.house.world.rooms |= {"new": object(), "old": object()}
    log.sent.set_result({"old": Verdict.AWAY, "new": Verdict.AWAY})
    await asyncio.sleep(0)
    cluster.registry.is_buried = cluster.registry.may_be_outlived = True
    catching_up = asyncio.create_task(writing.catch_up())
    await asyncio.sleep(2 * LOOK_AGAIN_S)
    log.is_away = False
    writing.noticed("new", Verdict.GONE)
    await asyncio.sleep(2 * LOOK_AGAIN_S)
    assert not catching_up.done()
    writing._is_sure("old")
    async with asyncio.timeout(10 * LOOK_AGAIN_S):
        await catching_up
    assert writing.is_unsure, "what began here meanwhile is never written"
