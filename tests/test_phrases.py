"""The phrase book: what is said can be said, and answers follow what they answer."""

import random
import unicodedata
from itertools import pairwise

from client_demo.phrases import CONVERSATIONS, FAREWELLS, GREETINGS, farewell, greeting, reply_to
from tests.phrase_book import every_text

OPENINGS = {scene[0].text for scene in CONVERSATIONS}


def test_every_text_is_one_a_server_takes() -> None:
    for text in every_text():
        assert 1 <= len(unicodedata.normalize("NFC", text)) <= 200
        assert text == text.strip()
        assert text.isprintable()


def test_no_line_stands_in_the_book_twice() -> None:
    lines = [line.text for scene in CONVERSATIONS for line in scene]
    assert len(lines) == len(set(lines)) > 200
    assert not set(lines) & {*GREETINGS, *FAREWELLS}


def test_every_scene_begins_with_its_first_part_and_nobody_answers_themselves() -> None:
    for scene in CONVERSATIONS:
        assert scene[0].part == "A"
        assert len(scene) >= 4
        assert {line.part for line in scene} <= set("ABCD")
        assert all(line.part != then.part for line, then in pairwise(scene)), scene[0].text


def test_a_line_is_followed_by_the_next_of_its_scene() -> None:
    rng = random.Random(1)
    for scene in CONVERSATIONS:
        assert [reply_to(line.text, rng) for line in scene[:-1]] == [line.text for line in scene[1:]]


def test_what_nothing_follows_is_followed_by_an_opening() -> None:
    rng = random.Random(1)
    for heard in (None, "", "Something a person typed.", CONVERSATIONS[0][-1].text, *FAREWELLS):
        assert reply_to(heard, rng) in OPENINGS


def test_two_who_only_answer_each_other_keep_changing_the_subject() -> None:
    rng, heard, said = random.Random(2), None, []
    for _ in range(2000):
        heard = reply_to(heard, rng)
        said.append(heard)
    assert len(OPENINGS.intersection(said)) == len(OPENINGS)


def test_greetings_and_farewells_are_among_what_may_be_said() -> None:
    rng = random.Random(1)
    assert {greeting(rng) for _ in range(100)} == set(GREETINGS)
    assert {farewell(rng) for _ in range(100)} == set(FAREWELLS)
    assert every_text().issuperset(GREETINGS + FAREWELLS)
