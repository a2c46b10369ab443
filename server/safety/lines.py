"""Contact lines on their way between two who keep each other: given, and then coming until they are known to have come.

Pure. In memory alone, until their time is over. A line that was sent may have gone into a connection that was dead
already, so it comes again until its reader has sent a command after it, which nobody does on a dead one.
"""

from typing import NamedTuple

from server.safety.pairs import Pair, Pairs


class Line(NamedTuple):
    """A contact line under way: by whom it was given, what they were called, and until when it waits."""

    by: str
    name: str
    text: str
    until: float


class Lines:
    """All contact lines of one server; a pair is who gave one and for whom it is."""

    def __init__(self, *, token_ttl_s: float) -> None:
        self._ttl_s = token_ttl_s
        self._given: Pairs[Line] = Pairs()
        self._coming: Pairs[Line] = Pairs()

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._given) + len(self._coming)

    def give(
        self, by: str, to: str, name: str, text: str, *, now: float, are_apart: bool = False
    ) -> tuple[Line, Line] | None:
        """Have somebody give a line to another; once both have given one both come, and are returned, theirs first.

        A line takes the place of an earlier one that has not come.

        Args:
            are_apart: whether there is a block between the two: then neither comes.
        """
        given = Line(by, name, text, now + self._ttl_s)
        answer = self._given.pop((to, by)) if not are_apart else None
        if answer is None:
            self._given.put((by, to), given)
            return None
        self._given.pop((by, to))
        self._coming.put((by, to), given)
        self._coming.put((to, by), answer)
        return given, answer

    def coming(self, to: str) -> list[Line]:
        """Return the lines of which it is not known that they have come to somebody, oldest first."""
        lines = [self._coming.get(pair) for pair in self._coming.of(to) if pair[1] == to]
        return [line for line in lines if line is not None]

    def heard(self, to: str) -> None:
        """Know that everything sent to somebody until now has come."""
        for pair in self._coming.of(to):
            if pair[1] == to:
                self._coming.pop(pair)

    def withdraw(self, *pairs: Pair) -> None:
        """Forget what the first of each pair gave the second."""
        for pair in pairs:
            self._given.pop(pair)
            self._coming.pop(pair)

    def forget_person(self, one: str) -> None:
        """Forget every line by somebody or for them."""
        self.withdraw(*self._given.of(one), *self._coming.of(one))

    def forget(self, *, now: float) -> None:
        """Forget lines whose time is over."""
        for lines in (self._given, self._coming):
            for pair, line in lines.items():
                if line.until <= now:
                    lines.pop(pair)
