"""What other nodes wrote, felt by the people here: who is banned or forgotten leaves, who is blocked is kept apart.

Rows are in the store by then, and most are asked for when they are needed. Here is what somebody has already read, or
waits to be told.
"""

from collections.abc import Callable
from typing import Any

from server.acts.bottles import BOTTLE_PLACE, is_reported, told_from_elsewhere
from server.answers import Notice as NoticeEvent
from server.bugs import log_bug
from server.cluster.store import RedisStore
from server.node import Node
from server.operate.admin.enforcing import enforce
from server.safety.bans import ban_on
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


class Effects:
    """The effects on one node."""

    def __init__(self, node: Node, store: RedisStore) -> None:
        self._node = node
        self._house = node.house
        self._store = store

    def happened(self, news: list[tuple[Row, bool]]) -> None:
        """Know rows that came or changed elsewhere, or went; a bug with one is none with the others."""
        for row, is_here in news:
            try:
                felt = FELT[type(row)]
                if felt is not None:
                    felt(self, row, is_here)
            except Exception as bug:
                log_bug("following another node", bug)

    def arrived(self, identity: str) -> None:
        """Have somebody who goes on here feel what was written while they were on their way from another node."""
        peer = self._node.peers.get(identity)
        if peer is None:
            return
        address, now = peer.session.origin.address, self._node.clock.now()
        ban = ban_on(self._store, identity, address, is_new=False, now=now)
        if ban is not None:
            enforce(self._node, ban)
            return
        self._tell(identity)
        for answer in self._store.answers_for(identity):
            self._answered(answer, True)

    def _blocked(self, row: Block, is_here: bool) -> None:
        self._house.blocks.changed(row)
        if is_here and not row.via:
            self._house.keeps.parted(row.owner, row.other)

    def _floated(self, row: Bottle, is_here: bool) -> None:
        self._house.bottles.changed(row, is_there=is_here)

    def _answered(self, row: BottleAnswer, is_here: bool) -> None:
        if is_here:
            for change in told_from_elsewhere(self._house, row, now=self._node.clock.now()):
                self._node.carry_out(change)

    def _reported(self, row: Report, is_here: bool) -> None:
        # Each of three nodes may have had one of three reports when it counted them.
        is_open = is_here and row.closed_at is None and row.room.startswith(BOTTLE_PLACE)
        if is_open and self._house.bottles.floats_of(row.against) and is_reported(self._house, row.against):
            self._house.bottles.hold_all(row.against)

    def _banned(self, row: Ban, is_here: bool) -> None:
        if is_here:
            enforce(self._node, row)

    def _ended(self, row: Ended, is_here: bool) -> None:
        if is_here:
            self._forget(row.identity)

    def _noticed(self, row: Notice, is_here: bool) -> None:
        if is_here:
            self._tell(row.identity)

    def _tied(self, row: Tie, is_here: bool) -> None:
        if row.kind == "keep":
            self._house.keeps.changed(row.owner, row.other, is_there=is_here)
        known = self._house.identities.known(row.owner)
        if known is not None:
            known.muted = self._house.ties.of("mute", row.owner)
        person = self._house.world.people.get(row.owner)
        if person is not None:
            # They may have come from there a moment ago.
            self._node.look_again(person)

    def _forget(self, identity: str) -> None:
        """Have somebody leave who was forgotten elsewhere, and write nothing more of them."""
        self._node.forget(identity)
        self._house.bottles.end_of(identity)
        self._house.identities.let_go(identity)
        self._house.keeps.forget_person(identity)
        self._store.forget_all_of(identity)

    def _tell(self, identity: str) -> None:
        peer = self._node.peers.get(identity)
        if peer is not None:
            for notice in self._store.take_notices(identity):
                peer.tell(NoticeEvent(text=notice.text, level=notice.level))


FELT: dict[type[Row], Callable[[Effects, Any, bool], None] | None] = {
    Block: Effects._blocked,
    Bottle: Effects._floated,
    BottleAnswer: Effects._answered,
    Report: Effects._reported,
    Ban: Effects._banned,
    Ended: Effects._ended,
    Notice: Effects._noticed,
    Tie: Effects._tied,
    # Read when somebody enters of whom nothing newer is known.
    Standing: None,
    # Read when somebody enters from there.
    Mark: None,
    # Asked with every command.
    Switch: None,
    # Read when an operator asks.
    AuditEntry: None,
}
"""What each kind of row brings about here when it comes, changes or goes elsewhere; None where nobody has to know."""
