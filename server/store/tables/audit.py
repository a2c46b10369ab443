"""The audit log: what operators did, in their order. Its entries have no keys, and nobody is told of them."""

from collections import deque
from itertools import islice

from server.store.rows import AuditEntry

AUDIT_MAX = 10_000
"""Audit entries kept in memory: an operator's work of months, some 5 MB."""


class AuditEntries:
    """The newest entries."""

    def __init__(self) -> None:
        self._entries: deque[AuditEntry] = deque(maxlen=AUDIT_MAX)

    def add(self, entry: AuditEntry) -> None:
        """Write down what an operator did; of too many entries the oldest is forgotten."""
        self._entries.append(entry)

    def newest(self, most: int) -> list[AuditEntry]:
        """Return the newest entries, newest first."""
        return list(islice(reversed(self._entries), most))

    def expire(self, *, now: float) -> int:
        """Forget every entry whose time is over, and return how many there were."""
        before = len(self._entries)
        self._entries = deque((entry for entry in self._entries if entry.until > now), maxlen=AUDIT_MAX)
        return before - len(self._entries)
