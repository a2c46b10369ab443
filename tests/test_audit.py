"""That what an operator does is written down."""

import pytest

from tests.desks import Desk, a_desk, identity, report

desk = pytest.fixture(a_desk)


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
