"""The mechanics of seats: opens, fills, empties and ends rooms, and says what follows.

Keeps true, after every call: the index knows each room with a free seat and how full it
is, each room stands in the window it ends with, a room in want of company has a look
outward on the agenda, and an empty room is gone. It never decides who sits where.
"""

import random
from collections.abc import Callable

import msgspec

from geo import Cell
from rooms.agenda import Agenda, AnnounceClosing, AnnounceEnd, EndAlone, EndWindow, LookOutward, Window
from rooms.changes import Change, Ended, Published, Seated, Unseated
from rooms.errors import NotSeated
from rooms.events import Changed, Member, Numbered
from rooms.index import RoomIndex
from rooms.names import looks_of, shown_name
from rooms.person import Person
from rooms.placement import fill_of, limit_m, members_of
from rooms.room import NEARBY, Room, Seat
from rooms.rules import Rules
from rooms.whys import Why
from rooms.windows import closing_time, region_of, window_end


class Former(msgspec.Struct, frozen=True):
    """Somebody whose room is taken apart: the seat they had, where, and since when that room waited, if it did."""

    person: Person
    seat: Seat
    room: Room
    waiting_since: float | None


def place_of(person: Person) -> tuple[Room, Seat]:
    """Return where the person sits. Raises NotSeated."""
    if person.room is None or person.seat is None:
        raise NotSeated(f"{person!r} sits nowhere")
    return person.room, person.seat


