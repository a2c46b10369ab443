"""What seating costs with ten thousand, a hundred thousand and a million people online: rooms/ alone, called directly.

- Seating: everybody enters within two minutes of the rooms' clock; then, one after the other, somebody leaves and
  somebody else enters, each call timed by itself. On the whole world, people spread as cities and villages are, and
  in one city, where all crowd into a few thousand cells.
- Memory: the growth of the process's resident set while everybody enters, by people. Their ids and cells, which a
  server holds anyway, are made before.
- Looking outward: people who wait alone with nobody in reach; every look of theirs is timed by itself.
- Re-forming: the window's end of one region full of people; every tick is timed by itself.

Each measurement runs in a process of its own, one at a time, so that none inherits another's memory. Windows are a
day long but for the re-forming, so that each cost stands alone. Linux only: it reads /proc.
"""

import gc
import json
import math
import multiprocessing
import os
import random
import time
from array import array
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import click
import msgspec

from bench.population import Settlement
from client_demo.progress import Display
from geo import Cell
from rooms.changes import Change, Seated
from rooms.person import Person
from rooms.rules import Rules
from rooms.windows import region_of
from rooms.world import World

NOW = 1_700_000_000.0
FILL_S = 120.0
CHURNED = 20_000
CITY = (40.75, -73.99)
CITY_SPREAD_DEG = 0.08  # standard deviation: most live within some 15 km
REGION_SPREAD_DEG = 0.04
LONELY = 500
LOOK_S = 100.0
OUTSIDE_KM = 18.0
REFORM_WITHIN_S = 60.0

LONG_WINDOWS = Rules(window_s=86_400)
# Reaches as far as it may within seconds, so that only the widest looks are timed.
WIDE_AT_ONCE = Rules(window_s=86_400, widen_every_s=0.1)


class Seats(msgspec.Struct, kw_only=True):
    """What seating costs where so many people are online."""

    land: str
    people: int
    rooms: int
    fill_us: float
    """CPU time of all calls while everybody entered, ticks too, by seats taken."""
    enter_us: float
    enter_p99_us: float
    leave_us: float
    bytes_per_person: int


class Looks(msgspec.Struct, kw_only=True):
    """What one look outward costs to somebody alone."""

    land: str
    looks: int
    look_us: float
    look_p99_us: float


class Reform(msgspec.Struct, kw_only=True):
    """What the end of one region's window costs."""

    people: int
    total_s: float
    ticks: int
    longest_ms: float


class Crowd:
    """A world, the people in it, and a clock that only goes on when it is told to."""

    def __init__(self, rules: Rules, *, seed: int) -> None:
        ids = count()
        self.world = World(rules, rng=random.Random(seed), new_id=lambda: f"i{next(ids)}")
        self.now = NOW
        self.seats_taken = 0

    def enter(self, person: Person) -> None:
        """Seat somebody now."""
        self.seats_taken += _seated(self.world.enter(person, now=self.now))

    def pass_time(self, until: float, timed: Callable[[float], None] | None = None) -> None:
        """Do what is due up to then; `timed` is handed the CPU seconds of each tick."""
        while (deadline := self.world.deadline) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            began = time.process_time()
            changes = self.world.tick(now=self.now)
            if timed is not None:
                timed(time.process_time() - began)
            self.seats_taken += _seated(changes)
        self.now = until


def _seated(changes: Iterable[Change]) -> int:
    return sum(isinstance(change, Seated) for change in changes)


# --- seating ----------------------------------------------------------------------------------------------


def cells_of_world(rng: random.Random, people: int) -> list[Cell]:
    """Return cells of people spread as cities and villages are."""
    settlement = Settlement(seed=1)
    return [Cell.at(*settlement.place(settlement.city(rng), rng), 6) for _ in range(people)]


def cells_of_city(rng: random.Random, people: int) -> list[Cell]:
    """Return cells of people of one large city."""
    lat, lon = CITY
    return [Cell.at(rng.gauss(lat, CITY_SPREAD_DEG), rng.gauss(lon, CITY_SPREAD_DEG), 6) for _ in range(people)]


LANDS: dict[str, Callable[[random.Random, int], list[Cell]]] = {"the world": cells_of_world, "one city": cells_of_city}


