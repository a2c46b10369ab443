"""`hereabouts admin`: the operator's commands, over the server's local socket.

Knows how requests and answers look on a terminal. What others wrote is shown with every control character replaced.
"""

import datetime
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from server.config import settings_options_listing
from server.loading import Loaded
from server.operate.admin.client import NoAnswer, Refused, ask
from server.operate.admin.requests import ONE_LINE, SPAN_MAX_S
from server.operate.admin.socket import socket_path

Ask = Callable[..., dict[str, Any]]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@click.group(
    epilog="""\b
Examples:
  hereabouts admin --data /var/lib/hereabouts reports
  hereabouts admin --data /var/lib/hereabouts show 7Q2MK4ZJ5WYH3ABC
  hereabouts admin --data /var/lib/hereabouts ban 9ec4af11f78508c2fb43e1a2 "Advertising after two warnings."
  # With --workers or --redis there is no folder: serve and admin are both told where the socket is.
  hereabouts serve --workers 4 --set admin_socket=/run/hereabouts/admin.sock
  hereabouts admin --set admin_socket=/run/hereabouts/admin.sock status
"""
)
@click.pass_context
@settings_options_listing(
    port="The port that the server was started with.", data="The folder that it was started with."
)
def admin(context: click.Context, loaded: Loaded) -> None:
    """Look at reports, warn, ban, back up: what the operator of a running server does, on its own machine.

    Give it the settings that the server was started with; it finds the socket by them.
    """
    context.obj = _asking(socket_path(loaded.settings, os.environ, port=loaded.settings.port))


def _asking(path: Path | None) -> Ask:
    """Return what asks the server there; that it is not said where is told only to who asks it something."""

    def asking(act: str, /, **fields: Any) -> dict[str, Any]:
        if path is None:
            raise click.UsageError(
                "Say where the server is: hereabouts admin --data FOLDER, or --set admin_socket=PATH."
            )
        try:
            told = ask(path, act, **fields)
        except (NoAnswer, Refused) as error:
            raise click.ClickException(shown(str(error))) from None
        for node in told.get("silent", ()):
            click.echo(f"{shown(node)} does not answer: what is there is not counted.", err=True)
        return told

    return asking


def shown(text: str) -> str:
    """Return a text that moves no cursor and hides nothing: a terminal obeys what it is sent."""
    return _UNSHOWN.sub("�", text)


def span(seconds: float) -> str:
    """Return a span at a glance, to the nearest: "3 d", "5 min"."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def moment(at: float) -> str:
    """Return a moment of UTC."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


def counted(number: int, one: str, many: str) -> str:
    """Return "1 person", "7 people"."""
    return f"{number} {one if number == 1 else many}"


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


@admin.command()
@click.pass_obj
def status(asks: Ask) -> None:
    """How the server is."""
    told = asks("status")
    people, rooms = counted(told["people"], "person", "people"), counted(told["rooms"], "room", "rooms")
    without = f", without {', '.join(map(shown, told['silent']))}" if told.get("silent") else ""
    click.echo(f"{people} ({told['connected']} connected) in {rooms}{without}")
    if len(told["nodes"]) > 1:
        click.echo("by the node that has their room:")
        for node in told["nodes"]:
            people, rooms = counted(node["people"], "person", "people"), counted(node["rooms"], "room", "rooms")
            click.echo(f"  {shown(node['node'])}: {people} ({node['connected']} connected) in {rooms}")
    oldest = f", the oldest {span(told['oldest_open_s'])} old" if told["oldest_open_s"] is not None else ""
    open_reports = counted(told["open_reports"], "open report", "open reports")
    click.echo(f"{open_reports}{oldest}; {counted(told['bans'], 'ban', 'bans')}")
    _tell_filters(told["filter"], told["nodes"])
    if told["degraded"]:
        click.echo(f"degraded: {shown(told['degraded'])}")
    if told["off"]:
        click.echo(f"off: {', '.join(told['off'])}")
    if not told["lasting"]:
        missing = "--store" if told["nodes"] else "--data"
        click.echo(f"blocks, bans and reports end with the process (no {missing})")


