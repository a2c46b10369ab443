"""What sessions share: a room's pace, which spares the quiet, and what is told of the settings."""

import gc

import pytest

from rooms.room import Room, Seat
from server.codes import Refused
from server.house import CLIENT_LIMITS, House
from server.safety.rates import Meter, Rate
from server.setting_table import SETTINGS
from server.settings import Settings
from server.version import VERSION
from tests.sessions import BEGAN, Stage, make_house

NOW = BEGAN


def room_of(stage: Stage) -> Room:
    [room] = stage.house.world.rooms.values()
    return room


def paced(house: House, room: Room, seat: Seat, now: float, own: tuple[Meter, ...] = ()) -> float:
    """Say something if the room's pace allows, and return 0; else return `retry_after`."""
    try:
        house.pace(own, room, seat, now=now)
    except Refused as refused:
        return refused.retry_after or 0.0
    room.say(seat, "x", now=now)
    return 0.0


def test_loudest_of_a_full_room_is_limited_and_the_quiet_get_through() -> None:
    stage = Stage(room_per_min=10)
    stage.seated("Ann Bo Cy")
    room = room_of(stage)
    loud, quiet, silent = room.seats.values()
    for _ in range(8):
        assert not paced(stage.house, room, loud, NOW)
    for _ in range(2):
        assert not paced(stage.house, room, quiet, NOW)
    assert paced(stage.house, room, loud, NOW)
    assert not paced(stage.house, room, quiet, NOW)
    assert not paced(stage.house, room, silent, NOW)
    assert paced(stage.house, room, loud, NOW)


@pytest.mark.parametrize("names", ["Ann Bo Cy", "A B C D E F G H I J K L"], ids=["three", "twelve"])
def test_room_where_all_talk_alike_keeps_its_pace(names: str) -> None:
    stage = Stage(room_per_min=60)
    stage.seated(names)
    room = room_of(stage)
    said = 0
    for number in range(1200):
        for seat in room.seats.values():
            said += not paced(stage.house, room, seat, NOW + number / 10)
    assert 60 + 120 - 1 <= said <= 1.2 * (60 + 120)


def test_loudness_is_that_of_the_last_minute() -> None:
    stage = Stage(room_per_min=10)
    stage.seated("Ann Bo")
    room = room_of(stage)
    ann, bo = room.seats.values()
    for seat, now in ((ann, NOW), (bo, NOW + 60.1)):
        for _ in range(10):
            assert not paced(stage.house, room, seat, now)
        assert paced(stage.house, room, seat, now)
    assert not paced(stage.house, room, ann, NOW + 60.1)


def test_refusal_says_what_both_the_room_and_the_member_need_and_counts_for_neither() -> None:
    stage = Stage(room_per_min=60)
    stage.seated("Ann")
    room = room_of(stage)
    [ann] = room.seats.values()
    for _ in range(60):
        assert not paced(stage.house, room, ann, NOW)
    own = (Meter(Rate(7.0, 1)),)
    assert paced(stage.house, room, ann, NOW, own) == pytest.approx(1.0, abs=0.002)
    assert own[0].wait_s(NOW) <= 0
    own[0].take(NOW)
    assert paced(stage.house, room, ann, NOW, own) == pytest.approx(7.0, abs=0.002)
    assert not paced(stage.house, room, ann, NOW + 7.001, own)


def test_member_over_their_own_rate_costs_the_room_nothing() -> None:
    stage = Stage(room_per_min=2)
    stage.seated("Ann Bo")
    room = room_of(stage)
    ann, bo = room.seats.values()
    used_up = (Meter(Rate(1000.0, 1)),)
    used_up[0].take(NOW)
    for _ in range(10):
        assert paced(stage.house, room, ann, NOW, used_up) > 900
    assert not paced(stage.house, room, bo, NOW)
    assert not paced(stage.house, room, bo, NOW)


def test_zero_lets_a_room_talk_without_limit() -> None:
    stage = Stage(room_per_min=0)
    stage.seated("Ann")
    room = room_of(stage)
    [ann] = room.seats.values()
    assert not any(paced(stage.house, room, ann, NOW) for _ in range(1000))
    assert not stage.house._paces


def test_pace_of_a_room_is_forgotten_with_the_room() -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    ann.ask("say", text="a")
    assert list(stage.house._paces) == [ann.room]
    ann.ask("next")
    assert list(stage.house._paces) == []
    ann.ask("say", text="a")
    ann.ask("leave")
    assert not stage.house._paces
    assert not stage.house.world.rooms


@pytest.mark.parametrize(("scale", "told_s"), [(1, 90.001), (30, 3.001), (90_000, 0.002)])
def test_time_to_wait_is_told_in_real_seconds_rounded_up(scale: int, told_s: float) -> None:
    refused = make_house(time_scale=scale).limited("x", 90.0)
    assert (refused.code, refused.retry_after) == ("rate_limited", told_s)


def test_clients_are_told_settings_under_their_names() -> None:
    house = make_house(seats_max=10, time_scale=2)
    assert set(CLIENT_LIMITS) <= set(SETTINGS)
    assert house.limits == {name: getattr(house.settings, name) for name in CLIENT_LIMITS}
    assert (house.limits["seats_max"], house.limits["time_scale"]) == (10, 2)
    assert not {"host", "port", "secret", "connections_max"} & set(house.limits)


def test_house_says_who_serves() -> None:
    info = make_house(server_name="Campus", terms="kind", contact="desk").info
    assert (info.name, info.version, info.protocol, info.terms, info.contact) == (
        "Campus", VERSION, "1.0", "kind", "desk",
    )  # fmt: skip
    assert make_house().info.name == Settings().server_name


def test_people_and_rooms_that_ended_leave_nothing_in_memory() -> None:
    # Other tests', kept here so that their ids are not given anew. By `type`: a dead weak reference has no class.
    others = {id(one): one for one in gc.get_objects() if type(one) in (Room, Seat)}
    stage = Stage(resume_grace_s=1)
    for number in range(30):
        guest = stage.guest()
        guest.enter(name=f"Nobody{number}")
        guest.ask("say", text="a", ref="1")
        guest.ask(["leave", "ping"][number % 2])
        guest.lose()
        stage.pass_time(3)
    stage.pass_time(4000)
    world = stage.house.world
    assert (world.people, world.rooms, world.deadline) == ({}, {}, None)
    assert not stage.node.peers
    assert not stage.house._paces
    assert not stage.hearing()
    assert len(stage.house.identities._absent) == 15
    del guest
    stage.house.expire(now=stage.clock.now())
    assert not stage.house.trails._live
    assert not stage.house.trails._ended
    gc.collect()
    assert not [one for one in gc.get_objects() if type(one) in (Room, Seat) and id(one) not in others]
