"""The store in memory: it says that nothing lasts, and it is bounded."""

from pathlib import Path

import pytest

from server.store import memory
from server.store.memory import MemoryStore
from server.store.store import StoreError
from tests.stores import audited, ended, standing


def test_memory_does_not_last_and_has_no_backup(tmp_path: Path) -> None:
    store = MemoryStore()
    assert not store.is_lasting
    with pytest.raises(StoreError, match="without --data"):
        store.backup(tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_of_too_many_identities_the_first_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "IDENTITIES_MAX", 2)
    store = MemoryStore()
    for number in "123":
        store.put_standing(standing(number))
        store.end(ended(number))
    assert [store.standing(number) is not None for number in "123"] == [False, True, True]
    assert [store.has_ended(number) for number in "123"] == [False, True, True]


def test_of_too_many_audit_entries_the_oldest_are_forgotten() -> None:
    store = MemoryStore()
    for number in range(memory.AUDIT_MAX + 1):
        store.add_audit(audited(str(number)))
    assert len(store.audit(most=2 * memory.AUDIT_MAX)) == memory.AUDIT_MAX
