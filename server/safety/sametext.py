"""Which texts go round: fingerprints of the last hour, by which nearly the same text is known in another room.

Pure, and it keeps no word. A folded text is stripped to its letters and cut behind certain of them, so that neither
spaces nor punctuation decide where a piece ends and a change here leaves the pieces elsewhere alone. Which letters
these are comes from a key: who does not know it cannot tell what to change. The fingerprint is the text's pieces, each
as one number, the longest first. Texts are alike by the share of pieces that they have in common, and found by the
longest, which are the least like anybody else's: of two variations of an advert (bench/junk.py) one was known by the
other in 98 of 100 cases, over 25 keys.

Every message comes through here, and all but a few are new: what is done to those is half a dozen calls of C functions
over all pieces at once, no object is made that a match alone needs, and nothing is compared for one piece in common.

Processes with one key make the same fingerprints: what one of them knows it can tell the others (`news`, `learn`).
"""

from collections import deque
from collections.abc import Iterable
from hashlib import blake2b
from itertools import chain, islice, repeat
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
"""Fingerprints known at a time, about 0.5 KB each; of more those met longest ago are forgotten."""
FORGOTTEN_AT_ONCE = 256
"""So many of them, in 0.15 ms: what was met long ago is in no cache, and to forget one for each that came took 0.2 µs
of a message (talk) to 0.6 (words of chance) more."""
SIGHTINGS_MAX = 1000
"""Rooms of one text, people who said it, and rooms of each of them: as many as the settings allow to wait for."""
NEAR, ALIKE, SUSPECT = 0.5, 0.75, 0.2
"""Of the pieces of the longer text so many are in both: they are nearly the same; so near that a text has been wherever
the other was, for a chain of texts, each a little like the last, is not one text; somewhat like junk, which is enough
where a newcomer comes from where junk came from lately."""

_FOUND_BY, _SOUGHT_BY = 4, 5
"""Pieces a text is found by, and pieces of another of which two have to lead to one text before anything is compared:
most talk has one in common with somebody's, a turn of phrase, and to look at each took a third of all. Found by three,
6 in 100 variations fewer are known; sought by four, 1 in 100, and half as much again of an advert passes."""
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

TELL_AGAIN_S = 60.0
"""What one person says in one room over and over is told of no more often: it counts once, and for an hour."""
TOLD_MAX = 32
"""Sightings of one text that another process is told of, the latest: most are held long before there are so many."""

