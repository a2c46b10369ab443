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
        seated_s: how long they had sat, with a connection, until they last rose; seconds of the rooms' clock.
    """

    __slots__ = ("_new_s", "_since", "cell", "cells", "id", "muted", "nexts", "person", "said", "seated_s", "shown")

    def __init__(self, id: str, settings: Settings) -> None:
        self.id = id
        self.cell: Cell | None = None
        self.person: Person | None = None
        self.muted: dict[str, None] = {}
        self.seated_s = 0.0
        self._since: float | None = None
        self._new_s = settings.new_identity_s
        self.said, self.shown = _talk(settings), _talk(settings)
        self.nexts = _meters(per_period(settings.next_per_h, 3600))
        self.cells = _meters(per_period(settings.cells_per_h, 3600))

    def is_new(self, now: float) -> bool:
        """Tell whether they have sat for less than `new_identity_s` in all."""
        sitting_s = now - self._since if self._since is not None else 0.0
        return self.seated_s + sitting_s < self._new_s

    def sits(self, now: float) -> None:
        """Count the time from here on as seated."""
        if self._since is None:
            self._since = now

    def rises(self, now: float) -> None:
        """Count no more: a seat that waits for a lost connection makes nobody known."""
        if self._since is not None:
            self.seated_s += now - self._since
            self._since = None

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
        return self._tokens.make(bytes.fromhex(identity.id), now=now)

    def came(self, identity: Identity) -> None:
        """Know the identity online."""
        self._absent.pop(identity.id, None)
        self._online[identity.id] = identity

    def went(self, id: str, *, now: float) -> None:
        """Know the identity no longer online; it may come back."""
        identity = self._online.pop(id, None)
        if identity is not None:
            identity.rises(now)
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
