"""The chaos suite sees what is broken: clients and a log that do wrong on purpose, on real nodes, are found out."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from redis import asyncio as redis

from server.cluster.entries import EVENTS, log_key
from tests.chaos.arena import Arena, arena
from tests.chaos.checker import check
from tests.chaos.logs import LogWatch
from tests.chaos.talker import Breaks, Talker

WITHIN_S = 15.0


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[Arena, LogWatch]]:
    async with arena(tmp_path, nodes=2, rng=random.Random(1)) as found:
        yield found


async def talk(place: Arena, breaks: Breaks | None = None) -> list[Talker]:
    """Return some people who have talked."""
    place.go_on()
    people = await place.add_people(6, every_s=0.2, breaks=breaks)
    assert await place.until_all_are_heard(within_s=WITHIN_S)
    return people


async def found_in(place: Arena, people: list[Talker], watch: LogWatch | None = None) -> set[str]:
    """Return the rules that these people saw violated."""
    await place.hush(within_s=WITHIN_S)
    histories = {talker.number: talker.history for talker in people}
    return {violation.rule for violation in check(histories, watch.entries.values() if watch else ())}


async def test_whoever_comes_back_without_resume_has_lost_something(running: tuple[Arena, LogWatch]) -> None:
    place, _ = running
    people = await talk(place, Breaks(resume=True))
    people[0].lose_connection()
    assert await place.until_all_are_heard(within_s=WITHIN_S)
    assert "seat" in await found_in(place, people)


async def test_a_word_said_twice_with_one_ref_is_one_and_with_two_refs_doubled(
    running: tuple[Arena, LogWatch],
) -> None:
    place, _ = running
    assert await found_in(place, await talk(place, Breaks(hasty=True))) == set()
    assert await found_in(place, await talk(place, Breaks(hasty=True, refs=True))) == {"doubled"}


async def test_a_second_writer_of_a_room_is_seen_and_the_first_one_gives_way(
    running: tuple[Arena, LogWatch],
) -> None:
    place, watch = running
    people = await talk(place)
    async with redis.Redis.from_url(place.redis.url) as client:
        key = log_key(people[0].room)
        newest: Any = await client.xrevrange(key, count=1)
        epoch, _, n = newest[0][0].decode().partition("-")
        await client.xadd(key, {EVENTS: b"intruder", b"b": bytes(40)}, id=f"{epoch}-{int(n) + 100}")
        await watch.look(client)
    assert await place.until_all_are_heard(within_s=WITHIN_S)
    # Nobody lost a word or a seat by it: whoever lost the room sends its people after it.
    assert await found_in(place, people, watch) == {"host"}
