"""What could not be written down while Redis was away: who waits for it afterwards, and for how long."""

import asyncio
from types import SimpleNamespace
from typing import Any

from redis import asyncio as redis

from server.cluster.entries import log_key
from server.cluster.log import Verdict
from server.cluster.writing import Writing
from tests.apps import Clients
from tests.clusters import nodes
from tests.sessions import HERE
from tests.test_cluster_moving import cluster_of


class Log:
    """A log that did not answer, and holds some rooms by now."""

    is_away = True

    def __init__(self, *held: str) -> None:
        self.held = held
        self.sent: asyncio.Future[dict[str, Verdict]] = asyncio.get_running_loop().create_future()

    def holds(self, room: str) -> bool:
        return room in self.held

    def send(self) -> asyncio.Future[dict[str, Verdict]]:
        return self.sent


def unwritten(log: Log) -> tuple[Writing, asyncio.Future[None]]:
    """Return a writing that waits for what `log` says of this turn, and what is done when it may be heard."""
    nothing = SimpleNamespace(free=lambda is_free: None, happened=lambda: None)
    house = SimpleNamespace(world=SimpleNamespace(rooms={}))
    registry = SimpleNamespace(is_buried=False, is_degraded=False)
    cluster: Any = SimpleNamespace(log=log, commit=nothing, house=house, registry=registry)
    writing = Writing(cluster, asyncio.get_running_loop())
    done = asyncio.get_running_loop().create_future()
    writing._send(done)
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
    writing._let_out_of_ended()
    writing.noticed("ended", Verdict.LOST)
    writing._end_limbo()
    assert not done.done()
    registry.is_buried = False
    writing._let_out_of_ended()
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
