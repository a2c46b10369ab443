"""How rows stand in SQLite's columns: which table each kind is in, and what has no type there.

What somebody wrote is sealed on the way in. Knows no connection.
"""

from typing import Any

import msgspec

from server.store.rows import (
    ARow,
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
from server.store.sealed_words import seal_words, unseal_words
from server.store.sealing import Seal

TABLES: dict[type[Row], str] = {
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


def stored(row: Row, seal: Seal) -> dict[str, Any]:
    """Return a row by the names of its columns."""
    columns = msgspec.structs.asdict(row)
    seal_words(type(row), columns, seal)
    for name in columns.keys() & _LISTS:
        columns[name] = msgspec.json.encode(columns[name]).decode()
    return columns


def read(kind: type[ARow], columns: dict[str, Any], seal: Seal) -> ARow:
    """Return the row that stands in these columns. Raises ValueError if a value is not of its column's type."""
    for name in columns.keys() & _LISTS:
        columns[name] = msgspec.json.decode(columns[name])
    for name in columns.keys() & _BOOLS:
        columns[name] = bool(columns[name])
    unseal_words(kind, columns, seal)
    return msgspec.convert(columns, kind)
