"""What all tests share: Hypothesis without deadlines, since a loaded machine is slow and not wrong; one Redis."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.redis_server import shared_redis

settings.register_profile("hereabouts", deadline=None)
settings.load_profile("hereabouts")


FIRST = (
    "test_chaos.py",
    "test_chaos_sentinel.py",
    "test_cluster_shaking.py",
    "test_cluster_vectors.py",
    "test_cluster_vectors_shards.py",
    "test_workers.py",
    "test_cluster_leaving.py",
    "test_cluster_regions.py",
    "test_vectors.py",
    "test_chaos_proofs.py",
    "test_chaos_shards.py",
    "test_cluster_shards.py",
    "test_cluster_log.py",
    "test_cluster_log_shards.py",
    "test_drain.py",
)
"""Files that take long, mostly waiting: begun last, one of them would keep all other workers idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long."""
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a Redis that tests share: each empties it first (FLUSHALL)."""
    with shared_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url
