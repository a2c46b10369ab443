"""Visiting: who says so may name a place out of reach once a day, everybody sees it, and the way back is free."""

import asyncio
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from client_demo.client import Client, Refused
from server.safety.places import JUMP_EVERY_S
from server.store.memory import MemoryStore
from server.store.rows import Standing
from server.store.store import StoreError
from tests.live_server import live_server
from tests.sessions import FAR_AWAY, HERE, NEAR, Guest, Json, Stage, of_type, only

SYDNEY = "r3gx2f"


def again(guest: Guest, cell: str, **fields: object) -> tuple[Guest, list[Json]]:
    """Return a guest who lost their seat a while ago and enters with their token, and what they were told."""
    guest.lose()
    guest.stage.pass_time(60)
    back = Guest(guest.stage, guest.wire)
    back.say("enter", cell=cell, token=guest.token, **fields)
    guest.stage.take_turn()
    return back, back.got()


def shown(guest: Guest) -> bool:
    """Return whether somebody is shown as visiting, to themselves."""
    return bool(guest.members[guest.me].get("visiting"))


def full(_self: MemoryStore, _row: Standing) -> None:
    raise StoreError("full")


@pytest.fixture
def ann() -> Guest:
    return Stage(cells_per_h=50).seated("Ann")[0]


def test_a_place_out_of_reach_is_too_fast_without_visiting_and_the_words_say_what_to_do(ann: Guest) -> None:
    error = only(again(ann, FAR_AWAY)[1], "error")
    assert error["code"] == "too_fast"
    assert "say that you are visiting" in error["message"]
    assert error["retry_after"] > 3600


def test_who_visits_sits_there_and_is_shown_so_to_all(ann: Guest) -> None:
    local = ann.stage.guest()
    local.enter(FAR_AWAY, name="Bo")
    visitor, came = again(ann, FAR_AWAY, visiting=True)
    assert only(came, "room")["cell"] == FAR_AWAY
    assert shown(visitor)
    assert only(local.got("joined"), "joined")["member"]["visiting"]


def test_one_jump_a_day(ann: Guest) -> None:
    visitor, _ = again(ann, FAR_AWAY, visiting=True)
    error = only(again(visitor, SYDNEY, visiting=True)[1], "error")
    assert (error["code"], error["retry_after"]) == ("too_fast", pytest.approx(JUMP_EVERY_S - 60, abs=61))
    assert "one such place a day" in error["message"]
    ann.stage.pass_time(JUMP_EVERY_S)
    later, came = again(visitor, SYDNEY, visiting=True)
    assert only(came, "room")["cell"] == SYDNEY
    assert shown(later)


def test_the_way_back_is_free_and_ends_the_visit(ann: Guest) -> None:
    visitor, _ = again(ann, FAR_AWAY, visiting=True)
    home, came = again(visitor, NEAR, visiting=False)
    assert only(came, "room")["cell"] == NEAR
    assert not shown(home)
    assert only(again(home, FAR_AWAY, visiting=True)[1], "error")["code"] == "too_fast"


def test_a_visit_is_shown_whatever_one_says_until_one_could_have_travelled(ann: Guest) -> None:
    visitor, _ = again(ann, FAR_AWAY, visiting=True)
    visitor, _ = again(visitor, FAR_AWAY, visiting=False)
    assert shown(visitor)
    ann.stage.pass_time(22 * 3600)
    visitor, _ = again(visitor, FAR_AWAY, visiting=True)
    assert shown(visitor), "it may still be said"
    visitor, _ = again(visitor, FAR_AWAY)
    assert not shown(visitor), "6,385 km are a day's journey"


ACTS: dict[str, dict[str, Any]] = {
    "moves home": {"type": "move", "cell": HERE},
    "moves abroad": {"type": "move", "cell": FAR_AWAY},
    "moves elsewhere": {"type": "move", "cell": SYDNEY},
    "comes back at home": {"cell": HERE, "visiting": False},
    "comes back abroad": {"cell": FAR_AWAY, "visiting": False},
    "sits elsewhere": {"type": "next"},
}


def does(guest: Guest, act: dict[str, Any]) -> Guest:
    """Return a guest who has said so, or who lost the connection and came back so."""
    fields = dict(act)
    kind = fields.pop("type", None)
    if kind is not None:
        guest.ask(kind, **fields)
        return guest
    guest.lose()
    back = guest.back(**fields)
    guest.stage.take_turn()
    back.got()
    return back


