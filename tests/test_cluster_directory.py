"""The directory on a real Redis: who is where, and which rooms others find."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from geo import Cell
from rooms.shelves import Fill
from server.cluster.directory import Directory, DirectoryAway, Where, person_key
from server.cluster.engine import Engine
from server.cluster.shelving import SHELVES_MAX, RoomCard, key_of, shelves_for, shelves_of
from tests.cluster_clients import engine_of, until
from tests.redis_server import RedisServer, redis_server

NEW_YORK = Cell("dr5ru6")
NEXT_DOOR = Cell("dr5ru7")
BROOKLYN = Cell("dr5rk6")
REACH_M = 15_000.0


class Hour:
    """Time that passes when a test says so, and who is dead."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.dead: set[str] = set()

    def unix(self) -> float:
        return self.now

    def lives(self, node: str) -> bool:
        return node not in self.dead


def card(
    room: str, node: str, cell: str = NEW_YORK, *, fill: Fill = Fill.OPEN, closes: float = 1_000_900.0
) -> RoomCard:
    return RoomCard(room=room, node=node, cell=Cell(cell), company=3, fill=fill, closes=closes)


def online(node: str, room: str = "r1", until: float = 1_001_800.0) -> Where:
    return Where(node=node, room=room, frozen=None, until=until)


@asynccontextmanager
async def directories(url: str, *names: str) -> AsyncIterator[tuple[Hour, list[Directory], Engine]]:
    """Give a directory for each node, on a Redis that was emptied."""
    hour = Hour()
    async with AsyncExitStack() as stack:
        running: list[Directory] = []
        for name in names:
            engine = await stack.enter_async_context(engine_of(url))
            if not running:
                await engine.client.flushall()
            directory = Directory(
                engine,
                node=name,
                takes=hour.lives,
                is_dead=lambda node: not hour.lives(node),
                rng=random.Random(7),
                unix=hour.unix,
                answer_s=0.3,
                pause_s=0.02,
            )
            stack.push_async_callback(directory.stop)
            running.append(directory)
        yield hour, running, await stack.enter_async_context(engine_of(url))


async def written(*all_of: Directory) -> None:
    """Wait until nothing waits to be written."""
    for directory in all_of:
        await until(lambda d=directory: not d._unwritten and (d._writing is None or d._writing.done()))  # type: ignore[misc]


def rooms(found: list[RoomCard]) -> list[str]:
    return [each.room for each in found]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with redis_server(tmp_path) as running:
        yield running


async def test_somebody_is_found_by_other_nodes_until_their_entry_ends(redis_url: str) -> None:
    async with directories(redis_url, "a.1", "b.1") as (hour, (a, b), redis):
        a.put_person("ann", online("a.1"))
        assert await a.person("ann") == online("a.1")
        await written(a)
        assert await b.person("ann") == online("a.1")
        assert await b.person("bob") is None
        assert 1_799_000 < await redis.client.pttl(person_key("ann")) <= 1_800_001
        hour.now += 1_801
        assert await a.person("ann") is await b.person("ann") is None


async def test_nothing_is_written_while_another_node_may_have_written_since(redis_url: str) -> None:
    async with directories(redis_url, "a.1", "b.1") as (_, (a, b), _):
        is_mute = True
        a._is_mute = lambda: is_mute
        a.put_person("ann", online("a.1", "old"))
        b.put_person("ann", online("b.1", "new"))
        await written(b)
        await asyncio.sleep(0.1)
        assert await b.person("ann") == online("b.1", "new")
        async with asyncio.timeout(0.2):
            await a.stop()
        a.let_go_person("ann")
        a.put_person("bob", online("a.1"))
        is_mute = False
        await written(a)
        assert await b.person("ann") == online("b.1", "new")
        assert await b.person("bob") == online("a.1")


async def test_the_newest_of_each_is_written_and_nothing_more(redis_url: str) -> None:
    async with directories(redis_url, "a.1", "b.1") as (_, (a, b), redis):
        before = (await redis.client.info("commandstats")).get("cmdstat_hset", {"calls": 0})["calls"]
        for number in range(50):
            a.put_person("ann", online("a.1", f"r{number}"))
        await written(a)
        after = (await redis.client.info("commandstats"))["cmdstat_hset"]["calls"]
        assert after - before == 1
        found = await b.person("ann")
        assert found is not None
        assert found.room == "r49"


