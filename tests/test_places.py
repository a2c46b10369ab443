"""From a typed place to a cell, and the list of cities behind it."""

import json
import re
from pathlib import Path

import pytest

from client_demo import places
from client_demo.make_cities import COUNTRIES_ALSO, as_text, rows
from client_demo.places import PlaceUnknown, cell_of, find_cities, parse_place

CITIES = Path(places.__file__).with_name("cities.json")


@pytest.mark.parametrize("text", ["New York", "new york", "NEW YORK CITY", " New  York , us ", "New York, US"])
def test_new_york_is_found_however_it_is_typed(text: str) -> None:
    place = parse_place(city=text)
    assert place.label == "New York City, US"
    assert place.cell[:4] == "dr5r"
    assert len(place.cell) == 6


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("zurich", "Zürich"),
        ("MONTREAL", "Montréal"),
        ("sao paulo", "São Paulo"),
        ("lodz", "Łódź"),
        ("aarhus", "Århus"),
        ("Cologne", "Köln"),
        ("koln", "Köln"),
        ("xian", "Xi’an"),
    ],
)
def test_accents_capitals_and_english_names_do_not_matter(typed: str, name: str) -> None:
    assert find_cities(typed)[0].name == name


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("纽约", "New York City, US"),
        ("紐約", "New York City, US"),
        ("Lisboa", "Lisbon, PT"),
        ("moscu", "Moscow, RU"),
        ("Ginebra, CH", "Geneva, CH"),
        ("Москва", "Moscow, RU"),
        ("温哥华, US", "Vancouver, US"),
        ("Florencia, IT", "Florence, IT"),
    ],
)
def test_a_city_is_found_by_the_names_that_the_page_knows(typed: str, label: str) -> None:
    assert parse_place(city=typed).label == label


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("Florencia", "Florence, IT (1 of 2; other: Florencia, CO)"),
        ("Ódessa", "Odesa, UA (1 of 2; other: Odessa, US)"),
        ("San Luis", "São Luís, BR (1 of 3; others: San Luis Potosí, MX; San Luis, AR)"),
        ("Syracuse", "Syracuse, US (1 of 2; other: Siracusa, IT)"),
    ],
)
def test_a_town_of_that_name_hides_no_city_that_is_called_so_elsewhere(typed: str, choice: str) -> None:
    assert parse_place(city=typed).choice == choice


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("Zaragoza", "Zaragoza, ES"),
        ("Cancún", "Cancún, MX"),
        ("Islamabad", "Islamabad, PK"),
        ("Salem, IN", "Salem, IN"),
    ],
)
def test_what_hardly_anybody_calls_a_big_city_does_not_lead_there(typed: str, label: str) -> None:
    assert parse_place(city=typed).label == label


def test_an_ambiguous_name_is_the_biggest_place_unless_its_country_is_named() -> None:
    assert find_cities("London")[0].country == "GB"
    assert find_cities("London, CA")[0].country == "CA"
    assert find_cities("Birmingham")[0].country == "GB"
    assert find_cities("Birmingham, us")[0].country == "US"


def test_a_region_or_a_country_tells_cities_of_one_name_apart() -> None:
    place = parse_place(city="springfield")
    assert place.label == "Springfield, Missouri, US"
    others = "Springfield, Illinois, US; Springfield, Massachusetts, US"
    assert place.choice == f"Springfield, Missouri, US (1 of 3; others: {others})"
    assert parse_place(city="London").choice == "London, GB (1 of 2; other: London, CA)"
    for typed in ("Springfield, Illinois", "springfield, illinois, us", "Springfield, US, Illinois"):
        assert parse_place(city=typed).label == "Springfield, Illinois, US"
        assert parse_place(city=typed).choice == ""
    assert parse_place(city="New York").choice == ""


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("New York City, United States", "New York City, US"),
        ("London, United Kingdom", "London, GB"),
        ("London, UK", "London, GB"),
        ("london, canada", "London, CA"),
        ("Springfield, Illinois, United States", "Springfield, Illinois, US"),
        ("İzmir, Türkiye", "İzmir, TR"),
        ("Florencia (Florence), Italy", "Florence, IT"),
        ("Halle (Saale), Germany", "Halle (Saale), DE"),
        ("Misato, Saitama, Japan", "Misato, Saitama, JP"),
    ],
)
def test_a_city_is_found_as_the_page_writes_it(typed: str, label: str) -> None:
    assert parse_place(city=typed).label == label


def test_every_country_of_the_list_has_a_name() -> None:
    listed = json.loads(CITIES.read_text(encoding="utf-8"))
    assert set(listed["countries"]) == {city.country for city in places.cities()}


