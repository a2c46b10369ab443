"""Identities: who holds which token, what they have used up of their rates, whom they mute.

An identity is anonymous: random bytes the server made. It is remembered while its
person is online, and for a while afterwards, so that coming back is no way around a
limit and a mute lasts as long as its token.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from geo import Cell
from rooms.person import Person
from server.codes import Refused
from server.safety.rates import Meter, Rate, per_period
from server.safety.tokens import BadToken, Tokens
from server.settings import Settings

Kept = TypeVar("Kept")

ABSENT_MAX = 20_000
"""Identities remembered after they went, and ids ended by `leave`: about 30 MB, at 1.2 KB each."""

MUTED_MAX = 200
"""Identities one identity mutes, 25 KB: more than anybody meets in an evening of full rooms."""


class Identity:
    """One identity.

    Attributes:
        cell: the one they named last.
        person: who they were to the rooms when they were last online, with what the rooms hold against them.
        muted: ids of other identities, in the order they were muted.
    """

    __slots__ = ("cell", "cells", "id", "muted", "nexts", "person", "said", "shown")

    def __init__(self, id: str, settings: Settings) -> None:
        self.id = id
        self.cell: Cell | None = None
        self.person: Person | None = None
        self.muted: dict[str, None] = {}
        self.said, self.shown = _talk(settings), _talk(settings)
        self.nexts = _meters(per_period(settings.next_per_h, 3600))
        self.cells = _meters(per_period(settings.cells_per_h, 3600))

    def mute(self, id: str) -> None:
        """Mute another identity; of too many the one muted first is forgotten."""
        self.muted[id] = None
        if len(self.muted) > MUTED_MAX:
            del self.muted[next(iter(self.muted))]


class Identities:
    """All identities this process has seen lately. `new_id` gives 12 unguessable bytes."""

    def __init__(self, settings: Settings, tokens: Tokens, *, new_id: Callable[[], bytes]) -> None:
        self._settings = settings
        self._tokens = tokens
        self._new_id = new_id
        self._online: dict[str, Identity] = {}
        self._absent: OrderedDict[str, Identity] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()

    def of(self, token: str | None, *, now: float) -> Identity:
        """Return whose token it is, or a new identity if there is none. Raises Refused."""
        if token is None:
            return Identity(self._new_id().hex(), self._settings)
        try:
            id = self._tokens.read(token, now=now).hex()
        except BadToken as error:
            raise Refused("bad_token", str(error)) from None
        if id in self._ended:
            raise Refused("bad_token", "This token ended when you left: enter without it.")
        return self._online.get(id) or self._absent.get(id) or Identity(id, self._settings)

    def token(self, identity: Identity, *, now: float) -> str:
        """Return a fresh token of the identity."""
        return self._tokens.make(bytes.fromhex(identity.id), expires=now + self._settings.token_ttl_s)

    def came(self, identity: Identity) -> None:
        """Know the identity online."""
        self._absent.pop(identity.id, None)
        self._online[identity.id] = identity

    def went(self, id: str) -> None:
        """Know the identity no longer online; it may come back."""
        identity = self._online.pop(id, None)
        if identity is not None:
            _put(self._absent, id, identity)

    def end(self, id: str) -> None:
        """Forget the identity: its token is good for nothing from now on."""
        self._online.pop(id, None)
        _put(self._ended, id, None)


def _talk(settings: Settings) -> tuple[Meter, ...]:
    """Return the meters of words; names and being away are shown to all too, and have their own of the same rates."""
    return _meters(per_period(settings.say_per_s, 1, settings.say_burst), per_period(settings.say_per_min, 60))


def _meters(*rates: Rate | None) -> tuple[Meter, ...]:
    return tuple(Meter(rate) for rate in rates if rate is not None)


def _put(bounded: OrderedDict[str, Kept], id: str, kept: Kept) -> None:
    bounded[id] = kept
    if len(bounded) > ABSENT_MAX:
        bounded.popitem(last=False)
