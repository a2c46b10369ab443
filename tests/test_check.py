"""`hereabouts check`: what it finds, what it says to do, and that it changes nothing."""

import asyncio
import json
import resource
import socket
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from joserfc.jwk import OKPKey

from server.cli import main
from server.operate.check import CHECKS
from server.store.database import FILE
from server.version import VERSION
from tests.apps import running
from tests.certificates import make_pem
from tests.stores import block, on_disk

STRONG = bytes(range(32)).hex()


def run(*arguments: str, **environ: str) -> tuple[int, str]:
    runner = CliRunner(env={"XDG_RUNTIME_DIR": "", **environ})
    result = runner.invoke(main, ["check", "--port", "0", *arguments])
    return result.exit_code, result.output


def test_defaults_work_and_it_is_said_what_ends_with_the_process() -> None:
    status, told = run()
    assert status == 0
    assert "WRONG" not in told
    assert "blocks, bans and reports end with this process; set data to keep them" in told
    assert "tokens end with the process" in told


def test_whole_setup_is_found_good_and_nothing_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "later"
    status, told = run("--data", str(folder), "--set", "contact=ops", HEREABOUTS_SECRET=STRONG)
    assert status == 0
    assert f"{folder} will be made" in told
    assert f"finds the server at {folder / 'admin.sock'}" in told
    assert "note" not in told
    assert list(tmp_path.iterdir()) == []


def test_port_that_is_taken_is_wrong() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, told = run("--port", str(taken.getsockname()[1]))
    assert status == 1
    assert "Is a server running there?" in told
    assert run("--host", "192.0.2.1")[0] == 1


async def test_port_and_folder_of_a_server_that_runs_are_not_wrong(tmp_path: Path) -> None:
    settings = {"data": str(tmp_path), "server_name": "Campus chat"}
    async with running(**settings) as app:
        flags = ("--port", str(app.listener.port), "--data", str(tmp_path))
        status, told = await asyncio.to_thread(run, *flags)
        assert status == 0, told
        assert f"is served by a Hereabouts server that runs: Campus chat, version {VERSION}. Another takes" in told
        assert f"{tmp_path} is in use by a server that runs" in told
        assert "for each worker's own" not in (await asyncio.to_thread(run, *flags[:2], "--workers", "2"))[1]
        status, told = await asyncio.to_thread(run, "--data", str(tmp_path))
        assert status == 1
        assert "Give each its own" in told


async def test_server_that_speaks_tls_is_known_too(tmp_path: Path) -> None:
    pem = str(make_pem(tmp_path))
    async with running(tls_cert=pem, tls_key=pem) as app:
        flags = ("--port", str(app.listener.port), "--tls-cert", pem, "--tls-key", pem)
        status, told = await asyncio.to_thread(run, *flags)
    assert status == 0, told
    assert "is served by a Hereabouts server that runs" in told


@pytest.mark.parametrize("body", [b"hello", b"[]", b"{}", b'{"protocol": 1, "commands": 1, "name": 1, "version": 1}'])
def test_what_is_no_hereabouts_server_at_the_port_is_wrong(body: bytes) -> None:
    def answer(taken: socket.socket) -> None:
        with taken.accept()[0] as asked:
            asked.recv(1000)
            asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with socket.create_server(("127.0.0.1", 0)) as taken:
        threading.Thread(target=answer, args=(taken,), daemon=True).start()
        status, told = run("--port", str(taken.getsockname()[1]))
    assert status == 1
    assert "Is a server running there?" in told


