"""The measurements of scale, on small numbers: each comes to an end and finds what is there to be found."""

import random

import pytest
from click.testing import CliRunner

from bench import growth
from bench.growth import measure_looks, measure_reform, measure_seating, packed_cells, percentile
from bench.scale import main, table
from geo import Cell, distance_m


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "CHURNED", 30)
    monkeypatch.setattr(growth, "LONELY", 40)


@pytest.mark.parametrize("land", growth.LANDS)
def test_seating_has_a_price_in_every_land(land: str) -> None:
    found = measure_seating(land, packed_cells(land, 200, 1), 200, 1)
    assert found.people == 200
    assert 200 / 12 <= found.rooms <= 200
    assert 0 < found.enter_us <= found.enter_p99_us
    assert min(found.fill_us, found.leave_us) > 0


def test_people_of_one_city_share_rooms_and_people_of_the_world_are_scattered() -> None:
    rooms = {land: measure_seating(land, packed_cells(land, 300, 1), 300, 1).rooms for land in growth.LANDS}
    assert rooms["the world"] > 2 * rooms["one city"]


@pytest.mark.parametrize("land", growth.LOOKED_FROM)
def test_people_alone_go_on_looking(land: str) -> None:
    found = measure_looks(land, 200, 1)
    assert found.looks >= 20
    assert 0 < found.look_us <= 10 * found.look_p99_us


def test_those_beside_a_city_are_out_of_everybodys_reach() -> None:
    city = growth.cells_of_city(random.Random(1), 300)
    lonely = [person.cell for person in growth.beside_a_city(city)]
    cells: list[Cell] = [*city, *lonely]
    for cell in lonely:
        assert min(distance_m(cell.center, other.center) for other in cells if other is not cell) > 15_000


def test_a_window_that_ends_seats_all_of_the_region_anew() -> None:
    found = measure_reform(250, 1)
    assert found.people == 250
    assert found.ticks >= 1
    assert 0 < found.longest_ms <= found.total_s * 1000 + 1


def test_the_table_shows_all_of_it() -> None:
    seats = [measure_seating("one city", packed_cells("one city", 100, 1), 100, 1)]
    text = table(seats, [measure_looks("empty, up to 15 km", 100, 1)], measure_reform(100, 1))
    assert "one city" in text
    assert "alone, empty, up to 15 km" in text
    assert "Re-forming a region of 100" in text


def test_the_percentile_is_a_value_of_the_list() -> None:
    assert percentile([3, 1, 2], 0.99) == 3
    assert percentile(range(1, 101), 0.99) == 99


@pytest.mark.parametrize("people", ["ten", "5", "10000,9000000", ""])
def test_numbers_out_of_bounds_are_refused(people: str) -> None:
    result = CliRunner().invoke(main, ["--people", people])
    assert result.exit_code == 2
    assert "for example 10000,100000" in result.stderr


def test_help_ends_with_examples() -> None:
    assert "  python -m bench.scale" in CliRunner().invoke(main, ["--help"]).output.partition("Examples:")[2]
