"""What scripted people say to somebody who types: it can be said, it fits, and it is honest about what they are."""

import unicodedata

import pytest

from client_demo import replies
from client_demo.replies import fitting, is_english
from tests.phrase_book import every_reply, every_text


def test_every_reply_is_one_a_server_takes_whatever_the_name() -> None:
    for line in every_reply():
        text = line.replace("{name}", "N" * 32)
        assert 1 <= len(unicodedata.normalize("NFC", text)) <= 300
        assert text == text.strip()
        assert text.isprintable()
        assert "{" not in text


def test_replies_and_what_is_said_unasked_are_different_lines() -> None:
    assert not every_reply() & every_text()
    assert len(every_reply()) > 150


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("hi", "Hi"),
        ("Hello everybody!", "Hello"),
        ("are you real?", "bot"),
        ("is anyone here HUMAN", "bot"),
        ("what is this", "tables"),
        ("How does it work?", "tables"),
        ("where are you all", "cell"),
        ("how's it going", "And you?"),
        ("it’s raining again", "umbrella"),
        ("any good ramen?", "noodle"),
        ("I just moved here, any tips?", "Welcome"),
        ("bye all", "Take care"),
        ("my cat is asleep", "cat"),
        ("thanks!", "Any time"),
        ("okay", "Fair enough"),
    ],
)
def test_what_is_spoken_of_is_answered_to_the_point(text: str, word: str) -> None:
    first = next(iter(fitting(text)))
    assert any(word in line for line in first), first


@pytest.mark.parametrize("text", ["banana helicopter", "", "...", "12345", "🎉", "a" * 1000])
def test_what_nobody_understands_is_answered_all_the_same(text: str) -> None:
    assert list(fitting(text)) == [replies.ANY_WORDS, replies.ANY_WORDS]


def test_a_question_that_nobody_understands_is_answered_as_one() -> None:
    assert list(fitting("banana helicopter?")) == [replies.ANY_QUESTION, replies.ANY_WORDS]


@pytest.mark.parametrize("text", ["你好，你们在哪里", "¿qué tal?", "hola a todos", "привет", "שלום"])
def test_other_languages_are_told_that_the_book_is_english(text: str) -> None:
    assert not is_english(text)
    assert next(iter(fitting(text))) is replies.NOT_ENGLISH


@pytest.mark.parametrize("text", ["hello", "a café, naïvely", "🎉 party", "42", "", "rock’n’roll"])
def test_english_is_taken_for_english(text: str) -> None:
    assert is_english(text)
