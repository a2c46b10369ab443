"""Nobody who comes and goes leaves a circle of objects behind, so that they need not be looked for."""

import gc
from collections.abc import Iterator

import pytest

from server.cluster.commit import Held
from server.cluster.entrance import Entrance
from server.cluster.relay import RemoteLine
from server.collector import THRESHOLDS, look_rarely
from server.connection import Connection
from server.peer import Peer
from server.session import Session
from tests.apps import Clients, running
from tests.cluster_clients import until
from tests.clusters import nodes, until_shown
from tests.sessions import HERE, UNLIMITED, Stage
from tests.test_cluster_moving import go_over
from tests.worlds import START, Scene, busy_evening

OF_CLIENTS = (Connection, Entrance, Held, Peer, RemoteLine, Session)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    gc.enable()


def circles_of(people: int) -> int:
    """Return how many unreachable objects people leave who enter, talk, sit through two windows' ends, and go."""
    stage = Stage(window_s=60, closing_s=10, resume_grace_s=1, **UNLIMITED)
    gc.collect()
    gc.disable()
    guests = [stage.guest(["json", "msgpack"][number % 2]) for number in range(people)]
    for guest in guests:
        guest.enter()
        guest.ask("say", text="hello")
    stage.pass_time(130)
    for guest in guests[::2]:
        guest.ask("leave")
    for guest in guests[1::2]:
        guest.lose()
    stage.pass_time(5)
    assert not stage.house.world.people
    del guests, guest
    return gc.collect()


def test_more_people_leave_no_more_circles() -> None:
    circles_of(2)
    assert circles_of(60) <= circles_of(6) + 20


def of_clients() -> int:
    """Return how many objects there are that belong to one client each."""
    return sum(issubclass(type(each), OF_CLIENTS) for each in gc.get_objects())


async def test_connections_that_are_over_are_freed_by_counting() -> None:
    async with running(**UNLIMITED) as app:
        gc.collect()
        gc.disable()
        before = of_clients()
        async with Clients(app) as clients:
            ann, bo = await clients.seated("Ann Bo")
            await ann.ask("say", "said", text="Hello")
            assert of_clients() > before
            ann.abort()
            await bo.ask("leave", "bye")
        await until(lambda: of_clients() == before)


async def test_connections_to_one_of_many_nodes_are_freed_by_counting_too(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as residents:
        resident = await residents.new()
        await resident.enter(HERE)
        await until_shown(redis_url)
        gc.collect()
        gc.disable()
        before = of_clients()
        async with Clients(one) as clients:
            own, relayed, moved, back = [await clients.new(at=app) for app in (one, two, one, two)]
            for client in own, relayed, moved, back:
                await client.enter(HERE)
                assert client.room == resident.room
            await go_over(one, two, moved, back)
            await go_over(two, one, back)
            assert of_clients() > before
            own.abort()
            relayed.abort()
            await moved.ask("leave", "bye")
            await back.ask("leave", "bye")
        await until(lambda: of_clients() == before)


def test_rooms_leave_no_circles_at_all() -> None:
    busy_evening(1, people=40)
    scene = Scene()
    gc.collect()
    gc.disable()
    for person in scene.enter_many(60):
        scene.next(person)
    scene.wait_until(START + 2 * scene.rules.window_s)
    for person in list(scene.world.people.values()):
        scene.leave(person)
    scene.trace.clear()
    del person
    assert gc.collect() < 20


def test_all_objects_are_looked_at_as_good_as_never() -> None:
    look_rarely()
    assert gc.get_threshold() == THRESHOLDS
    assert gc.get_freeze_count() > 0
