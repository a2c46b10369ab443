"""Which texts go round: fingerprints of the last hour, by which nearly the same text is known in another room.

Pure, and it keeps no word. A text is folded (case, look-alikes, digits, punctuation and spaces away) and cut into
pieces behind certain letters, so that a change here leaves the pieces elsewhere alone. Which letters these are and what
each piece counts for comes from a key: who does not know it cannot tell what to change. The fingerprint is a SimHash
(Charikar, "Similarity Estimation Techniques from Rounding Algorithms", 2002): 64 votes of all pieces, here each in one
byte of a large number, so that a piece costs one addition. Texts of nearly the same pieces differ in few votes.

Fingerprints are found by a few pairs of neighbouring pieces that the key makes stand out, since texts of a line or two
differ in too many votes to be found by bands of them: after one changed word a pair is still there nine times in ten,
a quarter of the votes three times in ten.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import pairwise
from random import Random
from typing import TypeAlias
from zlib import crc32

from server.safety.folding import letters_of

SHORT_CHARS = 24
"""Shorter texts are left alone: greetings and thanks are the same everywhere."""
SHORT_LETTERS = 12
"""So are those of fewer letters (bytes of UTF-8): laughter, numbers, drawings."""
LOOK_BACK_S = 3600.0
TEXTS_MAX = 30_000
"""Fingerprints known at a time, about 1 KB each; of more the one met longest ago is forgotten."""
SIGHTINGS_MAX = 1000
"""Rooms of one text, people who said it, and rooms of each of them: as many as the settings allow to wait for."""
NEAR_VOTES, LIKELY_VOTES = 12, 18
"""Votes of 64 in which the same text may differ if they have one pair in common, and if they have more. Of adverts with
one word changed six in ten are known again so, of made-up sentences out of five hundred words one in three hundred."""
SUSPECT_VOTES = 26
"""The same for what a newcomer says who comes from where junk came from lately, compared with junk alone."""
ALIKE_VOTES = 8
"""So near, a text has been wherever the other was: a chain of texts, each a little like the last, is not one text."""

_VOTES = 64
_PIECES_MAX = 127
"""Pieces of one text that vote: as many as a byte can count and still show which side won."""
_KINDS = 4096
"""Pieces told apart, 0.4 MB of votes: that two share one matters little among a dozen."""
_HIGH = int.from_bytes(b"\x80" * _VOTES)
_ONES = int.from_bytes(b"\x01" * _VOTES)
_PAIRS = 4
"""Pairs of pieces a text is found by."""
_LOWER = bytes(code + 32 if 65 <= code <= 90 else code for code in range(256))
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())
_PER_MILLE = dict(zip(b"etaoinsrhldcumpgfbyvwk", (
    127, 91, 82, 75, 70, 67, 63, 60, 61, 40, 43, 28, 28, 24, 19, 20, 22, 15, 20, 10, 24, 8), strict=True))  # fmt: skip
"""How often letters stand in English text: pieces are cut behind some that are a seventh of all."""
_CUT_PER_MILLE = 150
_PIECE_MAX_BYTES = 8
"""A piece ends here at the latest, or a text without those letters would be one piece."""


Print: TypeAlias = tuple[int, list[int]]
"""What is kept of a text: its votes, and the pairs it is found by. A plain tuple: every message makes one."""


class Fingerprints:
    """Makes the fingerprints of one key."""

    def __init__(self, key: bytes) -> None:
        chance = Random(blake2b(key=key, person=b"hereabouts texts").digest())
        ends = b"".join(b"\\x%02x" % code for code in _cutters(chance))
        self._pieces = re.compile(b"[^%b]{1,%d}[%b]?|[%b]" % (ends, _PIECE_MAX_BYTES, ends, ends)).findall
        self._votes_of = [int.from_bytes(bytes(chance.choices((0, 1), k=_VOTES))) for _ in range(_KINDS)].__getitem__
        # Half of the pieces and this make 128, the bit that shows that more than half voted for it.
        self._tips = [_ONES * (127 - pieces // 2) for pieces in range(_PIECES_MAX + 1)]
        self._start = chance.getrandbits(32)

    def of(self, text: str) -> Print | None:
        """Return the text's fingerprint, None if it is left alone."""
        if len(text) < SHORT_CHARS:
            return None
        if text.isascii():
            letters = text.encode().translate(_LOWER, _NO_LETTERS)
        else:
            letters = letters_of(text).encode(errors="replace")
        if len(letters) < SHORT_LETTERS:
            return None
        start = self._start
        kinds = [crc32(piece, start) & 4095 for piece in self._pieces(letters)]
        if len(kinds) > _PIECES_MAX:
            del kinds[_PIECES_MAX:]
        votes = sum(map(self._votes_of, kinds), self._tips[len(kinds)]) & _HIGH
        pairs = [one << 12 | next for one, next in pairwise(kinds)]
        pairs.sort()
        return votes, pairs[:_PAIRS]


def _cutters(chance: Random) -> Iterator[int]:
    """Yield the bytes that end a piece: letters, and for other scripts bytes that follow the first in UTF-8."""
    left = _CUT_PER_MILLE
    for letter in chance.sample(list(_PER_MILLE), len(_PER_MILLE)):
        if _PER_MILLE[letter] <= left:
            left -= _PER_MILLE[letter]
            yield letter
    yield from (code for code in range(0x80, 0xC0) if chance.random() < _CUT_PER_MILLE / 1000)


