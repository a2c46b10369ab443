"""A region's people, spread over nodes, sit down anew together when its window ends."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from redis import asyncio as redis

from geo import Cell, Grid
from rooms.agenda import Window
from rooms.windows import region_of, window_end
from server.app import App
from server.cluster import regions
from server.cluster.cluster import Cluster
from server.cluster.regions import planner_of
from tests.apps import Client, Clients
from tests.cluster_clients import until
from tests.clusters import nodes
from tests.sessions import HERE

SCALE = 20
WINDOW: dict[str, Any] = {
    "window_s": 120,
    "closing_s": 10,
    "time_scale": SCALE,
    "look_every_s": 3600,
    "resume_grace_s": 300,
}
"""A window of six seconds, in which nobody is brought together before its end."""

WITHIN_S = 20.0


def beside(north: int, east: int = 0) -> str:
    grid = Grid(6)
    row, column = grid.position(Cell(HERE))
    return str(grid.cell(row + north, column + east))


def cluster_of(app: App) -> Cluster:
    assert app.cluster is not None
    return app.cluster


async def nobody_near(enter: object, identity: object) -> str:
    return ""


async def window_begins(app: App) -> None:
    """Return when there is half a window of HERE's region to come."""
    now, window_s = cluster_of(app).now(), app.house.settings.window_s
    left_s = window_end(region_of(Cell(HERE)), now, window_s) - now
    if left_s < window_s / 2:
        await asyncio.sleep(left_s / SCALE)


async def seated_apart(clients: Clients, apps: list[App], cells: Sequence[str]) -> list[Client]:
    """Return clients who sit at the node they came to, in turn, as if no node had found another's rooms yet.

    They come when a window has begun: in its last quarter some would sit in rooms of the next one.
    """
    await window_begins(apps[0])
    for app in apps:
        cluster_of(app).finding._near_company = nobody_near  # type: ignore[method-assign]
    people = []
    for number, cell in enumerate(cells):
        client = await clients.new(["json", "msgpack"][number % 2], at=apps[number % len(apps)])
        await client.enter(cell)
        people.append(client)
    return people


async def hear_the_end(*people: Client) -> None:
    """Return when each of these has a seat of the next window; none is told of more than one."""

    async def hear(client: Client) -> None:
        while (await client.hear("room"))["why_code"] != "window":
            pass

    async with asyncio.timeout(WITHIN_S):
        await asyncio.gather(*map(hear, people))


def sizes_of(apps: list[App], people: Sequence[Client]) -> Counter[str]:
    """Check that everybody sits where they were told, exactly once, and return how many sit in which room."""
    everybody = Counter(id for app in apps for id in app.house.world.people)
    assert sorted(everybody.values()) == [1] * len(people)
    rooms = {room.id: room for app in apps for room in app.house.world.rooms.values()}
    assert not any(room.is_over for room in rooms.values())
    sizes = Counter({id: len(room.seats) for id, room in rooms.items()})
    assert sizes == Counter(client.room for client in people)
    return sizes


def window_of(people: Sequence[Client], apps: list[App]) -> Window:
    """Return the window in which they sit; all of them in the same one."""
    told = {client.room for client in people}
    rooms = [room for app in apps for room in app.house.world.rooms.values() if room.id in told]
    (window,) = {Window(room.closes, room.region) for room in rooms}
    return window


def plans(apps: list[App]) -> list[tuple[int, int]]:
    return [(cluster_of(app).regions.plans, cluster_of(app).regions.alone) for app in apps]


