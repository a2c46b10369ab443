"""P2: how near an attacker with fifty identities comes to somebody's place, and how near anybody could by guessing.

One attacker, several servers. He sees whom each identity meets where it claims to be, and how far apart two may be who
sit together; he has rehearsed on a server of his own how likely a meeting is at which distance, and goes where he
learns most. On a server that shows people within a radius he has to succeed: else he would prove nothing.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from math import cos, exp, hypot, log, pi, sin, sqrt
from statistics import median
from typing import Any, NamedTuple, Protocol

from bench.proofs import Finding
from geo import Cell
from rooms.extent import Extent
from rooms.nearness import FlatMap
from tests.sessions import UNLIMITED, Guest, Stage

VICTIM = "Victim"
MIDDLE = (40.75, -73.99)
FLAT = FlatMap(*MIDDLE)
CELL = 6
"""Characters of the finest cell that servers take by default."""

TOWN_M = 2500.0
"""The attacker knows this much beforehand: the victim is no farther from the middle."""

_ELSEWHERE = "u33db2"
_PARTICLES = 300
_BIN_M = 25.0
_BINS = 200
_REHEARSALS = 4
_TRUST = 0.05
"""What many identities see is not independent: each counts for less than one."""

_MISFIT = 8.0
_ROUND_S = 60.0

Point = tuple[float, float]
"""Metres east and north of the middle."""


class Look(NamedTuple):
    """What one identity saw from where it claimed to be: whether it met the victim, and where that one may then be."""

    at: Point
    is_met: bool
    fits: Callable[[Point], bool]


class Server(Protocol):
    """Somewhere to look from."""

    def look(self, claims: Sequence[Point]) -> list[Look]:
        """Return what each identity sees, one after the other; of some nothing, if the server refuses them."""


class Radius:
    """The positive control: shows each person's name to everybody within half a kilometre of their true place."""

    RADIUS_M = 500.0

    def __init__(self, victim: Point, rng: random.Random) -> None:
        self._victim = victim

    def look(self, claims: Sequence[Point]) -> list[Look]:
        """Return whom each identity is shown."""
        return [self._look(at, _far_m(at, self._victim) <= self.RADIUS_M) for at in claims]

    def _look(self, at: Point, is_met: bool) -> Look:
        return Look(at, is_met, lambda place: (_far_m(at, place) <= self.RADIUS_M) == is_met)


class Hereabouts:
    """This server, entire but for its sockets, and the events that its clients are sent.

    Args:
        rated: leave all limits on, and come as somebody new with every claim; else go from place to place by `next`.
        neighbours: how many others are in town.
        length: characters of the cells that clients send.
    """

    def __init__(
        self, victim: Point, rng: random.Random, *, rated: bool = True, neighbours: int = 20, length: int = CELL
    ) -> None:
        settings: dict[str, Any] = {} if rated else UNLIMITED
        self._stage = Stage(finest_cell=length, **settings)
        self._length = length
        self._rated = rated
        self._guests: dict[str, Guest] = {}
        self.refused = 0
        for number in range(neighbours):
            self._sit(f"n{number}", _anywhere(rng))
        self._sit(VICTIM, victim)

    def look(self, claims: Sequence[Point]) -> list[Look]:
        """Return what the `room` of each identity says."""
        looks = []
        for number, at in enumerate(claims):
            room = self._sit(f"s{number}", at)
            if room is not None:
                looks.append(self._look(room))
            self._rise(f"s{number}")
        self._stage.pass_time(_ROUND_S)
        return looks

    def _look(self, room: dict[str, Any]) -> Look:
        """Return what can be known from a `room`: how far apart two are who are alone, and how far others at most."""
        here = Cell(room["cell"])
        within_m: int = room["within_m"]
        names = {member["name"] for member in room["members"]}
        is_met, is_alone = VICTIM in names, len(names) == 2

        def fits(place: Point) -> bool:
            if not is_met:
                return True
            apart_m = _apart_m(here, _cell(place, self._length))
            return apart_m == within_m if is_alone else apart_m <= within_m

        spot = FLAT.spot(here)
        return Look((spot.x, spot.y), is_met, fits)

    def _sit(self, name: str, at: Point) -> dict[str, Any] | None:
        """Seat somebody and return their `room`, or None if the server refuses them."""
        guest = self._guests.get(name)
        if guest is None:
            guest = Guest(self._stage, address=f"192.0.2.{len(self._guests)}")
            came = guest.ask("enter", cell=_cell(at, self._length), name=name)
        else:
            guest.say("move", cell=_cell(at, self._length))
            came = guest.ask("next")
        room = next((event for event in came if event["type"] == "room"), None)
        if room is None:
            self.refused += 1
        else:
            self._guests[name] = guest
        return room

    def _rise(self, name: str) -> None:
        """Have somebody sit there no more: gone, or in a town far away."""
        if name in self._guests:
            if self._rated:
                self._guests.pop(name).ask("leave")
            else:
                self._guests[name].say("move", cell=_ELSEWHERE)
                self._guests[name].ask("next")


