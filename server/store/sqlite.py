"""The store on disk: one SQLite file in the folder of `--data`, written first, and then known in memory too.

One connection, used from the event loop itself: rows are few and small, and a write takes tens of microseconds
(docs/DESIGN.md). What was forgotten is gone from the files: `secure_delete` overwrites it in the database, and
after each expiry run the write-ahead log, which still has it, is emptied.

The file is locked for as long as it is open, so that no two servers ever write one state.
"""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from server.store.memory import MemoryStore, without
from server.store.networks import parse_network
from server.store.rows import (
    AuditEntry,
    Ban,
    Block,
    Bottle,
    BottleAnswer,
    Ended,
    Mark,
    Notice,
    Report,
    Row,
    Standing,
    Switch,
    Tie,
)
from server.store.schema import VERSION, OtherSchema, bring_up_to_date, version_of
from server.store.sealed_words import seal_words, unseal_words
from server.store.sealing import Seal
from server.store.store import StoreError, StoreInUse

FILE = "hereabouts.sqlite3"

ARow = TypeVar("ARow", bound=Row)

_PRAGMAS = (
    "locking_mode = EXCLUSIVE",  # before the log is opened: it then needs no shared memory either
    "journal_mode = WAL",
    "synchronous = NORMAL",  # a killed process loses nothing; a machine without power may lose the last writes
    "secure_delete = ON",
    "temp_store = MEMORY",
    "trusted_schema = OFF",
)
_TABLES: dict[type[Row], str] = {
    Standing: "standings",
    Ended: "ended",
    Block: "blocks",
    Mark: "marks",
    Tie: "ties",
    Ban: "bans",
    Report: "reports",
    Bottle: "bottles",
    BottleAnswer: "answers",
    Notice: "notices",
    Switch: "switches",
    AuditEntry: "audit",
}
_LISTS = frozenset(("reasons", "reporters", "counted", "picked", "in_hand"))
_BOOLS = frozenset(("stops_known", "is_held", "is_told", "is_heard"))
"""Columns that SQLite has no type for."""

_WHOSE = "Start the server as the user whose folder it is, or set data to another folder."
_NO_FOLDER = "There is a file where a folder should be: set data to another folder."
_FULL = "Make room on that disk, or set data to a folder on another."
_ABOUT_FOLDER = {
    errno.EACCES: _WHOSE,
    errno.EPERM: _WHOSE,
    errno.EEXIST: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
}
_ELSEWHERE = "Set data to a folder that can be made and written, by its whole path, as in /var/lib/hereabouts."


