"""P1 and P3: what a cell gives away of the place in it, to those who sit beside somebody or come by the thousand.

Both play the same evening again with the same chance, on the server's own sessions, rooms and fan-out, and with the
place cut as the clients cut it; only the place within the cell is another. What anybody else is sent then has to be the
same to the byte. Beside it the place is put into the next cell, where it has to differ: else the look sees nothing.
"""

import random
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from bench.proofs import Finding
from client_demo.places import cell_of
from geo import ALPHABET, HALVES, Cell
from tests.sessions import HERE, UNLIMITED, Guest, Stage

Place = tuple[float, float]
"""A latitude and longitude in degrees."""

WINDOW = {"window_s": 60, "closing_s": 10, "resume_grace_s": 20}
"""So short that an evening of three minutes sits down anew three times."""

ACTS = 25
SUB_PLACES = 4
SYBIL_NEXT = 5
"""One sybil in so many asks for another room, again and again, to see more rooms from inside."""

_PREFIX = HERE[:5]
_CELLS = re.compile(f"{_PREFIX}[{ALPHABET}]+".encode())


def place_in(cell: str, rng: random.Random) -> Place:
    """Return a place somewhere in the cell, not so near to its edge that its last digits decide."""
    lat, lon = Cell(cell).center
    half_height, half_width = HALVES[len(cell)]
    return lat + rng.uniform(-0.9, 0.9) * half_height, lon + rng.uniform(-0.9, 0.9) * half_width


# --- P1 ---------------------------------------------------------------------------------------------------


def measure_p1(*, pairs: int, seed: int, tell: Callable[[str], None]) -> list[Finding]:
    """Return what others are sent otherwise when somebody is elsewhere in their cell, in so many pairs of evenings."""
    differing = differing_beside = 0
    sent = 0
    for number in range(pairs):
        chance = random.Random(f"{seed} pair {number}")
        cells = [HERE, _beside(HERE, chance), HERE]
        here, there = ([place_in(cell, chance) for cell in cells] for _ in range(2))
        assert _is_cut_to(here, cells)
        assert _is_cut_to(there, cells)
        beside = [place_in(_beside(HERE, chance), chance), *here[1:]]
        evening = partial(_evening, f"{seed} evening {number}", number)
        first = evening(here)
        differing += bytes_differing(first, evening(there))
        differing_beside += bytes_differing(first, evening(beside)) > 0
        sent += sum(map(len, first))
        if number % 50 == 0:
            tell(f"P1: pair {number} of {pairs}")
    same = f"bytes of {sent:,} that others are sent otherwise, {pairs:,} pairs"
    control = "control: share of evenings that differ if the place is in the next cell"
    share = differing_beside / pairs
    return [
        Finding("P1", same, differing, "0", not differing),
        Finding("P1", control, share, "≥ 0.5", share >= 0.5),
    ]


def _evening(chance: str, seed: int, places: Sequence[Place]) -> list[bytes]:
    """Return all that the others are sent in an evening with somebody who is at these places one after the other."""
    rng = random.Random(chance)
    stage = Stage(seed=seed, **WINDOW, **UNLIMITED)
    others = [stage.guest(rng.choice(["json", "msgpack"])) for _ in range(rng.randrange(4, 12))]
    victim = stage.guest()
    arriving = [*others, victim]
    rng.shuffle(arriving)
    for guest in arriving:
        cell = cell_of_place(places[0]) if guest is victim else rng.choice([HERE, _beside(HERE, rng), HERE[:5]])
        guest.enter(cell)
        stage.pass_time(rng.random() * 4)
    left = list(places[1:])
    for _ in range(ACTS):
        _act(rng, stage, rng.choice([victim, *others]), victim, left)
        stage.pass_time(rng.random() * 8)
    victim.ask("leave")
    stage.pass_time(70)
    return [b"".join(other.connection.writes) for other in others]


