"""What the rooms' own code takes for many people, in CPU time and memory: calls of `World`, nothing around it.

- Seating: everybody enters within two minutes of the rooms' clock, as behind gates that open. Then a window passes, in
  which each region gathers anew once. Then comes an ordinary hour's share of people who stay for an hour: one after the
  other somebody leaves and somebody else enters, each call timed by itself. On the whole world, people spread as cities
  and villages are, and in one city, where all crowd into a few thousand cells.
- Memory: how much the process's resident set grew while everybody entered, by people, without their ids and cells,
  which whoever serves them holds anyway. So a measurement needs a process of its own, and Linux.
- Looking outward: people who wait alone with nobody in reach; every look of theirs is timed by itself.
- Re-forming: the window's end of one region full of people; every tick is timed by itself.

The garbage collector looks as rarely as in the server, so that no call is charged for all the others.
"""

import gc
import math
import os
import random
import time
from array import array
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from sys import getsizeof

import msgspec

from bench.population import Settlement
from client_demo.progress import Display
from geo import Cell, distance_m
from rooms.changes import Change, Seated
from rooms.person import Person
from rooms.rules import Rules
from rooms.windows import region_of
from rooms.world import World
from server.collector import look_at_new, look_rarely
from server.node import LONG_S

NOW = 1_700_000_000.0
FILL_S = 120.0
CHURNED = 20_000
STAY_S = 3600.0
CITY = (40.75, -73.99)
CITY_SPREAD_DEG = 0.08  # standard deviation: most live within some 15 km
REGION_SPREAD_DEG = 0.04
LONELY = 500
LOOK_S = 300.0
OUTSIDE_KM = 18.0  # beyond everybody's reach of 15 km
KM_PER_DEGREE = 111.195
REFORM_WITHIN_S = 60.0

# Reaches as far as it may within seconds, so that only the widest looks are timed.
WIDE_AT_ONCE = Rules(window_s=86_400, widen_every_s=0.1)


class Seats(msgspec.Struct, kw_only=True):
    """What seating costs where so many people are online."""

    land: str
    people: int
    rooms: int
    fill_us: float
    """CPU time of all calls while everybody entered, ticks too, by seats taken."""
    window_s: float
    """CPU time of all that is due within one window if nobody comes or goes: a region's end, and looks outward."""
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
        look_rarely()  # as the server does
        ids = count()
        self.world = World(rules, rng=random.Random(seed), new_id=lambda: f"i{next(ids)}")
        self.now = NOW
        self.seats_taken = 0

    def enter(self, person: Person) -> None:
        """Seat somebody now."""
        self.seats_taken += _seated(self.world.enter(person, now=self.now))

    def pass_time(
        self, until: float, timed: Callable[[float], None] | None = None, *, changes_max: int = 10**9
    ) -> None:
        """Do what is due up to then; `timed` is handed the CPU seconds of each tick that changed little enough."""
        while (deadline := self.world.deadline) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            began = time.process_time()
            changes = self.world.tick(now=self.now)
            if time.process_time() - began >= LONG_S:
                look_at_new()
            if timed is not None and len(changes) <= changes_max:
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


def measure_seating(land: str, cells: bytes, people: int, seed: int) -> Seats:
    """Return what seating costs with so many people online.

    Args:
        cells: of everybody and CHURNED more, six bytes each. Made by another process: what making them left behind
            would take some of the memory that is to be seen.
    """
    rules = Rules()
    crowd = Crowd(rules, seed=seed)
    gc.collect()
    before = resident_bytes()
    began = time.process_time()
    everybody = _fill(crowd, (_cell(cells, number) for number in range(people)), f"{people:,} people in {land}", people)
    fill_s, filled = time.process_time() - began, crowd.seats_taken
    gc.collect()
    own_bytes = sum(getsizeof(person.id) + getsizeof(person.cell) for person in everybody) + getsizeof(everybody)
    grown = resident_bytes() - before - own_bytes
    rooms = len(crowd.world.rooms)
    began = time.process_time()
    crowd.pass_time(crowd.now + rules.window_s)
    window_s = time.process_time() - began
    newcomers = [Person(f"p{number}", _cell(cells, number)) for number in range(people, people + CHURNED)]
    enters, leaves = _churn(crowd, everybody, newcomers, random.Random(seed))
    return Seats(
        land=land,
        people=people,
        rooms=rooms,
        fill_us=us(fill_s / filled),
        window_s=round(window_s, 1),
        enter_us=us(sum(enters) / len(enters)),
        enter_p99_us=us(percentile(enters, 0.99)),
        leave_us=us(sum(leaves) / len(leaves)),
        bytes_per_person=round(grown / people),
    )


