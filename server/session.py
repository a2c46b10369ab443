"""One client's talk with the server, as a state machine: commands in, outcomes out.

    NEW --enter--> SEATED --leave--> ENDED
                     `---------------> ENDED   too many errors, replaced, or the connection is gone

`TRANSITIONS` says which command is allowed in which state and what state follows;
everything else is refused and changes nothing. A command's outcome is a list, in
order, of events for the asker, changes of the rooms, and perhaps an `End`.

The session is pure: it reads no clock, awaits nothing, and holds no connection. A
refusal of any layer below becomes an `error` event here and nowhere else.
"""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import NamedTuple, TypeAlias

import msgspec

from geo import BadCell
from rooms.changes import Change, Published, Seated
from rooms.events import Changed, Event, Joined, Member, Said, Skipped
from rooms.person import Person
from rooms.room import Room, Seat
from rooms.seating import place_of
from server.arrival import arrive, claim_cell, parse_cell
from server.house import KEPT, House
from server.messages import (
    CLOSE_CODES,
    Away,
    Bye,
    Command,
    Enter,
    Entered,
    Error,
    Leave,
    Move,
    Moved,
    Mute,
    Muted,
    Next,
    Ping,
    Pong,
    Privacy,
    Refused,
    Rename,
    RoomEvent,
    Say,
    Unmute,
    Unmuted,
    You,
    wire_name,
)
from server.safety.identities import Identity
from server.safety.rates import Meter, per_period, take_all
from server.safety.words import clean_name, clean_text


class State(Enum):
    NEW = auto()
    """Connected, no seat yet."""
    SEATED = auto()
    ENDED = auto()
    """Nothing is answered any more."""


class Arrived(NamedTuple):
    """The client is that person from now on; whoever was so far is no more."""

    person: Person


class Hides(NamedTuple):
    """From now on the client does not see what these members of its room say; None if it mutes nobody at all."""

    members: frozenset[str] | None


class End(NamedTuple):
    """The connection closes after this last message."""

    bye: Bye


Outcome: TypeAlias = Sequence[Event | Change | Arrived | Hides | End]

TRANSITIONS: dict[tuple[State, type[Command]], State] = {
    (State.NEW, Enter): State.SEATED,
    (State.SEATED, Say): State.SEATED,
    (State.SEATED, Move): State.SEATED,
    (State.SEATED, Next): State.SEATED,
    (State.SEATED, Rename): State.SEATED,
    (State.SEATED, Away): State.SEATED,
    (State.SEATED, Mute): State.SEATED,
    (State.SEATED, Unmute): State.SEATED,
    (State.SEATED, Ping): State.SEATED,
    (State.SEATED, Leave): State.ENDED,
}


