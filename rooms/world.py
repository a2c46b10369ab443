"""Everybody online here, their rooms, and what time does to both.

Every act returns, in order, the changes that follow from it; the shell carries them
out. What stays true, whatever is called in whatever order: everyone who entered sits
in exactly one room, and no room has more than `seats_max` members.

The world never reads a clock, draws no chance of its own and awaits nothing: `now` is
Unix seconds, `rng` and `new_id` come in, so the same calls give the same seating.
"""

import random
from collections.abc import Callable, Container

import msgspec

from geo import Cell, cell_distance_m
from rooms.agenda import (
    Agenda,
    AnnounceClosing,
    AnnounceEnd,
    EndAlone,
    EndWindow,
    GiveUpSeat,
    GoOn,
    Later,
    LookOutward,
    Work,
)
from rooms.apart import turn_from
from rooms.calling import Call
from rooms.changes import Change, Gone, Published, Seated
from rooms.errors import NameWorn
from rooms.events import Waiting
from rooms.extending import announce_end, count_votes, end_alone
from rooms.gathering import Gathering, announce_closing
from rooms.lookalikes import looks
from rooms.moving import Hold
from rooms.online import Online
from rooms.outward import Union, next_look, search
from rooms.parting import Parting, part
from rooms.person import Person
from rooms.placement import Choice, choose_room, is_waiting, may_sit_in, neighbourhood_m, why_there
from rooms.room import NEARBY, Room, Seat
from rooms.rules import Rules
from rooms.seating import Former, Seating, place_of
from rooms.shaking import Shaking, go_back
from rooms.sharing import Sharing
from rooms.together import kept_room
from rooms.waiting import told_to_wait
from rooms.whys import Why
from rooms.windows import region_of, window_end


