"""CPU time of seating people, in the rooms' own code: no server, no sockets, direct calls.

Everybody enters, some ask for another room, everybody leaves; in one city, where the
choice is among thousands, and spread over the mid latitudes, where nobody is near.
"""

import itertools
import json
import random
import time
from collections.abc import Callable, Iterable

import click
import msgspec

from geo import Cell
from rooms.person import Person
from rooms.rules import Rules
from rooms.world import World

NEXTS_MAX = 10_000
CITY = (40.75, -73.99)
CITY_SPREAD_DEG = 0.08  # standard deviation: most live within some 15 km
NOW = 1_700_000_000.0
MEAN_STEP_S = 0.01  # of the rooms' clock from one act to the next


class Row(msgspec.Struct, kw_only=True):
    """µs of CPU per call in one world, and what came of it."""

    land: str
    people: int
    rooms: int
    enter_us: float
    next_us: float
    leave_us: float


def city(rng: random.Random) -> Cell:
    """Return a cell of somebody in one large city."""
    lat, lon = CITY
    return Cell.at(rng.gauss(lat, CITY_SPREAD_DEG), rng.gauss(lon, CITY_SPREAD_DEG), 6)


def spread_out(rng: random.Random) -> Cell:
    """Return a cell anywhere between 60 degrees south and north."""
    return Cell.at(rng.uniform(-60, 60), rng.uniform(-180, 180), 6)


LANDS: dict[str, Callable[[random.Random], Cell]] = {"one city": city, "spread out": spread_out}


def measure(land: str, people: int, *, seed: int) -> Row:
    """Return the cost of each act with so many people; the same seed seats them the same."""
    rng = random.Random(seed)
    ids = itertools.count()
    world = World(Rules(), rng=rng, new_id=lambda: f"i{next(ids)}")
    everybody = [Person(f"p{number}", LANDS[land](rng)) for number in range(people)]
    clock = itertools.count(NOW, MEAN_STEP_S)
    enter_us = _us_per_call(everybody, lambda person: world.enter(person, now=next(clock)))
    rooms = len(world.rooms)
    some = rng.sample(everybody, min(people, NEXTS_MAX))
    next_us = _us_per_call(some, lambda person: world.next(person, now=next(clock)))
    rng.shuffle(everybody)
    leave_us = _us_per_call(everybody, lambda person: world.leave(person, now=next(clock)))
    return Row(land=land, people=people, rooms=rooms, enter_us=enter_us, next_us=next_us, leave_us=leave_us)


def _us_per_call(people: Iterable[Person], act: Callable[[Person], object]) -> float:
    count = 0
    began = time.process_time()
    for person in people:
        act(person)
        count += 1
    return round((time.process_time() - began) * 1e6 / count, 1)


def table(rows: Iterable[Row]) -> str:
    """Return the rows for people."""
    head = f"{'µs of CPU per call':<20}{'people':>9}{'rooms':>9}{'enter':>9}{'next':>9}{'leave':>9}\n"
    return head + "\n".join(
        f"{row.land:<20}{row.people:>9,}{row.rooms:>9,}{row.enter_us:>9.1f}{row.next_us:>9.1f}{row.leave_us:>9.1f}"
        for row in rows
    )


@click.command(
    epilog="Examples:\n\n\b\n  python -m bench.seating\n  python -m bench.seating --people 1000 --people 10000 --json"
)
@click.option(
    "--people", type=click.IntRange(1, 1_000_000), multiple=True, default=(10_000, 100_000), show_default=True
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def main(people: tuple[int, ...], seed: int, as_json: bool) -> None:
    """Measure what seating costs in the rooms' own code (some 20 s for the default)."""
    rows = [measure(land, count, seed=seed) for land in LANDS for count in people]
    click.echo(json.dumps(msgspec.to_builtins(rows), indent=2) if as_json else table(rows))


if __name__ == "__main__":
    main()
