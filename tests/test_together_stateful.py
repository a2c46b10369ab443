"""Whatever people do about each other - keep, let go, give contacts, mute, block - PROTOCOL.md's rules hold.

Real sessions on a stage, and a model beside them that knows who has pressed for whom in which room, who keeps and mutes
whom in their own eyes, which lines were given and which blocks stand. It says what every command is answered by, who is
told, which marks everybody sees, and which contact lines have to come, now or on return, and which must not.
"""

from collections import defaultdict
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.bottles import OPEN
from tests.sessions import UNLIMITED, Guest, Json, Stage, of_type

CELLS = ("dr5ru6", "dr5ru7")

which = st.integers(0, 10**6)
Pair = tuple[str, str]


class Circle(RuleBasedStateMachine):
    """A few people near each other; each is known to the model by name, whoever they are at the moment."""

    @initialize(window_s=st.sampled_from([120, 1800]), people=st.integers(2, 4), keep=st.booleans())
    def open(self, window_s: int, people: int, keep: bool) -> None:
        self.stage = Stage(
            **UNLIMITED, **OPEN, keeps_per_h=0, shakes_per_h=0, window_s=window_s, closing_s=10, resume_grace_s=20
        )
        self.guests: dict[str, Guest] = {}
        self.lost: dict[str, Guest] = {}
        self.ids: dict[str, str] = {}
        self.pressed: set[tuple[str, str, str]] = set()
        self.held: set[Pair] = set()
        self.muted: set[Pair] = set()
        self.blocks: dict[str, tuple[str, str, str]] = {}
        """A block's id → who holds it, of whom, and by what: a bottle, or "" of a member."""
        self.bottles: dict[str, str] = {}
        self.given: dict[Pair, str] = {}
        self.coming: dict[Pair, str] = {}
        self.sent: set[Pair] = set()
        self.due: defaultdict[str, list[str]] = defaultdict(list)
        self.names = (f"P{number}" for number in count())
        self.texts = (f"words {number}" for number in count())
        for number in range(people):
            self.somebody_enters(number)
        self.everybody_throws_a_bottle()
        for name, guest in self.guests.items():
            guest.got()
            for who in sorted(guest.members.keys() - {guest.me}) if keep else ():
                self.press_for(name, guest, who, self.name_of(guest, who))

    # Who is who

    def one(self, number: int) -> tuple[str, Guest]:
        names = list(self.guests)
        name = names[number % len(names)]
        return name, self.guests[name]

    def name_of(self, guest: Guest, id: str) -> str:
        """Return the model's name of a member, whatever they are called there."""
        room = self.stage.house.world.rooms[guest.room]
        who = room.seats[id].person.id if id in room.seats else room.gone[id]
        return self.ids.get(who, "")

    def two(self, number: int) -> tuple[str, Guest, str, str] | None:
        """Return somebody, and somebody else they sit with: name, guest, the other's id and name."""
        name, guest = self.one(number)
        others = sorted(id for id in guest.members if id != guest.me)
        if not others:
            return None
        who = others[number // 7 % len(others)]
        return name, guest, who, self.name_of(guest, who)

    def are_apart(self, one: str, other: str) -> bool:
        return any({owner, of} == {one, other} for owner, of, _ in self.blocks.values())

    # What they are told

    def asked(self, name: str, type: str, **fields: object) -> list[Json]:
        """Send a command, and return what answers it; what else came is looked at."""
        guest = self.guests[name]
        for pair in [pair for pair in self.sent if pair[1] == name]:
            self.sent.discard(pair)
            self.coming.pop(pair, None)
        came = guest.ask(type, ref="r", **fields)
        self.hear(name, came)
        return [event for event in came if event.get("ref") == "r"]

    def hear(self, name: str, came: list[Json]) -> None:
        """Have what came to somebody be what the model says has to."""
        guest = self.guests[name]
        for event in came:
            if event["type"] == "kept":
                assert f"kept {self.name_of(guest, event['who'])}" in self.due[name], "nobody pressed on both sides"
                self.due[name].remove(f"kept {self.name_of(guest, event['who'])}")
                guest.members[event["who"]] = guest.members[event["who"]] | {"kept": True}
            elif event["type"] == "contact":
                assert event["text"] in self.due[name], "a line that may not come, or not again"
                self.due[name].remove(event["text"])
            elif event["type"] == "said":
                assert (name, event["text"].split(": ")[0]) not in self.muted, "the words of somebody muted"
            elif event["type"] == "unkept":
                guest.members.get(event["who"], {}).pop("kept", None)

    # What they do

    @precondition(lambda self: len(self.guests) + len(self.lost) < 4)
    @rule(number=which)
    def somebody_enters(self, number: int) -> None:
        name = next(self.names)
        # Whoever comes from where a blocked one was would inherit the block, and the model knows nothing of that.
        guest = self.stage.guest(address=f"2001:db8:0:{name[1:]}::1")
        guest.enter(CELLS[number % len(CELLS)])
        self.guests[name] = guest
        self.ids[guest.peer.session.seated.id] = name

    @rule(number=which, both=st.booleans())
    def press(self, number: int, both: bool) -> None:
        if (found := self.two(number)) is None:
            return
        self.press_for(*found)
        name, guest, _, other = found
        if both and other in self.guests:
            self.press_for(other, self.guests[other], guest.me, name)

    def press_for(self, name: str, guest: Guest, who: str, other: str) -> None:
        back = (guest.room, other, name)
        is_second = back in self.pressed and not self.are_apart(name, other)
        if is_second:
            self.pressed -= {back, (guest.room, name, other)}
            self.held |= {(name, other), (other, name)}
            self.due[name].append(f"kept {other}")
            if other in self.guests:
                self.due[other].append(f"kept {name}")
        else:
            self.pressed.add((guest.room, name, other))
        assert self.asked(name, "keep", who=who) == [{"type": "voted", "about": "keep", "ref": "r"}]

    @rule(number=which)
    def let_go(self, number: int) -> None:
        if (found := self.two(number)) is None:
            return
        name, _, who, other = found
        self.forget_keep(name, other)
        self.pressed = {press for press in self.pressed if press[1:] != (name, other)}
        assert self.asked(name, "unkeep", who=who) == [{"type": "unkept", "who": who, "ref": "r"}]

    @rule(number=which)
    def let_go_of_whoever_has_left(self, number: int) -> None:
        name, guest = self.one(number)
        room = self.stage.house.world.rooms[guest.room]
        gone = [id for id in room.gone if room.gone[id] != guest.peer.session.identity.id]
        if gone:
            who = gone[number % len(gone)]
            other = self.name_of(guest, who)
            self.forget_keep(name, other)
            self.pressed = {press for press in self.pressed if press[1:] != (name, other)}
            self.muted.discard((name, other))
            for command, answer in (("unkeep", "unkept"), ("unmute", "unmuted")):
                assert self.asked(name, command, who=who) == [{"type": answer, "who": who, "ref": "r"}]
            # They may be back in the room as another member, and a client knows of no mark that goes until it is told.
            for id, member in guest.members.items():
                if self.name_of(guest, id) == other:
                    guest.members[id] = {key: member[key] for key in member.keys() - {"kept", "muted"}}

    def forget_keep(self, name: str, other: str) -> None:
        self.held.discard((name, other))
        self.withdraw((name, other))

    def withdraw(self, *pairs: Pair) -> None:
        for pair in pairs:
            self.given.pop(pair, None)
            self.coming.pop(pair, None)
            self.sent.discard(pair)

    @rule(number=which, both=st.booleans())
    def give_a_contact(self, number: int, both: bool) -> None:
        if (found := self.two(number)) is None:
            return
        name, guest, _, other = found
        if both and other in self.guests:
            self.give(other, guest.me, name)
        self.give(name, found[2], other)

    @rule(number=which, blocks=st.booleans())
    def give_a_contact_to_somebody_just_lost(self, number: int, blocks: bool) -> None:
        if len(self.guests) > 1 and (found := self.two(number)) is not None and found[3] in self.guests:
            name, guest, who, other = found
            self.give(other, guest.me, name)
            self.lose(other)
            self.give(name, who, other)
            if blocks:
                self.block_who_threw(name)

    def give(self, name: str, who: str, other: str) -> None:
        text = f"{name} at {next(self.texts)}"
        if (name, other) not in self.held:
            [error] = self.asked(name, "contact", who=who, text=text)
            assert error["code"] == "not_yours"
            return
        # Whatever was sent is known to have come before this command is done.
        self.asked(name, "ping")
        theirs = self.given.pop((other, name), None) if not self.are_apart(name, other) else None
        if theirs is None:
            self.given[name, other] = text
        else:
            self.given.pop((name, other), None)
            self.coming |= {(name, other): text, (other, name): theirs}
            self.sent -= {(name, other), (other, name)}
            self.due[name].append(theirs)
            if other in self.guests:
                self.due[other].append(text)
        assert self.asked(name, "contact", who=who, text=text) == [{"type": "voted", "about": "contact", "ref": "r"}]
        if theirs is not None:
            self.sent |= {(other, name), *([(name, other)] if other in self.guests else [])}

    @rule(number=which, hides=st.booleans())
    def mute(self, number: int, hides: bool) -> None:
        if (found := self.two(number)) is None:
            return
        name, guest, who, other = found
        (self.muted.add if hides else self.muted.discard)((name, other))
        command, answer = ("mute", "muted") if hides else ("unmute", "unmuted")
        assert self.asked(name, command, who=who) == [{"type": answer, "who": who, "ref": "r"}]
        member = guest.members[who]
        guest.members[who] = {**member, "muted": True} if hides else {k: v for k, v in member.items() if k != "muted"}

    @rule(number=which)
    def say(self, number: int) -> None:
        name, guest = self.one(number)
        [said] = of_type(self.asked(name, "say", text=f"{name}: {next(self.texts)}"), "said")
        assert said["from"] == guest.me

    @rule(number=which)
    def block(self, number: int) -> None:
        if (found := self.two(number)) is None:
            return
        name, _, who, other = found
        self.forget_keep(name, other)
        self.withdraw((other, name))
        self.pressed = {press for press in self.pressed if {*press[1:]} != {name, other}}
        [blocked] = of_type(self.asked(name, "block", who=who), "blocked")
        self.know_block(blocked["block"], name, other, "")

    def know_block(self, block: str, name: str, other: str, via: str) -> None:
        # One of the same person by the same way takes the earlier one's place.
        self.blocks = {id: known for id, known in self.blocks.items() if known != (name, other, via)}
        self.blocks[block] = (name, other, via)

    @rule(number=which)
    def block_who_threw_a_bottle(self, number: int) -> None:
        self.block_who_threw(self.one(number)[0])

    def block_who_threw(self, name: str) -> None:
        """Have two, who may keep each other, kept apart without either knowing whose bottle it was."""
        [picked] = self.asked(name, "pick")
        if picked["type"] == "bottle":
            [blocked] = self.asked(name, "block", bottle=picked["bottle"])
            self.know_block(blocked["block"], name, self.bottles[picked["bottle"]], picked["bottle"])

    @rule()
    def everybody_throws_a_bottle(self) -> None:
        for name in list(self.guests):
            [thrown] = self.asked(name, "throw", text=next(self.texts))
            self.bottles[thrown["bottle"]] = name

    @precondition(lambda self: self.blocks)
    @rule(number=which)
    def unblock(self, number: int) -> None:
        id = list(self.blocks)[number % len(self.blocks)]
        name = self.blocks[id][0]
        if name in self.guests:
            assert [event["type"] for event in self.asked(name, "unblock", block=id)] == ["unblocked"]
            del self.blocks[id]

    @rule(number=which, type=st.sampled_from(["next", "shake", "away", "extend"]))
    def do_something_else(self, number: int, type: str) -> None:
        self.asked(self.one(number)[0], type)

    # Going, and coming back

    @precondition(lambda self: len(self.guests) > 1)
    @rule(number=which)
    def leave(self, number: int) -> None:
        name, _ = self.one(number)
        self.asked(name, "leave")
        del self.guests[name]
        self.forget(name)

    def forget(self, name: str) -> None:
        """Know that nothing of somebody is known any more; the blocks others hold against them concern nobody."""
        self.ids = {id: known for id, known in self.ids.items() if known != name}
        self.held, self.muted = ({pair for pair in pairs if name not in pair} for pairs in (self.held, self.muted))
        self.pressed = {press for press in self.pressed if name not in press[1:]}
        self.blocks = {id: known for id, known in self.blocks.items() if name not in known[:2]}
        self.withdraw(*[pair for pair in (*self.given, *self.coming) if name in pair])

    @precondition(lambda self: len(self.guests) > 1)
    @rule(number=which)
    def lose_the_connection(self, number: int) -> None:
        self.lose(self.one(number)[0])

    def lose(self, name: str) -> None:
        guest = self.guests[name]
        self.hear(name, guest.got())
        guest.lose()
        self.lost[name] = self.guests.pop(name)

    @precondition(lambda self: self.lost)
    @rule(number=which)
    def come_back(self, number: int) -> None:
        name = list(self.lost)[number % len(self.lost)]
        before = self.lost.pop(name)
        guest = self.guests[name] = self.stage.guest(address=before.connection.address)
        for (by, to), text in self.coming.items():
            if to == name and not self.are_apart(by, to):
                self.due[name].append(text)
                self.sent.add((by, to))
        guest.say("enter", cell=CELLS[number % len(CELLS)], token=before.token)
        self.stage.take_turn()
        self.hear(name, guest.got())
        assert not self.due[name], "a line did not come on return"

    @rule(seconds=st.sampled_from([1.0, 5.0, 25.0, 130.0, 1900.0]))
    def time_passes(self, seconds: float) -> None:
        self.stage.pass_time(seconds)
        for name, guest in list(self.guests.items()):
            if not guest.connection.is_open:  # away too long
                self.hear(name, guest.got())
                self.lost[name] = self.guests.pop(name)
        if not self.guests:
            self.come_back(0)

    # What holds

    @invariant()
    def everybody_is_told_what_is_due_and_nothing_else(self) -> None:
        if not hasattr(self, "stage"):
            return
        for name, guest in self.guests.items():
            self.hear(name, guest.got())
            assert not self.due[name], f"{name} was not told"
        rooms = self.stage.house.world.rooms
        self.pressed = {press for press in self.pressed if press[0] in rooms}
        self.stage.check()

    @invariant()
    def marks_are_what_each_has_done_and_nobody_elses(self) -> None:
        for name, guest in getattr(self, "guests", {}).items():
            for id, member in guest.members.items():
                other = self.name_of(guest, id)
                if id != guest.me:
                    assert bool(member.get("muted")) == ((name, other) in self.muted)
                    assert bool(member.get("kept")) == ((name, other) in self.held), (name, other)

    @invariant()
    def nobody_sits_with_somebody_they_blocked_and_only_who_keeps_is_kept(self) -> None:
        people = self.stage.house.world.people if hasattr(self, "stage") else {}
        for person in people.values():
            name = self.ids[person.id]
            both = {other for one, other in self.held if one == name and (other, name) in self.held}
            assert {self.ids[id] for id in person.kept} - both == set()
            assert person.room is not None
            here = {self.ids[seat.person.id] for seat in person.room.seats.values()}
            assert not any(
                not via and {owner, of} == {name, other} for other in here for owner, of, via in self.blocks.values()
            )


TestCircle = Circle.TestCase
TestCircle.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
