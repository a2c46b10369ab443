"""Ordered pairs of people, found by either: what is asked of one person costs what they have, not what all have.

Knows ids alone, and nothing of what a pair stands for.
"""

from typing import Generic, TypeVar

Value = TypeVar("Value")
Pair = tuple[str, str]


class Pairs(Generic[Value]):
    """A value for each pair."""

    def __init__(self) -> None:
        self._values: dict[Pair, Value] = {}
        self._of: dict[str, dict[Pair, None]] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, pair: Pair) -> Value | None:
        """Return the pair's value."""
        return self._values.get(pair)

    def put(self, pair: Pair, value: Value) -> None:
        """Give the pair this value, in place of an earlier one; it is the newest of both people's."""
        self.pop(pair)
        self._values[pair] = value
        for one in pair:
            self._of.setdefault(one, {})[pair] = None

    def pop(self, pair: Pair) -> Value | None:
        """Forget the pair and return its value."""
        value = self._values.pop(pair, None)
        if value is not None:
            for one in pair:
                del self._of[one][pair]
                if not self._of[one]:
                    del self._of[one]
        return value

    def of(self, one: str) -> list[Pair]:
        """Return the pairs that somebody is in, oldest first."""
        return list(self._of.get(one, ()))

    def items(self) -> list[tuple[Pair, Value]]:
        """Return all pairs and their values."""
        return list(self._values.items())


class RoomPairs:
    """Pairs that count in a room, until it ends."""

    def __init__(self) -> None:
        self._in: dict[str, set[Pair]] = {}
        self._rooms: Pairs[set[str]] = Pairs()

    def add(self, room: str, *pairs: Pair) -> None:
        """Have these count in the room."""
        for pair in pairs:
            rooms = self._rooms.get(pair)
            if rooms is None:
                self._rooms.put(pair, {room})
            else:
                rooms.add(room)
            self._in.setdefault(room, set()).add(pair)

    def has(self, room: str, pair: Pair) -> bool:
        """Tell whether the pair counts in the room."""
        return pair in self._in.get(room, ())

    def of_room(self, room: str) -> frozenset[Pair]:
        """Return the pairs that count in the room."""
        return frozenset(self._in.get(room, ()))

    def beside(self, room: str, one: str) -> frozenset[str]:
        """Return the second of each pair of the room whose first is this one."""
        return frozenset(other for first, other in self._in.get(room, ()) if first == one)

    def drop(self, *pairs: Pair) -> None:
        """Have these count nowhere."""
        for pair in pairs:
            for room in self._rooms.get(pair) or ():
                self._in[room].discard(pair)
                if not self._in[room]:
                    del self._in[room]
            self._rooms.pop(pair)

    def drop_in(self, room: str, *pairs: Pair) -> None:
        """Have these count in the room no more."""
        here = self._in.get(room, set())
        for pair in here.intersection(pairs):
            here.discard(pair)
            rooms = self._rooms.get(pair) or set()
            rooms.discard(room)
            if not rooms:
                self._rooms.pop(pair)
        if not here:
            self._in.pop(room, None)

    def end(self, room: str) -> None:
        """Forget a room that is over."""
        self.drop_in(room, *self._in.get(room, ()))

    def forget(self, one: str) -> None:
        """Forget somebody."""
        self.drop(*self._rooms.of(one))
