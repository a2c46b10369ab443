"""Settings as a test gives them, and the message with which they are refused."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from server.loading import Loaded, SettingsError, load

A_SECRET = "0123456789abcdef" * 4


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
