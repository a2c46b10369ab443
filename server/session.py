"""One client's talk with the server, as a state machine: commands in, outcomes out.

    NEW --enter--> SEATED --leave--> ENDED
                     `---------------> ENDED   too many errors, replaced, or the connection is gone

`TRANSITIONS` says which command is allowed in which state and what state follows;
everything else is refused and changes nothing. A command's outcome is a list, in
order, of events for the asker, changes of the rooms, and perhaps an `End`.

The session is pure: it reads no clock, awaits nothing, and holds no connection. A
refusal of any layer below becomes an `error` event here and nowhere else.
"""

from enum import Enum, auto

from geo import BadCell
from rooms.changes import Change, Seated
from rooms.person import Person
from rooms.room import Room, Seat
from rooms.seating import place_of
from server.acts import HANDLERS
from server.answers import RoomEvent
from server.codes import Refused
from server.commands import COMMANDS, Away, Command, Enter, Leave
from server.house import House
from server.messages import wire_name
from server.origin import Origin
from server.outcomes import End, Lasts, Outcome, Patience, WantsKeys, bye, error_of
from server.safety.identities import Identity
from server.safety.rates import Meter, per_period, take_all
from server.safety.verified import UnknownKey
from server.safety.work import NONCE_GOOD_S, Challenge
from server.sight import Sight
from server.store.store import StoreError


class State(Enum):
    NEW = auto()
    """Connected, no seat yet."""
    SEATED = auto()
    ENDED = auto()
    """Nothing is answered any more."""


TRANSITIONS: dict[tuple[State, type[Command]], State] = {
    (State.NEW, Enter): State.SEATED,
    **{(State.SEATED, command): State.SEATED for command in COMMANDS if command not in (Enter, Leave)},
    (State.SEATED, Leave): State.ENDED,
}


