"""Each version of the tables on disk: how it becomes the next, and what was kept in it holds."""

import sqlite3
from pathlib import Path

import pytest

from server.store import schema
from server.store.database import FILE
from server.store.schema import APPLICATION_ID, OtherSchema, bring_up_to_date
from tests.stores import ANN, BO, block, bottle_answer, on_disk, seal, standing


def test_each_version_of_the_schema_leads_to_the_next() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    first, second = "CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y DEFAULT 5"
    bring_up_to_date(db, (first,))
    db.execute("INSERT INTO a VALUES (1)")
    bring_up_to_date(db, (first, second))
    assert db.execute("SELECT x, y FROM a").fetchall() == [(1, 5)]
    with pytest.raises(OtherSchema, match="schema 2"):
        bring_up_to_date(db, (first,))
    assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_blocks_of_the_fourth_version_hold_and_keep_their_names(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    bring_up_to_date(db, schema.STEPS[:4])
    name = seal().seal(b"Bartholomew", about=f"block {ANN} {BO}")
    db.execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)", ("b1", ANN, BO, name, 1.0, 100.0))
    db.close()
    assert on_disk(tmp_path).blocks_of(ANN) == [block(block="b1", name="Bartholomew")]


def test_standings_and_answers_of_the_sixth_version_hold(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    bring_up_to_date(db, schema.STEPS[:6])
    db.execute("INSERT INTO standings VALUES (?, ?, ?, ?, ?)", (ANN, 1.0, 2.5, 100.0, 7.0))
    db.execute("INSERT INTO answers VALUES ('a1', 'b1', ?, ?, ?, 1, 100, 1)", (ANN, BO, b"\x00sealed"))
    db.close()
    store = on_disk(tmp_path)
    assert store.standing(ANN) == standing(jumped_at=7.0)
    assert store.answers_for(ANN) == [bottle_answer(is_told=True)]


def test_tokens_of_who_had_left_by_the_eighth_version_are_dead_until_they_expire(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    bring_up_to_date(db, schema.STEPS[:8])
    db.execute("INSERT INTO ended VALUES (?, ?)", (ANN, 100.0))
    db.close()
    assert on_disk(tmp_path).ended_at(ANN) == 100.0


def test_step_that_fails_leaves_the_version_before_it() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        bring_up_to_date(db, ("CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"))
    db.rollback()
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("a",)]
