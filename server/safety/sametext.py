"""Which texts go round: fingerprints of the last hour, by which nearly the same text is known in another room.

Pure, and it keeps no word. A folded text is stripped to its letters and cut behind certain of them, so that neither
spaces nor punctuation decide where a piece ends and a change here leaves the pieces elsewhere alone. Which letters
these are comes from a key: who does not know it cannot tell what to change. The fingerprint is the text's pieces, each
as one number, the longest first. Texts are alike by the share of pieces that they have in common, and found by the
longest, which are the least like anybody else's: of two variations of an advert (bench/junk.py) one was known by the
other in 96 of 100 cases, over 25 keys.

Every message comes through here, and all but a few are new: what is done to those is half a dozen calls of C functions
over all pieces at once, and no object is made that a match alone needs.
"""

from collections import deque
from collections.abc import Iterable
from hashlib import blake2b
from itertools import repeat
from random import Random
from typing import TypeAlias
from zlib import crc32

import msgspec

SHORT_CHARS = 24
"""Shorter texts are left alone: greetings and thanks are the same everywhere."""
SHORT_LETTERS = 12
"""So are those of fewer letters (bytes of UTF-8): laughter, numbers, drawings."""
LOOK_BACK_S = 3600.0
TEXTS_MAX = 30_000
"""Fingerprints known at a time, about 1 KB each; of more the one met longest ago is forgotten."""
SIGHTINGS_MAX = 1000
"""Rooms of one text, people who said it, and rooms of each of them: as many as the settings allow to wait for."""
NEAR, ALIKE, SUSPECT = 0.6, 0.75, 0.2
"""Of the pieces of the longer text so many are in both: they are nearly the same; so near that a text has been wherever
the other was, for a chain of texts, each a little like the last, is not one text; somewhat like junk, which is enough
where a newcomer comes from where junk came from lately."""

_FOUND_BY = 3
"""Pieces a text is found by: a fourth finds two in a hundred variations more, and costs a microsecond a message."""
_PIECES_MAX = 32
"""Pieces kept of a text, those of a message of some 200 characters; of a longer one the longest stand for all."""
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())
_PER_MILLE = dict(zip(b"insrhldcumpgfbyvwk", (
    70, 67, 63, 60, 61, 40, 43, 28, 28, 24, 19, 20, 22, 15, 20, 10, 24, 8), strict=True))  # fmt: skip
"""How often letters stand in English text: pieces end with some that are a quarter of all. With the four commonest
among them a line would have twice as many pieces under one key as under another, and be known half as well."""
_CUT_PER_MILLE = 240
"""More often, and pieces are words that everybody says; more seldom, and a short line has too few. Pairs of pieces know
as much of a text, and cost a third more. The smallest numbers instead of the longest pieces are quicker, but by some
keys they are those of single letters, and every text has taken the place of an advert before it comes again."""

Print: TypeAlias = list[int]
"""A text's pieces, the longest first. A plain list: every message makes one."""


class Fingerprints:
    """Makes the fingerprints of one key."""

    def __init__(self, key: bytes) -> None:
        chance = Random(blake2b(key=key, person=b"hereabouts texts").digest())
        ends = set(_cutters(chance))
        self._cuts = bytes(0x20 if code in ends else code for code in range(256))
        self._start = repeat(chance.getrandbits(32))

    def of(self, plain: str) -> Print | None:
        """Return the fingerprint of a folded text, None if it is left alone."""
        if len(plain) < SHORT_CHARS:
            return None
        letters = plain.encode().translate(self._cuts, _NO_LETTERS)
        if len(letters) < SHORT_LETTERS:
            return None
        pieces = letters.split()
        if len(pieces) > _PIECES_MAX:
            # Each once: who laughs a hundred times behind a text has said nothing more.
            pieces = list(dict.fromkeys(pieces))
        pieces.sort(key=len, reverse=True)
        return list(map(crc32, pieces[:_PIECES_MAX], self._start))


def _cutters(chance: Random) -> Iterable[int]:
    """Yield the bytes that end a piece: letters, and for other scripts bytes that follow the first in UTF-8."""
    left = _CUT_PER_MILLE
    for letter in chance.sample(list(_PER_MILLE), len(_PER_MILLE)):
        if _PER_MILLE[letter] <= left:
            left -= _PER_MILLE[letter]
            yield letter
    yield from (code for code in range(0x80, 0xC0) if chance.random() < _CUT_PER_MILLE / 1000)


