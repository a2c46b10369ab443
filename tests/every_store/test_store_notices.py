"""Notices that wait for somebody."""

from server.store.store import Store
from server.store.tables.notices import NOTICES_MAX
from tests.every_store.conftest import Reopen
from tests.stores import ANN, BO, notice


def test_notices_wait_for_their_person_and_are_taken_once(store: Store, reopen: Reopen) -> None:
    store.add_notice(notice("n1", at=1.0))
    store.add_notice(notice("n2", at=2.0, text="¡Por favor!"))
    store.add_notice(notice("n3", identity=BO))
    store = reopen(store)
    waiting = [notice("n1", at=1.0), notice("n2", at=2.0, text="¡Por favor!")]
    assert store.notices_for(ANN) == waiting
    assert store.take_notices(ANN) == waiting
    assert store.notices_for(ANN) == []
    store = reopen(store)
    assert store.take_notices(ANN) == []
    assert store.expire(now=100.0) == 1
    assert reopen(store).take_notices(BO) == []


def test_of_too_many_notices_the_oldest_is_forgotten(store: Store, reopen: Reopen) -> None:
    for number in range(NOTICES_MAX + 1):
        store.add_notice(notice(f"n{number}", at=float(number)))
    kept = [one.notice for one in reopen(store).take_notices(ANN)]
    assert kept == [f"n{number}" for number in range(1, NOTICES_MAX + 1)]
