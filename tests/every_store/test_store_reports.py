"""Reports and their evidence."""

from server.store.store import Store
from tests.every_store.conftest import Reopen
from tests.stores import BO, report


def test_report_is_kept_with_its_evidence_and_replaced(store: Store, reopen: Reopen) -> None:
    store.put_report(report(times=1), b"\x00sealed")
    store.put_report(report(times=2, last_at=9.0), b"\x00sealed anew")
    store = reopen(store)
    assert store.report("R1") == report(times=2, last_at=9.0)
    assert store.evidence("R1") == b"\x00sealed anew"
    assert store.report("R2") is None
    assert store.evidence("R2") is None


def test_reports_come_oldest_first(store: Store, reopen: Reopen) -> None:
    store.put_report(report("R1", at=5.0), b"")
    store.put_report(report("R2", at=4.0), b"")
    assert [one.ticket for one in reopen(store).reports()] == ["R2", "R1"]


def test_closed_report_says_when_and_stays_for_its_retention(store: Store, reopen: Reopen) -> None:
    store.put_report(report(until=50.0), b"sealed")
    assert store.close_report("R2", now=10.0) is None
    assert store.close_report("R1", now=10.0) == report(until=50.0, closed_at=10.0)
    assert store.close_report("R1", now=20.0) == report(until=50.0, closed_at=10.0)
    store = reopen(store)
    assert store.report("R1") == report(until=50.0, closed_at=10.0)
    assert store.expire(now=50.0) == 1
    store = reopen(store)
    assert store.reports() == []
    assert store.evidence("R1") is None


def test_removed_report_takes_its_evidence_along(store: Store, reopen: Reopen) -> None:
    store.put_report(report(), b"sealed")
    store.remove_report("R1")
    store.remove_report("R1")
    store = reopen(store)
    assert store.report("R1") is None
    assert store.evidence("R1") is None


def test_open_report_is_found_by_room_and_person_until_it_is_closed(store: Store, reopen: Reopen) -> None:
    store.put_report(report("R1", room="one", against=BO), b"")
    store.put_report(report("R2", room="one", against=""), b"")
    store.put_report(report("R3", room="two", against=BO), b"")
    store = reopen(store)
    assert store.open_report("one", BO) == report("R1", room="one", against=BO)
    assert store.open_report("one", "") == report("R2", room="one", against="")
    assert store.open_report("two", "") is None
    store.close_report("R1", now=5.0)
    store.remove_report("R2")
    store = reopen(store)
    assert store.open_report("one", BO) is None
    assert store.open_report("one", "") is None
    assert store.open_report("two", BO) == report("R3", room="two", against=BO)
