"""An index: rows by whose they are, and by a key among those. Whoever has none takes no place in it."""

from collections.abc import Hashable, Iterator
from typing import Any, Generic, TypeVar

from server.store.rows import ARow

Key = TypeVar("Key", bound=Hashable)


class Grouped(Generic[Key, ARow]):
    """Rows in groups, those of one group in the order in which they were put.

    Args:
        groups: where they are kept, empty; for a table that has an order of groups too.
    """

    def __init__(self, groups: dict[str, dict[Key, ARow]] | None = None) -> None:
        self._groups: dict[str, dict[Key, ARow]] = groups if groups is not None else {}

    def __iter__(self) -> Iterator[ARow]:
        """Yield every row, group by group."""
        for group in self._groups.values():
            yield from group.values()

    def of(self, whose: str) -> list[ARow]:
        """Return the rows of a group."""
        group = self._groups.get(whose)
        return [*group.values()] if group is not None else []

    def get(self, whose: str, key: Key) -> ARow | None:
        """Return the row of that key in a group."""
        group = self._groups.get(whose)
        return group.get(key) if group is not None else None

    def put(self, whose: str, key: Key, row: ARow) -> None:
        """Keep a row behind the others of its group, one of the same key gone."""
        group = self._groups.get(whose)
        if group is None:
            self._groups[whose] = {key: row}
        else:
            group.pop(key, None)
            group[key] = row

    def replace(self, whose: str, key: Key, row: ARow) -> None:
        """Keep a row where the one of the same key stands."""
        self._groups[whose][key] = row

    def drop(self, whose: str, key: Key) -> None:
        """Forget a row that is here."""
        group = self._groups[whose]
        del group[key]
        if not group:
            del self._groups[whose]

    def sort(self, whose: str) -> None:
        """Have a group stand oldest first, of which all but the last row do already."""
        group: dict[Key, Any] = self._groups[whose]
        ages = [row.at for row in group.values()]
        if len(ages) > 1 and ages[-1] < ages[-2]:
            items = sorted(group.items(), key=lambda item: float(item[1].at))
            group.clear()
            group.update(items)
