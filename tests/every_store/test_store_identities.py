"""Standings, and identities that were ended."""

from typing import Any

from server.store.store import Store
from tests.every_store.conftest import Reopen
from tests.stores import ANN, BO, CY, ended, standing


def test_standing_is_kept_and_replaced(store: Store, reopen: Reopen) -> None:
    assert store.standing(ANN) is None
    store.put_standing(standing(seated_s=1.0))
    now: dict[str, Any] = {
        "seated_s": 601.5,
        "jumped_at": 5.0,
        "throws_due": 6.5,
        "picks_due": 7.5,
        "answers_due": 8.5,
    }
    store.put_standing(standing(**now))
    store.put_standing(standing(BO))
    store = reopen(store)
    assert store.standing(ANN) == standing(**now)
    assert store.standing(BO) == standing(BO)
    assert store.standing(CY) is None


def test_ended_identity_is_known_until_its_tokens_expire(store: Store, reopen: Reopen) -> None:
    store.end(ended(ANN, until=50.0))
    store = reopen(store)
    assert store.has_ended(ANN)
    assert not store.has_ended(BO)
    assert store.expire(now=49.9) == 0
    assert store.has_ended(ANN)
    assert store.expire(now=50.0) == 1
    assert not store.has_ended(ANN)


def test_ended_identity_is_known_with_when_its_dead_tokens_were_made(store: Store, reopen: Reopen) -> None:
    store.end(ended(ANN, at=40.0))
    store.end(ended(BO, until=60.0))
    store = reopen(store)
    assert (store.ended_at(ANN), store.ended_at(BO), store.ended_at(CY)) == (40.0, 60.0, None)
    store.end(ended(ANN, at=45.0))
    assert reopen(store).ended_at(ANN) == 45.0
