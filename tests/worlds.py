"""A world with a clock and one listener per person, each hearing exactly what the changes say.

The listeners know nothing of the rooms: they attach where `Seated` says, detach where
`Unseated` says, and refuse any number that is not the next one. So whatever the world
returns is proved to be enough, and in the right order, for everybody to see all of
their room and nothing else.
"""

import hashlib
import itertools
import random
from collections.abc import Callable, Iterable, Iterator

from geo import Cell, Grid
from rooms.changes import Change, Ended, Gone, Published, Seated, Told, Unseated
from rooms.elsewhere import block, eject, walk_out
from rooms.events import Changed, Event, Joined, Left, Member, Numbered, Waiting
from rooms.extending import vote
from rooms.extent import apart_m
from rooms.lookalikes import looks
from rooms.person import NOBODY, Person
from rooms.placement import fill_of, limit_m
from rooms.room import NEARBY, SHAKE, Room, Seat
from rooms.rules import Rules
from rooms.seating import place_of
from rooms.windows import region_of, window_end
from rooms.world import World

HOME = Cell.at(40.75, -73.99, 6)
"""A cell in the middle of a city, about 610 m high and 930 m wide."""
NORTH_M = HOME.size_m[0]
RING_M = max(Cell.at(*region_of(HOME).center, 6).size_m)
"""How much farther a room looks with each ring, all over the region."""

WINDOW_S = 1800

START = window_end(region_of(HOME), 1_700_000_000, Rules().window_s)
"""A moment at which a window of HOME's region has just begun."""


def beside(cell: Cell, *, north: int = 0, east: int = 0) -> Cell:
    """Return the cell of the same length so many rows and columns away."""
    grid = Grid(len(cell))
    row, column = grid.position(cell)
    return grid.cell(row + north, (column + east) % grid.columns)


def counter(prefix: str) -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"{prefix}{next(numbers)}"


def a_room(
    count: int, cell: Cell = HOME, *, id: str = "r", away: int = 0, far: bool = False, rules: Rules | None = None
) -> Room:
    """Return a room of that many people of its own cell, the first of them away; if it waits, since 0."""
    rules = rules or Rules()
    room = Room(id, cell, opened=0, closes=rules.window_s, seats_max=rules.seats_max, recent_max=rules.recent_events)
    for number in range(count):
        seat_somebody(room, Person(f"{id}-{number}", cell, far=far))
    for seat in list(room.seats.values())[:away]:
        room.set_away(seat, 0)
    room.waiting_since = 0 if room.company < rules.seats_min else None
    return room


def seat_somebody(room: Room, person: Person) -> Seat:
    """Seat the person in the room under their own id."""
    room.join(person, Member(person.id, person.name or person.id))
    return room.seats[person.id]


class Listener:
    """What one connected person knows from the events alone."""

    def __init__(self) -> None:
        self.room: str | None = None
        self.me = ""
        self.seq = 0
        self.members: dict[str, Member] = {}
        self.waiting: Waiting | None = None
        self.seats: list[Seated] = []
        self.heard: list[Event] = []

    def sit(self, seated: Seated) -> None:
        assert self.room in (None, seated.room.id), "seated elsewhere before being unseated"
        self.room, self.me, self.seq = seated.room.id, seated.me, seated.seq
        self.members = {member.id: member for member in seated.members}
        assert len(self.members) == len(seated.members)
        assert self.me in self.members
        self.waiting = None
        self.seats.append(seated)

    def stand(self, room: Room) -> None:
        assert self.room == room.id
        self.room = None

    def hear(self, event: Event) -> None:
        self.heard.append(event)
        if isinstance(event, Waiting):
            self.waiting = event
            return
        assert isinstance(event, Numbered)
        assert event.seq == self.seq + 1, f"{event} after {self.seq}"
        self.seq = event.seq
        match event:
            case Joined(id=id, member=member):
                assert id not in self.members
                self.members[id] = member
            case Left(id=id):
                del self.members[id]
            case Changed(id=id, member=member):
                assert id in self.members
                self.members[id] = member


def keep(one: Person, other: Person) -> None:
    """Have the two keep each other, as when both have pressed."""
    one.kept |= {other.id}
    other.kept |= {one.id}


def let_go(one: Person, other: Person) -> None:
    """Have the two keep each other no more."""
    one.kept -= {other.id}
    other.kept -= {one.id}


AT_ONCE_MAX = 10_000
"""More than ever is due in one moment."""


