"""How well people are seated: the measures of docs/ROOMS.md, and nothing of how anybody came to be seated.

Knows true positions, which no server ever did, and who shares a room, at sampled moments. Definitions:

- A sample is everybody online at one moment, or 150 of them by chance; each of these then stands for as many as
  were passed over. Shares (company, oversize, everybody) count whom somebody stands for. Medians and percentiles
  (near, near ratio) count each sampled person once, so that no hour drowns the others; counted with whom they stand
  for they tell more of the busiest hours, and the table shows them that way, too.
- company: among people with at least two others online within 10 km, the share in a room of three or more.
- oversize: among the same people, the share in a room of more than 12.
- near: of each person's median distance to their roommates, the median and the 90th percentile.
- near ratio: the median of (mean distance to roommates + 1 m) / (mean distance to as many nearest people online,
  at most 7, + 1 m).
- everybody: all people online, by how many others are within 15 km; the share in a room of 3+, of 2, alone.
- sizes: how many rooms of each size stood in all samples together.
- wait: seconds from arrival until first in a room of three; who never was counts with the whole stay.
"""

import random
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import NamedTuple

from bench.surroundings import Surroundings, Vector, apart_m

SAMPLED_MAX = 150
COMPANY_WITHIN_M = 10_000.0
COMPANY_OTHERS = 2
COMPANY_SEATS = 3
CROWD_SEATS = 12
EVERYBODY_WITHIN_M = 15_000.0
NEAREST = 7
AROUND = ("0", "1", "2+")
"""How many others are within 15 km, in words."""


class Seen(NamedTuple):
    """Somebody online at a sampled moment: where they truly are, the id of their room ("" for none), their topics."""

    at: Vector
    room: str
    topics: tuple[str, ...] = ()


