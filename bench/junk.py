"""Reach of junk: how many people an advert comes to in an hour, here and where everybody sits in one room.

The same people come and go in one city in three ways: in one central room; in rooms by fixed cells of 5 characters, of
any size; and here, through the real sessions, checks and rooms, with simulated time and no socket. Everybody honest
talks (bench/talk.py). The sender does what real ones do: comes in, waits a little, posts the advert in one of its
small variations, asks for the next room, and comes back as somebody new when held or told to wait. In the other two
ways it posts at the same moments, nothing is held, and by cells it goes to one after the other.
"""

import itertools
import json
import random
from heapq import heappop, heappush

import click
import msgspec

from bench.talk import COMMONPLACES, sentence
from geo import Cell
from rooms.changes import Ended, Gone, Published
from rooms.events import Said
from rooms.world import World
from server.answers import Entered, Error, Held
from server.commands import Enter, Leave, Next, Say
from server.house import House
from server.outcomes import Outcome
from server.safety.tokens import IDENTITY_BYTES
from server.session import Session
from server.settings import Settings
from server.store.memory import MemoryStore
from server.store.sealing import NONCE_BYTES, Seal

BEGAN = 1_700_000_000.0
HOUR_S = 3600.0
WARM_S = 900.0
"""Before the sender comes: rooms have filled, and most people are not new."""
CITY, SPREAD_DEG = (40.75, -73.99), 0.03
STAY_S, PAUSE_S = 2400.0, 75.0
"""Means of how long somebody stays and of the time between two messages of theirs."""
POST_AFTER_S, RETURN_AFTER_S = 4.0, 2.0
ADVERTS = (
    "Hot singles near you are waiting, join free today at my page and get a bonus of 50 coins",
    "Earn money from home, ask me how, easy and fast",
    "Cheap followers and likes, write me for prices, first hundred free",
    "Best crypto signals group, 300 percent in one week, ask me for the invite",
    "Selling fresh accounts and gift cards, half price, message me now",
    "New game with real prizes, register at prizes-example.com and tell your friends",
)
_BEFORE = ("", "", "Hi! ", "Hello, ", "Hey guys, ", "Good evening, ", ">>> ")
_BEHIND = ("", " !!!", " 🔥🔥", " now", " today", " :)", " ✅✅✅")


def variation(advert: str, rng: random.Random) -> str:
    """Return the advert as a sender varies it: greetings, tails, numbers, emoji, look-alikes, letters for digits."""
    text = rng.choice(_BEFORE) + advert + rng.choice(_BEHIND)
    if rng.random() < 0.3:
        text += f" {rng.randrange(10_000)}"
    if rng.random() < 0.2:
        text += " " + "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=5))
    if rng.random() < 0.3:
        text = text.replace("a", "а")  # Cyrillic
    if rng.random() < 0.3:
        text = text.replace("e", "3", 1)
    return text.upper() if rng.random() < 0.1 else text