class World:
    """All people and rooms of one process."""

    def __init__(self, rules: Rules, *, rng: random.Random, new_id: Callable[[], str]) -> None:
        self.rules = rules
        self.online = Online()
        self.rng = rng
        self.new_id = new_id
        self._agenda = Agenda()
        self.seating = Seating(rules, self._agenda, rng=rng, new_id=new_id)
        self.shaking = Shaking(self.rng)
        self.holds: dict[str, Hold] = {}
        """Person's id → the seat that is held for them: they come from another process."""
        self.bottles_near: Callable[[Cell], bool] = lambda region: False
        self.sharing: Sharing | None = None
        """What other processes have of a window, where there are others."""

    @property
    def people(self) -> dict[str, Person]:
        """Everybody online here, by id."""
        return self.online.people

    @property
    def rooms(self) -> dict[str, Room]:
        """Every room there is, by id."""
        return self.seating.rooms

    @property
    def all_rooms(self) -> Container[str] | None:
        """Every room there is; None where other processes have some that are not known here."""
        return self.rooms if self.sharing is None else None

    # What people do

    def enter(self, person: Person, *, now: float, former: str | None = None) -> list[Change]:
        """Seat somebody who was not online: in the `former` room, which somebody from there left, if it has a seat.

        So nobody draws another room by leaving and coming back. They are told no more than any newcomer: it may not be
        themselves who left it. Else they sit with somebody they keep, where there is a seat.
        """
        self.online.admit(person)
        room = self.rooms.get(former) if former is not None else None
        if room is None:
            return self._seat_where_kept(person, now=now)
        has_seat = room.kind == NEARBY and room.taken < self.rules.seats_max
        if has_seat and may_sit_in(room, [person], self.rules):
            return self.seating.join(person, room, why_there(person, room), now=now) + self.company_changed(room, now)
        changes = self._seat_where_kept(person, now=now)
        person.asked_until = place_of(person)[0].closes
        return changes

    def _seat_where_kept(self, person: Person, *, now: float) -> list[Change]:
        """Seat a newcomer with somebody they keep, where that can be."""
        room = kept_room(self, [person], {person.id: person.cell}) if person.kept else None
        if room is None:
            return self.seat_newcomer(person, now=now)
        # It is not chance that seats them there: what they vote there has no weight.
        person.asked_until = room.closes
        return self.seating.join(person, room, Why("together"), now=now) + self.company_changed(room, now)

    def next(self, person: Person, *, now: float, ref: str | None = None) -> list[Change]:
        """Seat somebody elsewhere at once; their new cell counts.

        Whoever met others by shaking goes back to where they sat before. The room they leave is not theirs again,
        unless they leave its neighbourhood: who comes back there turned from the place, not from the people, and where
        few are online there may be nobody else.
        """
        room, _ = place_of(person)
        if room.kind != NEARBY:
            return go_back(self, person, now=now, ref=ref)
        goes_away = cell_distance_m(person.next_cell, room.cell) > neighbourhood_m(self.rules)
        avoided = person.avoids
        turn_from(person, room.id, self.all_rooms)
        changes = self.seating.leave(person, "moved", now=now)
        changes += self.company_changed(room, now)
        self.online.count_in(person, person.next_cell)
        changes += self.seat_newcomer(person, now=now, ref=ref)
        if goes_away:
            person.avoids = avoided
        person.asked_until = place_of(person)[0].closes
        return changes

    def move(self, person: Person, cell: Cell, *, now: float) -> float:
        """Note where somebody is now, and return from when it counts, Unix seconds."""
        person.next_cell = cell
        room, _ = place_of(person)
        if room.is_over:
            # From a room that is over one goes to where one was when it ended.
            return room.closes + self.rules.window_s
        # A room that waits gathers with its region, though it began too late to end with it; an extended one does not.
        gathers = is_waiting(room) and not room.is_extended
        return window_end(room.region, now, self.rules.window_s) if gathers else room.closes

    def leave(self, person: Person, *, now: float) -> list[Change]:
        """Let somebody go; they are online no more."""
        return self.depart(person, "left", now=now)

    def lose(self, person: Person, *, now: float) -> None:
        """Keep the seat of somebody whose connection ended for a while; the others see nothing."""
        room, seat = place_of(person)
        room.set_waiting(seat, now + self.rules.resume_grace_s)
        self.keep_seat(person)

    def regain(self, person: Person) -> None:
        """Know somebody connected again, in the seat that waited."""
        room, seat = place_of(person)
        room.set_waiting(seat, None)

    def rename(self, person: Person, name: str, *, ref: str | None = None) -> list[Change]:
        """Show somebody by another name, in this room and the next ones. Raises NameWorn, changing nothing."""
        self.check_name(person, name)
        room, seat = place_of(person)
        person.name = name
        shown, changed = self.seating.name(person, name, room)
        member = msgspec.structs.replace(seat.member, name=shown)
        events = [*changed, room.change(seat, member, ref=ref)]
        return [Published(room, event) for event in events]

    def verify(self, person: Person, verified: str | None) -> list[Change]:
        """Show what vouches for somebody (None: nothing does any more), in this room and the next ones."""
        if verified == person.verified:
            return []
        room, seat = place_of(person)
        person.verified = verified
        shown, changed = self.seating.name(person, person.name or seat.member.name, room)
        member = msgspec.structs.replace(seat.member, name=shown, verified=verified)
        return [Published(room, event) for event in [*changed, room.change(seat, member)]]

    def set_visiting(self, person: Person, visiting: bool) -> list[Change]:
        """Show somebody as visiting or as being from here, in this room and the next ones."""
        if visiting == person.visiting:
            return []
        room, seat = place_of(person)
        person.visiting = visiting
        return [Published(room, room.change(seat, msgspec.structs.replace(seat.member, visiting=visiting)))]

    def check_name(self, person: Person, name: str) -> None:
        """Raise NameWorn if the name looks like that of somebody verified in the person's room."""
        room, _ = place_of(person)
        others = (seat for seat in room.seats.values() if seat.person is not person)
        look = looks(name)
        if any(other.member.verified is not None and not look.isdisjoint(other.looks) for other in others):
            raise NameWorn("somebody verified wears that name here")

    def set_away(self, person: Person, since: float | None, *, now: float, ref: str | None = None) -> list[Change]:
        """Show somebody as away since then, Unix seconds, or as back (None)."""
        room, seat = place_of(person)
        room.set_away(seat, since)
        self.keep_seat(person)
        member = msgspec.structs.replace(seat.member, away=since is not None)
        changes: list[Change] = [Published(room, room.change(seat, member, ref=ref))]
        self.seating.refill(room, now=now)
        return changes + self.company_changed(room, now)

    def snapshot(self, person: Person, why: Why) -> Seated:
        """Return the person's seat as it is now, to be told to them again."""
        return self.seating.snapshot(person, why)

    def waiting(self, room: Room, *, now: float) -> Waiting | None:
        """Return what to tell a room in which too few keep company, or None if enough do."""
        if not is_waiting(room):
            return None
        others = self.online.around(room, now=now)
        return told_to_wait(room, others=others, now=now, rules=self.rules, bottles=self.bottles_near(room.region))

    # What time does

    def later(self, at: float, act: Callable[[float], list[Change]]) -> None:
        """Have something done at that time, Unix seconds."""
        self._agenda.put(at, Later(act))

    def begin(self, work: Work, *, now: float) -> None:
        """Have the work done, in slices, from now on."""
        self.later(now, lambda now: self._go_on(work, None, now=now))

    @property
    def deadline(self) -> float | None:
        """When `tick` next has something to do, Unix seconds, or None."""
        return self._agenda.next_at

    def tick(self, *, now: float) -> list[Change]:
        """Do the next thing that is due and return what follows. Call again while `deadline` is past."""
        changes: list[Change] = []
        match self._agenda.pop_due(now):
            case LookOutward(room):
                changes = self._look_outward(room, now)
            case AnnounceClosing(window):
                changes = self._go_on(announce_closing(self, window), None, now=now)
            case EndWindow(window):
                changes = self._go_on(Gathering(self, window, now=now).work(), None, now=now)
            case AnnounceEnd(room):
                changes = announce_end(self, room)
            case EndAlone(room):
                changes = self._go_on(end_alone(self, room), None, now=now)
            case GoOn(work):
                changes = self._go_on(work, now, now=now)
            case GiveUpSeat(person):
                changes = self._give_up(person, now)
            case Later(act):
                changes = act(now)
        return changes

    def _go_on(self, work: Work, sent: float | None, *, now: float) -> list[Change]:
        """Do the next slice of the work, and have the one after it come up when others have had their turn."""
        try:
            changes = next(work) if sent is None else work.send(sent)
        except StopIteration:
            return []
        self._agenda.put(now, GoOn(work))
        return changes

    def _look_outward(self, room: Room, now: float) -> list[Change]:
        """Have a room that waits look once; it looks again while it does."""
        if now < room.looks_at:
            return []  # it was put off, or has looked since
        room.looks_at = 0.0
        if room.id not in self.rooms or room.is_over or room.waiting_since is None:
            return []
        first = room.waiting_since + self.rules.look_every_s
        if now < first:
            self.seating.have_look(room, first)
            return []
        match search(room, self.seating.index, now=now, rules=self.rules, rng=self.rng):
            case Union() as union:
                changes = self._unite(union, now)
            case Call() as call:
                changes = self._go_over(call.seat, room, now)
            case _:
                changes = self._tell_waiting(room, now)
        if room.id in self.rooms and is_waiting(room):
            self.seating.have_look(room, next_look(room, now=now, rules=self.rules))
        return changes

    def _unite(self, union: Union, now: float) -> list[Change]:
        target = union.target
        changes: list[Change] = []
        for mover in union.movers:
            far_m = round(cell_distance_m(mover.cell, target.cell) / 100) * 100
            why = Why("outward", {"distance_m": far_m}) if far_m else Why("outward_here")
            apart, formers = self.seating.take_apart([mover])
            changes += apart
            # The order in which they came to the room that moves is nothing to the one they join.
            self.rng.shuffle(formers)
            for former in formers:
                person = former.person
                person.moved_until = self._moved_until(person, target, now)
                changes += self.seating.join(person, target, why, now=now, former=former.seat)
        return changes + self.company_changed(target, now)

    def _go_over(self, seat: Seat, target: Room, now: float) -> list[Change]:
        """Have somebody go over to the room that called them."""
        person = seat.person
        left, _ = place_of(person)
        changes = self.seating.leave(person, "moved", now=now)
        person.moved_until, person.called_to = self._moved_until(person, target, now), target.id
        changes += self.seating.join(person, target, Why("called"), now=now, former=seat)
        return changes + self.company_changed(left, now) + self.company_changed(target, now)

    def _moved_until(self, person: Person, target: Room, now: float) -> float:
        """Return until when somebody who goes to that room now is not to be moved again, Unix seconds."""
        return min(window_end(region_of(person.cell), now, self.rules.window_s), target.closes)

    def kept_until(self, room: Room, seat: Seat) -> float | None:
        """Return until when the seat is kept for somebody away or without a connection, Unix seconds, or None."""
        if seat.away_since is None:
            return seat.waits_until
        return max(min(room.closes, seat.away_since + self.rules.away_s), seat.waits_until or 0.0)

    def keep_seat(self, person: Person) -> None:
        """Have the seat given up when it is kept no longer."""
        until = self.kept_until(*place_of(person))
        if until is not None:
            self._agenda.put(until, GiveUpSeat(person))

    def _give_up(self, person: Person, now: float) -> list[Change]:
        if person.room is None or person.seat is None:
            return []
        until = self.kept_until(person.room, person.seat)
        if until is None:
            return []
        if until > now:
            self._agenda.put(until, GiveUpSeat(person))
            return []
        return self.depart(person, "lost", now=now)

    # What both come down to

    def seat_newcomer(
        self,
        person: Person,
        *,
        now: float,
        seat: Seat | None = None,
        waiting_since: float | None = None,
        ref: str | None = None,
        because: Why | None = None,
    ) -> list[Change]:
        """Seat somebody by themselves: in the room that is nearest, or in one of their own.

        Args:
            seat: the one they had: what waits of it goes on in the new one.
            waiting_since: since when they have waited for company, Unix seconds: the reach of their own goes on.
            because: the reason they are told instead of how near that is.
        """
        partings: dict[str, Parting | None] = {}

        def parting_of(room: Room) -> Parting | None:
            if room.id not in partings:
                partings[room.id] = part(room, person, now=now, rules=self.rules)
            return partings[room.id]

        def relief(room: Room) -> float:
            parting = parting_of(room)
            return parting.relief if parting is not None else 0.0

        choice = choose_room(person, self.seating.index, rules=self.rules, rng=self.rng, relief=relief)
        if choice is None:
            room = self.seating.open_room(person.cell, now=now, waiting_since=waiting_since)
            choice = Choice(room, Why("first_here"))
        room, why = choice.room, because or choice.why
        changes: list[Change] = []
        parting = parting_of(room)
        if parting is not None:
            apart, changes = self._part(room, parting, now)
            room = apart if parting.takes_newcomer else room
        changes += self.seating.join(person, room, why, now=now, former=seat, ref=ref)
        return changes + self.company_changed(room, now)

    def _part(self, room: Room, parting: Parting, now: float) -> tuple[Room, list[Change]]:
        """Have some go on in a room of their own, which ends when the whole one would have, and return it."""
        apart = self.seating.open_room(parting.cell, now=now, parts_from=room)
        changes: list[Change] = []
        for seat in parting.movers:
            changes += self.seating.leave(seat.person, "moved", now=now)
            seat.person.parted_until = room.closes
        formers = [Former(seat.person, seat, room, None) for seat in parting.movers]
        changes += self.seating.gather(formers, apart, Why("parted"), now=now)
        return apart, changes + self.company_changed(room, now)

    def depart(self, person: Person, why: str, *, now: float) -> list[Change]:
        room, _ = place_of(person)
        changes = self.seating.leave(person, why, now=now)
        self.online.dismiss(person)
        changes.append(Gone(person))
        return changes + self.company_changed(room, now)

    def company_changed(self, room: Room, now: float) -> list[Change]:
        """Return what follows for a room from others keeping company in it than before."""
        return (
            [*count_votes(self, room), *self._tell_waiting(room, now)] if room.wishes else self._tell_waiting(room, now)
        )

    def _tell_waiting(self, room: Room, now: float) -> list[Change]:
        """Tell those who wait in a room what has changed of that since they were told last."""
        if room.is_over or (room.waiting_since is None and room.told is None):
            return []
        news = self.waiting(room, now=now) if room.seats else None
        told, room.told = room.told, news
        return [Published(room, news)] if news is not None and news is not told else []
