"""The node: time passes for the rooms when it is due, whoever comes and goes, and one bug does not stop it."""

import logging
from typing import Any

import pytest

from rooms import gathering
from rooms.changes import Change, Seated
from rooms.world import World
from server import node as module
from server.node import Node
from server.peer import Peer
from tests.sessions import BEGAN, FAR_AWAY, HERE, UNLIMITED, Stage, of_type, only


def due_s(stage: Stage) -> float | None:
    """Return in how many real seconds the world next has something to do."""
    deadline = stage.house.world.deadline
    return None if deadline is None else stage.clock.real_s_until(deadline)


def check_timer(stage: Stage) -> None:
    """Fail unless there is exactly one timer, and it rings when the world is due."""
    due = due_s(stage)
    expected = [] if due is None else [pytest.approx(stage.loop.now + due, abs=1e-3)]
    assert stage.loop.timers == expected


def test_timer_follows_the_worlds_deadline_whatever_happens() -> None:
    stage = Stage(resume_grace_s=3, **UNLIMITED)
    check_timer(stage)
    ann, bo = stage.seated("Ann Bo")
    check_timer(stage)
    for act in (lambda: bo.ask("next"), lambda: ann.ask("away"), lambda: ann.ask("ping"), ann.lose):
        act()
        check_timer(stage)
    for _ in range(10):
        stage.pass_time(1.3)
        check_timer(stage)
    bo.ask("leave")
    check_timer(stage)


@pytest.mark.parametrize("scale", [1, 60, 1000])
def test_deadlines_are_met_on_a_scaled_clock(scale: int) -> None:
    stage = Stage(time_scale=scale, resume_grace_s=30)
    ann, bo = stage.seated("Ann Bo")
    ann.lose()
    stage.pass_time(29.99 / scale)
    assert bo.got("left") == []
    stage.pass_time(0.011 / scale)
    assert only(bo.got(), "left")["why"] == "lost"


def test_timer_that_rings_early_is_set_again() -> None:
    stage = Stage(resume_grace_s=30)
    ann, bo = stage.seated("Ann Bo")
    ann.lose()
    early = due_s(stage)
    assert early is not None
    stage.node._tick()
    assert bo.got("left") == []
    stage.pass_time(30)
    assert only(bo.got(), "left")["why"] == "lost"


def test_more_than_fits_in_a_turn_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICKS_PER_TURN", 3)
    stage = Stage(resume_grace_s=1)
    ann, *others = stage.seated("Ann " + " ".join(f"G{number}" for number in range(7)))
    for guest in others:
        guest.connection.lose()
    stage.take_turn()
    stage.pass_time(1)
    stage.pass_time(0)
    assert len(ann.got("left")) == 7
    check_timer(stage)


def test_the_loop_turns_between_the_slices_of_a_windows_end_and_words_reach_the_old_room_or_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "TURN_S", 0.0)
    monkeypatch.setattr(gathering, "SLICE_US", 1)
    stage = Stage(window_s=60, closing_s=10, seats_target=3, seats_max=4, **UNLIMITED)
    guests = [stage.guest(["json", "msgpack"][number % 2]) for number in range(24)]
    for number, guest in enumerate(guests):
        guest.enter(name=f"G{number}")
    for guest in guests:
        guest.got()
    old = {guest: guest.room for guest in guests}
    closes = min(room.closes for room in stage.house.world.rooms.values()) - BEGAN
    stage.loop.pass_time(closes - stage.loop.now - 0.001)
    outcomes = []
    turns = 0
    while any(room.id in old.values() for room in stage.house.world.rooms.values()):
        turns += 1
        stage.loop.take_timer()
        stage.take_turn()
        for guest in guests[::5]:
            # As a client would that has not read anything since.
            guest.say("say", text="hello", room=old[guest], ref=f"{turns}")
        stage.take_turn()
        for guest in guests:
            came = guest.got()
            outcomes += [event["type"] for event in came if event.get("ref") == f"{turns}" and guest in guests[::5]]
            refused = [event for event in came if event["type"] == "error"]
            assert all(event["code"] == "wrong_room" and guest.room != old[guest] for event in refused)
        stage.check()
    assert turns > 20
    assert {"said", "error"} == set(outcomes)
    assert len(outcomes) >= turns * len(guests[::5])


# Seats wait.


def test_seat_of_who_died_is_given_up_after_the_grace_and_not_before() -> None:
    stage = Stage(resume_grace_s=10)
    ann, bo = stage.seated("Ann Bo")
    ann.lose()
    stage.check()
    stage.pass_time(9.99)
    assert of_type(bo.got(), "left") == []
    stage.pass_time(0.01)
    assert only(bo.got(), "left") == {"type": "left", "seq": 3, "id": ann.me, "why": "lost"}
    stage.check()
    came = ann.back().got()
    assert not came[0]["resumed"]
    assert came[1]["me"] != ann.me


def test_on_resume_within_the_grace_nothing_is_missing_or_doubled_and_the_others_saw_nothing() -> None:
    stage = Stage(resume_grace_s=10, **UNLIMITED)
    ann, bo = stage.seated("Ann Bo")
    for number in range(300):
        if number == 100:
            ann.connection.lose()
        bo.say("say", text=f"{number}")
        if number % 7 == 0:
            stage.take_turn()
        if number == 250:
            ann.got()
            ann = ann.back(wire=["json", "msgpack"][number % 2])
    stage.take_turn()
    ann.got()
    bo.got()
    assert {text for _, text in bo.heard.items()} == {f"{number}" for number in range(300)}
    seen = [text for place, text in sorted(bo.heard.items()) if place[1] > 2]
    assert seen == [f"{number}" for number in range(300)]
    assert ann.seq == bo.seq == 302
    assert set(bo.members) == {ann.me, bo.me}
    stage.check()


