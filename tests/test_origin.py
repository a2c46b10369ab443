"""Where clients come from: how addresses are counted, and what stands for them."""

import pytest

from server.origin import counted_address
from tests.sessions import make_house


@pytest.mark.parametrize(
    ("remote", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.9", "loopback"),
        ("::1", "loopback"),
        ("", "loopback"),
    ],
)
def test_addresses_are_counted_as_their_holder_has_them(remote: str, counted: str) -> None:
    assert counted_address(remote) == counted


def test_key_of_an_origin_is_the_same_for_an_address_and_tells_nothing_without_the_secret() -> None:
    mine, other = make_house(), make_house(b"x" * 32)
    assert mine.origin("192.0.2.7") == make_house().origin("192.0.2.7")
    keys = {house.origin(address).key for house in (mine, other) for address in ("192.0.2.7", "192.0.2.8")}
    assert len(keys) == 4
