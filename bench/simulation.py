"""Check-ins carried out on a way of seating people, and what time does to both.

Knows the order of things and who sits where, as the acts themselves say it. Never knows how a seat is chosen, nor
how good it is: whoever watches is told of every change of seat and shown everybody every so often.

Of what falls on one moment a sample comes first, then what is due by the clock, then those who leave, then the
check-ins. So a sample shows the state just before its moment.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from bench.acts import Act, Kind
from bench.surroundings import Vector, vector

SAMPLE_EVERY_S = 600.0

LEAVE, ENTER, NEXT, WINDOW, OUTWARD = "leave", "enter", "next", "window", "outward"
"""Why a seat changed."""


class Move(NamedTuple):
    """Somebody's change of seat: the id of the room they sit in from now on, or "" for none."""

    user: str
    room: str
    why: str


class Seater(Protocol):
    """A way of seating people: every act returns the moves that follow from it, in order."""

    def enter(self, user: str, lat: float, lon: float, *, now: float) -> list[Move]:
        """Seat somebody who was not online."""

    def again(self, user: str, lat: float, lon: float, *, now: float) -> list[Move]:
        """Seat somebody who checked in elsewhere."""

    def leave(self, user: str, *, now: float) -> list[Move]:
        """Let somebody go."""

    @property
    def deadline(self) -> float | None:
        """When `tick` next has something to do, Unix seconds, or None."""

    def tick(self, *, now: float) -> list[Move]:
        """Do the next thing that is due."""


class SeatLost(Exception):
    """Somebody who is online sits nowhere: no figure would mean anything."""


class Seats:
    """Who sits where, kept from the moves alone."""

    def __init__(self) -> None:
        self.room_of: dict[str, str] = {}
        self.members: dict[str, dict[str, None]] = {}

    def take(self, move: Move) -> int:
        """Carry one move out and return how many sit in the room moved to: 0 for none."""
        former = self.room_of.pop(move.user, "")
        if former:
            del self.members[former][move.user]
            if not self.members[former]:
                del self.members[former]
        if not move.room:
            return 0
        self.room_of[move.user] = move.room
        members = self.members.setdefault(move.room, {})
        members[move.user] = None
        return len(members)


class Watcher(Protocol):
    """Somebody who is told what happens."""

    def moved(self, moves: Sequence[Move], seats: Seats, *, now: float) -> None:
        """Hear of the moves of one act, all carried out in `seats`."""

    def sampled(self, online: Iterable[tuple[str, Vector]], seats: Seats) -> None:
        """See everybody online, in the order in which they came, and where they truly are."""


class Course:
    """One replay: acts, the seater that carries them out, and those who watch."""

    def __init__(
        self,
        seater: Seater,
        watchers: Sequence[Watcher],
        *,
        first_at: float,
        sample_every_s: float = SAMPLE_EVERY_S,
    ) -> None:
        self._seater = seater
        self._watchers = watchers
        self._seats = Seats()
        self._online: dict[str, Vector] = {}
        self._sample_every_s = sample_every_s
        self._sample_at = first_at + sample_every_s
        self._now = first_at

    @property
    def online(self) -> int:
        """How many are online."""
        return len(self._online)

    @property
    def rooms(self) -> int:
        """How many rooms somebody sits in."""
        return len(self._seats.members)

    def run(self, todo: Iterable[Act]) -> Iterator[Act]:
        """Yield each act when it and all that was due before are done. Raises SeatLost."""
        for act in todo:
            self._advance(act.at)
            self._do(act)
            yield act

    def _advance(self, until: float) -> None:
        """Take the samples and do what is due by the clock, until then inclusive."""
        while True:
            deadline = self._seater.deadline
            if deadline is not None and deadline < self._sample_at:
                if deadline > until:
                    break
                # What comes up late is done now: time never goes back.
                self._now = max(self._now, deadline)
                self._tell(self._seater.tick(now=self._now))
            else:
                if self._sample_at > until:
                    break
                self._now = self._sample_at
                self._sample()
        self._now = until

    def _do(self, act: Act) -> None:
        if act.kind is Kind.LEAVE:
            self._tell(self._seater.leave(act.user, now=act.at))
            del self._online[act.user]
            return
        seat = self._seater.enter if act.kind is Kind.ENTER else self._seater.again
        self._online[act.user] = vector(act.lat, act.lon)
        self._tell(seat(act.user, act.lat, act.lon, now=act.at))

    def _tell(self, moves: list[Move]) -> None:
        if not moves:
            return
        for move in moves:
            self._seats.take(move)
        for watcher in self._watchers:
            watcher.moved(moves, self._seats, now=self._now)

    def _sample(self) -> None:
        self._sample_at += self._sample_every_s
        if not self._online:
            return
        lost = next((user for user in self._online if user not in self._seats.room_of), None)
        if lost is not None:
            raise SeatLost(f"{lost} is online and sits in no room")
        for watcher in self._watchers:
            watcher.sampled(self._online.items(), self._seats)