def measure_seating(land: str, people: int, seed: int) -> Seats:
    """Return what seating costs with so many people online."""
    rng = random.Random(f"{seed} {land} {people}")
    cells = LANDS[land](rng, people + CHURNED)
    ids = [f"p{number}" for number in range(len(cells))]
    crowd = Crowd(LONG_WINDOWS, seed=seed)
    gc.collect()
    before = resident_bytes()
    began = time.process_time()
    everybody = _fill(crowd, ids, cells[:people], f"{people:,} people enter in {land}")
    fill_s = time.process_time() - began
    gc.collect()
    grown = resident_bytes() - before
    rooms = len(crowd.world.rooms)
    newcomers = [Person(id, cell) for id, cell in zip(ids[people:], cells[people:], strict=True)]
    enters, leaves = _churn(crowd, everybody, newcomers, rng)
    return Seats(
        land=land,
        people=people,
        rooms=rooms,
        fill_us=us(fill_s / crowd.seats_taken),
        enter_us=us(sum(enters) / len(enters)),
        enter_p99_us=us(percentile(enters, 0.99)),
        leave_us=us(sum(leaves) / len(leaves)),
        bytes_per_person=round(grown / people),
    )


def _fill(crowd: Crowd, ids: list[str], cells: list[Cell], title: str) -> list[Person]:
    """Let everybody in, evenly over FILL_S, and return them."""
    everybody = []
    began = crowd.now
    with Display(title, total=len(cells)) as display:
        for number, cell in enumerate(cells):
            crowd.pass_time(began + FILL_S * number / len(cells))
            person = Person(ids[number], cell)
            crowd.enter(person)
            everybody.append(person)
            if number % 20_000 == 0:
                display.show({"entered": f"{number:,}", "rooms": f"{len(crowd.world.rooms):,}"}, done=number)
    return everybody


def _churn(
    crowd: Crowd, everybody: list[Person], newcomers: list[Person], rng: random.Random
) -> tuple["array[float]", "array[float]"]:
    """Return the CPU seconds of each entering and each leaving, the number of people staying the same."""
    enters, leaves = array("d"), array("d")
    for newcomer in newcomers:
        place = rng.randrange(len(everybody))
        leaver, everybody[place] = everybody[place], newcomer
        crowd.pass_time(crowd.now + FILL_S / len(everybody))
        began = time.process_time()
        crowd.world.leave(leaver, now=crowd.now)
        between = time.process_time()
        crowd.world.enter(newcomer, now=crowd.now)
        enters.append(time.process_time() - between)
        leaves.append(between - began)
    return enters, leaves


# --- looking outward --------------------------------------------------------------------------------------


def empty_land(rng: random.Random, *, far: bool) -> list[Person]:
    """Return people some 1,000 km from one another, all over the globe."""
    golden = math.pi * (3 - math.sqrt(5))
    places = [
        (math.degrees(math.asin(1 - (2 * i + 1) / LONELY)), (math.degrees(golden * i) + 180) % 360 - 180)
        for i in range(LONELY)
    ]
    return [Person(f"lonely {i}", Cell.at(lat, lon, 6), far=far) for i, (lat, lon) in enumerate(places)]


