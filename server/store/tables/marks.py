"""Marks: who of the blocked was at which place, a bounded number of each."""

from collections import OrderedDict
from collections.abc import Iterator

from server.store.rows import Mark
from server.store.tables.grouped import Grouped
from server.store.tables.table import Table, Watcher

PLACES_MAX = 20_000
"""Places where blocked people were, 10 MB; beyond, those longest ago are forgotten."""
MARKED_MAX = 50
"""Blocked identities remembered of one place: a campus has many, and each costs its newcomers a look-up."""


class MarkTable(Table[Mark]):
    """Marks, by place and identity."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__(watcher)
        self._places: OrderedDict[str, dict[str, Mark]] = OrderedDict()
        self._marks = Grouped(self._places)

    def __iter__(self) -> Iterator[Mark]:
        """Yield every mark, those of one place oldest first."""
        return iter(self._marks)

    def get(self, *key: str) -> Mark | None:
        """Return the mark of an identity at a place."""
        place, identity = key
        return self._marks.get(place, identity)

    def put(self, row: Mark) -> None:
        """Keep a mark; of too many at a place, or of too many places, the oldest go."""
        self._marks.put(row.place, row.identity, row)
        marked = self._places[row.place]
        self._places.move_to_end(row.place)
        self._watcher.held(row)
        if self._watcher.is_over(len(marked), MARKED_MAX):
            self.drop(next(iter(marked.values())))
        if self._watcher.is_over(len(self._places), PLACES_MAX):
            for old in [*next(iter(self._places.values())).values()]:
                self.drop(old)

    def drop(self, row: Mark) -> None:
        """Forget a mark that is here."""
        self._marks.drop(row.place, row.identity)
        self._watcher.gone(row)

    def sort(self, row: Mark) -> None:
        """Have the marks of this one's place stand oldest first, of which it is the last."""
        self._marks.sort(row.place)

    def of(self, place: str) -> list[Mark]:
        """Return who of the blocked was at a place, those longest ago first."""
        return self._marks.of(place)
