"""A store in memory that does what other nodes did: it puts and drops rows by the names they have in Redis.

Pure. Whatever is done here is not sent again, and makes nothing else go: the node that wrote it has seen to that, and
said so. Never knows which node that was.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from server.bugs import log
from server.cluster.outbox import Outbox
from server.cluster.store_rows import AUDIT, EVIDENCE, PICKS, Field, bottle_of, dropped, marked, unpacked
from server.store.memory import MemoryStore
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


class Following(MemoryStore):
    """The rows of all nodes, as far as this one has read what they did.

    Attributes:
        outbox: what this node has changed itself.
    """

    def __init__(self, seal: Seal) -> None:
        super().__init__()
        self.outbox = Outbox()
        self._seal = seal
        self._entries: dict[str, AuditEntry] = {}
        self._is_following = False

    def _is_over(self, count: int, most: int) -> bool:
        return not self._is_following and super()._is_over(count, most)

    def _take(self, field: Field, value: bytes | Row | None) -> None:
        """Do what was done elsewhere: put a value, as it stands in Redis or read already, or drop it."""
        self._is_following = True
        try:
            if value is None:
                self._drop(field)
            elif field.table == PICKS:
                self._mark(field, value)
            elif field.table == EVIDENCE:
                assert isinstance(value, bytes)
                self._evidence[field.key] = value
            else:
                self._put_row(field, unpacked(field.table, value, self._seal) if isinstance(value, bytes) else value)
        except ValueError as error:
            # Of another version, or somebody's hand: it stays in Redis, and the others' rows are not held up by it.
            log.error("one of the %s in Redis is not understood and passed over: %s", field.table, error)
        finally:
            self._is_following = False

    def _mark(self, field: Field, value: bytes | Row | None) -> None:
        bottle = self._bottles.get(bottle_of(field.key))
        if bottle is not None:
            assert value is None or isinstance(value, bytes)
            MemoryStore.put_bottle(self, marked(bottle, field.key, value))
        elif value is not None:
            # Picked there while it ended here: nobody else would ever drop it.
            self.outbox.put(field, None)

    def _put_row(self, field: Field, row: Row) -> None:
        match row:
            case AuditEntry():
                self._entries[field.key] = row
            case Ban():
                MemoryStore.remove_ban(self, row.ban)
                MemoryStore.add_ban(self, row)
            case Block() if (old := self._block(row.owner, row.other, row.via)) is not None and old.at == row.at:
                # Renewed: it keeps its place among the owner's, which go by age.
                self._owned[row.owner][row.other, row.via] = self._against[row.other][row.owner, row.via] = row
            case Tie() if self._is_same_tie(row):
                self._ties[row.owner][row.kind, row.other] = row
            case Bottle():
                old_one = self._bottles.get(row.bottle)
                if old_one is not None:
                    picks = {name: getattr(old_one, name) for name in ("picked", "in_hand", "is_held")}
                    row = msgspec.structs.replace(row, **picks)
                MemoryStore.put_bottle(self, row)
            case _:
                self._hold(row)
        match row:
            # Changes of one turn come in the order of the last write to each, and lists go by age.
            case Block():
                _by_age(self._owned[row.owner])
            case Tie():
                _by_age(self._ties[row.owner])
            case Mark():
                _by_age(self._marks[row.place])
            case Notice():
                _by_age(self._notices[row.identity])

    def _hold(self, row: Row) -> None:
        _PUT[type(row)](self, row)

    def _drop(self, field: Field) -> None:
        _DROP[field.table](self, field.key)

    def _drop_pick(self, key: str) -> None:
        self._mark(Field(PICKS, key), None)

    def _drop_blocked(self, key: str) -> None:
        block = self._block(*key.split(" "))
        if block is not None:
            self._drop_block(block)

    def _drop_marked(self, key: str) -> None:
        place, identity = key.split(" ")
        mark = self._marks.get(place, {}).get(identity)
        if mark is not None:
            self._drop_mark(mark)

    def _drop_tied(self, key: str) -> None:
        kind, owner, other = key.split(" ")
        MemoryStore.remove_ties(self, kind, (owner, other))

    def _drop_noticed(self, key: str) -> None:
        identity, id = key.split(" ")
        notice = self._notices.get(identity, {}).get(id)
        if notice is not None:
            self._drop_notice(notice)

    def _drop_bottle(self, id: str) -> None:
        bottle = self._bottles.get(id)
        if bottle is not None:
            for field in dropped(bottle):
                if field.table == PICKS:  # of somebody whom the node that dropped it did not know of
                    self.outbox.put(field, None)
            MemoryStore.remove_bottle(self, id)

    def _block(self, owner: str, other: str, via: str) -> Block | None:
        return self._owned.get(owner, {}).get((other, via))

    def _is_same_tie(self, tie: Tie) -> bool:
        old = self._ties.get(tie.owner, {}).get((tie.kind, tie.other))
        return old is not None and old.at == tie.at


def _by_age(held: dict[Any, Any]) -> None:
    """Have rows stand oldest first."""
    ages = [row.at for row in held.values()]
    if len(ages) > 1 and ages[-1] < ages[-2]:
        items = sorted(held.items(), key=lambda item: float(item[1].at))
        held.clear()
        held.update(items)


_PUT: dict[type[Row], Callable[[Any, Any], None]] = {
    Standing: MemoryStore.put_standing,
    # What hangs on it goes by rows of its own, or was written here and has to be taken back: `follow` does so.
    Ended: MemoryStore._know_ended,
    Block: MemoryStore.add_block,
    Mark: MemoryStore.put_mark,
    Tie: MemoryStore.add_ties,
    Ban: MemoryStore.add_ban,
    Report: MemoryStore._know_report,
    Bottle: MemoryStore.put_bottle,
    BottleAnswer: MemoryStore.put_answer,
    Notice: MemoryStore.add_notice,
    Switch: MemoryStore.switch_off,
}

_DROP: dict[str, Callable[[Any, str], object]] = {
    "standings": lambda store, identity: store._standings.pop(identity, None),
    "ended": lambda store, identity: store._ended.pop(identity, None),
    "blocks": Following._drop_blocked,
    "marks": Following._drop_marked,
    "ties": Following._drop_tied,
    "bans": MemoryStore.remove_ban,
    "reports": MemoryStore.remove_report,
    EVIDENCE: lambda store, ticket: store._evidence.pop(ticket, None),
    "bottles": Following._drop_bottle,
    PICKS: Following._drop_pick,
    "answers": MemoryStore.remove_answer,
    "notices": Following._drop_noticed,
    "switches": MemoryStore.switch_on,
    AUDIT: lambda store, key: store._entries.pop(key, None),
}
