"""What an operator may switch off, by name."""

import pytest

from server.commands import Command, ThrowBack
from server.features import FEATURES
from server.routes import FEATURE_OF
from tests.bare_sessions import NOW, RIGHT, error, seated
from tests.given_settings import refusal, with_flags
from tests.sessions import make_house


def test_any_features_may_be_off_and_nothing_else() -> None:
    assert with_flags(features_off=" ".join(FEATURES)).settings.features_off.split() == list(FEATURES)
    assert "features_off: 'gravity' is no feature" in refusal({"features_off": "shake gravity"})


# A bottle in hand may be let go of, whatever is off by then.
@pytest.mark.parametrize("command", [command for command in FEATURE_OF if command is not ThrowBack])
def test_a_command_of_a_feature_that_is_off_is_refused(command: type[Command]) -> None:
    session = seated(make_house(features_off=FEATURE_OF[command]))
    assert error(session.receive(RIGHT[command]("nobody"), now=NOW)).code == "unavailable"
