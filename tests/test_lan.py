"""Serving a local network: which addresses, and the certificate that is made for them and kept."""

import ipaddress
import os
import socket
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ifaddr
import pytest
from cryptography import x509

from server import lan
from server.lan import LanError, certificate_path, choose_addresses, kept_certificate, own_addresses
from server.tls import server_context

NOW = datetime(2026, 11, 26, tzinfo=UTC)
HOME = "192.168.1.5"
OFFICE = "10.0.0.7"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "hereabouts" / "lan.pem"


def kept(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


# --- addresses --------------------------------------------------------------------------------------------


def test_all_private_addresses_are_chosen_in_their_order() -> None:
    own = [OFFICE, "172.15.0.1", "172.16.0.1", HOME, "172.31.255.9", "172.32.0.1", "203.0.113.4"]
    assert choose_addresses(None, own) == [OFFICE, "172.16.0.1", HOME, "172.31.255.9"]


def test_one_that_is_wanted_is_chosen_alone_private_or_not() -> None:
    assert choose_addresses(HOME, [OFFICE, HOME]) == [HOME]
    assert choose_addresses("203.0.113.4", [HOME, "203.0.113.4"]) == ["203.0.113.4"]


def test_none_that_is_not_the_machines_own_is_taken() -> None:
    with pytest.raises(LanError, match=r"192\.168\.9\.9 is no address .*; it has 10\.0\.0\.7, 192\.168\.1\.5\."):
        choose_addresses("192.168.9.9", [OFFICE, HOME])


def test_a_machine_in_no_local_network_is_told_what_to_do() -> None:
    with pytest.raises(LanError, match=r"join one, a phone's hotspot will do\.$"):
        choose_addresses(None, [])
    with pytest.raises(LanError, match=r"It has 203\.0\.113\.4, which --host takes\.$"):
        choose_addresses(None, ["203.0.113.4"])


def test_own_addresses_are_those_that_others_may_reach() -> None:
    for address in map(ipaddress.ip_address, own_addresses()):
        assert not address.is_loopback
        assert not address.is_link_local


def test_the_outward_address_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    class Adapter:
        def __init__(self, *addresses: str) -> None:
            self.ips = [ifaddr.IP(address, 24, "x") for address in addresses]

    adapters = [Adapter("127.0.0.1", "169.254.1.1"), Adapter(OFFICE), Adapter("172.17.0.1", HOME)]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)
    monkeypatch.setattr(lan, "_outward_address", lambda: HOME)
    assert own_addresses() == [HOME, OFFICE, "172.17.0.1"]


# --- the certificate --------------------------------------------------------------------------------------


def test_it_names_the_addresses_this_machine_and_localhost(path: Path) -> None:
    kept_certificate(path, [HOME, OFFICE], now=NOW)
    names = kept(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert addresses == {HOME, OFFICE, "127.0.0.1", "::1"}
    dns = names.get_values_for_type(x509.DNSName)
    assert dns[0] == "localhost"
    assert set(dns[1:]) == set(lan._dns_names(socket.gethostname()))


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("Laptop", ["laptop", "laptop.local"]),
        ("box.example.org.", ["box.example.org"]),
        ("käse", []),
        ("two words", []),
        ("", []),
        ("x" * 300, []),
    ],
)
def test_only_names_that_the_dns_knows_are_named(host: str, names: list[str]) -> None:
    assert lan._dns_names(host) == names


def test_nobody_else_can_read_it_and_it_serves(path: Path) -> None:
    old = os.umask(0)
    try:
        kept_certificate(path, [HOME], now=datetime.now(UTC))
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["lan.pem"]
    server_context(path, path)


def test_it_is_kept_as_long_as_it_will_do(path: Path) -> None:
    fingerprint = kept_certificate(path, [HOME, OFFICE], now=NOW)
    assert len(fingerprint.split(":")) == 32
    for days in (0, 100, lan.VALID_DAYS - lan.RENEWED_BEFORE_DAYS - 1):
        later = NOW + timedelta(days=days)
        assert kept_certificate(path, [HOME], now=later) == fingerprint, "fewer addresses need no new one"


def test_it_is_renewed_before_it_expires_and_when_an_address_is_new(path: Path) -> None:
    first = kept_certificate(path, [HOME], now=NOW)
    soon = NOW + timedelta(days=lan.VALID_DAYS - lan.RENEWED_BEFORE_DAYS)
    second = kept_certificate(path, [HOME], now=soon)
    third = kept_certificate(path, [HOME, OFFICE], now=soon)
    assert len({first, second, third}) == 3
    assert kept(path).not_valid_after_utc == soon + timedelta(days=lan.VALID_DAYS)
    assert kept(path).not_valid_before_utc < soon


@pytest.mark.parametrize("damage", ["cut", "empty", "other key", "readable by others"])
def test_what_is_damaged_or_was_readable_by_others_is_made_anew(path: Path, tmp_path: Path, damage: str) -> None:
    first = kept_certificate(path, [HOME], now=NOW)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "other key":
        kept_certificate(tmp_path / "other.pem", [HOME], now=NOW)
        end = b"-----END PRIVATE KEY-----\n"
        key = (tmp_path / "other.pem").read_bytes().partition(end)[0]
        path.write_bytes(key + end + path.read_bytes().partition(end)[2])
    else:
        path.chmod(0o640)
    assert kept_certificate(path, [HOME], now=NOW) != first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    server_context(path, path)


def test_a_place_where_nothing_can_be_kept_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LanError, match=r"cannot be kept in .*: File exists\. Set XDG_STATE_HOME"):
        kept_certificate(tmp_path / "file" / "lan.pem", [HOME], now=NOW)


def test_it_is_kept_with_what_else_is_state() -> None:
    assert certificate_path({"XDG_STATE_HOME": "/s", "HOME": "/h"}) == Path("/s/hereabouts/lan.pem")
    assert certificate_path({"HOME": "/h"}) == Path("/h/.local/state/hereabouts/lan.pem")
    with pytest.raises(LanError, match="XDG_STATE_HOME"):
        certificate_path({})
