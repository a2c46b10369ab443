"""Check-ins as acts: who comes, who goes elsewhere, who leaves, in order.

Somebody is online from their check-in for the stay; a later check-in within it takes them elsewhere and begins the
stay anew. Pure; knows nothing of rooms.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from client_demo.checkins import CheckIn


class Kind(IntEnum):
    """What somebody does."""

    LEAVE = 0
    ENTER = 1
    AGAIN = 2


class Act(NamedTuple):
    """Somebody comes, goes elsewhere or leaves; a place only for the first two."""

    at: float
    kind: Kind
    user: str
    lat: float = 0.0
    lon: float = 0.0


def acts(rows: Iterable[CheckIn], *, stay_s: float) -> list[Act]:
    """Return what these check-ins, sorted by time, come to. Of one moment those who leave come first, then the rows.

    The end does not belong to the stay: who checks in exactly then has left and comes back.
    """
    made: list[Act] = []
    departs: dict[str, float] = {}
    for row in rows:
        ends = departs.get(row.user)
        is_online = ends is not None and row.at < ends
        if ends is not None and not is_online:
            made.append(Act(ends, Kind.LEAVE, row.user))
        departs[row.user] = row.at + stay_s
        made.append(Act(row.at, Kind.AGAIN if is_online else Kind.ENTER, row.user, row.lat, row.lon))
    made += [Act(ends, Kind.LEAVE, user) for user, ends in departs.items()]
    made.sort(key=lambda act: (act.at, act.kind is not Kind.LEAVE))
    return made


@dataclass(frozen=True)
class Tally:
    """What a list of acts amounts to. `person_hours` is all people's time online together."""

    check_ins: int
    visits: int
    people: int
    most_online: int
    person_hours: float
    span_s: float


def tally(todo: Sequence[Act]) -> Tally:
    """Return what these acts amount to."""
    online: dict[str, float] = {}
    most, person_s = 0, 0.0
    for act in todo:
        if act.kind is Kind.ENTER:
            online[act.user] = act.at
            most = max(most, len(online))
        elif act.kind is Kind.LEAVE:
            person_s += act.at - online.pop(act.user)
    return Tally(
        check_ins=sum(act.kind is not Kind.LEAVE for act in todo),
        visits=sum(act.kind is Kind.ENTER for act in todo),
        people=len({act.user for act in todo}),
        most_online=most,
        person_hours=person_s / 3600,
        span_s=todo[-1].at - todo[0].at if todo else 0.0,
    )
