"""Ties: whom an identity keeps and whom it mutes, for as long as its token may be good.

Pure. Each tie is one way and its owner's alone: nobody learns that they are muted, or that somebody has let them go.
Knows ids and the store; what follows for seats is in server/safety/keeps.py.
"""

from collections.abc import Iterable
from typing import Literal

from server.bugs import log
from server.store.rows import Tie
from server.store.store import Store, StoreError

Kind = Literal["keep", "mute"]

TIES_MAX = {"keep": 100, "mute": 200}
"""Of one: more than anybody stays in touch with, or meets in an evening of full rooms; one more ends the oldest."""

DAY_S = 86_400
"""A tie is kept so much longer than any token, so that it need not be written anew each time its owner comes."""


class Ties:
    """All ties of one server."""

    def __init__(self, store: Store, *, token_ttl_s: float) -> None:
        self._store = store
        self._lasts_s = token_ttl_s + DAY_S

    def add(self, kind: Kind, pairs: Iterable[tuple[str, str]], *, now: float) -> list[tuple[str, str]]:
        """Have each owner hold a tie of the other, all of them or none, and return the pairs that ended for them.

        Raises StoreError, changing nothing.
        """
        until = now + self._lasts_s
        ties = [Tie(kind=kind, owner=owner, other=other, at=now, until=until) for owner, other in pairs]
        self._store.add_ties(*ties)
        over = [
            (old.owner, old.other)
            for owner in dict.fromkeys(tie.owner for tie in ties)
            for old in self._store.ties_of(kind, owner)[: -TIES_MAX[kind]]
        ]
        try:
            if over:
                self._store.remove_ties(kind, *over)
        except StoreError as error:  # some too many; the next one tries again
            log.error("%s", error)
            return []
        return over

    def remove(self, kind: Kind, pairs: Iterable[tuple[str, str]]) -> None:
        """End these ties, those that there are. Raises StoreError, changing nothing."""
        there = [pair for pair in pairs if self._store.has_tie(kind, *pair)]
        if there:
            self._store.remove_ties(kind, *there)

    def of(self, kind: Kind, owner: str) -> frozenset[str]:
        """Return of whom somebody holds such a tie."""
        return frozenset(tie.other for tie in self._store.ties_of(kind, owner))

    def has(self, kind: Kind, owner: str, other: str) -> bool:
        """Tell whether the one holds such a tie of the other."""
        return self._store.has_tie(kind, owner, other)

    def came(self, owner: str, *, now: float) -> None:
        """Keep the owner's ties as long as the token they are given now may be good."""
        held = [*self._store.ties_of("keep", owner), *self._store.ties_of("mute", owner)]
        if any(tie.until < now + self._lasts_s - DAY_S for tie in held):
            try:
                self._store.renew_ties(owner, until=now + self._lasts_s)
            except StoreError as error:  # a full disk keeps nobody from their seat
                log.error("%s", error)