@pytest.mark.parametrize("text", ["," * 100_000, "Paris" + ",FR" * 100_000, "a," * 100_000, "(" * 100_000])
def test_a_text_too_long_for_a_name_is_refused_without_being_looked_at(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(places, "_folded")
    with pytest.raises(PlaceUnknown, match=r"^.{,200}$"):
        find_cities(text)


def test_commas_are_tried_no_more_often_than_a_name_has_any(monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[str] = []

    def nobody(name: str) -> list[places.City]:
        sought.append(name)
        return []

    monkeypatch.setattr(places, "_called", nobody)
    with pytest.raises(PlaceUnknown):
        find_cities("," * places.TEXT_MAX_CHARS)
    assert len(sought) <= 3


def test_cities_that_nothing_tells_apart_are_counted() -> None:
    assert parse_place(city="Taizhou").choice == "Taizhou, CN (biggest of 2; coordinates find the others)"
    assert parse_place(city="Salamanca").choice == "Salamanca, MX (biggest of 3; others: Salamanca, ES)"


def test_every_city_can_be_found_by_its_own_name_unless_a_bigger_one_in_its_country_bears_it() -> None:
    for city in places.cities():
        found = find_cities(f"{city.name}, {city.country}")[0]
        assert found.country == city.country
        assert found == city or found.population >= city.population


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [("Nwe York", "New York City, US"), ("Pariss", "Paris, FR"), ("London, ZZ", '"London, CA" or "London, GB"')],
)
def test_an_unknown_city_suggests_the_nearest_names(typed: str, suggested: str) -> None:
    with pytest.raises(PlaceUnknown, match="Did you mean") as caught:
        parse_place(city=typed)
    assert suggested in str(caught.value)


def test_a_name_like_no_other_is_told_how_to_go_on() -> None:
    with pytest.raises(PlaceUnknown, match="--near"):
        parse_place(city="qqqqqqqqqq")
    with pytest.raises(PlaceUnknown):
        parse_place(city="")


def test_coordinates_are_cut_to_a_cell() -> None:
    assert parse_place(near="40.75,-73.99").cell == "dr5ru6"
    assert parse_place(near=" -33.87 , 151.21 ", characters=4).cell == "r3gx"
    assert cell_of(57.64911, 10.40744, 11) == "u4pruydqqvj"


@pytest.mark.parametrize("text", ["", "40.75", "a,b", "1,2,3", "nan,1", "1,inf", "91,0", "0,181", "-73.99 40.75"])
def test_what_is_no_position_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(PlaceUnknown, match=r"\.$"):
        parse_place(near=text)


def test_a_cell_is_taken_as_it_is_but_never_finer_than_asked() -> None:
    assert parse_place(cell="DR5RU").cell == "dr5ru"
    assert parse_place(cell="dr5ru7vzp").cell == "dr5ru7"


@pytest.mark.parametrize("text", ["", "dr5", "dr5a!", "dr5ai", "\"'; drop", "40.75"])
def test_what_is_no_cell_is_refused(text: str) -> None:
    with pytest.raises(PlaceUnknown):
        parse_place(cell=text)


def test_a_place_is_told_in_one_way() -> None:
    with pytest.raises(PlaceUnknown, match="one way"):
        parse_place()
    with pytest.raises(PlaceUnknown, match="one way"):
        parse_place(city="Paris", cell="dr5ru")


def test_the_list_is_small_credited_and_sorted() -> None:
    text = CITIES.read_text(encoding="utf-8")
    assert len(text.encode()) <= 300_000
    listed = json.loads(text)
    assert "GeoNames" in listed["credit"]
    assert "CC BY 4.0" in listed["credit"]
    populations = [row[4] for row in listed["cities"]]
    assert populations == sorted(populations, reverse=True)
    assert len(populations) > 5000


def test_a_region_is_listed_only_where_a_country_has_several_of_a_name() -> None:
    source = [
        {
            "name": name,
            "countrycode": "US",
            "latitude": 1.0,
            "longitude": 2.0,
            "population": 200_000,
            "admin1code": code,
        }
        for name, code in [("Aa", "MO"), ("Aa", "IL"), ("Bb", "MO")]
    ]
    assert [row[5:] for row in rows(source)] == [("Illinois",), ("Missouri",), ()]


def test_making_the_list_does_not_depend_on_the_order_of_its_source() -> None:
    source = [
        {"name": name, "countrycode": "XX", "latitude": 1.23456, "longitude": 2.0, "population": population}
        for name, population in [("Aa", 100_000), ("Bb", 100_000), ("Cc", 2_000_000), ("Dd", 99_999)]
    ]
    made = as_text(rows(source))
    assert made == as_text(rows(source[::-1]))
    assert json.loads(made)["cities"] == [
        ["Cc", "XX", 1.235, 2.0, 2_000_000],
        ["Aa", "XX", 1.235, 2.0, 100_000],
        ["Bb", "XX", 1.235, 2.0, 100_000],
    ]


def test_the_page_knows_countries_by_the_same_short_names() -> None:
    page = (Path(places.__file__).with_name("page") / "cities.js").read_text(encoding="utf-8")
    found = re.search(r"^const ALSO = \{(.*)\};$", page, re.MULTILINE)
    assert found is not None
    also = {country: re.findall(r'"(.*?)"', names) for country, names in re.findall(r"(\w\w): \[(.*?)\]", found[1])}
    assert also.keys() >= {"GB", "US"}
    assert also == {country: COUNTRIES_ALSO[country] for country in also}
