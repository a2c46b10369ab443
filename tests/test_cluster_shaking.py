"""Who shakes in the same moment at different nodes meets as at one node, and nobody ever sits in two rooms."""

import asyncio
import random
import time
from collections import Counter
from typing import Any

from rooms.shaking import ANSWER_S, TOGETHER_S
from server.app import App
from tests.apps import PATIENCE_S, Client, Clients, Json
from tests.clusters import nodes
from tests.sessions import HERE

PLACES = (HERE, "xn76ur", "u09tvw")
"""Too far from each other for anybody to be seated with those of another: New York, Tokyo, Paris."""

FREELY: dict[str, Any] = {"shakes_per_h": 0}


async def shake(client: Client, ref: str) -> Json:
    """Shake and return what answers: a `room`, or `nobody`."""
    answer = await client.ask("shake", "room", "nobody", "error", ref=ref)
    while answer.get("ref") != ref:
        answer = await client.hear("room", "nobody", "error")
    return answer


async def seated_apart(clients: Clients, apps: list[App]) -> list[Client]:
    """Return one client at each node, each alone in a place of their own."""
    seated = []
    for app, place in zip(apps, PLACES, strict=False):
        client = await clients.new(at=app)
        await client.enter(place, name=place)
        seated.append(client)
    return seated


def whereabouts(apps: list[App]) -> Counter[str]:
    """Return how many rooms each person sits in."""
    rooms = (room for app in apps for room in app.house.world.rooms.values())
    return Counter(seat.person.id for room in rooms for seat in room.seats.values())


async def test_two_at_different_nodes_meet_and_talk_and_go_their_ways(redis_url: str) -> None:
    async with nodes(redis_url, 2, **FREELY) as apps, Clients(apps[0]) as clients:
        ann, bo = await seated_apart(clients, apps)
        home = {ann.room, bo.room}
        began = time.monotonic()
        answers = await asyncio.gather(shake(ann, "a"), shake(bo, "b"))
        assert TOGETHER_S <= time.monotonic() - began + 0.1 < ANSWER_S
        assert [(answer["kind"], answer["why_code"]) for answer in answers] == [("shake", "shake")] * 2
        assert ann.room == bo.room
        assert all(len(answer["members"]) == 2 for answer in answers), "nobody is shown a room of one"
        await ann.say("say", text="There you are", room=ann.room)
        assert (await bo.hear("said"))["text"] == "There you are"
        # One of the two sat at the node where they met, and is led back there; the other is seated near their cell.
        backs = [await client.ask("next", "room", ref="n") for client in (ann, bo)]
        assert [back["kind"] for back in backs] == ["nearby"] * 2
        assert len({ann.room, bo.room}) == 2
        assert len({ann.room, bo.room} & home) <= 1
        assert [back["cell"] for back in backs] == list(PLACES[:2])
        assert set(whereabouts(apps).values()) == {1}


async def test_three_at_three_nodes_meet_in_one_room(redis_url: str) -> None:
    async with nodes(redis_url, 3, **FREELY) as apps, Clients(apps[0]) as clients:
        people = await seated_apart(clients, apps)
        answers = await asyncio.gather(*(shake(client, "s") for client in people))
        assert {answer["type"] for answer in answers} == {"room"}
        assert len({client.room for client in people}) == 1
        assert sorted(whereabouts(apps).values()) == [1, 1, 1]


async def test_who_shakes_two_seconds_later_is_found_too(redis_url: str) -> None:
    async with nodes(redis_url, 2, **FREELY) as apps, Clients(apps[0]) as clients:
        ann, bo = await seated_apart(clients, apps)
        first = asyncio.create_task(shake(ann, "a"))
        await asyncio.sleep(TOGETHER_S - 0.3)
        second = asyncio.create_task(shake(bo, "b"))
        assert {(await first)["type"], (await second)["type"]} == {"room"}
        assert ann.room == bo.room


async def test_somebody_alone_is_told_nobody_after_four_seconds(redis_url: str) -> None:
    async with nodes(redis_url, 2, **FREELY) as apps, Clients(apps[0]) as clients:
        ann, bo = await seated_apart(clients, apps)
        before = ann.room
        began = time.monotonic()
        assert (await shake(ann, "a"))["type"] == "nobody"
        assert ANSWER_S - 0.1 < time.monotonic() - began < ANSWER_S + 1
        assert (await shake(bo, "b"))["type"] == "nobody", "two seconds are over"
        assert ann.room == before


