"""A cluster of real processes is hurt while many talk: nobody loses a word, hears one twice, or loses their seat.

The same by chance and for as long as one likes: `make chaos`.
"""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.chaos.arena import Arena, arena
from tests.chaos.checker import check
from tests.chaos.faults import FAULTS
from tests.chaos.figures import counts
from tests.chaos.history import Violation
from tests.chaos.logs import LogWatch

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEOPLE = 40
BACK_S = 15.0
"""Ten seconds are promised to people with a machine; here it is shared with whatever else runs."""


class Trial:
    """One cluster for all the tests of this file, and what was found wrong with it so far."""

    def __init__(self, place: Arena, watch: LogWatch) -> None:
        self.place = place
        self._watch = watch
        self._known: set[Violation] = set()

    @property
    def lost(self) -> int:
        """How many connections ended so far."""
        return counts(self.place.histories)[2]

    async def of(self, fault: str) -> list[Violation]:
        """Return what did not hold after this fault."""
        place = self.place
        place.go_on()
        await FAULTS[fault](place)
        assert await place.until_all_are_heard(within_s=BACK_S), "somebody was not heard again"
        await place.hush(within_s=BACK_S)
        found = set(check(place.histories, self._watch.entries.values(), place.faults, back_s=BACK_S)) - self._known
        self._known |= found
        assert not place.faulty
        return sorted(found, key=str)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trial(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trial]:
    folder: Path = tmp_path_factory.mktemp("chaos")
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
