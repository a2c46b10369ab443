"""`hereabouts config`, and the options by which every command that needs settings is given them.

Knows how settings look on a command line and on paper. Must never print a value of a secret.
"""

import functools
import os
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import click

from server.loading import DEFAULT, Loaded, SettingsError, load
from server.setting_table import SETTINGS, Setting
from server.settings import BINDS_LOOPBACK, SECRETS, shown

R = TypeVar("R")

_WIDTH = 100


_OWN_FLAGS = {
    "host": "ADDRESS",
    "port": "PORT",
    "redis": "URL",
    "workers": "N",
    "data": "FOLDER",
    "store": "URL",
    "tls_cert": "FILE",
    "tls_key": "FILE",
    "finest_cell": "LENGTH",
}

_OPTIONS = (
    click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Read settings from this TOML file; the environment (HEREABOUTS_<NAME>) and flags override it.",
    ),
    click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set any setting, repeatable; `hereabouts config` prints them all. Others can see a command "
        "line: keep the secret in the environment.",
    ),
)


def settings_options(command: Callable[..., R]) -> Callable[..., R]:
    """Return the command with --config, --set and the flags of common settings; it is handed `loaded`.

    Below `@click.command()`. Whatever is wrong with the settings ends the command with status 2 and a
    sentence that says so.
    """
    return settings_options_listing(*_OWN_FLAGS)(command)


def settings_options_listing(*listed: str, **told: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return a decorator as `settings_options` whose help lists the flags of these settings alone.

    The others are taken all the same: a command may be given the very flags that the server was started with.

    Args:
        told: settings listed with words of their own, where the server's would mislead.
    """

    def decorate(command: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(command)
        def with_settings(
            *args: object, config_file: Path | None, assignments: tuple[str, ...], **options: object
        ) -> R:
            own_flags = {name: options.pop(name) for name in _OWN_FLAGS}
            flags = _assigned(assignments) | {name: str(v) for name, v in own_flags.items() if v is not None}
            try:
                loaded = load(config_file, os.environ, flags)
            except SettingsError as error:
                raise click.UsageError(str(error)) from None
            return command(*args, loaded=loaded, **options)

        for name in reversed(_OWN_FLAGS):
            about = told.get(name, SETTINGS[name].description)
            _own_flag(name, about, is_listed=name in listed or name in told)(with_settings)
        for option in reversed(_OPTIONS):
            option(with_settings)
        return with_settings

    return decorate


def _own_flag(name: str, about: str, *, is_listed: bool) -> Callable[[Callable[..., R]], Callable[..., R]]:
    return click.option(
        f"--{name.replace('_', '-')}",
        metavar=_OWN_FLAGS[name],
        help=about,
        hidden=not is_listed,
    )


def _assigned(assignments: tuple[str, ...]) -> dict[str, str]:
    """Return what --set says by name; of two for one name the later holds."""
    flags = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            # Not repeated in the message: it may be the secret, mistyped.
            raise click.UsageError("--set takes NAME=VALUE, for example --set seats_target=6.")
        flags[name.strip()] = value.strip()
    return flags


@click.command(
    epilog="""\b
Examples:
  hereabouts config
  hereabouts config --set window_s=900 > hereabouts.toml
  hereabouts serve --config hereabouts.toml
"""
)
@settings_options
def config(loaded: Loaded) -> None:
    """Print the settings in force as TOML: what each is for, its range, and where its value came from.

    The output, kept in a file and given to --config, leads to the same settings. No secret is in it.
    """
    click.echo(as_toml(loaded), nl=False)


def as_toml(loaded: Loaded) -> str:
    """Return the settings in force as a commented TOML file that `load` reads back to the same settings.

    All but secrets, which are left to be given again.
    """
    parts = ["# The settings of a Hereabouts server. Of file, environment and flags the later one holds.\n"]
    parts += ["\n".join(_lines(setting, loaded)) + "\n" for setting in SETTINGS.values()]
    return "\n".join(parts)


def _lines(setting: Setting, loaded: Loaded) -> Iterator[str]:
    """Yield the comments on one setting and its line; commented out too where setting it would change more."""
    name, value = setting.name, getattr(loaded.settings, setting.name)
    yield from textwrap.wrap(setting.description, _WIDTH, initial_indent="# ", subsequent_indent="# ")
    yield f"# Takes {setting.allowed}. From: {_printable(loaded.origin[name])}."
    if name in SECRETS:
        yield f"# {name}: {shown(name, value)}"
    elif name in BINDS_LOOPBACK and loaded.origin[name] == DEFAULT:
        yield "# Clients on this machine are exempt while the next line is commented out."
        yield f"# {name} = {shown(name, value)}"
    else:
        yield f"{name} = {shown(name, value)}"


def _printable(origin: str) -> str:
    """Return an origin fit for a comment: a file's name may hold line breaks, or bytes that are no text."""
    return origin if origin.isprintable() else ascii(origin)
