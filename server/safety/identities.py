"""Identities: who holds which token, what they have used up of their rates, whom they mute.

An identity is anonymous: random bytes the server made. It is remembered while its
person is online, and for a while afterwards, so that coming back is no way around a
limit. How long somebody has sat, what they have used up of a day, and whose tokens have
ended, the store keeps longer than that.
"""

from collections import OrderedDict
from collections.abc import Callable
from math import floor, inf

from geo import Cell
from rooms.person import NOBODY, Person
from server.bugs import log
from server.codes import Refused
from server.safety.rates import Meter, Rate, per_period
from server.safety.tokens import BadToken, Tokens
from server.safety.waiting import Waiting
from server.settings import Settings
from server.store.rows import Ended, Standing
from server.store.store import Store, StoreError

ABSENT_MAX = 20_000
"""Identities remembered after they went: about 25 MB, at 1.2 KB each."""

STANDING_MIN_S = 30.0
"""Who sat for less is not kept by the store: a crowd that comes and goes would write a row for each."""

VOUCHES_PER_MIN = 10
"""JWTs shown by one identity: each costs a tenth of a millisecond of checking; an hourly one is usual."""

CLOCKS_S = 1.0
"""Nodes' clocks may differ by so much: one that is ahead may have made a token just before its owner left elsewhere."""

ROOMS_MAX = 8
"""Rooms an identity may report somebody of: more than `next_per_h` and windows give within the grace, though not more
than shaking all the time does."""

DAY_S = 86_400
PLACE_S = DAY_S
"""How long it is remembered where somebody came from, after they went."""


class Identity:
    """One identity.

    Attributes:
        cell, cell_at: the one they named last, and when they can have been there; a little ahead of now at most.
        home: where they can be, and since when, while they say they are, or sit, where nobody travels so fast; None
            while they visit nowhere.
        jumped_at: when they last went to visit.
        came_from: a mark of the address they came from last, from which no address follows.
        ejected_at: when a vote of theirs last had somebody ejected.
        person: who they were to the rooms when they were last online, with what the rooms hold against them.
        muted: ids of other identities, as the store has them.
        first_at: when they first came, Unix seconds of the rooms' clock.
        vouched: what a host application says of them, in force until `vouched_until`, seconds of the rooms' clock.
        gone_at: when they were last online, Unix seconds; of use only while they are not.
        rooms: the rooms they were told to sit in lately and since when, oldest first.
        seated_s: how long they had sat, with a connection, until they last rose; seconds of the rooms' clock.
    """

    __slots__ = (
        "_new_s",
        "_since",
        "answers",
        "came_from",
        "cell",
        "cell_at",
        "cells",
        "ejected_at",
        "first_at",
        "gone_at",
        "home",
        "id",
        "jumped_at",
        "keeps",
        "muted",
        "nexts",
        "person",
        "picks",
        "rooms",
        "said",
        "seated_s",
        "shakes",
        "shown",
        "throws",
        "vouched",
        "vouched_until",
        "vouches",
    )

    def __init__(
        self,
        id: str,
        settings: Settings,
        *,
        first_at: float = 0.0,
        seated_s: float = 0.0,
        jumped_at: float | None = None,
    ) -> None:
        self.id = id
        self.first_at = first_at
        self.cell: Cell | None = None
        self.home: tuple[Cell, float] | None = None
        self.jumped_at = -inf if jumped_at is None else jumped_at
        self.came_from = b""
        self.ejected_at = -inf
        self.cell_at = 0.0
        self.gone_at = 0.0
        self.person: Person | None = None
        self.vouched = ""
        self.vouched_until = 0.0
        self.muted: frozenset[str] = NOBODY
        self.rooms: list[tuple[str, float]] = []
        self.seated_s = seated_s
        self._since: float | None = None
        self._new_s = settings.new_identity_s
        self.said, self.shown = _talk(settings), _talk(settings)
        self.nexts = _meters(per_period(settings.next_per_h, 3600))
        self.shakes = _meters(per_period(settings.shakes_per_h, 3600))
        self.throws = _meters(per_period(settings.throws_per_day, DAY_S))
        self.picks = _meters(per_period(settings.picks_per_day, DAY_S))
        self.answers = _meters(per_period(settings.answers_per_day, DAY_S))
        self.keeps = _meters(per_period(settings.keeps_per_h, 3600))
        self.vouches = _meters(per_period(VOUCHES_PER_MIN, 60))
        self.cells = _meters(per_period(settings.cells_per_h, 3600))

    def vouch(self, verified: str, *, until: float) -> None:
        """Know what a host application says of them, as it is shown."""
        self.vouched, self.vouched_until = verified, until

    def verified(self, now: float) -> str | None:
        """Return what a host application says of them, if it still does."""
        return self.vouched if now < self.vouched_until else None

    def is_new(self, now: float) -> bool:
        """Tell whether they have sat for less than `new_identity_s` in all."""
        # As `new_for_s` tells, without its calls: it is asked of every message.
        since = self._since
        return self.seated_s + (now - since if since is not None else 0.0) < self._new_s

    def new_for_s(self, now: float) -> float:
        """Return for how many seconds of sitting they are still new; 0 or less if they are not."""
        return self._new_s - self.sat_s(now)

    def sat_s(self, now: float) -> float:
        """Return how long they have sat in all, seconds of the rooms' clock."""
        return self.seated_s + (now - self._since if self._since is not None else 0.0)

    @property
    def is_sitting(self) -> bool:
        """Whether they have a seat and a connection."""
        return self._since is not None

    def sits(self, now: float) -> None:
        """Count the time from here on as seated."""
        if self._since is None:
            self._since = now

    def rises(self, now: float) -> None:
        """Count no more: a seat that waits for a lost connection makes nobody known."""
        if self._since is not None:
            self.seated_s += now - self._since
            self._since = None

    def sat_in(self, room: str, now: float) -> None:
        """Know that they sit in that room from now on, if they did not already."""
        if not self.rooms or self.rooms[-1][0] != room:
            self.rooms = [*self.rooms[1 - ROOMS_MAX :], (room, now)]

    def present_s(self, room: str, now: float) -> float:
        """Return for how long they have been in the room of that id, their present one; 0 if they were not told so."""
        return now - self.rooms[-1][1] if self.rooms and self.rooms[-1][0] == room else 0.0


