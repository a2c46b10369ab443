"""What an operator types, and what they are told where it cannot be meant: before the server is asked.

Knows the shapes alone. Never knows whether there is such a ticket, ban or person.
"""

import re
import sys
from collections.abc import Callable
from typing import Any

import click

from server.operate.admin.requests import ONE_LINE, SPAN_MAX_S

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Span(click.ParamType[float]):
    """A span such as 90m, 12h or 7d; becomes seconds."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        found = re.fullmatch(r"(\d{1,6})([smhd])", str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no span; write 90m, 12h or 7d.", param, ctx)
        if (seconds := int(found[1]) * _UNITS[found[2]]) > SPAN_MAX_S:
            self.fail("ten years are the longest; without --for it is until it is lifted.", param, ctx)
        return seconds


class Shape(click.ParamType[str]):
    """A text that the server takes as it is: refused here in words, before anybody is asked."""

    def __init__(self, name: str, fits: str, advice: str) -> None:
        self.name = name
        self._fits = re.compile(fits)
        self._advice = advice

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text."""
        if self._fits.fullmatch(str(value)) is None:
            self.fail(self._advice, param, ctx)
        return str(value)


TICKET = Shape("ticket", r"[A-Za-z0-9_-]{1,64}", "that is no ticket; `hereabouts admin reports` lists them.")
BAN = Shape("ban", r"[A-Za-z0-9_-]{1,64}", "that is no ban; `hereabouts admin bans` lists them.")
_LETTER = ONE_LINE.removeprefix(r"\A").removesuffix(r"*\Z")
WORDS = Shape("text", _LETTER + "{1,500}", "write one line of 1 to 500 characters.")


def one_person(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with the two ways to say whom it is about."""
    command = click.option("--identity", help="Their number, as in a report.")(command)
    return click.option(
        "--token", prompt=False, help="The token they show; read from the terminal if it is `-`, so no list holds it."
    )(command)


def who(token: str | None, identity: str | None) -> dict[str, str]:
    """Return the fields of a request about one person; a token that is `-` is read from the terminal."""
    if token == "-":
        token = click.prompt("Token", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
    if token is not None:
        return {"token": token}
    if identity is not None:
        return {"identity": identity}
    raise click.UsageError("Say who: --token - or --identity NUMBER.")
