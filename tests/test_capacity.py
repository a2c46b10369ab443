"""What a crowd needs is said before it starts, with what to type about it."""

import socket
import sys

import pytest

from client_demo.capacity import (
    allowed_words_per_s,
    descriptor_shortage,
    overdriven,
    port_shortage,
    seat_shortage,
)
from client_demo.machine import BadSource, check_sources, ephemeral_ports, parse_sources, raise_descriptor_limit

LIMITS = {"say_per_s": 1.0, "say_per_min": 20, "room_per_min": 60, "seats_max": 12, "time_scale": 1.0}


def test_enough_descriptors_are_no_shortage() -> None:
    assert descriptor_shortage(1000, 1, hard_limit=1064) is None
    assert descriptor_shortage(1000, 2, hard_limit=564) is None


def test_too_few_descriptors_name_the_ulimit_and_the_processes_that_would_do() -> None:
    sentence = descriptor_shortage(5000, 1, hard_limit=1024) or ""
    assert "ulimit -n 5064" in sentence
    assert "--processes 6" in sentence
    assert descriptor_shortage(5000, 6, hard_limit=1024) is None


def test_ports_are_counted_per_address() -> None:
    assert port_shortage(28_232, 0, first_port=32_768, last_port=60_999) is None
    sentence = port_shortage(60_000, 1, first_port=32_768, last_port=60_999) or ""
    assert "--source 127.0.0.2-127.0.0.4" in sentence
    assert port_shortage(60_000, 3, first_port=32_768, last_port=60_999) is None


def test_a_server_known_to_take_fewer_connections_is_named() -> None:
    assert seat_shortage(100, {}) is None
    assert seat_shortage(100, {"connections_max": 100}) is None
    assert "connections_max=201" in (seat_shortage(101, {"connections_max": 100}) or "")


def test_the_words_a_server_allows_are_those_of_its_tightest_limit() -> None:
    assert allowed_words_per_s(300, LIMITS) == {"say_per_s": 300, "say_per_min": 100, "room_per_min": 25}
    assert allowed_words_per_s(1, LIMITS)["room_per_min"] == 1.0


def test_a_faster_clock_of_the_server_allows_more() -> None:
    assert allowed_words_per_s(300, LIMITS | {"time_scale": 600})["room_per_min"] == 15_000


def test_a_limit_of_0_or_an_unknown_one_is_none() -> None:
    assert allowed_words_per_s(300, {"say_per_s": 0, "room_per_min": True, "say_per_min": "20"}) == {}
    assert overdriven(1e6, 1, {}) is None


def test_a_rate_within_the_limits_is_not_overdriven() -> None:
    assert overdriven(25, 300, LIMITS) is None


def test_a_rate_beyond_the_limits_is_told_with_what_to_set_and_how_many_people_would_do() -> None:
    over = overdriven(50, 300, LIMITS)
    assert over is not None
    assert over.allowed_per_s == 25
    assert "--set room_per_min=0`" in over.sentence
    assert "say_per_min" not in over.sentence
    assert "--count 600" in over.sentence
    assert overdriven(50, 600, LIMITS) is None


def test_who_would_be_put_out_for_too_many_refusals_is_told_so_before() -> None:
    mild, wild = (overdriven(rate, 300, LIMITS | {"errors_per_min": 60}) for rate in (300, 400))
    assert mild is not None
    assert wild is not None
    assert "errors_per_min" not in mild.sentence
    assert "errors_per_min" in wild.sentence


def test_every_limit_that_stands_in_the_way_is_named() -> None:
    over = overdriven(1000, 300, LIMITS)
    assert over is not None
    for name in ("say_per_s", "say_per_min", "room_per_min"):
        assert f"--set {name}=0" in over.sentence


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        (None, ()),
        ("", ()),
        ("127.0.0.2", ("127.0.0.2",)),
        ("127.0.0.2-127.0.0.4", ("127.0.0.2", "127.0.0.3", "127.0.0.4")),
        ("127.0.0.254-127.0.1.1", ("127.0.0.254", "127.0.0.255", "127.0.1.0", "127.0.1.1")),
        ("127.0.0.2, 127.0.0.2 ,::1", ("127.0.0.2", "::1")),
    ],
)
def test_sources_are_addresses_ranges_or_several(text: str | None, addresses: tuple[str, ...]) -> None:
    assert parse_sources(text) == addresses


@pytest.mark.parametrize(
    "text", ["localhost", "127.0.0.9-127.0.0.2", "127.0.0.1-::1", "127.0.0.0-127.255.0.0", "1-2", "127.0.0.2-x"]
)
def test_anything_else_is_no_source(text: str) -> None:
    with pytest.raises(BadSource):
        parse_sources(text)


def test_only_an_address_of_this_machine_can_be_connected_from() -> None:
    check_sources(("127.0.0.1",))
    with pytest.raises(BadSource, match=r"192\.0\.2\.1 is no address of this machine"):
        check_sources(("127.0.0.1", "192.0.2.1"))


def test_the_machine_names_a_range_of_ports() -> None:
    first, last = ephemeral_ports()
    assert 1024 <= first < last <= 65_535


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_the_soft_limit_of_open_files_is_raised_as_far_as_needed() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, before[1]))
        hard = raise_descriptor_limit(300)
        assert hard >= 300
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 300
        many = [socket.socket() for _ in range(220)]
        for each in many:
            each.close()
        raise_descriptor_limit(100)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 300
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