async def test_who_left_something_behind_is_offline_and_what_it_was_is_kept(redis_url: str) -> None:
    async with directories(redis_url, "a.1", "b.1") as (_, (a, b), _redis):
        left = Where(node="a.1", room="", frozen=b"rates", until=1_003_600.0)
        a.put_person("ann", online("a.1"))
        a.put_person("ann", left)
        await written(a)
        assert not left.is_online
        assert await b.person("ann") == left
        assert await a.person("ann") == left
        assert "ann" not in a._people


async def test_forgetting_takes_back_what_this_node_said_and_no_more(redis_url: str) -> None:
    async with directories(redis_url, "a.1", "b.1") as (_, (a, b), _redis):
        a.put_person("ann", online("a.1"))
        a.put_person("bob", online("a.1"))
        await written(a)
        b.put_person("ann", online("b.1"))
        await written(b)
        a.forget_person("ann")
        a.forget_person("bob")
        assert await a.person("bob") is None
        await written(a)
        assert await b.person("bob") is None
        assert await a.person("ann") == online("b.1")


async def test_whoever_is_let_go_is_where_others_say(redis_url: str) -> None:
    async with directories(redis_url, "a.1", "b.1") as (_, (a, b), _redis):
        a.put_person("ann", online("a.1"))
        await written(a)
        b.put_person("ann", online("b.1"))
        await written(b)
        a.put_person("ann", online("a.1"))
        a.let_go_person("ann")
        await written(a)
        assert await a.person("ann") == online("b.1")


async def test_rooms_in_the_cell_around_it_and_in_reach_are_found_nearest_first(redis_url: str) -> None:
    async with directories(redis_url, "a.1", "b.1") as (_, (a, b), _redis):
        for each in (
            card("brooklyn", "a.1", BROOKLYN),
            card("next", "a.1", NEXT_DOOR),
            card("here", "a.1"),
            card("coarse", "a.1", "dr5ru"),
            card("boston", "a.1", "drt2yz"),
            card("own", "b.1"),
        ):
            (b if each.node == "b.1" else a).put_room(each)
        await written(a, b)
        found = rooms(await b.rooms_near(NEW_YORK, reach_m=REACH_M))
        assert found[0] == "here"
        assert found.index("next") < found.index("brooklyn")
        assert set(found) == {"here", "next", "coarse", "brooklyn"}
        assert rooms(await b.rooms_near(NEW_YORK, reach_m=500.0))[:1] == ["here"]
        assert "brooklyn" not in rooms(await b.rooms_near(NEW_YORK, reach_m=500.0))


async def test_a_room_that_wants_no_company_is_found_in_its_cell_alone(redis_url: str) -> None:
    async with directories(redis_url, "a.1", "b.1") as (_, (a, b), redis):
        a.put_room(card("r1", "a.1", BROOKLYN))
        await written(a)
        a.put_room(card("r1", "a.1", BROOKLYN, fill=Fill.ROOMY))
        await written(a)
        assert rooms(await b.rooms_near(NEW_YORK, reach_m=REACH_M)) == []
        assert rooms(await b.rooms_near(BROOKLYN, reach_m=REACH_M)) == ["r1"]
        a.drop_room("r1")
        await written(a)
        assert await redis.client.keys("ha:rooms:*") == []


async def test_company_alone_is_not_written(redis_url: str) -> None:
    async with directories(redis_url, "a.1") as (_, (a,), _redis):
        a.put_room(card("r1", "a.1"))
        await written(a)
        a.put_room(RoomCard("r1", "a.1", NEW_YORK, 4, Fill.OPEN, 1_000_900.0))
        assert not a._unwritten


async def test_rooms_of_the_dead_and_those_that_ended_are_passed_over_and_taken_away(redis_url: str) -> None:
    async with directories(redis_url, "a.1", "b.1", "c.1") as (hour, (a, b, c), redis):
        a.put_room(card("r1", "a.1"))
        b.put_room(card("ended", "b.1", closes=1_000_010.0))
        b.put_room(card("r2", "b.1"))
        # Who takes a dead host's room over goes on under its id.
        b.put_room(card("r1", "b.1"))
        await written(a, b)
        hour.dead.add("a.1")
        hour.now += 11
        found = await c.rooms_near(NEW_YORK, reach_m=REACH_M)
        assert {(each.room, each.node) for each in found} == {("r1", "b.1"), ("r2", "b.1")}
        assert set(await redis.client.hkeys(key_of(NEW_YORK))) == {b"r1@b.1", b"r2@b.1"}


