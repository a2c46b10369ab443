"""Fingerprints: what counts as the same text, for how long, and that no word is kept."""

import random
import string

import msgspec
import pytest

from server.safety.fingerprints import Fingerprints, Print
from server.safety.folding import fold
from server.safety.sametext import LOOK_BACK_S, SameTexts
from server.safety.sightings import SIGHTINGS_MAX
from server.safety.text_index import TEXTS_MAX

KEY = bytes(range(32))
ADVERT = "Hot singles near you are waiting, join free today at my page and get a bonus of 50 coins"
SHORT = "Earn money from home, ask me how, easy and fast"


def known(texts: SameTexts, text: str, room: str = "r", who: str = "ann", *, now: float = 0.0) -> int | None:
    """Have the text said there and return in how many rooms it was met, None if it is held."""
    print = texts.print(fold(text))
    assert print is not None
    return texts.meet(print, room, who, now=now)


def fingerprint(text: str, key: bytes = KEY) -> Print | None:
    return Fingerprints(key).of(fold(text))


def make(key: bytes = KEY, *, own_max: int = 0, all_max: int = 0) -> SameTexts:
    return SameTexts(key, own_max=own_max, all_max=all_max)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "variant",
    [
        ADVERT.upper(),
        ADVERT.replace(" ", "  "),
        ADVERT.replace(" ", ""),
        " ".join(ADVERT),
        f"*** {ADVERT} *** 12345",
        ADVERT.replace("50", "5,000"),
        ADVERT.replace("a", "а").replace("o", "ο"),  # Cyrillic, Greek
        ADVERT.replace("e", "e\u200b"),
        "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in ADVERT),
        f"🔥🔥 {ADVERT} 🔥",
        ADVERT.replace("n", "n\u0336"),  # struck through
        ADVERT.replace(" ", " — "),
    ],
)
def test_the_same_words_written_otherwise_are_the_same_text(variant: str, seed: int) -> None:
    key = bytes([seed]) * 32
    assert fingerprint(variant, key) == fingerprint(ADVERT, key)


@pytest.mark.parametrize("text", [ADVERT, SHORT])
def test_a_word_more_or_less_leaves_it_nearly_the_same_under_most_keys(text: str) -> None:
    words = text.split()
    variants = [f"{text} friends", f"hello {text}", " ".join(words[:-1]), " ".join([*words[:3], *words[4:]])]
    found = 0
    for seed in range(20):
        for variant in variants:
            texts = make(bytes([seed]) * 32)
            known(texts, text, "one")
            found += known(texts, variant, "two") == 2
    assert found > 0.7 * 20 * len(variants)


def test_laughter_behind_a_text_makes_it_no_other() -> None:
    for seed in range(10):
        texts = make(bytes([seed]) * 32)
        known(texts, ADVERT, "one")
        assert known(texts, f"{ADVERT} {'haha ' * 40}", "two") == 2


def test_one_word_over_and_over_is_the_same_as_itself_and_no_other() -> None:
    for seed in range(10):
        texts = make(bytes([seed]) * 32)
        assert [known(texts, "good morning " * 6, room) for room in ("one", "two", "three")] == [1, 2, 3]
        assert known(texts, "lovely evening " * 6, "four") == 1


def test_when_a_text_was_first_met_is_not_forgotten_for_its_being_met_again() -> None:
    texts = make()
    known(texts, ADVERT, "one", now=0)
    known(texts, ADVERT, "two", now=LOOK_BACK_S - 1)
    assert known(texts, ADVERT, "three", now=LOOK_BACK_S + 1) == 2


def test_other_texts_are_others() -> None:
    texts = make()
    rng = random.Random(1)
    words = ["".join(rng.choices(string.ascii_lowercase, k=rng.randint(2, 9))) for _ in range(500)]
    said = [" ".join(rng.choices(words, k=9)) for _ in range(2000)]
    assert sum(known(texts, text, f"r{number}") != 1 for number, text in enumerate(said)) <= 20


@pytest.mark.parametrize(
    "text",
    ["Good evening everybody!", "x" * 23, "hahaha 1234567890 12345 67890", "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "1" * 40],
)
def test_short_texts_and_those_of_few_letters_are_left_alone(text: str) -> None:
    assert fingerprint(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1000,
        "а" * 500,
        "文" * 300,
        "\ud800" * 40 + "abcdefghijklmnop",
        "bcdfgh" * 50,
        "मैं यहाँ नया हूँ, सब लोग कैसे हो आज",
    ],
)
def test_any_text_has_one_fingerprint(text: str) -> None:
    assert fingerprint(text) == fingerprint(text) is not None


