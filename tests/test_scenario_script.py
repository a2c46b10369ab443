"""A scenario's file: what is read of it, and what is said of a bad one."""

from pathlib import Path

import pytest

from client_demo.crowd.characters import SHY
from client_demo.scenario.script import EXAMPLES, BadScenario, find, read
from client_demo.scenario.talk import ANSWERS, GREETINGS, QUESTIONS, REMARKS, SHORT_MAX_CHARS

GOOD = """
title = "Two in a cell"
lasts_s = 30
[[population]]
name = "two"
count = 2
cell = "dr5ru7"
[population.doings]
say = 60
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_left_out_has_its_usual_value(tmp_path: Path) -> None:
    scenario = read(written(tmp_path, GOOD))
    assert (scenario.title, scenario.lasts_s, scenario.people) == ("Two in a cell", 30, 2)
    [two] = scenario.populations
    assert (two.cell, two.spread_m, two.arrive_s, two.stay_s, two.again_s) == ("dr5ru7", 0, (0, 0), None, None)
    assert (two.character, two.topics, two.adverts, two.visiting) == (None, (), (), 0)
    assert (two.doings, two.on_advert) == ({"say": 60}, {})


def test_people_around_a_place_have_no_cell_in_common(tmp_path: Path) -> None:
    text = GOOD.replace('cell = "dr5ru7"', 'cell = "dr5ru7"\nspread_m = 500\ncharacter = "shy"\narrive_s = 9')
    [two] = read(written(tmp_path, text)).populations
    assert (two.cell, two.spread_m, two.character, two.arrive_s) == (None, 500, SHY, (9, 9))
    assert (two.lat, two.lon) == pytest.approx((40.75, -73.98), abs=0.02)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("say = 60", "sya = 60"), "line 9: population.doings.sya: there is no such key. Did you mean say?"),
        (("say = 60", "say = -1"), "line 9: population.doings.say: it is a number from 0 to 36,000."),
        (("count = 2", "count = 2.5"), "line 6: population.count: it is a whole number from 1 to 200,000."),
        (("count = 2", "# none"), "line 4: population.count: it is a whole number from 1 to 200,000 and must be"),
        (("count = 2", "cuont = 2"), "line 6: population.cuont: there is no such key. Did you mean count?"),
        (("lasts_s = 30", "last_s = 30"), "line 3: last_s: there is no such key. Did you mean lasts_s?"),
        (("lasts_s = 30", "lasts_s = true"), "line 3: lasts_s: it is a number from 1 to 86,400."),
        (('cell = "dr5ru7"', 'cell = "dr5ia7"'), "line 7: population.cell: 'dr5ia7' is no geohash: 'a'"),
        (('cell = "dr5ru7"', 'city = "Lisbonn"'), "line 7: population.city:"),
        (('cell = "dr5ru7"', ""), "line 4: population: say where they are in one way: `city`, `near` or `cell`."),
        (('cell = "dr5ru7"', 'cell = "dr5ru7"\ncity = "Lisbon"'), "in one way"),
        (('cell = "dr5ru7"', 'cell = "dr5ru7"\ncharacter = "chaty"'), "line 8: population.character: there is no 'cha"),
        (('cell = "dr5ru7"', 'cell = "dr5ru7"\ncharacter = "chaty"'), "Did you mean chatty?"),
        (('cell = "dr5ru7"', 'cell = "dr5ru7"\narrive_s = [9, 3]'), "line 8: population.arrive_s: it is [from, to]"),
        (("say = 60", "advert = 60"), "line 9: population.doings.advert: there is nothing to advertise"),
        (("say = 60", "say = "), "is no TOML"),
        (("[[population]]", "[population]"), "there is none: each begins with a line [[population]]"),
        (("[[population]]", "[[populations]]"), "line 4: populations: there is no such key. Did you mean population?"),
    ],
)  # fmt: skip
def test_a_bad_file_is_told_by_line_key_and_nearest_right_name(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    with pytest.raises(BadScenario) as caught:
        read(written(tmp_path, GOOD.replace(*change)))
    assert says in str(caught.value)


def test_a_key_of_the_second_population_is_found_on_its_own_line(tmp_path: Path) -> None:
    text = GOOD + '[[population]]\nname = "others"\ncount = 0\ncell = "dr5ru7"\n'
    with pytest.raises(BadScenario, match=r"line 12: population\.count"):
        read(written(tmp_path, text))
    with pytest.raises(BadScenario, match=r"line 11: population\.name: 'two' is another"):
        read(written(tmp_path, text.replace("others", "two").replace("count = 0", "count = 1")))


def test_a_file_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    binary = tmp_path / "b.toml"
    binary.write_bytes(b"\xff\xfe")
    for path, says in ((binary, "no text"), (tmp_path, "cannot be read"), (tmp_path / "gone", "cannot be read")):
        with pytest.raises(BadScenario, match=says):
            read(path)
    with pytest.raises(BadScenario, match=r"no file evning. Did you mean evening\?"):
        find("evning")


@pytest.mark.parametrize(("name", "people"), [("evening", 240), ("festival", 5000), ("raid", 224)])
def test_the_examples_that_ship_are_found_by_name_and_can_be_played(name: str, people: int) -> None:
    assert find(name) == EXAMPLES / f"{name}.toml"
    assert read(find(name)).people == people


def test_what_honest_people_say_is_too_short_to_be_held_as_the_same_text() -> None:
    assert max(map(len, (*GREETINGS, *QUESTIONS, *ANSWERS, *REMARKS))) <= SHORT_MAX_CHARS
