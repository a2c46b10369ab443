"""Two scenes that go alike from one moment on: the rooms of the one are taken to the other as bytes."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import strategies as st

from rooms.changes import Change, Published
from rooms.errors import CannotExtend
from rooms.events import Numbered, Waiting
from rooms.frozen import FrozenRoom, freeze, thaw
from rooms.person import Person
from rooms.room import NEARBY, Room, Seat
from rooms.seating import place_of
from rooms.whys import Why
from tests.worlds import HOME, Listener, Scene, beside, counter, keep

Act = tuple[str, int, int]
"""What is done, by whom, and how: numbers of which each act makes what it can."""

TALK = ["say", "say_again", "rename", "set_away", "come_back", "vanish", "regain", "visit", "verify"]
QUIET = ["move", "keep", "vote", "go", "come", "pause"]
WILD = ["turn_away", "block_one", "be_ejected", "shake_hands"]
CELLS = [HOME, beside(HOME, east=1), beside(HOME, north=-1), HOME.parent(5)]
PAUSES = [0.0, 1.0, 7.0, 25.0, 200.0, 900.0]
PEOPLE_MAX = 12


def acts_of(*names: str) -> st.SearchStrategy[list[Act]]:
    """Return some of these acts."""
    return st.lists(st.tuples(st.sampled_from(names), st.integers(0, 99), st.integers(0, 99)), max_size=25)


class Stage(Scene):
    """A scene in which chance begins anew with every act, so that two of them can go alike."""

    def do(self, act: Act, *, after_s: float = 0.125) -> list[Change]:
        """Do the act and return what followed, but for what depends on when a room last looked around.

        Time passes before it: what is due in one moment is done in the order in which it came onto the agenda, which
        does not go along with a room.
        """
        before = len(self.trace)
        name, who, how = act
        self.wait(after_s)
        self.world.rng.seed(who)
        if name == "pause":
            self.wait(PAUSES[how % len(PAUSES)])
        elif name == "come" and len(self.world.people) < PEOPLE_MAX:
            self.enter(CELLS[how % len(CELLS)], name=f"guest {who}-{how}")
        elif name != "come" and self.world.people:
            ids = sorted(self.world.people)
            getattr(self, f"_{name}")(self.world.people[ids[who % len(ids)]], how)
        followed = self.trace[before:]
        return [one for one in followed if not (isinstance(one, Published) and isinstance(one.event, Waiting))]

    def wait_until(self, moment: float) -> list[Change]:
        while (deadline := self.world.deadline) is not None and deadline <= moment:
            self.world.rng.seed(1)
            self.now = max(self.now, deadline)
            self.carry_out(self.world.tick(now=self.now))
        self.now = moment
        return []

    def _say(self, person: Person, how: int) -> None:
        self.say(person, f"words {how}", ref=f"{how % 7}-{place_of(person)[0].seq}")

    def _say_again(self, person: Person, how: int) -> None:
        room, seat = place_of(person)
        accepted = list(seat.newest_refs(99))
        if accepted:
            ref, seq, _ = accepted[how % len(accepted)]
            said = room.said_before(seat, "what", ref)
            assert said is not None
            assert (said.seq, said.ref) == (seq, ref)

    def _rename(self, person: Person, how: int) -> None:
        self.rename(person, f"name {how}")

    def _set_away(self, person: Person, how: int) -> None:
        self.away(person)

    def _come_back(self, person: Person, how: int) -> None:
        self.back(person)

    def _vanish(self, person: Person, how: int) -> None:
        self.lose(person)

    def _regain(self, person: Person, how: int) -> None:
        self.world.regain(person)

    def _visit(self, person: Person, how: int) -> None:
        self.carry_out(self.world.set_visiting(person, bool(how % 2)))

    def _verify(self, person: Person, how: int) -> None:
        self.carry_out(self.world.verify(person, "sure" if how % 2 else None))

    def _move(self, person: Person, how: int) -> None:
        self.world.move(person, CELLS[how % len(CELLS)], now=self.now)

    def _keep(self, person: Person, how: int) -> None:
        others = self._others(person)
        if others:
            keep(person, others[how % len(others)])

    def _vote(self, person: Person, how: int) -> None:
        room, _ = place_of(person)
        if room.kind == NEARBY and not (room.is_over or room.is_extended):
            self.extend(person)
        else:
            with pytest.raises(CannotExtend):
                self.extend(person)

    def _go(self, person: Person, how: int) -> None:
        self.leave(person)

    def _turn_away(self, person: Person, how: int) -> None:
        self.next(person)

    def _block_one(self, person: Person, how: int) -> None:
        others = self._others(person)
        if others:
            self.block(person, others[how % len(others)])

    def _be_ejected(self, person: Person, how: int) -> None:
        self.eject(person)

    def _shake_hands(self, person: Person, how: int) -> None:
        self.shake(person)

    @staticmethod
    def _others(person: Person) -> list[Person]:
        return [seat.person for seat in place_of(person)[0].seats.values() if seat.person is not person]


def with_company(count: int = 3) -> tuple[Scene, Room, list[Person]]:
    scene = Scene()
    people = [scene.enter(name=f"guest {number}") for number in range(count)]
    return scene, place_of(people[0])[0], people


def other_world(scene: Scene, *, now: float | None = None) -> Scene:
    """Return another world, at the same time or that one, whose ids are others."""
    other = Scene(2, now=scene.now if now is None else now)
    other.world.seating._new_id = counter("o")
    other._new_name = counter("op")
    return other


def carried(room: Room, now: float) -> FrozenRoom:
    """Return the room as it comes out of bytes."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(freeze(room, now=now)), type=FrozenRoom)


def twin_of(scene: Stage, frozen: list[FrozenRoom], later: dict[str, list[Numbered]]) -> Stage:
    """Return another scene in which all these rooms of this one go on; in both, everybody comes back."""
    twin = Stage(2, now=scene.now)
    twin.rules = twin.world.rules = scene.rules
    for one in frozen:
        _, changes = thaw(twin.world, one, later.get(one.id, ()), now=scene.now)
        assert changes == []
    for stage in (scene, twin):
        stage.world.seating._new_id = counter("j")
        stage._new_name = counter("q")
        for person in stage.world.people.values():
            stage.world.regain(person)
            listener = stage.listeners[person.id] = Listener()
            stage.world.rng.seed(0)
            listener.sit(stage.world.snapshot(person, Why("kept")))
    return twin


def ticked(scene: Scene, until: float) -> Iterator[tuple[float, Change]]:
    """Let time pass and yield what follows, and when; nobody hears it."""
    while (deadline := scene.world.deadline) is not None and deadline <= until:
        now = max(scene.now, deadline)
        for change in scene.world.tick(now=now):
            yield now, change


def view(room: Room) -> dict[str, object]:
    """Return all that a room is, but for what belongs to the process it is in."""
    own = {"seats", "_recent", "_gone", "extent", "looks_at", "idle_until", "is_over", "spot"}
    fields: dict[str, object] = {name: getattr(room, name) for name in Room.__slots__ if name not in own}
    return fields | {
        "seats": {id: _seat_view(seat) for id, seat in room.seats.items()},
        "recent": list(room.recent()),
        "gone": room.gone,
        "company": room.company,
        "radius_m": room.extent.radius_m,
        "within_m": room.within_m,
    }


def _seat_view(seat: Seat) -> object:
    person = seat.person
    fields = {name: getattr(person, name) for name in Person.__slots__ if name not in ("room", "seat")}
    return fields, seat.member, seat.looks, seat.away_since, seat.waits_until, seat.since, list(seat.newest_refs(99))
