"""Who lives, judged from what one reading after another shows: pure, and told every time.

Rules. A node lives when it is first seen, and is dead once its counter stood still for `dead_s`. Only time between
two readings that were both answered counts: from the answer of one to the asking of the next. A reading that failed,
or an observer who slept, breaks the row, so an outage kills nobody. Who is marked dead is dead at once. Whoever is
dead stays dead: an id names an incarnation.
"""

from collections.abc import Mapping

GONE_MAX = 10_000
"""How many incarnations are remembered as dead: a year of a restart each hour."""


class _Standing:
    """How long one node's counter has not moved."""

    __slots__ = ("count", "still_s")

    def __init__(self, count: int | None) -> None:
        self.count = count
        self.still_s = 0.0


class Census:
    """What one observer knows of the other nodes.

    Attributes:
        living: their ids.
    """

    def __init__(self, node: str, *, dead_s: float) -> None:
        self.living: frozenset[str] = frozenset()
        self._node = node
        self._dead_s = dead_s
        self._standing: dict[str, _Standing] = {}
        self._dead: dict[str, None] = {}
        self._answered_at: float | None = None

    def is_dead(self, node: str) -> bool:
        """Tell whether this node was judged or marked dead, ever."""
        return node in self._dead

    def missed(self) -> None:
        """Know that a reading failed or that the observer slept: the time since the last one does not count."""
        self._answered_at = None

    def read(
        self, counters: Mapping[str, int | None], *, asked_at: float, answered_at: float
    ) -> tuple[list[str], list[str]]:
        """Take one answered reading: node → its counter, None where it is marked dead.

        Returns:
            Who came, and who died, in the order of their ids.
        """
        counted_s = asked_at - self._answered_at if self._answered_at is not None else 0.0
        self._answered_at = answered_at
        came, died = [], []
        for node in sorted(counters.keys() | self._standing.keys()):
            if node == self._node or node in self._dead:
                continue
            is_marked = node in counters and counters[node] is None
            standing = self._standing.get(node)
            if standing is None:
                if is_marked:
                    _remember(self._dead, node)
                else:
                    self._standing[node] = _Standing(counters[node])
                    came.append(node)
            elif is_marked or self._stands_still(standing, counters.get(node), counted_s):
                self.bury(node)
                died.append(node)
        if came or died:
            self.living = frozenset(self._standing)
        return came, died

    def bury(self, node: str) -> bool:
        """Know this node dead. Returns whether it lived until now."""
        _remember(self._dead, node)
        lived = self._standing.pop(node, None) is not None
        self.living = frozenset(self._standing)
        return lived

    def _stands_still(self, standing: _Standing, count: int | None, counted_s: float) -> bool:
        # A counter that is not there has not moved either; one that began anew has: Redis was emptied.
        if count is not None and count != standing.count:
            standing.count = count
            standing.still_s = 0.0
            return False
        standing.still_s += counted_s
        return standing.still_s >= self._dead_s


def _remember(dead: dict[str, None], node: str) -> None:
    dead[node] = None
    if len(dead) > GONE_MAX:
        del dead[next(iter(dead))]
