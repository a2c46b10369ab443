"""What the server holds of somebody, and of a room, goes on in another process: nobody gains by the change."""

from math import inf
from typing import Any

import msgspec
import pytest

from geo import Cell
from rooms.errors import Unthawable
from rooms.events import Said
from rooms.frozen import FrozenRoom, freeze, thaw
from rooms.person import Person
from rooms.room import Room
from server.cluster.state import decode_state, encode_state, put_in_place
from server.codes import Refused
from server.house import House
from server.safety.frozen_house import FrozenHouse, freeze_house, thaw_house
from server.safety.frozen_identity import METERS, FrozenIdentity, freeze_identity, thaw_identity
from server.safety.identities import Identity
from server.safety.rates import Meter, take_all
from server.safety.trails import KEEP_S
from server.store.memory import MemoryStore
from tests.sessions import BEGAN, Guest, Stage, make_house

NOW = BEGAN


def carried(identity: Identity, now: float = NOW, *, is_online: bool = True) -> FrozenIdentity:
    """Return the identity as it comes out of bytes."""
    frozen = freeze_identity(identity, now=now, is_online=is_online)
    return msgspec.msgpack.decode(msgspec.msgpack.encode(frozen), type=FrozenIdentity)


def somebody(house: House, **fields: Any) -> Identity:
    identity = house.identities.of(None, now=NOW)
    for name, value in fields.items():
        setattr(identity, name, value)
    return identity


def used_up(meters: tuple[Meter, ...], now: float) -> float:
    """Take what there is and return how long one has to wait for more."""
    for _ in range(1000):
        wait_s = take_all(meters, now)
        if wait_s:
            return wait_s
    raise AssertionError("there is no limit")


def test_rates_used_up_in_one_process_are_used_up_in_the_next() -> None:
    here, there = make_house(), make_house()
    identity = somebody(here)
    waits = {name: used_up(getattr(identity, name), NOW) for name in METERS}
    thawed = thaw_identity(there.identities, carried(identity), now=NOW + 5)
    assert thawed is not identity
    for name in METERS:
        assert take_all(getattr(thawed, name), NOW + 0.1) == pytest.approx(waits[name] - 0.1), name
    assert not take_all(thawed.said, NOW + waits["said"])


def test_a_rate_that_only_a_newer_version_has_is_passed_over() -> None:
    here, there = make_house(), make_house()
    identity = somebody(here)
    wait_s = used_up(identity.shakes, NOW)
    frozen = carried(identity)
    newer = msgspec.structs.replace(frozen, dues={"waves": (NOW + 60,), **frozen.dues})
    thawed = thaw_identity(there.identities, newer, now=NOW)
    assert take_all(thawed.shakes, NOW) == pytest.approx(wait_s)


def test_all_rates_of_an_identity_go_along() -> None:
    meters = {name for name in Identity.__slots__ if _is_meters(getattr(somebody(make_house()), name, None))}
    assert set(METERS) == meters


def _is_meters(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(each, Meter) for each in value)


def test_everything_else_of_an_identity_goes_along() -> None:
    here, there = make_house(), make_house()
    person = Person("x", Cell("dr5ru6"), name="Ann")
    person.avoids, person.asked_until = ("room",), NOW + 9
    identity = somebody(
        here,
        cell=Cell("dr5ru7"),
        cell_at=NOW + 3,
        home=(Cell("u33db2"), NOW - 8),
        jumped_at=NOW - 9,
        first_at=NOW - 99,
        seated_s=17.0,
        came_from=b"mark",
        ejected_at=NOW - 1,
        vouched="sure",
        vouched_until=NOW + 60,
        gone_at=NOW - 2,
        rooms=[("r1", NOW - 50), ("r2", NOW - 20)],
        person=person,
    )
    there.identities.of_id(identity.id, now=NOW)
    thawed = thaw_identity(there.identities, carried(identity, is_online=False), now=NOW + 5)
    same = set(Identity.__slots__) - set(METERS) - {"person", "muted"}
    assert {name: getattr(thawed, name) for name in same} == {name: getattr(identity, name) for name in same}
    assert thawed.person is not None
    assert thawed.person.room is None
    assert (thawed.person.name, thawed.person.avoids, thawed.person.asked_until) == ("Ann", ("room",), NOW + 9)
    assert there.identities.online(identity.id) is None
    assert there.identities.known(identity.id) is thawed


