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
    """What somebody does, in the order in which things of one moment happen."""

    LEAVE = 0
    AGAIN = 1
    ENTER = 2


class Act(NamedTuple):
    """Somebody comes, goes elsewhere or leaves; a place only for the first two."""

    at: float
    kind: Kind
    user: str
    lat: float = 0.0
    lon: float = 0.0


def acts(rows: Iterable[CheckIn], *, stay_s: float) -> list[Act]:
    """Return what these check-ins, sorted by time, come to. Of two of one person at one moment the later row counts.

    The end does not belong to the stay: who checks in exactly then has left and comes back.
    """
    made: list[Act] = []
    departs: dict[str, float] = {}
    last: dict[str, int] = {}
    for row in rows:
        ends = departs.get(row.user)
        departs[row.user] = row.at + stay_s
        if ends is not None and row.at < ends:
            if made[last[row.user]].at == row.at:
                made[last[row.user]] = made[last[row.user]]._replace(lat=row.lat, lon=row.lon)
                continue
            kind = Kind.AGAIN
        else:
            if ends is not None:
                made.append(Act(ends, Kind.LEAVE, row.user))
            kind = Kind.ENTER
        last[row.user] = len(made)
        made.append(Act(row.at, kind, row.user, row.lat, row.lon))
    made += [Act(ends, Kind.LEAVE, user) for user, ends in departs.items()]
    made.sort(key=lambda act: act[:2])
    return made


@dataclass(frozen=True)
class Tally:
    """What a list of acts amounts to. `hours` is all people's time online together."""

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