@pytest.mark.parametrize("first", ACTS)
def test_whoever_sits_abroad_is_shown_as_visiting_whatever_they_say_in_whatever_order(first: str) -> None:
    for then in product(ACTS, repeat=2):
        for last in ("comes back at home", "comes back abroad"):
            stage = Stage(cells_per_h=50, next_per_h=0)
            [visitor] = stage.seated("Ann")
            visitor.lose()
            visitor = visitor.back(cell=FAR_AWAY, visiting=True)
            stage.take_turn()
            visitor.got()
            visitor.ask("next")
            for act in (first, *then, last):
                visitor = does(visitor, ACTS[act])
                is_abroad = visitor.peer.session.seated.cell == FAR_AWAY
                assert shown(visitor) or not is_abroad, (first, *then, last)
            if first == "moves home" and then[0] == "sits elsewhere" and then[1] == last == "comes back at home":
                assert not shown(visitor), "the visit is over"


def test_a_second_visit_from_the_first_does_not_make_the_first_a_home(ann: Guest) -> None:
    visitor, _ = again(ann, SYDNEY, visiting=True)
    ann.stage.pass_time(JUMP_EVERY_S)
    visitor, came = again(visitor, "xn76ur", visiting=True)
    assert only(came, "room")["cell"] == "xn76ur"
    error = only(visitor.ask("move", cell=SYDNEY), "error")
    assert error["code"] == "too_fast", "16,000 km are two days"
    visitor, _ = again(visitor, HERE, visiting=False)
    assert not shown(visitor)


def test_when_a_visit_is_over_nobody_is_ahead_of_who_travelled(ann: Guest) -> None:
    visitor, _ = again(ann, "gcpvj0", visiting=True)
    ann.stage.pass_time(18.7 * 3600)
    visitor, _ = again(visitor, "gcpvj0", visiting=False)
    assert not shown(visitor), "London is a day's journey"
    # Rome is nearer to it than they could have come in the time of their visit, and no traveller is there yet.
    assert only(again(visitor, "sr2ykk", visiting=False)[1], "error")["code"] == "too_fast"


def test_a_near_place_is_no_jump(ann: Guest) -> None:
    visitor, _ = again(ann, NEAR, visiting=True)
    assert shown(visitor)
    assert only(again(visitor, FAR_AWAY, visiting=True)[1], "room")["cell"] == FAR_AWAY


def test_visiting_given_on_return_is_shown_to_the_room_and_none_changes_nothing(ann: Guest) -> None:
    bo = ann.stage.guest()
    bo.enter(name="Bo")
    ann.got()
    ann.lose()
    back = ann.back(visiting=True)
    ann.stage.take_turn()
    assert [event["type"] for event in back.got()] == ["entered", "room", "changed", "waiting"]
    back.lose()
    assert only(bo.got("changed"), "changed")["member"]["visiting"]
    ann.back()
    ann.stage.take_turn()
    assert bo.got("changed") == []
    ann.stage.check()


def test_a_seat_that_waits_goes_on_and_the_jump_counts_from_the_next_window(ann: Guest) -> None:
    ann.lose()
    back = ann.back(cell=FAR_AWAY, visiting=True)
    came = back.got()
    assert came[0]["resumed"]
    assert (came[0]["privacy"]["cell"], only(came, "room")["cell"]) == (FAR_AWAY, HERE)
    assert only(of_type(back.ask("next"), "room"), "room")["cell"] == FAR_AWAY
    assert shown(back)


def test_who_entered_as_visiting_may_move_out_of_reach_once() -> None:
    stage = Stage(cells_per_h=50)
    bo = stage.guest()
    bo.enter(HERE, visiting=True)
    assert only(bo.ask("move", cell=FAR_AWAY), "moved")["cell"] == FAR_AWAY
    assert only(bo.ask("move", cell=SYDNEY), "error")["code"] == "too_fast"
    assert only(bo.ask("move", cell=HERE), "moved")["cell"] == HERE


