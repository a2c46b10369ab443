"""People who never were, checking in around the world's cities through one day: data for who has none.

Knows the cities' places and sizes (client_demo/cities.json) and, roughly, how people live: in quarters of cities of
which a few are busy, in villages around them, asleep at night by the sun of their place. The same seed gives the
same people. Never knows rooms.

The numbers are round assumptions, good for trying things out and for nothing else: 5,000 people to the square
kilometre of a city, quarters the less busy the higher their rank, and a day that is emptiest at four in the morning,
rises to noon and is fullest in the evening.
"""

import random
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from math import ceil, cos, pi, radians, sin, sqrt
from typing import NamedTuple

from client_demo.checkins import CheckIn
from client_demo.places import City, cities

DAY_BEGINS = 1_750_204_800
"""The day that is made: 18 June 2025, 0:00 UTC, a Wednesday."""

DAY_S = 86_400

_PEOPLE_PER_KM2 = 5_000
_PEOPLE_PER_QUARTER = 25_000
_PEOPLE_PER_VILLAGE = 50_000
_QUARTERS_MAX = 400
_BUSY_BY_RANK = -0.7
_IN_VILLAGES = 0.12
_VILLAGES_WITHIN_KM = 40.0
_KM_PER_DEGREE = 111.195

_AGAIN = 0.35
"""The chance that a check-in is followed by another one of the same person, somewhere else in the city."""

_AGAIN_AFTER_S = (1_800.0, 10_800.0)

_BY_HOUR = (22, 14, 8, 5, 4, 6, 14, 30, 44, 44, 46, 54, 66, 64, 54, 50, 54, 66, 82, 90, 86, 74, 54, 36)
"""How many check in during each hour of a day by the sun, in relation to one another."""


class _Quarter(NamedTuple):
    """A busy place: its middle in degrees, and the standard deviation of its people around it."""

    lat: float
    lon: float
    spread_km: float


class _Town(NamedTuple):
    """A city as people live in it: its quarters, how busy they are when added up, and the villages around."""

    quarters: list[_Quarter]
    busy: list[float]
    villages: list[_Quarter]


class Settlement:
    """The inhabited world: draws places as people are spread over it."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self._cities = cities()
        self._people = list(accumulate(city.population for city in self._cities))
        self._towns: dict[int, _Town] = {}

    def city(self, rng: random.Random) -> int:
        """Return the number of a city, each as likely as it has inhabitants."""
        return bisect(self._people, rng.random() * self._people[-1], hi=len(self._people) - 1)

    def place(self, city: int, rng: random.Random) -> tuple[float, float]:
        """Return a (lat, lon) where somebody of that city may be, in degrees, rounded to about a metre."""
        town = self._towns.get(city)
        if town is None:
            town = self._towns[city] = _settle(self._cities[city], random.Random(f"{self._seed} city {city}"))
        if rng.random() < _IN_VILLAGES:
            quarter = rng.choice(town.villages)
        else:
            quarter = town.quarters[bisect(town.busy, rng.random() * town.busy[-1], hi=len(town.busy) - 1)]
        lat, lon = _shifted(quarter.lat, quarter.lon, rng.gauss(0, quarter.spread_km), rng.gauss(0, quarter.spread_km))
        return round(lat, 5), round(lon, 5)


def check_ins(people: int, *, seed: int, home: City | None = None) -> list[CheckIn]:
    """Return one day of so many people, each checking in at least once, by time in whole Unix seconds.

    Args:
        home: a city of the list where all of them are; else they are spread over the world's.
    """
    rng = random.Random(f"{seed} people")
    world = Settlement(seed=seed)
    hours = list(accumulate(_BY_HOUR))
    made: list[CheckIn] = []
    only = cities().index(home) if home is not None else None
    for number in range(people):
        city = world.city(rng) if only is None else only
        lat, lon = world.place(city, rng)
        by_the_sun = (bisect(hours, rng.random() * hours[-1], hi=23) + rng.random()) * 3600
        at = (by_the_sun - lon / 360 * DAY_S) % DAY_S
        made.append(CheckIn(f"p{number}", lat, lon, float(DAY_BEGINS + int(at))))
        while rng.random() < _AGAIN:
            at += rng.uniform(*_AGAIN_AFTER_S)
            if at >= DAY_S:
                break
            made.append(CheckIn(f"p{number}", *world.place(city, rng), float(DAY_BEGINS + int(at))))
    made.sort(key=lambda row: row.at)
    return made


def as_lines(rows: list[CheckIn]) -> Iterator[str]:
    """Yield the rows as lines of a check-in file, after its header."""
    yield "user,lat,lon,unix_time\n"
    for row in rows:
        yield f"{row.user},{row.lat:.5f},{row.lon:.5f},{row.at:.0f}\n"


def _settle(city: City, rng: random.Random) -> _Town:
    """Return quarters within the city's area and villages outside of it."""
    radius_km = sqrt(city.population / _PEOPLE_PER_KM2 / pi)
    count = min(max(ceil(city.population / _PEOPLE_PER_QUARTER), 3), _QUARTERS_MAX)
    quarters = []
    for _ in range(count):
        lat, lon = _shifted(city.lat, city.lon, rng.gauss(0, radius_km / 2), rng.gauss(0, radius_km / 2))
        quarters.append(_Quarter(lat, lon, rng.uniform(0.3, 0.9)))
    villages = []
    for _ in range(4 + city.population // _PEOPLE_PER_VILLAGE):
        angle, out_km = rng.uniform(0, 2 * pi), radius_km + rng.uniform(0, _VILLAGES_WITHIN_KM)
        lat, lon = _shifted(city.lat, city.lon, out_km * cos(angle), out_km * sin(angle))
        villages.append(_Quarter(lat, lon, rng.uniform(0.2, 0.6)))
    return _Town(quarters, list(accumulate(rank**_BUSY_BY_RANK for rank in range(1, count + 1))), villages)


def _shifted(lat: float, lon: float, north_km: float, east_km: float) -> tuple[float, float]:
    """Return the place so far north and east, in degrees."""
    to_lat = min(max(lat + north_km / _KM_PER_DEGREE, -89.0), 89.0)
    to_lon = lon + east_km / (_KM_PER_DEGREE * cos(radians(lat)))
    return to_lat, (to_lon + 180) % 360 - 180
