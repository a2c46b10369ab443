"""Contact lines on their way between two who keep each other: given, and then coming until they are known to have come.

Pure. In memory alone, until their time is over. A line that was sent may have gone into a connection that was dead
already, so it comes again until its reader has sent a command after it, which nobody does on a dead one. Where a block
has come between the two meanwhile it waits, unsent, for the block's end.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from server.safety.pairs import Pair, Pairs


class Line(NamedTuple):
    """A contact line under way: by whom it was given, what they were called, and until when it waits."""

    by: str
    name: str
    text: str
    until: float


class CarriedLine(NamedTuple):
    """A line that goes with one of its two people: with who gave it, or, once it comes, with whom it is for."""

    to: str
    is_coming: bool
    line: Line
    is_sent: bool = False


class Lines:
    """All contact lines of one server; a pair is who gave one and for whom it is."""

    def __init__(self, *, token_ttl_s: float) -> None:
        self._ttl_s = token_ttl_s
        self._given: Pairs[Line] = Pairs()
        self._coming: Pairs[Line] = Pairs()
        self._sent: set[Pair] = set()
        """Those coming that were sent to whom they are for, so that whatever they send next tells that it has come."""

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
        for pair, line in (((by, to), given), ((to, by), answer)):
            self._coming.put(pair, line)
            self._sent.discard(pair)
        return given, answer

    def sent(self, by: str, to: str) -> None:
        """Know that the line by the one is sent to the other now."""
        self._sent.add((by, to))

    def coming(self, to: str, *, apart: Collection[str]) -> list[Line]:
        """Return the lines of which it is not known that they have come to somebody, oldest first.

        Args:
            apart: of whom, or by whom, they are blocked.
        """
        lines = [self._coming.get(pair) for pair in self._coming.of(to) if pair[1] == to]
        return [line for line in lines if line is not None and line.by not in apart]

    def heard(self, to: str) -> None:
        """Know that everything sent to somebody until now has come."""
        for pair in self._coming.of(to):
            if pair[1] == to and pair in self._sent:
                self._forget_coming(pair)

    def of(self, one: str) -> tuple["CarriedLine", ...]:
        """Return what goes with somebody who goes on in another process: what they have given, and what comes to them.

        A line that was given lives with who gave it: that is where it is looked for when the other gives theirs.
        """
        given = [
            CarriedLine(to=pair[1], is_coming=False, line=line) for pair, line in self._lines_of(self._given, one, 0)
        ]
        coming = [
            CarriedLine(to=one, is_coming=True, line=line, is_sent=pair in self._sent)
            for pair, line in self._lines_of(self._coming, one, 1)
        ]
        return (*given, *coming)

    def take_up(self, one: str, lines: Iterable["CarriedLine"]) -> None:
        """Know what came with somebody, instead of what was known of them here."""
        self.let_go(one)
        for each in lines:
            pair = (each.line.by, each.to)
            (self._coming if each.is_coming else self._given).put(pair, each.line)
            if each.is_sent:
                self._sent.add(pair)

    def let_go(self, one: str) -> None:
        """Know nothing of somebody's any more, since they go on in another process."""
        for pair, _ in self._lines_of(self._given, one, 0):
            self._given.pop(pair)
        for pair, _ in self._lines_of(self._coming, one, 1):
            self._forget_coming(pair)

    @staticmethod
    def _lines_of(lines: Pairs[Line], one: str, at: int) -> list[tuple[Pair, Line]]:
        return [(pair, line) for pair in lines.of(one) if pair[at] == one and (line := lines.get(pair)) is not None]

    def withdraw(self, *pairs: Pair) -> None:
        """Forget what the first of each pair gave the second."""
        for pair in pairs:
            self._given.pop(pair)
            self._forget_coming(pair)

    def forget_person(self, one: str) -> None:
        """Forget every line by somebody or for them."""
        self.withdraw(*self._given.of(one), *self._coming.of(one))

    def forget(self, *, now: float) -> None:
        """Forget lines whose time is over."""
        for pair, line in self._given.items():
            if line.until <= now:
                self._given.pop(pair)
        for pair, line in self._coming.items():
            if line.until <= now:
                self._forget_coming(pair)

    def _forget_coming(self, pair: Pair) -> None:
        self._coming.pop(pair)
        self._sent.discard(pair)
