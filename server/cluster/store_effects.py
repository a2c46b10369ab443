"""What other nodes wrote, felt by the people here: who is banned or forgotten leaves, who is blocked is kept apart.

Rows are in the store by then, and most are asked for when they are needed. Here is what somebody has already read.
"""

from server.answers import Notice
from server.bugs import log_bug
from server.cluster.store import RedisStore
from server.node import Node
from server.operate.admin.office import Office
from server.store import rows
from server.store.rows import Ban, Block, Bottle, Ended, Row, Tie


class Effects:
    """The effects on one node."""

    def __init__(self, node: Node, office: Office, store: RedisStore) -> None:
        self._node = node
        self._house = node.house
        self._office = office
        self._store = store

    def happened(self, news: list[tuple[Row, bool]]) -> None:
        """Know rows that came or changed elsewhere, or went; a bug with one is none with the others."""
        for row, is_here in news:
            try:
                self._one(row, is_here=is_here)
            except Exception as bug:
                log_bug("following another node", bug)

    def _one(self, row: Row, *, is_here: bool) -> None:
        match row:
            case Block():
                self._house.blocks.changed(row)
            case Bottle():
                self._house.bottles.changed(row, is_there=is_here)
            case Ban() if is_here:
                self._office.enforce(row)
            case Ended() if is_here:
                self._forget(row.identity)
            case rows.Notice() if is_here:
                self._tell(row.identity)
            case Tie(kind="keep"):
                self._house.keeps.changed(row.owner, row.other)
            case Tie(kind="mute"):
                known = self._house.identities.known(row.owner)
                if known is not None:
                    known.muted = self._house.ties.of("mute", row.owner)

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
                peer.tell(Notice(text=notice.text, level=notice.level))
