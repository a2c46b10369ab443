"""What was said lately in each room, kept for whoever reports it: ten minutes of it, in memory, and a while beyond
the room's end.

Knows words, numbers and who was which member. Never knows a cell, and writes nothing anywhere.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import msgspec

from rooms.events import Said
from rooms.room import Room

KEEP_S = 600.0
"""A report freezes what was said in so many seconds."""
TRAIL_MAX_CHARS = 65_536
"""Of one room: no more would fit into the evidence."""
ENDED_MAX_CHARS = 67_108_864
"""Of all rooms that have ended: the trails of a thousand rooms full of the longest messages. The oldest go first."""
ENDED_MAX_ROOMS = 20_000
"""More end within ten minutes only where everybody asks for other rooms all the time."""


class Trail:
    """One room's.

    Attributes:
        said: oldest first.
        people: member id → identity, names: member id → name; filled when the room ends, since until then it knows.
        ended_at: Unix seconds, None while the room lasts.
    """

    __slots__ = ("_chars", "ended_at", "names", "people", "said")

    def __init__(self) -> None:
        self.said: deque[Said] = deque()
        self.people: Mapping[str, str] = {}
        self.names: Mapping[str, str] = {}
        self.ended_at: float | None = None
        self._chars = 0

    @property
    def chars(self) -> int:
        """How many characters it holds."""
        return self._chars

    def add(self, event: Said) -> None:
        """Keep what was said, and let go of what is too old, or too much."""
        said = self.said
        said.append(event)
        self._chars += len(event.text)
        oldest = event.at - KEEP_S * 1000
        while said[0].at < oldest or self._chars > TRAIL_MAX_CHARS:
            self._chars -= len(said.popleft().text)

    def since(self, at_ms: float) -> list[Said]:
        """Return what was said since then, oldest first."""
        return [event for event in self.said if event.at >= at_ms]


class Scene(msgspec.Struct, frozen=True, array_like=True):
    """A room that may be reported: who was which member there, what they were called, and what was said lately."""

    room: str
    people: dict[str, str]
    names: dict[str, str]
    said: list[Said]


class Trails:
    """All rooms', of those that ended for `grace_s` more."""

    def __init__(self, *, grace_s: float) -> None:
        self._lent: Mapping[str, Scene] = {}
        self._grace_s = grace_s
        self._live: dict[str, Trail] = {}
        self._ended: OrderedDict[str, Trail] = OrderedDict()
        self._ended_chars = 0

    def add(self, room: str, event: Said) -> None:
        """Know what was said in a room."""
        trail = self._live.get(room)
        if trail is None:
            trail = self._live[room] = Trail()
        trail.add(event)

    def take_up(self, room: str, said: Iterable[Said]) -> None:
        """Know what was said in a room before it came here; what is known already is passed over.

        Args:
            said: oldest first.
        """
        known = self.live(room).said
        newest = known[-1].seq if known else 0
        for event in said:
            if event.seq > newest:
                self.add(room, event)
                newest = event.seq

    def live(self, room: str) -> Trail:
        """Return the trail of a room that lasts, an empty one if nobody has said anything there."""
        return self._live.get(room) or Trail()

    def ended(self, room: str, *, now: float) -> Trail | None:
        """Return the trail of a room that ended at most `grace_s` ago."""
        self.forget(now=now)
        return self._ended.get(room)

    def scene(self, id: str, room: Room | None, *, now: float) -> Scene | None:
        """Return what may be reported of a room; None if nothing is known of it any more.

        Args:
            room: the one of that id, while it lasts.
        """
        if room is not None:
            people = {id: seat.person.id for id, seat in room.seats.items()} | room.gone
            names = {id: seat.member.name for id, seat in room.seats.items()}
            return Scene(id, people, names, self.live(id).since((now - KEEP_S) * 1000))
        ended = self.ended(id, now=now)
        if ended is not None:
            return Scene(id, dict(ended.people), dict(ended.names), list(ended.said))
        return self._lent.get(id)

    @contextmanager
    def lent(self, scenes: Mapping[str, Scene]) -> Iterator[None]:
        """Know, for so long and no longer, rooms of which another process has told."""
        self._lent = scenes
        try:
            yield
        finally:
            self._lent = {}

    def end(self, room: Room, *, now: float) -> None:
        """Know that the room is over. One where nobody met anybody is forgotten at once."""
        self.forget(now=now)
        trail = self._live.pop(room.id, None) or Trail()
        people = {id: seat.person.id for id, seat in room.seats.items()} | room.gone
        if len(set(people.values())) < 2 or not self._grace_s:
            return
        trail.people, trail.ended_at = people, now
        trail.names = {id: seat.member.name for id, seat in room.seats.items()}
        self._ended[room.id] = trail
        self._ended_chars += trail.chars
        while self._ended_chars > ENDED_MAX_CHARS or len(self._ended) > ENDED_MAX_ROOMS:
            self._drop_oldest()

    def forget(self, *, now: float) -> None:
        """Forget what ended too long ago."""
        while self._ended:
            oldest = next(iter(self._ended.values()))
            assert oldest.ended_at is not None, "it was put here with its end"
            if now - oldest.ended_at <= self._grace_s:
                return
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, trail = self._ended.popitem(last=False)
        self._ended_chars -= trail.chars
