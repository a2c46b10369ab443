"""The store in memory: it says that nothing lasts, and it is bounded."""

from pathlib import Path
from typing import Any, NoReturn

import pytest

from server.store.memory import MemoryStore
from server.store.store import StoreError
from server.store.tables import audit, identities
from tests.stores import ANN, BO, CY, audited, bottle, bottle_answer, ended, standing


def test_memory_does_not_last_and_has_no_backup(tmp_path: Path) -> None:
    store = MemoryStore()
    assert not store.is_lasting
    with pytest.raises(StoreError, match="without --data"):
        store.backup(tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_of_too_many_identities_the_first_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "IDENTITIES_MAX", 2)
    store = MemoryStore()
    for number in "123":
        store.put_standing(standing(number))
    assert [store.standing(number) is not None for number in "123"] == [False, True, True]
    for number in "123":
        store.end(ended(number))
    assert [store.has_ended(number) for number in "123"] == [False, True, True]


class Unscanned(dict[str, Any]):
    """A table that is looked up in and never gone through."""

    def values(self) -> NoReturn:
        pytest.fail("gone through")


def test_answers_and_bottles_of_one_are_found_without_a_look_at_all_and_leave_nothing() -> None:
    store = MemoryStore()
    bottles, answers = store.tables.bottles, store.tables.answers
    bottles._bottles, answers._answers = Unscanned(), Unscanned()
    for number, owner in enumerate((ANN, ANN, BO)):
        store.put_bottle(bottle(f"b{number}", owner=owner, picked=()))
        store.put_answer(bottle_answer(f"a{number}", owner=owner, by=CY, at=float(number)))
    store.put_answer(bottle_answer("a3", owner=BO, by=ANN))
    store.put_answer(bottle_answer("a4", owner=ANN, by=ANN))
    assert [one.answer for one in store.answers_for(BO)] == ["a3", "a2"]
    store.end(ended(ANN))
    assert store.answers_for(ANN) == []
    assert [one.answer for one in store.answers_for(BO)] == ["a2"]
    store.end(ended(CY))
    store.end(ended(BO))
    assert not any((len(bottles._bottles), len(answers._answers)))
    assert not any(index._groups for index in (bottles._owned, answers._owned, answers._written))


def test_of_too_many_audit_entries_the_oldest_are_forgotten() -> None:
    store = MemoryStore()
    for number in range(audit.AUDIT_MAX + 1):
        store.add_audit(audited(str(number)))
    assert len(store.audit(most=2 * audit.AUDIT_MAX)) == audit.AUDIT_MAX
