"""Cells: validated geohash text, with its centre, size and kinship.

Knows what a geohash is and how large one is on the ground. Must never know who stands in a cell, nor which
length the server accepts: every length from 1 to 12 is a cell here.

Along latitude and along longitude a cell is half open: its southern and western edges belong to it, its
northern and eastern ones to the neighbour. The north pole, which has no northern neighbour, belongs to the
northernmost row, and longitude 180 is the same meridian as -180.
"""

import math
import re
from typing import Self

import pygeohash

ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
MAX_LENGTH = 12

EARTH_RADIUS_M = 6_371_008.8
"""The Earth's mean radius R1 = (2a + b) / 3 in metres (IUGG; Moritz, Geodetic Reference System 1980)."""

_VALID = re.compile(f"[{ALPHABET}]{{1,{MAX_LENGTH}}}")
_METRES_PER_DEGREE = math.radians(EARTH_RADIUS_M)


class GeoError(ValueError):
    """Anything geo refuses; the message says what to give instead."""


class BadCell(GeoError):
    """The text is no geohash of 1 to 12 characters, or a length asked for cannot be had."""


class BadCoordinates(GeoError):
    """A latitude, longitude, row or column lies outside the world."""


def bits(length: int) -> tuple[int, int]:
    """Return how many bits of a geohash of this length say the latitude, and how many the longitude.

    Raises:
        BadCell: the length is not within 1 to 12.
    """
    if not 1 <= length <= MAX_LENGTH:
        raise BadCell(f"A cell has 1 to {MAX_LENGTH} characters, not {length}.")
    # Bits alternate and longitude comes first, so it has the odd one (Niemeyer, geohash.org).
    return 5 * length // 2, (5 * length + 1) // 2


class Cell(str):
    """A geohash that is lower-case and valid, by construction; equal to the plain text of itself."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Return the cell this text names, upper or lower case.

        Raises:
            BadCell: see the message.
        """
        # ASCII before lower(): lower-casing would turn the Kelvin sign into a valid k.
        lowered = text.lower() if text.isascii() else text
        if not _VALID.fullmatch(lowered):
            raise BadCell(_complaint(lowered))
        return cls._known(lowered)

    @classmethod
    def _known(cls, text: str) -> Self:
        """Return the cell of a text that is valid already: part of a cell, or made by the encoder."""
        return str.__new__(cls, text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cell this text names, upper or lower case. Raises BadCell."""
        return cls(text)

    @classmethod
    def at(cls, lat: float, lon: float, length: int) -> Self:
        """Return the cell of `length` characters that holds this point.

        Args:
            lat: degrees, -90 to 90 inclusive.
            lon: degrees, -180 to 180 inclusive; both ends are the same meridian and give the same cell.

        Raises:
            BadCoordinates: out of range, infinite or not a number.
            BadCell: the length is not within 1 to 12.
        """
        bits(length)
        # Comparisons are false for NaN, so this refuses it too.
        if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
            raise BadCoordinates("Give a latitude within -90 to 90 and a longitude within -180 to 180 degrees.")
        return cls._known(pygeohash.encode(float(lat), -180.0 if lon == 180.0 else float(lon), length))

    # str.center pads text; nobody pads a cell, and its centre is the word every caller looks for.
    @property
    def center(self) -> tuple[float, float]:  # type: ignore[override]
        """The (lat, lon) of the cell's centre in degrees, exact."""
        exact = pygeohash.decode_exactly(self)
        return exact[0], exact[1]

    @property
    def size_m(self) -> tuple[float, float]:
        """The (height, width) in metres on the mean sphere, the width along the centre's parallel."""
        lat_bits, lon_bits = bits(len(self))
        height, width = 180.0 / (1 << lat_bits), 360.0 / (1 << lon_bits)
        return height * _METRES_PER_DEGREE, width * _METRES_PER_DEGREE * math.cos(math.radians(self.center[0]))

    @property
    def diagonal_m(self) -> float:
        """A length in metres that no two points of the cell exceed, and opposite corners nearly reach.

        Opposite corners are nearer than on a flat map, as cos a cos b <= cos²((a + b) / 2); the edge nearest
        the equator, where a cell is widest, is shorter than the diagonal for cells of every length.
        """
        return math.hypot(*self.size_m)

    def parent(self, length: int | None = None) -> "Cell":
        """Return the cell of `length` characters (one fewer, if not given) that contains this one.

        Raises:
            BadCell: the length is below 1 or above this cell's own.
        """
        wanted = len(self) - 1 if length is None else length
        if not 1 <= wanted <= len(self):
            raise BadCell(f"A cell of {len(self)} characters has parents of 1 to {len(self)}, not {wanted}.")
        return Cell._known(self[:wanted])

    def contains(self, other: "Cell") -> bool:
        """Tell whether all of `other` lies in this cell; a cell contains itself."""
        return other.startswith(self)

    def matches(self, other: "Cell") -> bool:
        """Tell whether one of the two contains the other."""
        return other.startswith(self) or self.startswith(other)


def _complaint(text: str) -> str:
    """Return the sentence that says why this text is no cell and what would be one."""
    strange = next((char for char in text if char not in ALPHABET), None)
    if strange is not None:
        fault = f"{strange!a} is not in a geohash's alphabet, {ALPHABET}"
    else:
        fault = f"this text has {len(text)} characters, a geohash 1 to {MAX_LENGTH}"
    return f"Give a geohash such as dr5ru, no latitude or longitude: {fault}."
