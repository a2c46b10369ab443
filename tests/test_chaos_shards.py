"""On a Redis Cluster one master of three is killed while many talk: nothing is lost or doubled, nobody is sent away."""

import random
from pathlib import Path

from tests.chaos.arena import arena
from tests.chaos.trial import Trial

PEOPLE = 24


async def test_a_replica_has_the_place_of_a_killed_master_and_all_go_on(tmp_path: Path) -> None:
    async with arena(tmp_path, nodes=3, rng=random.Random(7), redis="cluster") as (place, watch):
        await place.add_people(PEOPLE, every_s=1.0)
        trial = Trial(place, watch)
        assert await trial.of("kill-master") == []
        assert trial.lost == 0
