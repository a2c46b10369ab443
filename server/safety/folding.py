"""What a text comes to when everything is taken from it by which the same words are written differently.

Pure. Compatibility forms, case, look-alikes of Latin letters, digits of other scripts and what cannot be seen are
folded, each character by itself; nothing is ever shown folded, and no text is kept.
"""

import codecs
import re
import unicodedata

from rooms.lookalikes import CAPITALS, PROTOTYPES, SMALL_CAPITALS

_SIGN = "^"
"""What signs and symbols come to that look like nothing in ASCII: something between words, and never part of a way
out. Afterwards all that is not ASCII is letters, and can be told by bytes."""
_KEPT_SIGNS = "°"
"""Coordinates are told by it."""
_DROPPED_MARKS = (
    (0x0300, 0x0370), (0x0483, 0x048A), (0x0591, 0x05C8), (0x0610, 0x061B), (0x064B, 0x0660), (0x0670, 0x0671),
    (0x06D6, 0x06EE), (0x180B, 0x1810), (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x20D0, 0x2100), (0x2DE0, 0x2E00),
    (0xA66F, 0xA67E), (0xA69E, 0xA6A0), (0xFE00, 0xFE10), (0xFE20, 0xFE30), (0xE0000, 0xE1000),
)  # fmt: skip
"""Accents set one by one, points of Hebrew and Arabic, signs of old Cyrillic, strokes through letters, and choices of a
form: who reads does without. In other scripts marks are vowels. A letter that has its accent from the start keeps it:
in many a language that is another word (`año` is a year, `schön` not `schon`), and an operator may list both."""
_UNSEEN = frozenset(map(chr, (0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0, *range(0xFFF0, 0xFFF9))))
"""Fillers of Hangul, vowels of Khmer: letters and marks by their category, and never seen, nor are some that stand for
nothing yet (Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties)."""
_WHITE_CONTROLS = {"\t": "\t", "\n": "\n", "\r": "\n"}
"""Controls that are seen, as a space or a new line. All others show nothing where they stand."""
_STOPS = "。｡"
_BOXED = (0x1F150, 0x1F170)
"""Where 26 letters each begin, white in black rounds and boxes: symbols to Unicode, and an advert to who reads them.
Not so flags, which are letters in boxes as well: many a sentence ends in one."""
_EMOJI = range(0x1F000, 0x1FB00)


class _Folded(dict[int, str]):
    """What each character comes to, by its code and found out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        # Of the many characters beyond the first plane only emoji are said often enough to be remembered.
        if code < 0x10000 or code in _EMOJI:
            self[code] = folded
        return folded


_FOLDED = _Folded()
_NO_CONTROLS = dict.fromkeys((*range(0x20), 0x7F)) | str.maketrans(_WHITE_CONTROLS)


def fold(text: str) -> str:
    """Return the text folded: two that a reader takes for the same come to the same."""
    if text.isascii():
        plain = text.lower()
        return plain if plain.isprintable() else plain.translate(_NO_CONTROLS)
    # Accents and a phone's quotation marks among ASCII: all at once, and in a third of the time.
    latin, _ = codecs.charmap_encode(text, "ignore", _LATIN)
    if len(latin) == len(text):
        folded = latin.translate(_LATIN_FOLDED, _LATIN_DROPPED).decode("latin-1")
        for short, long in _LONGER.items():
            folded = folded.replace(short, long)
        return folded
    # A quarter less than joining what a dict of characters gives.
    return text.translate(_FOLDED)


def any_of(*words: str) -> str:
    """Return the pattern of any of these words, as they come out folded."""
    return "(?:" + "|".join(re.escape(fold(word)) for word in words) + ")"


def readings(text: str) -> tuple[str, ...]:
    """Return the text folded, and the other reading if there is one."""
    other = other_reading(text)
    return (fold(text),) if other is None else (fold(text), other)


def other_reading(text: str) -> str | None:
    """Return the text folded with other capitals among Latin letters as those they pass for, None without any.

    Only there: `ВОВ` is a word of its own, and its small letters are what it comes to.
    """
    if text.isascii() or not (_PASSING.search(text) and _LATIN_LETTER.search(text) and _passes(text)):
        return None
    return fold(text.translate(CAPITALS))


def _passes(text: str) -> bool:
    """Tell whether a capital of another script that folds to no Latin letter stands in one word with a Latin one."""
    return any(_PASSING.search(word) and _LATIN_LETTER.search(word) for word in _WORD.findall(text))


def _fold(char: str) -> str:
    if char in _STOPS:
        return "."
    for first in _BOXED:
        if first <= ord(char) < first + 26:
            return chr(ord("a") + ord(char) - first)
    return "".join(map(_plain, unicodedata.normalize("NFKC", char).casefold()))


def _plain(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cc":
        return _WHITE_CONTROLS.get(char, "")
    if char.isascii():
        return char
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Cf" or char in _UNSEEN or any(first <= ord(char) < end for first, end in _DROPPED_MARKS):
        return ""
    alike = SMALL_CAPITALS.get(char) or PROTOTYPES.get(ord(char), char)
    if alike.isascii():
        return alike.casefold()
    return char if category[0] in "LMN" or char in _KEPT_SIGNS else _SIGN


def _latin_table() -> tuple[str, bytes, bytes]:
    """Return 256 characters that come to one of Latin-1 each, or to none, what they come to, and which to none."""
    signs = iter("‘’“”„‚‹›–—•€…")
    chars, folded, dropped = [], bytearray(), bytearray()
    for code in range(256):
        # Where Latin-1 has controls stand the signs that phones write.
        char = next(signs, _NONE) if code in range(0x80, 0xA0) else chr(code)
        to = _fold(char)
        to = next((short for short, long in _LONGER.items() if long == to), to)
        if not to:
            dropped.append(code)
        elif len(to) > 1 or ord(to) > 255:
            char = to = _NONE
        chars.append(char)
        folded.append(ord(to) if to and to != _NONE else 0)
    return "".join(chars), bytes(folded), bytes(dropped)


_LONGER = {"ß": "ss", "\x80": "''", "\x81": "..."}
"""What stands for more than one character as long as there is a byte for each: nothing else comes to these."""
_NONE = "\ufffe"
"""What stands for nothing in a table of characters."""
_chars, _LATIN_FOLDED, _LATIN_DROPPED = _latin_table()
_LATIN = codecs.charmap_build(_chars)
_PASSING = re.compile(
    "[" + "".join(chr(code) for code, to in CAPITALS.items() if code < 0x10000 and _fold(chr(code)) != to.lower()) + "]"
)
"""One class of the first plane: with the few beyond it, or with what has to stand beside, it takes 20 times as long."""
_LATIN_LETTER = re.compile("[A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")
