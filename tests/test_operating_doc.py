"""docs/OPERATING.md: its commands are what the software takes, its names exist, and its nginx is one."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from server.cli import main
from server.operate.webhook import QUEUE_MAX, SIGNATURE, TRIES_MAX
from server.settings import SETTINGS

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "OPERATING.md").read_text(encoding="utf-8")
NGINX = DOCS / "examples" / "nginx.conf"
LINES = sorted(
    {
        line.partition(" > ")[0]
        for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
        for line in block.splitlines()
        if line.startswith("hereabouts ")
    }
)


def test_page_has_the_commands_this_test_looks_for() -> None:
    assert {shlex.split(line)[1] for line in LINES} == {"config", "check", "serve", "admin"}
    assert len(LINES) > 15


@pytest.mark.parametrize("line", LINES)
def test_command_takes_these_arguments(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hereabouts.toml").touch()
    context = click.Context(main)
    command: click.Command = main
    arguments = shlex.split(line)[1:]
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        assert name is not None
        command = found
        context = command.make_context(name, list(arguments), parent=context)
        if isinstance(command, click.Group):
            _, arguments, _ = command.make_parser(context).parse_args(list(arguments))


def test_settings_of_the_page_exist() -> None:
    named = {
        "server_name",
        "contact",
        "terms",
        "terms_version",
        "adults_only",
        "area",
        "hours",
        "hours_zone",
        "outside",
    }
    named |= {"data", "admin_socket", "admin_token", "webhook_url", "webhook_secret"}
    assert "trusted_proxies" in SETTINGS
    assert named <= set(SETTINGS)
    assert all(f"`{name}`" in PAGE for name in named)
    assert "HEREABOUTS_SECRET" in PAGE


def test_webhook_is_as_told() -> None:
    assert f"{SIGNATURE}: sha256=" in PAGE
    assert f"up to {TRIES_MAX} times" in PAGE
    assert f"{QUEUE_MAX} messages wait" in PAGE


def test_nginx_logs_no_address_and_sets_exactly_one() -> None:
    text = NGINX.read_text(encoding="utf-8")
    [log_format] = re.findall(r"log_format .*?;", text)
    assert "remote" not in log_format
    assert "forwarded" not in log_format
    assert text.count("proxy_pass") == text.count("X-Forwarded-For $remote_addr;") == 3
    assert "$proxy_add_x_forwarded_for" not in text


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    text = NGINX.read_text(encoding="utf-8")
    text = re.sub(r"\n    (ssl_certificate.*|listen 443 ssl;)", "", text).replace(
        "server {", "server {\n    listen 8443;", 1
    )
    text = text.replace("/var/log/nginx/", f"{tmp_path}/")
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid;\nerror_log {tmp_path}/e;\nevents {{}}\nhttp {{\n{text}\n}}\n")
    nginx = shutil.which("nginx")
    assert nginx
    tried = subprocess.run(
        [nginx, "-t", "-c", whole, "-p", tmp_path, "-e", tmp_path / "e"], capture_output=True, check=False
    )
    assert tried.returncode == 0, tried.stderr.decode()