@pytest.mark.parametrize("code", ["too_fast", "rate_limited", "outside", "not_now"])
def test_a_place_refused_on_return_is_told_as_of_a_move_and_the_seat_is_given_back(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(cells_per_h=1, area="dr u3")
    ann, bo = stage.seated("Ann Bo")
    stage.pass_time(100)
    ann.got()
    place: dict[str, Any] = {"cell": FAR_AWAY}
    match code:
        case "rate_limited":
            ann.ask("move", cell=NEAR)
            place = {"cell": "dr5ru5"}
        case "outside":
            place = {"cell": SYDNEY}
        case "not_now":
            monkeypatch.setattr(MemoryStore, "put_standing", full)
            place = {"cell": FAR_AWAY, "visiting": True}
    told_of_move = only(ann.ask("move", cell=place["cell"]), "error") if code != "not_now" else {}
    before = ann.peer.session.seated.next_cell
    ann.lose()
    bo.ask("say", text="one")
    back = ann.back(ref="r", **place)
    stage.take_turn()
    came = back.got()
    assert (came[0]["type"], came[0]["resumed"], came[0]["privacy"]["cell"]) == ("entered", True, before)
    assert only(came, "said")["text"] == "one"
    error = came[-1]
    assert (error["type"], error["code"], error["about"], error["ref"]) == ("error", code, "move", "r")
    if told_of_move:
        same = ("message", "retry_after") if code != "too_fast" else ("message",)
        assert [error.get(field) for field in same] == [told_of_move.get(field) for field in same]
    assert (back.room, back.me) == (ann.room, ann.me)
    assert [event["type"] for event in back.ask("ping")] == ["pong"]
    stage.check()


def test_a_place_refused_on_return_counts_among_the_errors_of_the_connection() -> None:
    stage = Stage(errors_per_min=1)
    [ann] = stage.seated("Ann")
    ann.lose()
    back = Guest(stage)
    back.say("rubbish")
    back.say("enter", cell=FAR_AWAY, token=ann.token)
    stage.take_turn()
    assert [event["type"] for event in back.got()] == ["error", "entered", "room", "waiting", "error", "bye"]
    assert back.connection.close_code == 4502
    again = ann.back()
    stage.take_turn()
    assert only(again.got(), "room")["room"] == ann.room
    stage.check()


def test_a_seat_waits_though_its_owners_standing_cannot_be_written(ann: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    ann.stage.pass_time(100)
    monkeypatch.setattr(MemoryStore, "put_standing", full)
    ann.lose()
    back = ann.back()
    ann.stage.take_turn()
    assert only(back.got(), "room")["me"] == ann.me
    back.lose()
    ann.stage.pass_time(60)
    ann.stage.check()


def test_without_a_limit_on_cells_there_is_no_jump() -> None:
    [ann] = Stage(cells_per_h=0).seated("Ann")
    visitor, came = again(ann, FAR_AWAY)
    assert only(came, "room")["cell"] == FAR_AWAY
    assert not shown(visitor)


def test_a_store_that_cannot_write_lets_nobody_jump_and_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(cells_per_h=1)
    [ann] = stage.seated("Ann")
    stage.pass_time(100)
    ann.lose()
    stage.pass_time(60)
    with monkeypatch.context() as patched:
        patched.setattr(MemoryStore, "put_standing", full)
        back = Guest(stage)
        back.say("enter", cell=FAR_AWAY, token=ann.token, visiting=True)
        stage.take_turn()
        assert only(back.got(), "error")["code"] == "not_now"
    assert only(again(ann, FAR_AWAY, visiting=True)[1], "room")["cell"] == FAR_AWAY


async def test_a_restart_gives_nobody_a_second_jump(tmp_path: Path) -> None:
    # A clock so fast that somebody sits long enough, in a moment, for the store to know them.
    settings = {"data": tmp_path / "state", "cells_per_h": 50, "time_scale": 60, "window_s": 86_400}
    async with asyncio.timeout(30):
        async with live_server(settings) as server:
            ann = Client(server.url, cell=HERE, visiting=True, reconnect=False)
            await ann._start()
            until = (await ann.ping())["now"] + 40_000
            while (await ann.ping())["now"] < until:
                continue
            assert (await ann.move(FAR_AWAY))["cell"] == FAR_AWAY
            token = ann.token
            await server.kill()
            await ann._stop()
        async with live_server(settings) as server:
            ann = Client(server.url, cell=FAR_AWAY, visiting=True, reconnect=False)
            ann.token = token
            await ann._start()
            with pytest.raises(Refused) as refused:
                await ann.move(SYDNEY)
            assert refused.value.code == "too_fast"
            await ann._stop()