class Scene:
    """A world, its clock, and its listeners."""

    def __init__(self, seed: int = 1, *, now: float = START, **rules: float) -> None:
        self.rules = Rules(**rules)  # type: ignore[arg-type]
        self.world = World(self.rules, rng=random.Random(seed), new_id=counter("i"))
        self.now = now
        self.listeners: dict[str, Listener] = {}
        self.ended: set[str] = set()
        self.gone: list[Person] = []
        self.trace: list[Change] = []
        self._new_name = counter("p")

    # What people do

    def enter(
        self,
        cell: Cell = HOME,
        *,
        id: str | None = None,
        name: str = "",
        far: bool = False,
        topics: tuple[str, ...] = (),
        verified: str | None = None,
        barred: frozenset[str] = NOBODY,
        keeps: Iterable[Person] = (),
        former: str | None = None,
    ) -> Person:
        person = Person(
            self._new_name() if id is None else id, cell, name=name, topics=topics, far=far, verified=verified
        )
        person.barred = barred
        for other in keeps:
            keep(person, other)
        self.listeners[person.id] = Listener()
        self.carry_out(self.world.enter(person, now=self.now, former=former))
        assert not place_of(person)[0].is_over
        return person

    def enter_many(self, count: int, cell: Cell = HOME) -> list[Person]:
        return [self.enter(cell) for _ in range(count)]

    def enter_apart(self, *cells: Cell) -> list[Person]:
        """Seat people who come while all before them sleep, so each in a room of their own; all awake in the end."""
        people = []
        for cell in cells:
            people.append(self.enter(cell))
            self.away(people[-1])
        for person in people:
            self.back(person)
        return people

    def next(self, person: Person) -> list[Change]:
        return self.carry_out(self.world.next(person, now=self.now))

    def block(self, person: Person, other: Person) -> list[Change]:
        return self.carry_out(block(self.world, person, other, now=self.now))

    def extend(self, person: Person) -> list[Change]:
        return self.carry_out(vote(self.world, person))

    def eject(self, person: Person) -> list[Change]:
        return self.carry_out(eject(self.world, person, now=self.now))

    def walk_out(self, people: list[Person], other: Person) -> list[Change]:
        return self.carry_out(walk_out(self.world, people, other, now=self.now))

    def shake(self, person: Person, *, ref: str | None = None) -> None:
        self.world.shaking.shake(self.world, person, now=self.now, ref=ref)

    def leave(self, person: Person) -> list[Change]:
        return self.carry_out(self.world.leave(person, now=self.now))

    def lose(self, person: Person) -> None:
        self.world.lose(person, now=self.now)

    def away(self, person: Person) -> list[Change]:
        return self.carry_out(self.world.set_away(person, self.now, now=self.now))

    def back(self, person: Person) -> list[Change]:
        return self.carry_out(self.world.set_away(person, None, now=self.now))

    def rename(self, person: Person, name: str) -> list[Change]:
        return self.carry_out(self.world.rename(person, name))

    def say(self, person: Person, text: str, *, ref: str | None = None) -> None:
        room, seat = place_of(person)
        self.carry_out([Published(room, room.say(seat, text, now=self.now, ref=ref))])

    # What time does

    def wait(self, seconds: float) -> list[Change]:
        """Let time pass, doing everything in its moment."""
        return self.wait_until(self.now + seconds)

    def wait_until(self, moment: float) -> list[Change]:
        """Let time pass until that moment, doing everything in its moment, what is due then included."""
        done: list[Change] = []
        at_once, before = 0, self.now
        while (deadline := self.world.deadline) is not None and deadline <= moment:
            self.now = max(self.now, deadline)
            at_once, before = (at_once + 1, before) if self.now == before else (0, self.now)
            assert at_once < AT_ONCE_MAX, "what is due makes for ever more that is due"
            done += self.carry_out(self.world.tick(now=self.now))
        self.now = moment
        return done

    def wait_in_part(self, ticks: int) -> list[Change]:
        """Do only so many of the things that are due by now."""
        done: list[Change] = []
        for _ in range(ticks):
            deadline = self.world.deadline
            if deadline is not None and deadline <= self.now:
                done += self.carry_out(self.world.tick(now=self.now))
        return done

    def sleep(self, seconds: float) -> list[Change]:
        """Let time pass unattended, and do all that was due only then."""
        self.now += seconds
        return self.wait(0)

    # What follows

    def carry_out(self, changes: list[Change]) -> list[Change]:
        """Carry out the changes one by one, as the shell would, and return them."""
        for change in changes:
            self._carry_out(change)
        self.trace += changes
        return changes

    def _carry_out(self, change: Change) -> None:
        match change:
            case Published(room, event):
                assert room.id not in self.ended, "an ended room is told something"
                for listener in self.hearing(room):
                    listener.hear(event)
            case Unseated(person, room):
                self.listeners[person.id].stand(room)
            case Seated(person, room):
                assert room.id not in self.ended, "somebody is seated in an ended room"
                self.listeners[person.id].sit(change)
            case Ended(room):
                assert not self.hearing(room), "an ended room still has listeners"
                self.ended.add(room.id)
            case Told(person, event):
                self.listeners[person.id].heard.append(event)
            case Gone(person):
                assert self.listeners.pop(person.id).room is None
                self.gone.append(person)

    def hearing(self, room: Room) -> list[Listener]:
        return [listener for listener in self.listeners.values() if listener.room == room.id]

    def check(self) -> None:
        """Assert everything that is true between any two acts."""
        people, rooms = self.world.people, self.world.rooms
        assert self.listeners.keys() == people.keys()
        assert sum(len(room.seats) for room in rooms.values()) == len(people)
        assert not self.ended & rooms.keys()
        for person in people.values():
            self._check_person(person)
        for room in rooms.values():
            self._check_room(room)
        self._check_agenda()

    def _check_person(self, person: Person) -> None:
        room, seat = place_of(person)
        listener = self.listeners[person.id]
        assert self.world.rooms[room.id] is room
        assert room.seats[seat.member.id] is seat
        assert seat.person is person
        assert (listener.room, listener.me, listener.seq) == (room.id, seat.member.id, room.seq)
        members = {id: seat.member for id, seat in room.seats.items()}
        if room.is_over:
            # Those who already sit elsewhere are not announced: everybody is about to go.
            assert listener.members.items() >= members.items()
        else:
            assert listener.members == members
        assert room.id not in person.avoids

    def _check_room(self, room: Room) -> None:
        seats = list(room.seats.values())
        assert all(seat.looks == looks(seat.member.name) for seat in seats)
        for seat, other in itertools.combinations(seats, 2):
            assert seat.looks.isdisjoint(other.looks), f"{seat.member.name} looks like {other.member.name}"
        people = [seat.person for seat in room.seats.values()]
        shown = [seat.member.name.casefold() for seat in room.seats.values()]
        away = [seat.member.away for seat in room.seats.values()]
        assert 1 <= len(people) <= room.seats_max <= self.rules.seats_max
        assert room.opened <= self.now
        assert len(set(shown)) == len(shown)
        assert all(shown)
        assert away == [seat.away_since is not None for seat in room.seats.values()]
        assert room.company == away.count(False)
        assert room.unconnected == sum(seat.waits_until is not None for seat in room.seats.values())
        if room.is_over:
            return
        self._check_index(room)
        if room.kind == SHAKE:
            assert room.waiting_since is None
            assert room.told is None
            return
        assert (room.waiting_since is None) == (room.company >= self.rules.seats_min)
        assert room.looks_at or room.waiting_since is None
        far = max(apart_m(person.cell, room.cell) for person in people)
        assert room.extent.radius_m == far <= limit_m(people, self.rules)

    def _check_index(self, room: Room) -> None:
        fill = fill_of(room, self.rules)
        for pile in range(3):
            found = list(self.world.seating.index.matching(room.cell, pile, random.Random()))  # type: ignore[arg-type]
            assert (room in found) == (pile == fill)

    def _check_agenda(self) -> None:
        if any(room.is_over for room in self.world.rooms.values()):
            assert self.world.deadline is not None
            assert self.world.deadline <= self.now
        rooms = [room for room in self.world.rooms.values() if not room.is_over]
        if rooms:
            assert self.world.deadline is not None
            assert self.now < min(room.closes for room in rooms) or self.world.deadline <= self.now
        windows = {(room.region, room.closes) for room in rooms if room.kind == NEARBY and not room.is_extended}
        assert len(self.world.seating._windows) >= len(windows)


