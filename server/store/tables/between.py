"""Blocks and ties: what one person holds of another, by who holds it and by whom it is of."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from server.store.rows import Block, Tie
from server.store.tables.grouped import Grouped
from server.store.tables.table import Table, Watcher

Between = TypeVar("Between", Block, Tie)


class BetweenTable(Table[Between]):
    """Rows of an owner and another; two of the same two are told apart by one value more."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__(watcher)
        self._owned: Grouped[tuple[str, str], Between] = Grouped()
        self._against: Grouped[tuple[str, str], Between] = Grouped()

    @staticmethod
    @abstractmethod
    def _apart_by(row: Between) -> str:
        """Return what tells two rows of the same two people apart."""

    def __iter__(self) -> Iterator[Between]:
        """Yield every row, those of one owner oldest first."""
        return iter(self._owned)

    def put(self, row: Between) -> None:
        """Keep a row, behind its owner's others."""
        by = self._apart_by(row)
        self._owned.put(row.owner, (row.other, by), row)
        self._against.put(row.other, (row.owner, by), row)
        self._watcher.held(row)

    def replace(self, row: Between) -> None:
        """Have a row stand where the one of its key does; nobody is told."""
        by = self._apart_by(row)
        self._owned.replace(row.owner, (row.other, by), row)
        self._against.replace(row.other, (row.owner, by), row)

    def drop(self, row: Between) -> None:
        """Forget a row that is here."""
        by = self._apart_by(row)
        self._owned.drop(row.owner, (row.other, by))
        self._against.drop(row.other, (row.owner, by))
        self._watcher.gone(row)

    def renew(self, owner: str, *, until: float) -> None:
        """Keep the owner's rows until then at least."""
        for row in self._owned.of(owner):
            if row.until < until:
                renewed = msgspec.structs.replace(row, until=until)
                self.replace(renewed)
                self._watcher.held(renewed)

    def sort(self, row: Between) -> None:
        """Have the rows of this one's owner stand oldest first, of which it is the last."""
        self._owned.sort(row.owner)

    def of(self, owner: str) -> list[Between]:
        """Return what somebody holds, oldest first."""
        return self._owned.of(owner)

    def against(self, other: str) -> list[Between]:
        """Return what others hold of somebody, oldest first."""
        return sorted(self._against.of(other), key=lambda row: row.at)


class BlockTable(BetweenTable[Block]):
    """Blocks, by owner, other and via."""

    def get(self, *key: str) -> Block | None:
        """Return the block of an owner against another, via something."""
        owner, other, via = key
        return self._owned.get(owner, (other, via))

    @staticmethod
    def _apart_by(row: Block) -> str:
        return row.via


class TieTable(BetweenTable[Tie]):
    """Ties, by kind, owner and other."""

    def get(self, *key: str) -> Tie | None:
        """Return the tie of that kind which the one holds of the other."""
        kind, owner, other = key
        return self._owned.get(owner, (other, kind))

    @staticmethod
    def _apart_by(row: Tie) -> str:
        return row.kind
