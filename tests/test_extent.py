"""How far a room's members are apart, by their cells."""

import random

from hypothesis import given
from hypothesis import strategies as st

from geo import Cell, Grid, cell_distance_m, distance_m
from rooms.extent import Extent, amid, apart_m
from tests.worlds import HOME, beside

cells = st.builds(
    Cell.at,
    st.one_of(st.floats(-90, 90), st.floats(40, 40.3), st.floats(89, 90)),
    st.one_of(st.floats(-180, 180), st.floats(-74, -73.7), st.floats(179.8, 180)),
    st.integers(4, 6),
)


def extent_of(*members: Cell) -> Extent:
    extent = Extent(members[0] if members else HOME)
    for cell in members:
        extent.add(cell)
    return extent


def points_of(cell: Cell, rng: random.Random) -> list[tuple[float, float]]:
    """Return the corners of the cell and a few points in it."""
    grid = Grid(len(cell))
    (lat, lon), half_height, half_width = cell.center, 90 / grid.rows, 180 / grid.columns
    corners = [(lat + up * half_height, lon + aside * half_width) for up in (-1, 1) for aside in (-1, 1)]
    inside = [
        (lat + rng.uniform(-half_height, half_height), lon + rng.uniform(-half_width, half_width)) for _ in range(4)
    ]
    return corners + inside


@given(st.lists(cells, min_size=1, max_size=5), st.integers())
def test_no_two_points_of_the_cells_are_farther_apart_than_told(members: list[Cell], seed: int) -> None:
    rng = random.Random(seed)
    within_m = extent_of(*members).within_m
    points = [point for cell in members for point in points_of(cell, rng)]
    assert all(distance_m(a, b) <= within_m + 1 for a in points for b in points)
    assert within_m % 100 == 0


@given(st.lists(cells, min_size=1, max_size=8), st.data())
def test_figures_depend_on_who_is_there_and_not_on_who_came_and_went(members: list[Cell], data: st.DataObject) -> None:
    stay = data.draw(st.lists(st.booleans(), min_size=len(members), max_size=len(members)))
    asked = data.draw(st.booleans())
    walked = Extent(HOME)
    for cell in members:
        walked.add(cell)
    for cell, stays in zip(members, stay, strict=True):
        if not stays:
            walked.remove(cell)
            if asked:
                assert walked.within_m >= 0
    fresh = Extent(HOME)
    for cell, stays in reversed(list(zip(members, stay, strict=True))):
        if stays:
            fresh.add(cell)
    assert walked.within_m == fresh.within_m
    assert walked.radius_m == fresh.radius_m


def test_radius_is_counted_from_the_founding_cell_even_when_nobody_is_left_there() -> None:
    far = beside(HOME, east=10)
    extent = extent_of(HOME, far)
    extent.remove(HOME)
    assert extent.radius_m == apart_m(HOME, far) > 9000
    assert extent.within_m < 1500


def test_a_cell_that_contains_the_other_is_not_apart_from_it() -> None:
    assert apart_m(HOME, HOME.parent(4)) == apart_m(HOME.parent(5), HOME) == 0.0
    assert extent_of(HOME.parent(4), HOME).radius_m == 0.0


def test_an_empty_room_extends_nowhere() -> None:
    assert (extent_of().within_m, extent_of().radius_m) == (0, 0.0)


@given(st.lists(cells, min_size=1, max_size=8))
def test_amid_is_the_cell_with_the_shortest_way_to_all(members: list[Cell]) -> None:
    ways = {cell: sum(cell_distance_m(cell, other) for other in members) for cell in members}
    assert amid(members) == min(sorted(ways), key=ways.__getitem__)
