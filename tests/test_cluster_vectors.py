"""docs/vectors.json holds for three nodes on one Redis as for one process: each client of a vector is at the next node.

Played as in tests/test_vectors.py, many at once; each pair of settings and wire format has three nodes of its own.
tests/test_cluster_vectors_shards.py plays them on a Redis Cluster.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from server.app import App
from tests.clusters import nodes
from tests.redis_server import redis_server
from tests.test_vectors import SERVER_VECTORS, VECTOR_S, WIRES, Case, Outcomes
from tests.vector_player import Player, Where, load

NODES = 3
AT_ONCE = 3
"""Threes of nodes, all in one process: more, and on a busy machine some are slow enough to be taken for dead."""

SLOWER: dict[str, dict[str, Any]] = {"window_ends": {"window_s": 240}}
"""This vector's room is not told its end while its people are still coming, on a busy machine."""

# The formats are held against each other by tests/test_vectors.py: here each vector is played in one.
SOME = [
    (name, vector.wire or WIRES[number % len(WIRES)]) for number, (name, vector) in enumerate(SERVER_VECTORS.items())
]

Which = tuple[str, str, str]


def _which(name: str, wire: str) -> Which:
    """Return which nodes a vector is played against: their settings, the format, and the vector if it needs others."""
    return SERVER_VECTORS[name].settings, wire, name if name in SLOWER else ""


async def play_all(cases: list[Case], urls: Sequence[str], folder: Path) -> Outcomes:
    """Play the cases, each against three nodes that meet at one of these."""
    sets = load().settings
    outcomes: Outcomes = {}
    free: asyncio.Queue[str] = asyncio.Queue()
    for url in urls:
        free.put_nowait(url)

    async def play_some(which: Which, other: App) -> None:
        settings: dict[str, Any] = {**sets[which[0]], **SLOWER.get(which[2], {})}
        some = [case for case in cases if _which(*case) == which]
        url = await free.get()
        async with nodes(url, NODES, bare=True, **settings) as apps:
            found = await asyncio.gather(*(_play(*case, apps, other) for case in some))
        free.put_nowait(url)
        outcomes.update(zip(some, found, strict=True))

    async with (
        redis_server(folder) as redis,
        nodes(redis.url, 1, bare=True, secret="0f" * 32) as (other,),
        asyncio.TaskGroup() as playing,
    ):
        for which in sorted({_which(name, wire) for name, wire in cases}):
            playing.create_task(play_some(which, other))
    return outcomes


async def _play(name: str, wire: str, apps: list[App], other: App) -> BaseException | None:
    ports = [app.listener.port for app in apps]
    try:
        async with asyncio.timeout(VECTOR_S):
            await Player(SERVER_VECTORS[name], Where(ports, other.listener.port, wire)).play()
    except Exception as exc:
        return exc
    return None


def asked_for(request: pytest.FixtureRequest) -> list[Case]:
    """Return those of the file's cases that this run was asked for."""
    params = [getattr(item, "callspec", None) for item in request.session.items if item.path == request.path]
    asked = {spec.params["case"] for spec in params if spec is not None and "case" in spec.params}
    return [case for case in SOME if case in asked]


async def play_on_one_redis(cases: list[Case], folder: Path) -> Outcomes:
    """Play the cases on one Redis, each three nodes in a database of their own."""
    async with redis_server(folder) as redis:
        return await play_all(cases, [f"{redis.url}/{number}" for number in range(AT_ONCE)], folder)


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """How each vector went."""
    return asyncio.run(play_on_one_redis(asked_for(request), tmp_path_factory.mktemp("redis")))


@pytest.mark.parametrize("case", SOME, ids="-".join)
def test_nodes_answer_as_the_vector_says(outcomes: Outcomes, case: Case) -> None:
    failure = outcomes[case]
    if failure is not None:
        raise failure
