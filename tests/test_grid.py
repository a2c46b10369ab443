"""The grid of cells: exact positions, rings that wrap at the antimeridian and end at the poles."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geo import ALPHABET, BadCell, BadCoordinates, Cell, Grid, Position
from tests.grids import rings_between

cells = st.text(alphabet=ALPHABET, min_size=1, max_size=12).map(Cell)
lengths = st.integers(min_value=1, max_value=12)
small_lengths = st.sampled_from([1, 2])


@st.composite
def grids_with_positions(draw: st.DrawFn, count: int = 1, length: st.SearchStrategy[int] = lengths) -> Any:
    grid = Grid(draw(length))
    row = st.integers(min_value=0, max_value=grid.rows - 1)
    column = st.integers(min_value=0, max_value=grid.columns - 1)
    return grid, *(draw(st.tuples(row, column)) for _ in range(count))


def deinterleaved(cell: Cell) -> Position:
    """Return (row, column) from the definition: five bits per character, longitude first, alternating."""
    bits = "".join(f"{ALPHABET.index(char):05b}" for char in cell)
    return int(bits[1::2] or "0", 2), int(bits[0::2], 2)


@given(cells)
def test_position_is_the_cell_s_bits_taken_apart(cell: Cell) -> None:
    assert Grid(len(cell)).position(cell) == deinterleaved(cell)


@given(grids_with_positions())
def test_every_position_has_one_cell_which_gives_it_back(drawn: Any) -> None:
    grid, position = drawn
    cell = grid.cell(*position)
    assert len(cell) == grid.length
    assert grid.position(cell) == position


@given(grids_with_positions())
def test_the_centre_of_a_position_is_its_cell_s_centre_exactly(drawn: Any) -> None:
    grid, position = drawn
    assert grid.center(*position) == grid.cell(*position).center


@pytest.mark.parametrize(
    ("length", "rows", "columns"), [(1, 4, 8), (2, 32, 32), (5, 4096, 8192), (6, 32768, 32768), (12, 2**30, 2**30)]
)
def test_a_grid_has_as_many_rows_and_columns_as_its_bits_allow(length: int, rows: int, columns: int) -> None:
    grid = Grid(length)
    assert (grid.rows, grid.columns) == (rows, columns)
    assert grid.position(Cell("0" * length)) == (0, 0)
    assert grid.position(Cell("z" * length)) == (rows - 1, columns - 1)


@given(cells, lengths)
def test_a_finer_cell_has_the_position_of_the_cell_containing_it(cell: Cell, length: int) -> None:
    assume(length <= len(cell))
    assert Grid(length).position(cell) == deinterleaved(cell.parent(length))


@given(cells, lengths)
def test_a_coarser_cell_has_the_position_north_east_of_its_centre(cell: Cell, length: int) -> None:
    assume(length > len(cell))
    grid = Grid(length)
    row, column = grid.position(cell)
    inside = {grid.cell(r, c) for r in (row - 1, row) for c in (column - 1, column)}
    assert all(cell.contains(each) for each in inside)
    coarse_row, coarse_column = deinterleaved(cell)
    rows_each, columns_each = grid.rows // Grid(len(cell)).rows, grid.columns // Grid(len(cell)).columns
    assert row == coarse_row * rows_each + rows_each // 2
    assert column == coarse_column * columns_each + columns_each // 2


@given(cells.filter(lambda cell: len(cell) % 2 == 0))
def test_coarser_blocks_are_positions_shifted(cell: Cell) -> None:
    for length in range(2, len(cell), 2):
        row, column = Grid(len(cell)).position(cell)
        shift = 5 * (len(cell) - length) // 2
        assert Grid(length).position(cell) == (row >> shift, column >> shift)


@given(grids_with_positions(length=small_lengths), st.integers(0, 40))
def test_a_ring_is_exactly_the_positions_at_its_distance(drawn: Any, rings: int) -> None:
    grid, center = drawn
    everywhere = [(row, column) for row in range(grid.rows) for column in range(grid.columns)]
    found = grid.ring(*center, rings)
    assert sorted(found) == [each for each in everywhere if rings_between(grid, center, each) == rings]
    assert len(set(found)) == len(found)


@given(grids_with_positions(length=small_lengths))
def test_rings_are_disjoint_and_together_the_world(drawn: Any) -> None:
    grid, center = drawn
    found = [position for rings in range(grid.rows + grid.columns) for position in grid.ring(*center, rings)]
    assert len(found) == len(set(found)) == grid.rows * grid.columns


@given(grids_with_positions(length=st.integers(5, 12)), st.integers(1, 12))
def test_a_ring_away_from_the_poles_has_eight_cells_per_ring(drawn: Any, rings: int) -> None:
    grid, (row, column) = drawn
    assume(rings <= row < grid.rows - rings)
    assert len(grid.ring(row, column, rings)) == 8 * rings


def test_a_ring_stops_at_a_pole() -> None:
    grid = Grid(6)
    assert len(grid.ring(0, 5, 1)) == len(grid.ring(grid.rows - 1, 5, 1)) == 5
    assert len(grid.ring(0, 5, 3)) == 7 + 2 * 3
    assert len(grid.ring(1, 5, 3)) == 7 + 2 * 4


def test_a_ring_goes_on_across_the_antimeridian() -> None:
    grid = Grid(6)
    last = grid.columns - 1
    assert grid.ring(100, 0, 1) == [
        (99, last), (99, 0), (99, 1), (100, last), (100, 1), (101, last), (101, 0), (101, 1),
    ]  # fmt: skip


@given(grids_with_positions(), st.integers(0, 5))
def test_every_cell_of_a_ring_exists_and_lies_at_its_distance(drawn: Any, rings: int) -> None:
    grid, center = drawn
    for position in grid.ring(*center, rings):
        assert rings_between(grid, center, position) == rings
        assert len(grid.cell(*position)) == grid.length


def test_ring_zero_is_the_position_itself() -> None:
    assert Grid(6).ring(7, 9, 0) == [(7, 9)]


@pytest.mark.parametrize(("row", "column"), [(-1, 0), (0, -1), (32768, 0), (0, 32768)])
def test_a_position_outside_the_grid_has_no_cell(row: int, column: int) -> None:
    with pytest.raises(BadCoordinates, match="32768 rows and 32768 columns"):
        Grid(6).cell(row, column)


@pytest.mark.parametrize("length", [0, 13])
def test_a_grid_of_a_length_no_cell_has_is_refused(length: int) -> None:
    with pytest.raises(BadCell, match="1 to 12"):
        Grid(length)
