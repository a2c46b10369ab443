"""What is kept of one person, told to them or forgotten."""

from pathlib import Path

import pytest

from geo import Cell
from server.store.rows import Notice
from server.store.store import StoreError
from tests.desks import Desk, a_desk, identity, report
from tests.sessions import HERE, only
from tests.stores import CY, block, everything_in, on_disk, standing

desk = pytest.fixture(a_desk)


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


def test_what_is_erased_is_in_no_file_from_then_on(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    desk = Desk(store=store)
    [ann] = desk.stage.seated("Ann")
    store.add_block(block(identity(ann), CY, block="one of Ann's", until=1e12))
    assert b"one of Ann's" in everything_in(tmp_path)
    desk.ask("erase", token=ann.token)
    assert b"one of Ann's" not in everything_in(tmp_path)
    store.close()


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
