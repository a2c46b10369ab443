"""The settings in force, and where each value came from.

Knows how TOML file, environment and flags override one another, in this order. No value of a secret enters a message,
not even a malformed one.
"""

import contextlib
import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from server.setting_table import SETTINGS
from server.settings import SECRETS, Settings

ENVIRONMENT_PREFIX = "HEREABOUTS_"
TEST_PREFIX = "HEREABOUTS_TEST_"

DEFAULT = "default"
"""The origin of a value that nobody set."""


class SettingsError(ValueError):
    """A setting is unknown, malformed, out of range, or contradicts another; the message says which."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and per name where the value came from."""

    settings: Settings
    origin: Mapping[str, str]

    def explicit(self, name: str) -> bool:
        """Tell whether somebody set this one, be it to its default. Raises KeyError for an unknown name."""
        return self.origin[name] != DEFAULT


def load(config_file: Path | None, environ: Mapping[str, str], flags: Mapping[str, str | int | float]) -> Loaded:
    """Return the settings in force: defaults, overridden by the file, then the environment, then the flags.

    Args:
        environ: every `HEREABOUTS_*` in it must be a setting, but for `HEREABOUTS_TEST_*`.
        flags: by setting name; texts are read as numbers where the setting is one.

    Raises:
        SettingsError: a name is unknown, a value malformed or out of range, or two contradict each other.
    """
    values: dict[str, Any] = {}
    origin = dict.fromkeys(SETTINGS, DEFAULT)
    for name, value, source in (*_from_file(config_file), *_from_environment(environ), *_from_flags(flags)):
        values[name] = _checked(name, value, source)
        origin[name] = source
    settings = Settings(**values)
    if contradictions := list(settings.contradictions()):
        raise SettingsError(" ".join(contradictions))
    return Loaded(settings, origin)


_Given = tuple[str, Any, str]
"""A setting's name, its value as it was written, and where."""


def _from_file(path: Path | None) -> Iterator[_Given]:
    if path is None:
        return
    try:
        # Some editors begin a file with a mark that TOML does not know.
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from None
    for name, value in table.items():
        yield name, value, f"file {path}"


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Given]:
    for variable in sorted(environ):
        if variable.startswith(ENVIRONMENT_PREFIX) and not variable.startswith(TEST_PREFIX):
            suffix = variable.removeprefix(ENVIRONMENT_PREFIX)
            # Only capitals: on POSIX systems two spellings would be two variables, of which one wins by chance.
            name = suffix.lower() if suffix.isupper() else variable
            yield name, _from_text(name, environ[variable]), f"environment {variable}"


def _from_flags(flags: Mapping[str, str | int | float]) -> Iterator[_Given]:
    for name, value in flags.items():
        yield name, _from_text(name, value) if isinstance(value, str) else value, "command line"


def _from_text(name: str, text: str) -> int | float | str:
    """Return the number a text stands for if the setting is a number, else the text as it is."""
    if name in SETTINGS and SETTINGS[name].kind is not str:
        for number in (int, float):
            with contextlib.suppress(ValueError):
                return number(text)
    return text


def _checked(name: str, value: object, source: str) -> int | float | str:
    """Return the value in its setting's type. Raises SettingsError, naming setting, value and range."""
    if name not in SETTINGS:
        raise SettingsError(f"{source}: there is no setting {name!a}; {_nearest(name)}.")
    setting = SETTINGS[name]
    try:
        converted: int | float | str = msgspec.convert(value, setting.annotated)
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter for surrogates, say from a broken environ
        written = "(not shown)" if name in SECRETS else f"{value!a:.80}"
        raise SettingsError(f"{source}: {name} = {written}, but it takes {setting.allowed}.") from None
    return converted


def _nearest(name: str) -> str:
    """Return words that lead from a name that does not exist to one that does."""
    plain = name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("-", "_")
    close = difflib.get_close_matches(plain, SETTINGS, n=1)
    return f"the nearest is {close[0]}" if close else "`hereabouts config` prints them all"
