"""Fingerprints of texts: nearly the same text has nearly the same one, however it is written.

Pure, and no word is left in it. A folded text is stripped to its letters and cut behind certain of them, so that
neither spaces nor punctuation decide where a piece ends and a change here leaves the pieces elsewhere alone. Which
letters these are comes from a key: who does not know it cannot tell what to change. The fingerprint is the text's
pieces, each as one number, the longest first: they are the least like anybody else's.

Every longer message comes through here: what is done to it is half a dozen calls of C functions, most over all pieces
at once. Processes with one key make the same fingerprints.
"""

from collections.abc import Iterable
from hashlib import blake2b
from itertools import repeat
from random import Random
from typing import TypeAlias
from zlib import crc32

SHORT_CHARS = 24
"""Shorter texts are left alone: greetings and thanks are the same everywhere."""
SHORT_LETTERS = 12
"""So are those of fewer letters (bytes of UTF-8): laughter, numbers, drawings."""

_PIECES_MAX = 8
"""Pieces kept of a text, all those of a message of some 50 characters; of a longer one the longest stand for all. With
32 no more variations are known; with 6 nearly twice as many honest texts are nearly another's."""
_MANY_PIECES = 32
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())
_PER_MILLE = dict(zip(b"insrhldcumpgfbyvwk", (
    70, 67, 63, 60, 61, 40, 43, 28, 28, 24, 19, 20, 22, 15, 20, 10, 24, 8), strict=True))  # fmt: skip
"""How often letters stand in English text: pieces end with some that are a quarter of all. With the four commonest
among them a line would have twice as many pieces under one key as under another, and be known half as well."""
_CUT_PER_MILLE = 240
"""More often, and pieces are words that everybody says; more seldom, and a short line has too few. Pairs of pieces know
as much of a text, and cost a third more. The smallest numbers instead of the longest pieces are quicker, but by some
keys they are those of single letters, and every text has taken the place of an advert before it comes again."""

Print: TypeAlias = tuple[int, ...]
"""A text's pieces, the longest first, each as its CRC-32 (ISO 3309), begun with a number of the key. Python's own keyed
hash of bytes takes 0.1 µs less for all eight, and is another in every process."""


class Fingerprints:
    """Makes the fingerprints of one key."""

    def __init__(self, key: bytes) -> None:
        digest = blake2b(key=key, person=b"hereabouts texts").digest()
        self._begin = repeat(int.from_bytes(digest[:4]))
        ends = set(_cutters(Random(digest)))
        self._cuts = bytes(0x20 if code in ends else code for code in range(256))

    def of(self, plain: str) -> Print | None:
        """Return the fingerprint of a folded text, None if it is left alone."""
        if len(plain) < SHORT_CHARS:
            return None
        letters = plain.encode().translate(self._cuts, _NO_LETTERS)
        if len(letters) < SHORT_LETTERS:
            return None
        pieces = letters.split()
        if len(pieces) > _MANY_PIECES:
            # Each once: who laughs a hundred times behind a text has said nothing more.
            pieces = list(dict.fromkeys(pieces))
        pieces.sort(key=len, reverse=True)
        return tuple(map(crc32, pieces[:_PIECES_MAX], self._begin))


def _cutters(chance: Random) -> Iterable[int]:
    """Yield the bytes that end a piece: letters, and for other scripts bytes that follow the first in UTF-8."""
    left = _CUT_PER_MILLE
    for letter in chance.sample(list(_PER_MILLE), len(_PER_MILLE)):
        if _PER_MILLE[letter] <= left:
            left -= _PER_MILLE[letter]
            yield letter
    yield from (code for code in range(0x80, 0xC0) if chance.random() < _CUT_PER_MILLE / 1000)
