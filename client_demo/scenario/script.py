"""A scenario's file: populations and what they do, checked to the last key.

Knows TOML, names and ranges. Never knows a server. What is wrong is said with its line, its key and the nearest right
name. docs/SCENARIOS.md says what each key means.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygeohash

from client_demo.crowd.characters import ASKING, CHATTY, LEAVING, SHY, Character
from client_demo.places import PlaceUnknown, find_cities, parse_cell, parse_coordinates

EXAMPLES = Path(__file__).with_name("examples")
"""What ships: `--scenario evening` is EXAMPLES/evening.toml."""

CHARACTERS: dict[str, Character | None] = {
    "mixed": None, CHATTY.name: CHATTY, SHY.name: SHY, ASKING.name: ASKING, LEAVING.name: LEAVING,
}  # fmt: skip

DOINGS = (
    "say", "advert", "next", "shake", "throw", "pick", "answer", "keep", "contact", "extend", "mute", "block",
    "report", "eject", "away",
)  # fmt: skip
"""What somebody may do so many times an hour."""
ON_ADVERT = ("mute", "block", "report", "eject", "next")
"""What somebody may do about an advert they read, each with a chance."""

KEYS = (
    "name", "count", "city", "near", "cell", "spread_m", "arrive_s", "stay_s", "again_s", "character", "topics",
    "visiting", "replies", "adverts", "doings", "on_advert",
)  # fmt: skip
"""Of a population, in the order of docs/SCENARIOS.md."""

PEOPLE_MAX = 200_000
ADVERTS_MAX, TOPICS_MAX = 100, 100
TEXT_MAX_CHARS, NAME_MAX_CHARS, TOPIC_MAX_CHARS = 1000, 60, 24
DAY_S, SPREAD_MAX_M, DOINGS_MAX_PER_H = 86_400.0, 1_000_000.0, 36_000.0
FILE_MAX_BYTES = 1 << 20


class BadScenario(ValueError):
    """The file cannot be played; the message says where and why."""


@dataclass(frozen=True)
class Population:
    """Some people who are alike. Rates are for one person and hour, chances from 0 to 1.

    Attributes:
        cell: everybody's, or None to cut each one's own from where they stand around (lat, lon).
        arrive_s: from when to when they come, evenly.
        stay_s: how long each stays on average; None: to the end.
        again_s: after what time somebody who left comes as somebody new, on average; None: never.
        character: None for the mixture of a demo.
    """

    name: str
    count: int
    lat: float
    lon: float
    spread_m: float
    cell: str | None
    arrive_s: tuple[float, float]
    stay_s: float | None
    again_s: float | None
    character: Character | None
    topics: tuple[str, ...]
    visiting: float
    replies: float
    adverts: tuple[str, ...]
    doings: Mapping[str, float]
    on_advert: Mapping[str, float]


@dataclass(frozen=True)
class Scenario:
    """All of a file: its title, how long it lasts, and its people."""

    title: str
    lasts_s: float
    populations: tuple[Population, ...]

    @property
    def people(self) -> int:
        """How many there are."""
        return sum(population.count for population in self.populations)


def find(name: str) -> Path:
    """Return the file of that name, or the example of it that ships. Raises BadScenario."""
    path = Path(name)
    if path.exists():
        return path
    ours = sorted(example.stem for example in EXAMPLES.glob("*.toml"))
    if name in ours:
        return EXAMPLES / f"{name}.toml"
    raise BadScenario(f"There is no file {name}.{_nearest(name, ours)} The examples are {', '.join(ours)}.")


def read(path: Path) -> Scenario:
    """Return the scenario of a file. Raises BadScenario."""
    try:
        raw = path.read_bytes()
        if len(raw) > FILE_MAX_BYTES:
            raise BadScenario(f"{path} is no scenario: it has {len(raw):,} bytes, and a scenario {FILE_MAX_BYTES:,}.")
        text = raw.decode()
        found = tomllib.loads(text)
    except OSError as exc:
        raise BadScenario(f"{path} cannot be read: {exc.strerror}.") from None
    except UnicodeDecodeError:
        raise BadScenario(f"{path} is no text in UTF-8.") from None
    except tomllib.TOMLDecodeError as exc:
        raise BadScenario(f"{path} is no TOML: {exc}.") from None
    return _Reader(path, text).scenario(found)


class _Reader:
    """Reads one file, and knows where in it each key stands."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = dict(_lines_of(text))

    def scenario(self, found: dict[str, Any]) -> Scenario:
        top = _Table(self, found, ())
        top.end("title", "lasts_s", "population")
        title = top.text("title", self._path.stem, most=NAME_MAX_CHARS)
        lasts_s = top.number("lasts_s", 600.0, 1.0, DAY_S)
        populations = found.get("population")
        if not isinstance(populations, list) or not populations or not all(isinstance(p, dict) for p in populations):
            raise self.bad(("population",), "there is none: each begins with a line [[population]]")
        made = tuple(self._population(raw, number) for number, raw in enumerate(populations))
        names = [population.name for population in made]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise self.bad(("population", number, "name"), f"{name!r} is another population's already")
        people = sum(population.count for population in made)
        if people > PEOPLE_MAX:
            raise self.bad(("population",), f"there are {people:,} people in all, and at most {PEOPLE_MAX:,} can be")
        return Scenario(title, lasts_s, made)

    def _population(self, raw: dict[str, Any], number: int) -> Population:
        table = _Table(self, raw, ("population", number))
        table.end(*KEYS)
        lat, lon, cell, spread_m = self._place(table)
        stay_s, again_s = (table.number(name, 0.0, 0.0, DAY_S) or None for name in ("stay_s", "again_s"))
        adverts = table.texts("adverts", most=ADVERTS_MAX, longest=TEXT_MAX_CHARS)
        doings = table.rates("doings", DOINGS, DOINGS_MAX_PER_H)
        if doings.get("advert") and not adverts:
            raise self.bad(
                (*table.at, "doings", "advert"), "there is nothing to advertise: give `adverts`, a list of texts"
            )
        return Population(
            name=table.text("name", f"population {number + 1}", most=NAME_MAX_CHARS),
            count=int(table.number("count", None, 1, PEOPLE_MAX, whole=True)),
            lat=lat,
            lon=lon,
            spread_m=spread_m,
            cell=cell,
            arrive_s=table.span("arrive_s", (0.0, 0.0), DAY_S),
            stay_s=stay_s,
            again_s=again_s,
            character=CHARACTERS[table.choice("character", "mixed", CHARACTERS)],
            topics=table.texts("topics", most=TOPICS_MAX, longest=TOPIC_MAX_CHARS),
            visiting=table.number("visiting", 0.0, 0.0, 1.0),
            replies=table.number("replies", 0.6, 0.0, 0.95),
            adverts=adverts,
            doings=doings,
            on_advert=table.rates("on_advert", ON_ADVERT, 1.0),
        )

    def _place(self, table: "_Table") -> tuple[float, float, str | None, float]:
        given = [name for name in ("city", "near", "cell") if name in table.raw]
        if len(given) != 1:
            raise self.bad(table.at, "say where they are in one way: `city`, `near` or `cell`")
        [name] = given
        text = table.text(name, "", most=NAME_MAX_CHARS)
        cell = None
        try:
            if name == "cell":
                cell = parse_cell(text)
                lat, lon = pygeohash.decode(cell)
            elif name == "near":
                lat, lon = parse_coordinates(text)
            else:
                city = find_cities(text)[0]
                lat, lon = city.lat, city.lon
        except PlaceUnknown as exc:
            raise self.bad((*table.at, name), str(exc).rstrip(".")) from None
        spread_m = table.number("spread_m", 0.0 if cell else 2000.0, 0.0, SPREAD_MAX_M)
        return float(lat), float(lon), cell if not spread_m else None, spread_m

    def bad(self, at: tuple[str | int, ...], why: str) -> BadScenario:
        """Return what is wrong with what stands there."""
        place, line = at, None
        while place and (line := self._lines.get(place)) is None:
            place = place[:-1]
        keys = ".".join(f"{part}" for part in at if not isinstance(part, int))
        where = f"{self._path}, line {line}" if line else f"{self._path}"
        return BadScenario(f"{where}: {keys}: {why}." if keys else f"{where}: {why}.")


