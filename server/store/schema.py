"""The tables on disk, version by version, and how a database of any earlier version becomes one of the newest.

A released step is never changed; a new one is added behind it.
"""

import sqlite3

APPLICATION_ID = 0x48455245
"""SQLite's mark of whose database a file is: "HERE"."""

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE standings (identity TEXT PRIMARY KEY, first_at REAL, seated_s REAL, until REAL) WITHOUT ROWID;
    CREATE TABLE ended (identity TEXT PRIMARY KEY, until REAL) WITHOUT ROWID;
    CREATE TABLE blocks (
        block TEXT, owner TEXT, other TEXT, name BLOB, at REAL, until REAL, PRIMARY KEY (owner, other)
    ) WITHOUT ROWID;
    CREATE TABLE bans (
        ban TEXT PRIMARY KEY, identity TEXT, network TEXT, stops_known INTEGER, reason TEXT, at REAL, until REAL
    ) WITHOUT ROWID;
    CREATE TABLE reports (
        ticket TEXT PRIMARY KEY, room TEXT, against TEXT, reasons TEXT, reporters TEXT, times INTEGER,
        at REAL, last_at REAL, until REAL, closed_at REAL
    ) WITHOUT ROWID;
    CREATE TABLE evidence (ticket TEXT PRIMARY KEY, sealed BLOB);
    CREATE TABLE notices (
        notice TEXT PRIMARY KEY, identity TEXT, text BLOB, level TEXT, at REAL, until REAL
    ) WITHOUT ROWID;
    CREATE TABLE switches (feature TEXT PRIMARY KEY, at REAL, until REAL) WITHOUT ROWID;
    CREATE TABLE audit (id INTEGER PRIMARY KEY, at REAL, by TEXT, act TEXT, target TEXT, detail TEXT, until REAL);
    """,
    """
    CREATE TABLE marks (place TEXT, identity TEXT, at REAL, until REAL, PRIMARY KEY (place, identity)) WITHOUT ROWID;
    """,
    """
    CREATE TABLE bottles (
        bottle TEXT PRIMARY KEY, owner TEXT, sealed BLOB, at REAL, until REAL, picked TEXT, in_hand TEXT,
        is_held INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX bottles_of ON bottles (owner);
    CREATE TABLE answers (
        answer TEXT PRIMARY KEY, bottle TEXT, owner TEXT, by TEXT, sealed BLOB, at REAL, until REAL, is_told INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX answers_for ON answers (owner);
    CREATE INDEX answers_by ON answers (by);
    """,
    "ALTER TABLE standings ADD COLUMN jumped_at REAL",
    """
    CREATE TABLE ties (
        kind TEXT, owner TEXT, other TEXT, at REAL, until REAL, PRIMARY KEY (kind, owner, other)
    ) WITHOUT ROWID;
    CREATE INDEX ties_of_other ON ties (other);
    """,
    """
    CREATE TABLE blocks_via (
        block TEXT, owner TEXT, other TEXT, name BLOB, at REAL, until REAL, via TEXT, PRIMARY KEY (owner, other, via)
    ) WITHOUT ROWID;
    INSERT INTO blocks_via SELECT block, owner, other, name, at, until, '' FROM blocks;
    DROP TABLE blocks;
    ALTER TABLE blocks_via RENAME TO blocks;
    """,
    """
    ALTER TABLE standings ADD COLUMN throws_due REAL;
    ALTER TABLE standings ADD COLUMN picks_due REAL;
    ALTER TABLE standings ADD COLUMN answers_due REAL;
    ALTER TABLE answers ADD COLUMN is_heard INTEGER;
    """,
    """
    ALTER TABLE reports ADD COLUMN counted TEXT;
    UPDATE reports SET counted = reporters;
    """,
    "ALTER TABLE ended ADD COLUMN at REAL",
)
"""SQL that leads from version n to n + 1."""

VERSION = len(STEPS)


class OtherSchema(Exception):
    """The file is another program's, or a newer version's; the message says which."""


def version_of(db: sqlite3.Connection, steps: tuple[str, ...] = STEPS) -> int:
    """Return the version of a database, 0 of an empty one. Raises OtherSchema if it is none that `steps` know."""
    mark, version = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    is_empty = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if mark != APPLICATION_ID and not (is_empty and mark == version == 0):
        raise OtherSchema("is a database of another program")
    if version > len(steps):
        raise OtherSchema(f"has schema {version}, and this version of Hereabouts knows up to {len(steps)}: update it")
    return int(version)


def bring_up_to_date(db: sqlite3.Connection, steps: tuple[str, ...] = STEPS) -> None:
    """Bring a database to the newest version, an empty one from nothing. Raises OtherSchema, changing nothing."""
    version = version_of(db, steps)
    for number, step in enumerate(steps[version:], version + 1):
        # One transaction a step: whatever happens, the file is of one version or the next.
        marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number};"
        db.executescript(f"BEGIN IMMEDIATE; {step}; {marks} COMMIT;")
