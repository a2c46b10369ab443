"""Notices: what an operator has to say, by who is to hear it."""

from collections.abc import Iterator

from server.store.rows import Notice
from server.store.tables.grouped import Grouped
from server.store.tables.table import Table, Watcher

NOTICES_MAX = 10
"""Notices that wait for one person: an operator has no more to say to somebody who is not there."""


class NoticeTable(Table[Notice]):
    """Notices, by identity and id."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__(watcher)
        self._notices: Grouped[str, Notice] = Grouped()

    def __iter__(self) -> Iterator[Notice]:
        """Yield every notice, those for one person oldest first."""
        return iter(self._notices)

    def get(self, *key: str) -> Notice | None:
        """Return the notice of that id which waits for somebody."""
        identity, id = key
        return self._notices.get(identity, id)

    def put(self, row: Notice) -> None:
        """Keep a notice; of too many for one person the oldest is forgotten."""
        self._notices.put(row.identity, row.notice, row)
        self._watcher.held(row)
        waiting = self._notices.of(row.identity)
        if self._watcher.is_over(len(waiting), NOTICES_MAX):
            self.drop(waiting[0])

    def drop(self, row: Notice) -> None:
        """Forget a notice that is here."""
        self._notices.drop(row.identity, row.notice)
        self._watcher.gone(row)

    def sort(self, row: Notice) -> None:
        """Have the notices for this one's person stand oldest first, of which it is the last."""
        self._notices.sort(row.identity)

    def of(self, identity: str) -> list[Notice]:
        """Return the notices that wait for somebody, oldest first."""
        return self._notices.of(identity)
