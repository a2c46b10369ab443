"""Which texts look alike: their skeleton, by Unicode Technical Standard #39, section 4, and what is under another case.

The table of confusable characters is confusable_homoglyphs' (Unicode's confusables.txt). It lists, for each character,
all those it is confusable with, in both directions; here each gets one prototype back. Which of a pair that is does
not matter, since skeletons are compared with each other and shown to nobody.
"""

import unicodedata
from collections.abc import Mapping

from confusable_homoglyphs.confusables import confusables_data

_MARK = "\u200e"
"""Set around right-to-left characters in the table, where it is no part of what it stands beside."""

_ROUNDS_MAX = 8
"""How often a prototype is looked up in turn: twice suffices for the present table, and none may go on for ever."""


def _prototypes() -> dict[str, str]:
    """Return the prototype of every character that has one."""
    alike = {
        text.replace(_MARK, ""): [other["c"].replace(_MARK, "") for other in others]
        for text, others in confusables_data.items()
    }
    found: dict[str, str] = {}
    for text, others in alike.items():
        if len(text) > 1 or len(others) > 1:
            continue
        [other] = others
        is_pair = len(other) == 1 and len(alike.get(other, ())) == 1
        # Of two that are confusable with each other alone, the lower code point stands for both.
        if not is_pair or other < text:
            found[text] = other
    return found


def _settled(prototypes: Mapping[str, str]) -> dict[int, str]:
    """Return the table in which no prototype has another."""
    table = str.maketrans(dict(prototypes))
    for _ in range(_ROUNDS_MAX):
        settled = {code: text.translate(table) for code, text in table.items()}
        if settled == table:
            break
        table = settled
    return table


PROTOTYPES: Mapping[int, str] = _settled(_prototypes())
"""Code point → what it looks like, for `str.translate`."""


SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
"""There is none of x. To Unicode they are letters of their own, and few of them look-alikes, some of Cyrillic ones."""


def _capitals() -> dict[int, str]:
    """Return the Latin capital that each capital of another script looks like."""
    latin = {PROTOTYPES.get(ord(capital), capital): capital for capital in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    return {
        code: latin[alike]
        for code, alike in PROTOTYPES.items()
        if alike in latin and code > 127 and unicodedata.category(chr(code)) == "Lu"
    }


CAPITALS: Mapping[int, str] = _capitals()
"""Code point → Latin capital, for `str.translate`, before the case goes: the small letter of one that looks like a B,
H, M, N or T looks like another letter, or like none."""
_LATIN = {ord(char): letter for char, letter in SMALL_CAPITALS.items()} | dict(CAPITALS)


def skeleton(text: str) -> str:
    """Return what two texts have in common if and only if they look alike (UTS #39, 4)."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).translate(PROTOTYPES))


def looks(name: str) -> frozenset[str]:
    """Return what a name looks like, whatever its case and spaces: two names that share one look alike.

    Up to three, for case decides what looks alike: a capital I is like a small l, and is a small i; so is what looks
    like that capital in another script, although its own small letter looks like none.
    """
    close = "".join(name.split())
    found = {skeleton(close).casefold(), skeleton(close.casefold())}
    if not close.isascii():
        found.add(skeleton(close.translate(_LATIN).casefold()))
    return frozenset(found)
