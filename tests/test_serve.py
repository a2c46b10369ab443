"""`hereabouts serve` as a process: what it says, how it ends, and what it says when it cannot begin."""

import asyncio
import hashlib
import os
import re
import resource
import signal
import socket
import ssl
import sys
import urllib.request
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from server.app import App
from server.loading import load
from server.phones import qr_code
from server.serve import _greeting
from tests.certificates import make_pem
from tests.served import ENVIRONMENT, PATIENCE_S, QUICKLY_S, refused, serving


async def test_greeting_says_what_to_open_and_what_to_type_next() -> None:
    async with serving("--set", "server_name=Campus chat") as server:
        page = await asyncio.to_thread(lambda: urllib.request.urlopen(server.page, timeout=5).read().decode())
        assert "Campus chat is running." in server.greeting
        url = server.page.replace("http", "ws", 1) + "ws"
        for typed in (f'chat --url {url} --city "New York"', f"bots --url {url} --count 300", "Ctrl-C"):
            assert typed in server.greeting
        assert "HEREABOUTS_SECRET" in server.greeting
        assert "<title>Hereabouts</title>" in page


async def test_greeting_at_the_default_address_names_the_shortest_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.serve.own_command", lambda: ".venv/bin/hereabouts")
    app = App(load(None, {}, {}))
    app.listener.port = app.settings.port
    greeting = _greeting(app, load(None, {}, {}))
    assert "make chat   (in a second terminal)" in greeting
    assert "bots --count 300" in greeting
    assert "--url" not in greeting
    assert all(len(line) <= 100 for line in greeting.splitlines())


@pytest.mark.parametrize(
    ("number", "flags"), [(signal.SIGINT, []), (signal.SIGTERM, ["--set", "drain_s=0"])], ids=["Ctrl-C", "no drain"]
)
async def test_signal_ends_it_quickly_with_status_0_and_a_goodbye_to_clients(
    number: signal.Signals, flags: list[str]
) -> None:
    async with serving(*flags) as server:
        url = server.page.replace("http", "ws", 1) + "ws"
        async with connect(url, compression=None, proxy=None) as one, connect(url, proxy=None) as two:
            await one.send('{"type":"enter","cell":"dr5ru6"}')
            assert b"entered" in await one.recv(decode=False)
            status, out, err, took_s = await server.end(number)
            last = [payload async for payload in one][-1]
            assert '"type":"bye"' in str(last)
            await two.wait_closed()
            assert (one.close_code, two.close_code) == (1001, 1001)
        assert (status, err) == (0, "")
        assert "Stopping: saying goodbye to 2 clients." in out
        assert took_s < QUICKLY_S


@pytest.mark.parametrize("signals", [(signal.SIGINT,), (signal.SIGINT, signal.SIGTERM)])
async def test_clients_that_do_not_answer_do_not_hold_it_up(signals: tuple[signal.Signals, ...]) -> None:
    async with serving() as server:
        host, port = server.page.removeprefix("http://").rstrip("/").split(":")
        idle = [socket.create_connection((host, int(port))) for _ in range(5)]
        for one in idle:
            one.sendall(
                b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            assert one.recv(12) == b"HTTP/1.1 101"
        status, _, err, took_s = await server.end(*signals)
        for one in idle:
            one.close()
        assert (status, err) == (0, "")
        assert took_s < QUICKLY_S


async def test_port_in_use_says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = await refused("--port", str(port))
    assert status == 1
    assert f"127.0.0.1:{port}" in said
    assert "in use" in said.lower()
    assert "already? Choose another port with --port" in said


async def test_address_that_cannot_be_had_is_said() -> None:
    status, said = await refused("--host", "192.0.2.1", "--port", "0")
    assert status == 1
    assert "192.0.2.1" in said
    assert "--host" in said


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--set", "seats_taget=5"], "seats_target"),
        (["--set", "seats_max=1000"], "seats_max"),
        (["--port", "70000"], "port"),
        (["--config", "nowhere.toml"], "nowhere.toml"),
        (["--redis", "redis://x"], "share one"),
        (["--workers", "2", "--lan"], "leave workers out"),
    ],
)
async def test_wrong_settings_end_it_with_status_2_and_name_the_right_ones(flags: list[str], word: str) -> None:
    status, said = await refused(*flags)
    assert status == 2
    assert word in said


async def test_secret_is_never_printed() -> None:
    secret = "0123456789abcdef" * 4
    async with serving(HEREABOUTS_SECRET=secret) as server:
        _, out, err, _ = await server.end(signal.SIGINT)
        assert secret not in server.greeting + out + err
        assert "No secret is set" not in server.greeting + out


