"""The database of a folder: one SQLite file, opened whole and locked, in which rows are put, found and overwritten.

One connection, used from the event loop itself: rows are few and small, and a write takes tens of microseconds
(docs/DESIGN.md). What was forgotten is gone from the files: `secure_delete` overwrites it in the database, and the
write-ahead log, which still has it, is emptied by `empty_log`.

The file is locked for as long as it is open, so that no two servers ever write one state. Never knows what a row means.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server.store.columns import TABLES, read, stored
from server.store.rows import ARow, Row
from server.store.schema import VERSION, bring_up_to_date, version_of
from server.store.sealing import Seal
from server.store.store import StoreError
from server.store.trouble import told

FILE = "hereabouts.sqlite3"

_PRAGMAS = (
    "locking_mode = EXCLUSIVE",  # before the log is opened: it then needs no shared memory either
    "journal_mode = WAL",
    "synchronous = NORMAL",  # a killed process loses nothing; a machine without power may lose the last writes
    "secure_delete = ON",
    "temp_store = MEMORY",
    "trusted_schema = OFF",
)


class Database:
    """An open one. Raises StoreError, having changed nothing, if it cannot be had.

    Attributes:
        connection: SQLite's own.
    """

    def __init__(self, folder: Path, seal: Seal) -> None:
        self.path = folder / FILE
        self._seal = seal
        self._is_dirty = False
        with told(self.path):
            self.connection = _opened(self.path)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Have the block be one transaction: all of it is written when it ends, or nothing."""
        with told(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            before = self.connection.total_changes
            try:
                yield self.connection
            except BaseException:
                self.connection.rollback()
                raise
            self.connection.commit()
            self._is_dirty |= self.connection.total_changes > before

    def put(self, row: Row) -> None:
        """Write a row in place of one with the same key."""
        with self.writing() as db:
            self.insert(db, row)

    def insert(self, db: sqlite3.Connection, row: Row) -> None:
        """Do so as a part of what is being written."""
        columns = stored(row, self._seal)
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        db.execute(f"INSERT OR REPLACE INTO {TABLES[type(row)]} ({names}) VALUES ({marks})", tuple(columns.values()))

    def rows(self, kind: type[ARow], where: str = "1", *values: Any) -> Iterator[ARow]:
        """Yield rows. Raises StoreError if a value is not of its column's type."""
        names = kind.__struct_fields__
        with told(self.path):
            question = f"SELECT {', '.join(names)} FROM {TABLES[kind]} WHERE {where}"
            for found in self.connection.execute(question, values):
                yield read(kind, dict(zip(names, found, strict=True)), self._seal)

    def empty_log(self) -> None:
        """Leave nothing in the write-ahead log, where what has been overwritten since still stands."""
        if self._is_dirty:
            with told(self.path):
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._is_dirty = False

    def copy(self, path: Path) -> None:
        """Write everything into a new file, as it is at this moment. Raises StoreError."""
        try:
            # Made by us, so that nobody else can read it even while it is written; SQLite takes an empty file.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            raise StoreError(f"{path} exists already; a backup is a new file.") from None
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}. It is the server that writes it.") from None
        try:
            self.connection.execute("VACUUM INTO ?", (str(path),))
        except sqlite3.Error as error:
            path.unlink(missing_ok=True)
            raise StoreError(f"{path} cannot be written: {error}.") from None

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


def inspect(folder: Path) -> str:
    """Return what there is in a folder, in words, having changed nothing. Raises StoreError if it cannot be used."""
    path = folder / FILE
    with told(path):
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0, isolation_level=None)
        try:
            _see_that_it_is_whole(db)
            version = version_of(db)
            return f"{path} is whole, of schema {version}" + (f", and will become {VERSION}" * (version < VERSION))
        finally:
            db.close()


def _opened(path: Path) -> sqlite3.Connection:
    """Return the one connection to a database that is whole, ours, of the newest version, and locked."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        path.chmod(0o600)
        db.execute("BEGIN EXCLUSIVE")  # refused while another process has it
        db.rollback()
        for pragma in _PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        _see_that_it_is_whole(db)
        bring_up_to_date(db)
    except BaseException:
        db.close()
        raise
    return db


def _see_that_it_is_whole(db: sqlite3.Connection) -> None:
    trouble = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if trouble != "ok":
        raise sqlite3.DatabaseError(trouble)