async def test_people_of_thin_cells_at_three_nodes_sit_together_and_talk(redis_url: str) -> None:
    async with nodes(redis_url, 3, **WINDOW) as apps, Clients(apps[0]) as clients:
        people = await seated_apart(clients, apps, [beside(2 * (number // 3)) for number in range(9)])
        assert len({client.room for client in people}) == 3
        await hear_the_end(*people)
        assert sorted(sizes_of(apps, people).values()) == [3, 3, 3]
        assert plans(apps) == [(1, 0)] * 3
        # Each cell's three, who were at three nodes, are one room.
        for three in (people[:3], people[3:6], people[6:]):
            assert len({client.room for client in three}) == 1
            for client in three:
                await client.say("say", text=f"From {client.me}", room=client.room)
                for each in three:
                    assert (await each.hear("said"))["text"] == f"From {client.me}"


async def test_thirty_people_all_over_a_region_have_company_though_who_would_plan_is_about_to_end(
    redis_url: str,
) -> None:
    chance = random.Random(7)
    async with nodes(redis_url, 3, **WINDOW) as apps, Clients(apps[0]) as clients:
        cells = [beside(chance.randrange(-8, 4), chance.randrange(-8, 0)) for _ in range(30)]
        people = await seated_apart(clients, apps, cells)
        names = [cluster_of(app).name for app in apps]
        leaving = apps[names.index(planner_of(window_of(people, apps), names))]
        cluster_of(leaving).is_leaving = True
        await cluster_of(leaving).registry.leave()
        planned: list[Window] = []

        async def plan(window: Window, end: regions._End) -> None:
            planned.append(window)

        cluster_of(leaving).regions._make_plan = plan  # type: ignore[method-assign]
        await hear_the_end(*people)
        sizes = sizes_of(apps, people)
        assert min(sizes.values()) >= 3
        assert max(sizes.values()) <= 12
        assert plans(apps) == [(1, 0)] * 3
        # Somebody else plans, and no room begins where it would be handed on at once.
        assert planned == []
        assert not leaving.house.world.rooms


async def test_where_one_node_has_a_region_s_people_alone_there_is_no_plan(redis_url: str) -> None:
    async with nodes(redis_url, 2, **WINDOW) as apps, Clients(apps[0]) as clients:
        people = await seated_apart(clients, apps[:1], [HERE] * 3)
        await hear_the_end(*people)
        assert sizes_of(apps, people) == {people[0].room: 3}
        assert plans(apps) == [(0, 0)] * 2


async def test_without_a_plan_each_node_seats_its_own(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "PLAN_S", 1.0)
    async with nodes(redis_url, 3, **WINDOW) as apps, Clients(apps[0]) as clients:
        people = await seated_apart(clients, apps, [HERE] * 9)
        names = [cluster_of(app).name for app in apps]
        planner = apps[names.index(planner_of(window_of(people, apps), names))]

        async def never(window: Window, end: regions._End) -> None:
            pass

        cluster_of(planner).regions._make_plan = never  # type: ignore[method-assign]
        await hear_the_end(*people)
        assert sorted(sizes_of(apps, people).values()) == [3, 3, 3]
        assert plans(apps) == [(0, 1)] * 3


@pytest.mark.parametrize("is_written", [False, True])
async def test_the_planner_goes_down_half_way(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, *, is_written: bool
) -> None:
    monkeypatch.setattr(regions, "PLAN_S", 1.0)
    monkeypatch.setattr(regions, "CALLED_S", 0.5)
    async with nodes(redis_url, 3, **WINDOW | {"window_s": 200}) as apps, Clients(apps[0]) as clients:
        people = await seated_apart(clients, apps, [beside(2 * (number // 3)) for number in range(9)])
        names, window = [cluster_of(app).name for app in apps], window_of(people, apps)
        down = names.index(planner_of(window, names))
        planner = cluster_of(apps[down]).regions
        make, is_half_way = planner._make_plan, asyncio.Event()

        async def half(window: Window, end: regions._End) -> None:
            if is_written:
                settle = planner._settle

                async def settle_and_stop(window: Window, plan: bytes) -> bytes:
                    found = await settle(window, plan)
                    is_half_way.set()
                    await asyncio.Event().wait()
                    return found

                planner._settle = settle_and_stop  # type: ignore[method-assign]
                await make(window, end)
            is_half_way.set()

        planner._make_plan = half  # type: ignore[method-assign]
        hearing = asyncio.gather(*(hear_the_end(person) for at, person in enumerate(people) if at % 3 != down))
        await asyncio.wait_for(is_half_way.wait(), WITHIN_S)
        lost = people[down::3]
        before = [(each.token, each.room, each.seq) for each in lost]
        await apps[down].stop(within_s=0)
        left = [app for app in apps if app is not apps[down]]
        for at, (token, room, seq) in enumerate(before):
            back = await clients.new(at=left[at % 2])
            await back.ask("enter", "entered", cell=HERE, token=token, resume={"room": room, "seq": seq})
            people[down + 3 * at] = back
        async with asyncio.timeout(WITHIN_S):
            for person in people[down::3]:
                # Their seat may wait in the room that has ended, or be of the next window already.
                while (await person.hear("room"))["closes"] <= window.closes * 1000:
                    pass
        await hearing
        sizes = sizes_of(left, people)
        assert max(sizes.values()) <= 12
        assert [cluster_of(app).regions.plans for app in left] == [int(is_written)] * 2


async def test_windows_are_told_of_anew_when_redis_was_emptied(redis_url: str) -> None:
    async with nodes(redis_url, 2) as (one, _):
        ahead = cluster_of(one).regions.ahead
        ahead._told.add(Window(cluster_of(one).now() + 3600, region_of(Cell(HERE))))
        async with redis.Redis.from_url(redis_url) as client:
            await client.flushdb()
        await until(lambda: not ahead._told)
