"""What a node has changed and Redis has not yet shown back: queued, under way, or accepted and not yet read again.

Pure. Changes of one field are one, the newest, so that the queue is never longer than there are fields. Until a node
reads its own change back, at its place in the common order, what others did to that field before it is passed over:
it comes after theirs.
"""

from typing import NamedTuple

from server.cluster.store_rows import Field

BATCH_MAX = 500
"""Changes in one entry of the log: with rows of some 300 bytes 150 KB, which Redis takes in a millisecond or two."""

_QUEUED = -1


class Batch(NamedTuple):
    """Changes that are sent together and accepted together, the `n`th of this node's."""

    n: int
    changes: dict[Field, bytes | None]


class Outbox:
    """The changes of one node."""

    def __init__(self) -> None:
        self._queue: dict[Field, bytes | None] = {}
        self._flying: Batch | None = None
        self._ours: dict[Field, int] = {}
        self._n = 0

    def __len__(self) -> int:
        """Return how many changes wait to be accepted."""
        return len(self._queue) + (len(self._flying.changes) if self._flying is not None else 0)

    @property
    def is_queued(self) -> bool:
        """Whether something waits that is in no batch yet."""
        return bool(self._queue)

    def put(self, field: Field, value: bytes | None) -> None:
        """Queue a change, in place of an older one of the same field that is still queued."""
        self._queue.pop(field, None)
        self._queue[field] = value
        self._ours[field] = _QUEUED

    def is_ours(self, field: Field) -> bool:
        """Tell whether this node's own change of the field comes after all that were read so far."""
        return field in self._ours

    def number(self) -> int:
        """Return the next number, for an entry that is written without being queued."""
        self._n += 1
        return self._n

    def next(self) -> Batch | None:
        """Return what to send now: the same as before until it was `accepted`, None if there is nothing."""
        if self._flying is None and self._queue:
            fields = list(self._queue)[:BATCH_MAX]
            self._flying = Batch(self.number(), {field: self._queue.pop(field) for field in fields})
            for field in fields:
                self._ours[field] = self._flying.n
        return self._flying

    def accepted(self) -> None:
        """Know the batch accepted."""
        self._flying = None

    def came_back(self, n: int, field: Field) -> bool:
        """Know this node's own change read at its place in the common order; tell whether it was waited for.

        It is not if it was sent twice, since the first answer was lost, and this is the second time.
        """
        if self._ours.get(field) != n:
            return False
        del self._ours[field]
        return True

    def clear(self) -> None:
        """Know everything written in another way."""
        self._queue.clear()
        self._ours.clear()
        self._flying = None

    def forget_accepted(self) -> None:
        """Expect nothing back of what was accepted: its place in the order was passed without being seen."""
        flying = self._flying.n if self._flying is not None else _QUEUED
        self._ours = {field: n for field, n in self._ours.items() if n in (_QUEUED, flying)}