def _act(rng: random.Random, stage: Stage, guest: Guest, victim: Guest, left: list[Place]) -> None:
    act = rng.choice(["say", "say", "next", "away", "move", "rename"])
    if act == "say":
        guest.ask("say", text=f"word {rng.randrange(1000)}")
    elif act == "rename":
        guest.ask("rename", name=f"Name {rng.randrange(20)}")
    elif act != "move":
        guest.ask(act)
    elif guest is not victim:
        guest.ask("move", cell=_beside(HERE, rng))
    elif left:
        guest.ask("move", cell=cell_of_place(left.pop(0)))
        guest.ask("next")


# --- P3 ---------------------------------------------------------------------------------------------------


def measure_p3(*, sybils: int, seed: int, tell: Callable[[str], None]) -> list[Finding]:
    """Return what so many who pour into somebody's cell learn of where in it that is."""
    rng = random.Random(f"{seed} pour")
    places = [place_in(HERE, rng) for _ in range(SUB_PLACES)]
    finer = {cell_of(*place, 7) for place in places}
    pours = []
    for number, place in enumerate(places):
        tell(f"P3: {sybils:,} sybils, place {number + 1} of {SUB_PLACES}")
        pours.append(_Pour(place, sybils, seed))
    tell(f"P3: {sybils:,} sybils, place in the next cell")
    beside = _Pour(place_in(_beside(HERE, rng), rng), sybils, seed)
    differing = sum(bytes_differing(pours[0].sent, pour.sent) for pour in pours[1:])
    seen = sum(len(pour.strange_cells()) for pour in pours)
    accepted = sum(pour.finer_accepted for pour in pours)
    differing_beside = bytes_differing(pours[0].sent, beside.sent)
    parts = f"bytes sent otherwise if the place is in another of {len(finer)} parts of the cell"
    return [
        Finding("P3", f"finer cells accepted, {SUB_PLACES * sybils:,} tries", accepted, "0", not accepted),
        Finding("P3", "cells sent of others, finer than 5 characters", seen, "0", not seen),
        Finding("P3", parts, differing, "0", not differing),
        Finding("P3", "control: the same, in the next cell", differing_beside, "> 0", differing_beside > 0),
    ]


class _Pour:
    """A cell into which sybils are poured where somebody sits, and what they are sent."""

    def __init__(self, place: Place, sybils: int, seed: int) -> None:
        rng = random.Random(f"{seed} sybils")
        stage = Stage(seed=seed, **WINDOW, **UNLIMITED)
        for cell in (cell_of_place(place), _beside(HERE, rng), _beside(HERE, rng)):
            stage.guest().enter(cell)
        self.guests = [stage.guest(["json", "msgpack"][number % 2]) for number in range(sybils)]
        self.finer_accepted = 0
        for number, guest in enumerate(self.guests):
            came = guest.ask("enter", cell=HERE + "".join(rng.choices(ALPHABET, k=rng.randrange(1, 3))))
            self.finer_accepted += came[0]["type"] != "error"
            guest.enter(HERE)
            if number % SYBIL_NEXT == 0:
                stage.pass_time(0.1)
        for _ in range(3):
            for guest in self.guests[::SYBIL_NEXT]:
                guest.ask("next")
            stage.pass_time(50)
        self.sent = [b"".join(guest.connection.writes) for guest in self.guests]

    def strange_cells(self) -> list[bytes]:
        """Return every cell of more than 5 characters in what they were sent that is not the one they named."""
        return [cell for data in self.sent for cell in _CELLS.findall(data) if cell != HERE.encode()]


def _is_cut_to(places: Iterable[Place], cells: Iterable[str]) -> bool:
    return list(map(cell_of_place, places)) == list(cells)


# --- what both look at ------------------------------------------------------------------------------------


def cell_of_place(place: Place) -> str:
    """Return what a client says of a place."""
    return cell_of(*place)


def bytes_differing(first: Iterable[bytes], second: Iterable[bytes]) -> int:
    """Return in how many bytes two lists of as many texts differ."""
    return sum(
        abs(len(a) - len(b)) + sum(x != y for x, y in zip(a, b, strict=False))
        for a, b in zip(first, second, strict=True)
        if a != b
    )


def _beside(cell: str, rng: random.Random) -> str:
    """Return another cell of the same parent."""
    return cell[:-1] + rng.choice([char for char in ALPHABET if char != cell[-1]])
