"""What people may call themselves and say: normalised once, at the edge."""

import re
import unicodedata

from rooms.names import NAME_MAX_CHARS
from server.codes import Refused
from server.safety.strictly import way_out_of

CLAIM_MAX_CHARS = 64
"""Of a verified claim: twice a name, for a full one or a faculty."""

PILE_MAX_MARKS = 30
"""Marks in a row that are put in order, as in Unicode's Stream-Safe Text Format (UAX #15, 13).

Ordering n of them takes n² steps: a frame full would hold everybody up for a tenth of a second.
"""
COMPOSED_MAX_CHARS = 4
"""Normalisation makes no more code points one (U+1F82 is the longest); what is so many times too long is too long."""

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
"""Unicode general categories: controls, format (bidi, zero-width), surrogates, private use, line separators."""
_BLANK = frozenset(map(chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810))))
"""What is not seen although its category says otherwise: Default_Ignorable_Code_Point (Unicode's
DerivedCoreProperties) without the variation selectors, and the empty Braille pattern."""
_VARIATION = re.compile("[\\uFE00-\\uFE0F\\U000E0100-\\U000E01EF]")
"""Variation selectors: phones write them behind emoji; without one a name looks, or nearly looks, the same."""
_BLANK_IN_TEXT = _BLANK.union(" ", map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""What may be the first character of a text of which nothing is seen, beside what Python does not print."""
_SPACES = re.compile(r"\s+")


def clean_text(text: str, *, max_chars: int) -> str:
    """Return the text in NFC. Raises Refused if none of it can be seen or it is longer than `max_chars` code points."""
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        if _has_a_pile(text):
            raise Refused("bad_text", f"The text piles more than {PILE_MAX_MARKS} marks on one letter.")
        text = unicodedata.normalize("NFC", text)
    if len(text) > max_chars:
        raise Refused("bad_text", f"The text has {len(text)} characters; at most {max_chars} are sent.")
    # A first character that is seen is enough, and nearly every text has one.
    if not text or (not "!" <= text[0] <= "~" and _is_blank(text)):
        raise Refused("bad_text", "The text is empty.")
    return text


def clean_name(name: str | None) -> str:
    """Return the name in NFKC, "" for none: then the room gives one. Raises Refused.

    It stands beside every word of whoever wears it: nobody's leads out of the room, however long they have been here.
    """
    if not name:
        return ""
    name = in_one_line(name, max_chars=NAME_MAX_CHARS, code="bad_name")
    leads_nowhere("name", name, code="bad_name")
    return name


def name_worn() -> Refused:
    """Return the refusal of a name that somebody verified wears in the same room."""
    return Refused("bad_name", "Somebody here whose name is verified is called that.")


def clean_claim(text: str) -> str:
    """Return what a host application says of somebody, fit to be shown; "" if it is not.

    A middle dot would end the claim, and have what follows taken for the issuer.
    """
    try:
        return in_one_line(text.replace("·", "."), max_chars=CLAIM_MAX_CHARS, code="bad_name").replace("·", ".")
    except Refused:
        return ""


def leads_nowhere(what: str, text: str, *, code: str) -> None:
    """Raise Refused with that code if the text names a way out of the room."""
    way_out = way_out_of(text)
    if way_out is not None:
        holds = "a link" if way_out == "link" else "an address, a phone number or a name on another service"
        raise Refused(code, f"A {what} may not hold {holds}. Choose one without.")


def in_one_line(text: str, *, max_chars: int, code: str) -> str:
    """Return the text in NFKC, with single spaces and none around it. Raises Refused with that code."""
    if len(text) > COMPOSED_MAX_CHARS * max_chars:
        raise Refused(code, f"At most {max_chars} characters are shown, and these are {len(text)}.")
    text = unicodedata.normalize("NFKC", _VARIATION.sub("", text))
    unseen = next((char for char in text if _is_unseen(char)), None)
    if unseen is not None:
        raise Refused(code, f"U+{ord(unseen):04X} cannot be seen and may not stand here.")
    text = _SPACES.sub(" ", text).strip()
    if len(text) > max_chars:
        raise Refused(code, f"At most {max_chars} characters are shown, and these are {len(text)}.")
    return text


def _is_blank(text: str) -> bool:
    # Nearly always the first character is seen, and is told to be without a call of ours.
    return (text[0] in _BLANK_IN_TEXT or not text[0].isprintable()) and all(map(_is_unseen_in_text, text))


def _is_unseen_in_text(char: str) -> bool:
    # Characters for private use are unseen by most and not by all, who may mean something by them.
    return char in _BLANK_IN_TEXT or char.isspace() or unicodedata.category(char) in ("Cc", "Cf")


def _is_unseen(char: str) -> bool:
    # U+nFFFE and U+nFFFF are no characters at all, and never will be (Unicode, 23.7).
    return unicodedata.category(char) in _UNSEEN or char in _BLANK or ord(char) & 0xFFFE == 0xFFFE


def _has_a_pile(text: str) -> bool:
    pile = 0
    for char in text:
        # By category, not by combining class: that of U+0F73 is 0, yet it comes apart into marks.
        pile = pile + 1 if unicodedata.category(char).startswith("M") else 0
        if pile > PILE_MAX_MARKS:
            return True
    return False