def test_rooms_are_counted_once_and_a_persons_apart() -> None:
    texts = make(own_max=3, all_max=5)
    assert known(texts, ADVERT, "one") == 1
    assert known(texts, ADVERT, "one") == 1
    assert known(texts, ADVERT, "two") == 2
    assert known(texts, ADVERT, "three", "bo") == 3
    assert known(texts, ADVERT, "two", "bo") == 3
    assert known(texts, ADVERT, "three", "ann") is None
    assert known(texts, ADVERT, "one", "ann") == 3
    assert known(texts, ADVERT, "four", "cy") == 4
    assert known(texts, ADVERT, "five", "dee") is None
    assert known(texts, ADVERT, "four", "dee") == 4


def test_an_hour_later_it_is_forgotten() -> None:
    texts = make()
    known(texts, ADVERT, "one", now=0)
    known(texts, ADVERT, "two", now=LOOK_BACK_S - 1)
    assert known(texts, ADVERT, "three", now=LOOK_BACK_S) == 2
    texts.forget(now=LOOK_BACK_S)
    assert len(texts) == 1
    [text] = texts._index.latest()
    rooms, own = text.sightings()
    assert set(rooms) == set(own["ann"]) == {"two", "three"}
    texts.forget(now=2 * LOOK_BACK_S)
    assert not list(texts._index.latest())
    assert not texts._index._by_piece
    assert known(texts, SHORT, now=3 * LOOK_BACK_S) == 1
    assert len(texts) == 1
    assert len(texts._index._by_piece) <= 4


def test_what_is_held_lasts_no_longer_for_being_tried_again() -> None:
    texts = make(own_max=2)
    known(texts, ADVERT, "one", now=0)
    for now in range(60, int(LOOK_BACK_S), 60):
        assert known(texts, ADVERT, "two", now=now) is None
    assert known(texts, ADVERT, "two", now=LOOK_BACK_S) == 1


@pytest.mark.parametrize("change", ["{} and so on", "my dear friends, {}", "{} or write me"])
def test_from_where_junk_came_it_is_known_again_in_wider_disguise(change: str) -> None:
    held = 0
    for seed in range(20):
        texts = make(bytes([seed]) * 32, own_max=2)
        known(texts, ADVERT, "one")
        assert known(texts, ADVERT, "two") is None
        print = texts.print(fold(change.format(ADVERT)))
        assert print is not None
        held += texts.meet(print, "three", "bo", now=0, is_suspect=True) is None
    assert held >= 18


def test_of_too_many_texts_the_one_met_longest_ago_is_forgotten() -> None:
    texts = make()
    rng = random.Random(2)
    known(texts, ADVERT, "one")
    for _ in range(TEXTS_MAX + 10):
        known(texts, "".join(rng.choices(string.ascii_lowercase, k=40)))
    assert len(texts) <= TEXTS_MAX
    assert len(texts._index._by_piece) <= 4 * TEXTS_MAX
    assert known(texts, ADVERT, "two") == 1


def test_sightings_of_one_text_have_a_bound() -> None:
    texts = make()
    for number in range(1500):
        rooms = known(texts, ADVERT, f"r{number}", f"p{number}")
    assert rooms == SIGHTINGS_MAX + 1
    [text] = texts._index.latest()
    rooms_kept, own_kept = text.sightings()
    assert len(rooms_kept) == len(own_kept) == SIGHTINGS_MAX


def test_another_key_makes_another_fingerprint() -> None:
    assert fingerprint(ADVERT) == fingerprint(ADVERT) != fingerprint(ADVERT, bytes(32))


def test_no_word_is_kept() -> None:
    texts = make()
    known(texts, ADVERT)
    [text] = texts._index.latest()
    kept = msgspec.structs.asdict(text)
    assert (kept.pop("room"), kept.pop("who")) == ("r", "ann")
    assert all(type(number) is int for number in kept.pop("pieces"))
    assert set(map(type, kept.values())) == {float, type(None), bool}
    assert all(type(piece) is int for piece in texts._index._by_piece)
