"""Meeting people otherwise than by where one is: whoever shakes in the same moment."""

from typing import TYPE_CHECKING

from server.commands import Shake
from server.features import SHAKE
from server.outcomes import Outcome
from server.safety.admission import check_offered

if TYPE_CHECKING:
    from server.session import Session


def shake(session: "Session", command: Shake, now: float) -> Outcome:
    """Have the person meet whoever shakes in the same moment; a `room` or `nobody` answers within a few seconds."""
    house = session.house
    check_offered(house, SHAKE)
    left_s = house.world.shaking.answered_in_s(session.seated, now=now)
    if left_s > 0:
        raise house.limited("You are shaking already.", left_s)
    session.take(session.identity.shakes, f"At most {house.settings.shakes_per_h} shakes an hour.", now)
    house.world.shaking.shake(house.world, session.seated, now=now, ref=command.ref)
    return ()