async def test_a_shelf_outlives_its_last_room_and_not_by_much(redis_url: str) -> None:
    async with directories(redis_url, "a.1") as (_, (a,), redis):
        a.put_room(card("late", "a.1", closes=1_001_800.0))
        a.put_room(card("soon", "a.1", closes=1_000_100.0))
        await written(a)
        assert 1_800_000 < await redis.client.pttl(key_of(NEW_YORK)) <= 1_860_000


async def test_few_cards_are_drawn_of_many(redis_url: str) -> None:
    async with directories(redis_url, "a.1", "b.1") as (_, (a, b), _redis):
        for number in range(1_000):
            a.put_room(card(f"r{number}", "a.1"))
        await written(a)
        first, second = [rooms(await b.rooms_near(NEW_YORK, reach_m=REACH_M)) for _ in range(2)]
        assert 8 <= len(first) <= 16
        assert first != second


async def test_what_another_version_wrote_is_passed_over(redis_url: str) -> None:
    async with directories(redis_url, "a.1") as (_, (a,), redis):
        await redis.client.hset(key_of(NEW_YORK), "odd", b"\xc1")
        await redis.client.hset(person_key("ann"), mapping={"node": "z.1", "where": b"\xc1"})
        assert await a.rooms_near(NEW_YORK, reach_m=REACH_M) == []
        assert await a.person("ann") is None


async def test_with_redis_away_nothing_is_found_and_nothing_to_say_is_lost(server: RedisServer) -> None:
    async with directories(server.url, "a.1", "b.1") as (_, (a, b), _redis):
        a.put_person("bob", online("a.1"))
        a.put_room(card("r2", "a.1"))
        await written(a)
        server.stop_for_a_while()
        a.put_person("ann", online("a.1"))
        a.forget_person("bob")
        a.put_room(card("r1", "a.1"))
        a.drop_room("r2")
        with pytest.raises(DirectoryAway):
            await b.person("ann")
        assert await b.rooms_near(NEW_YORK, reach_m=REACH_M) == []
        server.go_on()
        await written(a)
        assert await b.person("ann") == online("a.1")
        assert await b.person("bob") is None
        assert rooms(await b.rooms_near(NEW_YORK, reach_m=REACH_M)) == ["r1"]


async def test_what_an_empty_redis_forgot_is_written_anew(server: RedisServer) -> None:
    async with directories(server.url, "a.1", "b.1") as (_, (a, b), _redis):
        for number in range(600):
            a.put_person(f"p{number}", online("a.1"))
        a.put_room(card("r1", "a.1"))
        await written(a)
        await server.kill()
        a.put_person("late", online("a.1"))
        await until(lambda: bool(a._under_way))
        await until(lambda: not a._under_way)
        await server.start()
        await written(a)
        assert await b.person("late") == online("a.1")
        assert await b.person("p599") is None
        a.rewrite()
        await written(a)
        assert await b.person("p599") == online("a.1")
        assert rooms(await b.rooms_near(NEW_YORK, reach_m=REACH_M)) == ["r1"]


async def test_a_node_that_stops_takes_its_rooms_back(redis_url: str) -> None:
    async with directories(redis_url, "a.1", "b.1") as (_, (a, b), _redis):
        a.put_room(card("r1", "a.1"))
        await written(a)
        await a.stop()
        assert await b.rooms_near(NEW_YORK, reach_m=REACH_M) == []


async def test_stopping_without_redis_does_not_hang(server: RedisServer) -> None:
    async with directories(server.url, "a.1") as (_, (a,), _redis):
        server.stop_for_a_while()
        a.put_person("ann", online("a.1"))
        async with asyncio.timeout(2.0):
            await a.stop()
        server.go_on()


@pytest.mark.parametrize("cell", ["dr5ru6", "dr5r", "dr5ru6xx", "u4pruy", "zzzzzz", "000000", "8p0581", "bpbpbp"])
def test_looking_reads_few_shelves_and_ones_own_first(cell: str) -> None:
    shelves = shelves_for(Cell(cell), reach_m=REACH_M)
    assert shelves[0] == cell
    assert cell[:4] in shelves
    assert len(set(shelves)) == len(shelves) <= SHELVES_MAX


@pytest.mark.parametrize("other", ["dr5rvp", "dr72h8", "dr5rk6", "dr5qgz"])
def test_a_room_within_reach_stands_on_a_shelf_that_is_read(other: str) -> None:
    stands: Any = shelves_of(card("r1", "a.1", other))
    assert set(stands) & set(shelves_for(NEW_YORK, reach_m=REACH_M))
