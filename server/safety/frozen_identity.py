"""An identity as a value: what the server holds of somebody, to go on with in another process.

Without it whoever goes from node to node would have their rates anew on each. Whom they mute, keep and block is not in
it: that is the store's. Nor is the time since they sat down with a connection: it is counted, and counts anew when
they are there.

Pure. Never knows how a value travels.
"""

from math import inf

import msgspec

from geo import Cell
from rooms.frozen import FrozenPerson, freeze_person, thaw_person
from rooms.person import Person
from server.safety.identities import Identities, Identity
from server.safety.lines import CarriedLine
from server.safety.rates import Meter

METERS = ("said", "shown", "nexts", "shakes", "throws", "picks", "answers", "keeps", "vouches", "cells")
"""The rates of an identity."""


class FrozenIdentity(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One identity: the fields of `Identity`.

    Attributes:
        at: when it was so, Unix seconds.
        gone_at: when they were last online; `at` if they are.
        dues: name of the rates → until when each is used up, Unix seconds of the rooms' clock; those of any use.
        jumped_at, ejected_at: None for never.
        person: what the rooms hold against them; None while they are online, since it goes along with their seat.
        lines: contact lines they have given, or that come to them.
    """

    at: float
    id: str
    first_at: float
    gone_at: float
    seated_s: float
    dues: dict[str, tuple[float, ...]]
    cell: str | None
    cell_at: float
    home: tuple[str, float] | None
    jumped_at: float | None
    came_from: bytes
    ejected_at: float | None
    vouched: str
    vouched_until: float
    rooms: tuple[tuple[str, float], ...]
    person: FrozenPerson | None
    lines: tuple[CarriedLine, ...] = ()


def freeze_identity(
    identity: Identity, *, now: float, is_online: bool = True, lines: tuple[CarriedLine, ...] = ()
) -> FrozenIdentity:
    """Return the identity as a value."""
    home, person = identity.home, identity.person
    return FrozenIdentity(
        at=now,
        id=identity.id,
        first_at=identity.first_at,
        gone_at=now if is_online else identity.gone_at,
        seated_s=identity.sat_s(now),
        dues=_dues(identity, now),
        cell=None if identity.cell is None else str(identity.cell),
        cell_at=identity.cell_at,
        home=None if home is None else (str(home[0]), home[1]),
        jumped_at=_once(identity.jumped_at),
        came_from=identity.came_from,
        ejected_at=_once(identity.ejected_at),
        vouched=identity.vouched,
        vouched_until=identity.vouched_until,
        rooms=tuple(identity.rooms),
        person=None if person is None or is_online else freeze_person(person),
        lines=lines,
    )


def thaw_identity(
    identities: Identities, frozen: FrozenIdentity, *, now: float, person: Person | None = None
) -> Identity:
    """Know the identity here, and return it: online with this person of theirs, or gone if there is none.

    What is known here already counts as well: rates used up in both places are used up. Who is online here stays who
    they are but for that.
    """
    is_here = identities.online(frozen.id) is not None
    known = identities.known(frozen.id)
    identity = known or identities.of_id(frozen.id, now=now)
    if not is_here:
        if known is None or known.gone_at <= frozen.gone_at:
            _become(identity, frozen)
        identities.see_ties(identity)
    identity.seated_s = max(identity.seated_s, frozen.seated_s)
    identity.jumped_at = max(identity.jumped_at, _at(frozen.jumped_at))
    identity.ejected_at = max(identity.ejected_at, _at(frozen.ejected_at))
    _use_up(identity, frozen.dues)
    if person is not None:
        identity.person = person
        identities.came(identity)
    elif not is_here:
        identities.remember(identity)
    return identity


def _become(identity: Identity, frozen: FrozenIdentity) -> None:
    """Give the identity what was frozen, but for what only ever grows."""
    identity.first_at = frozen.first_at
    identity.gone_at = frozen.gone_at
    identity.cell = None if frozen.cell is None else Cell(frozen.cell)
    identity.cell_at = frozen.cell_at
    identity.home = None if frozen.home is None else (Cell(frozen.home[0]), frozen.home[1])
    identity.came_from = frozen.came_from
    identity.vouched, identity.vouched_until = frozen.vouched, frozen.vouched_until
    identity.rooms = [*frozen.rooms]
    identity.person = None if frozen.person is None else thaw_person(frozen.person)


def _meters(identity: Identity, name: str) -> tuple[Meter, ...]:
    meters: tuple[Meter, ...] = getattr(identity, name)
    return meters


def _dues(identity: Identity, now: float) -> dict[str, tuple[float, ...]]:
    """Return the rates that are used up beyond now: most are those of a day, and unused."""
    dues = {}
    for name in METERS:
        # A loop: this is asked of everybody in a room whenever its state is written, and generators cost it twice that.
        meters = _meters(identity, name)
        for meter in meters:
            if meter.due > now:
                dues[name] = tuple([each.due for each in meters])
                break
    return dues


def _use_up(identity: Identity, dues: dict[str, tuple[float, ...]]) -> None:
    for name, times in dues.items():
        if name not in METERS:
            continue  # a rate of a newer version
        # A process of other settings may have a rate more or less: the first ones are the same.
        for meter, due in zip(_meters(identity, name), times, strict=False):
            meter.use_up(due)


def _once(at: float) -> float | None:
    return None if at == -inf else at


def _at(at: float | None) -> float:
    return -inf if at is None else at
