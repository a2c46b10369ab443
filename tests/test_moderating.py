"""What an operator does to people: warnings and bans."""

from typing import Any

import pytest

from server.operate.admin import moderating as module
from server.operate.admin.elsewhere import Elsewhere, Part
from server.operate.admin.requests import BanRequest
from server.store.store import StoreError
from tests.desks import Desk, a_desk, identity
from tests.sessions import HERE, only

Json = dict[str, Any]

desk = pytest.fixture(a_desk)


def test_warning_is_told_at_once_or_when_they_are_back(desk: Desk) -> None:
    [ann] = desk.stage.seated("Ann")
    assert desk.ask("warn", identity=identity(ann), text="Stop it, please.") == {"told": True}
    assert only(ann.got(), "notice") == {"type": "notice", "text": "Stop it, please.", "level": "warning"}
    who = identity(ann)
    ann.lose()
    assert desk.ask("warn", identity=who, text="Welcome back.", level="info")["told"] is False
    back = desk.stage.guest()
    came = back.enter(token=ann.token)
    assert only(came, "notice")["text"] == "Welcome back."
    back.lose()
    again = desk.stage.guest()
    assert "notice" not in [event["type"] for event in again.enter(token=back.token)]


def test_banned_person_is_out_at_once_and_told_why(desk: Desk) -> None:
    ann, bo, cy = desk.stage.seated("Ann Bo Cy")
    told = desk.ask("ban", identity=identity(bo), reason="Advertising.", for_s=3600)
    assert (told["hit"], told["done"]) == (1, True)
    bye = only(bo.got(), "bye")
    assert (bye["code"], bo.connection.close_code) == (4500, 4500)
    assert "until 2023-11-14 23:13 UTC: Advertising. To object: ops@example.org" in bye["reason"]
    for guest in (ann, cy):
        assert only(guest.got(), "left") == {"type": "left", "seq": 4, "id": bo.me, "why": "left"}
    assert desk.stage.guest().ask("enter", cell=HERE, token=bo.token)[0]["code"] == "banned"
    listed = desk.ask("bans")["bans"]
    assert [(one["ban"], one["left_s"], one["reason"]) for one in listed] == [(told["ban"], 3600, "Advertising.")]
    assert desk.ask("unban", ban=told["ban"]) == {"lifted": told["ban"]}
    desk.stage.guest().enter(token=bo.token)
    assert "no ban" in desk.refused("unban", ban=told["ban"])


def test_a_later_ban_of_somebody_stands_for_the_earlier(desk: Desk) -> None:
    ann, bo = desk.stage.seated("Ann Bo")
    who = identity(bo)
    first = desk.ask("ban", identity=who, reason="Advertising.", for_s=60)
    other = desk.ask("ban", identity=identity(ann), reason="Insults.")
    later = desk.ask("ban", identity=who, reason="Advertising again.", for_s=3600)
    assert (first["instead_of"], later["instead_of"]) == ([], [first["ban"]])
    assert {one["ban"] for one in desk.ask("bans")["bans"]} == {other["ban"], later["ban"]}
    assert f"instead of {first['ban']}" in desk.ask("audit", most=1)["audit"][0]["detail"]
    desk.ask("unban", ban=later["ban"])
    desk.stage.guest().enter(token=bo.token)


@pytest.mark.parametrize("stops_known", [False, True])
def test_somebody_who_sits_at_another_node_counts_among_those_a_ban_hits(desk: Desk, stops_known: bool) -> None:
    [ann] = desk.stage.seated("Ann")
    who = identity(ann)
    ann.lose()
    there = Part("the other", 1, 1, 1, 0, online=frozenset({who}))
    asked = BanRequest(identity=who, reason="x", stops_known=stops_known)
    told = desk.office.do(asked, by="socket", is_local=True, elsewhere=Elsewhere((there,)))
    assert told["hit"] == 1


@pytest.mark.parametrize("stops_known", [False, True])
def test_range_says_first_how_many_are_online_there(desk: Desk, stops_known: bool) -> None:
    ann, *_ = desk.stage.seated("Ann Bo Cy")
    asked: Json = {"network": "127.0.0.0/8", "reason": "A flood.", "stops_known": stops_known}
    told = desk.ask("ban", **asked)
    hit = 3 if stops_known else 0
    assert told == {"would_hit": hit, "online": 3, "network": "127.0.0.0/8", "done": False}
    assert desk.ask("bans")["bans"] == []
    assert desk.ask("ban", **asked, confirm=True)["hit"] == hit
    assert ann.connection.is_open is not stops_known
    assert desk.stage.guest().ask("enter", cell=HERE)[0]["code"] == "banned"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "either"),
        ({"identity": "a", "network": "192.0.2.0/24"}, "either"),
        ({"network": "192.0.2.1/24"}, "no range"),
        ({"network": "everybody"}, "no range"),
        ({"identity": "a", "reason": ""}, "cannot be asked"),
        ({"identity": "a", "reason": "two\nlines"}, "cannot be asked"),
        ({"identity": "a\nforged", "reason": "x"}, "cannot be asked"),
        ({"identity": "a", "for_s": -1}, "cannot be asked"),
    ],
)
def test_ban_that_makes_no_sense_is_refused(desk: Desk, fields: Json, why: str) -> None:
    assert why in desk.refused("ban", **{"reason": "x"} | fields)
    assert desk.ask("bans")["bans"] == []


def test_bans_are_limited(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bo = desk.stage.seated("Ann Bo")
    monkeypatch.setattr(module, "BANS_MAX", 1)
    desk.ask("ban", identity=identity(ann), reason="x")
    assert "lift some" in desk.refused("ban", identity=identity(bo), reason="x")


@pytest.mark.parametrize("act", ["ban", "unban"])
def test_what_cannot_be_written_into_the_audit_log_is_not_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    ann, bo = desk.stage.seated("Ann Bo")
    lifted = desk.ask("ban", identity=identity(bo), reason="x")["ban"]
    before = desk.ask("bans")

    def full(entry: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(desk.stage.house.store, "add_audit", full)
    asked = {"identity": identity(ann), "reason": "x"} if act == "ban" else {"ban": lifted}
    assert desk.refused(act, **asked) == "The disk is full."
    assert desk.ask("bans") == before
    assert ann.connection.is_open
