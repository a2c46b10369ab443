"""Behind Sentinel a master is killed, and the node that plans a window's end: nothing is lost, everybody sits once."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.chaos.arena import arena
from tests.chaos.history import Sat
from tests.chaos.trial import Trial
from tests.cluster_clients import engine_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEOPLE = 24

SETTINGS = {"window_s": 24, "look_every_s": 600, "reach_max_m": 0}
"""People come a third of a window before its end: in time for rooms that end with it. Each cell keeps to itself, so
that the rooms of a region are at several nodes."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trial(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trial]:
    folder = tmp_path_factory.mktemp("chaos")
    async with arena(folder, nodes=3, rng=random.Random(7), redis="sentinel", settings=SETTINGS) as (place, watch):
        await place.add_people(PEOPLE, every_s=1.0, cities=1)
        yield Trial(place, watch)


async def test_a_window_ends_for_everybody_once_though_its_planner_dies_half_way(trial: Trial) -> None:
    assert await trial.of("kill-planner") == []
    now = asyncio.get_running_loop().time()
    for history in trial.place.histories.values():
        last = [record for record in history if isinstance(record, Sat)][-1]
        assert last.at + last.closes > now, "somebody sits in a room that is over"
    async with engine_of(trial.place.redis.url) as engine:
        keys = [key async for key in engine.client.scan_iter("ha:{w:*}:plan")]
        # What was agreed on is that there is no plan.
        assert b"" in [await engine.client.get(key) for key in keys]


async def test_after_a_master_nothing_is_lost_or_doubled_and_nobody_was_sent_away(trial: Trial) -> None:
    before = trial.lost
    assert await trial.of("kill-master") == []
    assert trial.lost == before
