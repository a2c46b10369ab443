"""What an operator does for the server itself."""

from pathlib import Path

import pytest

from server.operate.admin.requests import NotDone
from server.store.store import StoreError
from tests.desks import Desk, a_desk
from tests.stores import everything_in, on_disk

desk = pytest.fixture(a_desk)


def test_switch_takes_known_features_only(desk: Desk) -> None:
    assert desk.ask("switch", feature="anonymous", on=False) == {"feature": "anonymous", "on": False}
    assert desk.ask("status")["off"] == ["anonymous"]
    desk.ask("switch", feature="anonymous", on=True)
    assert desk.ask("status")["off"] == []
    assert "no feature" in desk.refused("switch", feature="gravity", on=False)


def test_backup_is_of_this_machine_and_names_its_whole_path(tmp_path: Path) -> None:
    desk = Desk()
    desk.stage.house.store = on_disk(tmp_path / "state")
    with pytest.raises(NotDone, match="own machine"):
        desk.ask("backup", path=str(tmp_path / "copy"), local=False)
    assert "whole path" in desk.refused("backup", path="copy")
    assert desk.ask("backup", path=str(tmp_path / "copy"))
    assert "exists already" in desk.refused("backup", path=str(tmp_path / "copy"))
    assert b"SQLite format 3" in everything_in(tmp_path)


def test_switch_that_cannot_be_written_into_the_audit_log_is_not_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(entry: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(desk.stage.house.store, "add_audit", full)
    assert desk.refused("switch", feature="anonymous", on=False) == "The disk is full."
    assert desk.ask("status")["off"] == []


def test_switch_that_the_settings_have_off_stays_off_and_is_no_act() -> None:
    desk = Desk(features_off="anonymous")
    assert "features_off" in desk.refused("switch", feature="anonymous", on=True)
    assert desk.log() == []
