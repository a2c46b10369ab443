"""Which of file, environment and flags has the last word, and what is refused in each."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.loading import DEFAULT, SettingsError, load
from server.setting_table import SETTINGS
from server.settings import Settings
from tests.given_settings import A_SECRET, refusal, with_flags

numbers = [name for name, setting in SETTINGS.items() if setting.kind is not str]


def toml(folder: Path, text: str) -> Path:
    path = folder / "hereabouts.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_set_gives_the_defaults() -> None:
    loaded = load(None, {"PATH": "/bin"}, {})
    assert loaded.settings == Settings()
    assert set(loaded.origin.values()) == {DEFAULT}
    assert list(Settings().contradictions()) == []


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
