"""The phrase book: what is said can be said, and answers follow what they answer."""

import random
import unicodedata

from client_demo.phrases import CONVERSATIONS, FAREWELLS, GREETINGS, every_text, farewell, greeting, reply_to

OPENINGS = {conversation.text for conversation in CONVERSATIONS}


def test_every_text_is_one_a_server_takes() -> None:
    for text in every_text():
        assert 1 <= len(unicodedata.normalize("NFC", text)) <= 200
        assert text == text.strip()
        assert text.isprintable()


def test_an_opening_is_answered_out_of_its_own_conversation() -> None:
    rng = random.Random(1)
    for conversation in CONVERSATIONS:
        answers = {line.text for line in conversation.then}
        assert {reply_to(conversation.text, rng) for _ in range(20)} <= answers


def test_what_nothing_follows_is_followed_by_an_opening() -> None:
    rng = random.Random(1)
    for heard in (None, "", "Something a person typed.", *FAREWELLS):
        assert reply_to(heard, rng) in OPENINGS


def test_two_who_only_answer_each_other_keep_changing_the_subject() -> None:
    rng, heard, said = random.Random(2), None, []
    for _ in range(200):
        heard = reply_to(heard, rng)
        said.append(heard)
    assert len(OPENINGS.intersection(said)) == len(OPENINGS)


def test_greetings_and_farewells_are_among_what_may_be_said() -> None:
    rng = random.Random(1)
    assert {greeting(rng) for _ in range(100)} == set(GREETINGS)
    assert {farewell(rng) for _ in range(100)} == set(FAREWELLS)
    assert every_text().issuperset(GREETINGS + FAREWELLS)
