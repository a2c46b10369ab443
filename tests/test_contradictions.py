"""Which settings cannot be used with one another, and what is said of them."""

from typing import Any

import pytest

from tests.given_settings import A_SECRET, refusal, with_flags


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ({"seats_min": 9}, ("seats_min", "seats_target")),
        ({"seats_target": 13}, ("seats_target", "seats_max")),
        ({"reach_max_m": 200_001}, ("reach_max_m", "far_max_m")),
        ({"text_max_chars": 5000}, ("text_max_chars", "frame_max_bytes")),
        ({"unsent_max_bytes": 16_383}, ("frame_max_bytes", "unsent_max_bytes")),
        ({"same_text_rooms": 6}, ("same_text_rooms", "same_text_rooms_all")),
    ],
)
def test_values_that_contradict_each_other_are_refused_with_both_names(
    flags: dict[str, int], names: tuple[str, str]
) -> None:
    message = refusal(flags)
    assert all(name in message for name in names)


def test_values_in_harmony_are_taken_though_each_alone_would_not_be() -> None:
    settings = with_flags(window_s=10, closing_s=2, seats_min=2, seats_target=20, seats_max=20).settings
    assert (settings.window_s, settings.closing_s, settings.seats_max) == (10, 2, 20)


def test_holding_a_text_from_nobody_contradicts_nothing() -> None:
    assert with_flags(same_text_rooms_all=0).settings.same_text_rooms_all == 0


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"redis": "redis://127.0.0.1"}, "nodes of one cluster share one. Set HEREABOUTS_SECRET to what `openssl rand"),
        (
            {"redis": "http://127.0.0.1", "secret": A_SECRET},
            "redis: The address of Redis cannot be used: it begins with",
        ),
        ({"redis": "redis://127.0.0.1", "secret": A_SECRET, "data": "d"}, "a folder belongs to one process alone"),
        ({"workers": 2, "data": "d"}, "a folder belongs to one process alone"),
        ({"workers": 65}, "a whole number, 1 to 64"),
    ],
)
def test_what_several_processes_cannot_have_is_refused(flags: dict[str, Any], words: str) -> None:
    assert words in refusal(flags)


def test_the_password_in_an_address_is_never_told() -> None:
    for address in ("redis://user:hunter2@127.0.0.1", "redis://user:hunter2@[", "hunter2"):
        assert "hunter2" not in refusal({"redis": address})


def test_several_processes_need_a_secret_only_where_they_do_not_begin_together() -> None:
    assert with_flags(workers=3).settings.workers == 3
    assert with_flags(redis="unix:///run/redis.sock", secret=A_SECRET).settings.redis == "unix:///run/redis.sock"


@pytest.mark.parametrize(("there", "missing"), [("tls_cert", "tls_key"), ("tls_key", "tls_cert")])
def test_a_certificate_without_its_key_is_refused_and_so_is_a_key_alone(there: str, missing: str) -> None:
    assert refusal({there: "some.pem"}) == f"{there} is set and {missing} is not: TLS takes both."
    assert with_flags(tls_cert="some.pem", tls_key="some.pem").settings.tls_cert == "some.pem"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"store": "redis://127.0.0.1"}, "what is kept could not be read after a restart"),
        ({"trusted_proxies": "nowhere"}, "trusted_proxies"),
        ({"auth_secret": "s" * 32}, "auth_issuer is not set"),
        ({"features_off": "talk"}, "'talk' is no feature to switch off"),
        ({"area": "dr5r aaaa"}, "'aaaa'"),
        ({"webhook_url": "https://:9/", "webhook_secret": "s" * 24}, "names no host and port"),
        ({"webhook_url": "https://host.example/"}, "no webhook_secret"),
    ],
)
def test_what_cannot_be_used_is_refused_whatever_it_is_about(flags: dict[str, Any], words: str) -> None:
    assert words in refusal(flags)
