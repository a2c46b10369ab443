"""Ties: who keeps and mutes whom."""

from server.store.store import Store
from tests.every_store.conftest import Reopen
from tests.stores import ANN, BO, CY, tie


def test_ties_are_one_way_by_kind_and_oldest_first(store: Store, reopen: Reopen) -> None:
    store.add_ties(tie(ANN, CY, at=2.0), tie(BO, ANN, at=3.0))
    store.add_ties(tie(ANN, BO, kind="mute", at=1.0))
    store.add_ties(tie(ANN, BO, at=4.0))
    store.add_ties(tie(ANN, CY, at=5.0))
    store = reopen(store)
    assert store.ties_of("keep", ANN) == [tie(ANN, BO, at=4.0), tie(ANN, CY, at=5.0)]
    assert store.ties_of("mute", ANN) == [tie(ANN, BO, kind="mute", at=1.0)]
    assert store.ties_of("mute", BO) == []
    assert store.has_tie("keep", BO, ANN)
    assert not store.has_tie("mute", BO, ANN)
    assert not store.has_tie("keep", CY, ANN)


def test_ties_are_removed_one_by_one(store: Store, reopen: Reopen) -> None:
    store.add_ties(tie(ANN, BO), tie(BO, ANN), tie(ANN, BO, kind="mute"))
    store.remove_ties("keep", (ANN, BO), (ANN, CY))
    store.remove_ties("keep", (ANN, BO))
    store = reopen(store)
    assert store.ties_of("keep", ANN) == []
    assert store.has_tie("keep", BO, ANN)
    assert store.has_tie("mute", ANN, BO)


def test_tie_ends_unless_it_is_renewed(store: Store, reopen: Reopen) -> None:
    store.add_ties(tie(ANN, BO, until=10.0), tie(ANN, CY, until=90.0), tie(CY, BO, until=10.0))
    store.renew_ties(ANN, until=50.0)
    store.renew_ties(BO, until=50.0)
    store = reopen(store)
    assert store.expire(now=10.0) == 1
    assert store.ties_of("keep", CY) == []
    assert {one.until for one in store.ties_of("keep", ANN)} == {50.0, 90.0}
    assert store.expire(now=50.0) == 1
    assert reopen(store).ties_of("keep", ANN) == [tie(ANN, CY, until=90.0)]
