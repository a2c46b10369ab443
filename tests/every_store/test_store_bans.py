"""Bans of identities and of ranges of addresses."""

import pytest

from server.store.store import Store
from tests.every_store.conftest import Reopen
from tests.stores import ANN, BO, CY, ban


def test_ban_of_an_identity_holds_for_its_time(store: Store, reopen: Reopen) -> None:
    store.add_ban(ban(identity=ANN, until=50.0))
    store.add_ban(ban("ban2", identity=BO, until=None))
    store = reopen(store)
    assert store.ban_of(ANN, now=49.9) == ban(identity=ANN, until=50.0)
    assert store.ban_of(ANN, now=50.0) is None
    assert store.ban_of(CY, now=1.0) is None
    assert store.expire(now=1e12) == 1
    store = reopen(store)
    assert store.bans() == [ban("ban2", identity=BO, until=None)]
    assert store.ban_of(BO, now=1e12)


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("2001:db8::/32", "2001:db8:1:2::/64", "2001:db9::/64"),
        ("2001:db8:1:2::/64", "2001:db8:1:2::/64", "192.0.2.7"),
        ("0.0.0.0/0", "203.0.113.9", "2001:db8::/64"),
        ("127.0.0.0/8", "loopback", "192.0.2.1"),
    ],
)
def test_ban_of_a_range_holds_for_addresses_in_it(
    store: Store, reopen: Reopen, network: str, inside: str, outside: str
) -> None:
    made = ban(network=network, until=50.0, stops_known=True)
    store.add_ban(made)
    store = reopen(store)
    assert store.ban_of_address(inside, now=49.9) == made
    assert store.ban_of_address(inside, now=50.0) is None
    assert store.ban_of_address(outside, now=1.0) is None


def test_of_two_ranges_the_wider_is_told_and_each_ends_by_itself(store: Store, reopen: Reopen) -> None:
    store.add_ban(ban("narrow", network="192.0.2.0/24"))
    store.add_ban(ban("wide", network="192.0.0.0/16"))
    store.add_ban(ban("same", network="192.0.2.0/24"))
    store = reopen(store)
    told = []
    while found := store.ban_of_address("192.0.2.1", now=1.0):
        told.append(found.ban)
        assert store.remove_ban(found.ban) == found
    assert told[0] == "wide"
    assert sorted(told) == ["narrow", "same", "wide"]
    assert reopen(store).bans() == []


@pytest.mark.parametrize("network", ["192.0.2.1/24", "everybody", "192.0.2.0/33", "loopback"])
def test_what_is_no_range_is_refused_and_changes_nothing(store: Store, reopen: Reopen, network: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        store.add_ban(ban(network=network))
    assert reopen(store).bans() == []


def test_bans_come_oldest_first_and_are_lifted_by_id(store: Store, reopen: Reopen) -> None:
    store.add_ban(ban("b", identity=ANN, at=2.0))
    store.add_ban(ban("a", identity=ANN, at=1.0))
    assert [one.ban for one in reopen(store).bans()] == ["a", "b"]


def test_of_two_bans_of_somebody_one_is_lifted(store: Store, reopen: Reopen) -> None:
    store.add_ban(ban("a", identity=ANN))
    store.add_ban(ban("b", identity=ANN))
    assert store.remove_ban("nobody's") is None
    assert store.remove_ban("a") == ban("a", identity=ANN)
    store = reopen(store)
    assert store.ban_of(ANN, now=1.0) == ban("b", identity=ANN)
    store.remove_ban("b")
    assert reopen(store).ban_of(ANN, now=1.0) is None
