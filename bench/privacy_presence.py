"""P4: whether it shows, to somebody who sits elsewhere, that a certain person is online, or has blocked them.

The two have sat together, so the attacker knows the name and the former member id. They part; then the person stays or
goes. Over another room and a window's end the attacker writes down everything he is sent and what his commands are
answered, the person's name as his own among them. A rule made from one half of the rounds (naive Bayes, or the one
field that tells most) is tried on the other. A server on which names are unique everywhere has to be found out.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from math import log
from statistics import median
from typing import Any, NamedTuple

from bench.privacy_locating import FLAT
from bench.proofs import Finding
from geo import Cell
from rooms.events import Changed
from rooms.names import shown_name
from rooms.person import Person
from rooms.room import Room
from rooms.seating import Seating
from tests.sessions import UNLIMITED, Guest, Json, Stage, of_type

VICTIM = "Victim"
TOWN_M, OTHER_SIDE_M = 2000.0, 7000.0
"""How large the town is, and how far east of it the other side, where a third are and the person goes.

There they seldom meet: rounds in which they do are set aside, and where one blocks the other there are none of these.
"""

ABSENT, PRESENT, BLOCKING = "absent", "present", "blocking"
WINDOW_S = 1800.0

JITTER_US = 50
"""Less than what answers over any network differ by from one to the next; `next` gives six samples an hour."""

Traits = dict[str, object]


class Told(NamedTuple):
    """How much better than chance the better rule is: how often it is right of one world, less how often wrong."""

    advantage: float
    rounds: int


def measure_p4(*, rounds: int, seed: int, tell: Callable[[str], None]) -> list[Finding]:
    """Return how well an attacker tells that somebody is online, or blocks him; and where the server is careless."""
    findings = [_finding("online or not: advantage", tell_apart(PRESENT, ABSENT, rounds=rounds, seed=seed))]
    tell(f"P4: {rounds} rounds of each, online and not")
    for other in (PRESENT, ABSENT):
        told = tell_apart(BLOCKING, other, rounds=rounds, seed=seed)
        findings.append(_finding(f"blocked or {other}: advantage", told))
        tell(f"P4: {rounds} rounds of each, blocked and {other}")
    later = later_us(BLOCKING, ABSENT, rounds=max(20, rounds // 4), seed=seed)
    what = f"blocked or {ABSENT}: an answer later by so many us"
    findings.append(Finding("P4", what, round(later, 1), f"< {JITTER_US}", abs(later) < JITTER_US))
    careless = tell_apart(PRESENT, ABSENT, rounds=max(20, rounds // 10), seed=seed, careless=True)
    what = "control, names worn once in all rooms: the same"
    return [*findings, Finding("P4", what, round(careless.advantage, 3), "> 0.5", careless.advantage > 0.5)]


def _finding(what: str, told: Told) -> Finding:
    return Finding("P4", what, round(told.advantage, 3), "<= 0.05", told.advantage <= 0.05)


def tell_apart(
    one: str, other: str, *, rounds: int = 2000, seed: int = 1, crowd: int = 60, careless: bool = False
) -> Told:
    """Have an attacker tell two worlds apart, in as many rounds of each."""
    rng = random.Random(seed)
    town = _Town(rng, crowd, careless)
    found: dict[str, list[Traits]] = {one: [], other: []}
    while min(map(len, found.values())) < rounds:
        # By chance and not in turn, or what comes around with every other round counts as one world's.
        world = rng.choice((one, other))
        traits = town.play(world)
        if traits is not None:
            found[world].append(traits)
    pairs = list(zip(found[one][:rounds], found[other][:rounds], strict=True))
    half = len(pairs) // 2
    gains = [_gain(pairs[:half], pairs[half:]), _gain(pairs[half:], pairs[:half])]
    return Told(sum(gains) / 2, len(pairs))


def later_us(one: str, other: str, *, rounds: int, seed: int, crowd: int = 60) -> float:
    """Return by how many microseconds the attacker's `next` takes longer in one world than in the other (medians)."""
    rng = random.Random(seed)
    town = _Town(rng, crowd, careless=False)
    took: dict[str, list[float]] = {one: [], other: []}
    while min(map(len, took.values())) < rounds:
        world = rng.choice((one, other))
        if town.play(world) is not None:
            took[world].append(town.took_us)
    return median(took[one]) - median(took[other])


def _look_everywhere(seating: Seating, rng: random.Random) -> None:
    """Have names be unique in all rooms together, as a server would that wanted them to be."""

    def name(person: Person, asked: str, room: Room) -> tuple[str, list[Changed]]:
        seats = [seat for room in seating.rooms.values() for seat in room.seats.values()]
        return shown_name(asked, [seat.looks for seat in seats if seat.person is not person], rng), []

    seating.name = name  # type: ignore[method-assign]


