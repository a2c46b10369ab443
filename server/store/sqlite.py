"""The store on disk: what is written is in the database of the folder of `--data` first, and then known in memory too.

What is asked on the way of a message is answered from memory; what there may be very many of is in the file alone.
Knows what is kept where, never how a file is opened, or what can be wrong with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from server.store.columns import TABLES
from server.store.database import Database
from server.store.memory import MemoryStore
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
from server.store.sealing import Seal
from server.store.tables.reports import without
from server.store.trouble import told

_IN_MEMORY: tuple[type[Row], ...] = (Block, Mark, Tie, Ban, Report, Notice, Switch)
"""Kinds of rows that are in memory too, reports without their evidence."""


class SqliteStore(MemoryStore):
    """Lasting state in a folder. Raises StoreError, having changed nothing, if it cannot be had."""

    is_lasting = True

    def __init__(self, folder: Path, seal: Seal) -> None:
        super().__init__()
        self._db = Database(folder, seal)
        try:
            with told(self._db.path):
                self._load()
        except BaseException:
            self._db.close()
            raise

    def _load(self) -> None:
        """Know what is asked on the way of a message."""
        for kind in _IN_MEMORY:
            for row in self._db.rows(kind, "1 ORDER BY at"):
                self.tables.by_kind[kind].put(row)

    # Identities: not in memory, since there may be very many, and each is asked for once a visit.

    def standing(self, identity: str) -> Standing | None:
        """Return what is known of the identity."""
        return next(iter(self._db.rows(Standing, "identity = ?", identity)), None)

    def put_standing(self, standing: Standing) -> None:
        """Keep what is known of an identity, in place of what was."""
        self._db.put(standing)

    def end(self, ended: Ended) -> None:
        """Forget an identity and all that hangs on it; its tokens are good for nothing until they expire."""
        identity = ended.identity
        with self._db.writing() as db:
            self._db.insert(db, ended)
            db.execute("DELETE FROM standings WHERE identity = ?", (identity,))
            db.execute("DELETE FROM blocks WHERE owner = ?", (identity,))
            db.execute("UPDATE bottles SET owner = '', sealed = x'' WHERE owner = ? AND picked != '[]'", (identity,))
            db.execute("DELETE FROM bottles WHERE owner = ?", (identity,))
            db.execute("DELETE FROM answers WHERE owner = ? OR (by = ? AND NOT is_told)", (identity, identity))
            db.execute("UPDATE answers SET by = '', sealed = x'' WHERE by = ?", (identity,))
            db.execute("DELETE FROM ties WHERE owner = ? OR other = ?", (identity, identity))
            for report in self.tables.reports.by(identity):
                self._db.insert(db, without(report, identity))
        self.tables.erase(identity)

    def ended_at(self, identity: str) -> float | None:
        """Return until when tokens made for the identity are dead, Unix seconds; None if it was never ended."""
        return next((ended.dead_until for ended in self._db.rows(Ended, "identity = ?", identity)), None)

    # Blocks

    def add_block(self, block: Block) -> None:
        """Keep a block; one of the same owner against the same other, and via the same, takes the older one's place."""
        self._db.put(block)
        super().add_block(block)

    def remove_block(self, owner: str, block: str) -> Block | None:
        """Forget a block of the owner's and return it; None if they hold none of that id."""
        with self._db.writing() as db:
            db.execute("DELETE FROM blocks WHERE owner = ? AND block = ?", (owner, block))
        return super().remove_block(owner, block)

    def renew_blocks(self, owner: str, *, until: float) -> None:
        """Keep the owner's blocks until then at least."""
        if any(block.until < until for block in self.blocks_of(owner)):
            with self._db.writing() as db:
                db.execute("UPDATE blocks SET until = max(until, ?) WHERE owner = ?", (until, owner))
            super().renew_blocks(owner, until=until)

    def put_mark(self, mark: Mark) -> None:
        """Know that a blocked identity was at a place; what is too much for memory stays on disk for its day."""
        self._db.put(mark)
        super().put_mark(mark)

    def remove_mark(self, place: str, identity: str) -> None:
        """Forget that a blocked identity was at a place."""
        with self._db.writing() as db:
            db.execute("DELETE FROM marks WHERE place = ? AND identity = ?", (place, identity))
        super().remove_mark(place, identity)

    # Ties

    def add_ties(self, *ties: Tie) -> None:
        """Keep ties, all of them or none; one of the same kind, owner and other takes the older one's place."""
        with self._db.writing() as db:
            for tie in ties:
                self._db.insert(db, tie)
        super().add_ties(*ties)

    def remove_ties(self, kind: str, *pairs: tuple[str, str]) -> None:
        """Forget these ties, each named by its owner and other, all of them or none; those that are not there too."""
        with self._db.writing() as db:
            for pair in pairs:
                db.execute("DELETE FROM ties WHERE kind = ? AND owner = ? AND other = ?", (kind, *pair))
        super().remove_ties(kind, *pairs)

    def renew_ties(self, owner: str, *, until: float) -> None:
        """Keep the owner's ties until then at least."""
        if any(tie.until < until for tie in self.tables.ties.of(owner)):
            with self._db.writing() as db:
                db.execute("UPDATE ties SET until = max(until, ?) WHERE owner = ?", (until, owner))
            super().renew_ties(owner, until=until)

    # Bans

    def add_ban(self, ban: Ban) -> None:
        """Keep somebody out. Raises ValueError if the network is none."""
        if ban.network:
            parse_network(ban.network)
        self._db.put(ban)
        super().add_ban(ban)

    def remove_ban(self, ban: str) -> Ban | None:
        """Let somebody in again and return the ban; None if there is none of that id."""
        with self._db.writing() as db:
            db.execute("DELETE FROM bans WHERE ban = ?", (ban,))
        return super().remove_ban(ban)

    # Reports: their evidence is not in memory.

    def put_report(self, report: Report, sealed: bytes) -> None:
        """Keep a report and its sealed evidence, in place of an earlier state of the same ticket."""
        with self._db.writing() as db:
            self._db.insert(db, report)
            db.execute("INSERT OR REPLACE INTO evidence VALUES (?, ?)", (report.ticket, sealed))
        self.tables.reports.put(report)

    def evidence(self, ticket: str) -> bytes | None:
        """Return the sealed evidence of a report."""
        with told(self._db.path):
            question = "SELECT sealed FROM evidence WHERE ticket = ?"
            found = self._db.connection.execute(question, (ticket,)).fetchone()
        return found[0] if found is not None and isinstance(found[0], bytes) else None

    def close_report(self, ticket: str, *, now: float) -> Report | None:
        """Know the operator done with it: it stays until its retention ends. None if there is none of that ticket."""
        report = self.tables.reports.get(ticket)
        if report is not None and report.closed_at is None:
            self._db.put(msgspec.structs.replace(report, closed_at=now))
        return super().close_report(ticket, now=now)

    def remove_report(self, ticket: str) -> None:
        """Forget a report and its evidence."""
        with self._db.writing() as db:
            db.execute("DELETE FROM reports WHERE ticket = ?", (ticket,))
            db.execute("DELETE FROM evidence WHERE ticket = ?", (ticket,))
        super().remove_report(ticket)

    # Bottles: not in memory, since there may be very many.

    def put_bottle(self, bottle: Bottle) -> None:
        """Keep a bottle, in place of an earlier state of it."""
        self._db.put(bottle)

    def bottle(self, bottle: str) -> Bottle | None:
        """Return the bottle of that id."""
        return next(iter(self._db.rows(Bottle, "bottle = ?", bottle)), None)

    def bottles(self) -> Iterable[Bottle]:
        """Return every bottle, oldest first."""
        return self._db.rows(Bottle, "1 ORDER BY at")

    def remove_bottle(self, bottle: str) -> None:
        """Forget a bottle. Answers to it stay."""
        with self._db.writing() as db:
            db.execute("DELETE FROM bottles WHERE bottle = ?", (bottle,))

    def put_answer(self, answer: BottleAnswer) -> None:
        """Keep an answer, in place of an earlier state of it."""
        self._db.put(answer)

    def answer(self, answer: str) -> BottleAnswer | None:
        """Return the answer of that id."""
        return next(iter(self._db.rows(BottleAnswer, "answer = ?", answer)), None)

    def answers_for(self, owner: str) -> list[BottleAnswer]:
        """Return the answers to somebody's bottles, oldest first."""
        return list(self._db.rows(BottleAnswer, "owner = ? ORDER BY at", owner))

    def answers_by(self, writer: str) -> list[BottleAnswer]:
        """Return the answers that somebody wrote, oldest first."""
        return list(self._db.rows(BottleAnswer, '"by" = ? ORDER BY at', writer))

    def remove_answer(self, answer: str) -> None:
        """Forget an answer."""
        with self._db.writing() as db:
            db.execute("DELETE FROM answers WHERE answer = ?", (answer,))

    # What the operator says, and what they switched off

    def add_notice(self, notice: Notice) -> None:
        """Keep a notice until its person is there; of too many for one person the oldest is forgotten."""
        self._db.put(notice)
        super().add_notice(notice)
        kept = [one.notice for one in self.notices_for(notice.identity)]
        marks = ", ".join("?" * len(kept))
        with self._db.writing() as db:
            db.execute(f"DELETE FROM notices WHERE identity = ? AND notice NOT IN ({marks})", (notice.identity, *kept))

    def take_notices(self, identity: str) -> list[Notice]:
        """Return the notices that wait for somebody, oldest first, and forget them."""
        if not self.notices_for(identity):
            return []
        with self._db.writing() as db:
            db.execute("DELETE FROM notices WHERE identity = ?", (identity,))
        return super().take_notices(identity)

    def switch_off(self, switch: Switch) -> None:
        """Have a feature be off."""
        self._db.put(switch)
        super().switch_off(switch)

    def switch_on(self, feature: str) -> None:
        """Have a feature be on again."""
        with self._db.writing() as db:
            db.execute("DELETE FROM switches WHERE feature = ?", (feature,))
        super().switch_on(feature)

    # The audit log

    def add_audit(self, entry: AuditEntry) -> None:
        """Write down what an operator did."""
        self._db.put(entry)

    def audit(self, *, most: int) -> list[AuditEntry]:
        """Return the newest entries, newest first."""
        return list(self._db.rows(AuditEntry, "1 ORDER BY id DESC LIMIT ?", most))

    # The whole

    def expire(self, *, now: float) -> int:
        """Forget every row whose time is over, from every file too, and return how many there were."""
        with self._db.writing() as db:
            counts = [db.execute(f"DELETE FROM {table} WHERE until <= ?", (now,)).rowcount for table in TABLES.values()]
            db.execute("DELETE FROM evidence WHERE ticket NOT IN (SELECT ticket FROM reports)")
        super().expire(now=now)
        self._db.empty_log()
        return sum(counts)

    def backup(self, path: Path) -> None:
        """Write everything into a new file, as it is at this moment. Raises StoreError."""
        self._db.copy(path)

    def take_in(self, rows: Iterable[Row], evidence: Mapping[str, bytes]) -> None:
        """Write all rows of another store, at once or none; they are known once the file is opened again."""
        with self._db.writing() as db:
            for row in rows:
                self._db.insert(db, row)
            db.executemany("INSERT OR REPLACE INTO evidence VALUES (?, ?)", evidence.items())

    def rows(self) -> Iterator[Row]:
        """Yield every row there is, those of a kind oldest first."""
        for kind in TABLES:
            order = "id" if kind is AuditEntry else "at" if "at" in kind.__struct_fields__ else "until"
            yield from self._db.rows(kind, f"1 ORDER BY {order}")

    def all_evidence(self) -> dict[str, bytes]:
        """Return the sealed evidence of every report."""
        with told(self._db.path):
            return dict(self._db.connection.execute("SELECT ticket, sealed FROM evidence"))

    def close(self) -> None:
        """Let go of files. Nothing may be asked afterwards."""
        self._db.close()
