"""`hereabouts admin`: the operator's commands, over the server's local socket.

Knows how answers look on a terminal, one command after the other. What others wrote goes through `shown`.
"""

import datetime
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from server.config import settings_options_listing
from server.loading import Loaded
from server.operate.admin.client import NoAnswer, Refused, ask
from server.operate.admin.server_lines import filter_lines, status_lines
from server.operate.admin.socket import socket_path
from server.operate.admin.typed import BAN, TICKET, WORDS, Span, one_person, who
from server.operate.admin.wording import counted, moment, shown, span

Ask = Callable[..., dict[str, Any]]

WITHOUT_NAME = {"bottle": "the words of a bottle", "answer": "the answer to a bottle"}
"""What was reported, by the first word of its room, where nobody's name stood on it."""


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


@admin.command()
@click.pass_obj
def status(asks: Ask) -> None:
    """How the server is."""
    for line in status_lines(asks("status")):
        click.echo(line)


@admin.command()
@click.pass_obj
def reload(asks: Ask) -> None:
    """Read the filter file again, now, at all nodes; it is read by itself, too, seconds after it changes."""
    told = asks("reload")
    for line in filter_lines(told, told["nodes"]):
        click.echo(line)


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
    what = (
        f"called {shown(evidence['name'])}" if evidence["name"] else WITHOUT_NAME.get(report["room"].split(" ")[0], "")
    )
    click.echo("; ".join(filter(None, (what, "the seal is whole"))))
    for note in evidence["notes"]:
        line = f" (line {note['seq']})" if note["seq"] is not None else ""
        text = f": {shown(note['text'])}" if note["text"] else ""
        click.echo(f"  {note['by']} says {note['reason']}{line}{text}")
    if evidence["left_out"]:
        click.echo(f"  … {evidence['left_out']} older lines did not fit")
    for line in evidence["lines"]:
        at = datetime.datetime.fromtimestamp(line["at"] / 1000, datetime.UTC).strftime("%H:%M:%S")
        who = evidence["people"].get(line["from"], "?")
        name = f"{shown(line['name'])} " if line["name"] else ""
        click.echo(f"  {line['seq']:>4} {at} {name}[{who}]: {shown(line['text'])}")


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


@admin.command()
@one_person
@click.pass_obj
def export(asks: Ask, token: str | None, identity: str | None) -> None:
    """Print everything that is kept of one person, as JSON."""
    click.echo(json.dumps(asks("export", **who(token, identity)), indent=2))


@admin.command()
@one_person
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase(asks: Ask, token: str | None, identity: str | None, yes: bool) -> None:
    """Forget one person, as if they had left. Bans and reports against them stay."""
    about = who(token, identity)
    if not yes:
        click.confirm("Forget this person?", abort=True)
    click.echo(f"Forgotten: {asks('erase', **about)['erased']}.")


@admin.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def backup(asks: Ask, file: Path) -> None:
    """Write everything that lasts into a new file, while the server runs."""
    click.echo(f"Written: {asks('backup', path=str(file.absolute()))['written']}")