class Town:
    """The server's inside and everybody in it, without sockets."""

    def __init__(self, *, seed: int) -> None:
        self.rng = random.Random(f"junk {seed}")
        self.now = BEGAN
        ids, identities = itertools.count(), itertools.count(1)
        settings = Settings()
        world = World(settings, rng=self.rng, new_id=lambda: f"i{next(ids)}")
        key = self.rng.randbytes(32)
        self.house = House(
            settings,
            world,
            key=key,
            new_identity=lambda: next(identities).to_bytes(IDENTITY_BYTES, "big"),
            new_nonce=lambda: self.rng.randbytes(16).hex(),
            new_ticket=lambda: self.rng.randbytes(10).hex(),
            store=MemoryStore(),
            seal=Seal(key, new_nonce=lambda: self.rng.randbytes(NONCE_BYTES)),
        )

    def enter(self, address: str) -> Session:
        """Return the session of somebody new in the city."""
        lat, lon = CITY
        cell = Cell.at(self.rng.gauss(lat, SPREAD_DEG), self.rng.gauss(lon, SPREAD_DEG), 6)
        session = Session(self.house, self.house.origin(address))
        outcome = session.receive(Enter(cell=str(cell)), now=self.now)
        assert any(isinstance(what, Entered) for what in outcome), outcome
        self.carry_out(outcome)
        return session

    def pass_until(self, moment: float) -> None:
        """Let time pass."""
        world = self.house.world
        while (deadline := world.deadline) is not None and deadline <= moment:
            self.now = max(self.now, deadline)
            self.carry_out(world.tick(now=self.now))
        self.now = moment

    def carry_out(self, outcome: Outcome) -> None:
        """Do what an outcome asks of the shell, as far as it matters here."""
        for what in outcome:
            match what:
                case Ended(room):
                    self.house.room_ended(room, now=self.now)
                case Gone(person):
                    self.house.identities.went(person.id, now=self.now)

    def leave(self, session: Session) -> None:
        """Have somebody go for good."""
        self.carry_out(session.receive(Leave(), now=self.now))

    def next(self, session: Session) -> bool:
        """Return whether somebody got another room."""
        outcome = session.receive(Next(), now=self.now)
        self.carry_out(outcome)
        return not isinstance(outcome[0], Error)

    def say(self, session: Session, text: str) -> tuple[bool, set[str]]:
        """Return whether it was held, and who else it came to."""
        outcome = session.receive(Say(text=text), now=self.now)
        self.carry_out(outcome)
        said = [what for what in outcome if isinstance(what, Published) and isinstance(what.event, Said)]
        heard = {seat.person.id for what in said for seat in what.room.seats.values()}
        return any(isinstance(what, Held) for what in outcome), heard - {session.seated.id}


class Crowd:
    """The honest people: about so many at a time, each coming, talking and going.

    Attributes:
        present: identity → where they are.
        said, held: messages, and how many of them were held.
        commonplaces, commonplaces_held: what is everybody's among them.
    """

    def __init__(self, town: Town, people: int) -> None:
        self.present: dict[str, Cell] = {}
        self.said = self.held = self.commonplaces = self.commonplaces_held = 0
        self._town = town
        self._order = itertools.count()
        self._agenda: list[tuple[float, int, Session | None, float]] = []
        for _ in range(people):
            self._put(BEGAN + town.rng.uniform(0, 60), None, 0.0)

    @property
    def due(self) -> float:
        """When the next of them does something."""
        return self._agenda[0][0]

    def act(self) -> None:
        """Have the next of them do it: come, say something, or go, whereupon somebody else comes."""
        town, rng = self._town, self._town.rng
        at, _, session, leaves = heappop(self._agenda)
        town.pass_until(at)
        if session is None:
            session, leaves = town.enter(f"h{next(self._order)}"), at + rng.expovariate(1 / STAY_S)
            self.present[session.seated.id] = session.seated.cell
        elif at >= leaves:
            del self.present[session.seated.id]
            town.leave(session)
            self._put(at + rng.expovariate(1 / 30), None, 0.0)
            return
        else:
            text = sentence(rng)
            held, _ = town.say(session, text)
            self.said, self.held = self.said + 1, self.held + held
            if text in COMMONPLACES:
                self.commonplaces, self.commonplaces_held = self.commonplaces + 1, self.commonplaces_held + held
        self._put(min(leaves, at + 3 + rng.expovariate(1 / PAUSE_S)), session, leaves)

    def _put(self, at: float, session: Session | None, leaves: float) -> None:
        heappush(self._agenda, (at, next(self._order), session, leaves))


class Sender:
    """One address with an advert.

    Attributes:
        central, by_cell, here: the people each post came to, in each of the ways.
        posts, passed: how often it was tried here, and how often not held.
        due: when it acts next.
    """

    def __init__(self, town: Town, crowd: Crowd, advert: str, number: int) -> None:
        self.central, self.by_cell, self.here = set[str](), set[str](), set[str]()
        self.posts = self.passed = 0
        self.due = town.now + town.rng.uniform(0, POST_AFTER_S)
        self._town, self._crowd, self._advert, self._number = town, crowd, advert, number
        self._session: Session | None = None

    def act(self) -> None:
        """Come in, or post and go on."""
        town = self._town
        town.pass_until(self.due)
        if self._session is None:
            self._session = town.enter(f"s{self._number}")
            self.due = town.now + POST_AFTER_S
            return
        self._post_elsewhere()
        held, heard = town.say(self._session, variation(self._advert, town.rng))
        self.posts, self.passed = self.posts + 1, self.passed + (not held)
        self.here |= heard & self._crowd.present.keys()
        if not held and town.next(self._session):
            self.due = town.now + POST_AFTER_S
            return
        town.leave(self._session)
        self._session = None
        self.due = town.now + RETURN_AFTER_S

    def _post_elsewhere(self) -> None:
        """Post to everybody, and to one cell after the other, as somebody new wherever it needs that."""
        present = self._crowd.present
        self.central |= present.keys()
        cells = sorted({str(cell.parent(5)) for cell in present.values()})
        cell = Cell(cells[(self.posts + self._number) % len(cells)])
        self.by_cell |= {id for id, where in present.items() if where.parent(5) == cell}