def test_what_never_was_is_not_made_up() -> None:
    thawed = thaw_identity(make_house().identities, carried(somebody(make_house())), now=NOW)
    assert (thawed.jumped_at, thawed.ejected_at, thawed.cell, thawed.home, thawed.person) == (
        -inf,
        -inf,
        None,
        None,
        None,
    )


def test_time_seated_so_far_counts_and_counts_on_when_they_are_there() -> None:
    identity = somebody(make_house())
    identity.sits(NOW)
    person = Person(identity.id, Cell("dr5ru6"))
    there = make_house()
    thawed = thaw_identity(there.identities, carried(identity, NOW + 40), now=NOW + 45, person=person)
    assert (thawed.sat_s(NOW + 60), thawed.person) == (40, person)
    thawed.sits(NOW + 60)
    assert thawed.sat_s(NOW + 70) == 50
    assert there.identities.online(identity.id) is thawed


def test_whom_they_mute_is_what_the_store_says() -> None:
    store = MemoryStore()
    here, there = make_house(store=store), make_house(store=store)
    identity = somebody(here)
    there.identities.remember(there.identities.of_id(identity.id, now=NOW))
    here.ties.add("mute", [(identity.id, "loud")], now=NOW)
    assert thaw_identity(there.identities, carried(identity), now=NOW).muted == {"loud"}


def test_what_is_known_here_later_is_not_undone() -> None:
    house = make_house()
    known = somebody(house, cell=Cell("dr5ru7"), gone_at=NOW + 10, seated_s=9.0)
    house.identities.remember(known)
    older = carried(somebody(make_house(), id=known.id, cell=Cell("u33db2"), seated_s=50.0, ejected_at=NOW))
    assert thaw_identity(house.identities, older, now=NOW + 11) is known
    assert (known.cell, known.seated_s, known.ejected_at) == ("dr5ru7", 50.0, NOW)
    newer = msgspec.structs.replace(older, gone_at=NOW + 20)
    thaw_identity(house.identities, newer, now=NOW + 21)
    assert known.cell == "u33db2"


def test_who_is_online_here_only_loses_what_they_used_up_elsewhere() -> None:
    house = make_house()
    known = somebody(house, cell=Cell("dr5ru7"))
    house.identities.came(known)
    other = somebody(make_house(), id=known.id, cell=Cell("u33db2"))
    wait_s = used_up(other.nexts, NOW)
    assert thaw_identity(house.identities, carried(other, NOW + 1), now=NOW + 1) is known
    assert (known.cell, house.identities.online(known.id)) == ("dr5ru7", known)
    assert take_all(known.nexts, NOW) == pytest.approx(wait_s)


def test_identity_that_goes_elsewhere_is_known_here_no_more() -> None:
    house = make_house()
    online, gone = somebody(house), somebody(house)
    house.identities.came(online)
    house.identities.remember(gone)
    assert (house.identities.let_go(online.id), house.identities.let_go(gone.id)) == (online, gone)
    assert house.identities.let_go(gone.id) is None
    assert house.identities.known(online.id) is None


# The house's part of a room


def moved(stage: Stage, *, with_trail: bool = True, said: tuple[Said, ...] = (), **settings: Any) -> tuple[House, Room]:
    """Return a house in which the stage's only room goes on."""
    house = make_house(**settings)
    [room] = stage.house.world.rooms.values()
    now = stage.clock.now()
    frozen = freeze_house(stage.house, room.id, now=now, with_trail=with_trail)
    part = msgspec.msgpack.decode(msgspec.msgpack.encode(frozen), type=FrozenHouse)
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(freeze(room, now=now)), type=FrozenRoom)
    thawed, _ = thaw(house.world, state, now=now)
    thaw_house(house, thawed, part, said)
    return house, thawed


def person_of(stage: Stage, guest: Guest) -> str:
    [room] = stage.house.world.rooms.values()
    return room.seats[guest.me].person.id


