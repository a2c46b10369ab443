"""From what a person types for a place (a city, coordinates, a cell) to the cell that is told to a server.

Knows city names and geohash. Never connects to anything: the cutting to a cell happens here, so that a position
never leaves the machine. City data: cities.json and the page's names.txt, GeoNames, CC BY 4.0.
"""

import difflib
import json
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pygeohash

CELL_CHARACTERS = 6  # about 1.2 by 0.6 km, the finest that a server takes unless it is set otherwise
COARSEST_CHARACTERS = 4
OTHERS_MAX = 6
TEXT_MAX_CHARS = 200  # no name with all that may follow it is half as long
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
    region: str = ""  # told only where another place of the list has the same name in the same country

    @property
    def label(self) -> str:
        """The name with as much behind it as tells it from others."""
        return ", ".join(part for part in (self.name, self.region, self.country) if part)


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is: `label` to show them, `cell` to tell a server, `choice` what else their words might mean."""

    label: str
    cell: str
    choice: str = ""


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
        found, *others = find_cities(city)
        return Place(found.label, cell_of(found.lat, found.lon, characters), choice(found, others))
    if near is not None:
        lat, lon = parse_coordinates(near)
        return Place(f"{lat:g}, {lon:g}", cell_of(lat, lon, characters))
    parsed = parse_cell(cell or "")[:characters]
    return Place(f"cell {parsed}", parsed)


def find_cities(text: str) -> list[City]:
    """Return the cities of that name, their own or one in another language, the biggest first, at least one.

    Args:
        text: with or without accents and capitals, in any language that the page knows the city's name in; country,
            region or both may follow: "Springfield, Illinois, US", "London, UK". As the page writes it, too:
            "Florencia (Florence), Italy".

    Raises:
        PlaceUnknown: with the nearest names there are.
    """
    if len(text) > TEXT_MAX_CHARS:
        raise PlaceUnknown(_suggestion(f"{text[:20].strip()} …", [], ""))
    parts = text.split(",")
    elsewhere: list[City] = []
    for name, further in _readings(parts):
        candidates = _called(name)
        if found := [city for city in candidates if further <= _whereabouts(city)]:
            return found
        elsewhere = elsewhere or candidates
    raise PlaceUnknown(_suggestion(text.strip(), elsewhere, _folded(",".join(parts[:-1]) or text)))


def _readings(parts: list[str]) -> Iterator[tuple[str, set[str]]]:
    """Yield what may be the name, and what follows it, both folded.

    A few names of the list have commas of their own: each of so many may end the name, the last first.
    """
    for end in range(min(len(parts), _most_commas() + 1), 0, -1):
        name = ",".join(parts[:end])
        further = {_folded(part) for part in parts[end:]} - {""}
        yield _folded(name), further
        if inner := re.search(r"\(([^()]+)\)\s*$", name):
            yield _folded(inner[1]), further


def _whereabouts(city: City) -> set[str]:
    """Return what may follow a city's name, folded."""
    return {_folded(part) for part in (city.region, city.country, *_file()["countries"].get(city.country, []))}


@cache
def _most_commas() -> int:
    """Return how many commas a name of the list has at most."""
    return max(city.name.count(",") for city in cities())


def choice(taken: City, others: list[City]) -> str:
    """Return which city was taken where the name fits others too, "" where it is the only one."""
    if not others:
        return ""
    count = len(others) + 1
    labels = sorted({city.label for city in others} - {taken.label})
    if not labels:
        return f"{taken.label} (biggest of {count}; coordinates find the others)"
    is_each_named = len(labels) == len(others)
    shown = labels if len(labels) <= OTHERS_MAX else [*labels[:OTHERS_MAX], "…"]
    return (
        f"{taken.label} ({'1' if is_each_named else 'biggest'} of {count}; "
        f"{'other' if len(others) == 1 else 'others'}: {'; '.join(shown)})"
    )


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


def _called(name: str) -> list[City]:
    """Return the cities of a folded name, the biggest first: a town of that name hides no city that others call so."""
    both = dict.fromkeys([*_by_name().get(name, []), *_by_other_name().get(name, [])])
    return sorted(both, key=lambda city: -city.population)


def homonyms() -> list[list[str]]:
    """Return for each city those of its names in other languages that are another city's own name, each once.

    Of the spellings the plainest: the source has Floréncia and Florència for what Florencia is written as.
    """
    own = _by_name()
    shared = []
    for city, names in zip(cities(), _other_names(), strict=True):
        spellings: dict[str, list[str]] = {}
        for name in names:
            spellings.setdefault(_folded(name), []).append(name)
        spellings.pop(_folded(city.name), None)
        both = {
            name: [*spelled, *(other.name for other in own[name])] for name, spelled in spellings.items() if name in own
        }
        shared.append([min(all_spelled, key=_accents) for name, all_spelled in both.items() if city not in own[name]])
    return shared


def _accents(name: str) -> int:
    """Return how many letters are more than ASCII."""
    return sum(letter > "\x7f" for letter in name)


@cache
def _other_names() -> list[list[str]]:
    lines = (Path(__file__).with_name("page") / "names.txt").read_text(encoding="utf-8").splitlines()
    return [list(filter(None, line.split("|"))) for line in lines]


@cache
def _by_other_name() -> dict[str, list[City]]:
    """Return the cities by their names in other languages and scripts, the biggest first."""
    found: dict[str, list[City]] = {}
    for city, names in zip(cities(), _other_names(), strict=True):
        for name in dict.fromkeys(map(_folded, names)):
            found.setdefault(name, []).append(city)
    return found


def _folded(text: str) -> str:
    """Return a name without what people leave out when they type: accents, capitals, punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in letters.replace("'", "").replace("’", "")).split())


def _suggestion(text: str, elsewhere: list[City], folded: str) -> str:
    if elsewhere:
        others = sorted({city.label for city in elsewhere})
        return f"There is no {text!r} in the list. Did you mean {_either(others)}?"
    near = difflib.get_close_matches(folded, _by_name(), n=3, cutoff=0.7)
    if near:
        names = [_by_name()[name][0].label for name in near]
        return f"There is no {text!r} in the list. Did you mean {_either(names)}?"
    return (
        f"There is no {text!r} in the list, which holds cities of 100,000 people and more. "
        "Coordinates do everywhere: --near 40.75,-73.99."
    )


def _either(names: list[str]) -> str:
    *first, last = (f'"{name}"' for name in names)
    return f"{', '.join(first)} or {last}" if first else last
