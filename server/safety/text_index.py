"""Which texts are known: fingerprints of the last hour, found by their pieces.

Knows pieces and how long a text is kept. Must never know what is made of a text's having gone round.
"""

from collections import deque
from collections.abc import Iterator

from server.safety.fingerprints import Print
from server.safety.sightings import Text

TEXTS_MAX = 30_000
"""Fingerprints known at a time, about 0.5 KB each; of more those met longest ago are forgotten."""
FORGOTTEN_AT_ONCE = 256
"""So many of them, in 0.15 ms: what was met long ago is in no cache, and to forget one for each that came took 0.2 µs
of a message (talk) to 0.6 (words of chance) more."""

_FOUND_BY, _SOUGHT_BY = 4, 5
"""Pieces a text is found by, and pieces of another of which two have to lead to one text before anything is compared:
most talk has one in common with somebody's, a turn of phrase, and to look at each took a third of all. Found by three,
6 in 100 variations fewer are known; sought by four, 1 in 100, and half as much again of an advert passes."""


class TextIndex:
    """Texts in the order they were met, and those that a text may be like.

    Args:
        look_back_s: how long a text is known after it was met last.
    """

    def __init__(self, look_back_s: float) -> None:
        self._look_back_s = look_back_s
        self._by_piece: dict[int, Text] = {}
        self._queue: deque[Text] = deque()

    def __len__(self) -> int:
        """Return how many texts are known."""
        return len(self._queue)

    def add_if_new(self, text: Text) -> list[Text]:
        """Return the texts that it may be like, in no order; if there are none, know it.

        Two of its pieces lead to one of them, or its only one to any.
        """
        by_piece, pieces = self._by_piece, text.pieces
        sought = pieces[:_SOUGHT_BY]
        # A piece never met leads to itself: where all lead elsewhere, nothing is nearly the same.
        leads = set(map(by_piece.get, sought, sought))
        if (len(leads) < len(sought) or len(leads) == 1) and (found := [one for one in leads if type(one) is Text]):
            return found
        # As `add` does, without the call: nearly every message comes here.
        for piece in pieces[:_FOUND_BY]:
            by_piece[piece] = text
        queue = self._queue
        queue.append(text)
        if len(queue) > TEXTS_MAX:
            self._drop(FORGOTTEN_AT_ONCE, text.at - self._look_back_s)
        return []

    def like(self, pieces: Print) -> list[Text]:
        """Return the texts that the first of these pieces lead to, in their order, each once."""
        return list(dict.fromkeys(filter(None, map(self._by_piece.get, pieces[:_SOUGHT_BY]))))

    def add(self, text: Text) -> None:
        """Know one more text."""
        for piece in text.pieces[:_FOUND_BY]:
            self._by_piece[piece] = text
        self._queue.append(text)
        if len(self._queue) > TEXTS_MAX:
            self._drop(FORGOTTEN_AT_ONCE, text.at - self._look_back_s)

    def latest(self) -> Iterator[Text]:
        """Return all texts, the one that was added last first."""
        return reversed(self._queue)

    def forget(self, *, now: float) -> None:
        """Forget the texts that were met too long ago, and of others where they were too long ago."""
        since = now - self._look_back_s
        for _ in range(len(self._queue)):
            if self._queue[0].queued_at > since:
                break
            self._drop(1, since)
        for text in self._queue:
            text.forget(since)

    def _drop(self, count: int, since: float) -> None:
        """Drop so many texts, the first, or put those at the end that were met since they were put in."""
        queue, by_piece = self._queue, self._by_piece
        for text in [queue.popleft() for _ in range(count)]:
            if text.at > text.queued_at and text.at > since:
                text.queued_at = text.at
                queue.append(text)
                continue
            for piece in text.pieces[:_FOUND_BY]:
                if by_piece.get(piece) is text:
                    del by_piece[piece]
