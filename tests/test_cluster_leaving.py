"""A node that is told to end: its rooms go on at others while people talk, then its people go there too."""

import asyncio
import contextlib
import os
import signal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from redis import asyncio as redis

from client_demo.client import Client as Visitor
from geo import Cell
from rooms.person import Person
from server.app import App
from server.cluster import claims, handing, leaving
from server.cluster.doubles import Doubles
from server.cluster.entries import log_key
from server.cluster.takeover import take_over
from server.cluster.wire import Handed, Message
from tests.apps import Client, Clients, get
from tests.cluster_clients import until
from tests.clusters import nodes, together, until_shown
from tests.redis_server import redis_server
from tests.served import PATIENCE_S, serving
from tests.sessions import FAR_AWAY, HERE
from tests.test_cluster_moving import cluster_of
from tests.test_workers import LONG_S, of, until_acquainted, until_gone, workers

LATER = 10
"""So often everybody speaks after their room has left its host: by then it is at the other, and nothing comes back."""


async def say(talker: Client, *hearers: Client, text: str) -> None:
    await talker.say("say", text=text, room=talker.room, ref=text)
    for each in hearers:
        said = await each.hear("said", "bye", "room")
        assert (said["type"], said.get("text")) == ("said", text), said


async def at_each(clients: Clients, apps: list[App], redis_url: str) -> list[Client]:
    people: list[Client] = []
    for number, app in enumerate(apps):
        client = await clients.new(at=app)
        await client.enter(HERE, name=f"N{number}")
        people.append(client)
        await until_shown(redis_url)
    await together(*people)
    return people


