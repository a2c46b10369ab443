"""Whatever hundreds of people do in whatever order, what is true of the world stays true.

The scene's listeners carry out every change, so each step also proves that everybody
hears each number of their room exactly once; `Scene.check` compares what they know
with what is so.
"""

import itertools
import random
from collections.abc import Collection
from math import nextafter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from geo import Cell
from rooms import gathering
from rooms.apart import are_apart, keep_apart
from rooms.circles import CIRCLE_MAX, are_near
from rooms.errors import CannotExtend
from rooms.events import Numbered, Said
from rooms.person import Person
from rooms.room import NEARBY
from rooms.rules import Rules
from rooms.seating import place_of
from rooms.shaking import ANSWER_S, LASTS_S
from tests.worlds import HOME, Scene, beside, keep, let_go

PLACES = [
    *(beside(HOME, north=n, east=e) for n in (-1, 0, 1) for e in (-2, 0, 1)),
    *(beside(HOME, north=n) for n in (3, 12, 22, 60)),
    beside(HOME, east=40),
    HOME.parent(5),
    HOME.parent(4),
    Cell("zzzzzz"),
    Cell("bpbpbp"),
]
RULES: list[dict[str, float]] = [
    {},
    {"topic_gain": 10},
    {"seats_min": 2, "seats_target": 2, "seats_max": 2},
    {"seats_min": 3, "seats_target": 8, "seats_max": 8},
    {"seats_min": 5, "seats_target": 6, "seats_max": 9},
    {"window_s": 60, "closing_s": 20, "away_s": 40},
    {"finest_cell": 4, "reach_max_m": 40_000},
]

places = st.sampled_from(PLACES)
which = st.integers(0, 10**6)
some = st.lists(which, min_size=1, max_size=15)


