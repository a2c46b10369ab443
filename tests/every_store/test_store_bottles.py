"""Bottles and answers."""

from server.store.store import Store
from tests.every_store.conftest import Reopen
from tests.stores import ANN, BO, bottle, bottle_answer


def test_bottle_is_kept_in_its_newest_state(store: Store, reopen: Reopen) -> None:
    assert store.bottle("b1") is None
    store.put_bottle(bottle("b2", at=2.0))
    store.put_bottle(bottle("b1", picked=(), in_hand=()))
    store.put_bottle(bottle("b1", is_held=True))
    store = reopen(store)
    assert store.bottle("b1") == bottle("b1", is_held=True)
    assert [one.bottle for one in store.bottles()] == ["b1", "b2"]
    store.remove_bottle("b1")
    store.remove_bottle("b1")
    store = reopen(store)
    assert list(store.bottles()) == [bottle("b2", at=2.0)]
    assert store.expire(now=100.0) == 1
    assert list(reopen(store).bottles()) == []


def test_answers_wait_for_the_owner_of_the_bottle(store: Store, reopen: Reopen) -> None:
    store.put_answer(bottle_answer("a2", at=2.0))
    store.put_answer(bottle_answer("a1"))
    store.put_answer(bottle_answer("a3", owner=BO, by=ANN))
    store.put_answer(bottle_answer("a1", is_told=True, is_heard=True))
    store.remove_bottle("b1")
    store = reopen(store)
    assert store.answers_for(ANN) == [bottle_answer("a1", is_told=True, is_heard=True), bottle_answer("a2", at=2.0)]
    assert store.answer("a3") == bottle_answer("a3", owner=BO, by=ANN)
    assert store.answers_by(ANN) == [bottle_answer("a3", owner=BO, by=ANN)]
    store.remove_answer("a3")
    store = reopen(store)
    assert store.answer("a3") is None
    assert store.expire(now=100.0) == 2
