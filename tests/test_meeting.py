"""Shaking as its people see it, and what is offered of ways to meet."""

from typing import Any

import pytest

from rooms.shaking import ANSWER_S, TOGETHER_S
from server.routes import about
from server.store.rows import Switch
from tests.sessions import FAR_AWAY, HERE, Guest, Stage, only

MEETING = {"shake", "throw", "pick", "answer", "throw_back"}


def sit(place: Stage, cell: str = HERE, **fields: Any) -> Guest:
    guest = place.guest()
    guest.enter(cell, **fields)
    guest.got()
    return guest


def met(place: Stage) -> tuple[Guest, Guest]:
    """Return two who have just met by shaking."""
    ann, bo = sit(place), sit(place, FAR_AWAY)
    ann.ask("shake", ref="a")
    bo.ask("shake", ref="b")
    place.pass_time(TOGETHER_S)
    return ann, bo


def test_two_who_shake_are_answered_by_a_room_of_that_kind() -> None:
    place = Stage()
    ann, bo = met(place)
    for guest, ref in ((ann, "a"), (bo, "b")):
        room = only(guest.got(), "room")
        assert (room["kind"], room["ref"], room["why_code"], len(room["members"])) == ("shake", ref, "shake", 2)
        assert room["closes"] - room["opened"] == 1_200_000
        assert room["within_m"] % 100 == 0
    ann.ask("say", text="Hello from over here.")
    assert only(bo.got(), "said")["text"] == "Hello from over here."
    place.check()


def test_nobody_is_told_after_four_seconds_and_another_shake_waits_for_that() -> None:
    place = Stage()
    ann = sit(place)
    assert ann.ask("shake", ref="a") == []
    refused = only(ann.ask("shake", ref="again"), "error")
    assert (refused["code"], refused["retry_after"]) == ("rate_limited", pytest.approx(ANSWER_S, abs=0.01))
    place.pass_time(ANSWER_S)
    assert only(ann.got(), "nobody") == {"type": "nobody", "about": "shake", "ref": "a"}


def test_shakes_are_limited_and_next_out_of_such_a_room_is_not() -> None:
    place = Stage(shakes_per_h=2, next_per_h=1)
    ann, bo = met(place)
    ann.ask("next")
    ann.got()
    bo.got()
    for guest in (ann, bo):
        guest.ask("shake")
    place.pass_time(ANSWER_S)
    assert only(ann.got(), "room")["kind"] == "shake"
    assert only(ann.ask("shake"), "error")["code"] == "rate_limited"
    for _ in ("out of that room", "the one of an hour"):
        assert only(ann.ask("next"), "room")["kind"] == "nearby"
    assert only(ann.ask("next"), "error")["code"] == "rate_limited"


def test_whoever_is_in_a_shake_room_and_comes_back_finds_their_seat() -> None:
    place = Stage()
    ann, bo = met(place)
    ann.got()
    ann.lose()
    bo.got()
    bo.ask("say", text="Are you still there?")
    back = ann.back(cell=HERE)
    place.take_turn()
    assert only(back.got(), "said")["text"] == "Are you still there?"
    assert back.room == bo.room


def test_somebody_blocked_in_a_shake_room_is_met_no_more() -> None:
    place = Stage()
    ann, bo = met(place)
    ann.got()
    ann.ask("block", who=next(id for id in ann.members if id != ann.me))
    for guest in (ann, bo):
        guest.got()
        guest.ask("shake")
    place.pass_time(ANSWER_S)
    assert [only(guest.got(), "nobody")["about"] for guest in (ann, bo)] == ["shake", "shake"]


def test_about_tells_what_is_switched_off_at_this_moment() -> None:
    place = Stage()
    told = about(place.house)
    assert set(told["commands"]) >= MEETING
    assert {"shake", "bottles"} <= set(told["features"])
    place.house.store.switch_off(Switch(feature="bottles", at=1.0))
    told = about(place.house)
    assert set(told["commands"]) & MEETING == {"shake"}
    assert "bottles" not in told["features"]
    assert not set(about(Stage(features_off="shake bottles").house)["commands"]) & MEETING
