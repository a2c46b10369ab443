"""Which texts are known: in their order, found by their pieces, and nothing of those that are forgotten."""

import random

import pytest

from server.safety.fingerprints import Print
from server.safety.sightings import Text
from server.safety.text_index import FORGOTTEN_AT_ONCE, TEXTS_MAX, TextIndex

HOUR_S = 3600.0


def text(*pieces: int, at: float = 0.0) -> Text:
    return Text(pieces, "room", "ann", at, at)


def some_pieces(rng: random.Random, count: int = 8) -> Print:
    return tuple(rng.getrandbits(32) for _ in range(count))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8])
def test_a_text_is_found_by_each_of_its_first_four_pieces(count: int) -> None:
    index, pieces = TextIndex(HOUR_S), some_pieces(random.Random(count), count)
    known = text(*pieces)
    index.add(known)
    for piece in pieces[:4]:
        assert index.like((piece,)) == [known]
    for piece in pieces[4:]:
        assert index.like((piece,)) == []


@pytest.mark.parametrize("count", [2, 4, 5, 8])
def test_two_pieces_of_the_first_five_that_lead_to_one_text_make_it_no_news(count: int) -> None:
    rng = random.Random(count)
    index, pieces = TextIndex(HOUR_S), some_pieces(rng, count)
    known = text(*pieces)
    assert index.add_if_new(known) == []
    others = some_pieces(rng, count)
    one_in_common, two_in_common = (pieces[0], *others[1:]), (*pieces[:2], *others[2:])
    assert index.add_if_new(text(*two_in_common)) == [known]
    assert index.like(two_in_common) == [known]
    assert len(index) == 1
    assert index.add_if_new(text(*one_in_common)) == []
    assert len(index) == 2


def test_a_text_of_one_piece_is_always_compared() -> None:
    index, known = TextIndex(HOUR_S), text(7)
    assert index.add_if_new(known) == []
    assert index.add_if_new(text(7)) == [known]
    assert len(index) == 1


def test_a_text_that_says_one_thing_twice_is_news_where_nobody_said_it() -> None:
    index = TextIndex(HOUR_S)
    assert index.add_if_new(text(7, 7, 8)) == []
    assert len(index) == 1


def test_of_nothing_forgotten_is_anything_left() -> None:
    index, rng = TextIndex(HOUR_S), random.Random(1)
    shared = some_pieces(rng)
    for second in range(100):
        index.add(text(*some_pieces(rng), at=second))
        index.add(text(*shared, at=second))
    index.forget(now=HOUR_S + 49)
    assert [int(known.at) for known in index.latest()] == [second for second in range(99, 49, -1) for _ in range(2)]
    assert [known.at for known in index.like(shared)] == [99]
    index.forget(now=HOUR_S + 99)
    assert len(index) == 0
    assert not index._by_piece


def test_of_too_many_the_first_go_and_those_met_since_are_the_latest() -> None:
    index, rng = TextIndex(HOUR_S), random.Random(2)
    texts = [text(*some_pieces(rng), at=1.0) for _ in range(TEXTS_MAX)]
    for known in texts:
        index.add(known)
    texts[3].at = 2.0  # it was met again
    assert len(index) == TEXTS_MAX
    last = text(*some_pieces(rng), at=3.0)
    assert index.add_if_new(last) == []
    assert len(index) == TEXTS_MAX + 1 - (FORGOTTEN_AT_ONCE - 1)
    assert index.like(texts[2].pieces) == []
    assert index.like(texts[3].pieces) == [texts[3]]
    first, second, *_, oldest = index.latest()
    assert (first, second, oldest) == (texts[3], last, texts[FORGOTTEN_AT_ONCE])
