"""The command by which a host application goes on vouching for somebody."""

from typing import TYPE_CHECKING

from server.answers import Authenticated
from server.codes import Refused
from server.commands import Auth
from server.outcomes import Lasts, Outcome

if TYPE_CHECKING:
    from server.session import Session


def auth(session: "Session", command: Auth, now: float) -> Outcome:
    """Take a fresh JWT of the same person."""
    house = session.house
    session.take(session.identity.vouches, "You show too many of these.", now)
    verified = house.verify(command.auth)
    if house.identity_of(verified) != session.identity.id:
        raise Refused("bad_auth", "`auth` is of somebody else than who entered: connect anew with it.")
    session.identity.vouch(verified.shown, until=now + verified.lasts_s * house.settings.time_scale)
    changes = house.world.verify(session.seated, verified.shown)
    return [*changes, Authenticated(verified=verified.shown, ref=command.ref), Lasts(verified.lasts_s)]