class Crowd(RuleBasedStateMachine):
    """People who come, talk, sleep, vanish and go, while time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene()
        # So short that every step is a slice by itself.
        self._usual_us, gathering.SLICE_US = gathering.SLICE_US, 1

    @initialize(rules=st.sampled_from(RULES), seed=st.integers(0, 99), people=st.sampled_from([150, 40, 0]))
    def open(self, rules: dict[str, float], seed: int, people: int) -> None:
        self.scene = Scene(seed, **rules)
        chance = random.Random(seed)
        for _ in range(people):
            self.scene.enter(self.at(chance.choice(PLACES)), far=chance.random() < 0.2)
            self.scene.wait(chance.choice([0, 0, 1, 5]))

    def pick(self, numbers: list[int]) -> list[Person]:
        """Return some of those online, each once."""
        people = self.scene.world.people
        ids = list(people)
        return [people[ids[number]] for number in dict.fromkeys(number % len(ids) for number in numbers)] if ids else []

    def at(self, cell: Cell) -> Cell:
        finest = self.scene.rules.finest_cell
        return cell.parent(min(len(cell), finest))

    @rule(
        cell=places,
        count=st.sampled_from([1, 3, 13, 60]),
        far=st.booleans(),
        name=st.sampled_from(["", "Ann", "Аnn", "Ann 2"]),
        topics=st.sampled_from([(), (), ("tea",), ("trams", "tea"), ("chess",)]),
    )
    def crowd_enters(self, cell: Cell, count: int, far: bool, name: str, topics: tuple[str, ...]) -> None:
        for _ in range(count):
            self.scene.enter(self.at(cell), name=name, far=far, topics=topics)

    @rule(cells=st.lists(places, min_size=1, max_size=20), pause_s=st.sampled_from([0.0, 0.5, 7.0]))
    def people_enter_one_by_one(self, cells: list[Cell], pause_s: float) -> None:
        for cell in cells:
            self.scene.enter(self.at(cell))
            self.scene.wait(pause_s)

    @rule(numbers=some)
    def some_ask_for_another_room(self, numbers: list[int]) -> None:
        for person in self.pick(numbers):
            left = place_of(person)[0].id
            self.scene.next(person)
            assert place_of(person)[0].id != left

    @rule(numbers=some)
    def some_leave(self, numbers: list[int]) -> None:
        for person in self.pick(numbers):
            self.scene.leave(person)

    @rule(share=st.integers(2, 3))
    def many_leave(self, share: int) -> None:
        for person in list(self.scene.world.people.values())[::share]:
            self.scene.leave(person)

    @rule(numbers=some)
    def some_are_lost(self, numbers: list[int]) -> None:
        for person in self.pick(numbers):
            self.scene.lose(person)

    @rule(numbers=some)
    def some_return(self, numbers: list[int]) -> None:
        for person in self.pick(numbers):
            self.scene.world.regain(person)

    @rule(numbers=some)
    def some_go_away(self, numbers: list[int]) -> None:
        for person in self.pick(numbers):
            self.scene.away(person)

    @rule(numbers=some)
    def some_come_back(self, numbers: list[int]) -> None:
        for person in self.pick(numbers):
            self.scene.back(person)

    @rule(numbers=some, cell=places)
    def some_move(self, numbers: list[int], cell: Cell) -> None:
        for person in self.pick(numbers):
            sits, before = place_of(person)[0], person.cell
            counts_from = self.scene.world.move(person, self.at(cell), now=self.scene.now)
            assert self.scene.now < counts_from or sits.is_over
            assert counts_from <= sits.closes + (self.scene.rules.window_s if sits.is_over else 0)
            assert (place_of(person)[0], person.cell) == (sits, before)

    @rule(numbers=some, name=st.sampled_from(["", "Ann", "Bo"]))
    def some_rename(self, numbers: list[int], name: str) -> None:
        for person in self.pick(numbers):
            self.scene.rename(person, name)

    @rule(numbers=some, visiting=st.booleans())
    def some_say_whether_they_are_visiting(self, numbers: list[int], visiting: bool) -> None:
        for person in self.pick(numbers):
            self.scene.carry_out(self.scene.world.set_visiting(person, visiting))

    @rule(numbers=some)
    def some_block_somebody_they_sit_with(self, numbers: list[int]) -> None:
        for person in self.pick(numbers):
            others = [seat.person for seat in place_of(person)[0].seats.values() if seat.person is not person]
            if others:
                self.scene.block(person, others[numbers[0] % len(others)])

    @rule(numbers=some)
    def some_are_kept_apart_wherever_they_sit(self, numbers: list[int]) -> None:
        people = self.pick(numbers)
        for one, other in itertools.pairwise(people):
            if place_of(one)[0] is not place_of(other)[0]:
                keep_apart(one, other)

    @rule(numbers=some, together=st.booleans())
    def some_keep_each_other(self, numbers: list[int], together: bool) -> None:
        for one, other in itertools.pairwise(self.pick(numbers)):
            if not are_apart(one, other) and (place_of(one)[0] is place_of(other)[0] or not together):
                keep(one, other)

    @rule(numbers=some)
    def some_keep_those_they_sit_with(self, numbers: list[int]) -> None:
        for person in self.pick(numbers):
            others = [seat.person for seat in place_of(person)[0].seats.values() if seat.person is not person]
            if others:
                keep(person, others[numbers[0] % len(others)])

    @rule(numbers=some)
    def some_let_go(self, numbers: list[int]) -> None:
        for person in self.pick(numbers):
            for id in list(person.kept)[:1]:
                if id in self.scene.world.people:
                    let_go(person, self.scene.world.people[id])

    @rule(numbers=some)
    def some_vote_for_more_time(self, numbers: list[int]) -> None:
        for room in dict.fromkeys(place_of(person)[0] for person in self.pick(numbers)):
            if room.kind == NEARBY and not room.is_over and not room.is_extended:
                closes, seq = room.closes, room.seq
                for seat in list(room.seats.values())[: len(room.seats) // 2 + 1 + numbers[0] % 2]:
                    if not room.is_extended:
                        self.scene.extend(seat.person)
                longer_s = self.scene.rules.window_s / 2 if room.is_extended else 0
                assert (room.closes, room.seq) == (closes + longer_s, seq + room.is_extended)
            else:
                with pytest.raises(CannotExtend):
                    self.scene.extend(next(iter(room.seats.values())).person)

    @rule(numbers=some)
    def some_are_ejected(self, numbers: list[int]) -> None:
        for person in self.pick(numbers):
            left = place_of(person)[0]
            self.scene.eject(person)
            assert place_of(person)[0] is not left

    @rule(numbers=some, pause_s=st.sampled_from([0.0, 0.4, 1.5]))
    def some_shake(self, numbers: list[int], pause_s: float) -> None:
        for person in self.pick(numbers):
            sits = place_of(person)[0]
            self.scene.shake(person)
            assert place_of(person)[0] is sits, "nobody moves before somebody is found"
            self.scene.wait(pause_s)

    @rule(numbers=some)
    def two_walk_out_on_a_third(self, numbers: list[int]) -> None:
        for person in self.pick(numbers):
            room = place_of(person)[0]
            others = [seat.person for seat in room.seats.values() if seat.person is not person]
            if len(others) > 1:
                self.scene.walk_out(others[:2], person)
                assert place_of(others[0])[0] is place_of(others[1])[0] is not room

    @rule(cell=places, numbers=some, number=which)
    def somebody_comes_back_to_a_room(self, cell: Cell, numbers: list[int], number: int) -> None:
        rooms = [*self.scene.world.rooms, "gone"]
        some = self.pick(numbers)
        barred = frozenset(person.id for person in some[:2])
        self.scene.enter(self.at(cell), former=rooms[number % len(rooms)], barred=barred, keeps=some[2:4])

    @rule(cell=places, numbers=some)
    def somebody_enters_who_is_kept_apart(self, cell: Cell, numbers: list[int]) -> None:
        self.scene.enter(self.at(cell), barred=frozenset(person.id for person in self.pick(numbers)))

    @rule(numbers=some, ref=st.sampled_from([None, "a"]))
    def some_speak(self, numbers: list[int], ref: str | None) -> None:
        for person in self.pick(numbers):
            self.scene.say(person, "hello", ref=ref)
            room, seat = place_of(person)
            assert (room.said_before(seat, "hello", ref) is None) == (ref is None)

    @rule(seconds=st.sampled_from([0.0, 1.0, 2.0, 4.0, 10.0, 30.0, 120.0, 900.0, 1200.0, 1800.0]))
    def time_passes(self, seconds: float) -> None:
        self.scene.wait(seconds)
        assert self.scene.world.deadline is None or self.scene.world.deadline > self.scene.now

    @precondition(lambda self: self.scene.world.rooms)
    @rule(ticks=st.integers(1, 40))
    def a_window_ends_and_is_not_done_yet(self, ticks: int) -> None:
        """Whatever comes next happens between two slices of the gathering."""
        rooms = [room for room in self.scene.world.rooms.values() if not room.is_over]
        if rooms:
            closes = sorted({room.closes for room in rooms})[0]
            self.scene.wait_until(nextafter(closes, 0.0))
            self.scene.now = closes
        self.scene.wait_in_part(ticks)

    @precondition(lambda self: self.scene.world.rooms)
    @rule(number=which, pairs=some)
    def a_window_ends_and_who_is_kept_sits_with_who_keeps_them(self, number: int, pairs: list[int]) -> None:
        # Nobody leaves for a shake meanwhile.
        self.scene.wait(ANSWER_S)
        nearby = (room for room in self.scene.world.rooms.values() if room.kind == NEARBY)
        windows = sorted({(room.closes, room.region) for room in nearby})
        if not windows:
            return
        closes, region = windows[number % 2 % len(windows)]
        self.scene.wait_until(nextafter(closes, 0.0))
        rooms = (room for room in self.scene.world.rooms.values() if room.kind == NEARBY)
        ending = [room for room in rooms if (room.closes, room.region) == (closes, region)]
        alone = {room.id for room in ending if room.is_extended}
        people = [seat.person for room in ending for seat in room.seats.values()]
        for pair in pairs if people else ():
            one, other = people[pair % len(people)], people[pair * 7 % len(people)]
            if one is not other and not are_apart(one, other):
                keep(one, other)
        left = {seat.person.id: seat.person.room.id for r in ending for seat in r.seats.values() if seat.person.room}
        self.scene.wait_until(closes)
        here = [id for id in left if id in self.scene.world.people]
        gathered = [id for id in here if left[id] not in alone]
        for ids in [gathered, *([id for id in here if left[id] == room] for room in alone)]:
            for circle in self.whole_circles(ids):
                assert len({place_of(person)[0].id for person in circle}) == 1, circle

    def whole_circles(self, ids: Collection[str]) -> list[list[Person]]:
        """Return, of these people, those who keep each other and may all sit together."""
        people = self.scene.world.people
        circles: list[list[Person]] = []
        left = dict.fromkeys(sorted(ids))
        while left:
            circle = [left.popitem()[0]]
            for id in circle:
                for other in people[id].kept & left.keys():
                    del left[other]
                    circle.append(other)
            members = [people[id] for id in circle]
            # Who keeps somebody else yet may sit with them: of the next window, they gather too if they wait.
            if any((person.kept & people.keys()).difference(circle) for person in members):
                continue
            if len(circle) <= min(CIRCLE_MAX, self.scene.rules.seats_max) and all(
                are_near(a, a.next_cell, b, b.next_cell, self.scene.rules)
                for a, b in itertools.combinations(members, 2)
            ):
                circles.append(members)
        return circles

    @rule(ticks=st.integers(1, 40))
    def some_more_is_done_of_what_is_due(self, ticks: int) -> None:
        self.scene.wait_in_part(ticks)

    @precondition(lambda self: self.scene.world.people)
    @rule(seconds=st.sampled_from([45.0, 1799.0, 7200.0, 360_000.0]))
    def time_passes_unattended(self, seconds: float) -> None:
        self.scene.sleep(seconds)
        assert all(room.closes > self.scene.now for room in self.scene.world.rooms.values())

    @invariant()
    def the_world_is_whole(self) -> None:
        self.scene.check()

    @invariant()
    def everybody_is_shown_with_their_topics_and_as_visiting_if_they_are(self) -> None:
        for person in self.scene.world.people.values():
            member = place_of(person)[1].member
            assert (member.topics, member.visiting) == (person.topics, person.visiting)

    @invariant()
    def nobody_sits_with_somebody_they_are_kept_apart_from(self) -> None:
        for room in self.scene.world.rooms.values():
            people = [seat.person for seat in room.seats.values()]
            assert not any(one.id in other.barred for one in people for other in people)

    @invariant()
    def rooms_remember_what_their_listeners_heard(self) -> None:
        for room in self.scene.world.rooms.values():
            listener = self.scene.hearing(room)[0]
            seated = listener.seats[-1]
            heard = [event for event in listener.heard if isinstance(event, Numbered)]
            events, missing = room.since(seated.seq)
            assert len(events) + missing == room.seq - seated.seq
            assert heard[len(heard) - len(events) :] == events
            assert all(not isinstance(event, Said) or event.text for event in events)

    def teardown(self) -> None:
        gathering.SLICE_US = self._usual_us
        for person in list(self.scene.world.people.values()):
            self.scene.leave(person)
        self.scene.check()
        self.scene.wait(2.5 * self.scene.rules.window_s + self.scene.rules.away_s + LASTS_S)
        assert self.scene.world.deadline is None
        assert not self.scene.world.rooms


def test_default_rules_are_among_those_tried_and_all_are_consistent() -> None:
    assert RULES[0] == {}
    assert all(not list(Rules(**rules).contradictions()) for rules in RULES)  # type: ignore[arg-type]


TestCrowd = Crowd.TestCase
TestCrowd.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
