"""What an operator sees of reports."""

import pytest

from tests.desks import Desk, a_desk, report

desk = pytest.fixture(a_desk)


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
