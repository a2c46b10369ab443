"""Strangers' text made harmless for a terminal.

What arrives may hold escape sequences that move the cursor, marks that turn the reading direction of everything
after them, invisible letters that make two names look alike, or half a surrogate that no terminal can be sent.
Never knows where the text is shown; markup needs no care here because nothing shown is ever parsed as markup.
"""

import re
import unicodedata

# Emoji and Persian need these two invisible characters.
_JOINERS = frozenset("\u200c\u200d")
_COMBINING_MAX = 4
_BLANK_LINES = re.compile(r"\n{2,}")


def line(text: str) -> str:
    """Return text that stays on one line and changes nothing around it."""
    return " ".join(lines(text).split())


def lines(text: str) -> str:
    """Return text whose line breaks are kept, and that changes nothing around it.

    Control characters become their pictures (U+2400 …), so that one sees that something was there; what is
    invisible or turns the direction is left out; piles of accents are cut to four.
    """
    kept: list[str] = []
    piled = 0
    for character in unicodedata.normalize("NFC", text.replace("\r\n", "\n")):
        piled = piled + 1 if unicodedata.combining(character) else 0
        if piled <= _COMBINING_MAX:
            kept.append(_harmless(character))
    return _BLANK_LINES.sub("\n", "".join(kept)).strip("\n")


def _harmless(character: str) -> str:
    category = unicodedata.category(character)
    if character == "\n" or category in ("Zl", "Zp"):
        return "\n"
    if character == "\t":
        return " "
    if category == "Cc":
        code = ord(character)
        return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"
    if category == "Cs":
        return "\ufffd"
    return "" if category == "Cf" and character not in _JOINERS else character
