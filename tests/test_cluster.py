"""Several nodes are one server: people at different ones sit together, hear each other, and find their seats again."""

import asyncio
import time

import pytest
from redis import asyncio as redis

from server.cluster.log import OUTLASTS_S, RoomLog
from server.cluster.registry import Registry
from tests.apps import Clients
from tests.cluster_clients import until
from tests.clusters import nodes, together, until_shown
from tests.jwts import AUTH, SECRET, shared
from tests.sessions import HERE
from tests.test_cluster_regions import nobody_near


async def test_people_at_different_nodes_sit_together_and_talk(redis_url: str) -> None:
    async with nodes(redis_url, 3) as (one, two, three), Clients(one) as clients:
        ann, bo, cy = await clients.new(), await clients.new(at=two), await clients.new(at=three)
        for client, name in ((ann, "Ann"), (bo, "Bo"), (cy, "Cy")):
            await client.enter(HERE, name=name)
        await together(ann, bo, cy)
        await bo.say("say", text="Hello from the second", room=bo.room, ref="r")
        for each in (ann, bo, cy):
            said = await each.hear("said")
            assert (said["text"], said["name"]) == ("Hello from the second", "Bo")


async def test_whoever_comes_back_at_another_node_has_their_seat(redis_url: str) -> None:
    async with nodes(redis_url, 2) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new()
        await ann.enter(HERE, name="Ann")
        await bo.enter(HERE, name="Bo")
        room, seq, token = bo.room, bo.seq, bo.token
        await bo.socket.close()
        await ann.say("say", text="Missed", room=ann.room)
        await ann.hear("said")
        back = await clients.new(at=two)
        entered = await back.ask("enter", "entered", cell=HERE, token=token, resume={"room": room, "seq": seq})
        assert entered["resumed"]
        assert (await back.hear("said"))["text"] == "Missed"
        assert [len(node.house.identities.waiting) for node in (one, two)] == [0, 0]
        await until(lambda: [node.node.processes() for node in (one, two)] == [2, 2])