class _Text(msgspec.Struct, eq=False):
    """One fingerprint, and where texts like it were met. Most are met once, and have no dicts.

    A Struct because it is made in C: every message makes one.

    Attributes:
        pieces, keys: all of them, in no order of the text's, and those it is found by.
        room, who: where and by whom it was first met, until there are dicts.
        at: when it was met last; `queued_at` when it was put into the queue.
        rooms: room → when last, the oldest first; None if it was met once.
        own: person → the same of theirs.
        is_junk: whether it was held.
    """

    pieces: list[int]
    keys: list[int]
    room: str
    who: str
    at: float
    queued_at: float
    rooms: dict[str, float] | None = None
    own: dict[str, dict[str, float]] = {}
    is_junk: bool = False

    def sightings(self) -> dict[str, float]:
        """Return all rooms, with the dicts made."""
        if self.rooms is None:
            self.rooms = {self.room: self.at}
            self.own = {self.who: {self.room: self.at}}
            self.room = self.who = ""
        return self.rooms

    def inherit(self, alike: list["_Text"]) -> None:
        """Have been met wherever those were, and nowhere else."""
        if not alike:
            self.rooms, self.own = {}, {}
            return
        if len(alike) == 1:
            self.rooms, self.own = dict(alike[0].sightings()), {who: dict(of) for who, of in alike[0].own.items()}
            return
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

    def forget(self, since: float) -> None:
        """Forget where it was met at that time or before."""
        if self.rooms is not None:
            for rooms in (self.rooms, *self.own.values()):
                _forget(rooms, since)
            self.own = {who: rooms for who, rooms in self.own.items() if rooms}


class SameTexts:
    """What was said lately, known by fingerprints alone. `now` never runs backwards.

    Args:
        own_max, all_max: in so many rooms a text of one person, and of anybody, is held; 0 for never.
    """

    def __init__(self, key: bytes, *, own_max: int, all_max: int) -> None:
        self.print = Fingerprints(key).of
        self._own_max = own_max
        self._all_max = all_max
        self._by_piece: dict[int, _Text] = {}
        self._queue: deque[_Text] = deque()

    def __len__(self) -> int:
        """Return how many fingerprints are known."""
        return len(self._queue)

    def meet(self, print: Print, room: str, who: str, *, now: float, is_suspect: bool = False) -> int | None:
        """Return how many rooms got nearly this text in the last hour, this one included, or None if it is held.

        Args:
            is_suspect: hold what is only somewhat like junk, too.
        """
        by_piece = self._by_piece
        pieces, keys = set(print), print[:_FOUND_BY]
        text = _Text([*pieces], keys, room, who, now, now)
        enough = SUSPECT if is_suspect else NEAR
        least = enough * len(pieces)
        last: _Text | None = None
        for met in map(by_piece.get, keys):
            # Many a text has a turn of phrase in common with another, and no more than that.
            if met is not None and met is not last:
                last = met
                shared = len(pieces.intersection(met.pieces))
                if shared >= least and shared >= enough * len(met.pieces):
                    return self._meet_again(text, pieces, is_suspect=is_suspect)
        # As `_add` does, without the call.
        for piece in keys:
            by_piece[piece] = text
        queue = self._queue
        queue.append(text)
        if len(queue) > TEXTS_MAX:
            self._drop(now - LOOK_BACK_S)
        return 1

    def _meet_again(self, text: _Text, pieces: set[int], *, is_suspect: bool) -> int | None:
        room, who, now = text.room, text.who, text.at
        since = now - LOOK_BACK_S
        met = dict.fromkeys(one for one in map(self._by_piece.get, text.keys) if one is not None and one.at > since)
        shares = {one: _share(pieces, one.pieces) for one in met}
        if is_suspect and (like_junk := [one for one, share in shares.items() if one.is_junk and share >= SUSPECT]):
            text.inherit(like_junk)
            text.is_junk = True
            self._add(text)
            return None
        near = [one for one, share in shares.items() if share >= NEAR]
        if not near:
            self._add(text)
            return 1
        rooms = _count([one.sightings() for one in near], room, since)
        own = _count([one.own[who] for one in near if who in one.own], room, since)
        same = next((one for one in near if shares[one] == 1), None)
        if same is None:
            text.inherit([one for one in near if one.is_junk or shares[one] >= ALIKE])
            self._add(text)
        else:
            text, same.at = same, now
        if (self._own_max and own >= self._own_max) or (self._all_max and rooms >= self._all_max):
            text.is_junk = True
            return None
        text.meet(room, who, now)
        return rooms

    def forget(self, *, now: float) -> None:
        """Forget what was met an hour ago or before."""
        since = now - LOOK_BACK_S
        for _ in range(len(self._queue)):
            if self._queue[0].queued_at > since:
                break
            self._drop(since)
        for text in self._queue:
            text.forget(since)

    def _add(self, text: _Text) -> None:
        """Know one more text."""
        for piece in text.keys:
            self._by_piece[piece] = text
        self._queue.append(text)
        if len(self._queue) > TEXTS_MAX:
            self._drop(text.at - LOOK_BACK_S)

    def _drop(self, since: float) -> None:
        """Drop the first text of the queue, or put it at the end if it was met since it was put there."""
        text = self._queue.popleft()
        if text.at > text.queued_at and text.at > since:
            text.queued_at = text.at
            self._queue.append(text)
            return
        for piece in text.keys:
            if self._by_piece.get(piece) is text:
                del self._by_piece[piece]


def _share(pieces: set[int], other: list[int]) -> float:
    """Return how many of the longer text's pieces are in both."""
    return len(pieces.intersection(other)) / max(len(pieces), len(other))


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
        _forget(rooms, since)
    if len(sightings) == 1:
        return len(sightings[0]) + (room not in sightings[0])
    return len({room}.union(*sightings))


def _forget(rooms: dict[str, float], since: float) -> None:
    while rooms and next(iter(rooms.values())) <= since:
        del rooms[next(iter(rooms))]
