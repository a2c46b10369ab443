"""Folding: what readers take for the same comes to the same, the short way as the long way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.safety import folding
from server.safety.contacts import leads_out
from server.safety.folding import fold, readings
from server.safety.wordlist import read_rules

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
        ("🅲🅰🆂🅸🅽🅾", "casino"),
        ("🅒🅐🅢🅘🅝🅞", "casino"),
        ("Paris.🇫🇷", "paris.^^"),
        ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz"),
        ("ᶦᶫᶰᶸ", "ilnu"),
        ("c҃a҈s҉i҇n҅o҄", "casino"),
        ("cⷠaⷵsꙴi꙰noꚟ", "casino"),
        ("año", "año"),
    ],
)
def test_what_is_written_otherwise_comes_to_the_same(text: str, plain: str) -> None:
    assert fold(text) == plain


UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180f\u200b\u2060\u3164\ufe0f\uffa0\U000e0101\U000e01ef"
UNSEEN += "\x00\x01\x08\x0b\x0c\x1b\x1c\x1f\x7f\x80\x85\x9b\x9f\u2065\ufff0\ufff8\U000e0080\U000e0fff"


@pytest.mark.parametrize("text", ["ᴄᴀsɪɴᴏ", "ᴛʜᴇ ᴄᴀꜱɪɴᴏ", "CᴀSIɴO", "c\u0483asino", "ca\u0489sino"])
def test_small_capitals_and_signs_of_old_cyrillic_hide_no_word_of_the_list(text: str) -> None:
    assert read_rules(["casino"])[0].holds(text)


@pytest.mark.parametrize("text", ["CASIΝO", "CASΙΝО", "САSIΝО tonight", "CASINO", "САЅІNО"])
def test_capitals_of_other_scripts_among_latin_ones_hide_no_word_of_the_list(text: str) -> None:
    """The small letter of a Greek N looks like a v."""
    assert read_rules(["casino"])[0].holds(text)


def test_capitals_of_other_scripts_by_themselves_are_their_own_words() -> None:
    assert readings("ВОВ, В МОСКВЕ") == (fold("ВОВ, В МОСКВЕ"),)
    assert read_rules(["вор"])[0].holds("ВОР")
    assert not read_rules(["bob"])[0].holds("ВОВ")


@pytest.mark.parametrize("text", ["look at EVIL.COМ", "look at EVIL.ΝEТ"])
def test_capitals_of_other_scripts_hide_no_way_out(text: str) -> None:
    assert "link" in map(leads_out, readings(text))


def test_letter_with_an_accent_of_its_own_is_another_letter() -> None:
    """A list that holds `ano` would hold every year of a Spanish speaker: whoever means both lists both."""
    assert not read_rules(["ano"])[0].holds("feliz año")
    assert read_rules(["año"])[0].holds("FELIZ AÑO")


@pytest.mark.parametrize("char", UNSEEN, ids=lambda char: f"{ord(char):04X}")
def test_what_cannot_be_seen_parts_no_word_and_hides_no_way_out(char: str) -> None:
    assert fold(f"ca{char}sino") == "casino"
    assert leads_out(fold(f"see exam{char}ple.c{char}om")) == "link"
    assert read_rules(["casino"])[0].holds(f"ca{char}sino tonight")
    assert leads_out(fold(f"call me: 555{char}1234567")) == "contact"


@pytest.mark.parametrize("char", "\t\n\r")
def test_new_line_parts_words_as_a_space_does(char: str) -> None:
    assert read_rules(["casino"])[0].holds(f"no{char}casino{char}here")
    assert not read_rules(["casino"])[0].holds(f"cas{char}ino")
