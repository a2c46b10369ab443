"""What every table does, and who is told of it.

Each row that comes, changes or goes is told to the tables' watcher, so that a store can pass it on.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, Protocol

from server.store.rows import ARow, Bottle, Row


class Watcher(Protocol):
    """Whoever is told."""

    def held(self, row: Row, before: Bottle | None = None) -> None:
        """Know that a row is here, in place of one of the same key; of a bottle also which one."""

    def gone(self, row: Row) -> None:
        """Know that a row is here no more."""

    def is_over(self, count: int, most: int) -> bool:
        """Tell whether there are too many of something, so that the oldest has to go."""


class Unwatched:
    """Stands where nobody has to know."""

    def held(self, row: Row, before: Bottle | None = None) -> None:
        """Let it be."""

    def gone(self, row: Row) -> None:
        """Let it go."""

    def is_over(self, count: int, most: int) -> bool:
        """Tell whether there are too many."""
        return count > most


class Table(ABC, Generic[ARow]):
    """Rows of one kind, none twice by its key: the parts of one stand in the order in which the kind has them."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    @abstractmethod
    def __iter__(self) -> Iterator[ARow]:
        """Yield every row, those of one person or place oldest first."""

    @abstractmethod
    def get(self, *key: str) -> ARow | None:
        """Return the row of that key."""

    @abstractmethod
    def put(self, row: ARow) -> None:
        """Keep a row, in place of one of the same key."""

    @abstractmethod
    def drop(self, row: ARow) -> None:
        """Forget a row that is here."""

    def remove(self, *key: str) -> ARow | None:
        """Forget the row of that key and return it; None if there is none."""
        row = self.get(*key)
        if row is not None:
            self.drop(row)
        return row

    def expire(self, *, now: float) -> int:
        """Forget every row whose time is over, and return how many there were."""
        over = [row for row in self if (until := row.until) is not None and until <= now]
        for row in over:
            self.drop(row)
        return len(over)
