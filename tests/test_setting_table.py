"""The table of settings: what each takes and what it is for."""

import pytest

from server.loading import SettingsError
from server.setting_table import SETTINGS
from tests.given_settings import refusal, with_flags

numbers = [name for name, setting in SETTINGS.items() if setting.kind is not str]


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


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_says_what_it_is_for_in_a_sentence(name: str) -> None:
    assert SETTINGS[name].description.endswith(".")
    assert SETTINGS[name].description[0].isupper() or SETTINGS[name].description[0].isdigit()
