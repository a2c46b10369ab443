"""The README's commands are what the software takes, and its client does what it says."""

import asyncio
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from server.cli import main
from tests.live_server import live_server

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.S)
    for line in block.splitlines()
]
MAKES = sorted({line for line in LINES if line.startswith("make ")})
COMMANDS = sorted({line.partition(" > ")[0] for line in LINES if line.startswith(".venv/bin/hereabouts ")})


def test_readme_has_the_commands_this_test_looks_for() -> None:
    assert {"make run", "make demo", "make chat", "make test", "make check", "make bench"} <= set(MAKES)
    assert {shlex.split(line)[1] for line in COMMANDS} >= {"serve", "config", "chat", "bots", "replay", "simulate"}
    assert len(MAKES) + len(COMMANDS) == len(set(LINES) - {""})


@pytest.mark.parametrize("line", MAKES)
def test_make_knows_the_target(line: str) -> None:
    asked = subprocess.run(["make", "--dry-run", *shlex.split(line)[1:]], cwd=ROOT, capture_output=True, check=False)
    assert asked.returncode == 0, asked.stderr


@pytest.mark.parametrize("line", COMMANDS)
def test_command_takes_these_arguments(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("FILE.csv.gz", "people.csv.gz", "hereabouts.toml"):
        (tmp_path / name).touch()
    with click.Context(main) as context:
        _, command, arguments = main.resolve_command(context, shlex.split(line)[1:])
        assert command is not None
        command.make_context(line, arguments, parent=context)


def test_what_the_examples_leave_is_kept_out_of_git() -> None:
    with click.Context(main) as context:
        epilogs = [str(command.epilog) for name in ("token", "config") if (command := main.get_command(context, name))]
    examples = "\n".join([*LINES, *epilogs])
    left = set(re.findall(r"(?:--data|--write|--make-keys| >) (\S+)", examples))
    assert {"state", "keys", "hereabouts.toml", "people.csv.gz", "ann.jwt"} <= left
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()}
    assert {"*.jwt" if name.endswith(".jwt") else name for name in left} <= ignored


async def test_client_in_the_readme_enters_and_is_heard() -> None:
    found = re.search(r"```python\n(.*?)```", README, re.S)
    assert found
    async with live_server() as server:
        program = found[1].replace("ws://127.0.0.1:8765/ws", server.url)
        assert program != found[1]
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-u", "-c", program, stdout=asyncio.subprocess.PIPE
        )
        assert client.stdout
        told = [json.loads(await client.stdout.readline()) for _ in range(4)]
        client.kill()
        await client.wait()
    assert [event["type"] for event in told] == ["entered", "room", "waiting", "said"]
