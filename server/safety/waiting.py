"""Whose seats wait without a connection, and where they came from: an address is as crowded as if they were there.

Pure. Knows marks of addresses and ids of identities, while the seats wait; never an address. Never knows why a seat
waits, nor where it is.
"""


class Waiting:
    """The seats that wait, each under the mark of the address its person came from last."""

    def __init__(self) -> None:
        self._marks: dict[str, bytes] = {}
        self._seats: dict[bytes, dict[str, None]] = {}

    def __len__(self) -> int:
        """Return how many seats wait in all."""
        return len(self._marks)

    def at(self, mark: bytes) -> int:
        """Return how many seats wait for people who came from there."""
        return len(self._seats.get(mark, ()))

    def begin(self, identity: str, mark: bytes) -> None:
        """Know somebody's seat to wait from now on; nothing is known of a mark that is empty."""
        self.end(identity)
        if mark:
            self._marks[identity] = mark
            self._seats.setdefault(mark, {})[identity] = None

    def end(self, identity: str) -> None:
        """Know that they are back, or that the seat is theirs no more; harmless if it did not wait."""
        mark = self._marks.pop(identity, None)
        if mark is not None:
            seats = self._seats[mark]
            del seats[identity]
            if not seats:
                del self._seats[mark]

    def longest(self, mark: bytes) -> str:
        """Return whose seat waits the longest of those from there; somebody's does."""
        return next(iter(self._seats[mark]))

    def most(self) -> bytes:
        """Return where the most come from whose seats wait; somebody's does."""
        return max(self._seats, key=self.at)
