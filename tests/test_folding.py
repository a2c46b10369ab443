"""Folding: what readers take for the same comes to the same, the short way as the long way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.safety import folding
from server.safety.folding import fold

LATIN = "".join(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x180)))) + "‘’“”„‚‹›–—•€…™"


@given(st.text(alphabet=LATIN) | st.text())
def test_all_at_once_is_as_each_character_by_itself(text: str) -> None:
    assert fold(text) == "".join(map(folding._fold, text))


@pytest.mark.parametrize("char", LATIN)
def test_every_latin_character_comes_to_the_same_among_any_others(char: str) -> None:
    assert fold(f"é{char}") == fold("é") + fold(char)
    assert fold(f"é{char}文") == fold("é") + fold(char) + fold("文")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("I don’t “know”…", "i don't ''know''..."),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ÀÉ", "àé"),
        ("so\u00adft", "soft"),
        ("ªº²", "ao2"),
        ("ｆｏｏ．ｉｏ", "foo.io"),
        ("рауpal", "paypal"),
        ("½", "1/2"),
    ],
)
def test_what_is_written_otherwise_comes_to_the_same(text: str, plain: str) -> None:
    assert fold(text) == plain
