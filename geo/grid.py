"""The cells of one length as a grid of integers: rings and distances counted in cells, without any text.

Knows rows, columns and how they wrap. Must never know metres: a ring is wide at the equator and narrow near
a pole.

Row 0 touches the south pole and column 0 begins at longitude -180. Both counts are powers of two, so
`row >> n` and `column >> n` are the coordinates of a block of 2^n by 2^n cells, and blocks never straddle
the antimeridian. Columns wrap there; rows end at the poles, so a ring that would reach beyond has fewer
cells.
"""

import pygeohash

from geo.cell import MAX_LENGTH, BadCoordinates, Cell, bits

Position = tuple[int, int]
"""(row, column) in the grid of one length."""


class Grid:
    """All cells of one length, from 1 to 12 characters. Two grids of one length are interchangeable."""

    __slots__ = ("columns", "length", "rows")

    def __init__(self, length: int) -> None:
        """Lay the grid. Raises BadCell unless the length is within 1 to 12."""
        lat_bits, lon_bits = bits(length)
        self.length = length
        self.rows = 1 << lat_bits
        self.columns = 1 << lon_bits

    def __repr__(self) -> str:
        return f"Grid({self.length})"

    def position(self, cell: Cell) -> Position:
        """Return the (row, column) at this grid's length that holds the cell's centre, exactly.

        A finer cell gives the cell containing it. A coarser cell's centre is a corner where four cells
        of this grid meet; the tie goes north and east, to the cell whose south-western corner it is.
        """
        lat, lon, _, _ = pygeohash.decode_exactly(cell)
        # Exact, not merely near: edges and centres are multiples of 45 / 2^29 degrees, which doubles hold
        # without rounding, and a quotient that is representable is not rounded either (IEEE 754, 4.3).
        return int((lat + 90.0) / 180.0 * self.rows), int((lon + 180.0) / 360.0 * self.columns)

    def cell(self, row: int, column: int) -> Cell:
        """Return the cell at this row and column.

        Raises:
            BadCoordinates: there is no such row or column; nothing wraps here.
        """
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            raise BadCoordinates(f"{self!r} has {self.rows} rows and {self.columns} columns from 0 on.")
        return Cell.at(*self.center(row, column), self.length)

    def center(self, row: int, column: int) -> tuple[float, float]:
        """Return the (lat, lon) of the centre of the cell at this row and column, in degrees."""
        return (row + 0.5) / self.rows * 180.0 - 90.0, (column + 0.5) / self.columns * 360.0 - 180.0

    def ring(self, row: int, column: int, rings: int) -> list[Position]:
        """Return every position exactly `rings` cells away, each once, from south to north and west to east.

        Away is counted as a chess king walks (Chebyshev), across the antimeridian where that is shorter.
        Ring 0 is the position itself, a ring wider than the world is empty; `rings` is never negative.
        """
        if rings == 0:
            return [(row, column)]
        across = self._columns_across(column, rings)
        sides = self._columns_aside(column, rings)
        south, north = row - rings, row + rings
        found = [(south, c) for c in across] if south >= 0 else []
        if sides:
            between = range(max(south + 1, 0), min(north, self.rows))
            found += [(r, c) for r in between for c in sides]
        if north < self.rows:
            found += [(north, c) for c in across]
        return found

    def _columns_across(self, column: int, rings: int) -> list[int]:
        """Return the columns at most `rings` away, each once."""
        if 2 * rings + 1 >= self.columns:
            return list(range(self.columns))
        return [c % self.columns for c in range(column - rings, column + rings + 1)]

    def _columns_aside(self, column: int, rings: int) -> list[int]:
        """Return the columns exactly `rings` away: two, one on the far side of the world, none beyond it."""
        half = self.columns // 2
        if rings > half:
            return []
        if rings == half:
            return [(column + half) % self.columns]
        return [(column - rings) % self.columns, (column + rings) % self.columns]


GRIDS = {length: Grid(length) for length in range(1, MAX_LENGTH + 1)}
"""The grid of each length, laid once."""

HALVES = {length: (90 / grid.rows, 180 / grid.columns) for length, grid in GRIDS.items()}
"""Half the height and half the width of a cell of each length, in degrees."""


def neighbours(cell: Cell) -> list[Cell]:
    """Return the cells of the same length that touch this one, from south to north and west to east.

    Eight; fewer beside a pole, beyond which there is nothing. Across the antimeridian they go on.
    """
    grid = Grid(len(cell))
    return [grid.cell(row, column) for row, column in grid.ring(*grid.position(cell), 1)]
