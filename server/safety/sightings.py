"""Where texts were met: rooms and people of each fingerprint, within a time to look back.

Pure. Knows no word, nor how a text is found or what is made of its having gone round.
"""

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from server.safety.fingerprints import Print

SIGHTINGS_MAX = 1000
"""Rooms of one text, people who said it, and rooms of each of them: as many as the settings allow to wait for."""
TELL_AGAIN_S = 60.0
"""What one person says in one room over and over is told of no more often: it counts once, and for an hour."""
TOLD_MAX = 32
"""Sightings of one text that another process is told of, the latest: most are held long before there are so many."""

Rooms: TypeAlias = dict[str, float]
"""Room → when something was met there last, the oldest first."""


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What one process tells another of a text.

    Attributes:
        met: room, person and when, Unix seconds, of each sighting.
        is_junk: whether it was held.
    """

    pieces: Print
    met: tuple[tuple[str, str, float], ...]
    is_junk: bool


class Text(msgspec.Struct, eq=False, gc=False):
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

    def inherit(self, alike: list["Text"]) -> None:
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


def counts(near: list[Text], room: str, who: str, since: float) -> tuple[int, int]:
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
