"""Switches: which features an operator has switched off."""

from collections.abc import Iterator

from server.store.rows import Switch
from server.store.tables.table import Table, Watcher


class SwitchTable(Table[Switch]):
    """Switches, by feature."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__(watcher)
        self._off: dict[str, Switch] = {}

    def __iter__(self) -> Iterator[Switch]:
        """Yield what is off."""
        return iter(self._off.values())

    def __contains__(self, feature: object) -> bool:
        """Tell whether a feature is off."""
        return feature in self._off

    def get(self, *key: str) -> Switch | None:
        """Return the switch of a feature."""
        [feature] = key
        return self._off.get(feature)

    def put(self, row: Switch) -> None:
        """Have a feature be off."""
        self._off[row.feature] = row
        self._watcher.held(row)

    def drop(self, row: Switch) -> None:
        """Have it be on again."""
        del self._off[row.feature]
        self._watcher.gone(row)
