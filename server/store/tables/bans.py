"""Bans: by identity, and by range of addresses."""

from collections.abc import Iterator

from server.store.networks import Networks
from server.store.rows import Ban
from server.store.tables.grouped import Grouped
from server.store.tables.table import Table, Watcher


class BanTable(Table[Ban]):
    """Bans, by their ids."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__(watcher)
        self._bans: dict[str, Ban] = {}
        self._banned: Grouped[str, Ban] = Grouped()
        self._networks = Networks()

    def __iter__(self) -> Iterator[Ban]:
        """Yield every ban."""
        return iter(self._bans.values())

    def get(self, *key: str) -> Ban | None:
        """Return the ban of that id."""
        [id] = key
        return self._bans.get(id)

    def put(self, row: Ban) -> None:
        """Keep a ban; one of the same id is of the same person or range. Raises ValueError if the network is none."""
        if row.network:
            self._networks.add(row)
        else:
            self._banned.put(row.identity, row.ban, row)
        self._bans[row.ban] = row
        self._watcher.held(row)

    def drop(self, row: Ban) -> None:
        """Forget a ban that is here."""
        del self._bans[row.ban]
        if row.network:
            self._networks.remove(row)
        else:
            self._banned.drop(row.identity, row.ban)
        self._watcher.gone(row)

    def of(self, identity: str, *, now: float) -> Ban | None:
        """Return a ban of the identity that holds now."""
        return next((ban for ban in self._banned.of(identity) if _holds(ban, now)), None)

    def of_address(self, address: str, *, now: float) -> Ban | None:
        """Return a ban of a range that holds now and has the address in it, the widest first."""
        return next((ban for ban in self._networks.around(address) if _holds(ban, now)), None)


def _holds(ban: Ban, now: float) -> bool:
    return ban.until is None or now < ban.until