async def test_too_few_files_for_the_connections_allowed_is_said() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > 1_000_000:
        hard = 1_000_000
    allowed = ["--set", f"connections_max={hard}"]
    async with serving(*allowed) as server:
        status, _, err, _ = await server.end(signal.SIGINT)
        assert status == 0
        assert "files may be open" in err
        assert "ulimit -n" in err
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == soft


# --- TLS ---------------------------------------------------------------------------------------------------


async def test_a_certificate_and_its_key_make_the_port_speak_tls_alone(tmp_path: Path) -> None:
    pem = make_pem(tmp_path)
    trusting = ssl.create_default_context(cafile=str(pem))
    async with serving("--tls-cert", str(pem), "--tls-key", str(pem)) as server:
        page = re.search(r"https://127\.0\.0\.1:\d+/", server.greeting)
        assert page
        assert f"wss://127.0.0.1:{page[0].split(':')[2].rstrip('/')}/ws" in server.greeting
        assert "http://" not in server.greeting
        async with connect(page[0].replace("https", "wss", 1) + "ws", ssl=trusting, proxy=None) as client:
            await client.send('{"type":"enter","cell":"dr5ru6"}')
            assert b"entered" in await client.recv(decode=False)


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [
        ("nowhere.pem", "own.pem", "nowhere.pem cannot be read"),
        ("own.pem", "other.pem", "does not belong"),
        ("own.pem", None, "tls_key is not"),
    ],
)
async def test_files_that_cannot_be_used_end_it_with_status_2(
    tmp_path: Path, cert: str, key: str | None, words: str
) -> None:
    make_pem(tmp_path, "own")
    make_pem(tmp_path, "other")
    flags = ["--tls-cert", str(tmp_path / cert), *(["--tls-key", str(tmp_path / key)] if key else [])]
    status, said = await refused("--port", "0", *flags)
    assert (status, words in " ".join(said.split())) == (2, True), said


async def test_a_local_network_is_served_by_tls_and_this_machine_without(tmp_path: Path) -> None:
    program = (
        "import server.phones as p; p.own_addresses = lambda: ['127.0.0.2', '127.0.0.3']; "
        "from server.serve import serve; serve()"
    )
    environment = ENVIRONMENT | {"XDG_STATE_HOME": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, "--port", "0", "--lan", "--host", "127.0.0.2",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        said = (await asyncio.wait_for(process.stdout.readuntil(b"SHA-256 is\n"), PATIENCE_S)).decode()
        digest = (await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)).decode().strip()
        plain = re.search(r"http://127\.0\.0\.1:\d+/", said)
        secure = re.search(r"https://127\.0\.0\.2:\d+/", said)
        assert plain
        assert secure
        assert "warn" in said
        pem = tmp_path / "hereabouts" / "lan.pem"
        trusting = ssl.create_default_context(cafile=str(pem))
        for page, context in ((plain[0], None), (secure[0], trusting)):
            url = page.replace("http", "ws", 1) + "ws"
            async with connect(url, ssl=context, proxy=None) as client:
                await client.send('{"type":"enter","cell":"dr5ru6"}')
                assert b"entered" in await client.recv(decode=False)
                if context is not None:
                    shown = client.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
                    assert hashlib.sha256(shown).hexdigest().upper() == digest.replace(":", "")
    finally:
        process.terminate()
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    key = pem.read_text().splitlines()[1]
    assert key not in said + out.decode() + err.decode()
    assert process.returncode == 0, err


async def test_a_network_and_a_certificate_of_ones_own_are_one_too_many(tmp_path: Path) -> None:
    pem = str(make_pem(tmp_path))
    status, said = await refused("--port", "0", "--lan", "--tls-cert", pem, "--tls-key", pem)
    assert status == 2
    assert "leave it out and set host" in " ".join(said.split())


async def test_an_address_that_is_not_the_machines_own_is_told(tmp_path: Path) -> None:
    status, said = await refused("--port", "0", "--lan", "--host", "192.168.254.253", XDG_STATE_HOME=str(tmp_path))
    assert status == 1
    assert "192.168.254.253 is no address by which others reach this machine" in said
    assert os.listdir(tmp_path) == []


def test_a_qr_code_is_drawn_in_black_on_white_whatever_the_terminal_s_colours() -> None:
    drawn = qr_code("https://192.168.1.5:8765/").splitlines()
    assert len(drawn) > 12
    assert all(line.strip().startswith("\x1b[97;40m") and line.endswith("\x1b[0m") for line in drawn)
    assert len({len(line) for line in drawn}) == 1


async def test_a_filter_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    status, said = await refused("--set", f"filter_file={tmp_path / 'words.txt'}")
    assert status != 0
    assert "words.txt cannot be read: No such file" in said
