"""The numbers that decide who sits with whom, each with its range and the reason for its default.

Knows nothing of sockets, rates or files: `server.settings.Settings` extends it with those and reads both.
A constructor call checks no range (msgspec checks when it converts); whatever comes from outside is checked
by `server.loading.load`.
"""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What rooms are decided by. `_s` are seconds of the rooms' clock, `_m` metres between cell centres."""

    seats_min: Annotated[
        int,
        Meta(
            ge=2,
            le=50,
            description="A room of fewer people is waiting and looks outward; three is the fewest that lets "
            "one fall silent while the talk goes on.",
        ),
    ] = 3
    seats_target: Annotated[
        int,
        Meta(
            ge=2,
            le=50,
            description="Rooms of fewer are filled first, and a region sits down anew in rooms of about so many; "
            "half of those present talk, and talk holds with about four.",
        ),
    ] = 8
    seats_max: Annotated[
        int,
        Meta(
            ge=2,
            le=50,
            description="No room ever seats more; from about ten talkers on, conversation turns into broadcasting.",
        ),
    ] = 12
    window_s: Annotated[
        int,
        Meta(
            ge=10,
            le=86_400,
            description="A region's rooms end and gather anew this often; half an hour is a conversation, "
            "and people who walk are still near.",
        ),
    ] = 1800
    closing_s: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            description="A room says so this long before its end, but never before the last quarter of its window; two "
            "minutes are enough for a goodbye.",
        ),
    ] = 120.0
    finest_cell: Annotated[
        int,
        Meta(
            ge=4,
            le=8,
            description="The longest geohash accepted; 6 is about 1.2 x 0.6 km at the equator, 8 is the size "
            "of a house and would tell where somebody is.",
        ),
    ] = 6
    reach_max_m: Annotated[
        float,
        Meta(
            ge=0,
            le=20_020_000,
            description="As far as a waiting room looks; 15 km is a city, or the next village.",
        ),
    ] = 15_000.0
    far_max_m: Annotated[
        float,
        Meta(
            ge=0,
            le=20_020_000,
            description="As far as it looks for people who asked for far; 200 km is a region one can still "
            "cross for a meeting.",
        ),
    ] = 200_000.0
    look_every_s: Annotated[
        float,
        Meta(
            ge=0.1,
            le=3600,
            description="Waiting rooms look around this often; sooner would pair people before nearer ones "
            "arrive, later would be felt.",
        ),
    ] = 10.0
    widen_every_s: Annotated[
        float,
        Meta(
            ge=0.1,
            le=3600,
            description="A waiting room reaches one ring of cells farther each time this passes, so that "
            "the nearest come first.",
        ),
    ] = 10.0
    resume_grace_s: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            description="A lost connection's seat waits so long; thirty seconds outlast a tunnel or a change "
            "of network.",
        ),
    ] = 30.0
    away_s: Annotated[
        float,
        Meta(
            ge=0,
            le=86_400,
            description="The seat of somebody who said away waits so long; a quarter of an hour is a short break.",
        ),
    ] = 900.0
    parting_gain: Annotated[
        float,
        Meta(
            ge=0,
            le=1000,
            description="A room above seats_target parts in two if that takes so much off the logarithm of distance "
            "for each who moves, were a whole window left; 0.14 keeps moves near one in three hours. 1000: never.",
        ),
    ] = 0.14
    topic_gain: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            description="Each roommate with a topic in common counts as so much off the logarithm of distance, never "
            "by more than one ring of cells; 0.3 loses about nothing of nearness. 0: topics are shown and seat nobody.",
        ),
    ] = 0.3
    recent_events: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            description="A room remembers so many events while everybody is connected: a lost connection is noticed "
            "after 45 s, and in that time a room at its limits has about a hundred messages, and joins beside.",
        ),
    ] = 200

    def contradictions(self) -> Iterator[str]:
        """Yield one sentence for each pair of values that cannot hold together; none for good rules."""
        if self.seats_min > self.seats_target:
            yield at_most("seats_min", self.seats_min, "seats_target", self.seats_target)
        if self.seats_target > self.seats_max:
            yield at_most("seats_target", self.seats_target, "seats_max", self.seats_max)
        if self.reach_max_m > self.far_max_m:
            yield at_most("reach_max_m", self.reach_max_m, "far_max_m", self.far_max_m)


def at_most(lesser: str, low: float, greater: str, high: float) -> str:
    """Return the sentence that says one setting may not exceed another."""
    return f"{lesser} = {low:.12g} must not be above {greater} = {high:.12g}: set both."
