"""Topics: which are taken, how they are written by all who mean the same, and what is said of those that are not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.codes import Refused
from server.safety.topics import TOPIC_MAX_CHARS, clean_topics, read_synonyms, synonyms


def refused(*topics: str) -> str:
    """Return what is said of topics that are refused."""
    with pytest.raises(Refused) as caught:
        clean_topics(list(topics))
    assert caught.value.code == "bad_topic"
    return caught.value.message


def test_topics_are_kept_in_their_order_each_once() -> None:
    assert clean_topics(["chess", " go ", "Ｇｏ", "go", "Chess"]) == ("chess", "go")


def test_no_topics_are_none() -> None:
    assert clean_topics(None) == clean_topics([]) == ()


def test_five_topics_of_24_characters_are_taken() -> None:
    topics = [f"{number}" * 24 for number in range(5)]
    assert clean_topics(topics) == tuple(topics)


def test_two_ways_to_write_one_topic_are_one() -> None:
    assert clean_topics(["Movies", "film", "BIKES", "Tram"]) == ("films", "bicycles", "trams")


@pytest.mark.parametrize(
    ("topics", "says"),
    [
        (["a"] * 6, "At most 5 topics, and these are 6: leave some out."),
        (["tea", ""], "Topic 2 is empty: leave it out."),
        (["  "], "Topic 1 is empty: leave it out."),
        (["x" * 25], "Topic 1: At most 24 characters are shown, and these are 25. Write it otherwise."),
        (["a\u202eb"], "Topic 1: U+202E cannot be seen and may not stand here. Write it otherwise."),
        (["ok", "\n"], "Topic 2: U+000A cannot be seen and may not stand here. Write it otherwise."),
        (["İ" * 24], "Topic 1 has more than 24 small letters: write it shorter."),
    ],
    ids="six empty blank long bidi newline growing".split(),
)
def test_a_bad_topic_is_refused_in_words_that_say_what_to_do(topics: list[str], says: str) -> None:
    assert refused(*topics) == says


@given(st.lists(st.text(max_size=30), max_size=6))
def test_what_is_taken_is_small_normal_short_and_taken_again_as_it_is(topics: list[str]) -> None:
    try:
        taken = clean_topics(topics)
    except Refused:
        return
    assert len(set(taken)) == len(taken) <= 5
    for topic in taken:
        assert 0 < len(topic) <= TOPIC_MAX_CHARS
        assert topic == unicodedata.normalize("NFKC", topic.lower())
    assert clean_topics(list(taken)) == taken


def test_the_list_that_ships_leads_from_every_other_way_to_a_topic_that_stays() -> None:
    known = synonyms()
    assert len(known) > 80
    for other, topic in known.items():
        assert topic not in known, f"{other} leads to {topic}, which leads on"
        assert clean_topics([other]) == clean_topics([topic]) == (topic,)


@pytest.mark.parametrize("lines", [["films movies"], ["films:"], ["films: a,,b"], ["films: a", "books: a"]])
def test_a_list_that_cannot_be_read_is_an_error(lines: list[str]) -> None:
    with pytest.raises(ValueError, match=r"is no line|two ways"):
        read_synonyms(lines)
