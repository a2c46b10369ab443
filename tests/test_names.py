"""The name a member shows in one room."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.lookalikes import looks, skeleton
from rooms.names import shown_name as shown_among

names = st.sampled_from(
    ["", "Ann", "ann", "ANN", "Ann 2", "ann 3", "Straße", "STRASSE", "Bo", "Во", "rnary", "mary", "Ill", "lII"]
)


def shown_name(asked: str, taken: Iterable[str], rng: random.Random) -> str:
    return shown_among(asked, list(map(looks, taken)), rng)


def test_the_name_asked_for_is_shown_if_nobody_wears_it() -> None:
    assert shown_name("Ann", ["Bo"], random.Random(1)) == "Ann"


def test_a_name_somebody_wears_is_numbered_from_two_whatever_its_case() -> None:
    assert shown_name("ann", ["Ann"], random.Random(1)) == "ann 2"
    assert shown_name("Ann", ["ann", "ANN 2"], random.Random(1)) == "Ann 3"
    assert shown_name("STRASSE", ["Straße"], random.Random(1)) == "STRASSE 2"


@pytest.mark.parametrize(
    ("worn", "asked"),
    [("Tom", "ТОМ"), ("Nina", "ΝΙΝΑ"), ("Helen", "НЕLЕN"), ("Ann", "ᴀɴɴ"), ("BOB", "ВОВ"), ("Вова", "ВОВА")],
)
def test_capitals_that_look_like_latin_ones_are_the_same_as_their_small_letters(worn: str, asked: str) -> None:
    assert shown_name(asked, [worn], random.Random(1)) == f"{asked} 2"


def test_who_asks_for_no_name_gets_a_friendly_one_of_two_words() -> None:
    quality, creature = shown_name("", [], random.Random(1)).split()
    assert quality.istitle()
    assert creature.istitle()


def test_friendly_names_are_drawn_by_chance_and_the_same_by_the_same_chance() -> None:
    drawn = [shown_name("", [], random.Random(seed)) for seed in range(40)]
    assert drawn == [shown_name("", [], random.Random(seed)) for seed in range(40)]
    assert len(set(drawn)) > 30


@given(st.lists(names, max_size=30), st.integers(0, 3))
def test_no_two_members_of_a_room_show_the_same_name(asked: list[str], seed: int) -> None:
    rng, shown = random.Random(seed), list[str]()
    for name in asked:
        shown.append(shown_name(name, shown, rng))
    assert len({name.casefold() for name in shown}) == len(shown)
    assert len({skeleton(name) for name in shown}) == len(shown)
    assert all(shown)


def test_the_same_friendly_name_drawn_twice_is_numbered() -> None:
    first = shown_name("", [], random.Random(5))
    assert shown_name("", [first.upper()], random.Random(5)) == f"{first} 2"


def test_a_numbered_name_is_no_longer_than_names_may_be() -> None:
    assert shown_name("x" * 32, ["x" * 32], random.Random(1)) == "x" * 30 + " 2"


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ("Ann", "Аnn"),  # Cyrillic А
        ("Ann", "Αnn"),  # Greek Α
        ("Ann", "ann"),
        ("Ann", "A n n"),
        ("Bob", "ВоЬ"),
        ("mary", "rnary"),
        ("paypal", "paypaI"),
        ("ILL", "ill"),
        ("O0O", "OOO"),
        ("Ann 2", "Ann2"),
        ("Мария", "Mapия"),
        ("café", "cafe\u0301"),
    ],
)
def test_of_two_that_look_alike_the_later_one_is_numbered(first: str, later: str) -> None:
    assert shown_name(later, [first], random.Random(1)) == f"{later} 2"
    assert shown_name(first, [later], random.Random(1)) == f"{first} 2"


@pytest.mark.parametrize(("first", "later"), [("Ann", "Anna"), ("Bob", "Rob"), ("李明", "李朋"), ("Ali", "All")])
def test_names_that_differ_to_the_eye_stay_as_they_are(first: str, later: str) -> None:
    assert shown_name(later, [first], random.Random(1)) == later


def test_a_number_that_looks_taken_is_passed_over() -> None:
    assert shown_name("Ann", ["Аnn", "ANN 2"], random.Random(1)) == "Ann 3"
    assert shown_name("Ann 2", ["Ann", "Аnn 2"], random.Random(1)) == "Ann 2 2"
