"""How often a gang has somebody thrown out who did nothing, and whether a room is rid of somebody who did.

    python -m bench.gangs

Real rooms and sessions, without sockets, on a clock of their own. A tenth of the people of one cell are a gang that
knows at every moment where each of them sits. They do all that the server lets them do to come together, and vote
against the same person wherever two of them meet. Everybody is a regular of old: new identities have no vote.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count

import click
import msgspec

from rooms.changes import Ended, Gone, Seated
from rooms.room import Room
from rooms.seating import place_of
from rooms.world import World
from server.answers import Blocked, Entered, Error
from server.commands import Block, Command, Eject, Enter, Keep, Leave, Next, Unblock, Unkeep
from server.house import House
from server.outcomes import Outcome
from server.safety.tokens import IDENTITY_BYTES
from server.session import Session
from server.settings import Settings
from server.store.memory import MemoryStore
from server.store.sealing import NONCE_BYTES, Seal

CELL = "dr5ru6"
BEGAN = 1_700_000_000.0
STEP_S = 60.0
SIZES = range(3, 13)
HOPS = 8
"""Rooms a gang member tries in a window by a way that the server does not count."""


class Town:
    """The people of one cell, their sessions, and the clock."""

    def __init__(self, seed: int, **settings: float) -> None:
        ids, identities = count(1), count(1)
        self.settings = Settings(work_above_connects_per_s=0, connections_per_address=0, **settings)  # type: ignore[arg-type]
        self.rng = random.Random(seed)
        self.now = BEGAN
        self.world = World(self.settings, rng=self.rng, new_id=lambda: f"i{next(ids)}")
        key = bytes(32)
        self.house = House(
            self.settings,
            self.world,
            key=key,
            new_identity=lambda: next(identities).to_bytes(IDENTITY_BYTES, "big"),
            new_nonce=lambda: f"n{next(ids)}",
            new_ticket=lambda: f"t{next(ids)}",
            store=MemoryStore(),
            seal=Seal(key, new_nonce=lambda: next(ids).to_bytes(NONCE_BYTES, "big")),
        )
        self.sessions: dict[str, Session] = {}
        self.gang: list[Member] = []
        self._addresses = count(1)

    def new_address(self) -> str:
        """Return an address that nobody has come from."""
        return f"address {next(self._addresses)}"

    def enter(self, address: str, token: str | None = None, *, topics: Sequence[str] = ()) -> tuple[Session, str]:
        """Have somebody come in from there, and return them and their token."""
        session = Session(self.house, self.house.origin(address))
        entered = self.do(session, Enter(cell=CELL, token=token, topics=list(topics)))
        assert isinstance(entered, Entered), entered
        return session, entered.you.token

    def do(self, session: Session, command: Command) -> object:
        """Have somebody do something, and return the first answer."""
        outcome = session.receive(command, now=self.now)
        if session.person is not None:
            self.sessions[session.person.id] = session
        return self._carry_out(outcome)

    def lose(self, session: Session) -> None:
        """Have somebody's connection end."""
        if session.person is not None:
            self.sessions.pop(session.person.id, None)
        session.disconnected(now=self.now)

    def pass_until(self, moment: float) -> None:
        """Let time pass."""
        while (deadline := self.world.deadline) is not None and deadline <= moment:
            self.now = max(self.now, deadline)
            self._carry_out(self.world.tick(now=self.now))
        self.now = moment

    def _carry_out(self, outcome: Outcome) -> object:
        answer: object = None
        for what in outcome:
            if isinstance(what, Entered | Error | Blocked):
                answer = what
            elif isinstance(what, Seated):
                session = self.sessions.get(what.person.id)
                if session is not None:
                    session.room_event(what, now=self.now)
            elif isinstance(what, Gone):
                self.house.identities.went(what.person.id, now=self.now)
                self.sessions.pop(what.person.id, None)
            elif isinstance(what, Ended):
                self.house.room_ended(what.room, now=self.now)
        return answer


