"""Cells and distances: where people are, as coarsely as they chose to say it.

Pure and synchronous. Knows nothing of rooms, servers or people; imports nothing else of this project.
"""

from geo.cell import ALPHABET, EARTH_RADIUS_M, MAX_LENGTH, BadCell, BadCoordinates, Cell, GeoError
from geo.distance import Point, between_m, cell_distance_m, distance_m
from geo.grid import GRIDS, HALVES, Grid, Position, neighbours
from geo.ground import Figures, Measured, measured

__all__ = [
    "ALPHABET",
    "EARTH_RADIUS_M",
    "GRIDS",
    "HALVES",
    "MAX_LENGTH",
    "BadCell",
    "BadCoordinates",
    "Cell",
    "Figures",
    "GeoError",
    "Grid",
    "Measured",
    "Point",
    "Position",
    "between_m",
    "cell_distance_m",
    "distance_m",
    "measured",
    "neighbours",
]
