"""The audit log."""

from server.store.store import Store
from tests.every_store.conftest import Reopen
from tests.stores import audited


def test_audit_log_tells_the_newest_first_and_forgets(store: Store, reopen: Reopen) -> None:
    for number in range(5):
        store.add_audit(audited(f"act {number}", until=10.0 + number))
    store = reopen(store)
    assert [entry.act for entry in store.audit(most=2)] == ["act 4", "act 3"]
    assert store.audit(most=1) == [audited("act 4", until=14.0)]
    assert store.expire(now=12.0) == 3
    assert [entry.act for entry in reopen(store).audit(most=9)] == ["act 4", "act 3"]
