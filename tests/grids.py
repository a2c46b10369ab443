"""How far apart two positions of a grid are, found by other means than the grid's own rings."""

from geo.grid import Grid, Position


def rings_between(grid: Grid, a: Position, b: Position) -> int:
    """Return how many rings lie from one position to the other: 0 for the same, 1 for neighbours."""
    aside = abs(a[1] - b[1])
    return max(abs(a[0] - b[0]), min(aside, grid.columns - aside))