async def test_a_room_goes_on_at_another_node_and_nobody_notices(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with nodes(redis_url, 3, drain_s=8) as apps, Clients(apps[0]) as clients:
        ann, bo, cy = await at_each(clients, apps, redis_url)
        host = next(app for app in apps if app.house.world.rooms)
        await say(bo, ann, bo, cy, text="before")
        seats = [(each.room, each.me) for each in (ann, bo, cy)]
        leaving = asyncio.create_task(host.begin_to_drain().run())
        async with asyncio.timeout(PATIENCE_S):
            while host.house.world.rooms:  # noqa: ASYNC110 nobody tells of it, and that is the point
                await asyncio.sleep(0.01)
        assert (await get(host, "/readyz"))[0] == 503
        for number, each in enumerate((ann, bo, cy)):
            await say(each, ann, bo, cy, text=f"after {number}")
        assert [(each.room, each.me) for each in (ann, bo, cy)] == seats
        [gone] = [client for client, app in zip((ann, bo, cy), apps, strict=True) if app is host]
        events, code = await gone.until_closed()
        assert (code, events[-1]["why_code"], events[-1]["reconnect_in"]) == (4000, "drain", 0.5)
        with pytest.raises(ConnectionRefusedError):  # else a proxy might send them here again
            await get(host, "/about")
        await asyncio.wait_for(leaving, PATIENCE_S)
        assert caplog.messages.count("Left: 1 client let go, 1 room handed on.") == 1
        back = await clients.new(at=next(app for app in apps if app is not host))
        resume = {"room": gone.room, "seq": gone.seq}
        entered = await back.ask("enter", "entered", cell=HERE, token=gone.token, resume=resume)
        assert entered["resumed"]
        room = await back.hear("room")
        assert (room["room"], room["me"]) == (gone.room, gone.me)
        others = [client for client in (ann, bo, cy) if client is not gone]
        await say(back, back, *others, text="back")


async def test_what_is_said_while_the_room_is_on_its_way_is_said_there_once_and_in_order(redis_url: str) -> None:
    async with nodes(redis_url, 3, drain_s=60) as apps, Clients(apps[0]) as clients:
        people = await at_each(clients, apps, redis_url)
        host = next(app for app in apps if app.house.world.rooms)
        leaving = asyncio.create_task(host.begin_to_drain().run())
        words: list[list[str]] = [[], [], []]
        left = LATER
        for number in count():
            for place, talker in enumerate(people):
                text = f"{place} {number}"
                words[place].append(text)
                await talker.say("say", text=text, room=talker.room, ref=text)
            left -= not host.house.world.rooms
            if not left:
                break
            await asyncio.sleep(0.002)
        for each in people:
            heard = [(await each.hear("said", "error", "room", "bye"))["text"] for _ in range(3 * len(words[0]))]
            assert [[text for text in heard if text.startswith(f"{place} ")] for place in range(3)] == words
        leaving.cancel()


async def test_newcomers_of_a_node_that_leaves_sit_elsewhere(redis_url: str) -> None:
    async with nodes(redis_url, 2, drain_s=60) as (one, two), Clients(one) as clients:
        late = await clients.new()
        leaving = asyncio.create_task(one.begin_to_drain().run())
        assert two.cluster is not None
        async with asyncio.timeout(PATIENCE_S):
            assert one.cluster is not None
            while one.cluster.name in two.cluster.registry.staying:  # noqa: ASYNC110 a beat of the registry's
                await asyncio.sleep(0.01)
        await late.enter(HERE, name="Ann")
        assert (len(one.house.world.people), len(two.house.world.people)) == (0, 1)
        leaving.cancel()


async def test_nodes_that_all_leave_let_people_go_as_a_lone_one_does(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with nodes(redis_url, 2, drain_s=4) as apps, Clients(apps[0]) as clients:
        people = await at_each(clients, apps, redis_url)
        ends = [asyncio.create_task(app.begin_to_drain().run()) for app in apps]
        for each in people:
            events, code = await each.until_closed()
            assert code == 4000
            assert events[-1]["reconnect_in"] > 1.0
        await asyncio.wait_for(asyncio.gather(*ends), PATIENCE_S)
        assert caplog.messages.count("Left: 1 client let go, 0 rooms handed on.") == 2


async def test_how_long_people_are_let_go_for_is_known_once_it_is_known_who_stays(redis_url: str) -> None:
    async with nodes(redis_url, 2, drain_s=4) as apps, Clients(apps[0]) as clients:
        await at_each(clients, apps, redis_url)
        drains = [app.begin_to_drain() for app in apps]
        told: list[float] = []
        ends = [drain.run(lambda: told.extend(drain.lets_go_s for drain in drains)) for drain in drains]
        await asyncio.wait_for(asyncio.gather(*ends), PATIENCE_S)
        assert told[-2:] == [2.0, 2.0]
    async with nodes(redis_url, 2, drain_s=4) as (one, _), Clients(one) as clients:
        await clients.new()
        drain = one.begin_to_drain()
        begins: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        leaving = asyncio.create_task(drain.run(lambda: begins.set_result(drain.lets_go_s)))
        assert await asyncio.wait_for(begins, PATIENCE_S) == 3.0
        leaving.cancel()


async def test_a_host_whose_own_people_have_gone_stays_until_those_it_is_relayed_have(redis_url: str) -> None:
    async with nodes(redis_url, 2, drain_s=4) as apps, Clients(apps[0]) as clients:
        people = await at_each(clients, apps, redis_url)
        place = next(number for number, app in enumerate(apps) if app.house.world.rooms)
        host, other = apps[place], apps[1 - place]
        await people[place].socket.close()
        async with asyncio.timeout(PATIENCE_S):
            while host.listener.open_count:  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.01)
        ends = [asyncio.create_task(app.begin_to_drain().run()) for app in (host, other)]
        await say(people[1 - place], people[1 - place], text="still here")
        assert not ends[0].done()
        _, code = await people[1 - place].until_closed()
        assert code == 4000
        await asyncio.wait_for(asyncio.gather(*ends), PATIENCE_S)


async def test_three_workers_are_replaced_one_after_another_and_nobody_loses_a_seat_or_a_word() -> None:
    heard: dict[str, list[str]] = {}
    async with (
        serving(*workers(3, look_every_s=1, drain_s=4)) as server,
        contextlib.AsyncExitStack() as stack,
    ):
        url = server.page.replace("http", "ws", 1) + "ws"
        redis = await until_acquainted(server, 3)
        people: list[Visitor] = []
        for number in range(6):
            person = Visitor(url, cell=HERE, name=f"N{number}", backoff_s=(0.2, 1.0))
            people.append(await stack.enter_async_context(person))
            await until_shown(redis)
        assert len({person.room for person in people}) == 1
        seats = [(person.room, person.me) for person in people]
        for person in people:
            words = heard[str(person.name)] = []
            person.on_event = lambda event, words=words: (
                words.append(event["text"]) if event["type"] == "said" else None
            )
        said: list[str] = []
        is_over = asyncio.Event()

        async def talk(person: Visitor) -> None:
            for number in count():
                text = f"{person.name} {number}"
                await person.say(text)
                said.append(text)
                if is_over.is_set():
                    return
                await asyncio.sleep(0.05)

        talking = [asyncio.create_task(talk(person)) for person in people]
        for worker in of(server, "server.cluster.worker"):
            os.kill(worker, signal.SIGTERM)
            await until_gone([worker])
            async with asyncio.timeout(LONG_S):
                while len(of(server, "server.cluster.worker")) < 3:  # noqa: ASYNC110 nobody tells
                    await asyncio.sleep(0.05)
        is_over.set()
        await asyncio.wait_for(asyncio.gather(*talking), LONG_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while any(len(words) < len(said) for words in heard.values()):  # noqa: ASYNC110 they are on their way
                    await asyncio.sleep(0.05)
        assert [(person.room, person.me) for person in people] == seats
        for name, words in heard.items():
            assert sorted(words) == sorted(said), name
        for person in people:
            person.on_event = None


async def test_a_room_that_nobody_takes_is_here_again(redis_url: str) -> None:
    async with nodes(redis_url, 2, drain_s=60) as (one, _), Clients(one) as clients:
        ann, bo = await clients.seated("Ann Bo")
        await say(ann, ann, bo, text="before")
        assert one.cluster is not None
        assert not await one.cluster.handing.hand_on(one.house.world.rooms[ann.room], "nobody")
        assert (await ann.until_closed())[1] == 4000
        back = await clients.new()
        resume = {"room": ann.room, "seq": ann.seq}
        assert (await back.ask("enter", "entered", cell=HERE, token=ann.token, resume=resume))["resumed"]
        room = await back.hear("room")
        assert (room["room"], room["me"], len(room["members"])) == (ann.room, ann.me, 2)
        await say(back, back, text="after")


async def test_a_room_that_is_here_again_is_not_taken_by_a_node_that_hears_of_it_late(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(redis_url, 2, drain_s=60) as (one, two), Clients(one) as clients:
        ann, _ = await clients.seated("Ann Bo")
        here, there = cluster_of(one), cluster_of(two)
        monkeypatch.setattr(handing, "ANSWER_S", 0.1)
        told: list[Message] = []
        monkeypatch.setattr(here, "tell", lambda _, message: told.append(message))
        assert not await here.handing.hand_on(one.house.world.rooms[ann.room], there.name)
        [handed] = [message for message in told if isinstance(message, Handed)]
        monkeypatch.undo()
        await there.handing._take(here.name, handed)
        assert [ann.room in app.house.world.rooms for app in (one, two)] == [True, False]


async def test_a_room_that_was_handed_on_is_taken_back_from_a_node_that_has_died(redis_url: str) -> None:
    async with nodes(redis_url, 2, drain_s=60) as (one, two), Clients(one) as clients:
        ann, bo = await clients.seated("Ann Bo")
        here, there = cluster_of(one), cluster_of(two)
        assert await here.handing.hand_on(one.house.world.rooms[ann.room], there.name)
        await say(ann, ann, bo, text="there")
        assert await take_over(here, ann.room, lives=lambda node: node != there.name) == ""
        room = one.house.world.rooms[ann.room]
        assert [getattr(event, "text", "") for event in room.recent()][-1] == "there"


async def test_who_sits_where_a_room_comes_to_leaves_it_before_the_eyes_of_those_who_come(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The room is there before the nodes have told each other.
    monkeypatch.setattr(Doubles, "found", lambda *_: None)
    async with nodes(redis_url, 2, drain_s=60) as (one, two), Clients(one) as clients:
        ann, bo = await clients.seated("Ann Bo")
        [id] = [seat.person.id for seat in one.house.world.rooms[bo.room].seats.values() if seat.member.id == bo.me]
        assert one.cluster is not None
        assert two.cluster is not None
        # As one who has come back there, unknown to the node where their seat waits.
        shadow = Person(id, Cell(FAR_AWAY))
        for change in two.house.world.enter(shadow, now=two.cluster.now()):
            two.node.carry_out(change)
        assert await one.cluster.handing.hand_on(one.house.world.rooms[ann.room], two.cluster.name)
        left = await ann.hear("left")
        assert (left["id"], left["why"]) == (bo.me, "moved")
        await say(ann, ann, text="after")


async def test_a_room_all_of_whose_people_sit_where_it_comes_to_is_over(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Doubles, "found", lambda *_: None)
    async with nodes(redis_url, 2, drain_s=60) as (one, two), Clients(one) as clients:
        [ann] = await clients.seated("Ann")
        [seat] = one.house.world.rooms[ann.room].seats.values()
        shadow = Person(seat.person.id, Cell(FAR_AWAY))
        for change in two.house.world.enter(shadow, now=cluster_of(two).now()):
            two.node.carry_out(change)
        assert not await cluster_of(one).handing.hand_on(one.house.world.rooms[ann.room], cluster_of(two).name)
        assert (await ann.until_closed())[1] == 4000
        assert not [app for app in (one, two) if ann.room in app.house.world.rooms]
        assert "bug while" not in caplog.text


async def test_a_room_that_redis_has_forgotten_goes_on_at_another_node(redis_url: str) -> None:
    async with nodes(redis_url, 2) as (one, two), Clients(one) as clients:
        ann, _ = await clients.seated("Ann Bo")
        await ann.ask("say", "said", text="one")
        async with redis.Redis.from_url(redis_url) as client:
            await client.delete(log_key(ann.room))
        assert await cluster_of(one).handing.hand_on(one.house.world.rooms[ann.room], cluster_of(two).name)
        assert [getattr(event, "text", "") for event in two.house.world.rooms[ann.room].recent()][-1] == "one"


async def test_no_room_is_lost_whose_redis_stands_still_and_begins_anew_as_it_is_handed_on(tmp_path: Path) -> None:
    away: dict[str, Any] = {"drain_s": 80, "look_every_s": 3600, "reach_max_m": 1000}
    async with redis_server(tmp_path) as server, nodes(server.url, 2, **away) as (one, two), Clients(one) as clients:
        for number in range(6):
            await (await clients.new()).enter(str(Cell.at(-60.0 + 5 * number, 20.0, 6)))
        rooms = set(one.house.world.rooms)
        assert len(rooms) == 6
        handing = [
            cluster_of(one).handing.hand_on(room, cluster_of(two).name) for room in one.house.world.rooms.values()
        ]
        server.stop_for_a_while()
        assert not any(await asyncio.gather(*handing))
        await server.kill()
        await server.start()
        await until(lambda: set(one.house.world.rooms) | set(two.house.world.rooms) == rooms)
        assert not set(one.house.world.rooms) & set(two.house.world.rooms)


async def test_what_is_said_in_the_turn_of_a_room_that_redis_does_not_hear_is_there_when_it_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "COMMAND_TIMEOUT_S", 0.1)
    monkeypatch.setattr(handing, "AGAIN_S", 0.1)
    async with redis_server(tmp_path) as server, nodes(server.url, 2) as (one, two), Clients(one) as clients:
        ann, bo = await clients.seated("Ann Bo")
        room, rooms = one.house.world.rooms[ann.room], one.house.world.rooms

        def last() -> str:
            return getattr(rooms[ann.room].recent()[-1], "text", "")

        server.stop_for_a_while()
        await bo.say("say", text="earlier")
        await until(cluster_of(one).writing.is_under_way)
        # From here on all is one turn, since the one before has no answer yet.
        await ann.say("say", text="last")
        await until(lambda: last() == "last")
        handed_on = asyncio.create_task(cluster_of(one).handing.hand_on(room, cluster_of(two).name))
        for each in (ann, bo):
            events, code = await each.until_closed()
            assert (code, "said" in [event["type"] for event in events]) == (4000, False)
        assert not await handed_on
        assert room.id not in rooms
        server.go_on()
        await until(lambda: room.id in rooms)
        assert last() == "last"
        assert room.id not in two.house.world.rooms


async def hangs(node: str, handed: Handed) -> None:
    """Go on with no room, and say nothing."""


async def test_a_node_that_hangs_is_offered_no_second_room(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "AT_ONCE", 1)
    monkeypatch.setattr(handing, "ANSWER_S", 0.7)
    async with nodes(redis_url, 3, drain_s=40) as (one, two, _), Clients(one) as clients:
        for cell in ("dr5rs0", "9q8yy0", "u4pru0", "xn76g0", "gcpvj0", "s00000", "6gyf40", "r3gx20"):
            await (await clients.new()).enter(cell)
        assert len(one.house.world.rooms) == 8
        await until(lambda: len(cluster_of(one).registry.staying) == 2)
        monkeypatch.setattr(cluster_of(two).handing, "_take", hangs)
        leaves = asyncio.create_task(one.begin_to_drain().run())
        # One more may have gone nowhere: the one by which it was found out.
        await until(lambda: cluster_of(one).handing.handed_on >= 7)
        leaves.cancel()
