"""P6: whether anybody can be known again in the next room, when a window ends, by anything but their name.

An attacker sits at the tables like everybody else, writes down what is sent to him, and after the window's end guesses
who of the new room is who of the old one: by ids, by the order of members, of newcomers and of speakers, by the time
they speak, by `ref`. No rule may do twice as well as chance. A client that counts its refs, ids that are kept and lists
in an order that is kept have to be found out: else the rules would prove nothing.
"""

import random
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

import msgspec

from bench.proofs import Finding
from rooms.changes import Seated
from rooms.person import Person
from rooms.seating import Seating, place_of
from rooms.whys import Why
from tests.sessions import HERE, UNLIMITED, Guest, Stage, messages_of

WINDOW_S = 1800.0
TOWNS = {"one room": (8, 0), "a crowd": (24, 0), "scattered": (16, 8)}
"""How many people there are, and over how many cells beside the first they are spread."""

_WORDS = 3


class Known(NamedTuple):
    """What an attacker has written down of one member of a room."""

    id: str
    listed: int
    joined: int
    first_said: float
    phase_s: float
    refs: tuple[str, ...]


Rule = Callable[[Known, Known], float]
"""How unlike two members are."""


def _by_rank(field: str) -> Rule:
    return lambda a, b: abs(getattr(a, field) - getattr(b, field))


def _unlike(a: str, b: str) -> float:
    return -sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


RULES: dict[str, Rule] = {
    "ids": lambda a, b: _unlike(a.id, b.id),
    "order of ids": lambda a, b: abs(_number(a.id) - _number(b.id)),
    "order in the list": _by_rank("listed"),
    "order of joining": _by_rank("joined"),
    "order of speaking": _by_rank("first_said"),
    "time of speaking": _by_rank("phase_s"),
    "refs": lambda a, b: min((_unlike(x, y) for x in a.refs for y in b.refs), default=0.0),
    "number in refs": lambda a, b: min((abs(_number(x) - _number(y)) for x in a.refs for y in b.refs), default=0.0),
}


def _number(text: str) -> float:
    digits = "".join(char for char in text if char.isdigit())
    return float(digits or 0)


class Linked(NamedTuple):
    """How often the best rule was right, as a multiple of chance."""

    times_chance: float
    rule: str
    town: str
    guesses: int


CARELESS = ("counted refs", "kept ids", "kept order")
"""What would link people, in controls: the first by their clients, the others by the server."""