def packed_cells(land: str, people: int, seed: int) -> bytes:
    """Return what `measure_seating` takes."""
    rng = random.Random(f"{seed} {land} {people}")
    return "".join(LANDS[land](rng, people + CHURNED)).encode("ascii")


def _cell(cells: bytes, number: int) -> Cell:
    return Cell(cells[6 * number : 6 * number + 6].decode("ascii"))


def _fill(crowd: Crowd, cells: Iterable[Cell], what: str, people: int) -> list[Person]:
    """Let everybody in, evenly over FILL_S, and return them."""
    everybody = []
    began = crowd.now
    with Display(what, total=people) as display:
        for number, cell in enumerate(cells):
            crowd.pass_time(began + FILL_S * number / people)
            person = Person(f"p{number}", cell)
            crowd.enter(person)
            everybody.append(person)
            if number % 20_000 == 0:
                display.show({"measuring": what, "entered": f"{number:,}"}, done=number)
    return everybody


def _churn(
    crowd: Crowd, everybody: list[Person], newcomers: list[Person], rng: random.Random
) -> tuple["array[float]", "array[float]"]:
    """Return the CPU seconds of each entering and each leaving, the number of people staying the same."""
    enters, leaves = array("d"), array("d")
    for newcomer in newcomers:
        place = rng.randrange(len(everybody))
        leaver, everybody[place] = everybody[place], newcomer
        crowd.pass_time(crowd.now + STAY_S / len(everybody))
        began = time.process_time()
        crowd.world.leave(leaver, now=crowd.now)
        between = time.process_time()
        crowd.world.enter(newcomer, now=crowd.now)
        enters.append(time.process_time() - between)
        leaves.append(between - began)
    return enters, leaves


# --- looking outward --------------------------------------------------------------------------------------


def empty_land(*, far: bool) -> list[Person]:
    """Return people some 1,000 km from one another, all over the globe."""
    golden = math.pi * (3 - math.sqrt(5))
    places = [
        (math.degrees(math.asin(1 - (2 * i + 1) / LONELY)), (math.degrees(golden * i) + 180) % 360 - 180)
        for i in range(LONELY)
    ]
    return [Person(f"lonely {i}", Cell.at(lat, lon, 6), far=far) for i, (lat, lon) in enumerate(places)]


def beside_a_city(city: Iterable[Cell]) -> list[Person]:
    """Return people in a circle around a city, each out of reach of one another and of everybody in it."""
    lat, lon = CITY
    around_km = max(distance_m(CITY, cell.center) for cell in city) / 1000 + OUTSIDE_KM
    count = int(2 * math.pi * around_km / OUTSIDE_KM)
    angles = [2 * math.pi * number / count for number in range(count)]
    places = [
        (
            lat + around_km * math.cos(angle) / KM_PER_DEGREE,
            lon + around_km * math.sin(angle) / KM_PER_DEGREE / math.cos(math.radians(lat)),
        )
        for angle in angles
    ]
    return [Person(f"lonely {number}", Cell.at(*place, 6)) for number, place in enumerate(places)]


def measure_looks(land: str, city_people: int, seed: int) -> Looks:
    """Return what a look outward costs to people who find nobody."""
    crowd = Crowd(WIDE_AT_ONCE, seed=seed)
    if land == "beside a city":
        city = cells_of_city(random.Random(seed), city_people)
        _fill(crowd, city, f"{city_people:,} people in one city", city_people)
        # Until those of the city who waited have found one another.
        crowd.pass_time(crowd.now + FILL_S)
        lonely = beside_a_city(city)
    else:
        lonely = empty_land(far=land == "empty, up to 200 km")
    for person in lonely:
        crowd.enter(person)
    crowd.pass_time(crowd.now + LOOK_S)
    spent = array("d")
    # Of a look at most one thing comes, what is told; the rest is the city's.
    crowd.pass_time(crowd.now + LOOK_S, spent.append, changes_max=1)
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
    what = f"{people:,} people in one region"
    with Display(what, total=people) as display:
        for number in range(people):
            person = Person(f"p{number}", _cell_within(region, middle, rng))
            for change in crowd.world.enter(person, now=crowd.now):
                if isinstance(change, Seated):
                    closes = max(closes, change.room.closes)
            if number % 20_000 == 0:
                display.show({"measuring": what, "entered": f"{number:,}"}, done=number)
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
