"""Settings: their names, defaults and ranges, and which of file, environment and flags has the last word."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rooms.rules import Rules
from server.limits import Limits
from server.settings import (
    BINDS_LOOPBACK,
    DEFAULT,
    SECRETS,
    SETTINGS,
    Loaded,
    Settings,
    SettingsError,
    load,
)

A_SECRET = "0123456789abcdef" * 4

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

numbers = [name for name, setting in SETTINGS.items() if setting.kind is not str]


def with_flags(**flags: str | int | float) -> Loaded:
    return load(None, {}, flags)


def refusal(
    flags: Mapping[str, str | int | float],
    *,
    config_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Return the message with which these settings are refused."""
    with pytest.raises(SettingsError) as caught:
        load(config_file, environ or {}, flags)
    return str(caught.value)


def toml(folder: Path, text: str) -> Path:
    path = folder / "hereabouts.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_setting_has_its_published_name_and_default() -> None:
    settings = Settings()
    assert {name: getattr(settings, name) for name in SETTINGS} == DEFAULTS


def test_nothing_set_gives_the_defaults() -> None:
    loaded = load(None, {"PATH": "/bin"}, {})
    assert loaded.settings == Settings()
    assert set(loaded.origin.values()) == {DEFAULT}
    assert list(Settings().contradictions()) == []


def test_every_default_stands_in_one_class_alone() -> None:
    own = [set(vars(each)["__annotations__"]) for each in (Rules, Limits, Settings)]
    assert sum(map(len, own)) == len(set.union(*own)) == len(SETTINGS)


@pytest.mark.parametrize("name", numbers)
def test_every_number_takes_its_bounds_and_nothing_beyond(name: str) -> None:
    setting = SETTINGS[name]
    assert setting.low <= float(setting.default) <= setting.high
    for beyond in (setting.low - 1, setting.high + 1):
        message = refusal({name: beyond})
        assert f"{name} = " in message
        assert f"{setting.low} to {setting.high}" in message
    # The bounds themselves are in range, though they may contradict another setting's default.
    for bound in (setting.low, setting.high):
        message = ""
        try:
            with_flags(**{name: bound})
        except SettingsError as error:
            message = str(error)
        assert "it takes" not in message


@pytest.mark.parametrize(
    "name",
    [n for n in DEFAULTS if "_per_" in n or n.endswith("_burst") or n.startswith("same_text_")] + ["new_identity_s"],
)
def test_zero_switches_off_whatever_may_be_switched_off(name: str) -> None:
    assert getattr(with_flags(**{name: 0}).settings, name) == 0
    assert " 0: " in SETTINGS[name].description


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_says_what_it_is_for_in_a_sentence(name: str) -> None:
    assert SETTINGS[name].description.endswith(".")
    assert SETTINGS[name].description[0].isupper() or SETTINGS[name].description[0].isdigit()


def test_the_environment_overrides_the_file_and_a_flag_overrides_both(tmp_path: Path) -> None:
    path = toml(tmp_path, "seats_min = 2\nseats_target = 5\nseats_max = 9\n")
    environ = {"HEREABOUTS_SEATS_TARGET": "6", "HEREABOUTS_SEATS_MAX": "10"}
    loaded = load(path, environ, {"seats_max": "11"})
    assert (loaded.settings.seats_min, loaded.settings.seats_target, loaded.settings.seats_max) == (2, 6, 11)
    assert loaded.origin["seats_min"] == f"file {path}"
    assert loaded.origin["seats_target"] == "environment HEREABOUTS_SEATS_TARGET"
    assert loaded.origin["seats_max"] == "command line"
    assert loaded.origin["window_s"] == DEFAULT


def test_a_setting_is_explicit_even_when_set_to_its_default() -> None:
    loaded = with_flags(connections_per_address=50)
    assert loaded.explicit("connections_per_address")
    assert not loaded.explicit("port")
    with pytest.raises(KeyError):
        loaded.explicit("connections_per_adress")


def test_texts_become_numbers_where_the_setting_is_one() -> None:
    loaded = load(None, {"HEREABOUTS_SAY_PER_S": "0.5"}, {"port": "0", "server_name": "12", "window_s": "60",
                                                          "closing_s": "5"})  # fmt: skip
    assert loaded.settings.say_per_s == 0.5
    assert loaded.settings.port == 0
    assert loaded.settings.server_name == "12"
    assert loaded.settings.window_s == 60


def test_whole_numbers_of_a_fractional_setting_have_its_type(tmp_path: Path) -> None:
    loaded = load(toml(tmp_path, "drain_s = 5"), {}, {})
    assert isinstance(loaded.settings.drain_s, float)
    floats = [name for name in SETTINGS if SETTINGS[name].kind is float]
    assert all(isinstance(getattr(Settings(), name), float) for name in floats)


@pytest.mark.parametrize("value", ["", "x", "8.5", "8.0", "nan", "inf", "0x10", "1e400", "9" * 5000, "\ud800"])
def test_a_text_that_is_no_whole_number_is_refused_where_one_is_wanted(value: str) -> None:
    assert "seats_target = " in refusal({"seats_target": value})
    assert "HEREABOUTS_SEATS_TARGET" in refusal({}, environ={"HEREABOUTS_SEATS_TARGET": value})


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_what_is_no_finite_number_is_refused(value: str, tmp_path: Path) -> None:
    assert "drain_s = " in refusal({"drain_s": value})
    assert "drain_s = " in refusal({}, config_file=toml(tmp_path, f"drain_s = {value}"))


@pytest.mark.parametrize("value", ["true", '"8"', "[8]", "{ a = 8 }", "8.5", "2024-01-01"])
def test_a_file_s_value_of_the_wrong_type_is_refused(value: str, tmp_path: Path) -> None:
    assert "seats_target = " in refusal({}, config_file=toml(tmp_path, f"seats_target = {value}"))


