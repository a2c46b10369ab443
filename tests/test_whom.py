"""Whom an operator means, and that nobody in particular is nobody."""

from typing import Any

import pytest

from server.safety.evidence import Evidence, Note
from tests.desks import Desk, a_desk, identity
from tests.stores import ANN, BO, CY, ban, block, standing

Json = dict[str, Any]

desk = pytest.fixture(a_desk)


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


@pytest.mark.parametrize(
    "fields", [{}, {"token": "x", "identity": "aa" * 12}, {"token": "x"}, {"identity": "../../etc"}]
)
def test_nobody_in_particular_is_not_exported_nor_erased(desk: Desk, fields: Json) -> None:
    assert desk.refused("export", **fields)
    assert desk.refused("erase", **fields)
