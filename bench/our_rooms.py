"""The rooms of this project as a way of seating people: `World` driven directly, without server or sockets.

Knows the world's acts and the changes they return, and how much CPU time they took. Never looks inside: who sits
where is what the changes said. A change of seat is forced if its room had not reached its end and nobody asked.
"""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count

from bench.simulation import ENTER, LEAVE, NEXT, OUTWARD, WINDOW, Move
from bench.topics import TopicsOf, no_topics
from geo import Cell
from rooms.changes import Change, Gone, Seated, Unseated
from rooms.person import Person
from rooms.room import Room
from rooms.rules import Rules
from rooms.world import World


@dataclass
class Spent:
    """CPU time of one kind of call, and how many there were."""

    cpu_s: float = 0.0
    calls: int = 0

    @property
    def us(self) -> float | None:
        """Microseconds per call, or None without any."""
        return self.cpu_s * 1e6 / self.calls if self.calls else None


class OurRooms:
    """A world, its people, and what its calls cost.

    Attributes:
        cells: where those online are, as far as the rooms know.
        spent: by kind of call: enter, next (with the move before it), leave, tick.
        placements: how many seats were taken: by entering, by `next`, at a window's end, outward.
    """

    def __init__(self, rules: Rules, *, seed: int, topics_of: TopicsOf = no_topics) -> None:
        ids = count()
        self._topics_of = topics_of
        self._world = World(rules, rng=random.Random(f"seating {seed}"), new_id=lambda: f"i{next(ids)}")
        self._finest = rules.finest_cell
        self.cells: dict[str, Cell] = {}
        self._people: dict[str, Person] = {}
        self._rooms: dict[str, Room] = {}
        self.spent = {kind: Spent() for kind in ("enter", "next", "leave", "tick")}
        self.placements = 0

    @property
    def deadline(self) -> float | None:
        """When the world next has something to do, Unix seconds, or None."""
        return self._world.deadline

    @property
    def us_per_placement(self) -> float | None:
        """CPU time of all calls together, divided by all seats taken, in microseconds; None without any."""
        return sum(spent.cpu_s for spent in self.spent.values()) * 1e6 / self.placements if self.placements else None

    def enter(self, user: str, lat: float, lon: float, *, now: float) -> list[Move]:
        """Seat somebody who was not online."""
        cell = self.cells[user] = Cell.at(lat, lon, self._finest)
        person = self._people[user] = Person(user, cell, topics=self._topics_of(user))
        return self._moves("enter", lambda: self._world.enter(person, now=now), now, person, ENTER)

    def again(self, user: str, lat: float, lon: float, *, now: float) -> list[Move]:
        """Seat somebody anew at their new place."""
        person = self._people[user]
        cell = self.cells[user] = Cell.at(lat, lon, self._finest)

        def move_on() -> list[Change]:
            self._world.move(person, cell, now=now)
            return self._world.next(person, now=now)

        return self._moves("next", move_on, now, person, NEXT)

    def leave(self, user: str, *, now: float) -> list[Move]:
        """Let somebody go."""
        person = self._people.pop(user)
        del self.cells[user]
        return self._moves("leave", lambda: self._world.leave(person, now=now), now, person, LEAVE)

    def tick(self, *, now: float) -> list[Move]:
        """Do the next thing that is due."""
        return self._moves("tick", lambda: self._world.tick(now=now), now)

    def _moves(
        self, kind: str, call: Callable[[], list[Change]], now: float, actor: Person | None = None, why: str = ""
    ) -> list[Move]:
        began = time.process_time()
        changes = call()
        spent = self.spent[kind]
        spent.cpu_s += time.process_time() - began
        spent.calls += 1
        moves = list(self._followed(changes, now, actor, why))
        self.placements += sum(bool(move.room) for move in moves)
        return moves

    def _followed(self, changes: Iterable[Change], now: float, actor: Person | None, why: str) -> Iterable[Move]:
        """Yield the moves the changes tell of: of the actor for the act's reason, of others for the clock's."""
        unseated: dict[str, Person] = {}
        for change in changes:
            match change:
                case Unseated(person=person):
                    unseated[person.id] = person
                case Seated(person=person, room=room):
                    unseated.pop(person.id, None)
                    former = self._rooms.get(person.id)
                    if former is not room:
                        self._rooms[person.id] = room
                        yield Move(person.id, room.id, why if person is actor else _forced(former, now))
                case Gone(person=person):
                    unseated[person.id] = person
        for user, person in unseated.items():
            former = self._rooms.pop(user, None)
            yield Move(user, "", why if person is actor else _forced(former, now))


def _forced(former: Room | None, now: float) -> str:
    return WINDOW if former is not None and former.closes <= now else OUTWARD
