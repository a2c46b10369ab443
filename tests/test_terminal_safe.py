"""Strangers' text made harmless for a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client_demo.terminal import safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("bell\x07 null\x00 delete\x7f", "bell␇ null␀ delete␡"),
        ("\x9b31mC1", "\ufffd31mC1"),
        ("\u202edrawkcab\u202c \u2066x\u2069 \u200fy", "drawkcab x y"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("half \ud800 pair", "half \ufffd pair"),
        ("tab\tstop", "tab stop"),
        ("👩\u200d👧 می\u200cخواهم", "👩\u200d👧 می\u200cخواهم"),
        ("one\r\ntwo\n\n\nthree\u2028four\n", "one\ntwo\nthree\nfour"),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
    ],
)
def test_text_keeps_its_words_and_loses_its_effects(text: str, shown: str) -> None:
    assert safe.lines(text) == shown


def test_piles_of_accents_are_cut_to_four() -> None:
    assert safe.lines("Z" + "\u0335" * 40 + "!") == "Z" + "\u0335" * 4 + "!"


def test_one_line_has_no_breaks_and_no_runs_of_spaces() -> None:
    assert safe.line("  two\n  words \t here ") == "two words here"


@given(st.text(st.characters(codec=None)))
def test_nothing_that_a_terminal_obeys_comes_through(text: str) -> None:
    for character in safe.lines(text):
        category = unicodedata.category(character)
        assert category not in ("Cc", "Cs", "Zl", "Zp") or character == "\n"
        assert category != "Cf" or character in "\u200c\u200d"
    assert safe.lines(text).encode("utf-8") is not None
    assert "\n" not in safe.line(text)