class _Town:
    """A crowd that comes and goes, in which the two meet and part, once a round.

    Attributes:
        took_us: how long the attacker's last `next` took, in microseconds, without any network.
    """

    def __init__(self, rng: random.Random, crowd: int, careless: bool) -> None:
        self._rng = rng
        # The attacker has all the identities and time that he wants; rates are no part of this.
        self._stage = Stage(seed=rng.getrandbits(32), **UNLIMITED)
        self.took_us = 0.0
        if careless:
            _look_everywhere(self._stage.house.world.seating, rng)
        self._count = 0
        self._crowd = [self._come(rng.choice(("Ann", "Bo", "Cy", "Di", ""))) for _ in range(crowd)]

    def play(self, world: str) -> Traits | None:
        """Return what the attacker can know of one round, or None if the two meet again.

        Somebody else has sat with him as well. Where the person goes, that one stays, and the other way round: to set
        aside rounds in which he meets who stayed says nothing of the world.
        """
        rng = self._rng
        self._churn()
        cell = self._place()
        attacker, victim, other = (self._come(name, cell) for name in ("Ann", VICTIM, "Eve"))
        attacker.got()
        met = {victim.me, other.me} <= attacker.members.keys()
        known, room = victim.me, attacker.room
        if world == BLOCKING and met:
            victim.ask("block", who=attacker.me)
        stays, goes = (other, victim) if world == ABSENT else (victim, other)
        for guest in rng.sample((stays, goes), 2):
            guest.say("move", cell=self._place(OTHER_SIDE_M))
            guest.ask("next")
        self._stage.pass_time(rng.uniform(30, 90))
        goes.ask("leave")
        attacker.got()
        # A window may have ended meanwhile.
        has_met = self._meets(attacker, stays)
        came = self._ask(attacker)
        traits: Traits = {}
        for about, fields in (("mute", {}), ("report", {"reason": "other", "room": room})):
            answer = attacker.ask(about, who=known, **fields)
            traits[about] = repr([(event["type"], event.get("code")) for event in answer])
        traits |= self._watch("asks", attacker, came, 120)
        has_met |= self._meets(attacker, stays)
        traits |= self._watch("window", attacker, [], WINDOW_S)
        has_met |= self._meets(attacker, stays)
        for guest in (attacker, stays):
            guest.ask("leave")
        return None if has_met or not met else traits

    def _ask(self, attacker: Guest) -> list[Json]:
        attacker.say("rename", name=VICTIM)
        attacker.say("move", cell=self._place())
        began = time.perf_counter_ns()
        came = attacker.ask("next")
        self.took_us = (time.perf_counter_ns() - began) / 1000
        return came

    def _watch(self, step: str, attacker: Guest, came: list[Json], time_s: float) -> Traits:
        self._stage.pass_time(time_s)
        came += attacker.got()
        return {f"{step} {name}": value for name, value in _traits(came, attacker).items()}

    def _meets(self, attacker: Guest, other: Guest) -> bool:
        other.got()
        return attacker.room == other.room

    def _churn(self) -> None:
        for number in self._rng.sample(range(len(self._crowd)), 4):
            self._crowd[number].say("leave")
            self._stage.take_turn()
            self._crowd[number] = self._come(self._rng.choice(("Ann", "Bo", "Cy", "Di", "")))
        for guest in self._crowd:
            guest.connection.writes.clear()

    def _come(self, name: str, cell: str | None = None) -> Guest:
        self._count += 1
        guest = Guest(self._stage, address=f"10.0.{self._count // 256 % 256}.{self._count % 256}")
        guest.enter(cell or self._place(self._rng.choice((0.0, 0.0, OTHER_SIDE_M))), name=name)
        return guest

    def _place(self, east_m: float = 0.0) -> str:
        x, y = self._rng.uniform(-TOWN_M, TOWN_M), self._rng.uniform(-TOWN_M, TOWN_M)
        return Cell.at(*FLAT.degrees(x + east_m, y), 6)


def _traits(came: list[Json], attacker: Guest) -> Traits:
    """Return what stands in everything that came, in words coarse enough to be compared."""
    rooms, counts = of_type(came, "room"), Counter(event["type"] for event in came)
    waiting = of_type(came, "waiting")
    last: dict[str, Any] = rooms[-1] if rooms else {}
    args = last.get("why_args", {})
    return {
        "name": next((event["member"]["name"] for event in of_type(came, "changed")), ""),
        "shown": attacker.members[attacker.me]["name"],
        "members": len(attacker.members),
        "at first": len(last.get("members", ())),
        "namesakes": sum(member["name"].startswith(VICTIM) for member in attacker.members.values()),
        "within": last.get("within_m", 0) // 700,
        "why": last.get("why_code"),
        "far": args.get("distance_m", 0) // 400,
        "seq": last.get("seq", 0) // 3,
        "rooms": len(rooms),
        "people": waiting[-1]["people"] if waiting else None,
        "looks": len(waiting),
        "looked": waiting[-1]["within_m"] // 2000 if waiting else None,
        "came": counts["joined"],
        "went": counts["left"],
        "refused": repr([event["code"] for event in of_type(came, "error")]),
    }


def _gain(taught: Sequence[tuple[Traits, Traits]], tried: Sequence[tuple[Traits, Traits]]) -> float:
    """Return the advantage of a rule that is made from some pairs of rounds and tried on others."""
    names = list(taught[0][0])
    ones, others = (Counter((name, pair[world][name]) for pair in taught for name in names) for world in (0, 1))

    def advantage(pairs: Sequence[tuple[Traits, Traits]], chosen: Sequence[str]) -> float:
        def share(traits: Traits) -> float:
            keys = [(name, traits[name]) for name in chosen]
            weight = sum(log((ones[key] + 1) / (others[key] + 1)) for key in keys)
            return 0.5 if weight == 0 else float(weight > 0)

        return sum(share(one) - share(other) for one, other in pairs) / len(pairs)

    rule = max([names, *([name] for name in names)], key=lambda chosen: advantage(taught, chosen))
    return advantage(tried, rule)