Rooms: TypeAlias = dict[str, float]
"""Room → when something was met there last, the oldest first."""


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


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What one process tells another of a text.

    Attributes:
        met: room, person and when, Unix seconds, of each sighting.
        is_junk: whether it was held.
    """

    pieces: Print
    met: tuple[tuple[str, str, float], ...]
    is_junk: bool


class _Text(msgspec.Struct, eq=False, gc=False):
    """One fingerprint, and where texts like it were met. Most are met once, and have no dicts.

    A Struct because it is made in C, and unknown to the collector: every message makes one, and none is in a circle.

    Attributes:
        pieces: all of them; it is found by the first.
        room, who: where and by whom it was first met, until there are dicts.
        at: when it was met last; `queued_at` when it was put into the queue.
        rooms: room → when last, the oldest first; None if it was met once.
        own: person → the same of theirs; None as long.
        is_junk: whether it was held.
        told_at: when other processes were last told of it, or told of it; None if they know nothing of it.
    """

    pieces: Print
    room: str
    who: str
    at: float
    queued_at: float
    rooms: Rooms | None = None
    own: dict[str, Rooms] | None = None
    is_junk: bool = False
    told_at: float | None = None

    def told(self, now: float) -> Told:
        """Return what there is to tell of it, and know it told."""
        self.told_at = now
        if self.own is None:
            met = [(self.room, self.who, self.at)]
        else:
            met = [(room, who, at) for who, rooms in self.own.items() for room, at in rooms.items()]
            met.sort(key=lambda sighting: sighting[2])
        return Told(self.pieces, tuple(met[-TOLD_MAX:]), self.is_junk)

    def sightings(self) -> tuple[Rooms, dict[str, Rooms]]:
        """Return all rooms, and those of each person, with the dicts made."""
        if self.rooms is None or self.own is None:
            self.rooms = {self.room: self.at}
            self.own = {self.who: {self.room: self.at}}
            self.room = self.who = ""
        return self.rooms, self.own

    def inherit(self, alike: list["_Text"]) -> None:
        """Have been met wherever those were, and nowhere else."""
        if len(alike) == 1:
            rooms, own = alike[0].sightings()
            self.rooms, self.own = rooms.copy(), {who: of.copy() for who, of in own.items()}
            return
        met = [text.sightings() for text in alike]
        self.rooms = _merged(rooms for rooms, _ in met)
        everybody = {who for _, own in met for who in own}
        self.own = {who: _merged(own[who] for _, own in met if who in own) for who in everybody}

    def is_news(self, room: str, who: str, now: float) -> bool:
        """Tell whether other processes are to know that it is met there now: they know, if they were just told."""
        _, own = self.sightings()
        return self.told_at is None or now - self.told_at >= TELL_AGAIN_S or room not in own.get(who, ())

    def meet(self, room: str, who: str, now: float) -> None:
        """Be met there, once more if it was before."""
        if self.rooms is None and self.room == room and self.who == who:
            return
        rooms, own = self.sightings()
        theirs = own.pop(who, None) or {}
        own[who] = theirs
        for where in (rooms, theirs):
            where.pop(room, None)
            where[room] = now
            if len(where) > SIGHTINGS_MAX:
                del where[next(iter(where))]
        if len(own) > SIGHTINGS_MAX:
            del own[next(iter(own))]

    def forget(self, since: float) -> None:
        """Forget where it was met at that time or before."""
        if self.rooms is not None and self.own is not None:
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
        self._again: dict[_Text, None] | None = None
        self._told_until = 0.0

    def __len__(self) -> int:
        """Return how many fingerprints are known."""
        return len(self._queue)

    def meet(self, print: Print, room: str, who: str, *, now: float, is_suspect: bool = False) -> int | None:
        """Return how many rooms got nearly this text in the last hour, this one included, or None if it is held.

        Args:
            is_suspect: hold what is only somewhat like junk, too.
        """
        by_piece = self._by_piece
        text = _Text(print, room, who, now, now)
        sought = print[:_SOUGHT_BY]
        # A piece never met leads to itself: where all lead elsewhere, nothing is nearly the same.
        leads = set(map(by_piece.get, sought, sought))
        if len(leads) < len(sought) or len(leads) == 1 or is_suspect:
            near = self._near(text, leads, SUSPECT if is_suspect else NEAR)
            if near:
                return self._meet_again(text, near, is_suspect=is_suspect)
        # As `_add` does, without the call.
        for piece in print[:_FOUND_BY]:
            by_piece[piece] = text
        queue = self._queue
        queue.append(text)
        if len(queue) > TEXTS_MAX:
            self._drop(FORGOTTEN_AT_ONCE, now - LOOK_BACK_S)
        return 1

    def _near(self, text: _Text, leads: Iterable[object], enough: float) -> dict[_Text, float]:
        """Return the texts of the last hour that it is so like, with their shares, in the order of its pieces.

        Args:
            leads: what its pieces lead to, texts and others.
        """
        print, since = text.pieces, text.at - LOOK_BACK_S
        size, pieces, near = len(print), set(print), dict[_Text, float]()
        for one in leads:
            if type(one) is _Text and one.at > since:
                other = one.pieces
                share = len(pieces.intersection(other)) / (size if size > len(other) else len(other))
                if share >= enough or other == print:
                    # A text that says one thing over and over has less in common with others, and not with itself.
                    near[one] = share if other != print else 1.0
        if len(near) > 1:
            in_order = map(self._by_piece.get, print[:_SOUGHT_BY])
            near = {one: near[one] for one in in_order if one is not None and one in near}
        return near

    def _meet_again(self, text: _Text, near: dict[_Text, float], *, is_suspect: bool) -> int | None:
        if is_suspect:
            if like_junk := [one for one in near if one.is_junk]:
                text.inherit(like_junk)
                text.is_junk = True
                self._add(text)
                self._tell(text)
                return None
            near = {one: share for one, share in near.items() if share >= NEAR}
        if not near:
            self._add(text)
            return 1
        room, who, now = text.room, text.who, text.at
        rooms, own = _counts([*near], room, who, now - LOOK_BACK_S)
        is_held = (self._own_max and own >= self._own_max) or (self._all_max and rooms >= self._all_max)
        same = next((one for one, share in near.items() if share == 1), None)
        if same is not None:
            text, is_news = same, same.is_news(room, who, now) or (is_held and not same.is_junk)
            same.at = now
        else:
            is_news = True
            alike = [one for one, share in near.items() if one.is_junk or share >= ALIKE]
            if alike or is_held:
                text.inherit(alike)
            self._add(text)
        if is_news and self._again is not None:
            self._tell(*(one for one in near if one.told_at is None), text)
        if is_held:
            text.is_junk = True
            return None
        text.meet(room, who, now)
        return rooms

    def news(self, most: int, *, now: float) -> list[Told]:
        """Return what other processes are to know, first what was met more than once; begin to note it if none was yet.

        Of the rest the latest is told. What is left out is told when it is met again.

        Args:
            most: sightings in all, of which a text has at least one.
        """
        again, self._again = self._again or {}, {}
        told: list[Told] = []
        # Those put back into the queue stand among the latest, and are no news.
        latest = [text for text in islice(reversed(self._queue), 2 * most) if text.queued_at > self._told_until]
        for text in chain(again, (text for text in latest if text.told_at is None)):
            if most <= 0:
                break
            told.append(text.told(now))
            most -= len(told[-1].met)
        self._told_until = now
        return told

    def learn(self, told: Told, *, now: float) -> None:
        """Know what another process tells of a text."""
        known = filter(None, map(self._by_piece.get, told.pieces[:_FOUND_BY]))
        text = next((one for one in known if one.pieces == told.pieces), None)
        for room, who, at in told.met:
            if at <= now - LOOK_BACK_S:
                continue
            if text is None:
                text = _Text(told.pieces, room, who, at, now, told_at=now)
                self._add(text)
            text.at = max(text.at, at)
            text.meet(room, who, at)
        if text is not None:
            text.is_junk |= told.is_junk

    def _tell(self, *texts: _Text) -> None:
        """Have other processes know of these with the next news, if any are told."""
        if self._again is not None and len(self._again) < TEXTS_MAX:
            self._again.update(dict.fromkeys(texts))

    def forget(self, *, now: float) -> None:
        """Forget what was met an hour ago or before."""
        since = now - LOOK_BACK_S
        for _ in range(len(self._queue)):
            if self._queue[0].queued_at > since:
                break
            self._drop(1, since)
        for text in self._queue:
            text.forget(since)

    def _add(self, text: _Text) -> None:
        """Know one more text."""
        for piece in text.pieces[:_FOUND_BY]:
            self._by_piece[piece] = text
        self._queue.append(text)
        if len(self._queue) > TEXTS_MAX:
            self._drop(FORGOTTEN_AT_ONCE, text.at - LOOK_BACK_S)

    def _drop(self, count: int, since: float) -> None:
        """Drop so many texts, the first of the queue, or put those at its end that were met since they were put in."""
        queue, by_piece = self._queue, self._by_piece
        for text in [queue.popleft() for _ in range(count)]:
            if text.at > text.queued_at and text.at > since:
                text.queued_at = text.at
                queue.append(text)
                continue
            for piece in text.pieces[:_FOUND_BY]:
                if by_piece.get(piece) is text:
                    del by_piece[piece]


def _counts(near: list[_Text], room: str, who: str, since: float) -> tuple[int, int]:
    """Return in how many rooms these texts were met, by anybody and by that person, that room included."""
    if len(near) == 1 and near[0].rooms is None:
        rooms = 1 + (near[0].room != room)
        return rooms, rooms if near[0].who == who else 1
    met = [one.sightings() for one in near]
    everybodys = _count([rooms for rooms, _ in met], room, since)
    return everybodys, _count([own[who] for _, own in met if who in own], room, since)


def _merged(sightings: Iterable[Rooms]) -> Rooms:
    """Return all rooms with their latest times, the oldest first, and only as many as are kept of one text."""
    merged: Rooms = {}
    everything = [item for rooms in sightings for item in rooms.items()]
    for room, at in sorted(everything, key=lambda item: item[1]):
        merged.pop(room, None)
        merged[room] = at
    return dict(list(merged.items())[-SIGHTINGS_MAX:]) if len(merged) > SIGHTINGS_MAX else merged


def _count(sightings: list[Rooms], room: str, since: float) -> int:
    """Forget what was met at that time or before and return in how many rooms it was, that room included."""
    for rooms in sightings:
        _forget(rooms, since)
    if len(sightings) == 1:
        return len(sightings[0]) + (room not in sightings[0])
    return len({room}.union(*sightings))


def _forget(rooms: Rooms, since: float) -> None:
    while rooms and next(iter(rooms.values())) <= since:
        del rooms[next(iter(rooms))]