def test_what_the_old_connection_had_unsent_is_replayed_on_the_new_one() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    bo.say("say", text="unflushed")
    ann.connection.is_open = False  # its transport is gone and nobody knows yet
    second = ann.back()
    stage.take_turn()
    assert [event["text"] for event in second.got("said")] == ["unflushed"]


def test_away_seat_outlives_the_grace_but_not_away_s() -> None:
    stage = Stage(resume_grace_s=1, away_s=60)
    ann, bo = stage.seated("Ann Bo")
    ann.ask("away")
    ann.lose()
    stage.pass_time(59.9)
    assert bo.got("left") == []
    stage.pass_time(0.2)
    assert only(bo.got(), "left")["why"] == "lost"


def test_seat_that_waits_at_a_windows_end_goes_on_waiting_in_the_new_room() -> None:
    stage = Stage(window_s=60, closing_s=10, resume_grace_s=50)
    ann, bo = stage.seated("Ann Bo")
    room = ann.room
    closes = only_room(stage).closes - BEGAN
    stage.pass_time(closes - 20)
    ann.lose()
    stage.pass_time(30)
    bo.got()
    assert bo.room != room
    assert len(bo.members) == 2
    stage.check()
    came = ann.back().got()
    assert not came[0]["resumed"]
    assert came[1]["room"] == bo.room
    stage.check()


def only_room(stage: Stage) -> Any:
    [room] = stage.house.world.rooms.values()
    return room


def test_seat_lost_at_a_windows_end_is_gone() -> None:
    stage = Stage(window_s=60, closing_s=10, resume_grace_s=1)
    ann, bo = stage.seated("Ann Bo")
    stage.pass_time(only_room(stage).closes - BEGAN - 1)
    ann.lose()
    stage.pass_time(1.5)
    bo.got()
    assert set(bo.members) == {bo.me}
    stage.check()
    assert list(stage.house.identities._online) == [bo.peer.session.person.id]  # type: ignore[union-attr]


def test_window_ends_for_everybody_at_once() -> None:
    stage = Stage(window_s=60, closing_s=10, seats_target=3, seats_max=4, **UNLIMITED)
    guests = [stage.guest(["json", "msgpack"][number % 2]) for number in range(11)]
    for number, guest in enumerate(guests):
        guest.enter(name=f"G{number}")
    for guest in guests:
        guest.got()
    for seconds in (70, 60, 60, 60):
        old = {guest.room for guest in guests}
        stage.pass_time(seconds)
        stage.check()
        for guest in guests:
            assert guest.got("closing")
            assert guest.room not in old
            assert set(guest.members) == set(stage.house.world.rooms[guest.room].seats)
        for guest in guests:
            guest.ask("say", text="still here", room=guest.room)
        for guest in guests:
            guest.got()
            assert [text for (room, _), text in guest.heard.items() if room == guest.room].count("still here") >= 1


# Stopping.


def test_stopped_node_lets_no_more_time_pass_even_when_clients_go() -> None:
    stage = Stage(resume_grace_s=1)
    ann, bo = stage.seated("Ann Bo")
    bo.say("say", text="last")
    stage.node.stop()
    assert [event["text"] for event in ann.got()] == ["last"]
    ann.lose()
    bo.lose()
    assert stage.loop.timers == []
    assert len(stage.house.world.people) == 2


# Our own bugs.


def test_bug_of_one_moment_does_not_stop_the_next(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(resume_grace_s=1)
    ann, bo = stage.seated("Ann Bo")
    far = stage.guest()
    far.enter(FAR_AWAY)
    tick = World.tick
    failed: list[float] = []

    def fail_once(world: World, *, now: float) -> list[Change]:
        changes = tick(world, now=now)
        if not failed:
            failed.append(now)
            raise ValueError(f"{ann.token} in {HERE}")
        return changes

    monkeypatch.setattr(World, "tick", fail_once)
    stage.pass_time(15)
    assert failed
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "ValueError" in caplog.text
    assert "fail_once" in caplog.text
    assert HERE not in caplog.text
    assert ann.token not in caplog.text
    ann.lose()
    stage.pass_time(1)
    assert only(bo.got(), "left")["why"] == "lost"
    assert all(guest.connection.is_open for guest in (bo, far))


def test_bug_that_concerns_one_person_ends_their_connection_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(window_s=60, closing_s=10)
    ann, bo, cy = stage.seated("Ann Bo Cy")
    sit = Peer.sit

    def fail_for_bo(peer: Peer, seated: Seated) -> None:
        if peer is bo.peer:
            raise ValueError(HERE)
        sit(peer, seated)

    monkeypatch.setattr(Peer, "sit", fail_for_bo)
    stage.pass_time(70)
    assert len(caplog.records) == 1
    assert HERE not in caplog.text
    bye = bo.got()[-1]
    assert (bye["type"], bye["code"], bye["reconnect_in"]) == ("bye", 1011, 1.0)
    for guest in (ann, cy):
        assert of_type(guest.got(), "room")
        assert len(guest.members) == 3
    stage.check()
    monkeypatch.undo()
    assert len(only(bo.back().got(), "room")["members"]) == 3


def test_node_counts_messages_and_knows_who_is_connected() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    received = stage.node.received
    ann.say("ping")
    ann.send(b"garbage")
    assert stage.node.received == received + 2
    assert len(stage.node.peers) == 2
    bo.lose()
    assert len(stage.node.peers) == 1
    assert isinstance(stage.node, Node)