def measure_p6(*, rounds: int, seed: int, tell: Callable[[str], None]) -> list[Finding]:
    """Return how well people are known again after so many window ends, and the same where something is careless."""
    best = link(rounds=rounds, seed=seed)
    tell(f"P6: {best.guesses} guesses in the town where the best rule is best ({best.rule}, {best.town})")
    findings = [_finding("people known again, as a multiple of chance", best, "<= 2", best.times_chance <= 2)]
    for careless in CARELESS:
        found = link(rounds=max(4, rounds // 10), seed=seed, careless=careless)
        findings.append(_finding(f"control, {careless}: the same", found, "> 2", found.times_chance > 2))
    return findings


def _finding(what: str, linked: Linked, wanted: str, holds: bool) -> Finding:
    return Finding("P6", what, round(linked.times_chance, 2), wanted, holds)


def link(*, rounds: int, seed: int, careless: str = "") -> Linked:
    """Watch so many window ends in each town, and return what the best rule in any of them achieved."""
    found = []
    for town, (people, cells) in TOWNS.items():
        right = dict.fromkeys(RULES, 0.0)
        by_chance, guesses = 0.0, 0
        for number in range(rounds):
            rng = random.Random(f"{seed} {town} {number}")
            for before, after, same in _window(rng, people, cells, careless):
                there = {other.id for other in after}
                for one in (one for one in before if same.get(one.id) in there):
                    guesses += 1
                    by_chance += 1 / len(after)
                    for name, rule in RULES.items():
                        right[name] += _chance_to_be_right(rule, one, after, same[one.id])
        best = max(right, key=lambda name: right[name])
        found.append(Linked(right[best] / by_chance, best, town, guesses))
    return max(found)


def _chance_to_be_right(rule: Rule, one: Known, after: Sequence[Known], true: str) -> float:
    unlike = {other.id: rule(one, other) for other in after}
    least = min(unlike.values())
    return (unlike[true] == least) / sum(each == least for each in unlike.values())


def _window(
    rng: random.Random, people: int, cells: int, careless: str
) -> list[tuple[list[Known], list[Known], dict[str, str]]]:
    """Play one window and the next one, and return for each attacker who was there, who is, and who is who."""
    stage = Stage(seed=rng.getrandbits(32), **UNLIMITED)
    # Ids as the server draws them, but the same every time.
    seating = stage.house.world.seating
    seating._new_id = lambda: f"{rng.getrandbits(96):024x}"
    if careless:
        _be_careless(seating, careless)
    around = [HERE, *(HERE[:5] + char for char in rng.sample("0123456789bcdefghjkmnpqrstuvwxyz", cells))]
    guests = []
    for _ in range(people):
        guest = stage.guest()
        guest.enter(rng.choice(around), name="Ann")
        guests.append(guest)
        stage.pass_time(rng.expovariate(1 / 5))
    refs = _Refs(rng, careless == "counted refs")
    spies = rng.sample(guests, max(1, people // 6))
    ids: list[dict[Guest, str]] = []
    notes: list[dict[Guest, list[Known]]] = []
    for _ in range(2):
        _talk(stage, rng, guests, refs)
        ids.append({guest: guest.me for guest in guests if guest.got() is not None})
        notes.append({spy: _notes(spy) for spy in spies})
        for guest in guests:
            guest.connection.writes.clear()
            guest._read = 0
        stage.pass_time(WINDOW_S)
    same = {ids[0][guest]: ids[1][guest] for guest in guests}
    return [(notes[0][spy], notes[1][spy], same) for spy in spies]


def _be_careless(seating: Seating, careless: str) -> None:
    """Have the server keep ids, or an order, from one room to the next."""
    sit, snapshot = seating._sit, seating.snapshot

    def sit_with_id(person: Person, *args: Any, **kwargs: Any) -> Any:
        new_id = seating._new_id
        seating._new_id = lambda: f"m{person.id}"
        try:
            return sit(person, *args, **kwargs)
        finally:
            seating._new_id = new_id

    def snapshot_in_order(person: Person, why: Why, *, ref: str | None = None) -> Seated:
        seats = sorted(place_of(person)[0].seats.values(), key=lambda seat: seat.person.id)
        members = tuple(seat.member for seat in seats)
        return msgspec.structs.replace(snapshot(person, why, ref=ref), members=members)

    if careless == "kept ids":
        seating._sit = sit_with_id  # type: ignore[method-assign]
    elif careless == "kept order":
        seating.snapshot = snapshot_in_order  # type: ignore[method-assign]


class _Refs:
    """What clients number their words by: unguessable, as PROTOCOL.md asks, or counted."""

    def __init__(self, rng: random.Random, counted: bool) -> None:
        self._rng = rng
        self._counts: dict[Guest, int] | None = {} if counted else None

    def next(self, guest: Guest) -> str:
        """Return the ref of the guest's next words."""
        if self._counts is None:
            return f"{self._rng.getrandbits(64):016x}"
        self._counts[guest] = self._counts.get(guest, self._rng.randrange(1000)) + 1
        return str(self._counts[guest])


def _talk(stage: Stage, rng: random.Random, guests: list[Guest], refs: _Refs) -> None:
    """Have everybody say a few words, in an order of chance."""
    for guest in rng.sample(guests * _WORDS, len(guests) * _WORDS):
        guest.ask("say", text="hello", ref=refs.next(guest))
        stage.pass_time(rng.expovariate(1))


def _notes(spy: Guest) -> list[Known]:
    """Return what a guest can know of the others in the room, from all that was sent since the last window."""
    events = [spy._decoded(*message) for wire in spy.connection.writes for message in messages_of(wire)]
    last = max((at for at, event in enumerate(events) if event["type"] == "room"), default=None)
    if last is None:
        return []
    listed = [member["id"] for member in events[last]["members"]]
    joined = [event["id"] for event in events[last:] if event["type"] == "joined"]
    said: dict[str, list[dict[str, Any]]] = {}
    for event in events[last:]:
        if event["type"] == "said":
            said.setdefault(event["from"], []).append(event)
    order = list(said)
    others = [id for id in (*listed, *joined) if id != spy.me and id in spy.members]
    return [
        Known(
            id,
            listed.index(id) if id in listed else len(listed),
            joined.index(id) if id in joined else -1,
            order.index(id) if id in said else len(order),
            said[id][0]["at"] / 1000 % 10 if id in said else 0.0,
            tuple(event.get("ref", "") for event in said.get(id, ())),
        )
        for id in others
    ]