class Member:
    """One of the people: a session while they are there, and the token they come back with."""

    def __init__(self, town: Town, *, is_gang: bool, topics: Sequence[str] = ()) -> None:
        self.is_gang = is_gang
        self.town = town
        self.topics = topics
        self.address = town.new_address()
        self.session, self.token = town.enter(self.address, topics=topics)
        self.away_until = 0.0
        self.hops = 0

    @property
    def is_here(self) -> bool:
        return self.session.person is not None and self.session.person.room is not None

    @property
    def room(self) -> Room:
        return place_of(self.session.seated)[0]

    def id_in(self, room: Room) -> str:
        return next(id for id, seat in room.seats.items() if seat.person is self.session.person)

    def go(self, for_s: float) -> None:
        """Lose the connection, to be back later as oneself."""
        self.town.lose(self.session)
        self.session.unseat()
        self.away_until = self.town.now + for_s

    def back(self) -> None:
        self.session, self.token = self.town.enter(self.address, self.token, topics=self.topics)


# How gang members come together


def stay(member: Member) -> None:
    """Sit where chance puts them."""


def press_next(member: Member) -> None:
    """Ask for another room as often as that is allowed."""
    member.town.do(member.session, Next())


def keep(member: Member) -> None:
    """Keep whoever of the gang sits here too, so as to be seated with them from then on, and let them go to vote.

    By turns: in one minute all press, in the next all let go, and vote.
    """
    is_time_to_press = int(member.town.now / STEP_S) % 2
    for other in member.town.gang:
        if other is not member and other.is_here and other.room is member.room:
            who = other.id_in(other.room)
            member.town.do(member.session, Keep(who=who) if is_time_to_press else Unkeep(who=who))


def keep_on(member: Member) -> None:
    """Keep whoever of the gang sits here too, and never let them go."""
    for other in member.town.gang:
        if other is not member and other.is_here and other.room is member.room:
            member.town.do(member.session, Keep(who=other.id_in(other.room)))


def come_back(member: Member) -> None:
    """Lose the connection until the seat is lost too, and come back."""
    if member.hops < HOPS:
        member.hops += 1
        member.go(member.town.settings.resume_grace_s + 1)


def block_about(member: Member) -> None:
    """Block anybody, which seats them elsewhere as often as they like, and end the block."""
    others = [id for id, seat in member.room.seats.items() if seat.person is not member.session.person]
    if others and member.hops < HOPS:
        member.hops += 1
        answer = member.town.do(member.session, Block(who=member.town.rng.choice(others)))
        if isinstance(answer, Blocked):
            member.town.do(member.session, Unblock(block=answer.block))


def come_anew(member: Member) -> None:
    """Be forgotten, and come back as somebody new."""
    if member.hops < HOPS:
        member.hops += 1
        member.town.do(member.session, Leave())
        member.session, member.token = member.town.enter(member.address)


def come_from_elsewhere(member: Member) -> None:
    """The same, each time from an address that nobody has come from: more than most people can do."""
    member.address = member.town.new_address()
    come_anew(member)


ONE_TOPIC = "of one topic"
"""A way that is none of doing, but of being: all name a topic that nobody else has, and sit still."""

WAYS: dict[str, Callable[[Member], None]] = {
    "stay": stay,
    "next": press_next,
    "keep": keep_on,
    "keep, let go": keep,
    "come back": come_back,
    "block": block_about,
    "come anew": come_anew,
    "come anew from elsewhere": come_from_elsewhere,
    ONE_TOPIC: stay,
}


class Row(msgspec.Struct, kw_only=True):
    """What came of one way in rooms of about one size."""

    size: int
    way: str
    windows: int
    rooms: int
    wronged: int
    """Rooms in which somebody was ejected who did nothing, each once in a window."""
    share: float


