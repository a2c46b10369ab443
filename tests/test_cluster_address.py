"""An address of Redis leads to what it says, and one that cannot be read is refused without its password."""

import pytest

from server.cluster.address import EngineError, Kind, read_address


def test_one_server_has_a_host_a_port_a_user_and_a_database() -> None:
    address = read_address("redis://ann:pass%40word@redis.test:7000/3")
    assert (address.kind, address.hosts, address.is_tls) == (Kind.SINGLE, (("redis.test", 7000),), False)
    assert address.options == {"username": "ann", "password": "pass@word", "db": 3}


def test_a_port_that_is_not_named_is_the_usual_one() -> None:
    assert read_address("redis://redis.test").hosts == (("redis.test", 6379),)
    assert read_address("redis+sentinel://a,b/main").hosts == (("a", 26379), ("b", 26379))
    assert read_address("redis+cluster://a").hosts == (("a", 6379),)


def test_tls_is_a_letter_more_and_its_options_follow() -> None:
    address = read_address("rediss://redis.test?ssl_ca_certs=/etc/ca.pem")
    assert address.is_tls
    assert address.options == {"ssl_ca_certs": "/etc/ca.pem"}
    assert read_address("rediss+cluster://a:1,b:2").is_tls


def test_a_socket_on_this_machine_has_a_path() -> None:
    address = read_address("unix:///run/redis.sock?db=2")
    assert (address.path, address.hosts, address.options) == ("/run/redis.sock", (), {"db": 2})


def test_sentinels_are_several_and_may_have_a_password_of_their_own() -> None:
    address = read_address("redis+sentinel://ann:word@a:1,[::1]:2/main?sentinel_password=other")
    assert (address.kind, address.hosts, address.master) == (Kind.SENTINEL, (("a", 1), ("::1", 2)), "main")
    assert address.options == {"username": "ann", "password": "word"}
    assert address.sentinel_options == {"password": "other"}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://redis.test", "begins with redis://"),
        ("redis.test:6379", "begins with redis://"),
        ("unix+cluster:///path", "cannot be used"),
        ("redis://:hidden@redis.test:port", "cannot be read"),
        ("redis+cluster://:hidden@a:port", "cannot be read"),
        ("redis+cluster://a,,b", "cannot be read"),
        ("redis+sentinel://a:1", "ends with the master's name"),
        ("redis+cluster://a:1/3", "no numbered databases"),
        ("redis://a?socket_timeout=hidden", "cannot be read"),
        ("redis://:hid/den@redis.test", "Percent-encode .* password: .* / .* are written %2F"),
        ("redis://:1234/hidden@redis.test", "/ .* are written %2F"),
        ("redis://ann:1234#hidden@redis.test", "are written %2F %3F %23"),
        ("redis+sentinel://ann:1234/hidden@a:1,b:2/main", "are written %2F"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(EngineError, match=words) as error:
        read_address(url)
    assert "hidden" not in str(error.value)


def test_what_is_shown_has_no_password() -> None:
    assert read_address("redis+cluster://ann:hidden@a:1,b:2").shown == "a:1,b:2"
    assert read_address("unix:///run/redis.sock?password=hidden").shown == "/run/redis.sock"
