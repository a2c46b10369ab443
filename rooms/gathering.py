"""A window's end, carried out: its people sit down anew, a slice at a time, so that nobody else waits for them.

    withdraw     the window's rooms are over: nobody joins them, and who sits there is noted
    take in      so are waiting rooms of other windows that reach somebody of these
    plan         who sits with whom next (rooms/reform.py), from what was noted
    carry out    room by room; until then everybody sits and talks where they sat

Meanwhile people leave, press `next`, lose connections and come: whoever no longer sits where they were noted is dropped
from the plan, and who comes is seated as ever. What each slice takes is estimated, for there is no clock here.

Where other processes have people of the window too, those in thin cells wait for one plan for all (rooms/sharing.py).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from geo import Cell
from rooms.affinity import topics_by
from rooms.agenda import Result, Sliced, Window, Work
from rooms.apart import may_sit_by
from rooms.changes import Change, Published
from rooms.circles import Circles, circles_of
from rooms.extent import apart_m
from rooms.outward import reaches, rooms_near, waiting_around
from rooms.person import Person
from rooms.placement import limit_m, may_join, members_of
from rooms.reform import Gathered, Left, Neighbour, Slices, plan_in_slices
from rooms.region import DENSE_ROOMS, OFFERED_MAX, Offer, noted, standing
from rooms.room import Room
from rooms.seating import Former
from rooms.sharing import Share, Sharing
from rooms.together import kept_room, seat_as_newcomers, who_may_sit
from rooms.waiting import waited_since
from rooms.whys import Why

if TYPE_CHECKING:
    from rooms.world import World

SLICE_US = 2_000
"""A slice ends when its steps take so long, as a rule: no step takes a fifth of that, a busy machine ten times as long,
and a frame that comes meanwhile should wait no more than 20 ms."""

_ROOM_US, _SEAT_US, _FAR_US, _NOTE_US = 10, 40, 1, 5
"""What it takes to withdraw a room or tell it that it closes, to seat somebody anew, to measure a distance, and to put
down what others are told of somebody."""


class Gathering:
    """One window's end under way.

    Attributes:
        now: the time of the slice under way, Unix seconds.
    """

    def __init__(self, world: "World", window: Window, *, now: float) -> None:
        self.world = world
        self._window = window
        self.now = now
        self._changes: list[Change] = []
        self._spent_us = 0
        self._formers: dict[str, Former] = {}
        self._cells: dict[str, Cell] = {}
        """Where everybody noted is seated anew: where they said they are, when they were noted."""
        self._crowds: Counter[Cell] = Counter()
        """How many are seated anew in each cell."""
        self._barred: dict[str, Collection[str]] = {}
        """With whom those never sit who were noted, as far as there is anybody."""
        self._topics: dict[str, frozenset[str]] = {}
        """What those noted like to talk about who say so, and, once somebody does, who sits where they may come."""
        self._keeping: list[str] = []
        """Who was noted and keeps somebody."""
        self._circles: dict[str, list[str]] = {}

    def work(self) -> Work:
        """Do all of it; what is shared goes on when it is known what comes of it."""
        for room in self.world.seating.close_window(self._window):
            yield from self._withdraw(room)
        yield from self._take_in()
        if self._formers:
            yield from self._join_those_kept()
        sharing = self.world.sharing
        if sharing is not None and sharing.is_shared(self._window):
            yield from self._share(sharing)
        elif self._formers:
            yield from self._carry_out(self._formers, self._crowds, self._circles)
        yield self._take_changes()

    def begin(self, work: Work, *, now: float) -> None:
        """Have more of it done from now on."""
        self.now = now
        self.world.begin(self._to_the_end(work), now=now)

    def _to_the_end(self, work: Work) -> Work:
        yield from work
        yield self._take_changes()

    def _take_changes(self) -> list[Change]:
        changes, self._changes, self._spent_us = self._changes, [], 0
        return changes

    def _withdraw(self, room: Room) -> Work:
        """Note who is to be seated anew, and let those go whose seat is kept no longer."""
        world = self.world
        if world.rooms.get(room.id) is not room:
            return
        for former in world.seating.withdraw(room):
            person = former.person
            until = world.kept_until(room, former.seat)
            if until is not None and until <= self.now:
                self._changes += world.depart(person, "lost", now=self.now)
            else:
                self._note(former)
        yield from self._rest(_ROOM_US)

    def _note(self, former: Former) -> None:
        person = former.person
        self._formers[person.id] = former
        self._cells[person.id] = person.next_cell
        self._crowds[person.next_cell] += 1
        if person.barred:
            self._barred[person.id] = person.barred
        if person.topics and self.world.rules.topic_gain:
            self._topics[person.id] = frozenset(person.topics)
        if person.kept:
            self._keeping.append(person.id)

    def _take_in(self) -> Work:
        world, cells = self.world, set(self._crowds)
        if not cells:
            return
        for room in waiting_around(self._window.region, world.seating.index, rules=world.rules, rng=world.rng):
            # One that was given more time lasts as long as those there were told.
            goes_on = room.is_over or room.is_extended
            if not goes_on and reaches(room, cells, now=self.now, rules=world.rules):
                yield from self._withdraw(room)
            yield from self._rest(_FAR_US * len(cells))

    def _share(self, sharing: Sharing) -> Work:
        """Tell of those in thin cells, who wait for the plan, and seat the crowds."""
        dense = yield from self._crowded()
        thin = [id for id in self._formers if id not in dense]
        if len(thin) > OFFERED_MAX:
            # So many find company here.
            dense, thin = set(self._formers), []
        crowds = Counter(self._cells[id] for id in thin)
        near = yield from self._rooms_near(crowds)
        notes = []
        for id in thin:
            former = self._formers[id]
            notes.append(noted(former.person, self._cells[id], Left(former.room.id, former.room.cell)))
            yield from self._rest(_NOTE_US)
        sharing.offer(Share(self, self._window, thin), Offer(tuple(notes), standing(near)))
        if dense:
            yield from self._carry_out(dense, {}, self._circles_within(dense))

    def _crowded(self) -> Sliced[set[str]]:
        """Return those whom no other process need know of: in crowded cells, and whom they keep is so too."""
        enough = DENSE_ROOMS * self.world.rules.seats_target
        dense: set[str] = set()
        for id, cell in self._cells.items():
            if self._crowds[cell] >= enough:
                dense.add(id)
            yield from self._rest(_FAR_US)
        keeping = [id for id in self._keeping if id in dense]
        apart = {id for id in keeping if not self._formers[id].person.kept <= dense}
        while apart:
            dense -= apart
            apart = {id for id in keeping if id in dense and not self._formers[id].person.kept <= dense}
        return dense

    def _circles_within(self, ids: Collection[str]) -> Circles:
        return {first: circle for first, circle in self._circles.items() if all(id in ids for id in circle)}

    def reform(self, ids: Iterable[str]) -> Work:
        """Seat those of these anew who still sit where they were noted."""
        here = {id for id in ids if (former := self._formers.get(id)) and former.person.seat is former.seat}
        if here:
            yield from self._carry_out(here, Counter(self._cells[id] for id in here), self._circles_within(here))

    def found(self, cell: Cell, ids: Iterable[str], *, id: str, is_for_more: bool) -> Room | None:
        """Seat those of these who are still here in a room of their own; None if nobody sits in it.

        Args:
            is_for_more: whether others are to come: so nobody is told yet that it waits.
        """
        return self._gather(cell, list(self._still_there(ids)), id=id, is_for_more=is_for_more)

    def join(self, room_id: str, ids: Iterable[str]) -> Room | None:
        """Seat those of these who are still here in a room that goes on, and return it, if it does."""
        for former in self._still_there(ids):
            self._join([former], room_id)
        return self.world.rooms.get(room_id)

    def give_away(self, ids: Iterable[str]) -> list[Person]:
        """Return those of these who are still here, counted where they are to be seated; they are noted no more."""
        people = []
        for former in self._still_there(ids):
            self.world.online.count_in(former.person, self._cells.pop(former.person.id))
            people.append(former.person)
        return people

    def rest(self, people: int) -> Work:
        """Know so many seated, and let others have their turn if it is enough."""
        yield from self._rest(_SEAT_US * people)

    def _rooms_near(self, crowds: Mapping[Cell, int]) -> Sliced[list[Neighbour]]:
        world = self.world
        return (yield from self._sliced(rooms_near(crowds, world.seating.index, rules=world.rules, rng=world.rng)))

    def _carry_out(self, ids: Collection[str], crowds: Mapping[Cell, int], circles: Circles) -> Work:
        """Seat these anew.

        Args:
            crowds: how many of them stand in which cell, for rooms around to take part.
        """
        world = self.world
        standing = yield from self._rooms_near(crowds)
        may_sit = may_sit_by(self._barred)
        if self._topics:
            self._know_topics(standing)
        groups, joins, singles, together = yield from self._sliced(
            plan_in_slices(
                self._gathered(ids),
                rules=world.rules,
                rng=world.rng,
                neighbours=standing,
                may_sit=may_sit,
                topics=self._topics,
                circles=circles,
            )
        )
        for circle in together:
            self._seat_as_newcomers(list(self._still_there(circle)))
            yield from self._rest(_SEAT_US * len(circle))
        for room_id, joiners in joins:
            for unit in _units(joiners, circles):
                self._join(list(self._still_there(unit)), room_id)
                yield from self._rest(_SEAT_US * len(unit))
        for cell, group in groups:
            self._gather(cell, list(self._still_there(group)))
            yield from self._rest(_SEAT_US * len(group))
        for former in self._still_there(singles):
            self._seat_as_newcomers([former])
            yield from self._rest(_SEAT_US)

    def _know_topics(self, standing: Iterable[Neighbour]) -> None:
        """Know the topics of those, too, who sit in rooms that go on and are still there."""
        people = self.world.people
        sitting = (people[id] for neighbour in standing for id, _ in neighbour.sitting if id in people)
        self._topics |= topics_by(sitting)

    def _join_those_kept(self) -> Work:
        """Seat those, with their circle, who keep somebody in a room that goes on and has seats for them."""
        world, noted = self.world, self._formers
        people = [noted[id].person for id in self._keeping if noted[id].person.seat is noted[id].seat]
        self._circles = circles_of(people, self._cells, world.rules, world.rng)
        outward = sorted(person.id for person in people if any(other not in noted for other in person.kept))
        world.rng.shuffle(outward)
        for unit in _units(outward, self._circles):
            here = [noted[id].person for id in unit if noted[id].person.seat is noted[id].seat]
            if here and kept_room(world, here, self._cells) is not None:
                self._circles.pop(unit[0], None)
                for id in unit:
                    self._crowds[self._cells[id]] -= 1
                    self._barred.pop(id, None)
                self._seat_as_newcomers(list(self._still_there(unit)))
            yield from self._rest(_SEAT_US)

    def _gather(
        self, cell: Cell, formers: list[Former], *, id: str | None = None, is_for_more: bool = False
    ) -> Room | None:
        """Seat the group in a room of its own, but for those who accept less far company by now, or not of all."""
        world = self.world
        limit = limit_m([former.person for former in formers], world.rules)
        near, _ = who_may_sit([former for former in formers if apart_m(self._cells[former.person.id], cell) <= limit])
        room = None
        if near:
            for former in near:
                self._vacate(former)
            room = world.seating.open_room(cell, now=self.now, id=id, waiting_since=waited_since(near))
            self._changes += world.seating.gather(near, room, Why("window"), now=self.now)
            if not is_for_more:
                self._changes += world.company_changed(room, self.now)
        for former in formers if len(near) < len(formers) else ():
            if former not in near:
                self._seat_as_newcomers([former])
        return room

    def _join(self, unit: list[Former], room_id: str) -> None:
        """Seat somebody, or a circle, in the room planned for them, or like newcomers if they may not sit there now."""
        unit, others = who_may_sit(unit)
        world, people = self.world, [former.person for former in unit]
        room = world.rooms.get(room_id)
        if room is None or room.taken + len(unit) > world.rules.seats_max or not self._may_join(people, room):
            self._seat_as_newcomers(unit)
        else:
            for former in unit:
                self._vacate(former)
                self._changes += world.seating.join(
                    former.person, room, Why("window"), now=self.now, former=former.seat
                )
            self._changes += world.company_changed(room, self.now)
        self._seat_as_newcomers(others)

    def _may_join(self, people: list[Person], room: Room) -> bool:
        rules = self.world.rules
        limit = limit_m([*people, *members_of(room)], rules)
        return all(
            apart_m(self._cells[person.id], room.cell) <= limit and may_join(person, room, rules) for person in people
        )

    def _seat_as_newcomers(self, formers: list[Former]) -> None:
        if formers:
            self._changes += seat_as_newcomers(self.world, formers, self._cells, now=self.now)
            for former in formers:
                del self._cells[former.person.id]

    def _vacate(self, former: Former) -> None:
        self._changes += self.world.seating.vacate(former)
        self.world.online.count_in(former.person, self._cells.pop(former.person.id))

    def _still_there(self, ids: Iterable[str]) -> Iterator[Former]:
        """Yield each who sits where they were noted when it is their turn: others have left, or found another room.

        They are noted no more. All that was noted of a hundred thousand, let go of at once, takes a tenth of a second.
        """
        for id in ids:
            former = self._formers.pop(id, None)
            if former is None:
                continue  # another turn was theirs already
            if former.person.seat is former.seat:
                yield former
            else:
                del self._cells[id]

    def _gathered(self, ids: Iterable[str]) -> Iterator[Gathered]:
        """Yield these; those of one room come one after the other, as a rule."""
        cells, rules, left = self._cells, self.world.rules, None
        for id in ids:
            former = self._formers[id]
            person, room = former.person, former.room
            if left is None or left.id != room.id:
                left = Left(room.id, room.cell)
            yield Gathered(id, cells[id], left, limit_m((person,), rules))

    def _sliced(self, slices: Slices[Result]) -> Sliced[Result]:
        """Do the work, with rests in between, and return what it comes to."""
        while True:
            try:
                us = next(slices)
            except StopIteration as done:
                result: Result = done.value
                return result
            yield from self._rest(us)

    def _rest(self, us: int) -> Work:
        """Count work done, and let others have their turn if it is enough."""
        self._spent_us += us
        if self._spent_us >= SLICE_US:
            self.now = yield self._take_changes()


def _units(ids: Sequence[str], circles: Circles) -> list[Sequence[str]]:
    """Return these, each circle together."""
    first_of = {id: first for first, circle in circles.items() for id in circle}
    firsts = dict.fromkeys(first_of.get(id, id) for id in ids)
    return [circles.get(first, [first]) for first in firsts]


def announce_closing(world: "World", window: Window) -> Work:
    """Tell the rooms of a window that they end soon, some of them in each slice."""
    changes: list[Change] = []
    for room in world.seating.rooms_of(window):
        if room.id in world.rooms and not (room.is_over or room.is_closing):
            changes.append(Published(room, room.announce_closing()))
            if len(changes) * _ROOM_US >= SLICE_US:
                yield changes
                changes = []
    yield changes
