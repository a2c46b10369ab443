"""What is known of identities, and which of them were ended: one row for each, and a bounded number of them."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import TypeVar

from server.store.rows import Ended, Standing
from server.store.tables.table import Table, Watcher

IDENTITIES_MAX = 200_000
"""Standings and ended identities kept in memory, some 60 MB; beyond, those put first are forgotten."""

OfIdentity = TypeVar("OfIdentity", Standing, Ended)


class IdentityTable(Table[OfIdentity]):
    """Rows by identity."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__(watcher)
        self._rows: OrderedDict[str, OfIdentity] = OrderedDict()

    def __iter__(self) -> Iterator[OfIdentity]:
        """Yield every row, those put first first."""
        return iter(self._rows.values())

    def get(self, *key: str) -> OfIdentity | None:
        """Return the row of an identity."""
        [identity] = key
        return self._rows.get(identity)

    def put(self, row: OfIdentity) -> None:
        """Keep a row, in place of the one of the same identity; of too many the one put first is forgotten."""
        self._rows[row.identity] = row
        self._watcher.held(row)
        if self._watcher.is_over(len(self._rows), IDENTITIES_MAX):
            self._watcher.gone(self._rows.popitem(last=False)[1])

    def drop(self, row: OfIdentity) -> None:
        """Forget a row that is here."""
        del self._rows[row.identity]
        self._watcher.gone(row)
