"""Whatever people claim of their place in whatever order, nobody jumps twice a day, and who has jumped is shown so.

The machine keeps its own account, by the rule's words alone: from where, and since when, each could have travelled.
"""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from geo import Cell, cell_distance_m
from rooms.person import Person
from server.safety.places import JUMP_EVERY_S, TRAVEL_AHEAD_M, TRAVEL_MAX_M_PER_S
from tests.sessions import Guest, Stage, of_type

CELLS = ["dr5ru6", "dr5ru7", "dr5x", "drt2yz", "dqcjqc", "u33db2", "gcpvj0", "r3gx2f", "zzzzzz"]
which = st.integers(0, 3)
TOPICS = [[], ["tea"], ["Tea", "trams"], ["streetcar", "chess"]]


@dataclass
class Known:
    """What is known of one person: where they were when, and when they jumped."""

    guest: Guest
    cell: str
    at: float
    jumps: list[float]


def is_in_reach(here: str, there: str, *, in_s: float) -> bool:
    """Tell whether somebody certainly can have travelled so far, whichever points of the cells are meant."""
    a, b = Cell(here), Cell(there)
    far_m = cell_distance_m(a, b) - (a.diagonal_m + b.diagonal_m) / 2
    return far_m - TRAVEL_AHEAD_M * 2 <= TRAVEL_MAX_M_PER_S * in_s


class Visitors(RuleBasedStateMachine):
    """Four people who come, come back, move, sit elsewhere, block, mute, are lost, and say where they are."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(cells_per_h=500, next_per_h=0, say_per_s=0, errors_per_min=0)
        self.known: list[Known] = []
        self.homes: dict[int, tuple[str, float]] = {}

    @property
    def now(self) -> float:
        return self.stage.clock.now()

    @initialize(cells=st.lists(st.sampled_from(CELLS), min_size=4, max_size=4), topics=st.sampled_from(TOPICS))
    def come(self, cells: list[str], topics: list[str]) -> None:
        for number, cell in enumerate(cells):
            guest = self.stage.guest("msgpack" if number % 2 else "json")
            guest.enter(cell, topics=topics)
            self.known.append(Known(guest, cell, self.now, []))

    def claimed(self, who: Known, cell: str, *, visiting: bool) -> None:
        """Take an accepted claim down: if nobody travels so, it must be the one jump of a day, and said."""
        if not is_in_reach(who.cell, cell, in_s=self.now - who.at):
            if who.jumps and is_in_reach(self.homes[id(who)][0], cell, in_s=self.now - self.homes[id(who)][1]):
                who.cell, who.at = cell, self.now
                return
            assert visiting, f"from {who.cell} to {cell}"
            assert not who.jumps or self.now - who.jumps[-1] >= JUMP_EVERY_S
            who.jumps.append(self.now)
            if not self.is_abroad(who, who.cell):
                self.homes[id(who)] = who.cell, who.at
        who.cell, who.at = cell, self.now

    def is_abroad(self, who: Known, place: str) -> bool:
        """Tell whether somebody who has jumped cannot have travelled to a place from where they were before."""
        if id(who) not in self.homes:
            return False
        home, since = self.homes[id(who)]
        return not is_in_reach(home, place, in_s=self.now - since)

    @rule(number=which, cell=st.sampled_from(CELLS), visiting=st.booleans(), topics=st.sampled_from(TOPICS))
    def come_back(self, number: int, cell: str, visiting: bool, topics: list[str]) -> None:
        who = self.known[number]
        was_seated = who.guest.token and self._person(who) is not None
        who.guest.lose()
        back = Guest(self.stage, who.guest.wire)
        back.say("enter", cell=cell, token=who.guest.token, visiting=visiting, topics=topics)
        self.stage.take_turn()
        came = back.got()
        refused = [error["about"] for error in of_type(came, "error")]
        if refused == ["enter"]:
            assert not was_seated, "a seat is given back whatever is said of the place"
            back.say("enter", cell=who.cell, token=who.guest.token)
            self.stage.take_turn()
            came, refused = back.got(), []
            cell = who.cell
        [entered] = of_type(came, "entered")
        who.guest = back
        is_there = entered["privacy"]["cell"] == cell
        assert refused == ([] if is_there else ["move"]), "a place that does not count is told"
        if is_there:
            self.claimed(who, cell, visiting=visiting)

    @rule(number=which, cell=st.sampled_from(CELLS))
    def move(self, number: int, cell: str) -> None:
        who = self.known[number]
        person = self._person(who)
        if person is not None and of_type(who.guest.ask("move", cell=cell), "moved"):
            self.claimed(who, cell, visiting=person.visiting)

    @rule(number=which, act=st.sampled_from(["next", "away", "ping"]))
    def act(self, number: int, act: str) -> None:
        self.known[number].guest.ask(act)

    @rule(number=which, act=st.sampled_from(["mute", "block"]))
    def turn_from_somebody(self, number: int, act: str) -> None:
        guest = self.known[number].guest
        others = sorted(id for id in guest.members if id != guest.me)
        if others:
            guest.ask(act, who=others[0])

    @rule(number=which)
    def lose(self, number: int) -> None:
        self.known[number].guest.lose()

    @rule(seconds=st.sampled_from([1.0, 60.0, 3600.0, 20_000.0, 90_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.stage.pass_time(seconds)
        for who in self.known:
            who.guest.got()

    @invariant()
    def who_is_or_sits_out_of_reach_of_home_is_shown_as_visiting(self) -> None:
        for who in self.known:
            person = self._person(who)
            if person is None or person.seat is None or not who.jumps:
                continue
            assert person.seat.member.visiting == person.visiting
            if self.is_abroad(who, who.cell) or self.is_abroad(who, str(person.cell)):
                assert person.seat.member.visiting

    @invariant()
    def everything_agrees(self) -> None:
        self.stage.check()

    def _person(self, who: Known) -> Person | None:
        session = who.guest.peer.session
        return session.person if who.guest.connection.is_open else None


TestVisitors = Visitors.TestCase
TestVisitors.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
