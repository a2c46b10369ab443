"""Rows in SQLite's columns: each kind has its table, and what is in a column is of its type."""

import sqlite3
from pathlib import Path

import pytest

from server.store.database import FILE
from server.store.store import StoreError
from tests.stores import ANN, ban, on_disk


def test_value_of_the_wrong_kind_is_damage_too(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store.add_ban(ban(identity=ANN))
    store.close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("UPDATE bans SET at = 'yesterday'")
    db.close()
    with pytest.raises(StoreError, match=r"damaged: .*`float`"):
        on_disk(tmp_path)
