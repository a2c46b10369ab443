"""Marks of where the blocked were."""

from server.store.store import Store
from server.store.tables.marks import MARKED_MAX
from tests.every_store.conftest import Reopen
from tests.stores import ANN, BO, CY, mark


def test_marks_are_told_by_place_those_longest_ago_first_and_end_by_themselves(store: Store, reopen: Reopen) -> None:
    for one in (mark(at=1.0, until=10.0), mark(identity=BO, at=2.0), mark("p2", at=3.0), mark(at=4.0, until=50.0)):
        store.put_mark(one)
    store = reopen(store)
    assert [one.identity for one in store.marks("p1")] == [BO, ANN]
    assert [one.at for one in store.marks("p2")] == [3.0]
    assert store.marks("p3") == []
    assert store.expire(now=50.0) == 1
    assert [one.identity for one in reopen(store).marks("p1")] == [BO]


def test_mark_that_is_removed_is_forgotten_and_others_are_not(store: Store, reopen: Reopen) -> None:
    for one in (mark(), mark(identity=BO), mark("p2")):
        store.put_mark(one)
    store.remove_mark("p1", ANN)
    store.remove_mark("p1", CY)
    store.remove_mark("p3", ANN)
    store = reopen(store)
    assert [[one.identity for one in store.marks(place)] for place in ("p1", "p2")] == [[BO], [ANN]]


def test_of_too_many_marks_of_one_place_the_oldest_are_forgotten(store: Store, reopen: Reopen) -> None:
    for number in range(MARKED_MAX + 2):
        store.put_mark(mark(identity=str(number), at=float(number)))
    assert [one.identity for one in reopen(store).marks("p1")] == [str(number) for number in range(2, MARKED_MAX + 2)]
