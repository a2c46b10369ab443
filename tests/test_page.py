"""The web page's files, as far as they can be read without a browser: size, words, and what they must not hold."""

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from client_demo.make_city_names import lines as names_by_city
from client_demo.make_city_names import names_of
from client_demo.make_page_data import as_steps, city_line, city_lines, land_rings
from client_demo.places import City, cities
from client_demo.simplified import simplified
from rooms.whys import SENTENCES
from server.codes import CLOSE_CODES, ERROR_CODES
from server.privacy import kept
from server.settings import Settings

PAGE = Path(__file__).parent.parent / "client_demo" / "page"
STRINGS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (PAGE / "strings").iterdir()}
SCRIPTS = sorted(PAGE.glob("*.js"))
ENGLISH: dict[str, Any] = STRINGS["en"]
HAN_ALONE = re.compile(r"[\u4e00-\u9fff]+")
FIRST_LOAD_MAX_BYTES = 120_000


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blanks(entry: Any) -> set[str]:
    """Return the names in braces; `n` may be left to the form for one."""
    texts = entry.values() if isinstance(entry, dict) else [entry]
    return {name for text in texts for name in re.findall(r"\{(\w+)\}", text)}


def test_all_that_a_first_visit_loads_is_small() -> None:
    """Everything but the lists of cities, which are fetched when somebody chooses a place, and one language."""
    apart = {"cities.txt", "names.txt", "land.LICENSE.txt", "icon-512.png", "es.json", "zh.json", "__init__.py"}
    files = [path for path in PAGE.rglob("*.*") if path.name not in apart and "__pycache__" not in path.parts]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= FIRST_LOAD_MAX_BYTES


def test_outlines_are_small_and_come_with_their_licence() -> None:
    assert (PAGE / "land.json").stat().st_size <= 40_000
    assert "Permission to use, copy, modify" in read(PAGE / "land.LICENSE.txt")


@pytest.mark.parametrize("language", STRINGS)
def test_every_language_has_every_sentence_with_the_same_blanks(language: str) -> None:
    assert {key: blanks(entry) for key, entry in STRINGS[language].items()} == {
        key: blanks(entry) for key, entry in ENGLISH.items()
    }


@pytest.mark.parametrize("language", STRINGS)
def test_every_language_says_why_and_what_is_kept_and_how_it_ends(language: str) -> None:
    words = STRINGS[language]
    assert {f"why.{code}" for code in SENTENCES} <= set(words)
    for is_lasting in (True, False):
        assert {f"kept.{sentence}" for sentence in kept(Settings(), is_lasting=is_lasting)} <= set(words)
    back = {f"end.{code.name}" for code in CLOSE_CODES.values() if code.may_return or code.name == "replaced"}
    assert back <= set(words)


def test_every_sentence_that_scripts_ask_for_exists() -> None:
    asked = {key for path in SCRIPTS for key in re.findall(r"""\bt\(\s*"([^"]+)"[,)]""", read(path))}
    assert len(asked) > 60
    assert asked <= set(ENGLISH)


@pytest.mark.parametrize("language", STRINGS)
def test_every_language_says_why_something_was_refused(language: str) -> None:
    untold = {"unknown_type", "not_entered", "already_entered"}  # a page that works never hears these
    in_the_servers_words = {"outside"}  # the operator says where people may be
    of_the_pages_own = set(re.findall(r"code: .*?\? \"(\w+)\" : \"(\w+)\"", read(PAGE / "outbox.js"))[0])
    assert of_the_pages_own == {"seat_gone", "wrong_room"}
    codes = set(ERROR_CODES) - untold - in_the_servers_words | of_the_pages_own
    assert {f"error.{code}" for code in codes} <= set(STRINGS[language])


def test_every_choice_has_a_name_and_says_what_it_means() -> None:
    text = read(PAGE / "people.js") + read(PAGE / "menu.js")
    chosen = set(re.findall(r"""\brow\("(\w+)",""", text)) | {"mute", "unmute", "keep", "unkeep"}
    assert len(chosen) >= 14
    assert {f"do.{command}" for command in chosen} | {f"{command}.means" for command in chosen} <= set(ENGLISH)
    sure = set(re.findall(r"""\bsure\("(\w+)",""", text + read(PAGE / "room.js")))
    assert sure == {"block", "eject", "leave"}
    assert {f"{command}.{part}" for command in sure for part in ("title", "means", "not")} <= set(ENGLISH)


def test_languages_offered_are_those_there_are() -> None:
    offered = re.search(r"LANGUAGES = \{(.*?)\}", read(PAGE / "i18n.js"))
    assert offered
    assert set(re.findall(r"(\w+):", offered[1])) == set(STRINGS)


@pytest.mark.parametrize("path", [*SCRIPTS, PAGE / "index.html"], ids=lambda path: path.name)
def test_nothing_makes_markup_of_text_or_loads_from_elsewhere(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        " style=",
    ):
        assert forbidden not in text
    assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org"}
    assert not re.search(r"<script(?![^>]* src=)", text)


def reached(script: str, so_far: set[str]) -> set[str]:
    """Return what a module imports, and what that imports, itself included."""
    if script not in so_far:
        so_far.add(script)
        for name in re.findall(r'^import .*?from "\./(\w+\.js)";', read(PAGE / script), re.M):
            reached(name, so_far)
    return so_far


