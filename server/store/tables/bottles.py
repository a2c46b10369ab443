"""Bottles, and the answers to them: by whose they are, and answers by who wrote them too."""

from collections.abc import Iterator

from server.store.rows import Bottle, BottleAnswer
from server.store.tables.grouped import Grouped
from server.store.tables.table import Table, Watcher


class BottleTable(Table[Bottle]):
    """Bottles, by their ids."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__(watcher)
        self._bottles: dict[str, Bottle] = {}
        self._owned: Grouped[str, Bottle] = Grouped()

    def __iter__(self) -> Iterator[Bottle]:
        """Yield every bottle."""
        return iter(self._bottles.values())

    def get(self, *key: str) -> Bottle | None:
        """Return the bottle of that id."""
        [id] = key
        return self._bottles.get(id)

    def put(self, row: Bottle) -> None:
        """Keep a bottle, in place of an earlier state of it."""
        before = self._bottles.get(row.bottle)
        if before is not None and before.owner != row.owner:
            self._owned.drop(before.owner, row.bottle)
        self._bottles[row.bottle] = row
        self._owned.put(row.owner, row.bottle, row)
        self._watcher.held(row, before)

    def drop(self, row: Bottle) -> None:
        """Forget a bottle that is here."""
        del self._bottles[row.bottle]
        self._owned.drop(row.owner, row.bottle)
        self._watcher.gone(row)

    def of(self, owner: str) -> list[Bottle]:
        """Return the bottles that somebody threw."""
        return self._owned.of(owner)


class AnswerTable(Table[BottleAnswer]):
    """Answers, by their ids."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__(watcher)
        self._answers: dict[str, BottleAnswer] = {}
        self._owned: Grouped[str, BottleAnswer] = Grouped()
        self._written: Grouped[str, BottleAnswer] = Grouped()

    def __iter__(self) -> Iterator[BottleAnswer]:
        """Yield every answer."""
        return iter(self._answers.values())

    def get(self, *key: str) -> BottleAnswer | None:
        """Return the answer of that id."""
        [id] = key
        return self._answers.get(id)

    def put(self, row: BottleAnswer) -> None:
        """Keep an answer, in place of an earlier state of it."""
        before = self._answers.get(row.answer)
        if before is not None:
            self._unindex(before)
        self._answers[row.answer] = row
        self._owned.put(row.owner, row.answer, row)
        self._written.put(row.by, row.answer, row)
        self._watcher.held(row)

    def drop(self, row: BottleAnswer) -> None:
        """Forget an answer that is here."""
        del self._answers[row.answer]
        self._unindex(row)
        self._watcher.gone(row)

    def to(self, owner: str) -> list[BottleAnswer]:
        """Return the answers to somebody's bottles, oldest first."""
        return sorted(self._owned.of(owner), key=lambda answer: answer.at)

    def by(self, writer: str) -> list[BottleAnswer]:
        """Return the answers that somebody wrote, oldest first."""
        return sorted(self._written.of(writer), key=lambda answer: answer.at)

    def _unindex(self, answer: BottleAnswer) -> None:
        self._owned.drop(answer.owner, answer.answer)
        self._written.drop(answer.by, answer.answer)
