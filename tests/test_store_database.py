"""The file of a store on disk: what a killed process leaves, what is refused, and that nothing forgotten is in it."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from server.store import schema
from server.store.database import FILE
from server.store.sqlite import SqliteStore
from server.store.store import StoreError
from tests.stores import ANN, BO, ban, block, bottle, bottle_answer, everything_in, on_disk, report, standing

WORDS = b"meet me behind the old tram depot"

HOLDING = """
import sys
from pathlib import Path
from tests.stores import block, bottle, bottle_answer, on_disk
store = on_disk(Path(sys.argv[1]))
store.add_block(block())
store.put_bottle(bottle())
store.put_answer(bottle_answer())
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return on_disk(tmp_path)


def test_what_was_written_survives_kill_9_and_a_second_process_is_refused(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        before = everything_in(tmp_path)
        with pytest.raises(StoreError, match="in use: a server runs on this folder already"):
            on_disk(tmp_path)
        assert everything_in(tmp_path) == before
        process.send_signal(signal.SIGKILL)
        process.wait()
    store = on_disk(tmp_path)
    assert store.blocks_of(ANN) == [block()]
    assert (list(store.bottles()), store.answers_for(ANN)) == ([bottle()], [bottle_answer()])


def test_only_the_owner_of_the_process_can_read_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "anew"
    store = on_disk(folder)
    store.backup(folder / "copy")
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"this is no database, whatever its name says" * 100, "damaged"),
        (b"SQLite format 3\x00" + bytes(200), "damaged"),
    ],
)
def test_damaged_file_is_told_and_left_as_it_is(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError, match=told):
        on_disk(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


def test_damage_in_the_middle_is_told(store: SqliteStore, tmp_path: Path) -> None:
    for number in range(300):
        store.put_standing(standing(f"{number:024x}"))
    store.expire(now=0.0)
    store.close()
    path = tmp_path / FILE
    whole = bytearray(path.read_bytes())
    middle = whole.index(b"0" * 20 + b"096"[:2])
    page = middle // 4096 * 4096
    whole[page : page + 100] = b"\xff" * 100
    path.write_bytes(whole)
    with pytest.raises(StoreError, match="damaged"):
        on_disk(tmp_path)
    assert path.read_bytes() == whole


def test_newer_schema_is_refused_and_left_as_it_is(store: SqliteStore, tmp_path: Path) -> None:
    store.add_block(block())
    store.close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match=f"schema 99, and this version of Hereabouts knows up to {schema.VERSION}"):
        on_disk(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as db:
        assert db.execute("SELECT count(*) FROM blocks").fetchone() == (1,)
    db.close()


def test_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    db.close()
    with pytest.raises(StoreError, match="another program"):
        on_disk(tmp_path)


def test_what_was_forgotten_is_in_no_file(store: SqliteStore, tmp_path: Path) -> None:
    # Not sealed here, so that it could be found: what seals is the caller, and it is not what this is about.
    store.put_report(report(until=10.0), WORDS * 500)
    store.add_ban(ban(identity=BO, reason=WORDS.decode(), until=10.0))
    assert WORDS in everything_in(tmp_path)
    store.expire(now=10.0)
    assert WORDS not in everything_in(tmp_path)
    store.close()
    assert WORDS not in everything_in(tmp_path)


def test_what_was_taken_back_is_in_no_file_after_the_next_expiry_run(store: SqliteStore, tmp_path: Path) -> None:
    store.add_ban(ban(identity=BO, reason=WORDS.decode()))
    store.expire(now=1.0)
    store.remove_ban("ban1")
    assert WORDS in everything_in(tmp_path)
    assert store.expire(now=1.0) == 0
    assert WORDS not in everything_in(tmp_path)


@pytest.mark.parametrize("careless", ["PRAGMA secure_delete = OFF", "no truncation"])
def test_without_either_precaution_it_would_be_found(tmp_path: Path, careless: str) -> None:
    store = on_disk(tmp_path)
    if careless.startswith("PRAGMA"):
        store._db.connection.execute(careless)
    store.put_report(report(until=10.0), WORDS * 500)
    if careless.startswith("PRAGMA"):
        store._db.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.expire(now=10.0)
    else:
        store._db.connection.execute("DELETE FROM evidence")
    assert WORDS in everything_in(tmp_path)


def test_backup_is_a_store_of_its_own_and_is_taken_while_running(store: SqliteStore, tmp_path: Path) -> None:
    store.add_block(block())
    copy = tmp_path / "elsewhere" / FILE
    copy.parent.mkdir()
    store.backup(copy)
    store.remove_block(ANN, block().block)
    assert on_disk(copy.parent).blocks_of(ANN) == [block()]


def test_backup_overwrites_nothing(store: SqliteStore, tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("kept")
    with pytest.raises(StoreError, match="exists already"):
        store.backup(path)
    assert path.read_text() == "kept"
    with pytest.raises(StoreError, match="No such file"):
        store.backup(tmp_path / "nowhere" / "copy")
