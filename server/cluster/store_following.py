"""What other nodes did, done here too: rows are put and dropped by the names they have in Redis.

Pure. Whatever is done here is not sent again, and makes nothing else go: the node that wrote it has seen to that, and
said so. Never knows which node that was.
"""

from typing import Any

import msgspec

from server.bugs import log
from server.cluster.outbox import Outbox
from server.cluster.store_rows import AUDIT, EVIDENCE, KINDS, PICKS, Field, bottle_of, dropped, marked, unpacked
from server.store.rows import AuditEntry, Ban, Block, Bottle, Mark, Notice, Row, Tie
from server.store.sealing import Seal
from server.store.tables.tables import Tables


class Following:
    """Puts into a node's tables what it reads of others.

    Args:
        outbox: what this node has changed itself.

    Attributes:
        is_on: whether what the tables tell of now is of somebody else's doing.
        entries: the audit log of all nodes, by key.
    """

    def __init__(self, tables: Tables, outbox: Outbox, seal: Seal) -> None:
        self.is_on = False
        self.entries: dict[str, AuditEntry] = {}
        self._tables = tables
        self._outbox = outbox
        self._seal = seal

    def take(self, field: Field, value: bytes | Row | None) -> None:
        """Do what was done elsewhere: put a value, as it stands in Redis or read already, or drop it."""
        self.is_on = True
        try:
            if field.table == PICKS:
                self._mark(field.key, value)
            elif value is None:
                self._drop(field)
            elif field.table == EVIDENCE:
                assert isinstance(value, bytes)
                self._tables.reports.evidence[field.key] = value
            else:
                self._put(field, unpacked(field.table, value, self._seal) if isinstance(value, bytes) else value)
        except ValueError as error:
            # Of another version, or somebody's hand: it stays in Redis, and the others' rows are not held up by it.
            log.error("one of the %s in Redis is not understood and passed over: %s", field.table, error)
        finally:
            self.is_on = False

    def _mark(self, key: str, value: bytes | Row | None) -> None:
        assert value is None or isinstance(value, bytes)
        bottle = self._tables.bottles.get(bottle_of(key))
        if bottle is not None:
            self._tables.bottles.put(marked(bottle, key, value))
        elif value is not None:
            # Picked there while it ended here: nobody else would ever drop it.
            self._outbox.put(Field(PICKS, key), None)

    def _put(self, field: Field, row: Row) -> None:
        tables = self._tables
        match row:
            case AuditEntry():
                self.entries[field.key] = row
            case Block() if _is_renewed(tables.blocks.get(row.owner, row.other, row.via), row):
                tables.blocks.replace(row)
            case Tie() if _is_renewed(tables.ties.get(row.kind, row.owner, row.other), row):
                tables.ties.replace(row)
            case Ban():
                tables.bans.remove(row.ban)
                tables.bans.put(row)
            case Bottle():
                tables.bottles.put(_picked_as(tables.bottles.get(row.bottle), row))
            case _:
                tables.by_kind[type(row)].put(row)
        match row:
            # Changes of one turn come in the order of the last write to each, and lists go by age.
            case Block():
                tables.blocks.sort(row)
            case Tie():
                tables.ties.sort(row)
            case Mark():
                tables.marks.sort(row)
            case Notice():
                tables.notices.sort(row)

    def _drop(self, field: Field) -> None:
        if field.table == AUDIT:
            self.entries.pop(field.key, None)
        elif field.table == EVIDENCE:
            self._tables.reports.evidence.pop(field.key, None)
        else:
            gone = self._tables.by_kind[KINDS[field.table]].remove(*field.key.split(" "))
            if isinstance(gone, Bottle):
                self._drop_picks(gone)

    def _drop_picks(self, bottle: Bottle) -> None:
        """Have those be dropped of whom the node that dropped the bottle did not know."""
        for field in dropped(bottle):
            if field.table == PICKS:
                self._outbox.put(field, None)


def _is_renewed(old: Block | Tie | None, row: Block | Tie) -> bool:
    """Tell whether it is the one that is here already, until later: it keeps its place among its owner's."""
    return old is not None and old.at == row.at


def _picked_as(old: Bottle | None, bottle: Bottle) -> Bottle:
    """Return the bottle with what is known of those who picked it, which has fields of its own."""
    if old is None:
        return bottle
    picks: dict[str, Any] = {name: getattr(old, name) for name in ("picked", "in_hand", "is_held")}
    return msgspec.structs.replace(bottle, **picks)
