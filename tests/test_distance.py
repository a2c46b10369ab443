"""Great-circle distances between points and between cells' centres."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo import ALPHABET, EARTH_RADIUS_M, Cell, Point, cell_distance_m, distance_m, neighbours

points = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
cells = st.text(alphabet=ALPHABET, min_size=1, max_size=12).map(Cell)
HALF_ROUND_M = math.pi * EARTH_RADIUS_M


@pytest.mark.parametrize(
    ("a", "b", "published_m", "published_radius_m"),
    [
        # The example of Redis' GEODIST, Palermo to Catania, with the radius in its source.
        ((38.115556, 13.361389), (37.502669, 15.087269), 166_274.1516, 6_372_797.560856),
        # Rosetta Code, "Haversine formula": Nashville to Los Angeles airports.
        ((36.12, -86.67), (33.94, -118.40), 2_887_259.95, 6_372_800.0),
    ],
)
def test_published_distances_come_out_as_published(
    a: Point, b: Point, published_m: float, published_radius_m: float
) -> None:
    scale = EARTH_RADIUS_M / published_radius_m
    assert distance_m(a, b) == pytest.approx(published_m * scale, rel=1e-5)


def test_a_degree_of_latitude_is_111_195_metres() -> None:
    assert distance_m((50.0, 8.0), (51.0, 8.0)) == pytest.approx(111_195.08, abs=0.01)


@given(points, points)
def test_distance_is_symmetric_and_at_most_half_round_the_earth(a: Point, b: Point) -> None:
    assert distance_m(a, b) == pytest.approx(distance_m(b, a), rel=1e-12)
    assert 0 <= distance_m(a, b) <= HALF_ROUND_M * (1 + 1e-12)


@given(points)
def test_a_point_is_no_distance_from_itself(point: Point) -> None:
    assert distance_m(point, point) == 0


@given(points, points, points)
def test_no_detour_is_shorter(a: Point, b: Point, c: Point) -> None:
    assert distance_m(a, c) <= distance_m(a, b) + distance_m(b, c) + 1


@given(points)
def test_the_opposite_point_is_half_round_the_earth_away(point: Point) -> None:
    lat, lon = point
    opposite = (-lat, lon - 180 if lon > 0 else lon + 180)
    assert distance_m(point, opposite) == pytest.approx(HALF_ROUND_M, abs=1)


def test_the_way_across_the_antimeridian_is_short() -> None:
    assert distance_m((0.0, 179.9), (0.0, -179.9)) == pytest.approx(distance_m((0.0, 0.0), (0.0, 0.2)))
    assert distance_m((40.0, 180.0), (40.0, -180.0)) == pytest.approx(0, abs=1e-6)


@given(st.floats(-180, 180), st.floats(-180, 180))
def test_all_longitudes_meet_at_a_pole(lon_a: float, lon_b: float) -> None:
    for pole in (90.0, -90.0):
        assert distance_m((pole, lon_a), (pole, lon_b)) == pytest.approx(0, abs=1e-6)


def test_the_way_over_a_pole_is_short() -> None:
    assert distance_m((89.0, 0.0), (89.0, 180.0)) == pytest.approx(distance_m((0.0, 0.0), (2.0, 0.0)))


def test_near_points_are_told_apart_to_the_millimetre() -> None:
    one_mm = math.degrees(0.001 / EARTH_RADIUS_M)
    assert distance_m((50.0, 8.0), (50.0 + one_mm, 8.0)) == pytest.approx(0.001, rel=1e-3)


@given(cells, cells)
@example(Cell("8e"), Cell("ks"))  # opposite cells: rounding puts their chord above the diameter
def test_cells_are_as_far_apart_as_their_centres(a: Cell, b: Cell) -> None:
    assert cell_distance_m(a, b) == pytest.approx(distance_m(a.center, b.center), rel=1e-7, abs=1e-6)
    assert cell_distance_m(a, b) == cell_distance_m(b, a)


@given(cells)
def test_a_cell_is_no_distance_from_itself(cell: Cell) -> None:
    assert cell_distance_m(cell, cell) == 0


@given(cells)
def test_neighbours_are_nearer_than_three_diagonals(cell: Cell) -> None:
    widest = max(each.diagonal_m for each in [cell, *neighbours(cell)])
    assert all(cell_distance_m(cell, each) <= 3 * widest for each in neighbours(cell))
