"""An empty store of each sort, for each test of this folder: in memory, on disk and in Redis, also opened again."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.store.memory import MemoryStore
from server.store.store import Store
from tests.redis_stores import emptied, linked
from tests.stores import on_disk

Reopen = Callable[[Store], Store]


@pytest.fixture(params=["memory", "disk", "reopened", "redis", "redis reopened"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Reopen]]:
    """Yield an empty store, and what a test does between writing and reading."""
    if request.param.startswith("redis"):
        url = request.getfixturevalue("redis_url")
        with asyncio.Runner() as runner:
            yield from in_redis(url, runner, is_reopened=request.param == "redis reopened")
        return
    opened: list[Store] = []

    def open_() -> Store:
        opened.append(MemoryStore() if request.param == "memory" else on_disk(tmp_path))
        return opened[-1]

    def reopen(store: Store) -> Store:
        if request.param != "reopened":
            return store
        store.close()
        return open_()

    yield open_(), reopen
    for store in opened:
        store.close()


def in_redis(url: str, runner: asyncio.Runner, *, is_reopened: bool) -> Iterator[tuple[Store, Reopen]]:
    """Yield a store whose loop runs only while it is opened and closed: it answers without."""
    runner.run(emptied(url))
    links = [runner.run(linked(url))]

    def reopen(store: Store) -> Store:
        if is_reopened:
            runner.run(links[-1].close())
            links.append(runner.run(linked(url)))
        return links[-1].store

    yield links[-1].store, reopen
    runner.run(links[-1].close())


@pytest.fixture
def store(place: tuple[Store, Reopen]) -> Store:
    return place[0]


@pytest.fixture
def reopen(place: tuple[Store, Reopen]) -> Reopen:
    return place[1]
