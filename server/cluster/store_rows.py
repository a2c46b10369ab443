"""How rows stand in Redis: a hash for each kind, a field for each row, and changes as fields put and dropped.

Pure. Every field is changed whole, and of two nodes that change one at once the later in Redis holds. So a row that
several nodes change at once is several fields: of a bottle, its words (written once, and emptied once), each of those
who picked it, and that it is held. What people wrote is sealed here, where SQLite's store seals it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

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
from server.store.sealed_words import WORDS, seal_words, unseal_words
from server.store.sealing import Seal

EVIDENCE, PICKS, AUDIT = "evidence", "picks", "audit"
"""Tables of what is a part of a row, or has no name of its own."""

KINDS: dict[str, type[Row]] = {
    "standings": Standing,
    "ended": Ended,
    "blocks": Block,
    "marks": Mark,
    "ties": Tie,
    "bans": Ban,
    "reports": Report,
    "bottles": Bottle,
    "answers": BottleAnswer,
    "notices": Notice,
    "switches": Switch,
    AUDIT: AuditEntry,
}
TABLES = (*KINDS, EVIDENCE, PICKS)
"""In an order in which they can be read: a bottle before who picked it, a report before its evidence."""

_TABLE_OF = {kind: table for table, kind in KINDS.items()}
_KEYS: dict[type[Row], tuple[str, ...]] = {
    Standing: ("identity",),
    Ended: ("identity",),
    Block: ("owner", "other", "via"),
    Mark: ("place", "identity"),
    Tie: ("kind", "owner", "other"),
    Ban: ("ban",),
    Report: ("ticket",),
    Bottle: ("bottle",),
    BottleAnswer: ("answer",),
    Notice: ("identity", "notice"),
    Switch: ("feature",),
}
"""What names a row of its kind. No such value holds a space."""

_HELD = "*"
"""Stands where an identity would, for a bottle that comes to nobody any more."""
_PICKED, _IN_HAND = 1, 2


class Field(NamedTuple):
    """The name of what changes at once."""

    table: str
    key: str


def field_of(row: Row) -> Field:
    """Return the field of a row: of a bottle that of its words. An audit entry has none of its own."""
    kind = type(row)
    return Field(_TABLE_OF[kind], " ".join(getattr(row, name) for name in _KEYS[kind]))


def put(row: Row, before: Bottle | None, seal: Seal) -> Iterator[tuple[Field, bytes | None]]:
    """Yield the fields that change when a row is put, with their values; None for one that is dropped."""
    if not isinstance(row, Bottle):
        yield field_of(row), packed(row, seal)
        return
    words = _words(row)
    if before is None or _words(before) != words:
        yield field_of(row), packed(words, seal)
    now, then = _picks(row), _picks(before) if before is not None else {}
    for whose in then.keys() - now.keys():
        yield _pick(row.bottle, whose), None
    for whose, mark in now.items():
        if then.get(whose) != mark:
            yield _pick(row.bottle, whose), msgspec.msgpack.encode(mark)


def dropped(row: Row) -> Iterator[Field]:
    """Yield the fields of a row that is gone, of a bottle its words last."""
    if isinstance(row, Bottle):
        yield from (_pick(row.bottle, whose) for whose in _picks(row))
    if isinstance(row, Report):
        yield Field(EVIDENCE, row.ticket)
    yield field_of(row)


def packed(row: Row, seal: Seal) -> bytes:
    """Return a row as the value of its field."""
    kind = type(row)
    if kind not in WORDS:
        return msgspec.msgpack.encode(row)
    found = msgspec.structs.asdict(row)
    seal_words(kind, found, seal)
    return msgspec.msgpack.encode(found)


def unpacked(table: str, value: bytes, seal: Seal) -> Row:
    """Return the row. Raises ValueError if the value is none of this kind.

    What was sealed under another secret is "": the row holds all the same.
    """
    kind = KINDS[table]
    if kind not in WORDS:
        return msgspec.msgpack.decode(value, type=kind)
    found: dict[str, Any] = msgspec.msgpack.decode(value, type=dict)
    try:
        unseal_words(kind, found, seal)
    except KeyError as missing:
        raise ValueError(f"Object missing required field {missing}") from None
    return msgspec.convert(found, kind)


def marked(bottle: Bottle, key: str, value: bytes | None) -> Bottle:
    """Return the bottle with one of its marks put, or dropped. Raises ValueError."""
    picks = _picks(bottle)
    whose = key.rpartition(" ")[2]
    picks.pop(whose, None)
    if value is not None:
        picks[whose] = msgspec.msgpack.decode(value, type=int)
    is_held = picks.pop(_HELD, None) is not None
    return in_one_order(
        msgspec.structs.replace(
            bottle,
            picked=tuple(whose for whose in picks if picks[whose] & _PICKED),
            in_hand=tuple(whose for whose in picks if picks[whose] & _IN_HAND),
            is_held=is_held,
        )
    )


def in_one_order(bottle: Bottle) -> Bottle:
    """Return the bottle with its people in the order in which they stand on every node: nobody asks who was first."""
    return msgspec.structs.replace(bottle, picked=tuple(sorted(bottle.picked)), in_hand=tuple(sorted(bottle.in_hand)))


def bottle_of(key: str) -> str:
    """Return the bottle that a mark is about."""
    return key.rpartition(" ")[0]


def in_order(rows: Mapping[str, Row]) -> list[tuple[str, Row]]:
    """Return rows of one kind by their keys, as they came to be, oldest first; what has no such time, as it ends."""
    return sorted(rows.items(), key=lambda item: (_age(item[1]), item[0]))


def _age(row: Row) -> float:
    at: float | None = getattr(row, "at", None)
    until: float | None = getattr(row, "until", None)
    return at if at is not None else until or 0.0


def _words(bottle: Bottle) -> Bottle:
    return msgspec.structs.replace(bottle, picked=(), in_hand=(), is_held=False)


def _pick(bottle: str, whose: str) -> Field:
    return Field(PICKS, f"{bottle} {whose}")


def _picks(bottle: Bottle) -> dict[str, int]:
    """Return the marks of a bottle: whose, and what they have of it."""
    marks = {
        whose: _PICKED * (whose in bottle.picked) + _IN_HAND * (whose in bottle.in_hand)
        for whose in (*bottle.picked, *bottle.in_hand)
    }
    return marks | ({_HELD: 0} if bottle.is_held else {})
