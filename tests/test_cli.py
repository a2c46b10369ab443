"""The `hereabouts` command: it finds its subcommands, and each says how it is used."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from server.cli import GROUP, main
from server.version import VERSION

NAMES = sorted(found.name for found in entry_points(group=GROUP))


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, prog_name="hereabouts")


def test_subcommands_of_this_version_are_installed() -> None:
    assert {"serve", "config", "chat", "bots", "replay"} <= set(NAMES)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_lists_every_subcommand_with_a_word_about_it(flag: str) -> None:
    result = run(flag)
    assert result.exit_code == 0
    for name in NAMES:
        [line] = [line for line in result.output.splitlines() if line.split()[:1] == [name]]
        assert len(line.split()) > 2
    assert "Examples:" in result.output


@pytest.mark.parametrize("name", NAMES)
def test_every_subcommand_has_help_with_an_example_of_itself(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    _, found, examples = result.output.partition("Examples:")
    assert found
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    assert lines
    assert any(line.startswith(f"hereabouts {name}") for line in lines)
    assert all(line.startswith(("hereabouts ", "#")) for line in lines), "the lines of the examples ran together"


@pytest.mark.parametrize("name", NAMES)
def test_examples_name_options_that_exist(name: str) -> None:
    context = click.Context(main)
    command = main.get_command(context, name) if isinstance(main, click.Group) else None
    assert command is not None
    options = [option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)]
    examples = run(name, "--help").output.partition("Examples:")[2]
    for line in examples.splitlines():
        if line.strip().startswith(f"hereabouts {name}"):
            used = {word.split("=")[0] for word in line.split(" #")[0].split() if word.startswith("--")}
            assert used <= {*options, "--help"}


def test_unknown_command_is_refused_with_status_2() -> None:
    result = run("dance")
    assert result.exit_code == 2
    assert "No such command 'dance'" in result.output
    assert "--help" in result.output


def test_version_is_told() -> None:
    assert run("--version").output.strip().endswith(VERSION)


def test_server_is_started_without_loading_the_clients() -> None:
    code = (
        "import sys; from server.cli import main; import click;"
        "main.get_command(click.Context(main), 'serve');"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('client_demo', 'textual', 'bench')))"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