def test_every_module_that_the_first_view_needs_is_loaded_ahead_and_no_other() -> None:
    ahead = set(re.findall(r'"modulepreload" href="(\w+\.js)"', read(PAGE / "index.html")))
    assert ahead == reached("app.js", set())
    at_once = re.search(r"ROOM = \[(.*?)\]", read(PAGE / "app.js"))
    assert at_once
    assert {f"{name}.js" for name in re.findall(r'"(\w+)"', at_once[1])} == reached("room.js", set()) - ahead
    assert {path.name for path in SCRIPTS} == ahead | reached("room.js", set()) | {"boot.js"}


def test_every_stylesheet_is_linked() -> None:
    linked = re.findall(r'"stylesheet" href="([\w/]+\.css)"', read(PAGE / "index.html"))
    assert linked[0] == "css/base.css"  # the others build on it
    assert set(linked) == {f"css/{path.name}" for path in (PAGE / "css").iterdir()}


def test_outlines_that_cross_180_degrees_go_on_beyond_it() -> None:
    assert as_steps([(1790, 0), (-1790, 0), (-1790, 10), (1790, 0)]) == [1790, 0, 20, 0, 0, 10, -20, -10]


def test_outlines_around_the_pole_are_closed_over_it() -> None:
    ring = [(lon, -700) for lon in range(-1800, 1801, 600)]
    assert as_steps(ring)[-4:] == [0, -200, -3600, 0]


def test_land_is_read_from_arcs_forwards_and_backwards() -> None:
    topology = {
        "transform": {"scale": [1, 1], "translate": [10, 20]},
        "arcs": [[[0, 0], [1, 0], [0, 1]], [[0, 0], [0, 1], [1, 0]]],
        "objects": {"land": {"geometries": [{"type": "Polygon", "arcs": [[0, -2]]}]}},
    }
    assert land_rings(topology) == [[(100, 200), (110, 200), (110, 210), (100, 210), (100, 200)]]


def test_the_pages_cities_are_those_of_the_list() -> None:
    lines = read(PAGE / "cities.txt").splitlines()
    assert lines == city_lines()
    assert [line.split("|")[0] for line in lines] == [city.name for city in cities()]
    assert city_line(City("Ulm", "DE", 48.398, 9.991, 120_000), []) == "Ulm|DE|48.40|9.99"
    assert city_line(City("Troy", "US", 1, 2, 120_000, "Ohio"), []) == "Troy|US|1.00|2.00|Ohio"
    assert city_line(City("Ulm", "DE", 1, 2, 120_000), ["Aa", "Bb"]) == "Ulm|DE|1.00|2.00||Aa;Bb"


def test_a_name_that_two_cities_go_by_stands_in_the_first_file_and_no_other_name_does() -> None:
    shared = {
        line.split("|")[0]: line.split("|")[5] for line in read(PAGE / "cities.txt").splitlines() if line.count("|") > 4
    }
    known = {"Florence": "Florencia", "São Luís": "San Luis", "Odesa": "Odessa", "León de los Aldama": "León"}
    assert known.items() <= shared.items()
    assert not {"Barcelona", "Tijuana", "Changchun", "Moscow"} & set(shared)
    assert sum(len(names.encode()) for names in shared.values()) <= 1000


def test_the_pages_other_names_are_those_of_the_source_line_by_line() -> None:
    assert read(PAGE / "names.txt").splitlines() == names_by_city()
    assert len(names_by_city()) == len(cities())


def test_other_names_are_those_at_home_and_each_once() -> None:
    names = ["東京", "東京都", "TYO", "Tokyo", "Tókýó", "tou kyou", "Токио", "T'okyo", "توکیو"]
    small = City("Tokyo", "JP", 35.7, 139.7, 200_000)
    assert names_of(small, names) == ["東京", "東京都", "东京", "东京都"]
    assert names_of(replace(small, population=9_000_000), [*names, "Tokio", "Tókió"]) == [
        "東京",
        "東京都",
        "Токио",
        "توکیو",
        "Tókió",
        "东京",
        "东京都",
    ]


def test_a_town_in_europe_is_known_by_its_neighbours_words_whatever_its_size() -> None:
    town = City("Liège", "BE", 50.6, 5.6, 195_000)
    assert names_of(town, ["Luik", "Lieja", "Lüttich"]) == ["Luik", "Lieja", "Lüttich"]
    assert names_of(replace(town, country="PE"), ["Luik", "Lieja", "Lüttich"]) == []


def test_the_spanish_spelling_goes_before_the_most_accented_one() -> None:
    city = City("Moscow", "RU", 55.8, 37.6, 10_000_000)
    assert names_of(city, ["Moscu", "Moscù", "Moscú"]) == ["Moscú", "Moscù"]
    assert names_of(city, ["Seul", "Sêûl", "Seúl", "Séúl"]) == ["Seúl", "Sêûl"]


def test_every_chinese_name_is_there_in_simplified_characters() -> None:
    """GB 2312 holds the simplified characters; what it lacks these names have is rare or Japanese."""
    all_names = [line.split("|") for line in read(PAGE / "names.txt").splitlines()]
    assert all(simplified(name) in names for names in all_names for name in names if name and HAN_ALONE.fullmatch(name))
    words = (simplified(word) for names in all_names for name in names for word in HAN_ALONE.findall(name))
    assert {letter for letter in "".join(words) if not letter.encode("gb2312", "ignore")} <= set("埗堺孖庯栃槻橿氹潟阇")


def test_the_pages_other_names_stay_small() -> None:
    assert len(gzip.compress((PAGE / "names.txt").read_bytes())) <= 210_000