class Seating:
    """All rooms of one process and who sits in them."""

    def __init__(self, rules: Rules, agenda: Agenda, *, rng: random.Random, new_id: Callable[[], str]) -> None:
        self.rooms: dict[str, Room] = {}
        self.index = RoomIndex(finest_cell=rules.finest_cell)
        self._windows: dict[Window, dict[str, Room]] = {}
        self._rules = rules
        self._agenda = agenda
        self._rng = rng
        self._new_id = new_id

    def open_room(
        self,
        cell: Cell,
        *,
        now: float,
        id: str | None = None,
        waiting_since: float | None = None,
        parts_from: Room | None = None,
    ) -> Room:
        """Return a new, empty room founded in that cell; somebody is to be seated in it at once.

        Its reach goes on from `waiting_since`, Unix seconds: since when those who are to sit in it have waited. If it
        parts from another room of its region it ends with that one, be that soon: all were told.

        Args:
            id: by which others know it already.
        """
        rules, region = self._rules, region_of(cell)
        like = parts_from if parts_from is not None and parts_from.region == region else None
        closes = like.closes if like is not None else closing_time(region, now, rules.window_s)
        room = Room(
            id or self._new_id(),
            cell,
            opened=now,
            closes=closes,
            seats_max=rules.seats_max,
            recent_max=rules.recent_events,
        )
        self.rooms[room.id] = room
        if like is not None and like.is_extended:
            self._have_end_alone(room)
        else:
            self._put_into_window(room, now=now)
        if waiting_since is not None:
            room.waiting_since = waiting_since
        self.have_look(room, now + rules.look_every_s)
        return room

    def open_alone(self, kind: str, cell: Cell, *, now: float, closes: float, seats_max: int) -> Room:
        """Return a new, empty room that nobody finds by its cell, and that ends by itself: people are seated at once.

        Whoever opens it has it end: no window does.
        """
        room = Room(
            self._new_id(),
            cell,
            opened=now,
            closes=closes,
            seats_max=seats_max,
            recent_max=self._rules.recent_events,
            kind=kind,
        )
        self.rooms[room.id] = room
        return room

    def go_on(self, room: Room, *, now: float) -> None:
        """Have a room go on here that began in another process, found by its cell; who sits there is known already.

        If its end or the time to say so is past, that is made up for at once.
        """
        self.rooms[room.id] = room
        if room.is_extended:
            self._have_end_alone(room)
        else:
            self._put_into_window(room, now=now)
        notice_at = room.closes - self._notice_s
        if not room.is_closing and (room.is_extended or notice_at <= now):
            # Its window may have been told here before it came.
            self._agenda.put(notice_at, AnnounceEnd(room))
        self._find(room)
        if room.waiting_since is not None:
            # Not at once: those who sit there are to come back first.
            self.have_look(room, now + self._rules.look_every_s)

    def have_look(self, room: Room, at: float) -> None:
        """Have the room look outward at that time, Unix seconds, unless it is to look by then anyway."""
        if not room.looks_at or at < room.looks_at:
            room.looks_at = at
            self._agenda.put(at, LookOutward(room))

    def extend(self, room: Room) -> None:
        """Have the room go on for half a window more, and end alone then."""
        self._windows[Window(room.closes, room.region)].pop(room.id, None)
        room.closes += self._rules.window_s / 2
        room.is_closing = False
        self._have_end_alone(room)
        self._agenda.put(room.closes - self._notice_s, AnnounceEnd(room))

    def windows(self) -> list[Window]:
        """Return the windows that have rooms here and have not ended, in the order they were begun."""
        return list(self._windows)

    def has_people_of(self, window: Window) -> bool:
        """Tell whether anybody here gathers anew at the window's end: in its rooms, or waiting for the next one's."""
        following = self._windows.get(Window(window.closes + self._rules.window_s, window.region), {})
        return bool(self._windows[window]) or any(room.waiting_since is not None for room in following.values())

    def rooms_of(self, window: Window) -> list[Room]:
        """Return the rooms that end with that window, in the order they were opened."""
        return list(self._windows[window].values())

    def close_window(self, window: Window) -> list[Room]:
        """Have the window's rooms be over, and those that wait of the region's next one: they gather now. Return them.

        Nobody is seated in any of them from here on, though to take leave of them takes some time.
        """
        following = self._windows.get(Window(window.closes + self._rules.window_s, window.region), {})
        late = [room for room in following.values() if room.waiting_since is not None]
        rooms = [*self._windows.pop(window).values(), *late]
        for room in rooms:
            room.is_over = True
        return rooms

    def withdraw(self, room: Room) -> list[Former]:
        """Know the room over, so that nobody joins it, and return those who sit there, to be seated elsewhere soon."""
        room.is_over = True
        self.index.remove(room)
        return [Former(seat.person, seat, room, room.waiting_since) for seat in room.seats.values()]

    def vacate(self, former: Former) -> list[Change]:
        """Take somebody from a room that is over, to be seated at once; those still there are told nothing.

        They go within a moment too. To be told of each other's going would cost more than all the seating, and by its
        order tell who went together.
        """
        former.room.vacate(former.seat)
        unseated = Unseated(former.person, former.room)
        return [unseated] if former.room.seats else [unseated, *self._end(former.room)]

    def join(
        self,
        person: Person,
        room: Room,
        why: Why,
        *,
        now: float,
        former: Seat | None = None,
        ref: str | None = None,
    ) -> list[Change]:
        """Seat the person among those who are there.

        What waits of their `former` seat (a lost connection, being away) goes on in the new one.
        """
        events = self._sit(person, room, former, now=now)
        self.refill(room, now=now)
        return [*[Published(room, event) for event in events], self.snapshot(person, why, ref=ref)]

    def gather(self, formers: list[Former], room: Room, why: Why, *, now: float) -> list[Seated]:
        """Seat people in an empty room together: each is told once, when all sit.

        A group that leaves one room for the next keeps the names it knows itself by.
        """
        known = len({former.room.id for former in formers}) == 1
        # Whoever is verified sits first, so that nobody is shown by their name even for a moment.
        for former in sorted(formers, key=lambda former: former.person.verified is None):
            self._sit(former.person, room, former.seat, now=now, name=former.seat.member.name if known else None)
        self.refill(room, now=now)
        return [self.snapshot(former.person, why) for former in formers]

    def leave(self, person: Person, why: str, *, now: float) -> list[Change]:
        """Give the person's seat up; an empty room ends."""
        room, seat = place_of(person)
        left = room.leave(seat, why)
        unseated = Unseated(person, room)
        if not room.seats:
            return [unseated, *self._end(room)]
        self.refill(room, now=now)
        return [unseated, Published(room, left)]

    def take_apart(self, rooms: list[Room]) -> tuple[list[Change], list[Former]]:
        """End the rooms without a word to anybody and return who sat in them: they are to be seated at once."""
        changes: list[Change] = []
        formers: list[Former] = []
        for room in rooms:
            for seat in list(room.seats.values()):
                formers.append(Former(seat.person, seat, room, room.waiting_since))
                changes.append(Unseated(seat.person, room))
                seat.person.room = seat.person.seat = None
            changes += self._end(room)
        return changes, formers

    def snapshot(self, person: Person, why: Why, *, ref: str | None = None) -> Seated:
        """Return the person's seat as it is now, the members in an order of chance."""
        room, seat = place_of(person)
        members = [other.member for other in room.seats.values()]
        # By numbers of chance: a third of what `shuffle` takes, and nobody sits down without it.
        draw = self._rng.random
        members.sort(key=lambda _: draw())
        return Seated(person, room, seat.member.id, room.seq, tuple(members), room.within_m, why, ref)

    def refill(self, room: Room, *, now: float) -> None:
        """Take note of how full the room has become, unless that is nothing any more."""
        if room.is_over:
            return
        room.idle_until = 0.0
        extent = room.extent
        if not extent.is_all_at_the_center and (middle := extent.middle()) != extent.center:
            room.settle(middle, limit_m=limit_m(members_of(room), self._rules))
        self._find(room)
        if room.company >= self._rules.seats_min or room.kind != NEARBY:
            room.waiting_since = None
            return
        if room.waiting_since is None:
            room.waiting_since = now
        self.have_look(room, now + self._rules.look_every_s)

    def name(self, person: Person, asked: str, room: Room) -> tuple[str, list[Changed]]:
        """Return by which name to show somebody in the room, and who changes for it.

        The later of two that look alike is numbered; but the name of somebody verified is worn by nobody else.
        """
        if person.verified is None:
            worn = [seat.looks for seat in room.seats.values() if seat.person is not person]
            return shown_name(asked, worn, self._rng), []
        others = [seat for seat in room.seats.values() if seat.person is not person]
        verified = [seat for seat in others if seat.member.verified is not None]
        shown = shown_name(asked, [seat.looks for seat in verified], self._rng)
        own = looks_of(shown)
        alike = [seat for seat in others if seat.member.verified is None and not own.isdisjoint(seat.looks)]
        return shown, [self._give_way(seat, own, room) for seat in alike]

    def _give_way(self, seat: Seat, own: frozenset[str], room: Room) -> Changed:
        """Number somebody who was shown by the name of a person verified."""
        worn = [own, *(other.looks for other in room.seats.values())]
        name = shown_name(seat.person.name or seat.member.name, worn, self._rng)
        return room.change(seat, msgspec.structs.replace(seat.member, name=name))

    def _find(self, room: Room) -> None:
        """Have the room be found as full as it is."""
        fill = fill_of(room, self._rules)
        if fill is None:
            self.index.remove(room)
        else:
            self.index.put(room, fill)

    def _sit(
        self, person: Person, room: Room, former: Seat | None, *, now: float, name: str | None = None
    ) -> list[Numbered]:
        """Seat the person and return what the room is told of it, in order."""
        shown, changed = self.name(person, person.name if name is None else name, room)
        member = Member(
            self._new_id(),
            shown,
            person.verified,
            visiting=person.visiting,
            away=former is not None and former.away_since is not None,
            topics=person.topics,
        )
        joined = room.join(person, member)
        seat = room.seats[member.id]
        seat.since = now
        if former is not None and former.is_absent:
            room.set_away(seat, former.away_since)
            room.set_waiting(seat, former.waits_until)
        return [*changed, joined]

    def _put_into_window(self, room: Room, *, now: float) -> None:
        end = window_end(room.region, now, self._rules.window_s)
        if end < room.closes:
            # Begun late, it gathers with the region all the same if it waits then.
            self._have_window(Window(end, room.region))
        self._have_window(Window(room.closes, room.region))[room.id] = room

    def _have_window(self, window: Window) -> dict[str, Room]:
        if window not in self._windows:
            self._windows[window] = {}
            # In the last quarter no room begins that ends with this window, so none misses its notice.
            self._agenda.put(window.closes - self._notice_s, AnnounceClosing(window))
            self._agenda.put(window.closes, EndWindow(window))
        return self._windows[window]

    @property
    def _notice_s(self) -> float:
        return min(self._rules.closing_s, self._rules.window_s / 4)

    def _have_end_alone(self, room: Room) -> None:
        room.is_extended = True
        self._agenda.put(room.closes, EndAlone(room))

    def _end(self, room: Room) -> list[Change]:
        window = Window(room.closes, room.region)
        del self.rooms[room.id]
        self.index.remove(room)
        # The window of a room that is over may be so too.
        self._windows.get(window, {}).pop(room.id, None)
        return [Ended(room)]