class Values:
    """Figures of single people, and how many people each stands for."""

    def __init__(self, values: Iterable[float] = ()) -> None:
        self._values = array("d", values)
        self._weights = array("d", [1.0]) * len(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def add(self, value: float, weight: float = 1.0) -> None:
        """Take one more into account."""
        self._values.append(value)
        self._weights.append(weight)

    def ordered(self) -> list[float]:
        """Return the values, least first."""
        return sorted(self._values)

    def percentile(self, share: float, *, weighted: bool = False) -> float | None:
        """Return the smallest value that this share (0 to 1) of all does not exceed, or None for none.

        All are the sampled people, each once, or, `weighted`, those whom they stand for.
        """
        weights = self._weights if weighted else array("d", [1.0]) * len(self)
        # Sums of many weights end with a rounding error.
        goal = share * sum(weights) - 1e-9
        reached = 0.0
        for value, weight in sorted(zip(self._values, weights, strict=True)):
            reached += weight
            if reached >= goal:
                return value
        return None


@dataclass
class Shares:
    """Person-time by who else sat there."""

    company: float = 0.0
    pair: float = 0.0
    alone: float = 0.0

    @property
    def total(self) -> float:
        """All person-time."""
        return self.company + self.pair + self.alone

    def add(self, seats: int, weight: float) -> None:
        """Count people who sit in a room of so many."""
        if seats >= COMPANY_SEATS:
            self.company += weight
        elif seats == 2:
            self.pair += weight
        else:
            self.alone += weight


@dataclass
class Measures:
    """What the samples come to.

    Attributes:
        could, had, crowded: people who could have company, who had it, who sat in a room of more than 12.
        medians_m, ratios: of each sampled person with roommates.
        common: of each of those who has topics, the share of roommates who have one of them too.
        sizes: room size → how often a room of that size was seen.
        everybody: by the words of `AROUND`.
    """

    rng: random.Random
    could: float = 0.0
    had: float = 0.0
    crowded: float = 0.0
    medians_m: Values = field(default_factory=Values)
    ratios: Values = field(default_factory=Values)
    common: Values = field(default_factory=Values)
    sizes: Counter[int] = field(default_factory=Counter)
    everybody: dict[str, Shares] = field(default_factory=lambda: {others: Shares() for others in AROUND})

    def add(self, sample: Sequence[Seen]) -> None:
        """Take one moment into account: everybody who was online then, always in the same order."""
        rooms: dict[str, list[int]] = defaultdict(list)
        for number, seen in enumerate(sample):
            if seen.room:
                rooms[seen.room].append(number)
        self.sizes.update(len(room) for room in rooms.values())
        surroundings = Surroundings([seen.at for seen in sample])
        picks = self._picks(len(sample))
        for number in picks:
            with_them = [sample[mate] for mate in rooms.get(sample[number].room, ()) if mate != number]
            mates = [mate.at for mate in with_them]
            nearest_m = surroundings.nearest_m(number, NEAREST)
            self._count(nearest_m, len(mates) + 1, len(sample) / len(picks))
            if mates:
                self._compare(sample[number].at, mates, nearest_m, len(sample) / len(picks))
            if with_them and sample[number].topics:
                topics = set(sample[number].topics)
                self.common.add(fmean(not topics.isdisjoint(mate.topics) for mate in with_them))

    def _picks(self, people: int) -> Sequence[int]:
        return range(people) if people <= SAMPLED_MAX else self.rng.sample(range(people), SAMPLED_MAX)

    def _count(self, nearest_m: Sequence[float], seats: int, weight: float) -> None:
        if _within(nearest_m, COMPANY_WITHIN_M) >= COMPANY_OTHERS:
            self.could += weight
            self.had += weight * (seats >= COMPANY_SEATS)
            self.crowded += weight * (seats > CROWD_SEATS)
        others = AROUND[min(_within(nearest_m, EVERYBODY_WITHIN_M), len(AROUND) - 1)]
        self.everybody[others].add(seats, weight)

    def _compare(self, at: Vector, mates: Sequence[Vector], nearest_m: Sequence[float], weight: float) -> None:
        distances_m = [apart_m(at, mate) for mate in mates]
        self.medians_m.add(median(distances_m), weight)
        ratio = (fmean(distances_m) + 1) / (fmean(nearest_m[: len(mates)]) + 1)
        self.ratios.add(ratio, weight)

    @property
    def company(self) -> float | None:
        """The share of those who could have company who had it; None if nobody could."""
        return self.had / self.could if self.could else None

    @property
    def could_share(self) -> float | None:
        """The share of all people online who could have company: of them the two other shares are told."""
        total = sum(shares.total for shares in self.everybody.values())
        return self.could / total if total else None

    @property
    def common_topic(self) -> float | None:
        """The mean share of roommates with a topic in common; None if nobody has topics."""
        return fmean(self.common.ordered()) if len(self.common) else None

    @property
    def oversize(self) -> float | None:
        """The share of the same people who sat in a crowd."""
        return self.crowded / self.could if self.could else None


class Waits:
    """How long people waited for two others.

    Attributes:
        met_s: seconds from arrival, for each arrival that led to a room of three.
        never_s: the whole stay, for each that did not.
    """

    def __init__(self) -> None:
        self.met_s: list[float] = []
        self.never_s: list[float] = []
        self._since: dict[str, float] = {}

    def arrive(self, user: str, now: float) -> None:
        """Begin to wait: somebody came online."""
        self._since[user] = now

    def meet(self, members: Iterable[str], now: float) -> None:
        """Know these people in one room of three or more."""
        for user in members:
            since = self._since.pop(user, None)
            if since is not None:
                self.met_s.append(now - since)

    def leave(self, user: str, now: float) -> None:
        """Know somebody gone; if they never sat with two others, the whole stay was waiting."""
        since = self._since.pop(user, None)
        if since is not None:
            self.never_s.append(now - since)

    @property
    def ever(self) -> float | None:
        """The share of arrivals that led to a room of three at last."""
        arrivals = len(self.met_s) + len(self.never_s)
        return len(self.met_s) / arrivals if arrivals else None


def _within(nearest_m: Sequence[float], reach_m: float) -> int:
    """Return how many are within reach, up to as many as were looked for."""
    return sum(distance <= reach_m for distance in nearest_m)


def everybody_as_map(everybody: Mapping[str, Shares]) -> dict[str, dict[str, float | None]]:
    """Return the shares by others within 15 km: of all person-time, and of each kind of room within."""
    total = sum(shares.total for shares in everybody.values())
    return {
        others: {
            "people": _share(shares.total, total),
            "company": _share(shares.company, shares.total),
            "pair": _share(shares.pair, shares.total),
            "alone": _share(shares.alone, shares.total),
        }
        for others, shares in everybody.items()
    }


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None