def _tell_filters(own: dict[str, Any] | None, nodes: list[dict[str, Any]]) -> None:
    """Say how the filter file is: of each node where they differ, but for when it was read."""
    states = [{**(node["filter"] or {}), "read_at": None} for node in nodes]
    if all(state == states[0] for state in states):
        if own is not None:
            click.echo(f"filter: {_filter(own)}")
        return
    for node in nodes:
        file = _filter(node["filter"]) if node["filter"] is not None else "no file"
        click.echo(f"filter of {shown(node['node'])}: {file}")


def _filter(told: dict[str, Any]) -> str:
    """Return how the filter file is, and which of its lines are no rules."""
    lines = [f"{counted(told['rules'], 'rule', 'rules')}, read {moment(told['read_at'])} UTC"]
    if told["problem"]:
        lines.append(f"it cannot be read now ({told['problem']}): these rules stay in force")
    lines += [f"line {broken['line']} is passed over: {broken['problem']}" for broken in told["broken_lines"]]
    if told["broken"] > len(told["broken_lines"]):
        lines.append(f"and {told['broken'] - len(told['broken_lines'])} more lines")
    return "\n  ".join(lines)


@admin.command()
@click.pass_obj
def reload(asks: Ask) -> None:
    """Read the filter file again, now, at all nodes; it is read by itself, too, seconds after it changes."""
    told = asks("reload")
    _tell_filters(told, told["nodes"])


@admin.command()
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@click.pass_obj
def reports(asks: Ask, everything: bool) -> None:
    """Open reports, those that most people made first, then the oldest."""
    found = asks("reports", all=everything)["reports"]
    if not found:
        click.echo("No open reports." if not everything else "No reports.")
    for report in found:
        about = report["against"] or "the room"
        marks = ", ".join(["closed"] * report["closed"] + ["online"] * report["online"])
        click.echo(
            f"{report['ticket']}  {span(report['age_s']):>6}  by {report['people']:<3} {', '.join(report['reasons'])}  "
            f"about {about}{f'  ({marks})' if marks else ''}"
        )


@admin.command()
@click.argument("ticket", type=TICKET)
@click.pass_obj
def show(asks: Ask, ticket: str) -> None:
    """One report with its evidence, and whether its seal is whole."""
    told = asks("show", ticket=ticket)
    report, evidence = told["report"], told["evidence"]
    click.echo(
        f"{report['ticket']}: {', '.join(report['reasons'])}, by {report['people']}, {span(report['age_s'])} ago"
    )
    click.echo(f"about {report['against'] or 'the room'}")
    if evidence is None:
        raise click.ClickException("The seal is broken: altered, or sealed under another secret.")
    click.echo(f"called {shown(evidence['name']) or '(nothing)'}; the seal is whole")
    for note in evidence["notes"]:
        line = f" (line {note['seq']})" if note["seq"] is not None else ""
        click.echo(f"  {note['by']} says {note['reason']}{line}: {shown(note['text'])}")
    if evidence["left_out"]:
        click.echo(f"  … {evidence['left_out']} older lines did not fit")
    for line in evidence["lines"]:
        at = datetime.datetime.fromtimestamp(line["at"] / 1000, datetime.UTC).strftime("%H:%M:%S")
        who = evidence["people"].get(line["from"], "?")
        click.echo(f"  {line['seq']:>4} {at} {shown(line['name'])} [{who}]: {shown(line['text'])}")


@admin.command()
@click.argument("ticket", type=TICKET)
@click.pass_obj
def close(asks: Ask, ticket: str) -> None:
    """Be done with a report."""
    click.echo(f"Closed {asks('close', ticket=ticket)['closed']}.")


@admin.command()
@click.argument("identity")
@click.argument("text", type=WORDS)
@click.option("--level", type=click.Choice(["info", "warning"]), default="warning", show_default=True)
@click.pass_obj
def warn(asks: Ask, identity: str, text: str, level: str) -> None:
    """Say something to one person, now or when they come back."""
    told = asks("warn", identity=identity, text=text, level=level)
    click.echo("They were told." if told["told"] else "They are not online and will be told when they come back.")