def test_pace_of_a_room_goes_on() -> None:
    stage = Stage(room_per_min=3, say_burst=0, say_per_min=0)
    [ann] = stage.seated("Ann")
    for text in "abc":
        ann.ask("say", text=text)
    house, room = moved(stage, room_per_min=3, say_burst=0, say_per_min=0)
    [seat] = room.seats.values()
    with pytest.raises(Refused) as refused:
        house.pace((), room, seat, now=stage.clock.now())
    assert refused.value.retry_after == pytest.approx(20.001, abs=0.01)


def test_votes_and_presses_of_a_room_go_on_and_count_once() -> None:
    stage = Stage(eject_present_s=0)
    ann, bo, cy, _ = stage.seated("Ann Bo Cy Di")
    ann.ask("eject", who=cy.me)
    ann.ask("keep", who=bo.me)
    one, other, third = (person_of(stage, guest) for guest in (ann, bo, cy))
    house, room = moved(stage)
    assert list(house.votes.of(room.id)[third]) == [one]
    assert list(house.votes.cast(room.id, one, third)) == [one]
    people = house.world.people
    assert not house.keeps.press(room.id, people[one], people[other], now=stage.clock.now())
    assert house.keeps.press(room.id, people[other], people[one], now=stage.clock.now())
    assert people[one].kept == {other}


def test_who_has_let_go_there_still_stands_for_whom_they_let_go_of() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    ann.ask("keep", who=bo.me)
    bo.ask("keep", who=ann.me)
    ann.ask("unkeep", who=bo.me)
    one, other = person_of(stage, ann), person_of(stage, bo)
    house, room = moved(stage)
    assert house.keeps.together(room.id, house.world.people[other]) == {one}


def test_words_of_ten_minutes_can_be_reported_where_the_room_goes_on() -> None:
    stage = Stage()
    ann, _ = stage.seated("Ann Bo")
    ann.ask("say", text="too old")
    stage.pass_time(KEEP_S + 1)
    ann.ask("say", text="bad words")
    ann.ask("say", text="worse words")
    house, room = moved(stage)
    said = [event.text for event in house.trails.live(room.id).said]
    assert said == ["bad words", "worse words"]


def test_trail_is_whole_though_not_every_state_has_it() -> None:
    stage = Stage()
    ann, _ = stage.seated("Ann Bo")
    [room] = stage.house.world.rooms.values()
    ann.ask("say", text="one")
    older = freeze_house(stage.house, room.id, now=stage.clock.now())
    ann.ask("say", text="two")
    ann.ask("say", text="three")
    assert older.trail is not None
    words = [event for event in room.recent() if isinstance(event, Said)]
    house, thawed = moved(stage, with_trail=False, said=(*older.trail, *words))
    assert [event.text for event in house.trails.live(thawed.id).said] == ["one", "two", "three"]
    assert freeze_house(stage.house, room.id, now=stage.clock.now(), with_trail=False).trail is None


def test_room_of_which_nothing_is_held_leaves_nothing() -> None:
    stage = Stage()
    stage.seated("Ann")
    house, room = moved(stage)
    assert not house._paces
    assert not house.votes._rooms
    assert not house.keeps._pressed._in
    assert not house.keeps._let_go._in
    assert house.trails.live(room.id).chars == 0


def test_where_a_room_cannot_go_on_nobody_is_known_online_nor_does_a_seat_wait() -> None:
    stage = Stage()
    guest = stage.guest(address="198.51.100.1")
    guest.enter()
    guest.ask("say", text="Hello, sea.")
    [room] = stage.house.world.rooms.values()
    state = decode_state(encode_state(room, stage.house, now=NOW))
    [*_, said] = room.recent()
    house = make_house()
    with pytest.raises(Unthawable):
        put_in_place(house, state, [msgspec.structs.replace(said, seq=said.seq + 2)], now=NOW)
    assert not house.world.people
    assert not house.identities._online
    assert not len(house.identities.waiting)
    put_in_place(house, state, [], now=NOW)
    assert len(house.identities._online) == len(house.identities.waiting) == 1
