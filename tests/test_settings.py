"""Settings: their names, defaults and ranges, and that secrets are not shown."""

import pytest

from rooms.rules import Rules
from server.limits import Limits
from server.loading import load
from server.setting_table import SETTINGS
from server.settings import BINDS_LOOPBACK, SECRETS, Settings
from tests.given_settings import A_SECRET, refusal, with_flags

# Names stay for ever: clients, scripts and configuration files of strangers say them.
DEFAULTS: dict[str, int | float | str] = {
    "seats_min": 3,
    "seats_target": 8,
    "seats_max": 12,
    "window_s": 1800,
    "closing_s": 120,
    "finest_cell": 6,
    "reach_max_m": 15_000,
    "far_max_m": 200_000,
    "look_every_s": 10,
    "widen_every_s": 10,
    "resume_grace_s": 30,
    "away_s": 900,
    "parting_gain": 0.14,
    "topic_gain": 0.3,
    "recent_events": 200,
    "new_identity_s": 600,
    "token_ttl_s": 604_800,
    "eject_present_s": 120,
    "eject_every_s": 43_200,
    "report_grace_s": 600,
    "report_ttl_s": 2_592_000,
    "audit_ttl_s": 31_536_000,
    "same_text_rooms": 3,
    "filter_file": "",
    "same_text_rooms_all": 5,
    "work_above_connects_per_s": 200,
    "drain_s": 30,
    "say_per_s": 1,
    "say_burst": 5,
    "say_per_min": 20,
    "room_per_min": 60,
    "next_per_h": 6,
    "shakes_per_h": 30,
    "throws_per_day": 3,
    "picks_per_day": 20,
    "answers_per_day": 20,
    "keeps_per_h": 60,
    "features_off": "",
    "cells_per_h": 6,
    "text_max_chars": 1000,
    "frame_max_bytes": 16_384,
    "errors_per_min": 60,
    "connections_max": 18_000,
    "connections_per_address": 50,
    "sockets_per_address": 6000,
    "handshake_timeout_s": 5,
    "enter_timeout_s": 10,
    "ping_every_s": 25,
    "pong_timeout_s": 20,
    "unsent_max_bytes": 262_144,
    "unsent_max_s": 10,
    "time_scale": 1,
    "host": "127.0.0.1",
    "port": 8765,
    "redis": "",
    "workers": 1,
    "data": "",
    "store": "",
    "tls_cert": "",
    "tls_key": "",
    "trusted_proxies": "",
    "allowed_origins": "",
    "secret": "",
    "server_name": "Hereabouts",
    "terms": "",
    "contact": "",
    "auth_secret": "",
    "auth_jwks": "",
    "auth_issuer": "",
    "auth_audience": "",
    "auth_claims": "",
    "auth_required": 0,
    "terms_version": "",
    "adults_only": 0,
    "area": "",
    "hours": "",
    "hours_zone": "UTC",
    "outside": "",
    "admin_token": "",
    "admin_socket": "",
    "webhook_url": "",
    "webhook_secret": "",
}


def test_every_setting_has_its_published_name_and_default() -> None:
    settings = Settings()
    assert {name: getattr(settings, name) for name in SETTINGS} == DEFAULTS


def test_every_default_stands_in_one_class_alone() -> None:
    own = [set(vars(each)["__annotations__"]) for each in (Rules, Limits, Settings)]
    assert sum(map(len, own)) == len(set.union(*own)) == len(SETTINGS)


@pytest.mark.parametrize(
    "name",
    [n for n in DEFAULTS if "_per_" in n or n.endswith("_burst") or n.startswith("same_text_")] + ["new_identity_s"],
)
def test_zero_switches_off_whatever_may_be_switched_off(name: str) -> None:
    assert getattr(with_flags(**{name: 0}).settings, name) == 0
    assert " 0: " in SETTINGS[name].description


def test_the_sets_of_special_settings_hold_settings() -> None:
    assert set(SETTINGS) >= BINDS_LOOPBACK | SECRETS


def test_a_secret_of_64_hexadecimal_digits_is_taken() -> None:
    for secret in (A_SECRET, A_SECRET.upper()):
        assert load(None, {"HEREABOUTS_SECRET": secret}, {}).settings.secret == secret


def test_the_secret_is_in_no_representation_of_the_settings() -> None:
    loaded = load(None, {"HEREABOUTS_SECRET": A_SECRET}, {"port": 1})
    for text in (repr(loaded), str(loaded), repr(loaded.settings), f"{loaded.settings}"):
        assert A_SECRET not in text
        assert "port=1" in text


@pytest.mark.parametrize("text", ["two\nlines", "a\x00b", "\x1b[31m", "\ud800", "x" * 3000, "\x85"])
def test_a_text_of_more_than_one_printable_line_is_refused(text: str) -> None:
    assert "one line of text" in refusal({"terms": text})


def test_an_empty_name_or_host_is_refused() -> None:
    assert "1 to 64 characters" in refusal({"server_name": ""})
    assert "1 to 253 characters" in refusal({"host": ""})