class SqliteStore(MemoryStore):
    """Lasting state in a folder. Raises StoreError, having changed nothing, if it cannot be had."""

    is_lasting = True

    def __init__(self, folder: Path, seal: Seal) -> None:
        super().__init__()
        self.path = folder / FILE
        self._seal = seal
        self._is_dirty = False
        with _told(self.path):
            self._db = _opened(self.path)
            try:
                self._load()
            except BaseException:
                self._db.close()
                raise

    def _load(self) -> None:
        """Know what is asked on the way of a message: blocks, ties, bans, and reports without their evidence."""
        for block in self._rows(Block, "1 ORDER BY at"):
            MemoryStore.add_block(self, block)
        for mark in self._rows(Mark, "1 ORDER BY at"):
            MemoryStore.put_mark(self, mark)
        for tie in self._rows(Tie, "1 ORDER BY at"):
            MemoryStore.add_ties(self, tie)
        for ban in self._rows(Ban):
            MemoryStore.add_ban(self, ban)
        for report in self._rows(Report):
            self._know_report(report)
        for notice in self._rows(Notice, "1 ORDER BY at"):
            MemoryStore.add_notice(self, notice)
        for switch in self._rows(Switch):
            MemoryStore.switch_off(self, switch)

    # Identities: not in memory, since there may be very many, and each is asked for once a visit.

    def standing(self, identity: str) -> Standing | None:
        """Return what is known of the identity."""
        return next(iter(self._rows(Standing, "identity = ?", identity)), None)

    def put_standing(self, standing: Standing) -> None:
        """Keep what is known of an identity, in place of what was."""
        self._put(standing)

    def end(self, ended: Ended) -> None:
        """Forget an identity and all that hangs on it; its tokens are good for nothing until they expire."""
        identity = ended.identity
        with self._writing() as db:
            self._insert(db, ended)
            db.execute("DELETE FROM standings WHERE identity = ?", (identity,))
            db.execute("DELETE FROM blocks WHERE owner = ?", (identity,))
            db.execute("UPDATE bottles SET owner = '', sealed = x'' WHERE owner = ? AND picked != '[]'", (identity,))
            db.execute("DELETE FROM bottles WHERE owner = ?", (identity,))
            db.execute("DELETE FROM answers WHERE owner = ? OR (by = ? AND NOT is_told)", (identity, identity))
            db.execute("UPDATE answers SET by = '', sealed = x'' WHERE by = ?", (identity,))
            db.execute("DELETE FROM ties WHERE owner = ? OR other = ?", (identity, identity))
            for report in self._reported_by(identity):
                self._insert(db, without(report, identity))
        self._erase(identity)

    def ended_at(self, identity: str) -> float | None:
        """Return until when tokens made for the identity are dead, Unix seconds; None if it was never ended."""
        return next((ended.dead_until for ended in self._rows(Ended, "identity = ?", identity)), None)

    # Blocks

    def add_block(self, block: Block) -> None:
        """Keep a block; one of the same owner against the same other, and via the same, takes the older one's place."""
        self._put(block)
        super().add_block(block)

    def remove_block(self, owner: str, block: str) -> Block | None:
        """Forget a block of the owner's and return it; None if they hold none of that id."""
        with self._writing() as db:
            db.execute("DELETE FROM blocks WHERE owner = ? AND block = ?", (owner, block))
        return super().remove_block(owner, block)

    def renew_blocks(self, owner: str, *, until: float) -> None:
        """Keep the owner's blocks until then at least."""
        if any(block.until < until for block in self.blocks_of(owner)):
            with self._writing() as db:
                db.execute("UPDATE blocks SET until = max(until, ?) WHERE owner = ?", (until, owner))
            super().renew_blocks(owner, until=until)

    def put_mark(self, mark: Mark) -> None:
        """Know that a blocked identity was at a place; what is too much for memory stays on disk for its day."""
        self._put(mark)
        super().put_mark(mark)

    def remove_mark(self, place: str, identity: str) -> None:
        """Forget that a blocked identity was at a place."""
        with self._writing() as db:
            db.execute("DELETE FROM marks WHERE place = ? AND identity = ?", (place, identity))
        super().remove_mark(place, identity)

    # Ties

    def add_ties(self, *ties: Tie) -> None:
        """Keep ties, all of them or none; one of the same kind, owner and other takes the older one's place."""
        with self._writing() as db:
            for tie in ties:
                self._insert(db, tie)
        super().add_ties(*ties)

    def remove_ties(self, kind: str, *pairs: tuple[str, str]) -> None:
        """Forget these ties, each named by its owner and other, all of them or none; those that are not there too."""
        with self._writing() as db:
            for pair in pairs:
                db.execute("DELETE FROM ties WHERE kind = ? AND owner = ? AND other = ?", (kind, *pair))
        super().remove_ties(kind, *pairs)

    def renew_ties(self, owner: str, *, until: float) -> None:
        """Keep the owner's ties until then at least."""
        if any(tie.until < until for tie in self._ties.get(owner, {}).values()):
            with self._writing() as db:
                db.execute("UPDATE ties SET until = max(until, ?) WHERE owner = ?", (until, owner))
            super().renew_ties(owner, until=until)

    # Bans

    def add_ban(self, ban: Ban) -> None:
        """Keep somebody out. Raises ValueError if the network is none."""
        if ban.network:
            parse_network(ban.network)
        self._put(ban)
        super().add_ban(ban)

    def remove_ban(self, ban: str) -> Ban | None:
        """Let somebody in again and return the ban; None if there is none of that id."""
        with self._writing() as db:
            db.execute("DELETE FROM bans WHERE ban = ?", (ban,))
        return super().remove_ban(ban)

    # Reports: their evidence is not in memory.

    def put_report(self, report: Report, sealed: bytes) -> None:
        """Keep a report and its sealed evidence, in place of an earlier state of the same ticket."""
        with self._writing() as db:
            self._insert(db, report)
            db.execute("INSERT OR REPLACE INTO evidence VALUES (?, ?)", (report.ticket, sealed))
        self._know_report(report)

    def evidence(self, ticket: str) -> bytes | None:
        """Return the sealed evidence of a report."""
        with _told(self.path):
            found = self._db.execute("SELECT sealed FROM evidence WHERE ticket = ?", (ticket,)).fetchone()
        return found[0] if found is not None and isinstance(found[0], bytes) else None

    def close_report(self, ticket: str, *, now: float) -> Report | None:
        """Know the operator done with it: it stays until its retention ends. None if there is none of that ticket."""
        report = self._reports.get(ticket)
        if report is not None and report.closed_at is None:
            self._put(msgspec.structs.replace(report, closed_at=now))
        return super().close_report(ticket, now=now)

    def remove_report(self, ticket: str) -> None:
        """Forget a report and its evidence."""
        with self._writing() as db:
            db.execute("DELETE FROM reports WHERE ticket = ?", (ticket,))
            db.execute("DELETE FROM evidence WHERE ticket = ?", (ticket,))
        super().remove_report(ticket)

    # Bottles: not in memory, since there may be very many.

    def put_bottle(self, bottle: Bottle) -> None:
        """Keep a bottle, in place of an earlier state of it."""
        self._put(bottle)

    def bottle(self, bottle: str) -> Bottle | None:
        """Return the bottle of that id."""
        return next(iter(self._rows(Bottle, "bottle = ?", bottle)), None)

    def bottles(self) -> Iterable[Bottle]:
        """Return every bottle, oldest first."""
        return self._rows(Bottle, "1 ORDER BY at")

    def remove_bottle(self, bottle: str) -> None:
        """Forget a bottle. Answers to it stay."""
        with self._writing() as db:
            db.execute("DELETE FROM bottles WHERE bottle = ?", (bottle,))

    def put_answer(self, answer: BottleAnswer) -> None:
        """Keep an answer, in place of an earlier state of it."""
        self._put(answer)

    def answer(self, answer: str) -> BottleAnswer | None:
        """Return the answer of that id."""
        return next(iter(self._rows(BottleAnswer, "answer = ?", answer)), None)

    def answers_for(self, owner: str) -> list[BottleAnswer]:
        """Return the answers to somebody's bottles, oldest first."""
        return list(self._rows(BottleAnswer, "owner = ? ORDER BY at", owner))

    def answers_by(self, writer: str) -> list[BottleAnswer]:
        """Return the answers that somebody wrote, oldest first."""
        return list(self._rows(BottleAnswer, '"by" = ? ORDER BY at', writer))

    def remove_answer(self, answer: str) -> None:
        """Forget an answer."""
        with self._writing() as db:
            db.execute("DELETE FROM answers WHERE answer = ?", (answer,))

    # What the operator says, and what they switched off

    def add_notice(self, notice: Notice) -> None:
        """Keep a notice until its person is there; of too many for one person the oldest is forgotten."""
        self._put(notice)
        super().add_notice(notice)
        kept = list(self._notices[notice.identity])
        marks = ", ".join("?" * len(kept))
        with self._writing() as db:
            db.execute(f"DELETE FROM notices WHERE identity = ? AND notice NOT IN ({marks})", (notice.identity, *kept))

    def take_notices(self, identity: str) -> list[Notice]:
        """Return the notices that wait for somebody, oldest first, and forget them."""
        if identity not in self._notices:
            return []
        with self._writing() as db:
            db.execute("DELETE FROM notices WHERE identity = ?", (identity,))
        return super().take_notices(identity)

    def switch_off(self, switch: Switch) -> None:
        """Have a feature be off."""
        self._put(switch)
        super().switch_off(switch)

    def switch_on(self, feature: str) -> None:
        """Have a feature be on again."""
        with self._writing() as db:
            db.execute("DELETE FROM switches WHERE feature = ?", (feature,))
        super().switch_on(feature)

    # The audit log

    def add_audit(self, entry: AuditEntry) -> None:
        """Write down what an operator did."""
        self._put(entry)

    def audit(self, *, most: int) -> list[AuditEntry]:
        """Return the newest entries, newest first."""
        return list(self._rows(AuditEntry, "1 ORDER BY id DESC LIMIT ?", most))

    # The whole

    def expire(self, *, now: float) -> int:
        """Forget every row whose time is over, from every file too, and return how many there were."""
        with self._writing(dirties=False) as db:
            counts = [
                db.execute(f"DELETE FROM {table} WHERE until <= ?", (now,)).rowcount for table in _TABLES.values()
            ]
            db.execute("DELETE FROM evidence WHERE ticket NOT IN (SELECT ticket FROM reports)")
        super().expire(now=now)
        forgotten = sum(counts)
        if forgotten or self._is_dirty:
            with _told(self.path):
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._is_dirty = False
        return forgotten

    def backup(self, path: Path) -> None:
        """Write everything into a new file, as it is at this moment. Raises StoreError."""
        try:
            # Made by us, so that nobody else can read it even while it is written; SQLite takes an empty file.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            raise StoreError(f"{path} exists already; a backup is a new file.") from None
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}. It is the server that writes it.") from None
        try:
            self._db.execute("VACUUM INTO ?", (str(path),))
        except sqlite3.Error as error:
            path.unlink(missing_ok=True)
            raise StoreError(f"{path} cannot be written: {error}.") from None

    def take_in(self, rows: Iterable[Row], evidence: Mapping[str, bytes]) -> None:
        """Write all rows of another store, at once or none; they are known once the file is opened again."""
        with self._writing() as db:
            for row in rows:
                self._insert(db, row)
            db.executemany("INSERT OR REPLACE INTO evidence VALUES (?, ?)", evidence.items())

    def rows(self) -> Iterator[Row]:
        """Yield every row there is, those of a kind oldest first."""
        for kind in _TABLES:
            order = "id" if kind is AuditEntry else "at" if "at" in kind.__struct_fields__ else "until"
            yield from self._rows(kind, f"1 ORDER BY {order}")

    def all_evidence(self) -> dict[str, bytes]:
        """Return the sealed evidence of every report."""
        with _told(self.path):
            return dict(self._db.execute("SELECT ticket, sealed FROM evidence"))

    def close(self) -> None:
        """Let go of files. Nothing may be asked afterwards."""
        self._db.close()

    # Rows

    def _put(self, row: Row) -> None:
        with self._writing() as db:
            self._insert(db, row)

    def _insert(self, db: sqlite3.Connection, row: Row) -> None:
        """Write a row in place of one with the same key."""
        columns = msgspec.structs.asdict(row)
        seal_words(type(row), columns, self._seal)
        values = [
            msgspec.json.encode(value).decode() if isinstance(value, tuple) else value for value in columns.values()
        ]
        names, marks = ", ".join(columns), ", ".join("?" * len(values))
        db.execute(f"INSERT OR REPLACE INTO {_TABLES[type(row)]} ({names}) VALUES ({marks})", values)

    def _rows(self, kind: type[ARow], where: str = "1", *values: Any) -> Iterator[ARow]:
        """Yield rows. Raises StoreError if a value is not of its column's type."""
        names = kind.__struct_fields__
        with _told(self.path):
            for found in self._db.execute(f"SELECT {', '.join(names)} FROM {_TABLES[kind]} WHERE {where}", values):
                yield self._row(kind, dict(zip(names, found, strict=True)))

    def _row(self, kind: type[ARow], found: dict[str, Any]) -> ARow:
        for name in found.keys() & _LISTS:
            found[name] = msgspec.json.decode(found[name])
        for name in found.keys() & _BOOLS:
            found[name] = bool(found[name])
        unseal_words(kind, found, self._seal)
        return msgspec.convert(found, kind)

    @contextlib.contextmanager
    def _writing(self, *, dirties: bool = True) -> Iterator[sqlite3.Connection]:
        """Have the block be one transaction: all of it is written when it ends, or nothing."""
        with _told(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.rollback()
                raise
            self._db.commit()
            self._is_dirty |= dirties


def folder_trouble(folder: Path, error: OSError) -> StoreError:
    """Return what keeps the folder of `data` from being used, in words: what is wrong, and what to do."""
    cannot = "cannot be used" if os.path.isdir(folder) else "cannot be made"
    return StoreError(f"{folder} {cannot}: {error.strerror}. {_ABOUT_FOLDER.get(error.errno or 0, _ELSEWHERE)}")


def inspect(folder: Path) -> str:
    """Return what there is in a folder, in words, having changed nothing. Raises StoreError if it cannot be used."""
    path = folder / FILE
    with _told(path):
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0, isolation_level=None)
        try:
            trouble = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if trouble != "ok":
                raise sqlite3.DatabaseError(trouble)
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
        trouble = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if trouble != "ok":
            raise sqlite3.DatabaseError(trouble)
        bring_up_to_date(db)
    except BaseException:
        db.close()
        raise
    return db


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Make one clear error of whatever goes wrong with the file."""
    try:
        yield
    except OtherSchema as error:
        raise StoreError(f"{path} {error}. Nothing was changed.") from None
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreInUse(f"{path} is in use: a server runs on this folder already. Give each its own.") from None
        raise StoreError(f"{path} cannot be used: {error}. See that the folder can be written, and its disk.") from None
    except (sqlite3.DatabaseError, ValueError) as error:
        raise StoreError(
            f"{path} is damaged: {error}. Nothing was changed; put a backup in its place, or move it away."
        ) from None
    except OSError as error:
        raise folder_trouble(path.parent, error) from None