class Session:
    """One client's talk with the server.

    Attributes:
        origin: where the client comes from.
        person: who they are to the rooms, once entered and until replaced.
        sight: how they see their room.
    """

    __slots__ = (
        "_challenge",
        "_errors",
        "_identity",
        "_is_stranger",
        "_taken",
        "_was_patient",
        "house",
        "origin",
        "person",
        "sight",
        "state",
    )

    def __init__(self, house: House, origin: Origin) -> None:
        self.house = house
        self.origin = origin
        self._errors: Meter | None = None
        self._identity: Identity | None = None
        self._challenge: Challenge | None = None
        self._taken: tuple[Meter, ...] = ()
        self._is_stranger = self._was_patient = False
        self.state = State.NEW
        self.person: Person | None = None
        self.sight = Sight()

    def receive(self, command: Command, *, now: float) -> Outcome:
        """Apply one command and return its outcome. A refused one changes nothing but the count of errors."""
        before = self.state
        if before is State.ENDED:
            return ()
        after = TRANSITIONS.get((before, type(command)))
        seat = None
        if self.person is not None:
            seat = self.person.seat
            self.house.heard(self.person.id, now=now)
        self._taken = ()
        is_away = seat is not None and seat.away_since is not None
        back = self._come_back_from_away(command, now) if is_away else ()
        try:
            if after is None:
                raise self._out_of_place()
            outcome = HANDLERS[type(command)](self, command, now)
        except BadCell as error:
            outcome = self._refuse_command(Refused("bad_cell", str(error)), command, now)
        except Refused as refused:
            outcome = self._refuse_command(refused, command, now)
        except StoreError as error:
            self._give_back()
            outcome = self._refuse_command(self.house.unkept(error), command, now)
        else:
            if self.state is not State.ENDED:  # an `enter` may hold one error too many
                self.state = after
        return [*back, *outcome] if back else outcome

    def refuse(self, refused: Refused, *, about: str | None, ref: str | None, now: float) -> Outcome:
        """Return the outcome of a command that is refused, or of bytes that are none."""
        if self.state is State.ENDED:
            return ()
        error = error_of(refused, about=about, ref=ref)
        if refused.code == "banned":
            self.state = State.ENDED
            return (error, End(bye(4500, reason=refused.message)))
        if self._count_error(now):
            return (error, *self._after(refused))
        self.state = State.ENDED
        return (error, End(bye(4502)))

    def unseat(self) -> None:
        """Know that the seat is no longer this client's: another has it, or it was given up."""
        self.person = None
        self._count_out()
        self.state = State.ENDED

    def connected(self, *, now: float) -> None:
        """Know that there is a connection, of somebody who has shown nothing yet."""
        self._is_stranger = True
        self.house.door.came(self.origin, now=now)

    def disconnected(self, *, now: float) -> None:
        """Know that the connection is gone; a seat, if there still is one, waits for its return."""
        if self.person is not None and self.person.seat is not None:
            self.house.left_seat(self.identity, self.person)
            self.house.world.lose(self.person, now=now)
            self.house.identities.rises(self.identity, now=now)
        self._count_out()
        self.state = State.ENDED

    def _count_out(self) -> None:
        """Count a stranger no longer: they are gone, or were let in by another session."""
        if self._is_stranger:
            self._is_stranger = False
            self.house.door.went(self.origin)

    # What this client sees of a room

    def room_event(self, seated: Seated, *, now: float) -> RoomEvent:
        """Return how to tell this client where they sit, and show it with their eyes from now on."""
        room = seated.room
        self.look_around(room)
        self.identity.sat_in(room.id, now)
        members = tuple(map(self.sight.member, seated.members))
        return RoomEvent(
            room=room.id,
            kind=room.kind,
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
        sight = self.sight
        if self._identity is not None and sight.is_otherwise:
            sight.meet(
                id,
                is_muted=person.id in self._identity.muted,
                is_kept=self.house.ties.has("keep", self._identity.id, person.id),
            )

    def look_around(self, room: Room) -> None:
        """Know whom of the room they mute, and whom they keep."""
        self.sight.look_around(room, muted=self.identity.muted, kept=self.house.keeps.held(self.identity.id))

    # What acts ask

    def begin(self, identity: Identity, person: Person, *, now: float) -> None:
        """Know who the client is, and see the room with their eyes."""
        self._identity, self.person = identity, person
        self.house.identities.sits(identity, now=now)
        self.look_around(place_of(person)[0])

    def go_on(self, identity: Identity, person: Person, *, now: float) -> Outcome:
        """Go on where another process' session of the same client left off, and return what follows."""
        self.known(now=now)
        self.begin(identity, person, now=now)
        self.house.bottles.take_up(identity.id)
        self.state = State.SEATED
        return self.lasts(now=now)

    def lasts(self, *, now: float) -> tuple[Lasts, ...]:
        """Return for how long what vouches for the client is good, if anything does."""
        until = self.identity.vouched_until
        return (Lasts((until - now) / self.house.settings.time_scale),) if until > now else ()

    def known(self, *, now: float) -> None:
        """Know that the client has shown a good token or JWT: an old acquaintance, who pays nothing."""
        if self._is_stranger:
            self._is_stranger = False
            self.house.door.known(self.origin, now=now)

    def pay(self, work: str | None, *, now: float) -> None:
        """Have a stranger pay what coming in costs at this moment. Raises Refused, with what is to be done."""
        challenge, self._challenge = self._challenge, None
        if challenge is not None and challenge.is_met(work, now=now):
            return
        bits = self.house.door.ask(self.origin, now=now)
        if bits:
            until = now + NONCE_GOOD_S * self.house.settings.time_scale
            self._challenge = Challenge(self.house.new_nonce(), bits, until)
            message = "Very many are coming in: your computer has to do a little work first."
            raise Refused("work_needed", message, bits=bits, nonce=self._challenge.nonce)

    @property
    def seated(self) -> Person:
        """Who they are to the rooms."""
        assert self.person is not None, "commands of a seat are allowed only with one: TRANSITIONS"
        return self.person

    @property
    def identity(self) -> Identity:
        """Who they are to the server."""
        assert self._identity is not None, "commands of a seat are allowed only with one: TRANSITIONS"
        return self._identity

    def place(self) -> tuple[Room, Seat]:
        """Return their room and seat."""
        return place_of(self.seated)

    def other(self, who: str) -> Seat:
        """Return the seat of another member of their room. Raises Refused."""
        room, seat = self.place()
        other = room.seats.get(who)
        if other is None or other is seat:
            raise Refused("no_such_member", "Nobody else of that id sits in your room.")
        return other

    def take(self, meters: tuple[Meter, ...], message: str, now: float) -> None:
        """Count one act, unless it cannot be written down. Raises Refused, counting none, if it comes too soon."""
        wait_s = take_all(meters, now)
        if wait_s:
            raise self.house.limited(message, wait_s)
        self._taken = meters

    def count_as_said(self, now: float) -> None:
        """Count words that are held as said, instead of what they were to be. Raises Refused if that is too much."""
        self._give_back()
        self.take(self.identity.said, "You say too much at once.", now)

    # What receiving does by itself

    def _come_back_from_away(self, command: Command, now: float) -> list[Change]:
        """Any command but these two ends being away."""
        if isinstance(command, Away | Leave):
            return []
        return self.house.world.set_away(self.seated, None, now=now)

    def _out_of_place(self) -> Refused:
        if self.state is State.NEW:
            return Refused("not_entered", "Enter first.")
        return Refused("already_entered", "This connection has entered already.")

    def _refuse_command(self, refused: Refused, command: Command, now: float) -> Outcome:
        return self.refuse(refused, about=wire_name(type(command)), ref=command.ref, now=now)

    def _after(self, refused: Refused) -> Outcome:
        """Return what a refusal brings about besides: time for work, once, so that asking again keeps nothing open."""
        if isinstance(refused, UnknownKey):
            return (WantsKeys(),)
        if refused.code == "work_needed" and not self._was_patient:
            self._was_patient = True
            return (Patience(NONCE_GOOD_S),)
        return ()

    def _give_back(self) -> None:
        """Count less what this command has counted."""
        taken, self._taken = self._taken, ()
        for meter in taken:
            meter.give_back()

    def _count_error(self, now: float) -> bool:
        """Count one error and tell whether the connection may go on."""
        if self._errors is None:
            rate = per_period(self.house.settings.errors_per_min, 60)
            if rate is None:
                return True
            self._errors = Meter(rate)
        return not take_all((self._errors,), now)
