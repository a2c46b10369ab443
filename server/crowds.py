"""Which connections come from which address, and which of them have yet to enter. Pure: time comes in.

Forgets an address with its last connection. Never knows why an address has so many.
"""

from collections import Counter
from typing import Generic, TypeVar

C = TypeVar("C")

MAKES_ROOM_AFTER_S = 5.0
"""Who has not entered by then makes room where there is none: a round trip and the hardest work take less."""


class Crowds(Generic[C]):
    """Connections by address, as counted; each is counted under one address at a time."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._strangers: dict[str, dict[C, float]] = {}

    def add(self, connection: C, address: str, *, now: float) -> None:
        """Count a connection that has not entered yet."""
        self.counts[address] += 1
        self._strangers.setdefault(address, {})[connection] = now

    def remove(self, connection: C, address: str) -> None:
        """Count a connection no more."""
        self.entered(connection, address)
        self.counts[address] -= 1
        if not self.counts[address]:
            del self.counts[address]

    def entered(self, connection: C, address: str) -> None:
        """Know a connection to be somebody's, who makes room for nobody."""
        strangers = self._strangers.get(address)
        if strangers is not None:
            strangers.pop(connection, None)
            if not strangers:
                del self._strangers[address]

    def who_makes_room(self, address: str, *, now: float) -> C | None:
        """Return the oldest connection of the address that has had its time to enter and did not."""
        for connection, since in self._strangers.get(address, {}).items():
            return connection if now - since >= MAKES_ROOM_AFTER_S else None
        return None
