"""Whatever people do with bottles while others come, go, are blocked and seated anew: what is promised holds.

A model beside the server knows who threw what, who picked it and who is blocked by whom, and says before each pick
which bottles may come; answers have to reach their people once, now or when they are back.
"""

from collections import defaultdict
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.safety.bottles import BOTTLE_S, HOLDING_REPORTS, PICKED_MAX
from tests.bottles import OPEN
from tests.sessions import UNLIMITED, Guest, Json, Stage

CELLS = ("dr5ru6", "dr5ru7", "dr5r", "ezjmu7", "u33db2", "zzzzzz")

which = st.integers(0, 10**6)
cells = st.sampled_from(CELLS)


class Bottle:
    """What the model knows of one bottle."""

    def __init__(self, owner: str, at: float) -> None:
        self.owner = owner
        self.at = at
        self.picked: set[str] = set()
        self.in_hand: set[str] = set()
        self.is_held = False


class Shore(RuleBasedStateMachine):
    """People who throw, pick, answer, throw back, report and block, among all else that goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()

    @initialize(window_s=st.sampled_from([60, 1800]), people=st.integers(2, 8))
    def open(self, window_s: int, people: int) -> None:
        self.stage = Stage(**UNLIMITED, **OPEN, shakes_per_h=0, window_s=window_s, closing_s=10)
        self.guests: dict[str, Guest] = {}
        self.lost: dict[str, Guest] = {}
        self.bottles: dict[str, Bottle] = {}
        self.blocks: set[frozenset[str]] = set()
        self.due: dict[str, list[str]] = {}
        self.reporters: defaultdict[str, set[str]] = defaultdict(set)
        self.addresses = count(1)
        self.words = (f"words {number}" for number in count())
        for number in range(people):
            self.somebody_enters(CELLS[number % len(CELLS)])

    @property
    def now(self) -> float:
        return self.stage.clock.now()

    def one(self, number: int) -> tuple[str, Guest]:
        names = list(self.guests)
        name = names[number % len(names)]
        return name, self.guests[name]

    def answers(self, guest: Guest, type: str, **fields: object) -> Json:
        """Return what answers a command; answers to bottles that came before and with it are looked at as well."""
        came = guest.ask(type, ref="r", **fields)
        [answer] = [event for event in came if event.get("ref") == "r" and event["type"] not in ("joined", "said")]
        self.hear(guest, came)
        return answer

    def hear(self, guest: Guest, came: list[Json]) -> None:
        """Have the answers that came to a guest be those that were due."""
        name = guest.peer.session.person.id if guest.peer.session.person else ""
        for event in came:
            if event["type"] == "answered" and "text" in event:
                if event["text"] in self.due.get(name, []):
                    self.due[name].remove(event["text"])
                else:
                    assert event["answer"] in self.heard, "an answer that was not due"
                self.heard.add(event["answer"])

    heard: set[str] = set()  # noqa: RUF012 - one run at a time; an id is of one answer only

    @rule(cell=cells)
    def somebody_enters(self, cell: str) -> None:
        # Whoever comes from where a blocked one was would inherit the block, and the model knows nothing of that.
        guest = self.stage.guest(address=f"2001:db8::{next(self.addresses)}")
        guest.enter(cell)
        self.guests[guest.peer.session.seated.id] = guest

    @precondition(lambda self: len(self.guests) > 1)
    @rule(number=which)
    def somebody_leaves(self, number: int) -> None:
        name, guest = self.one(number)
        guest.ask("leave")
        del self.guests[name]
        self.forget(name)

    def forget(self, name: str) -> None:
        """Know that somebody is forgotten, with their bottles, answers and blocks."""
        gone = {id for id, bottle in self.bottles.items() if bottle.owner == name}
        self.bottles = {id: bottle for id, bottle in self.bottles.items() if id not in gone}
        self.due.pop(name, None)
        # The blocks they held end; those that others hold against them concern nobody any more.
        self.blocks = {pair for pair in self.blocks if name not in pair}
        for texts in self.due.values():
            texts[:] = [text for text in texts if not text.endswith(name)]
        for reporters in self.reporters.values():
            reporters.discard(name)

    @precondition(lambda self: len(self.guests) > 1)
    @rule(number=which)
    def somebody_is_lost(self, number: int) -> None:
        name, guest = self.one(number)
        self.hear(guest, guest.got())
        guest.lose()
        self.lost[name] = self.guests.pop(name)

    @precondition(lambda self: self.lost)
    @rule()
    def everybody_lost_returns(self) -> None:
        for name, before in self.lost.items():
            guest = self.stage.guest(address=before.connection.address)
            guest.say("enter", cell=CELLS[0], token=before.token)
            self.stage.take_turn()
            self.hear(guest, guest.got())
            assert not self.due.get(name), "an answer did not come on return"
            self.guests[name] = guest
        self.lost = {}

    @rule(number=which)
    def somebody_throws(self, number: int) -> None:
        name, guest = self.one(number)
        answer = self.answers(guest, "throw", text=next(self.words))
        assert answer["type"] == "thrown"
        self.bottles[answer["bottle"]] = bottle = Bottle(name, self.now)
        bottle.is_held = len(self.reporters[name]) >= HOLDING_REPORTS

    def may_come(self, name: str) -> set[str]:
        return {
            id
            for id, bottle in self.bottles.items()
            if bottle.owner != name
            and name not in bottle.picked
            and len(bottle.picked) < PICKED_MAX
            and bottle.at + BOTTLE_S > self.now
            and frozenset((bottle.owner, name)) not in self.blocks
            and not bottle.is_held
        }

    @rule(number=which)
    def somebody_picks(self, number: int) -> None:
        name, guest = self.one(number)
        may_come = self.may_come(name)
        answer = self.answers(guest, "pick")
        if not may_come:
            assert answer == {"type": "nobody", "about": "pick", "ref": "r"}
            return
        assert answer["type"] == "bottle"
        assert answer["bottle"] in may_come
        bottle = self.bottles[answer["bottle"]]
        bottle.picked.add(name)
        bottle.in_hand.add(name)

    def held(self, number: int) -> tuple[str, Guest, str, Bottle] | None:
        """Return somebody and a bottle, which they may hold."""
        if not self.bottles:
            return None
        ids = list(self.bottles)
        id = ids[number // 7 % len(ids)]
        holders = [name for name in self.bottles[id].picked if name in self.guests]
        name = holders[number % len(holders)] if holders else self.one(number)[0]
        return name, self.guests[name], id, self.bottles[id]

    @rule(number=which)
    def somebody_answers(self, number: int) -> None:
        found = self.held(number)
        if found is None:
            return
        name, guest, id, bottle = found
        text = f"{next(self.words)} {name}"
        if name not in bottle.in_hand or bottle.at + BOTTLE_S <= self.now:
            assert self.answers(guest, "answer", bottle=id, text=text)["code"] == "no_such_bottle"
            return
        if frozenset((bottle.owner, name)) not in self.blocks:
            self.due.setdefault(bottle.owner, []).append(text)
        assert self.answers(guest, "answer", bottle=id, text=text)["type"] == "answered"
        bottle.in_hand.remove(name)
        thrower = self.guests.get(bottle.owner)
        if thrower is not None:
            self.hear(thrower, thrower.got())
            assert not self.due.get(bottle.owner), "an answer did not come at once"

    @rule(number=which)
    def somebody_throws_back(self, number: int) -> None:
        found = self.held(number)
        if found is not None:
            name, guest, id, bottle = found
            may = name in bottle.in_hand and bottle.at + BOTTLE_S > self.now
            answer = self.answers(guest, "throw_back", bottle=id)
            assert answer.get("type" if may else "code") == ("thrown_back" if may else "no_such_bottle")
            bottle.in_hand.discard(name)

    @rule(number=which)
    def somebody_reports(self, number: int) -> None:
        found = self.held(number)
        if found is not None and found[0] in found[3].picked and found[3].at + BOTTLE_S > self.now:
            name, guest, id, bottle = found
            assert self.answers(guest, "report", bottle=id, reason="spam")["type"] == "reported"
            self.reporters[bottle.owner].add(name)
            if len(self.reporters[bottle.owner]) >= HOLDING_REPORTS:
                for each in self.bottles.values():
                    each.is_held |= each.owner == bottle.owner

    @rule(number=which)
    def somebody_blocks_who_threw_it(self, number: int) -> None:
        found = self.held(number)
        if found is not None and found[0] in found[3].picked and found[3].at + BOTTLE_S > self.now:
            name, guest, id, bottle = found
            assert self.answers(guest, "block", bottle=id)["type"] == "blocked"
            bottle.in_hand.discard(name)
            self.block(name, bottle.owner)

    @rule(number=which)
    def somebody_blocks_a_neighbour(self, number: int) -> None:
        name, guest = self.one(number)
        room = guest.peer.session.seated.room
        assert room is not None
        others = [(id, seat.person.id) for id, seat in room.seats.items() if seat.person.id != name]
        if others:
            id, other = others[number % len(others)]
            assert self.answers(guest, "block", who=id)["type"] == "blocked"
            self.block(name, other)

    def block(self, one: str, other: str) -> None:
        """Know the two kept apart; answers on their way to either are not told any more."""
        self.blocks.add(frozenset((one, other)))
        for to, by in ((one, other), (other, one)):
            self.due[to] = [text for text in self.due.get(to, []) if not text.endswith(by)]

    @rule(number=which, type=st.sampled_from(["next", "shake", "ping"]))
    def somebody_does_something_else(self, number: int, type: str) -> None:
        _, guest = self.one(number)
        self.hear(guest, guest.ask(type))

    @rule(seconds=st.sampled_from([1.0, 5.0, 70.0, 1900.0, 40_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.stage.pass_time(seconds)
        self.stage.house.expire(now=self.now)

    @invariant()
    def everybody_sits_somewhere_and_hears_their_room(self) -> None:
        for guest in self.guests.values():
            self.hear(guest, guest.got())
        self.stage.check()

    @invariant()
    def what_floats_is_what_may_still_be_picked(self) -> None:
        afloat = {
            id
            for id, bottle in self.bottles.items()
            if len(bottle.picked) < PICKED_MAX and bottle.at + BOTTLE_S > self.now and not bottle.is_held
        }
        assert set(self.stage.house.bottles._afloat) - set(self.bottles) == set()
        assert afloat <= set(self.stage.house.bottles._afloat)


TestShore = Shore.TestCase
TestShore.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
