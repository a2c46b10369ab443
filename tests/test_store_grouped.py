"""The index by whose a row is: its order, and that nobody who has nothing is in it."""

from server.store.rows import Tie
from server.store.tables.grouped import Grouped
from tests.stores import ANN, BO, CY, tie


def test_row_put_again_stands_behind_the_others_and_one_replaced_stays() -> None:
    index: Grouped[str, Tie] = Grouped()
    for other in (BO, CY, BO):
        index.put(ANN, other, tie(ANN, other))
    assert [row.other for row in index.of(ANN)] == [CY, BO]
    index.replace(ANN, CY, tie(ANN, CY, until=7.0))
    assert [(row.other, row.until) for row in index.of(ANN)] == [(CY, 7.0), (BO, 100.0)]
    assert index.get(ANN, CY) == tie(ANN, CY, until=7.0)


def test_last_row_that_is_older_than_others_is_sorted_in() -> None:
    index: Grouped[str, Tie] = Grouped()
    for other, at in ((BO, 1.0), (CY, 3.0), (ANN, 2.0)):
        index.put(ANN, other, tie(ANN, other, at=at))
    index.sort(ANN)
    assert [row.at for row in index.of(ANN)] == [1.0, 2.0, 3.0]


def test_whoever_has_nothing_left_takes_no_place() -> None:
    groups: dict[str, dict[str, Tie]] = {}
    index = Grouped(groups)
    assert index.of(ANN) == []
    assert index.get(ANN, BO) is None
    index.put(ANN, BO, tie(ANN, BO))
    index.drop(ANN, BO)
    assert list(index) == []
    assert groups == {}
