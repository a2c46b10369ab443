"""Whom an operator means by a number, a token or a range of addresses: whether it is one, and anybody's.

A number that nobody has is a slip of the hand, and a ban on it would keep nobody out. Pure: reads what the server
knows. Never decides what is done with the person.
"""

import re

from server.house import House
from server.operate.admin.elsewhere import Elsewhere
from server.operate.admin.requests import Erase, Export, NotDone
from server.safety.tokens import IDENTITY_BYTES, BadToken
from server.store.networks import parse_network

_DIGITS = 2 * IDENTITY_BYTES
_NUMBER = re.compile(rf"[0-9a-f]{{{_DIGITS}}}")


def number(identity: str) -> str:
    """Return the identity if it has the form of one. Raises NotDone."""
    if _NUMBER.fullmatch(identity) is None:
        raise NotDone(f"That is nobody's number: one has {_DIGITS} hexadecimal digits, and `reports` shows them.")
    return identity


def network_in(text: str) -> str:
    """Return a range of addresses as it is written. Raises NotDone."""
    try:
        return str(parse_network(text))
    except ValueError as error:
        raise NotDone(f"That is no range of addresses: {error}.") from None


def identity_in(house: House, request: Export | Erase, *, now: float) -> str:
    """Return the identity that a request names, by itself or by its token. Raises NotDone."""
    if (request.token is None) == (request.identity is None):
        raise NotDone("Give either a token or an identity.")
    if request.identity is not None:
        return number(request.identity)
    assert request.token is not None
    try:
        return house.identities.named_by(request.token, now=now)
    except BadToken as error:
        raise NotDone(str(error)) from None


def one_person(house: House, request: Export | Erase, elsewhere: Elsewhere, *, now: float) -> str:
    """Return whom a request is about. Raises NotDone: a mistyped number is nobody's, and nobody is not forgotten."""
    identity = identity_in(house, request, now=now)
    return identity if request.token is not None else somebody(house, identity, elsewhere)


def somebody(house: House, identity: str, elsewhere: Elsewhere) -> str:
    """Return the identity if anything that is kept, here or elsewhere, tells of who has it. Raises NotDone."""
    if not elsewhere.knows(number(identity)) and not is_known(house, identity):
        raise NotDone(f"Nobody of that number is known: {identity}.")
    return identity


def is_known(house: House, identity: str) -> bool:
    """Tell whether anything that is kept, or that happened here lately, tells of somebody who has the identity."""
    # Where it is cheap first: evidence has to be unsealed, report by report.
    store = house.store
    return (
        identity in house.world.people
        or house.identities.known(identity) is not None
        or store.standing(identity) is not None
        or bool(store.blocks_of(identity) or store.blocks_against(identity))
        or bool(store.ties_of("keep", identity) or store.ties_of("mute", identity))
        or bool(store.answers_for(identity) or store.answers_by(identity) or store.notices_for(identity))
        or any(identity == ban.identity for ban in store.bans())
        or any(identity == bottle.owner for bottle in store.bottles())
        or any(identity == report.against or identity in report.reporters for report in store.reports())
        or _sat_where_reported(house, identity)
    )


def _sat_where_reported(house: House, identity: str) -> bool:
    """Tell whether some report names them as one who sat there: reading it, one finds who it really was."""
    found = (house.reports.evidence(report.ticket) for report in house.store.reports())
    return any(evidence is not None and identity in evidence.people.values() for evidence in found)
