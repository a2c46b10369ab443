"""What an operator may switch off, by name."""

from server.features import FEATURES
from tests.given_settings import refusal, with_flags


def test_any_features_may_be_off_and_nothing_else() -> None:
    assert with_flags(features_off=" ".join(FEATURES)).settings.features_off.split() == list(FEATURES)
    assert "features_off: 'gravity' is no feature" in refusal({"features_off": "shake gravity"})
