"""The fan-out: everybody hears exactly the events of their seat, the same bytes, in one write a turn."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.changes import Seated
from rooms.events import Event, Said, Skipped
from server.codec import JSON, MSGPACK, Codec
from server.connection import Connection
from server.fanout import Fanout
from tests.sessions import UNLIMITED, FakeConnection, Guest, HandLoop, Stage, messages_of


class Ear:
    """A hearer who does not see what one member says, if told whom."""

    def __init__(self, loop: HandLoop, codec: Codec = JSON, hidden: str = "") -> None:
        self.fake = FakeConnection(loop, "", "", lambda: None)
        self.connection = cast(Connection, self.fake)
        self.codec = codec
        self.hidden = hidden

    @property
    def sees_otherwise(self) -> bool:
        return bool(self.hidden)

    def seen(self, event: Event) -> Event:
        return Skipped(event.seq) if isinstance(event, Said) and event.from_ == self.hidden else event

    def meet(self, seated: Seated) -> None:
        raise AssertionError(f"nobody sits down here: {seated}")

    def heard(self) -> bytes:
        return b"".join(self.fake.writes)


def said(seq: int, who: str = "m") -> Said:
    return Said(seq, who, "Ann", "hello", 0)


def make() -> tuple[HandLoop, Fanout]:
    loop = HandLoop()
    return loop, Fanout(loop.call_soon)


def test_events_of_one_turn_are_one_write_of_the_same_bytes_object_to_all() -> None:
    loop, fanout = make()
    ears = [Ear(loop) for _ in range(3)]
    for ear in ears:
        fanout.attach("r", ear)
    for seq in (1, 2, 3):
        fanout.publish("r", said(seq))
    assert [ear.fake.writes for ear in ears] == [[], [], []]
    loop.take_turn()
    [first], [second], [third] = (ear.fake.writes for ear in ears)
    assert first is second is third
    assert first == b"".join(JSON.frame(said(seq)) for seq in (1, 2, 3))
    loop.take_turn()
    assert [len(ear.fake.writes) for ear in ears] == [1, 1, 1]


def test_each_wire_format_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, fanout = make()
    encoded: list[str] = []
    frame: Callable[[Codec, Event], bytes] = Codec.frame

    def noted(codec: Codec, event: Event) -> bytes:
        encoded.append(codec.name)
        return frame(codec, event)

    monkeypatch.setattr(Codec, "frame", noted)
    ears = [Ear(loop, codec) for codec in (JSON, MSGPACK) for _ in range(4)]
    for ear in ears:
        fanout.attach("r", ear)
    fanout.publish("r", said(1))
    loop.take_turn()
    assert sorted(encoded) == ["json", "msgpack"]
    assert {bool(binary) for ear in ears for binary, _ in messages_of(ear.heard())} == {False, True}
    for ear in ears:
        assert ear.heard() == frame(ear.codec, said(1))


def test_only_who_hides_pays_for_it() -> None:
    loop, fanout = make()
    plain, other, muting = Ear(loop), Ear(loop), Ear(loop, hidden="loud")
    for ear in (plain, other, muting):
        fanout.attach("r", ear)
    fanout.publish("r", said(1))
    fanout.publish("r", said(2, "loud"))
    loop.take_turn()
    assert plain.fake.writes[0] is other.fake.writes[0]
    assert muting.fake.writes == [JSON.frame(said(1)) + JSON.frame(Skipped(2))]


@pytest.mark.parametrize("others", [0, 2])
def test_who_might_hide_something_gets_the_same_bytes_where_they_hide_nothing(others: int) -> None:
    loop, fanout = make()
    ears = [Ear(loop, hidden="x"), Ear(loop, hidden="m"), Ear(loop, hidden="x"), *(Ear(loop) for _ in range(others))]
    for ear in ears:
        fanout.attach("r", ear)
    fanout.publish("r", said(1, "m"))
    loop.take_turn()
    first, muting, *same = (ear.fake.writes[0] for ear in ears)
    assert all(data is first for data in same)
    assert first == JSON.frame(said(1, "m"))
    assert muting == JSON.frame(Skipped(1))


def test_who_attaches_within_a_turn_hears_only_what_follows() -> None:
    loop, fanout = make()
    early, late = Ear(loop), Ear(loop)
    fanout.attach("r", early)
    fanout.publish("r", said(1))
    fanout.attach("r", late)
    fanout.publish("r", said(2))
    loop.take_turn()
    assert early.heard() == JSON.frame(said(1)) + JSON.frame(said(2))
    assert late.heard() == JSON.frame(said(2))


def test_who_detaches_within_a_turn_hears_what_was_and_nothing_after() -> None:
    loop, fanout = make()
    stays, goes = Ear(loop), Ear(loop)
    fanout.attach("r", stays)
    fanout.attach("r", goes)
    fanout.publish("r", said(1))
    fanout.detach("r", goes)
    fanout.publish("r", said(2))
    loop.take_turn()
    assert goes.heard() == JSON.frame(said(1))
    assert stays.heard() == JSON.frame(said(1)) + JSON.frame(said(2))


def test_hearer_who_sees_otherwise_by_now_is_detached_all_the_same() -> None:
    loop, fanout = make()
    ear = Ear(loop)
    fanout.attach("r", ear)
    ear.hidden = "x"
    fanout.detach("r", ear)
    fanout.publish("r", said(1))
    fanout.attach("r", ear)
    ear.hidden = ""
    fanout.detach("r", ear)
    fanout.publish("r", said(2))
    loop.take_turn()
    assert ear.fake.writes == []


def test_catching_up_sends_what_waits_now_and_not_again() -> None:
    loop, fanout = make()
    ear, elsewhere = Ear(loop), Ear(loop)
    fanout.attach("r", ear)
    fanout.attach("s", elsewhere)
    fanout.publish("r", said(1))
    fanout.publish("s", said(1))
    fanout.catch_up("r")
    assert (len(ear.fake.writes), len(elsewhere.fake.writes)) == (1, 0)
    fanout.catch_up("r")
    fanout.catch_up("nowhere")
    fanout.publish("r", said(2))
    loop.take_turn()
    assert ear.heard() == JSON.frame(said(1)) + JSON.frame(said(2))
    assert len(ear.fake.writes) == 2
    assert len(elsewhere.fake.writes) == 1


def test_flushing_early_doubles_nothing() -> None:
    loop, fanout = make()
    ear = Ear(loop)
    fanout.attach("r", ear)
    for seq in (1, 2, 3):
        fanout.publish("r", said(seq))
        fanout.flush()
    fanout.publish("r", said(4))
    loop.take_turn()
    loop.take_turn()
    assert ear.heard() == b"".join(JSON.frame(said(seq)) for seq in (1, 2, 3, 4))


def test_room_without_hearers_keeps_nothing() -> None:
    loop, fanout = make()
    for room in range(100):
        fanout.publish(f"{room}", said(1))
    ear = Ear(loop)
    fanout.detach("1", ear)
    fanout.attach("1", ear)
    fanout.publish("1", said(2))
    fanout.detach("1", ear)
    loop.take_turn()
    assert (fanout._audiences, fanout._unsent, loop.has_more) == ({}, [], False)
    assert ear.heard() == JSON.frame(said(2))


def test_unsent_bytes_are_looked_at_only_while_the_connection_is_paused() -> None:
    loop, fanout = make()
    quick, slow = Ear(loop), Ear(loop)
    slow.fake.is_paused = True
    fanout.attach("r", quick)
    fanout.attach("r", slow)
    fanout.publish("r", said(1))
    loop.take_turn()
    assert (quick.fake.checked, slow.fake.checked) == (0, 1)


def test_events_are_counted_once_and_per_reader() -> None:
    loop, fanout = make()
    for ear in (Ear(loop), Ear(loop, MSGPACK), Ear(loop, hidden="m")):
        fanout.attach("r", ear)
    fanout.publish("r", said(1))
    fanout.publish("r", said(2))
    fanout.publish("empty", said(1))
    loop.take_turn()
    assert (fanout.published, fanout.delivered) == (2, 6)


def test_bug_in_one_room_does_not_silence_the_others(caplog: pytest.LogCaptureFixture) -> None:
    loop, fanout = make()
    broken, fine = Ear(loop, hidden="x"), Ear(loop)
    fanout.attach("r", broken)
    fanout.attach("s", fine)

    def fail(event: Event) -> Event:
        raise ValueError(event)

    broken.seen = fail  # type: ignore[method-assign]
    for room in ("r", "s"):
        fanout.publish(room, said(1))
    loop.take_turn()
    assert fine.heard() == JSON.frame(said(1))
    assert "ValueError" in caplog.text
    assert "hello" not in caplog.text
    for room in ("r", "s"):
        fanout.publish(room, said(2))
    del broken.seen
    loop.take_turn()
    assert broken.heard() == JSON.frame(said(2))
    assert fine.heard() == JSON.frame(said(1)) + JSON.frame(said(2))


# With real sessions and rooms: whatever happens within a turn.


acts = st.one_of(
    st.tuples(
        st.sampled_from("say say say rename next leave mute unmute away ping lose back".split()),
        st.integers(0, 7),
    ),
    st.tuples(st.sampled_from(["turn", "turn", "enter", "time"]), st.integers(0, 7)),
)  # fmt: skip


@given(st.lists(acts, min_size=30, max_size=80))
def test_everybody_sees_every_number_once_whatever_happens_within_a_turn(story: list[tuple[str, int]]) -> None:
    crowd = Crowd()
    for number, (act, who) in enumerate(story):
        crowd.act(act, who, number)
    crowd.take_turn()
    crowd.stage.check()
    for guest in crowd.guests.values():
        room = crowd.stage.house.world.rooms.get(guest.room)
        if guest.connection.is_open and room is not None:
            assert guest.seq == room.seq
            assert {id: member["name"] for id, member in guest.members.items()} == {
                id: seat.member.name for id, seat in room.seats.items()
            }


class Crowd:
    """Eight people who do things, some of them within one turn; `Guest` itself checks the numbers."""

    def __init__(self) -> None:
        self.stage = Stage(seats_target=3, seats_max=4, window_s=60, closing_s=10, resume_grace_s=10, **UNLIMITED)
        self.guests: dict[int, Guest] = {}
        self.former: list[Guest] = []
        self.texts: dict[tuple[str, int], str] = {}

    def act(self, act: str, who: int, number: int) -> None:
        guest = self.guests.get(who)
        if act in ("turn", "time"):
            self.stage.pass_time(9 if act == "time" else 0)
            self.take_turn()
        elif guest is None or (act == "enter" and not guest.connection.is_open):
            self.guests[who] = newcomer = Guest(self.stage, ["json", "msgpack"][who % 2])
            newcomer.say("enter", cell="dr5ru6", name=f"G{who}")
        elif act == "back":
            guest.got()
            self.former.append(guest)
            self.guests[who] = guest.back(wire=["msgpack", "json"][number % 2]) if guest.token else Guest(self.stage)
        elif act == "lose":
            guest.connection.lose()
        else:
            guest.say(act, **self._fields(guest, act, number))

    def take_turn(self) -> None:
        """Let the turn end, and everybody read; a number is the same text to all who see it."""
        self.stage.take_turn()
        for guest in (*self.guests.values(), *self.former):
            guest.got()
            for place, text in guest.heard.items():
                assert self.texts.setdefault(place, text) == text

    @staticmethod
    def _fields(guest: Guest, act: str, number: int) -> dict[str, Any]:
        others = sorted(set(guest.members) - {guest.me}) or ["nobody"]
        fields: dict[str, dict[str, Any]] = {
            "say": {"text": f"text {number}", "ref": f"{number % 5}"},
            "rename": {"name": f"N{number}"},
            "mute": {"who": others[number % len(others)]},
            "unmute": {"who": others[number % len(others)]},
        }
        return fields.get(act, {})