class Session:
    """One client's talk with the server.

    Attributes:
        person: who they are to the rooms, once entered and until replaced.
        hidden: ids of members of their room whose words they do not see; None if they mute nobody at all.
    """

    __slots__ = ("_errors", "_house", "_identity", "hidden", "person", "state")

    def __init__(self, house: House) -> None:
        self._house = house
        self._errors: Meter | None = None
        self._identity: Identity | None = None
        self.state = State.NEW
        self.person: Person | None = None
        self.hidden: frozenset[str] | None = None

    def receive(self, command: Command, *, now: float) -> Outcome:
        """Apply one command and return its outcome. A refused one changes nothing but the count of errors."""
        after = TRANSITIONS.get((self.state, type(command)))
        if after is None:
            return self.refuse(self._out_of_place(command), about=wire_name(type(command)), ref=command.ref, now=now)
        seat = self.person.seat if self.person is not None else None
        is_away = seat is not None and seat.away_since is not None
        back = self._come_back_from_away(command, now) if is_away else ()
        try:
            outcome = _HANDLERS[type(command)](self, command, now)
        except BadCell as error:
            outcome = self._refuse_command(Refused("bad_cell", str(error)), command, now)
        except Refused as refused:
            outcome = self._refuse_command(refused, command, now)
        else:
            self.state = after
        return [*back, *outcome] if back else outcome

    def refuse(self, refused: Refused, *, about: str | None, ref: str | None, now: float) -> Outcome:
        """Return the outcome of a command that is refused, or of bytes that are none."""
        if self.state is State.ENDED:
            return ()
        error = Error(code=refused.code, message=refused.message, about=about, retry_after=refused.retry_after, ref=ref)
        if self._count_error(now):
            return (error,)
        self.state = State.ENDED
        return (error, End(bye(4502)))

    def unseat(self) -> None:
        """Know that the seat is no longer this client's: another has it, or it was given up."""
        self.person = None
        self.state = State.ENDED

    def disconnected(self, *, now: float) -> None:
        """Know that the connection is gone; a seat, if there still is one, waits for its return."""
        if self.person is not None and self.person.seat is not None:
            self._house.world.lose(self.person, now=now)
        self.state = State.ENDED

    # What this client sees of a room

    def room_event(self, seated: Seated, *, now: float) -> RoomEvent:
        """Return how to tell this client where they sit, and hide whom they mute there from now on."""
        room = seated.room
        self._hide_muted(room)
        members = tuple(self._as_seen(member) for member in seated.members)
        return RoomEvent(
            room=room.id,
            kind="nearby",
            me=seated.me,
            cell=str(seated.person.cell),
            within_m=seated.within_m,
            opened=int(room.opened * 1000),
            closes=int(room.closes * 1000),
            now=int(now * 1000),
            members=members,
            seq=seated.seq,
            missed=seated.missed,
            why=seated.why.sentence,
            why_code=seated.why.code,
            why_args=seated.why.args,
            ref=seated.ref,
        )

    def meet(self, id: str, person: Person) -> None:
        """Know that somebody sits down in this client's room as member `id`."""
        if self._identity is not None and self.hidden is not None and person.id in self._identity.muted:
            self.hidden |= {id}

    def seen(self, event: Event) -> Event:
        """Return an event of the room as this client sees it."""
        if self.hidden:
            if isinstance(event, Said) and event.from_ in self.hidden:
                return Skipped(event.seq)
            if isinstance(event, Joined | Changed) and event.id in self.hidden:
                return msgspec.structs.replace(event, member=self._as_seen(event.member))
        return event

    # Commands

    def _enter(self, command: Enter, now: float) -> Outcome:
        house = self._house
        arrival = arrive(house, command, now=now)
        self._identity, self.person = arrival.identity, arrival.person
        _, seat = place_of(arrival.person)
        self._hide_muted(place_of(arrival.person)[0])
        entered = Entered(
            you=You(seat.member.name, house.identities.token(arrival.identity, now=now)),
            server=house.info,
            limits=house.limits,
            privacy=Privacy(str(arrival.person.next_cell), round(arrival.person.next_cell.diagonal_m), KEPT),
            resumed=arrival.resumed,
            ref=command.ref,
        )
        return [Arrived(arrival.person), entered, *arrival.changes, *(self.seen(event) for event in arrival.events)]

    def _say(self, command: Say, now: float) -> Outcome:
        room, seat = self._place()
        if command.room is not None and command.room != room.id:
            raise Refused("wrong_room", "You sit in another room now; nothing was said there.")
        text = clean_text(command.text, max_chars=self._house.settings.text_max_chars)
        said = room.said_before(seat, text, command.ref)
        if said is not None:
            return (said,)
        self._house.pace(self._who().said, room, seat, now=now)
        return (Published(room, room.say(seat, text, now=now, ref=command.ref)),)

    def _move(self, command: Move, now: float) -> Outcome:
        cell = parse_cell(command.cell, finest=self._house.settings.finest_cell)
        claim_cell(self._house, self._who(), cell, now=now)
        counts_from = self._house.world.move(self._seated(), cell)
        return (Moved(cell=str(cell), counts_from=int(counts_from * 1000), ref=command.ref),)

    def _next(self, command: Next, now: float) -> Outcome:
        self._take(self._who().nexts, f"At most {self._house.settings.next_per_h} other rooms an hour.", now)
        return self._house.world.next(self._seated(), now=now, ref=command.ref)

    def _rename(self, command: Rename, now: float) -> Outcome:
        name = clean_name(command.name)
        self._take(self._who().shown, "You change your name too often.", now)
        return self._house.world.rename(self._seated(), name, ref=command.ref)

    def _away(self, command: Away, now: float) -> Outcome:
        self._take(self._who().shown, "You come and go too often.", now)
        return self._house.world.set_away(self._seated(), now, now=now, ref=command.ref)

    def _leave(self, command: Leave, now: float) -> Outcome:
        changes = self._house.world.leave(self._seated(), now=now)
        self._house.identities.end(self._who().id)
        return [*changes, End(bye(1000, ref=command.ref))]

    def _mute(self, command: Mute, now: float) -> Outcome:
        self._who().mute(self._other(command.who).person.id)
        return (Hides((self.hidden or frozenset()) | {command.who}), Muted(who=command.who, ref=command.ref))

    def _unmute(self, command: Unmute, now: float) -> Outcome:
        muted = self._who().muted
        muted.pop(self._other(command.who).person.id, None)
        hidden = (self.hidden or frozenset()) - {command.who} if muted else None
        return (Hides(hidden), Unmuted(who=command.who, ref=command.ref))

    def _ping(self, command: Ping, now: float) -> Outcome:
        return (Pong(now=int(now * 1000), ref=command.ref),)

    # What they have in common

    def _seated(self) -> Person:
        assert self.person is not None, "commands of a seat are allowed only with one: TRANSITIONS"
        return self.person

    def _who(self) -> Identity:
        assert self._identity is not None, "commands of a seat are allowed only with one: TRANSITIONS"
        return self._identity

    def _place(self) -> tuple[Room, Seat]:
        return place_of(self._seated())

    def _other(self, who: str) -> Seat:
        room, seat = self._place()
        other = room.seats.get(who)
        if other is None or other is seat:
            raise Refused("no_such_member", "Nobody else of that id sits in your room.")
        return other

    def _take(self, meters: tuple[Meter, ...], message: str, now: float) -> None:
        wait_s = take_all(meters, now)
        if wait_s:
            raise self._house.limited(message, wait_s)

    def _come_back_from_away(self, command: Command, now: float) -> list[Change]:
        """Any command but these two ends being away."""
        if isinstance(command, Away | Leave):
            return []
        return self._house.world.set_away(self._seated(), None, now=now)

    def _hide_muted(self, room: Room) -> None:
        muted = self._who().muted
        here = {id: seat.person.id for id, seat in room.seats.items()} | room.gone if muted else {}
        self.hidden = frozenset(id for id, who in here.items() if who in muted) if muted else None

    def _as_seen(self, member: Member) -> Member:
        return msgspec.structs.replace(member, muted=True) if self.hidden and member.id in self.hidden else member

    def _out_of_place(self, command: Command) -> Refused:
        if self.state is State.NEW:
            return Refused("not_entered", "Enter first.")
        return Refused("already_entered", "This connection has entered already.")

    def _refuse_command(self, refused: Refused, command: Command, now: float) -> Outcome:
        return self.refuse(refused, about=wire_name(type(command)), ref=command.ref, now=now)

    def _count_error(self, now: float) -> bool:
        """Count one error and tell whether the connection may go on."""
        if self._errors is None:
            rate = per_period(self._house.settings.errors_per_min, 60)
            if rate is None:
                return True
            self._errors = Meter(rate)
        return not take_all((self._errors,), now)


def bye(code: int, *, ref: str | None = None) -> Bye:
    """Return the last message before a close with that code; the reader comes back at once, after a pause or never."""
    row = CLOSE_CODES[code]
    return Bye(code=code, reason=row.means, why_code=row.name, reconnect_in=1.0 if row.may_return else None, ref=ref)


_HANDLERS: dict[type[Command], Callable[..., Outcome]] = {
    Enter: Session._enter,
    Say: Session._say,
    Move: Session._move,
    Next: Session._next,
    Rename: Session._rename,
    Away: Session._away,
    Leave: Session._leave,
    Mute: Session._mute,
    Unmute: Session._unmute,
    Ping: Session._ping,
}
