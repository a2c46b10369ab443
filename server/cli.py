"""The `hereabouts` command: finds its subcommands among the installed entry points.

So the server never imports the clients, and a command's modules are loaded only
when it is asked for.
"""

from importlib.metadata import EntryPoint, entry_points

import click

from server.version import VERSION

GROUP = "hereabouts.commands"


class Commands(click.Group):
    """The subcommands named in the entry-point group."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names, sorted."""
        return sorted(_found())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        found = _found().get(cmd_name)
        command = found.load() if found is not None else None
        assert command is None or isinstance(command, click.Command)
        return command


def _found() -> dict[str, EntryPoint]:
    return {found.name: found for found in entry_points(group=GROUP)}


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  hereabouts serve
  hereabouts chat --city "New York"
  hereabouts bots --count 300 --city "New York"
""",
)
@click.version_option(VERSION, prog_name="hereabouts")
def main() -> None:
    """Chat among people who are near each other, now, in small rooms that end by themselves."""
