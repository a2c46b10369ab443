"""What all tests share: Hypothesis without deadlines, since a loaded machine is slow and not wrong; one Redis."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.redis_server import shared_redis

settings.register_profile("hereabouts", deadline=None)
settings.load_profile("hereabouts")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a Redis that tests share: each empties it first (FLUSHALL)."""
    with shared_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url