def digest(changes: Iterable[Change]) -> str:
    """Return a fingerprint of the changes, in order, with everything they say."""
    text = "\n".join(itertools.chain.from_iterable(map(_lines, changes)))
    return hashlib.sha256(text.encode()).hexdigest()


def _lines(change: Change) -> Iterator[str]:
    yield f"{type(change).__name__} {change!r}"


def busy_evening(seed: int = 1, people: int = 150) -> str:
    """Return the fingerprint of what some hundred people do in two windows, all kinds of acts among it."""
    chance = random.Random(99)
    scene = Scene(seed)
    cells = [beside(HOME, north=n, east=e) for n in range(-4, 5) for e in range(-4, 5)]
    cells += [HOME.parent(5), HOME.parent(4), beside(HOME, east=14), beside(HOME, north=22)]
    for _ in range(people):
        scene.enter(chance.choice(cells), name=chance.choice(["", "Ann", "Bo"]), far=chance.random() < 0.1)
        scene.wait(chance.random() * 4)
    acts = (scene.next, scene.away, scene.back, scene.lose, scene.leave, scene.world.regain)
    for _ in range(3 * people):
        if not scene.world.people:
            break
        person = chance.choice(list(scene.world.people.values()))
        chance.choice(acts)(person)
        scene.world.move(person, chance.choice(cells), now=scene.now) if person.room else None
        scene.wait(chance.random() * 10)
    scene.check()
    return digest(scene.trace)
