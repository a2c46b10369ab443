"""Features that are switched off."""

from server.store.rows import Switch
from server.store.store import Store
from tests.every_store.conftest import Reopen


def test_switched_off_stays_off(store: Store, reopen: Reopen) -> None:
    assert not store.is_off("anonymous")
    store.switch_off(Switch(feature="anonymous", at=1.0))
    store = reopen(store)
    assert store.is_off("anonymous")
    store.expire(now=1e12)
    assert store.is_off("anonymous")
    store.switch_on("anonymous")
    assert not reopen(store).is_off("anonymous")
