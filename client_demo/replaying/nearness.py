"""How well people were seated: company, room sizes, distances to roommates, waiting.

Pure. Knows true positions, which no server ever did, and which room everybody was told they sit in, at sampled
moments. Never knows how the samples were taken. Definitions:

- online: let in by the server; who is still on the way in at a sampled moment is counted apart
- company: among people with at least two others online within 10 km, the share in a room of three or more
- oversize: among the same people, the share in a room of more than `seats_max`
- near: over all people with roommates, the median (and the 90th percentile) of each one's median distance to them
- wait: from having entered until first in a room of three; who never was counts with the whole time they had
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

EARTH_RADIUS_M = 6_371_008.8
COMPANY_WITHIN_M = 10_000.0
COMPANY_OTHERS = 2
COMPANY_SEATS = 3


class Seen(NamedTuple):
    """Somebody the server has let in at a sampled moment: where they truly are, their room and its size as told."""

    lat: float
    lon: float
    room: str
    size: int


@dataclass
class Seating:
    """What the samples come to.

    Attributes:
        people: everybody seen, over all samples.
        could, had, oversized: people who could have company, who had it, who sat with too many; over all samples.
        medians_m: each seen person's median distance to their roommates.
        sizes: room size → how often a room of that size was seen.
    """

    seats_max: int = 12
    people: int = 0
    could: int = 0
    had: int = 0
    oversized: int = 0
    medians_m: list[float] = field(default_factory=list)
    sizes: Counter[int] = field(default_factory=Counter)

    def add(self, sample: Sequence[Seen]) -> None:
        """Take one moment into account: everybody who was in then."""
        rooms: dict[str, list[Seen]] = defaultdict(list)
        for seen in sample:
            rooms[seen.room].append(seen)
        self.sizes.update(max(seen.size for seen in room) for room in rooms.values())
        self.people += len(sample)
        for number, seen in enumerate(sample):
            if _could_have_company(number, sample):
                self.could += 1
                self.had += seen.size >= COMPANY_SEATS
                self.oversized += seen.size > self.seats_max
        for room in rooms.values():
            self.medians_m += _medians_m(room)

    @property
    def company(self) -> float | None:
        """The share of those who could have company who had it."""
        return self.had / self.could if self.could else None

    @property
    def oversize(self) -> float | None:
        """The share of the same people who sat in a room over `seats_max`."""
        return self.oversized / self.could if self.could else None

    @property
    def near_m(self) -> tuple[float, float] | None:
        """The median of the medians in metres, and their 90th percentile."""
        if not self.medians_m:
            return None
        return median(self.medians_m), percentile(self.medians_m, 0.9)


def distance_m(a: Seen, b: Seen) -> float:
    """Return the great-circle distance in metres (haversine; Sinnott, Sky & Telescope 68, 1984)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    up, across = math.sin((lat_b - lat_a) / 2), math.sin(math.radians(b.lon - a.lon) / 2)
    square = up * up + math.cos(lat_a) * math.cos(lat_b) * across * across
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(square)))


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest of the values that this share (0–1) of all does not exceed. Raises IndexError for none."""
    ordered = sorted(values)
    return ordered[min(max(math.ceil(share * len(ordered)) - 1, 0), len(ordered) - 1)]


def _could_have_company(number: int, sample: Sequence[Seen]) -> bool:
    """Return whether enough others are near; in a city the first few looked at decide it."""
    seen, others = sample[number], 0
    # Any order gives the same answer; neighbours in the list first, because many come from one place.
    for other in range(len(sample)):
        if other != number and distance_m(seen, sample[other]) <= COMPANY_WITHIN_M:
            others += 1
            if others == COMPANY_OTHERS:
                return True
    return False


def _medians_m(room: Sequence[Seen]) -> list[float]:
    """Return each one's median distance to the others of the room, in metres; nothing for somebody alone."""
    if len(room) < 2:
        return []
    numbered = list(enumerate(room))
    return [median(distance_m(seen, other) for at, other in numbered if at != number) for number, seen in numbered]
