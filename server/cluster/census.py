"""Who lives, judged from what one reading after another shows: pure, and told every time.

Rules. A node lives when it is first seen, and is dead once its counter stood still for `dead_s`. Only time in a row of
readings that were all answered counts: from the answer of the first that shows a counter to the asking of the last. A
reading that failed, or an observer who slept, breaks the row, so an outage kills nobody. Who is marked dead is dead at
once. Whoever is dead stays dead: an id names an incarnation.
"""

from collections.abc import Mapping

GONE_MAX = 10_000
"""How many incarnations are remembered as dead: a year of a restart each hour."""


class _Standing:
    """How long one node's counter has not moved."""

    __slots__ = ("count", "still_s")

    def __init__(self, count: int | None, from_s: float) -> None:
        self.count = count
        self.still_s = from_s

    def read(self, count: int | None, *, counted_s: float, from_s: float) -> float:
        """Take what was read, so much later than before, and return for how long it has not moved."""
        # A counter that is not there has not moved either; one that began anew has: Redis was emptied.
        if count is not None and count != self.count:
            self.count, self.still_s = count, from_s
        else:
            self.still_s += counted_s
        return self.still_s


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
        self._counted_to: float | None = None

    def is_dead(self, node: str) -> bool:
        """Tell whether this node was judged or marked dead, ever."""
        return node in self._dead

    def missed(self) -> None:
        """Know that a reading failed or that the observer slept: the time since the last one does not count."""
        self._counted_to = None

    @property
    def verdict_at(self) -> float | None:
        """When the next one is dead, if its counter stands still until then; None while no time counts."""
        if self._counted_to is None or not self._standing:
            return None
        return self._counted_to + self._dead_s - max(standing.still_s for standing in self._standing.values())

    def read(
        self, counters: Mapping[str, int | None], *, asked_at: float, answered_at: float
    ) -> tuple[list[str], list[str]]:
        """Take one answered reading: node → its counter, None where it is marked dead.

        Returns:
            Who came, and who died, in the order of their ids.
        """
        counted_s = asked_at - self._counted_to if self._counted_to is not None else 0.0
        self._counted_to = asked_at if self._counted_to is not None else answered_at
        # What a counter shows now it may show since the answer alone, which is later than what is counted to.
        from_s = self._counted_to - answered_at
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
                    self._standing[node] = _Standing(counters[node], from_s)
                    came.append(node)
            elif is_marked or standing.read(counters.get(node), counted_s=counted_s, from_s=from_s) >= self._dead_s:
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


def _remember(dead: dict[str, None], node: str) -> None:
    dead[node] = None
    if len(dead) > GONE_MAX:
        del dead[next(iter(dead))]
