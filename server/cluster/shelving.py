"""Where rooms stand in the directory, and where somebody looks for them: keys, pure.

A room stands on its cell's shelf, and while it wants company on its region's too, the cell of its first four
characters. Whoever looks reads the shelves of their own cell, of the cells that contain it, of those around it, and
of the regions within reach, nearest first and never more than `SHELVES_MAX`: rooms beyond are for a later look.
"""

import msgspec

from geo import Cell, Grid, cell_distance_m, neighbours
from rooms.shelves import Fill
from rooms.windows import REGION_LENGTH, region_of

SHELVES_MAX = 32
"""Shelves read in one look: a cell and its kin are eleven, and a reach of 15 km touches about nine regions."""

RINGS = 2
"""Rings of regions looked at: forty kilometres or so. Who reaches farther finds those rooms by their own regions."""


class RoomCard(msgspec.Struct, array_like=True, frozen=True):
    """What others may know of a room: never who sits in it.

    Attributes:
        node: its host's incarnation.
        company: how many keep company there.
        fill: how full it was when its class last changed; rooms without a free seat have no card.
        closes: when it ends, Unix seconds.
    """

    room: str
    node: str
    cell: str
    company: int
    fill: Fill
    closes: float


_encode = msgspec.msgpack.Encoder(enc_hook=str).encode
"""A cell is text of its own kind."""

_decode = msgspec.msgpack.Decoder(RoomCard, dec_hook=lambda kind, text: kind(text)).decode


def pack(card: RoomCard) -> bytes:
    """Return the card as it stands on a shelf."""
    return _encode(card)


def unpack(value: bytes) -> RoomCard | None:
    """Return the card, or None for what is none: another version's."""
    try:
        return _decode(value)
    except ValueError:
        return None


def field_of(room: str, node: str) -> str:
    """Return a room's name on its shelves: with the host, so that what a dead one left never hides its successor's."""
    return f"{room}@{node}"


def key_of(shelf: str) -> str:
    """Return the key of a shelf in Redis."""
    return f"ha:rooms:{{{shelf}}}"


def shelves_of(card: RoomCard) -> tuple[str, ...]:
    """Return where this room stands."""
    cell = Cell(card.cell)
    region = region_of(cell)
    return (cell, region) if card.fill is not Fill.ROOMY and region != cell else (cell,)


def shelves_for(cell: Cell, *, reach_m: float) -> list[str]:
    """Return the shelves to look at from a cell, nearest first."""
    around = [cell, *(cell.parent(length) for length in range(len(cell) - 1, REGION_LENGTH - 1, -1)), *neighbours(cell)]
    found = dict.fromkeys(str(each) for each in around)
    for region in _regions_within(cell, reach_m):
        if len(found) >= SHELVES_MAX:
            break
        found[region] = None
    return list(found)


def _regions_within(cell: Cell, reach_m: float) -> list[str]:
    """Return the regions that may hold a cell within reach, nearest first, those of the rings that were looked at."""
    home = region_of(cell)
    grid = Grid(len(home))
    row, column = grid.position(home)
    near: list[tuple[float, str]] = []
    for ring in range(RINGS + 1):
        for place in grid.ring(row, column, ring):
            region = grid.cell(*place)
            # Anything in it is at most half its diagonal nearer than its centre; so is where somebody is in their cell.
            far_m = max(0.0, cell_distance_m(cell, region) - (region.diagonal_m + cell.diagonal_m) / 2)
            if far_m <= reach_m:
                near.append((far_m, str(region)))
    return [region for _, region in sorted(near)]