@admin.command()
@click.argument("whom", metavar="IDENTITY|NETWORK")
@click.argument("reason", type=WORDS)
@click.option("--for", "for_s", type=Span(), help="90m, 12h, 7d; without it, until it is lifted.")
@click.option("--known", is_flag=True, help="Of a network: people who were here before as well, not newcomers alone.")
@click.option("--yes", is_flag=True, help="Do not ask before a network is banned.")
@click.pass_obj
def ban(asks: Ask, whom: str, reason: str, for_s: float | None, known: bool, yes: bool) -> None:
    """Keep somebody out. REASON is what they are told, so write it to them.

    A network (192.0.2.0/24) is many people: it says first how many are online there.

    Without `auth_required`, whoever is banned and comes without a token is somebody new. If they do, ban their network
    for hours (newcomers only), take no new guests (`switch anonymous off`), or set `auth_required`.
    """
    is_network = "." in whom or ":" in whom or "/" in whom
    named = {"network": whom} if is_network else {"identity": whom}
    asked = {**named, "reason": reason, "for_s": for_s, "stops_known": known}
    told = asks("ban", **asked)
    if not told["done"]:
        out = f"{told['would_hit']} of them would be put out" if known else "they stay; newcomers are kept out"
        online = counted(told["online"], "person is", "people are")
        click.echo(f"{online} online in {told['network']}: {out}.")
        if not yes:
            click.confirm("Ban it?", abort=True)
        told = asks("ban", **asked, confirm=True)
    instead = f", instead of {', '.join(told['instead_of'])}" if told["instead_of"] else ""
    click.echo(f"Ban {told['ban']}{instead}; {told['hit']} put out.")


@admin.command()
@click.argument("ban", type=BAN)
@click.pass_obj
def unban(asks: Ask, ban: str) -> None:
    """Lift a ban."""
    click.echo(f"Lifted {asks('unban', ban=ban)['lifted']}.")


@admin.command()
@click.pass_obj
def bans(asks: Ask) -> None:
    """Every ban in force."""
    found = asks("bans")["bans"]
    if not found:
        click.echo("No bans.")
    for one in found:
        left = f"{span(one['left_s'])} left" if one["left_s"] is not None else "for good"
        scope = "" if one["identity"] else (" (everybody)" if one["stops_known"] else " (newcomers)")
        click.echo(f"{one['ban']}  {one['identity'] or one['network']}{scope}  {left}  {shown(one['reason'])}")


@admin.command()
@click.option("--most", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.pass_obj
def audit(asks: Ask, most: int) -> None:
    """What operators did, newest first."""
    found = asks("audit", most=most)["audit"]
    if not found:
        click.echo("Nothing yet.")
    for entry in found:
        at = moment(entry["at"])
        click.echo(shown(f"{at}  {entry['by']:<6}  {entry['act']} {entry['target']} {entry['detail']}".rstrip()))


@admin.command()
@click.argument("feature")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.pass_obj
def switch(asks: Ask, feature: str, state: str) -> None:
    """Switch a feature off, or on again: `anonymous` is coming in without an account and without an earlier token."""
    told = asks("switch", feature=feature, on=state == "on")
    click.echo(f"{told['feature']} is {'on' if told['on'] else 'off'}.")


def _one_person(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option("--identity", help="Their number, as in a report.")(command)
    return click.option(
        "--token", prompt=False, help="The token they show; read from the terminal if it is `-`, so no list holds it."
    )(command)


def _named(token: str | None, identity: str | None) -> dict[str, str]:
    if token == "-":
        token = click.prompt("Token", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
    if token is not None:
        return {"token": token}
    if identity is not None:
        return {"identity": identity}
    raise click.UsageError("Say who: --token - or --identity NUMBER.")


@admin.command()
@_one_person
@click.pass_obj
def export(asks: Ask, token: str | None, identity: str | None) -> None:
    """Print everything that is kept of one person, as JSON."""
    click.echo(json.dumps(asks("export", **_named(token, identity)), indent=2))


@admin.command()
@_one_person
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase(asks: Ask, token: str | None, identity: str | None, yes: bool) -> None:
    """Forget one person, as if they had left. Bans and reports against them stay."""
    named = _named(token, identity)
    if not yes:
        click.confirm("Forget this person?", abort=True)
    click.echo(f"Forgotten: {asks('erase', **named)['erased']}.")


@admin.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def backup(asks: Ask, file: Path) -> None:
    """Write everything that lasts into a new file, while the server runs."""
    click.echo(f"Written: {asks('backup', path=str(file.absolute()))['written']}")