def test_a_refusal_names_setting_value_range_and_origin() -> None:
    message = refusal({}, environ={"HEREABOUTS_SEATS_MAX": "99"})
    assert "environment HEREABOUTS_SEATS_MAX: seats_max = 99" in message
    assert "a whole number, 2 to 50" in message


@pytest.mark.parametrize(
    ("wrong", "right"), [("seat_max", "seats_max"), ("finest-cell", "finest_cell"), ("PORT", "port")]
)
def test_an_unknown_name_is_refused_with_the_nearest_right_one(wrong: str, right: str, tmp_path: Path) -> None:
    assert f"the nearest is {right}" in refusal({wrong: "7"})
    assert f"the nearest is {right}" in refusal({}, config_file=toml(tmp_path, f"{wrong} = 7"))


def test_a_name_near_nothing_is_refused_with_where_to_find_them_all() -> None:
    assert "hereabouts config" in refusal({"xyzzy": "1"})


def test_a_table_in_the_file_is_no_setting(tmp_path: Path) -> None:
    assert "no setting 'rooms'" in refusal({}, config_file=toml(tmp_path, "[rooms]\nseats_max = 9\n"))


def test_an_unknown_variable_with_the_prefix_is_refused() -> None:
    assert "the nearest is seats_target" in refusal({}, environ={"HEREABOUTS_SEATS_TARGETS": "8"})


def test_a_variable_in_small_letters_is_refused_lest_two_spellings_compete() -> None:
    assert "the nearest is port" in refusal({}, environ={"HEREABOUTS_port": "1"})


def test_variables_of_tests_and_of_others_are_left_alone() -> None:
    environ = {"HEREABOUTS_TEST_REDIS_URL": "redis://nowhere", "SEATS_MAX": "99", "hereabouts_port": "x"}
    assert load(None, environ, {}).settings == Settings()


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


def test_the_sets_of_special_settings_hold_settings() -> None:
    assert set(SETTINGS) >= BINDS_LOOPBACK | SECRETS


def test_a_secret_of_64_hexadecimal_digits_is_taken() -> None:
    for secret in (A_SECRET, A_SECRET.upper()):
        assert load(None, {"HEREABOUTS_SECRET": secret}, {}).settings.secret == secret


@pytest.mark.parametrize("secret", ["hunter2", A_SECRET[:-1], A_SECRET + "0", A_SECRET[:-1] + "g", A_SECRET + "\n"])
def test_a_malformed_secret_is_refused_without_being_shown(secret: str, tmp_path: Path) -> None:
    path = toml(tmp_path, f"secret = {secret.strip()!r}\n")
    messages = [refusal({}, environ={"HEREABOUTS_SECRET": secret}), refusal({"secret": secret})]
    if secret.strip() != A_SECRET:
        messages.append(refusal({}, config_file=path))
    for message in messages:
        assert "64 hexadecimal digits" in message
        assert secret.strip() not in message


@pytest.mark.parametrize(
    ("variable", "name"), [("HEREABOUTS_SECRETT", "secret"), ("HEREABOUTS_THE_SECRET", "auth_secret")]
)
def test_a_secret_under_a_mistyped_name_is_not_shown_either(variable: str, name: str) -> None:
    message = refusal({}, environ={variable: A_SECRET})
    assert f"the nearest is {name}" in message
    assert A_SECRET not in message


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


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "absent.toml cannot be read" in refusal({}, config_file=tmp_path / "absent.toml")
    assert "cannot be read" in refusal({}, config_file=tmp_path)


@pytest.mark.parametrize(
    "content", [b"seats_max = ", b"seats_max 9", b"\xff\xfe", b"port = 1\nport = 2", b"x = " + b"[" * 50_000]
)
def test_a_file_that_is_not_toml_is_refused_as_such(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hereabouts.toml"
    path.write_bytes(content)
    assert "is not TOML" in refusal({}, config_file=path)


def test_a_mark_of_utf_8_before_the_settings_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "hereabouts.toml"
    path.write_text("seats_max = 9\n", encoding="utf-8-sig")
    assert load(path, {}, {}).settings.seats_max == 9


@given(st.dictionaries(st.sampled_from(sorted(SETTINGS)) | st.text(max_size=20), st.text(max_size=20), max_size=4))
def test_any_flags_give_settings_in_range_or_a_refusal(flags: dict[str, str]) -> None:
    try:
        settings = load(None, {}, flags).settings
    except SettingsError:
        return
    assert list(settings.contradictions()) == []
    assert all(SETTINGS[n].low <= getattr(settings, n) <= SETTINGS[n].high for n in numbers)


toml_values = st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.lists(st.integers(), max_size=2)


@given(st.sampled_from(sorted(SETTINGS)), toml_values)
@example("drain_s", 10**400)
@example("seats_max", 10**400)
@example("seats_max", True)
def test_any_value_of_a_file_is_taken_in_its_type_or_refused(name: str, value: Any) -> None:
    try:
        settings = load(None, {}, {name: value}).settings
    except SettingsError:
        return
    assert type(getattr(settings, name)) is SETTINGS[name].kind


@pytest.mark.parametrize(("there", "missing"), [("tls_cert", "tls_key"), ("tls_key", "tls_cert")])
def test_a_certificate_without_its_key_is_refused_and_so_is_a_key_alone(there: str, missing: str) -> None:
    assert refusal({there: "some.pem"}) == f"{there} is set and {missing} is not: TLS takes both."
    assert with_flags(tls_cert="some.pem", tls_key="some.pem").settings.tls_cert == "some.pem"