class _Text:
    """One fingerprint, and where texts like it were met. Most are met once, and have no dicts.

    Attributes:
        room, who, at: where and by whom it was first met, and when.
        rooms: room → when last, the oldest first; None if it was met once.
        own: person → the same of theirs.
        is_junk: whether it was held.
    """

    __slots__ = ("at", "is_junk", "own", "pairs", "room", "rooms", "votes", "who")

    own: dict[str, dict[str, float]]

    def __init__(self, print: Print, room: str, who: str, at: float) -> None:
        self.votes, self.pairs = print
        self.room, self.who, self.at = room, who, at
        self.rooms: dict[str, float] | None = None
        self.is_junk = False

    def sightings(self) -> dict[str, float]:
        """Return all rooms, with the dicts made."""
        if self.rooms is None:
            self.rooms = {self.room: self.at}
            self.own = {self.who: {self.room: self.at}}
        return self.rooms

    def inherit(self, near: list["_Text"]) -> None:
        """Have been met wherever those were that are as good as this one, and nowhere else."""
        alike = [text for text in near if text.is_junk or (text.votes ^ self.votes).bit_count() <= ALIKE_VOTES]
        self.rooms = _merged(text.sightings() for text in alike)
        everybody = {who for text in alike for who in text.own}
        self.own = {who: _merged(text.own.get(who, {}) for text in alike) for who in everybody}

    def meet(self, room: str, who: str, now: float) -> None:
        """Be met there once more."""
        rooms = self.sightings()
        own: dict[str, float] = self.own.pop(who, {})
        self.own[who] = own
        for where in (rooms, own):
            where.pop(room, None)
            where[room] = now
            if len(where) > SIGHTINGS_MAX:
                del where[next(iter(where))]
        if len(self.own) > SIGHTINGS_MAX:
            del self.own[next(iter(self.own))]


class SameTexts:
    """What was said lately, known by fingerprints alone. `now` never runs backwards.

    Args:
        own_max, all_max: in so many rooms a text of one person, and of anybody, is held; 0 for never.
    """

    def __init__(self, key: bytes, *, own_max: int, all_max: int) -> None:
        self.print = Fingerprints(key).of
        self._own_max = own_max
        self._all_max = all_max
        self._texts: OrderedDict[_Text, float] = OrderedDict()
        self._by_pair: dict[int, _Text] = {}

    def __len__(self) -> int:
        """Return how many fingerprints are known."""
        return len(self._texts)

    def meet(self, print: Print, room: str, who: str, *, now: float, is_suspect: bool = False) -> int | None:
        """Return how many rooms got nearly this text in the last hour, this one included, or None if it is held.

        Args:
            is_suspect: hold what is only somewhat like junk, too.
        """
        since = now - LOOK_BACK_S
        if self._texts and next(iter(self._texts.values())) <= since:
            self._forget(since)
        met = [text for text in map(self._by_pair.get, print[1]) if text is not None]
        near, like_junk = _sorted_out(met, print[0], is_suspect=is_suspect) if met else ([], [])
        if like_junk:
            self._add(_Text(print, room, who, now), now, alike=like_junk).is_junk = True
            return None
        if not near:
            self._add(_Text(print, room, who, now), now)
            return 1
        rooms = _count([text.sightings() for text in near], room, since)
        own = _count([text.own[who] for text in near if who in text.own], room, since)
        is_held = (self._own_max and own >= self._own_max) or (self._all_max and rooms >= self._all_max)
        text = next((text for text in near if text.votes == print[0]), None)
        if text is None:
            text = self._add(_Text(print, room, who, now), now, alike=near)
        self._texts[text] = now
        self._texts.move_to_end(text)
        if not is_held:
            text.meet(room, who, now)
            return rooms
        text.is_junk = True
        return None

    def _add(self, text: _Text, now: float, *, alike: list[_Text] | None = None) -> _Text:
        """Know one more text; if others are alike, it was met where they were and not yet where it is said."""
        if alike is not None:
            text.inherit(alike)
        for pair in text.pairs:
            self._by_pair[pair] = text
        self._texts[text] = now
        if len(self._texts) > TEXTS_MAX:
            self._drop()
        return text

    def _forget(self, since: float) -> None:
        """Drop what was met last at that time or before."""
        while self._texts and next(iter(self._texts.values())) <= since:
            self._drop()

    def _drop(self) -> None:
        text, _ = self._texts.popitem(last=False)
        for pair in text.pairs:
            if self._by_pair.get(pair) is text:
                del self._by_pair[pair]


def _sorted_out(met: list[_Text], votes: int, *, is_suspect: bool) -> tuple[list[_Text], list[_Text]]:
    """Return the texts that are nearly this one, and for suspects those that are junk and somewhat like it."""
    near: list[_Text] = []
    like_junk: list[_Text] = []
    for text in dict.fromkeys(met):
        differ = (text.votes ^ votes).bit_count()
        if differ <= (LIKELY_VOTES if met.count(text) > 1 else NEAR_VOTES):
            near.append(text)
        if is_suspect and text.is_junk and differ <= SUSPECT_VOTES:
            like_junk.append(text)
    return near, like_junk


def _merged(sightings: Iterable[dict[str, float]]) -> dict[str, float]:
    """Return all rooms with their latest times, the oldest first, and only as many as are kept of one text."""
    merged: dict[str, float] = {}
    everything = [item for rooms in sightings for item in rooms.items()]
    for room, at in sorted(everything, key=lambda item: item[1]):
        merged.pop(room, None)
        merged[room] = at
    return dict(list(merged.items())[-SIGHTINGS_MAX:]) if len(merged) > SIGHTINGS_MAX else merged


def _count(sightings: list[dict[str, float]], room: str, since: float) -> int:
    """Forget what was met at that time or before and return in how many rooms it was, that room included."""
    for rooms in sightings:
        while rooms and next(iter(rooms.values())) <= since:
            del rooms[next(iter(rooms))]
    if len(sightings) == 1:
        return len(sightings[0]) + (room not in sightings[0])
    return len({room}.union(*sightings))