def beside_a_city(rng: random.Random, city: Iterable[Cell]) -> list[Person]:
    """Return people outside of a city, each in a world of their own otherwise: alone, the city just beyond reach."""
    north = max(cell.center[0] for cell in city) + OUTSIDE_KM / 111.195
    return [Person(f"lonely {i}", Cell.at(north + 0.2 * i, CITY[1], 6)) for i in range(LONELY // 5)]


def measure_looks(land: str, city_people: int, seed: int) -> Looks:
    """Return what a look outward costs to people who find nobody."""
    rng = random.Random(seed)
    crowd = Crowd(WIDE_AT_ONCE, seed=seed)
    if land == "beside a city":
        city = cells_of_city(rng, city_people)
        _fill(crowd, [f"p{i}" for i in range(city_people)], city, f"{city_people:,} people enter in one city")
        # Until those of the city who waited have found one another.
        crowd.pass_time(crowd.now + FILL_S)
        lonely = beside_a_city(rng, city)
    else:
        lonely = empty_land(rng, far=land == "empty, up to 200 km")
    for person in lonely:
        crowd.enter(person)
    crowd.pass_time(crowd.now + LOOK_S)
    spent = array("d")
    crowd.pass_time(crowd.now + LOOK_S, spent.append)
    return Looks(
        land=land, looks=len(spent), look_us=us(sum(spent) / len(spent)), look_p99_us=us(percentile(spent, 0.99))
    )


LOOKED_FROM = ("empty, up to 15 km", "empty, up to 200 km", "beside a city")


# --- re-forming -------------------------------------------------------------------------------------------


def measure_reform(people: int, seed: int) -> Reform:
    """Return what the window's end of one region with so many people costs."""
    rng = random.Random(seed)
    crowd = Crowd(Rules(), seed=seed)
    region = region_of(Cell.at(*CITY, 6))
    middle = region.center
    closes = 0.0
    with Display(f"{people:,} people enter in one region", total=people) as display:
        for number in range(people):
            person = Person(f"p{number}", _cell_within(region, middle, rng))
            for change in crowd.world.enter(person, now=crowd.now):
                if isinstance(change, Seated):
                    closes = max(closes, change.room.closes)
            if number % 20_000 == 0:
                display.show({"entered": f"{number:,}"}, done=number)
    crowd.pass_time(math.nextafter(closes, 0.0))
    crowd.seats_taken = 0
    spent = array("d")
    while crowd.seats_taken < people and (crowd.world.deadline or math.inf) <= closes + REFORM_WITHIN_S:
        crowd.pass_time(max(closes, crowd.world.deadline or 0.0), spent.append)
    return Reform(people=people, total_s=round(sum(spent), 3), ticks=len(spent), longest_ms=round(max(spent) * 1e3, 2))


def _cell_within(region: Cell, middle: tuple[float, float], rng: random.Random) -> Cell:
    while True:
        cell = Cell.at(rng.gauss(middle[0], REGION_SPREAD_DEG), rng.gauss(middle[1], REGION_SPREAD_DEG), 6)
        if region.contains(cell):
            return cell


# --- figures ----------------------------------------------------------------------------------------------


def resident_bytes() -> int:
    """Return how much memory this process holds in RAM (proc_pid_statm(5))."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def us(seconds: float) -> float:
    """Return seconds as microseconds with one decimal."""
    return round(seconds * 1e6, 1)


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest of the values that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def table(seats: list[Seats], looks: list[Looks], reform: Reform | None) -> str:
    """Return the figures for people."""
    lines = ["CPU per seating        people      rooms   filling     enter       p99     leave   bytes/person"]
    lines += [
        f"  {row.land:<16}{row.people:>11,}{row.rooms:>11,}{row.fill_us:>7.1f} µs{row.enter_us:>7.1f} µs"
        f"{row.enter_p99_us:>7.1f} µs{row.leave_us:>7.1f} µs{row.bytes_per_person:>15,}"
        for row in seats
    ]
    lines += ["CPU per look outward                                           mean       p99      looks"]
    lines += [
        f"  alone, {row.land:<45}{row.look_us:>10.1f} µs{row.look_p99_us:>7.1f} µs{row.looks:>11,}" for row in looks
    ]
    if reform is not None:
        lines += [
            f"Re-forming a region of {reform.people:,}: {reform.total_s:.2f} s of CPU in {reform.ticks:,} ticks, "
            f"the longest {reform.longest_ms:.1f} ms"
        ]
    return "\n".join(lines)


def counts(_: click.Context, __: click.Parameter, text: str) -> list[int]:
    """Return ("10000,100000") as [10000, 100000]."""
    try:
        numbers = [int(part.replace("_", "")) for part in text.split(",")]
    except ValueError:
        numbers = [0]
    if min(numbers) < 100 or max(numbers) > 2_000_000:
        raise click.BadParameter("write whole numbers from 100 to 2000000, for example 10000,100000")
    return numbers


@click.command(
    epilog="Examples:\n\n\b\n  python -m bench.scale\n  python -m bench.scale --people 10000,100000 --reform 20000 --json"
)
@click.option("--people", default="10000,100000,1000000", show_default=True, callback=counts, help="How many, each.")
@click.option(
    "--reform",
    type=click.IntRange(0, 500_000),
    default=100_000,
    show_default=True,
    help="Re-form a region of so many; 0 leaves it out.",
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(people: list[int], reform: int, seed: int, as_json: bool) -> None:
    """Show what seating costs as people become more, what looking outward costs, and a large region's window end.

    The default takes some minutes and, for a million people, some 2 GB of memory.
    """
    # A fresh process for each: memory that one measurement gave back would hide what the next one takes.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh, max_tasks_per_child=1) as pool:
        seats = [pool.submit(measure_seating, land, number, seed).result() for land in LANDS for number in people]
        looks = [pool.submit(measure_looks, land, min(max(people), 100_000), seed).result() for land in LOOKED_FROM]
        reformed = pool.submit(measure_reform, reform, seed).result() if reform else None
    found: dict[str, Any] = {"seats": seats, "looks": looks, "reform": reformed}
    click.echo(json.dumps(msgspec.to_builtins(found), indent=2) if as_json else table(seats, looks, reformed))


if __name__ == "__main__":
    main()
