"""The audit log: each act of an operator that changes or shows something leaves an entry.

Knows what was done, by which way in and to whom. Never knows what was said to them, nor a token.
"""

from typing import Any

from server.node import Node
from server.store.rows import AuditEntry


class AuditLog:
    """The audit log of the server a node belongs to."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def note(self, by: str, act: str, target: str, detail: str = "") -> None:
        """Write down an act. Raises StoreError: what is done to people comes after, so that none is done unseen.

        Args:
            by: the way the request came.
        """
        house, now = self._node.house, self._node.clock.now()
        until = now + house.settings.audit_ttl_s
        house.store.add_audit(AuditEntry(at=now, by=by, act=act, target=target, detail=detail, until=until))

    def told(self, *, most: int) -> list[dict[str, Any]]:
        """Return the last entries, newest first."""
        return [
            {"at": entry.at, "by": entry.by, "act": entry.act, "target": entry.target, "detail": entry.detail}
            for entry in self._node.house.store.audit(most=most)
        ]
