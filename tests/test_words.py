"""Words: which texts and names are taken, and what becomes of them."""

import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.codes import Refused
from server.safety.folding import fold
from server.safety.strictly import leads_out_strictly
from server.safety.topics import clean_topics
from server.safety.words import clean_name, clean_text

BLANK = {*"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", *map(chr, range(0x180B, 0x1810))} | {
    chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF)
}


def is_variation(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def refusal(clean: Callable[..., object], *given: object, **limits: int) -> str:
    """Return the code by which something is refused."""
    with pytest.raises(Refused) as caught:
        clean(*given, **limits)
    assert caught.value.message
    return caught.value.code


# Text.


@given(st.text(max_size=30))
def test_text_of_which_something_is_seen_is_given_in_nfc_or_refused_as_bad(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    # Of single signs the next tests tell.
    assume(text == "" or text.isspace() or any(unicodedata.category(char)[0] in "LNPS" for char in text))
    if len(composed) > 20 or not text or text.isspace():
        assert refusal(clean_text, text, max_chars=20) == "bad_text"
    else:
        assert clean_text(text, max_chars=20) == composed


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\t ", "\u2003", "\u3000\u00a0", "\u200b", "\u200b\u200d\ufeff \u2060", "\u3164\u3164", "\ufe0f",
     " \u00ad\n", "\u2800", "\x00", "\x07\x08", "\x7f", " \x1b\n"],
)  # fmt: skip
def test_blank_text_is_refused(text: str) -> None:
    assert refusal(clean_text, text, max_chars=10) == "bad_text"


@pytest.mark.parametrize(
    "text", ["👍🏽", "👨\u200d👩\u200d👧", "\u200bhi", "नमस्ते", "❤\ufe0f", "。", "\uf8ff", "\u0301"]
)
def test_text_of_which_anything_is_seen_is_let_through(text: str) -> None:
    assert clean_text(text, max_chars=20)


@pytest.mark.parametrize("char", ["x", "漢", "😀", "é"])
def test_length_is_counted_in_code_points(char: str) -> None:
    assert clean_text(char * 1000, max_chars=1000) == char * 1000
    assert refusal(clean_text, char * 1001, max_chars=1000) == "bad_text"


def test_length_is_counted_after_nfc() -> None:
    assert clean_text("e\u0301" * 1000, max_chars=1000) == "é" * 1000
    assert refusal(clean_text, "e\u0301" * 1001, max_chars=1000) == "bad_text"
    assert refusal(clean_text, "\ufb2c" * 400, max_chars=1000) == "bad_text"


def test_text_is_seen_behind_what_is_not() -> None:
    for text in ("\x07a", "\u200b!", " \u3042", "~"):
        assert clean_text(text, max_chars=10) == text


@pytest.mark.parametrize(
    "text",
    ["a" + "\u0301" * 4000 + "\u0323" * 4000, "a" + "\u0f73" * 5000, "a" + "\u0344" * 5000, "\u0301\u0323" * 4000],
    ids="reversed hidden double alternating".split(),
)
def test_pile_of_marks_is_refused_without_being_sorted(text: str) -> None:
    began = time.process_time()
    assert refusal(clean_text, text, max_chars=1000) == "bad_text"
    assert refusal(clean_name, text) == "bad_name"
    assert refusal(clean_topics, [text]) == "bad_topic"
    assert time.process_time() - began < 0.05  # sorting takes at least 0.1 s


def test_thirty_marks_in_the_wrong_order_are_put_in_order() -> None:
    assert clean_text("x" + "\u0315\u0323" * 15, max_chars=50) == "x" + "\u0323" * 15 + "\u0315" * 15


# Names.


@pytest.mark.parametrize(
    "name", ["example.com", "Ann (at) example.com", "+44 7911 123456", "tg: some_body", "ехаmрlе.соm"]
)
def test_names_and_topics_lead_nowhere_whatever_they_look_like(name: str) -> None:
    with pytest.raises(Refused, match=r"A name may not hold .*\. Choose one without\.") as caught:
        clean_name(name)
    assert caught.value.code == "bad_name"
    assert refusal(clean_topics, ["tea", name]) == "bad_topic"


@pytest.mark.parametrize(
    "name", ["Ann 2", "J. R.", "Mr.Smith", "Anna-Lena", "Ann (24)", "R2-D2", "Bot 1234567", "小明", "Ann :)"]
)
def test_ordinary_names_are_taken(name: str) -> None:
    assert clean_name(name) == name


@given(st.text(max_size=140))
def test_name_is_one_line_in_nfkc_or_refused_as_bad(name: str) -> None:
    composed = unicodedata.normalize("NFKC", "".join(char for char in name if not is_variation(char)))
    shown = " ".join(composed.split())
    assume(leads_out_strictly(fold(shown)) is None)
    unseen = UNSEEN & {unicodedata.category(char) for char in composed} or BLANK & set(composed)
    if len(name) > 4 * 32 or len(shown) > 32 or unseen:
        assert refusal(clean_name, name) == "bad_name"
    else:
        assert clean_name(name) == shown
        assert clean_name(shown) == shown


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("Ann", "Ann"),
        ("  Ann   Lee ", "Ann Lee"),
        ("Ａｎｎ", "Ann"),
        ("ﬁ", "fi"),
        ("a\u3000b", "a b"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_name_is_shown_normalised(asked: str, shown: str) -> None:
    assert clean_name(asked) == shown


def test_no_name_is_an_empty_one() -> None:
    assert clean_name(None) == ""


@pytest.mark.parametrize(
    "char",
    list(
        "\x00\x07\x08\t\n\r\x1b\x1f\x7f\x85\x9f"
        "\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
        "\u2028\u2029\u00ad\ue000\U000e0041\ud800"
    ),
    ids=lambda char: f"U+{ord(char):04X}",
)
def test_name_with_a_control_a_bidi_or_a_zero_width_character_is_refused(char: str) -> None:
    for name in (f"An{char}n", f"{char}Ann", f"Ann{char}", char):
        assert refusal(clean_name, name) == "bad_name"


def test_name_has_at_most_32_characters() -> None:
    assert clean_name("é" * 32) == clean_name("e\u0301" * 32) == "é" * 32
    for name in ("x" * 33, "e\u0301" * 33, "ﬁ" * 17, "x" * 16_000):
        assert refusal(clean_name, name) == "bad_name"


@pytest.mark.parametrize(
    "char", "\u034f\u115f\u1160\u17b4\u180b\u2800\u3164\uffa0\uffff", ids=lambda char: f"U+{ord(char):04X}"
)
def test_name_of_what_looks_like_nothing_is_refused(char: str) -> None:
    for name in (char, f"Ann{char}"):
        with pytest.raises(Refused) as refused:
            clean_name(name)
        assert refused.value.code == "bad_name"


def test_variation_selectors_fall_away_so_that_names_that_look_alike_are_alike() -> None:
    assert clean_name("Ann\ufe0f") == clean_name("Ann\U000e0100") == "Ann"
    assert clean_name("\u2764\ufe0f") == "\u2764"
