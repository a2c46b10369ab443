"""docs/OPERATING.md: its commands are what the software takes, its names exist, and its nginx is one."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from server.cli import main
from server.cluster.alike import KEPT_S, PER_NODE
from server.cluster.engine import VERSION_MIN
from server.cluster.store_link import TEND_EVERY_S
from server.cluster.store_wire import EXPIRY_TTL_S, LOG_S
from server.drain import LETS_GO, LISTENS
from server.operate.webhook import QUEUE_MAX, SIGNATURE, TRIES_MAX
from server.serve import GENTLE_STOP_S, serve
from server.setting_table import SETTINGS
from server.settings import Settings
from tests.apps import get
from tests.clusters import nodes

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "OPERATING.md").read_text(encoding="utf-8")
NGINX = DOCS / "examples" / "nginx.conf"
UNITS = [DOCS / "examples" / name for name in ("hereabouts.service", "hereabouts-node.service")]
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
    named |= {"data", "store", "admin_socket", "admin_token", "webhook_url", "webhook_secret"}
    assert "trusted_proxies" in SETTINGS
    assert named <= set(SETTINGS)
    assert all(f"`{name}`" in PAGE for name in named)
    assert "HEREABOUTS_SECRET" in PAGE


def seconds(pattern: str, text: str) -> list[float]:
    return [float(found) for found in re.findall(pattern, text)]


def test_nobody_is_killed_while_the_server_drains() -> None:
    needed_s = Settings().drain_s + GENTLE_STOP_S
    [docker_s] = seconds(r"docker stop --timeout (\d+)", PAGE)
    [grace_s], [sleep_s] = seconds(r"GracePeriodSeconds: (\d+)", PAGE), seconds(r'"sleep", "(\d+)"', PAGE)
    for unit in (each.read_text(encoding="utf-8") for each in UNITS):
        lines = unit.splitlines()
        assert all(line in lines for line in re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)[0].splitlines())
        assert "StartLimitIntervalSec=0" in unit[: unit.index("[Service]")].splitlines()
        [stop_s] = seconds(r"TimeoutStopSec=(\d+)", unit)
        assert min(stop_s, docker_s, grace_s - sleep_s) > needed_s


def test_times_of_a_drain_are_as_told() -> None:
    drain_s = Settings().drain_s
    assert f"`drain_s` ({drain_s:g} s, unless" in PAGE
    assert f"| 0 | a quarter, {LISTENS * drain_s:g} s |" in PAGE
    assert f"| 0 | half, {LETS_GO * drain_s:g} s |" in PAGE
    assert "`drain_s = 4` is as good and ends in two seconds" in PAGE
    assert LETS_GO * 4 == 2


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_starts_a_server(unit: Path) -> None:
    [command] = re.findall(r"^ExecStart=\S+/hereabouts serve (.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    _, rest, _ = serve.make_parser(click.Context(serve)).parse_args(shlex.split(command))
    assert rest == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    there = tmp_path / unit.name
    there.write_text(unit.read_text(encoding="utf-8").replace("/opt/hereabouts/bin/hereabouts", "/bin/true"))
    tried = subprocess.run(["systemd-analyze", "verify", there], capture_output=True, check=False, timeout=30)
    assert tried.returncode == 0, tried.stderr.decode()
    assert unit.name not in tried.stderr.decode()  # of other units it may well complain


def test_times_and_figures_of_the_store_are_as_told() -> None:
    assert f"for {LOG_S + TEND_EVERY_S:.0f} seconds more" in PAGE
    assert EXPIRY_TTL_S == 60
    assert f"version {VERSION_MIN} or newer" in PAGE


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


def test_a_node_of_many_ends_as_told() -> None:
    drain_s = Settings().drain_s
    assert f"| 0 | a quarter of `drain_s`, {LISTENS * drain_s:g} s |" in PAGE
    assert f"| a quarter | three quarters, {(LISTENS + LETS_GO) * drain_s:g} s |" in PAGE


def test_what_nodes_have_in_common_is_as_told() -> None:
    assert "a minute after the last has ended" in PAGE
    assert KEPT_S == 60
    assert {"port", "trusted_proxies", "drain_s"} | {name for name in SETTINGS if "connections" in name} <= PER_NODE
    assert {"window_s", "server_name"} <= set(SETTINGS) - PER_NODE
    assert set(SETTINGS) >= PER_NODE


async def test_figures_outside_the_table_are_those_there_are(redis_url: str) -> None:
    told = set(re.findall(r"`(hereabouts_\w*[a-z])[ \d]*`", PAGE))
    async with nodes(redis_url, 1, admin_token="t" * 24) as (app,):
        _, body = await get(app, "/metrics")
    assert {"hereabouts_draining", "hereabouts_store_away"} <= told
    there = {name for name in re.findall(r"^(\w+) ", body, re.MULTILINE) if not name.endswith("_created")}
    assert told <= there
    assert {name for name in there if name.startswith("hereabouts_store_")} <= told


async def test_figures_of_a_node_of_many_are_those_it_has(redis_url: str) -> None:
    prefix = "hereabouts_cluster_"
    async with nodes(redis_url, 1) as (app,):
        _, body = await get(app, "/metrics")
    there = {name.removeprefix(prefix) for name in re.findall(rf"^({prefix}\w+) ", body, re.MULTILINE)}
    there = {name for name in there if not name.endswith("_created")}
    [table] = re.findall(r"with `hereabouts_cluster_` before it:\n\n(.*?)\n\n", PAGE, re.DOTALL)
    told = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert told == there