class Reached(msgspec.Struct, kw_only=True):
    """What came of one advert in an hour: distinct people it came to, and what honest people noticed of the checks."""

    advert: str
    addresses: int
    central: int
    by_cell: int
    here: int
    percent_of_central: float
    posts: int
    passed: int
    honest: int
    honest_held: int
    commonplaces: int
    commonplaces_held: int


def measure(advert: str, *, people: int, addresses: int, seed: int) -> Reached:
    """Return what comes of one advert that is sent for an hour; the same seed gives the same."""
    town = Town(seed=seed)
    crowd = Crowd(town, people)
    while crowd.due < BEGAN + WARM_S:
        crowd.act()
    town.pass_until(BEGAN + WARM_S)
    senders = [Sender(town, crowd, advert, number) for number in range(addresses)]
    crowd.said = crowd.held = crowd.commonplaces = crowd.commonplaces_held = 0
    while (now := min(crowd.due, *(sender.due for sender in senders))) < BEGAN + WARM_S + HOUR_S:
        actors: list[Crowd | Sender] = [crowd, *senders]
        next(actor for actor in actors if actor.due == now).act()
    ways = [set[str]().union(*way) for way in zip(*((s.central, s.by_cell, s.here) for s in senders), strict=True)]
    central, by_cell, here = map(len, ways)
    return Reached(
        advert=advert,
        addresses=addresses,
        central=central,
        by_cell=by_cell,
        here=here,
        percent_of_central=round(100 * here / central, 2),
        posts=sum(sender.posts for sender in senders),
        passed=sum(sender.passed for sender in senders),
        honest=crowd.said,
        honest_held=crowd.held,
        commonplaces=crowd.commonplaces,
        commonplaces_held=crowd.commonplaces_held,
    )


@click.command()
@click.option("--people", type=click.IntRange(50, 20_000), default=2000, show_default=True, help="Online at a time.")
@click.option("--addresses", type=click.IntRange(1, 500), multiple=True, default=(1, 50), show_default=True)
@click.option("--adverts", type=click.IntRange(1, len(ADVERTS)), default=len(ADVERTS), show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Of everything.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def main(people: int, addresses: tuple[int, ...], adverts: int, seed: int, as_json: bool) -> None:
    """Measure how many people an advert reaches in an hour, here and elsewhere, and what honest people notice."""
    rows = []
    if not as_json:
        click.echo(f"{'addresses':>9} {'one room':>9} {'by cell':>9} {'here':>6} {'%':>6} {'passed/posts':>13}  advert")
    for count in addresses:
        for number, advert in enumerate(ADVERTS[:adverts]):
            row = measure(advert, people=people, addresses=count, seed=seed + number)
            rows.append(row)
            if not as_json:
                click.echo(
                    f"{row.addresses:9} {row.central:9,} {row.by_cell:9,} {row.here:6,} {row.percent_of_central:6.2f} "
                    f"{f'{row.passed:,}/{row.posts:,}':>13}  {row.advert[:40]}…"
                )
    said, held = sum(row.honest for row in rows), sum(row.honest_held for row in rows)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(rows)))
    else:
        click.echo(f"Of {said:,} honest messages beside them {held:,} were held: {100 * held / said:.3f} %,")
        common, common_held = (
            sum(count) for count in zip(*((r.commonplaces, r.commonplaces_held) for r in rows), strict=True)
        )
        click.echo(f"of the {common:,} among them that everybody says word for word {common_held:,}.")


if __name__ == "__main__":
    main()
