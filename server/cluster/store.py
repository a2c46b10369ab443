"""The store in Redis: every node has all rows in memory and answers from there, and they all see one order of changes.

A write is in memory at once and queued; `server/cluster/store_link.py` sends the queue and brings what the others
wrote. Never awaits, and knows no connection. Refused with StoreError, changing nothing, is what must last while Redis
is away; how long somebody has sat, where the blocked were and that ties are renewed wait for it instead.

What two nodes do at once: of one field the later in Redis holds, everywhere (server/cluster/store_rows.py). A bottle
that two nodes give away within one round trip may come to a fourth person; all of them can answer it. Whoever is
forgotten on one node while another still writes for them is forgotten there too as soon as it reads so.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from server.cluster.outbox import Outbox
from server.cluster.store_following import Following
from server.cluster.store_rows import (
    AUDIT,
    EVIDENCE,
    KINDS,
    TABLES,
    Field,
    dropped,
    in_one_order,
    in_order,
    packed,
    put,
    unpacked,
)
from server.store.memory import MemoryStore
from server.store.rows import AuditEntry, Bottle, Ended, Notice, Report, Row
from server.store.sealing import Seal
from server.store.sqlite import SqliteStore
from server.store.store import StoreError
from server.store.tables.audit import AUDIT_MAX
from server.store.tables.tables import Tables

QUEUE_MAX = 10_000
"""Changes that wait for Redis, some 5 MB: minutes of a busy server. Beyond, what must last is refused, others lost."""

P = ParamSpec("P")
R = TypeVar("R")


def _nothing() -> None:
    """Stand in until a link listens."""


def _tell_nobody(rows: list[tuple[Row, bool]]) -> None:
    """Stand in where nobody but the store has to know."""


def _lasting(write: Callable[Concatenate[MemoryStore, P], R]) -> Callable[Concatenate["RedisStore", P], R]:
    """Return the write, refused while nothing can be kept."""

    def checked(self: "RedisStore", /, *args: P.args, **kwargs: P.kwargs) -> R:
        self._see_that_it_can_be_kept()
        return write(self, *args, **kwargs)

    checked.__doc__ = write.__doc__
    return checked


class RedisStore(MemoryStore):
    """All rows of a cluster.

    Args:
        node: this process, once: no other one, before or after, is called so.

    Attributes:
        outbox: what this node has changed itself.
        away: why nothing can be kept now, in words for the operator; "" while it can.
        expires: whether this node is the one that forgets what is over.
        wake: called when something waits to be sent.
        followed: called with rows that came, changed or went elsewhere, each with whether it is here.
        unsent: changes that were lost since too many waited.
    """

    is_lasting: bool = True

    def __init__(self, seal: Seal, *, node: str) -> None:
        super().__init__(Tables(self))
        self.node = node
        self.outbox = Outbox()
        self._seal = seal
        self._following = Following(self.tables, self.outbox, seal)
        self.away = ""
        self.expires = False
        self.wake: Callable[[], None] = _nothing
        self.followed: Callable[[list[tuple[Row, bool]]], None] = _tell_nobody
        self._news: list[tuple[Row, bool]] = []
        self.unsent = 0

    def _see_that_it_can_be_kept(self) -> None:
        if self.away:
            raise StoreError(self.away)
        if len(self.outbox) >= QUEUE_MAX:
            raise StoreError(f"{QUEUE_MAX} changes wait for Redis: it is too slow, or something writes without end.")

    # Writes that must last

    end = _lasting(MemoryStore.end)
    add_block = _lasting(MemoryStore.add_block)
    remove_block = _lasting(MemoryStore.remove_block)
    add_ties = _lasting(MemoryStore.add_ties)
    remove_ties = _lasting(MemoryStore.remove_ties)
    add_ban = _lasting(MemoryStore.add_ban)
    remove_ban = _lasting(MemoryStore.remove_ban)
    close_report = _lasting(MemoryStore.close_report)
    remove_report = _lasting(MemoryStore.remove_report)
    remove_bottle = _lasting(MemoryStore.remove_bottle)
    put_answer = _lasting(MemoryStore.put_answer)
    remove_answer = _lasting(MemoryStore.remove_answer)
    add_notice = _lasting(MemoryStore.add_notice)
    switch_off = _lasting(MemoryStore.switch_off)
    switch_on = _lasting(MemoryStore.switch_on)

    def put_bottle(self, bottle: Bottle) -> None:
        """Keep a bottle, in place of an earlier state of it."""
        self._see_that_it_can_be_kept()
        super().put_bottle(in_one_order(bottle))

    def put_report(self, report: Report, sealed: bytes) -> None:
        """Keep a report and its sealed evidence, in place of an earlier state of the same ticket."""
        self._see_that_it_can_be_kept()
        super().put_report(report, sealed)
        self._send(Field(EVIDENCE, report.ticket), sealed)

    def take_notices(self, identity: str) -> list[Notice]:
        """Return the notices that wait for somebody, oldest first, and forget them."""
        if self.notices_for(identity):
            self._see_that_it_can_be_kept()
        return super().take_notices(identity)

    # The audit log: its entries have no names of their own, and are counted through the whole cluster.

    def add_audit(self, entry: AuditEntry) -> None:
        """Write down what an operator did."""
        self._see_that_it_can_be_kept()
        self._note(entry)

    def _note(self, entry: AuditEntry) -> None:
        last = int(max(self._following.entries, default="0").partition(" ")[0])
        key = f"{last + 1:012d} {self.node}"
        self._following.entries[key] = entry
        self._send(Field(AUDIT, key), packed(entry, self._seal))
        while len(self._following.entries) > AUDIT_MAX:
            self._forget_entry(min(self._following.entries))

    def audit(self, *, most: int) -> list[AuditEntry]:
        """Return the newest entries, newest first."""
        return [self._following.entries[key] for key in sorted(self._following.entries, reverse=True)[:most]]

    def _forget_entry(self, key: str) -> None:
        del self._following.entries[key]
        self._send(Field(AUDIT, key), None)

    # The whole

    def expire(self, *, now: float) -> int:
        """Forget every row whose time is over, everywhere, and return how many there were: one node does it for all."""
        if self.away or not self.expires:
            return 0
        over = [key for key, entry in self._following.entries.items() if entry.until <= now]
        for key in over:
            self._forget_entry(key)
        return super().expire(now=now) + len(over)

    def backup(self, path: Path) -> None:
        """Write everything into a new file, the same that a store on disk writes. Raises StoreError."""
        try:
            # Beside it, so that nothing lies on any disk but the one that was named.
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".hereabouts-") as folder:
                copy = SqliteStore(Path(folder), self._seal)
                try:
                    copy.take_in(self.rows(), self.tables.reports.evidence)
                    copy.backup(path)
                finally:
                    copy.close()
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}. It is the server that writes it.") from None

    def rows(self) -> Iterator[Row]:
        """Yield every row there is, those of a kind oldest first."""
        yield from self.tables.rows()
        yield from (self._following.entries[key] for key in sorted(self._following.entries))

    def fields(self) -> Iterator[tuple[Field, bytes]]:
        """Yield every row as it stands in Redis."""
        for row in self.tables.rows():
            yield from ((field, value) for field, value in put(row, None, self._seal) if value is not None)
        yield from ((Field(AUDIT, key), packed(entry, self._seal)) for key, entry in self._following.entries.items())
        yield from ((Field(EVIDENCE, ticket), sealed) for ticket, sealed in self.tables.reports.evidence.items())

    def take_in(self, rows: Iterable[Row], evidence: Mapping[str, bytes]) -> None:
        """Keep all rows of another store."""
        for row in rows:
            if isinstance(row, AuditEntry):
                self._note(row)
            else:
                self.tables.by_kind[type(row)].put(in_one_order(row) if isinstance(row, Bottle) else row)
        for ticket, sealed in evidence.items():
            self.tables.reports.evidence[ticket] = sealed
            self._send(Field(EVIDENCE, ticket), sealed)

    # What is told by the tables

    def held(self, row: Row, before: Bottle | None = None) -> None:
        """Send a row that this node has written; have others here know of one that came from elsewhere."""
        if self._following.is_on:
            self._news.append((row, True))
            return
        for field, value in put(row, before, self._seal):
            self._send(field, value)

    def gone(self, row: Row) -> None:
        """Do the same with one that is here no more."""
        if self._following.is_on:
            self._news.append((row, False))
            return
        for field in dropped(row):
            self._send(field, None)

    def is_over(self, count: int, most: int) -> bool:
        """Tell whether there are too many of something, which whoever wrote a row from elsewhere has seen to."""
        return not self._following.is_on and count > most

    def _send(self, field: Field, value: bytes | None) -> None:
        if self.away and len(self.outbox) >= QUEUE_MAX:
            self.unsent += 1
            return
        self.outbox.put(field, value)
        self.wake()

    # What is told by the link

    def follow(self, node: str, n: int, changes: Mapping[Field, bytes | None], *, is_news: bool = True) -> None:
        """Know what a node, this one too, has written, at its place in the common order."""
        for field, value in changes.items():
            if node == self.node and self.outbox.came_back(n, field):
                continue
            if not self.outbox.is_ours(field):
                self._following.take(field, value)
        for field, value in changes.items():
            if is_news and field.table == "ended" and value is not None:
                # What this node wrote for them before it could know, or another just before they left.
                self.forget_all_of(field.key)
        self._tell(with_ends=is_news and node != self.node)

    def forget_all_of(self, identity: str) -> None:
        """Forget what is held here of somebody who has been forgotten elsewhere."""
        self.tables.erase(identity)

    def become(self, loaded: Mapping[str, Mapping[str, bytes]]) -> None:
        """Hold what Redis does, by table and key, but for what this node has changed and not yet sent.

        Raises ValueError, having changed nothing, if a value is none of its table's.
        """
        rows = {table: self._read(table, loaded.get(table, {})) for table in TABLES}
        for field in sorted((field for field, _ in self.fields()), key=lambda field: -TABLES.index(field.table)):
            if field.key not in rows[field.table] and not self.outbox.is_ours(field):
                self._following.take(field, None)
        for table, found in rows.items():
            for key, value in found.items():
                if not self.outbox.is_ours(Field(table, key)):
                    self._following.take(Field(table, key), value)
        self._tell(with_ends=False)

    def _tell(self, *, with_ends: bool) -> None:
        """Have others know what came from elsewhere, and the link what follows from it.

        Who left long ago may have come back by an account: that they did is told when it happens, and not again.
        """
        news = [(row, is_here) for row, is_here in self._news if with_ends or not isinstance(row, Ended)]
        self._news = []
        if news:
            self.followed(news)
        if self.outbox.is_queued:
            self.wake()

    def _read(self, table: str, values: Mapping[str, bytes]) -> Mapping[str, bytes | Row]:
        if table not in KINDS:
            return values
        return dict(in_order({key: unpacked(table, value, self._seal) for key, value in values.items()}))
