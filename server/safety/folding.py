"""What a text comes to when everything is taken from it by which the same words are written differently.

Pure. Compatibility forms, case, look-alikes of Latin letters, digits of other scripts and what cannot be seen are
folded, each character by itself; nothing is ever shown folded, and no text is kept.
"""

import unicodedata

from rooms.lookalikes import PROTOTYPES

_SELECTORS = range(0xFE00, 0xFE10)
_STOPS = "。｡"


class _Folded(dict[str, str]):
    """What each character comes to, found out when it is first met."""

    def __missing__(self, char: str) -> str:
        folded = _fold(char)
        # Of the many characters beyond the first plane none is said often enough to be remembered.
        if ord(char) < 0x10000:
            self[char] = folded
        return folded


class _Letters(dict[str, str]):
    """The same, and nothing for what is no letter."""

    def __missing__(self, char: str) -> str:
        letters = "".join(filter(str.isalpha, _fold(char)))
        if ord(char) < 0x10000:
            self[char] = letters
        return letters


_FOLDED, _LETTERS = _Folded(), _Letters()


def fold(text: str) -> str:
    """Return the text folded: two that a reader takes for the same come to the same."""
    if text.isascii():
        return text.lower()
    return "".join(map(_FOLDED.__getitem__, text))


def letters_of(text: str) -> str:
    """Return the letters of the folded text."""
    return "".join(map(_LETTERS.__getitem__, text))


def _fold(char: str) -> str:
    if char in _STOPS:
        return "."
    return "".join(map(_plain, unicodedata.normalize("NFKC", char).casefold()))


def _plain(char: str) -> str:
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Cf" or ord(char) in _SELECTORS:
        return ""
    alike = PROTOTYPES.get(ord(char), char)
    return alike.casefold() if alike.isascii() else char
