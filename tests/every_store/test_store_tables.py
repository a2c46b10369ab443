"""What crosses the kinds of rows: what an erased identity takes along and leaves, and what expires."""

from server.store.store import Store
from tests.every_store.conftest import Reopen
from tests.stores import ANN, BO, CY, ban, block, bottle, bottle_answer, ended, report, standing, tie


def test_erasing_somebody_ends_all_ties_with_them(store: Store, reopen: Reopen) -> None:
    store.add_ties(tie(ANN, BO), tie(BO, ANN), tie(CY, ANN, kind="mute"), tie(CY, BO))
    store.end(ended(ANN))
    store = reopen(store)
    assert store.ties_of("keep", ANN) == store.ties_of("keep", BO) == store.ties_of("mute", CY) == []
    assert store.has_tie("keep", CY, BO)


def test_erased_identity_takes_its_bottles_and_answers_along(store: Store, reopen: Reopen) -> None:
    store.put_bottle(bottle("b0", picked=(), in_hand=()))
    store.put_bottle(bottle("b1"))
    store.put_bottle(bottle("b2", owner=BO, picked=(ANN,)))
    store.put_answer(bottle_answer("a1"))
    store.put_answer(bottle_answer("a2", owner=BO, by=ANN))
    store.put_answer(bottle_answer("a3", owner=BO, by=CY))
    store.put_answer(bottle_answer("a4", owner=BO, by=ANN, is_told=True))
    store.end(ended(ANN))
    store = reopen(store)
    assert store.bottle("b0") is None
    assert store.bottle("b1") == bottle("b1", owner="", sealed=b""), "those who picked it do not see who is gone"
    assert store.bottle("b2") == bottle("b2", owner=BO, picked=(ANN,))
    assert [store.answer(id) is None for id in ("a1", "a2", "a3")] == [True, True, False]
    assert store.answer("a4") == bottle_answer("a4", owner=BO, by="", sealed=b"", is_told=True), "nor who was answered"


def test_erased_identity_leaves_what_others_hold_against_it(store: Store, reopen: Reopen) -> None:
    store.put_standing(standing(ANN))
    store.add_block(block(ANN, BO))
    store.add_block(block(BO, ANN))
    store.add_ban(ban(identity=ANN))
    store.put_report(report("R1", against=BO, reporters=(ANN, CY)), b"sealed")
    store.put_report(report("R2", against=ANN, reporters=(BO,)), b"sealed")
    store.end(ended(ANN))
    store = reopen(store)
    assert store.standing(ANN) is None
    assert store.blocks_of(ANN) == []
    assert store.blocks_against(BO) == []
    assert store.are_apart(ANN, BO)
    assert store.ban_of(ANN, now=1.0)
    assert [(one.against, one.reporters) for one in store.reports()] == [(BO, (CY,)), (ANN, (BO,))]


def test_expiry_leaves_what_still_holds(store: Store, reopen: Reopen) -> None:
    store.put_standing(standing(ANN, until=10.0))
    store.put_standing(standing(BO, until=20.0))
    assert store.expire(now=15.0) == 1
    store = reopen(store)
    assert store.standing(ANN) is None
    assert store.standing(BO) == standing(BO, until=20.0)