async def test_who_has_blocked_somebody_never_meets_them(redis_url: str) -> None:
    async with nodes(redis_url, 2, resume_grace_s=1, **FREELY) as apps, Clients(apps[0]) as clients:
        ann, bo = await clients.new(), await clients.new()
        await ann.enter(HERE, name="Ann")
        await bo.enter(HERE, name="Bo")
        await ann.ask("block", "blocked", who=bo.me)
        await bo.socket.close()
        async with asyncio.timeout(PATIENCE_S):
            while len(whereabouts(apps)) > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        there = await clients.new(at=apps[1])
        await there.enter(PLACES[1], token=bo.token)
        assert there.room in apps[1].house.world.rooms
        answers = await asyncio.gather(shake(ann, "a"), shake(there, "b"))
        assert [answer["type"] for answer in answers] == ["nobody"] * 2


async def test_who_does_not_come_leaves_nobody_alone(redis_url: str) -> None:
    async with nodes(redis_url, 2, **FREELY) as apps, Clients(apps[0]) as clients:
        ann, bo = await seated_apart(clients, apps)
        before = bo.room

        # What is to take Ann to the other node is not done: as if her node had died just then.
        apps[0].cluster.moving.send = lambda *_, **__: None  # type: ignore[union-attr,method-assign]
        answers = asyncio.gather(shake(ann, "a"))
        await asyncio.sleep(0.2)
        assert (await shake(bo, "b"))["type"] == "nobody"
        assert bo.room == before
        assert not apps[1].house.world.shaking.promised
        answers.cancel()


async def test_who_shakes_where_a_node_ends_is_answered_before_their_room_goes_on_elsewhere(redis_url: str) -> None:
    async with nodes(redis_url, 2, drain_s=60, **FREELY) as apps, Clients(apps[0]) as clients:
        (ann,) = await seated_apart(clients, apps[:1])
        shaking = asyncio.create_task(shake(ann, "a"))
        async with asyncio.timeout(PATIENCE_S):
            while not apps[0].house.world.shaking.waiting:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        leaving = asyncio.create_task(apps[0].begin_to_drain().run())
        assert (await shaking)["type"] == "nobody"
        # Here nothing is known of that shake: another one is taken.
        assert (await shake(ann, "b"))["type"] == "nobody"
        assert ann.room in apps[1].house.world.rooms
        leaving.cancel()


async def test_sixty_at_three_nodes_meet_whoever_shook_within_two_seconds(redis_url: str) -> None:
    chance = random.Random(60)
    async with nodes(redis_url, 3, **FREELY) as apps, Clients(apps[0]) as clients:
        people: list[Client] = []
        for number in range(60):
            client = await clients.new(at=apps[number % 3])
            await client.enter(PLACES[number % 3])
            people.append(client)
        # Sparse at first, so that many find nobody at their own node, then all at once.
        moments = [*(chance.uniform(0, 14) for _ in range(24)), *(chance.uniform(14, 17) for _ in range(36))]
        loop = asyncio.get_running_loop()
        began = loop.time()

        async def act(client: Client, at: float) -> tuple[float, Json]:
            await asyncio.sleep(began + at - loop.time())
            shook = loop.time()
            answer = await shake(client, "s")
            return shook, answer

        order = chance.sample(people, len(people))
        results = await asyncio.gather(*map(act, order, moments))
        # Those who met stay where they are, so that all are counted at the end.
        could = [
            answer["type"] == "room"
            for shook, answer in results
            if any(abs(shook - other) <= TOGETHER_S - 0.05 for other, it in results if it is not answer)
        ]
        assert len(could) > 50
        assert sum(app.cluster.moving.moved_in for app in apps if app.cluster is not None) > 3
        assert sum(could) / len(could) >= 0.99
        seated = whereabouts(apps)
        assert len(seated) == 60
        assert set(seated.values()) == {1}
        rooms = [room for app in apps for room in app.house.world.rooms.values() if room.kind == "shake"]
        assert all(len(room.seats) > 1 for room in rooms)
