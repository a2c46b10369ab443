"""A cluster of real processes is hurt while many talk: nobody loses a word, hears one twice, or loses their seat.

The same by chance and for as long as one likes: `make chaos`.
"""

import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.chaos.arena import arena
from tests.chaos.trial import Trial

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEOPLE = 40


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trial(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trial]:
    folder = tmp_path_factory.mktemp("chaos")
    async with arena(folder, nodes=3, rng=random.Random(20261126), cuttable=True) as (place, watch):
        await place.add_people(PEOPLE, every_s=1.0)
        yield Trial(place, watch)


@pytest.mark.parametrize("fault", ["kill-node", "stop-node", "cut-node", "kill-two"])
async def test_after_a_node_nothing_is_lost_or_doubled_and_everybody_sits_again(trial: Trial, fault: str) -> None:
    assert await trial.of(fault) == []


@pytest.mark.parametrize("fault", ["kill-redis", "stop-redis"])
async def test_after_redis_nothing_is_lost_or_doubled_and_nobody_was_sent_away(trial: Trial, fault: str) -> None:
    before = trial.lost
    assert await trial.of(fault) == []
    assert trial.lost == before