class _Table:
    """One table of the file: takes values out, each of its kind and in its range."""

    def __init__(self, reader: _Reader, raw: dict[str, Any], at: tuple[str | int, ...]) -> None:
        self.raw, self.at = raw, at
        self._reader = reader

    def text(self, name: str, default: str, *, most: int) -> str:
        value = self.raw.get(name, default)
        if not isinstance(value, str) or not (value.strip() or not default) or len(value) > most:
            raise self._bad(name, f"it is a text of 1 to {most} characters")
        return value

    def texts(self, name: str, *, most: int, longest: int) -> tuple[str, ...]:
        values = self.raw.get(name, [])
        if not isinstance(values, list) or len(values) > most or not all(_is_text(value, longest) for value in values):
            raise self._bad(name, f"it is a list of at most {most} texts, each of 1 to {longest} characters")
        return tuple(values)

    def number(self, name: str, default: float | None, least: float, most: float, *, whole: bool = False) -> float:
        value = self.raw.get(name, default)
        is_number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if value is None or not is_number or not least <= value <= most:
            kind = "a whole number" if whole else "a number"
            raise self._bad(name, f"it is {kind} from {least:,g} to {most:,g}" + " and must be there" * (value is None))
        return float(value)

    def span(self, name: str, default: tuple[float, float], most: float) -> tuple[float, float]:
        value = self.raw.get(name, list(default))
        numbers = value if isinstance(value, list) else [value, value]
        is_good = len(numbers) == 2 and all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers)
        if not is_good or not 0 <= numbers[0] <= numbers[1] <= most:
            raise self._bad(name, f"it is [from, to] in seconds, at most {most:,g}, or one number")
        return float(numbers[0]), float(numbers[1])

    def choice(self, name: str, default: str, allowed: Mapping[str, object]) -> str:
        value = self.raw.get(name, default)
        if value not in allowed:
            raise self._bad(
                name, f"there is no {value!r}.{_nearest(str(value), allowed)} There are {', '.join(allowed)}"
            )
        return str(value)

    def rates(self, name: str, allowed: tuple[str, ...], most: float) -> dict[str, float]:
        value = self.raw.get(name, {})
        if not isinstance(value, dict):
            raise self._bad(name, f"it is a table: [population.{name}]")
        inner = _Table(self._reader, value, (*self.at, name))
        inner.end(*allowed)
        return {key: inner.number(key, 0.0, 0.0, most) for key in allowed if value.get(key) != 0 and key in value}

    def end(self, *allowed: str) -> None:
        """Refuse every key that is none of these."""
        for name in self.raw:
            if name not in allowed:
                raise self._bad(name, f"there is no such key.{_nearest(name, allowed)} There are {', '.join(allowed)}")

    def _bad(self, name: str, why: str) -> BadScenario:
        return self._reader.bad((*self.at, name), why)


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= longest


def _nearest(name: str, allowed: Mapping[str, object] | list[str] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, list(allowed), n=1)
    return f" Did you mean {close[0]}?" if close else ""


_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\- ]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w\-]+)\s*=")


def _lines_of(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Yield where each table and key stands, by line from 1; of [[population]] each with its number."""
    table: tuple[str | int, ...] = ()
    count = -1
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            names = tuple(part.strip() for part in header[2].split("."))
            count += header[1] == "[["
            table = (names[0], count, *names[1:]) if names[0] == "population" else names
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, key[1]), number
