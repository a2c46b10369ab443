"""The store on disk, beyond what every store does: what could not be written is not known in memory either."""

from pathlib import Path

import pytest

from server.store.store import StoreError
from tests.stores import ANN, block, on_disk


def test_write_that_fails_is_told_and_changes_nothing(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store._db.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="cannot be used"):
        store.add_block(block())
    assert store.blocks_of(ANN) == []