def test_database_is_looked_at_and_left_as_it_is(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store.add_block(block())
    status, told = run("--data", str(tmp_path))
    assert status == 1
    assert "a server runs on this folder already" in told
    store.close()
    before = (tmp_path / FILE).read_bytes()
    status, told = run("--data", str(tmp_path))
    assert status == 0
    assert "is whole, of schema" in told
    assert (tmp_path / FILE).read_bytes() == before
    (tmp_path / FILE).write_bytes(b"rubbish" * 1000)
    status, told = run("--data", str(tmp_path))
    assert status == 1
    assert "damaged" in told


def test_folder_that_is_none_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, told = run("--data", str(tmp_path / "file" / "inside"))
    assert status == 1
    assert "is no folder" in told


@pytest.mark.parametrize("secret", ["0" * 64, "ab" * 32, "0123456789abcdef" * 4])
def test_secret_that_is_not_random_is_wrong_and_not_shown(secret: str) -> None:
    status, told = run(HEREABOUTS_SECRET=secret)
    assert status == 1
    assert "openssl rand -hex 32" in told
    assert secret not in told


def test_secret_others_can_read_is_noted(tmp_path: Path) -> None:
    config = tmp_path / "here.toml"
    config.write_text(f'secret = "{STRONG}"\n')
    config.chmod(0o644)
    assert f"chmod 600 {config}" in run("--config", str(config))[1]
    config.chmod(0o600)
    assert "chmod" not in run("--config", str(config))[1]
    told = run("--set", f"secret={STRONG}")[1]
    assert "every user of this machine" in told
    assert STRONG not in told


def test_webhook_that_nobody_answers_is_wrong() -> None:
    secret = ("--set", f"webhook_secret={'s' * 30}")
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
        status, told = run("--set", f"webhook_url=http://127.0.0.1:{port}/hook", *secret)
        assert (status, f"is reached at 127.0.0.1:{port}" in told) == (0, True)
    status, told = run("--set", f"webhook_url=http://127.0.0.1:{port}/hook", *secret)
    assert status == 1
    assert "webhook_url cannot be had" in told


@pytest.mark.parametrize("url", ["http://x:99999/", "http://[::1", "http:///path", "https://", "ftp://x", "x"])
def test_webhook_that_is_no_address_is_refused_with_an_example(url: str) -> None:
    status, told = run("--set", f"webhook_url={url}", "--set", f"webhook_secret={'s' * 30}")
    assert status == 2
    assert "https://" in told.partition(url)[2]


def test_webhook_of_a_name_that_cannot_be_is_wrong() -> None:
    status, told = run("--set", f"webhook_url=http://{'a' * 70}/", "--set", f"webhook_secret={'s' * 30}")
    assert status == 1
    assert "webhook_url cannot be had" in told


@pytest.mark.parametrize(
    ("days_old", "status", "says"),
    [(0, 0, "can serve, until 20"), (360, 0, "renew it"), (366, 1, "has expired on 20"), (-2, 1, "clients refuse it")],
)
def test_dates_of_a_certificate_are_judged(tmp_path: Path, days_old: int, status: int, says: str) -> None:
    pem = make_pem(tmp_path, days_old=days_old)
    found, told = run("--tls-cert", str(pem), "--tls-key", str(pem))
    assert (found, says in told) == (status, True), told


def test_words_file_is_read_and_its_broken_lines_are_named(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    status, told = run("--set", f"filter_file={words}")
    assert status == 1
    assert "set filter_file to another" in told
    words.write_text("casino\n!!!\n")
    status, told = run("--set", f"filter_file={words}")
    assert status == 0
    assert f"{words} holds 1 rule\n" in told
    assert "line 2" in told
    assert "!!!" not in told


def test_socket_that_could_not_be_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "nowhere" / "a.sock"):
        status, told = run("--set", f"admin_socket={path}")
        assert status == 1
        assert "admin_socket" in told


async def test_socket_of_a_server_that_runs_elsewhere_is_wrong(tmp_path: Path) -> None:
    at = str(tmp_path / "a.sock")
    async with running(admin_socket=at) as app:
        status, told = await asyncio.to_thread(run, "--port", str(app.listener.port), "--set", f"admin_socket={at}")
        assert (status, f"`hereabouts admin` finds the server at {at}" in told) == (0, True)
        status, told = await asyncio.to_thread(run, "--set", f"admin_socket={at}")
        assert (status, f"WRONG  {at} is the socket of a server that runs elsewhere" in told) == (1, True)


def test_address_that_is_not_this_machines_is_told_from_a_port_that_is_taken() -> None:
    status, told = run("--host", "192.0.2.1")
    assert status == 1
    assert "set host to one of its own" in told
    assert "Is a server running there?" not in told


def test_certificate_and_keys_of_an_application_are_tried(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    cert.write_text("no certificate")
    status, told = run("--set", f"tls_cert={cert}", "--set", f"tls_key={cert}")
    assert status == 1
    assert str(cert) in told
    auth = ("--set", "auth_issuer=https://uni.example", "--set", "auth_audience=chat")
    jwks = tmp_path / "jwks.json"
    status, told = run("--set", f"auth_jwks={jwks}", *auth)
    assert status == 1
    assert "nobody is verified" in told
    key = OKPKey.generate_key("Ed25519", {"kid": "1"}).as_dict(private=False)
    jwks.write_text(json.dumps({"keys": [key]}))
    status, told = run("--set", f"auth_jwks={jwks}", *auth)
    assert status == 0, told
    assert "has 1 usable key" in told


def test_operators_token_and_terms_are_judged() -> None:
    status, told = run(HEREABOUTS_ADMIN_TOKEN="a" * 30)
    assert status == 1
    assert "easily guessed" in told
    assert "terms are empty" in run("--set", "terms_version=1")[1]
    assert run("--set", f"admin_socket=/{'x' * 99}", "--set", "contact=a")[0] == 0
    assert run("--data", f"/{'x' * 120}")[0] == 1


@pytest.mark.parametrize("proxies", ["0.0.0.0/0", "loopback ::/0"])
def test_trusting_everybody_to_be_ones_proxy_is_wrong(proxies: str) -> None:
    status, told = run("--set", f"trusted_proxies={proxies}")
    assert status == 1
    assert "WRONG  trusted_proxies names every address" in told
    assert "trusted_proxies" not in run("--set", "trusted_proxies=loopback 10.0.0.0/8")[1]


def test_admin_token_that_travels_in_clear_is_noted(tmp_path: Path) -> None:
    pem = str(make_pem(tmp_path))
    told = "admin_token is set, and 0.0.0.0 speaks no TLS"
    assert told in run("--host", "0.0.0.0", HEREABOUTS_ADMIN_TOKEN=STRONG)[1]
    for safe in (
        ["--host", "127.0.0.1"],
        ["--host", "0.0.0.0", "--tls-cert", pem, "--tls-key", pem],
        ["--host", "0.0.0.0", "--set", "trusted_proxies=10.0.0.0/8"],
    ):
        assert "speaks no TLS" not in run(*safe, HEREABOUTS_ADMIN_TOKEN=STRONG)[1]


def test_too_few_files_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1000, 1000))
    status, told = run()
    assert status == 1
    assert "raise `ulimit -n`" in told


def test_settings_that_cannot_be_read_end_it_with_2() -> None:
    assert run("--set", "seats_max=0")[0] == 2


def test_every_check_says_in_a_line_what_it_tries() -> None:
    assert all(check.__doc__ for check in CHECKS)
