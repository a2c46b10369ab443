"""People who never were: as many as asked for, where and when people are, and always the same."""

import random
from collections import Counter
from statistics import median

import pytest

from bench.population import DAY_BEGINS, DAY_S, Settlement, as_lines, check_ins
from client_demo.checkins import CheckIn, read_lines
from client_demo.places import cities, find_cities
from geo import distance_m

PEOPLE = 4_000


@pytest.fixture(scope="module")
def rows() -> list[CheckIn]:
    return check_ins(PEOPLE, seed=1)


def test_as_many_people_check_in_as_were_asked_for_some_of_them_again(rows: list[CheckIn]) -> None:
    times = Counter(row.user for row in rows)
    assert len(times) == PEOPLE
    assert 1.2 < len(rows) / PEOPLE < 1.8


def test_all_of_it_is_one_day_in_order(rows: list[CheckIn]) -> None:
    assert all(DAY_BEGINS <= row.at < DAY_BEGINS + DAY_S for row in rows)
    assert [row.at for row in rows] == sorted(row.at for row in rows)


def test_the_same_seed_makes_the_same_people_and_another_one_others(rows: list[CheckIn]) -> None:
    assert check_ins(PEOPLE, seed=1) == rows
    assert check_ins(PEOPLE, seed=2) != rows


def test_what_is_written_reads_back_the_same(rows: list[CheckIn]) -> None:
    reading = read_lines(as_lines(rows))
    assert (reading.rows, reading.rows_bad) == (rows, 0)


def test_people_are_awake_by_the_sun_of_their_place(rows: list[CheckIn]) -> None:
    by_the_sun = Counter(int(((row.at - DAY_BEGINS) / 3600 + row.lon / 15) % 24) for row in rows)
    night, evening = (sum(by_the_sun[hour] for hour in hours) for hours in (range(2, 6), range(17, 21)))
    assert evening > 5 * night > 0
    east = [row for row in rows if 100 < row.lon < 130]
    by_utc = Counter(int((row.at - DAY_BEGINS) / 3600) for row in east)
    assert sum(by_utc[hour] for hour in range(18, 22)) < sum(by_utc[hour] for hour in range(9, 13)) / 3


def test_people_of_one_city_are_all_in_and_around_it() -> None:
    [home, *_] = find_cities("Tokyo")
    rows = check_ins(500, seed=1, home=home)
    assert len({row.user for row in rows}) == 500
    assert max(distance_m((home.lat, home.lon), (row.lat, row.lon)) for row in rows) < 150_000


def test_a_city_has_people_in_proportion_to_its_inhabitants() -> None:
    settlement, rng = Settlement(seed=1), random.Random(5)
    drawn = Counter(settlement.city(rng) for _ in range(50_000))
    everybody = sum(city.population for city in cities())
    for number in range(3):
        assert drawn[number] / 50_000 == pytest.approx(cities()[number].population / everybody, rel=0.2)
    assert max(drawn) > len(cities()) * 0.9


def test_people_live_in_quarters_within_the_city_and_in_villages_around() -> None:
    settlement, rng = Settlement(seed=1), random.Random(5)
    number = next(i for i, city in enumerate(cities()) if 900_000 < city.population < 1_000_000)
    city = cities()[number]
    out_m = sorted(distance_m((city.lat, city.lon), settlement.place(number, rng)) for _ in range(2_000))
    assert 1_000 < median(out_m) < 10_000
    beyond = sum(apart > 20_000 for apart in out_m) / len(out_m)
    assert 0.02 < beyond < 0.15
    assert out_m[-1] < 60_000


def test_many_have_somebody_around_the_corner() -> None:
    """The crowd of a city is no even gas: quarters are busy, others are not."""
    settlement, rng = Settlement(seed=1), random.Random(5)
    places = [settlement.place(0, rng) for _ in range(300)]
    near = [sum(distance_m(a, b) < 1_000 for b in places) - 1 for a in places]
    assert max(near) > 10
    assert min(near) == 0


def test_places_stay_on_the_globe() -> None:
    settlement, rng = Settlement(seed=1), random.Random(5)
    edge = sorted(range(len(cities())), key=lambda number: -abs(cities()[number].lon))[:5]
    edge += sorted(range(len(cities())), key=lambda number: -abs(cities()[number].lat))[:5]
    places = [settlement.place(number, rng) for number in edge for _ in range(200)]
    assert all(-90 <= lat <= 90 and -180 <= lon <= 180 for lat, lon in places)
