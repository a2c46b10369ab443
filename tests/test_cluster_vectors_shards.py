"""docs/vectors.json holds for three nodes on a Redis Cluster of three masters, too."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.redis_cluster import redis_cluster
from tests.test_cluster_vectors import AT_ONCE, SOME, asked_for, play_all
from tests.test_vectors import Case, Outcomes


async def play_on_clusters(cases: list[Case], folder: Path) -> Outcomes:
    """Play the cases on some Redis Clusters: one has no databases, so three nodes at a time have one to themselves."""
    folders = [folder / name for name in "abc"[:AT_ONCE]]
    for each in folders:
        each.mkdir()
    async with contextlib.AsyncExitStack() as stack:
        starting = (stack.enter_async_context(redis_cluster(each)) for each in folders)
        clusters = await asyncio.gather(*starting)
        return await play_all(cases, [cluster.url for cluster in clusters], folder)


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """How each vector went."""
    return asyncio.run(play_on_clusters(asked_for(request), tmp_path_factory.mktemp("redis")))


@pytest.mark.parametrize("case", SOME, ids="-".join)
def test_nodes_on_a_cluster_answer_as_the_vector_says(outcomes: Outcomes, case: Case) -> None:
    failure = outcomes[case]
    if failure is not None:
        raise failure
