"""What an operator does, and that it is written down."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from geo import Cell
from server.operate.admin import office as module
from server.operate.admin.office import Office
from server.operate.admin.requests import NotDone, read
from server.safety.evidence import Evidence, Note
from server.store.rows import Notice
from server.store.store import StoreError
from tests.sessions import HERE, Guest, Stage, only
from tests.stores import ANN, BO, CY, ban, block, everything_in, on_disk, standing

Json = dict[str, Any]


class Desk:
    """An operator at work on a stage."""

    def __init__(self, **settings: Any) -> None:
        self.stage = Stage(**settings)
        ids = iter(range(10_000))
        self.office = Office(self.stage.node, new_id=lambda: f"id{next(ids)}")

    def ask(self, act: str, *, local: bool = True, **fields: Any) -> Json:
        request = read(json.dumps({"act": act, **fields}).encode())
        told = self.office.do(request, by="socket", is_local=local)
        self.stage.take_turn()
        return told

    def refused(self, act: str, **fields: Any) -> str:
        with pytest.raises(NotDone) as caught:
            self.ask(act, **fields)
        return str(caught.value)

    def log(self) -> list[tuple[str, str]]:
        return [(entry["act"], entry["target"]) for entry in self.ask("audit")["audit"]]


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk(contact="ops@example.org")
    yield made
    made.stage.check()


def identity(guest: Guest) -> str:
    assert guest.peer.session.person is not None
    return guest.peer.session.person.id


def report(guest: Guest, other: Guest) -> str:
    return str(only(guest.ask("report", who=other.me, reason="spam", note="n"), "reported")["ticket"])


def test_open_reports_come_with_those_most_people_made_first_then_the_oldest(desk: Desk) -> None:
    ann, bo, cy = desk.stage.seated("Ann Bo Cy")
    oldest = report(ann, bo)
    desk.stage.pass_time(5)
    newer = report(bo, ann)
    weighty = report(ann, cy)
    report(bo, cy)
    desk.stage.pass_time(5)
    told = desk.ask("reports")["reports"]
    assert [one["ticket"] for one in told] == [weighty, oldest, newer]
    assert [(one["people"], one["age_s"], one["online"]) for one in told] == [(2, 5, True), (1, 10, True), (1, 5, True)]
    desk.ask("close", ticket=weighty)
    assert [one["ticket"] for one in desk.ask("reports")["reports"]] == [oldest, newer]
    assert [one["ticket"] for one in desk.ask("reports", all=True)["reports"]] == [oldest, newer, weighty]
    assert desk.ask("status")["open_reports"] == 2
    assert desk.ask("status")["oldest_open_s"] == 10


def test_report_is_shown_with_its_words_and_the_list_without(desk: Desk) -> None:
    ann, bo, _ = desk.stage.seated("Ann Bo Cy")
    bo.ask("say", text="buy this")
    ticket = report(ann, bo)
    shown = desk.ask("show", ticket=ticket)
    assert shown["seal"] == "whole"
    assert [line["text"] for line in shown["evidence"]["lines"]] == ["buy this"]
    assert "buy this" not in str(desk.ask("reports"))
    assert "no report" in desk.refused("show", ticket="R9")
    assert ("show", ticket) in desk.log()


def test_broken_seal_is_told_and_no_words_are_shown(desk: Desk) -> None:
    ann, bo, _ = desk.stage.seated("Ann Bo Cy")
    ticket = report(ann, bo)
    store = desk.stage.house.store
    kept = store.report(ticket)
    assert kept is not None
    store.put_report(kept, b"forged evidence, as long as one needs")
    shown = desk.ask("show", ticket=ticket)
    assert (shown["seal"], shown["evidence"]) == ("broken", None)


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


@pytest.mark.parametrize("no_number", ["abc", "A" * 24, "a" * 23, "g" * 24])
def test_what_is_no_number_is_said_to_be_none(desk: Desk, no_number: str) -> None:
    for act, fields in (("ban", {"reason": "x"}), ("warn", {"text": "x"}), ("erase", {}), ("export", {})):
        assert "nobody's number: one has 24 hexadecimal digits" in desk.refused(act, identity=no_number, **fields)
    assert desk.log() == []


def test_number_that_nobody_has_is_not_acted_on(desk: Desk) -> None:
    """A mistyped one above all: whoever asked to be forgotten would be told they are."""
    desk.stage.seated("Ann")
    for act, fields in (("ban", {"reason": "x"}), ("warn", {"text": "x"}), ("erase", {}), ("export", {})):
        assert "Nobody of that number is known" in desk.refused(act, identity="0" * 24, **fields)
    assert desk.ask("bans")["bans"] == []
    assert desk.log() == []


def test_who_is_offline_is_known(desk: Desk) -> None:
    [ann] = desk.stage.seated("Ann")
    who = identity(ann)
    ann.lose()
    desk.stage.pass_time(3600)
    assert desk.ask("ban", identity=who, reason="x")["done"]


@pytest.mark.parametrize("how", ["standing", "blocks", "is blocked", "banned", "reported", "reports", "sat there"])
def test_who_is_known_by_what_is_kept_alone_can_be_banned(desk: Desk, how: str) -> None:
    store, reports = desk.stage.house.store, desk.stage.house.reports
    if how == "standing":
        store.put_standing(standing(ANN))
    elif how == "blocks":
        store.add_block(block(ANN, BO))
    elif how == "is blocked":
        store.add_block(block(BO, ANN))
    elif how == "banned":
        store.add_ban(ban(identity=ANN))
    else:
        against, by = (ANN, BO) if how == "reported" else (BO, ANN if how == "reports" else CY)
        note = Note(by=by, reason="spam", text="", at=0)
        evidence = Evidence(name="", people={"m1": ANN if how == "sat there" else CY}, lines=(), notes=(note,))
        reports.file(room="r", against=against, by=by, evidence=evidence, now=0.0)
    assert desk.ask("ban", identity=ANN, reason="x")["done"]
    assert desk.ask("warn", identity=ANN, text="x")["told"] is False


def test_bans_are_limited(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bo = desk.stage.seated("Ann Bo")
    monkeypatch.setattr(module, "BANS_MAX", 1)
    desk.ask("ban", identity=identity(ann), reason="x")
    assert "lift some" in desk.refused("ban", identity=identity(bo), reason="x")


def test_export_tells_everything_that_is_kept_of_one_person(desk: Desk) -> None:
    ann, bo, _ = desk.stage.seated("Ann Bo Cy")
    me, store = identity(ann), desk.stage.house.store
    store.add_block(block(me, identity(bo), until=1e12))
    store.put_standing(standing(me))
    report(ann, bo)
    desk.stage.house.bottles.throw(me, Cell(HERE), "Who reads this?", now=desk.stage.clock.now(), bottle="B1")
    told = desk.ask("export", token=ann.token)
    assert [(one["bottle"], one["text"]) for one in told["bottles"]] == [("B1", "Who reads this?")]
    assert told == desk.ask("export", identity=me)
    assert (told["identity"], told["cell"], told["name"], told["reports_made"]) == (me, HERE, "Ann", 1)
    assert [one["name"] for one in told["blocks"]] == ["Bo"]
    assert told["standing"]["seated_s"] == 2.5
    assert ann.token not in str(desk.ask("audit"))


def test_whoever_has_nothing_here_but_a_bottle_an_answer_a_notice_or_a_tie_can_be_erased(desk: Desk) -> None:
    house, now = desk.stage.house, desk.stage.clock.now()
    house.bottles.throw("a" * 24, Cell(HERE), "Who reads this?", now=now, bottle="B1")
    house.ties.add("mute", [("b" * 24, "c" * 24)], now=now)
    house.bottles.answer("d" * 24, next(iter(house.store.bottles())), "I do.", now=now)
    house.store.add_notice(
        Notice(notice="N1", identity="e" * 24, text="Be kind.", level="warn", at=now, until=now + 60)
    )
    for known in ("d" * 24, "e" * 24, "a" * 24, "b" * 24):
        assert desk.ask("erase", identity=known)["erased"] == known
        assert "Nobody of that number" in desk.refused("erase", identity=known)


def test_export_tells_the_answers_that_wait_for_somebody(desk: Desk) -> None:
    ann, bo = desk.stage.seated("Ann Bo")
    bottles, now = desk.stage.house.bottles, desk.stage.clock.now()
    bottles.throw(identity(ann), Cell(HERE), "Who reads this?", now=now, bottle="B1")
    [row] = desk.stage.house.store.bottles()
    bottles.answer(identity(bo), row, "I do.", now=now)
    [told] = desk.ask("export", identity=identity(ann))["answers"]
    assert (told["bottle"], told["text"]) == ("B1", "I do.")
    told = desk.ask("export", identity=identity(bo))
    assert told["answers"] == []
    assert [(one["bottle"], one["text"]) for one in told["answers_written"]] == [("B1", "I do.")]


def test_export_tells_what_is_yet_to_be_heard(desk: Desk) -> None:
    ann, bo = desk.stage.seated("Ann Bo")
    for one, other in ((ann, bo), (bo, ann)):
        one.ask("keep", who=other.me)
    ann.ask("contact", who=bo.me, text="ann at the kiosk")
    ann.lose()
    desk.ask("warn", identity=identity(ann), text="Stop it, please.", level="info")
    told = desk.ask("export", identity=identity(ann))
    assert told["contacts"] == ["ann at the kiosk"]
    assert [(one["text"], one["level"]) for one in told["notices"]] == [("Stop it, please.", "info")]
    assert desk.ask("export", identity=identity(bo))["contacts"] == []


def test_erased_person_is_out_and_their_token_ends() -> None:
    desk = Desk()
    ann, bo, _ = desk.stage.seated("Ann Bo Cy")
    me, token = identity(ann), ann.token
    desk.stage.house.store.add_block(block(me, identity(bo), until=1e12))
    assert desk.ask("erase", token=token) == {"erased": me, "was_online": True}
    bye = only(ann.got(), "bye")
    assert (bye["code"], bye["reason"]) == (1000, "What this server kept of you was erased, as was asked.")
    assert desk.stage.house.store.blocks_of(me) == []
    assert desk.stage.guest().ask("enter", cell=HERE, token=token)[0]["code"] == "bad_token"
    desk.stage.check()


def test_whoever_cannot_be_erased_now_keeps_their_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    [ann] = desk.stage.seated("Ann")

    def full(*_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(desk.stage.house.store, "end", full)
    assert "full" in desk.refused("erase", token=ann.token)
    desk.stage.check()
    assert [event["type"] for event in ann.ask("say", text="hello")] == ["said"]


def test_erased_person_whose_seat_waits_loses_it() -> None:
    desk = Desk()
    ann, bo, _ = desk.stage.seated("Ann Bo Cy")
    ann.lose()
    desk.ask("erase", token=ann.token)
    assert only(bo.got(), "left")["why"] == "left"
    desk.stage.check()


@pytest.mark.parametrize(
    "fields", [{}, {"token": "x", "identity": "aa" * 12}, {"token": "x"}, {"identity": "../../etc"}]
)
def test_nobody_in_particular_is_not_exported_nor_erased(desk: Desk, fields: Json) -> None:
    assert desk.refused("export", **fields)
    assert desk.refused("erase", **fields)


def test_switch_takes_known_features_only(desk: Desk) -> None:
    assert desk.ask("switch", feature="anonymous", on=False) == {"feature": "anonymous", "on": False}
    assert desk.ask("status")["off"] == ["anonymous"]
    desk.ask("switch", feature="anonymous", on=True)
    assert desk.ask("status")["off"] == []
    assert "no feature" in desk.refused("switch", feature="gravity", on=False)


def test_backup_is_of_this_machine_and_names_its_whole_path(tmp_path: Path) -> None:
    desk = Desk()
    desk.stage.house.store = desk.office._store = on_disk(tmp_path / "state")
    with pytest.raises(NotDone, match="own machine"):
        desk.ask("backup", path=str(tmp_path / "copy"), local=False)
    assert "whole path" in desk.refused("backup", path="copy")
    assert desk.ask("backup", path=str(tmp_path / "copy"))
    assert "exists already" in desk.refused("backup", path=str(tmp_path / "copy"))
    assert b"SQLite format 3" in everything_in(tmp_path)


def test_every_act_that_changes_or_shows_something_is_written_down(desk: Desk) -> None:
    ann, bo, _ = desk.stage.seated("Ann Bo Cy")
    ticket, other = report(ann, bo), identity(bo)
    desk.ask("show", ticket=ticket)
    desk.ask("warn", identity=other, text="a secret sentence")
    desk.ask("close", ticket=ticket)
    banned = desk.ask("ban", identity=other, reason="x")["ban"]
    desk.ask("unban", ban=banned)
    desk.ask("switch", feature="anonymous", on=True)
    desk.ask("export", identity=other)
    desk.ask("erase", identity=other)
    assert desk.log()[::-1] == [
        ("show", ticket), ("warn", other), ("close", ticket), ("ban", banned), ("unban", banned),
        ("switch", "anonymous"), ("export", other), ("erase", other),
    ]  # fmt: skip
    assert "a secret sentence" not in str(desk.ask("audit"))


NO_REQUESTS = (
    b"", b"{}", b"[]", b'{"act":"reboot"}', b'{"act":"show"}', b'{"act":"show","ticket":"../x"}', b"\xff", b"[" * 5000,
    b'{"act":"close","ticket":"T1","extra":1}', b'{"act":"audit","most":100000}',
)  # fmt: skip


@pytest.mark.parametrize("line", NO_REQUESTS)
def test_what_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises(NotDone, match="cannot be asked"):
        read(line)