class Attacker:
    """Places where the victim may be, each as likely as what was seen so far makes it.

    Args:
        rehearsed: bins of distance → how often he met somebody so far away and how often not, on a server of his own.
    """

    def __init__(self, rng: random.Random, rehearsed: Mapping[int, tuple[int, int]]) -> None:
        self._rng = rng
        self._places = [_anywhere(rng) for _ in range(_PARTICLES)]
        self._weights = [0.0] * _PARTICLES
        self._rehearsed = rehearsed
        near = self._chance(0)
        self._edge_m = _BIN_M * next((n for n in range(1, _BINS) if self._chance(n) < near / 2), _BINS // 4)

    def claims(self, count: int) -> list[Point]:
        """Return from where to look: where a meeting is half as likely, on all sides of where the victim may be."""
        found = []
        for x, y in self._rng.choices(self._places, list(map(exp, self._weights)), k=count):
            angle, far_m = self._rng.uniform(0, 2 * pi), self._edge_m * self._rng.choice((0.0, 1.0, 1.0))
            found.append((x + far_m * cos(angle), y + far_m * sin(angle)))
        return found

    def learn(self, looks: Sequence[Look]) -> None:
        """Weigh the places anew."""
        for look in looks:
            for number, place in enumerate(self._places):
                chance = self._chance(min(_BINS - 1, int(_far_m(look.at, place) / _BIN_M)))
                self._weights[number] += _TRUST * log(chance if look.is_met else 1 - chance)
                if not look.fits(place):
                    self._weights[number] -= _MISFIT
        top = max(self._weights)
        self._weights = [weight - top for weight in self._weights]
        self._resample()

    def estimate(self) -> Point:
        """Return where the victim is most probably: the mean of all places."""
        shares = list(map(exp, self._weights))
        total = sum(shares)
        return (
            sum(share * x for share, (x, _) in zip(shares, self._places, strict=True)) / total,
            sum(share * y for share, (_, y) in zip(shares, self._places, strict=True)) / total,
        )

    def _chance(self, bin: int) -> float:
        missed, met = self._rehearsed.get(bin, (0, 0))
        return (met + 0.5) / (met + missed + 1)

    def _resample(self) -> None:
        shares = list(map(exp, self._weights))
        if sum(shares) ** 2 / sum(share * share for share in shares) > _PARTICLES / 2:
            return
        x, y = self.estimate()
        total = sum(shares)
        spread_m = sqrt(
            sum(s * ((u - x) ** 2 + (v - y) ** 2) for s, (u, v) in zip(shares, self._places, strict=True)) / total
        )
        jitter_m = 0.3 * spread_m + 0.5
        self._places = [
            (_in_town(u + self._rng.gauss(0, jitter_m)), _in_town(v + self._rng.gauss(0, jitter_m)))
            for u, v in self._rng.choices(self._places, shares, k=_PARTICLES)
        ]
        self._weights = [0.0] * _PARTICLES


class Located(NamedTuple):
    """How far off the attacker was, in metres: by the place found, by its cell's middle; and the true cell's middle."""

    place_m: float
    cell_m: float
    center_m: float
    is_cell_found: bool


Make = Callable[[Point, random.Random], Server]


def rehearse(make: Make, *, seed: int, looks: int = 4000) -> dict[int, tuple[int, int]]:
    """Return by distance how often an attacker misses and meets somebody, as he finds out where he knows the place."""
    rng = random.Random(f"rehearsal {seed}")
    seen: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for _ in range(_REHEARSALS):
        place = _anywhere(rng)
        server = make(place, rng)
        for _ in range(looks // _REHEARSALS // 50):
            for look in server.look([_aside(place, rng) for _ in range(50)]):
                seen[min(_BINS - 1, int(_far_m(look.at, place) / _BIN_M))][look.is_met] += 1
    return {bin: (missed, met) for bin, (missed, met) in seen.items()}


def locate(
    make: Make, rehearsed: Mapping[int, tuple[int, int]], *, seed: int, identities: int = 50, rounds: int = 200
) -> Located:
    """Attack one victim on a server of its own."""
    rng = random.Random(seed)
    victim = _anywhere(rng)
    server, attacker = make(victim, rng), Attacker(rng, rehearsed)
    for _ in range(rounds):
        attacker.learn(server.look(attacker.claims(identities)))
    found, cell = attacker.estimate(), _cell(victim)
    return Located(
        _far_m(found, victim),
        _far_m(_middle(_cell(found)), victim),
        _far_m(_middle(cell), victim),
        _cell(found) == cell,
    )


def measure_p2(*, victims: int, seed: int, tell: Callable[[str], None]) -> list[Finding]:
    """Return how near the attacker comes to so many victims, as a multiple of guessing the middle of their cells."""
    towns: dict[str, Make] = {
        "alone, all limits on": partial(Hereabouts, neighbours=0),
        "in town, all limits on": Hereabouts,
        "in town, no limits": partial(Hereabouts, rated=False),
    }
    findings = []
    for name, make in towns.items():
        found = _attack(make, victims=victims, seed=seed)
        share = sum(one.is_cell_found for one in found) / len(found)
        tell(f"P2: {name}: the cell found of {share:.0%}, {error_m(found):.0f} m off, its middle being "
             f"{median(one.center_m for one in found):.0f} m off")  # fmt: skip
        what = f"{name}: error, as a multiple of the cell's middle's"
        findings.append(Finding("P2", what, round(ratio(found), 3), ">= 0.95", ratio(found) >= 0.95))
    finer = ratio(_attack(partial(Hereabouts, neighbours=0, length=8), victims=victims, seed=seed))
    findings.append(Finding("P2", "control, cells of 8 characters: the same", round(finer, 3), "< 0.95", finer < 0.95))
    shown = error_m(_attack(Radius, victims=victims, seed=seed))
    what = "control, a server that shows people within 500 m: metres off"
    return [*findings, Finding("P2", what, round(shown, 1), "< 5", shown < 5)]


def _attack(make: Make, *, victims: int, seed: int, rounds: int = 200) -> list[Located]:
    rehearsed = rehearse(make, seed=seed)
    return [locate(make, rehearsed, seed=seed * 1000 + number, rounds=rounds) for number in range(victims)]


def error_m(found: Sequence[Located]) -> float:
    """Return the attacker's median error, in metres, by whichever of his two ways of guessing is better."""
    return min(median(one.place_m for one in found), median(one.cell_m for one in found))


def ratio(found: Sequence[Located]) -> float:
    """Return that error as a multiple of the one of guessing the middles of the true cells."""
    return error_m(found) / median(one.center_m for one in found)


@lru_cache(maxsize=4096)
def _cell(place: Point, length: int = CELL) -> Cell:
    return Cell.at(*FLAT.degrees(*place), length)


@lru_cache(maxsize=65_536)
def _apart_m(a: Cell, b: Cell) -> int:
    """Return what a room of two from these cells says."""
    extent = Extent(a)
    extent.add(a)
    extent.add(b)
    return extent.within_m


def _middle(cell: Cell) -> Point:
    spot = FLAT.spot(cell)
    return spot.x, spot.y


def _anywhere(rng: random.Random) -> Point:
    return rng.uniform(-TOWN_M, TOWN_M), rng.uniform(-TOWN_M, TOWN_M)


def _aside(place: Point, rng: random.Random) -> Point:
    angle, far_m = rng.uniform(0, 2 * pi), rng.uniform(0, TOWN_M)
    return place[0] + far_m * cos(angle), place[1] + far_m * sin(angle)


def _in_town(metres: float) -> float:
    return max(-TOWN_M, min(TOWN_M, metres))


def _far_m(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])