class Identities:
    """All identities this process has seen lately. `new_id` gives 12 unguessable bytes.

    Attributes:
        waiting: whose seats wait without a connection, of those online.
    """

    def __init__(self, settings: Settings, tokens: Tokens, store: Store, *, new_id: Callable[[], bytes]) -> None:
        self._settings = settings
        self._tokens = tokens
        self._store = store
        self._new_id = new_id
        self._online: dict[str, Identity] = {}
        self._absent: OrderedDict[str, Identity] = OrderedDict()
        self.waiting = Waiting()

    def of(self, token: str | None, *, now: float) -> Identity:
        """Return whose token it is, or a new identity if there is none. Raises Refused."""
        if token is None:
            return Identity(self._new_id().hex(), self._settings, first_at=now)
        try:
            identity, made_at = self._tokens.read(token, now=now)
        except BadToken as error:
            raise Refused("bad_token", str(error)) from None
        id = identity.hex()
        if made_at <= self._ended_at(id):
            raise Refused("bad_token", "This token ended when you left: enter without it.")
        return self.of_id(id, now=now)

    def of_id(self, id: str, *, now: float) -> Identity:
        """Return the identity of that id, which somebody else vouches for."""
        known = self._online.get(id) or self._absent.get(id)
        if known is not None:
            return known
        standing = self._store.standing(id)
        if standing is None:
            identity = Identity(id, self._settings, first_at=now)
        else:
            identity = Identity(
                id,
                self._settings,
                first_at=standing.first_at,
                seated_s=standing.seated_s,
                jumped_at=standing.jumped_at,
            )
            _use_up(identity.throws, standing.throws_due)
            _use_up(identity.picks, standing.picks_due)
            _use_up(identity.answers, standing.answers_due)
        self.see_ties(identity)
        return identity

    def see_ties(self, identity: Identity) -> None:
        """Know whom the identity mutes, by what the store has."""
        identity.muted = frozenset(tie.other for tie in self._store.ties_of("mute", identity.id))

    def online(self, id: str) -> Identity | None:
        """Return the identity of that id, if it is online."""
        return self._online.get(id)

    def known(self, id: str) -> Identity | None:
        """Return the identity of that id, if it was online lately."""
        return self._online.get(id) or self._absent.get(id)

    def named_by(self, token: str, *, now: float) -> str:
        """Return the identity that a token names. Raises BadToken."""
        return self._tokens.read(token, now=now).identity.hex()

    def token(self, identity: Identity, *, now: float) -> str:
        """Return a fresh token of the identity."""
        return self._tokens.make(bytes.fromhex(identity.id), now=max(now, self._first_good(identity.id)))

    def _ended_at(self, id: str) -> float:
        """Return until when the tokens made for the identity are dead, Unix seconds."""
        ended_at = self._store.ended_at(id)
        return -inf if ended_at is None else ended_at

    def _first_good(self, id: str) -> float:
        """Return the earliest second of which a token of the identity is good, Unix seconds.

        Whoever has left may come back by an account, within the same second even.
        """
        ended_at = self._ended_at(id)
        return floor(ended_at) + 1 if ended_at > -inf else -inf

    def came(self, identity: Identity) -> None:
        """Know the identity online; its seat waits until it `sits` there with a connection."""
        self._absent.pop(identity.id, None)
        self._online[identity.id] = identity
        if not identity.is_sitting:
            self.waiting.begin(identity.id, identity.came_from)

    def sits(self, identity: Identity, *, now: float) -> None:
        """Know that somebody online has a connection."""
        identity.sits(now)
        self.waiting.end(identity.id)

    def rises(self, identity: Identity, *, now: float) -> None:
        """Know that the connection is gone of somebody online: their seat waits."""
        identity.rises(now)
        self.keep(identity, now=now)
        self.waiting.begin(identity.id, identity.came_from)

    def went(self, id: str, *, now: float) -> None:
        """Know the identity no longer online; it may come back."""
        self.waiting.end(id)
        identity = self._online.pop(id, None)
        if identity is not None:
            identity.rises(now)
            identity.gone_at = now
            self.keep(identity, now=now)
            self.remember(identity)

    def remember(self, identity: Identity) -> None:
        """Know the identity as one that is not online and may come back."""
        self._absent[identity.id] = identity
        self._absent.move_to_end(identity.id)
        if len(self._absent) > ABSENT_MAX:
            self._absent.popitem(last=False)

    def let_go(self, id: str) -> Identity | None:
        """Know nothing of the identity, online or not, since it goes on in another process; return it."""
        self.waiting.end(id)
        return self._online.pop(id, None) or self._absent.pop(id, None)

    def keep(self, identity: Identity, *, now: float) -> None:
        """Have the store know how long the identity has sat, and what it has used up of its day.

        That is known for as long as its newest token may be good.

        If that cannot be written it is known here alone: a full disk is no reason to stop anybody.
        """
        try:
            self._write_down(identity, now)
        except StoreError as error:
            log.error("%s", error)

    def _write_down(self, identity: Identity, now: float) -> None:
        sat_s = identity.sat_s(now)
        if sat_s >= STANDING_MIN_S:
            standing = Standing(
                identity=identity.id,
                first_at=identity.first_at,
                seated_s=sat_s,
                jumped_at=None if identity.jumped_at == -inf else identity.jumped_at,
                throws_due=_due(identity.throws, now),
                picks_due=_due(identity.picks, now),
                answers_due=_due(identity.answers, now),
                until=now + self._settings.token_ttl_s,
            )
            self._store.put_standing(standing)

    def jumps(self, identity: Identity, *, now: float) -> None:
        """Know that somebody visits where they cannot have travelled. Raises StoreError, changing nothing."""
        before, identity.jumped_at = identity.jumped_at, now
        try:
            self._write_down(identity, now)
        except StoreError:
            identity.jumped_at = before
            raise

    def forget(self, *, now: float) -> None:
        """Forget those whose tokens must have expired by now, and where those came from who left a day ago."""
        for identity in self._absent.values():
            if identity.gone_at + PLACE_S > now:
                break
            identity.came_from = b""
        while self._absent:
            oldest = next(iter(self._absent.values()))
            if oldest.gone_at + self._settings.token_ttl_s > now:
                return
            del self._absent[oldest.id]

    def end(self, id: str, *, now: float) -> None:
        """Forget the identity: the tokens it was given until now are dead. Raises StoreError, changing nothing."""
        at = max(now + CLOCKS_S, self._first_good(id))
        self._store.end(Ended(identity=id, at=at, until=at + self._settings.token_ttl_s))
        self.waiting.end(id)
        self._online.pop(id, None)
        self._absent.pop(id, None)


def _talk(settings: Settings) -> tuple[Meter, ...]:
    """Return the meters of words; names and being away are shown to all too, and have their own of the same rates."""
    return _meters(per_period(settings.say_per_s, 1, settings.say_burst), per_period(settings.say_per_min, 60))


def _meters(*rates: Rate | None) -> tuple[Meter, ...]:
    return tuple(Meter(rate) for rate in rates if rate is not None)


def _due(meters: tuple[Meter, ...], now: float) -> float | None:
    """Return until when what may be done in a day is used up, None if nothing of it is."""
    due = max((meter.due for meter in meters), default=now)
    return due if due > now else None


def _use_up(meters: tuple[Meter, ...], due: float | None) -> None:
    for meter in meters:
        if due is not None:
            meter.use_up(due)