def measure(size: int, way: str, *, people: int, windows: int, seed: int) -> Row:
    """Return how many rooms of about that size had somebody wrongly ejected."""
    town = Town(seed, seats_min=min(3, size), seats_target=size, seats_max=12)
    gang = people // 10
    topics = ["what only we know"] if way == ONE_TOPIC else []
    members = [Member(town, is_gang=number < gang, topics=topics if number < gang else ()) for number in range(people)]
    town.gang = members[:gang]
    rooms = wronged = 0
    end = next(iter(town.world.rooms.values())).closes
    # A window for everybody to become known in, and to be seated anew by chance.
    town.pass_until(end + 1)
    for _ in range(windows):
        end = max(room.closes for room in town.world.rooms.values())
        hurt: Counter[str] = Counter()
        for member in members:
            member.hops = 0
        while town.now + STEP_S < end:
            town.pass_until(town.now + STEP_S)
            _live(town, members, WAYS[way])
            hurt.update(_vote(members))
        rooms += max(len(town.world.rooms), people // 12)
        wronged += len(hurt)
        town.pass_until(end + 1)
    return Row(size=size, way=way, windows=windows, rooms=rooms, wronged=wronged, share=wronged / rooms)


def _live(town: Town, members: Sequence[Member], way: Callable[[Member], None]) -> None:
    """Let a minute's worth of coming and going happen: two of a hundred lose their seat for some minutes."""
    gang = Counter(member.room.id for member in members if member.is_gang and member.is_here)
    for member in members:
        if not member.is_here:
            if member.away_until <= town.now:
                member.back()
        elif not member.is_gang:
            chance = town.rng.random()
            if chance < 0.02:
                member.go(town.rng.uniform(60, 900))
            elif chance < 0.025:
                town.do(member.session, Next())
        elif gang[member.room.id] < 3 or way in (keep, keep_on):
            way(member)


def _vote(members: Sequence[Member]) -> Iterator[str]:
    """Have the gang vote where two of them sit, against the same person; yield the rooms that person had to leave."""
    together: dict[str, list[Member]] = {}
    for member in members:
        if member.is_gang and member.is_here:
            together.setdefault(member.room.id, []).append(member)
    for room_id, gang in together.items():
        room = gang[0].room
        mine = {member.session.person for member in gang}
        others = sorted((seat.member.id, seat.person) for seat in room.seats.values() if seat.person not in mine)
        if len(gang) > 1 and others:
            target, person = others[0]
            for member in gang:
                if member.is_here and member.room is room and person.room is room:
                    member.town.do(member.session, Eject(who=target))
            # Who walks out leaves the other where they were.
            if person.room is not room and room.seats:
                yield room_id


def lone_abuser(size: int, *, seed: int) -> bool:
    """Tell whether a room of that size is rid of somebody against whom just more than half of the others vote."""
    town = Town(seed, seats_min=min(3, size), seats_target=12, seats_max=12)
    members = [Member(town, is_gang=False) for _ in range(size)]
    # Regulars, who gather anew once they are, and have sat for long enough.
    town.pass_until(members[0].room.closes + town.settings.eject_present_s + 1)
    abuser, *others = town.rng.sample(members, size)
    room = abuser.room
    voters = others[: (size - 1) // 2 + 1]
    for voter in voters:
        if abuser.room is voter.room:
            town.do(voter.session, Eject(who=abuser.id_in(room)))
    if size <= 4:
        return len({voter.room.id for voter in voters}) == 1 and voters[0].room is not abuser.room
    return abuser.room is not room and all(other.room is room for other in others)


@click.command()
@click.option("--people", default=120, show_default=True, help="In the cell; a tenth of them are the gang.")
@click.option("--windows", default=48, show_default=True, help="Half-hours that pass.")
@click.option("--size", "sizes", type=int, multiple=True, help="Only rooms of about this size.")
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each row.")
def main(people: int, windows: int, sizes: tuple[int, ...], seed: int, as_json: bool) -> None:
    """Tell in how many rooms a gang has its way, and whether rooms are rid of those who deserve it."""
    for size in sizes or SIZES:
        rows = [measure(size, way, people=people, windows=windows, seed=seed) for way in WAYS]
        out = sum(lone_abuser(size, seed=seed + turn) for turn in range(20))
        if as_json:
            for row in rows:
                click.echo(json.dumps(msgspec.to_builtins(row)))
            continue
        told = "  ".join(f"{row.way} {100 * row.share:.2f} %" for row in rows)
        click.echo(f"rooms of {size:2}: {told}  lone abuser out {out}/20", nl=True)


if __name__ == "__main__":
    main()