async def test_no_seat_of_too_many_that_wait_is_given_up_while_a_node_stands_still(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(redis_url, 2) as (one, _), Clients(one) as clients:
        gone, stays = await clients.new(), await clients.new()
        for client in (gone, stays):
            await client.enter(HERE)
        await gone.socket.close()
        await until(lambda: len(one.house.identities.waiting) == 1)
        origin = next(iter(one.node.peers.values())).session.origin
        monkeypatch.setattr(one.house.door, "_wait_max", 0)
        with monkeypatch.context() as asleep:
            asleep.setattr(Registry, "has_slept", True)
            one.node.give_up_one_too_many(origin)
            assert len(one.house.world.people) == 2
        one.node.give_up_one_too_many(origin)
        assert len(one.house.world.people) == 1


async def test_token_given_at_another_node_after_leaving_is_good_at_all_and_that_of_before_at_none(
    redis_url: str,
) -> None:
    settings = dict(auth_secret=SECRET, **AUTH)
    async with nodes(redis_url, 2, **settings) as (one, two), Clients(one) as clients:
        ann = await clients.new()
        dead = (await ann.ask("enter", "entered", cell=HERE, auth=shared(time.time())))["you"]["token"]
        await ann.ask("leave", "bye")
        who = one.house.identities.named_by(dead, now=time.time())
        await until(lambda: two.house.store.has_ended(who))
        again = await clients.new(at=two)
        good = (await again.ask("enter", "entered", cell=HERE, auth=shared(time.time())))["you"]["token"]
        for node in (one, two):
            back = await clients.new(at=node)
            assert (await back.ask("enter", "error", cell=HERE, token=dead))["code"] == "bad_token"
            assert await back.ask("enter", "entered", cell=HERE, token=good)


async def test_whoever_was_gone_for_long_sits_where_they_left_with_what_was_known_of_them(redis_url: str) -> None:
    async with nodes(redis_url, 2, resume_grace_s=0.2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new()
        for client in (ann, bo):
            await client.enter(HERE)
        # Where they come back there is company, too.
        assert two.cluster is not None
        two.cluster.finding._near_company = nobody_near  # type: ignore[method-assign]
        for client in [await clients.new(at=two) for _ in range(4)]:
            await client.enter(HERE)
            assert client.room in two.house.world.rooms
        who = one.house.world.rooms[bo.room].seats[bo.me].person.id
        known = one.house.identities.known(who)
        assert known is not None
        await bo.socket.close()
        assert (await ann.hear("left"))["id"] == bo.me
        # As if the process that has the room knew nothing of them by itself.
        one.house.identities.let_go(who)
        back = await clients.new(at=two)
        await back.enter(HERE, token=bo.token)
        assert back.room == ann.room
        again = one.house.identities.known(who)
        assert again is not None
        assert again is not known
        assert (again.first_at, [room for room, _ in again.rooms]) == (known.first_at, [ann.room])


async def test_what_passes_through_redis_ends_by_real_time_however_fast_the_rooms_live(redis_url: str) -> None:
    async with nodes(redis_url, 1, time_scale=600, window_s=7200) as (one,), Clients(one) as clients:
        ann = await clients.new()
        await ann.enter(HERE)
        await until_shown(redis_url)
        async with redis.Redis.from_url(redis_url) as client:
            left = {key.decode(): await client.ttl(key) async for key in client.scan_iter("ha:{*}*")}
            left |= {key.decode(): await client.ttl(key) async for key in client.scan_iter("ha:rooms:*")}
    lasting = [key for key in left if key.startswith("ha:{store}")]
    passing = {key: ttl for key, ttl in left.items() if key not in lasting}
    assert {f"ha:{{{ann.room}}}:log"} < set(passing)
    # A room that begins in a window's last quarter lasts through the next one.
    assert all(0 < ttl <= 1.25 * 7200 / 600 + 900 + OUTLASTS_S for ttl in passing.values()), passing


@pytest.mark.parametrize(("owner", "name", "late"), [(Registry, "has_slept", True), (RoomLog, "waits_s", 1.0)])
async def test_a_node_that_slept_or_cannot_write_ends_no_window_before_it_knows_what_became_of_it(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, late: float
) -> None:
    state = {name: late}
    async with nodes(redis_url, 1, window_s=10, time_scale=10) as (one,), Clients(one) as clients:
        ann = await clients.new()
        closes_s = (await ann.enter(HERE))["closes"] / 1000
        monkeypatch.setattr(owner, name, property(lambda self: state[name]))
        assert one.cluster is not None
        while one.cluster.now() < closes_s + 5.0:  # noqa: ASYNC110 - half a second after it
            await asyncio.sleep(0.05)
        assert ann.room in one.house.world.rooms
        state[name] = 0
        while (await ann.hear("room"))["why_code"] != "window":
            pass


async def test_whoever_was_led_on_elsewhere_is_not_shown_a_room_that_is_over(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = {"has_slept": True}
    monkeypatch.setattr(Registry, "has_slept", property(lambda self: slept["has_slept"]))
    async with nodes(redis_url, 1, window_s=10, time_scale=10, resume_grace_s=300) as (one,), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new()
        await ann.enter(HERE)
        closes_s = (await bo.enter(HERE))["closes"] / 1000
        assert one.cluster is not None
        while one.cluster.now() < closes_s:  # noqa: ASYNC110 - real time
            await asyncio.sleep(0.05)
        ann.abort()
        bo.abort()
        back, again = await clients.new(), await clients.new()
        resume = {"room": bo.room, "seq": bo.seq}
        assert (await again.enter(HERE, token=bo.token, resume=resume))["room"] == bo.room, (
            "there is more to hear there"
        )
        entering = asyncio.create_task(back.enter(HERE, token=ann.token, resume={"room": "elsewhere", "seq": 1}))
        await asyncio.sleep(0.1)
        slept["has_slept"] = False
        assert (await entering)["room"] != ann.room
