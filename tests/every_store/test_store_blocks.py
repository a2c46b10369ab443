"""Blocks."""

from server.store.store import Store
from tests.every_store.conftest import Reopen
from tests.stores import ANN, BO, CY, block


def test_block_holds_in_both_directions_and_is_told_to_its_owner(store: Store, reopen: Reopen) -> None:
    older, newer = block(ANN, BO, at=1.0), block(ANN, CY, name="Çelik 2 🚋", at=2.0)
    store.add_block(newer)
    store.add_block(older)
    store = reopen(store)
    assert {one.block for one in store.blocks_of(ANN)} == {older.block, newer.block}
    assert newer in store.blocks_of(ANN)
    assert store.blocks_of(BO) == []
    assert store.blocks_against(BO) == [older]
    assert store.are_apart(ANN, BO)
    assert store.are_apart(BO, ANN)
    assert not store.are_apart(BO, CY)


def test_blocks_against_somebody_come_oldest_first(store: Store, reopen: Reopen) -> None:
    store.add_block(block(ANN, CY, at=5.0))
    store.add_block(block(BO, CY, at=3.0))
    assert [one.owner for one in reopen(store).blocks_against(CY)] == [BO, ANN]


def test_second_block_of_the_same_person_takes_the_place_of_the_first(store: Store, reopen: Reopen) -> None:
    store.add_block(block(block="first"))
    store.add_block(block(block="second"))
    store = reopen(store)
    assert [one.block for one in store.blocks_of(ANN)] == ["second"]
    assert [one.block for one in store.blocks_against(BO)] == ["second"]


def test_blocks_of_the_same_person_by_other_ways_are_beside_each_other(store: Store, reopen: Reopen) -> None:
    ways = [
        block(block=f"b{number}", via=via, at=number, name="") for number, via in enumerate(("", "bottle1", "bottle2"))
    ]
    for way in ways:
        store.add_block(way)
    store.add_block(block(block="b3", via="bottle1", at=3.0, name="Bo"))
    store = reopen(store)
    assert [one.block for one in store.blocks_of(ANN)] == ["b0", "b2", "b3"]
    assert [one.name for one in store.blocks_of(ANN)] == ["", "", "Bo"]
    assert [one.block for one in store.blocks_against(BO)] == ["b0", "b2", "b3"]
    store.renew_blocks(ANN, until=200.0)
    for id in ("b0", "b3"):
        store.remove_block(ANN, id)
        store = reopen(store)
        assert store.are_apart(ANN, BO)
        assert store.are_apart(BO, ANN)
    assert [one.until for one in store.blocks_against(BO)] == [200.0]
    store.remove_block(ANN, "b2")
    assert not reopen(store).are_apart(ANN, BO)


def test_block_is_removed_by_its_owner_alone(store: Store, reopen: Reopen) -> None:
    store.add_block(block(ANN, BO, block="b1"))
    store.add_block(block(CY, BO, block="b2"))
    assert store.remove_block(CY, "b1") is None
    assert store.are_apart(ANN, BO)
    assert store.remove_block(ANN, "b1") == block(ANN, BO, block="b1")
    assert store.remove_block(ANN, "b1") is None
    store = reopen(store)
    assert not store.are_apart(ANN, BO)
    assert store.are_apart(CY, BO)
    assert store.blocks_of(ANN) == []


def test_block_ends_unless_it_is_renewed(store: Store, reopen: Reopen) -> None:
    store.add_block(block(ANN, BO, until=10.0))
    store.add_block(block(ANN, CY, until=90.0))
    store.add_block(block(CY, BO, until=10.0))
    store.renew_blocks(ANN, until=50.0)
    store = reopen(store)
    assert store.expire(now=10.0) == 1
    assert not store.are_apart(CY, BO)
    assert store.are_apart(ANN, BO)
    assert {one.until for one in store.blocks_of(ANN)} == {50.0, 90.0}
    assert store.expire(now=50.0) == 1
    assert not reopen(store).are_apart(ANN, BO)
