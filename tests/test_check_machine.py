"""`hereabouts check` of what the machine gives: ports and open files."""

import asyncio
import resource
import socket
import threading
from pathlib import Path

import pytest

from server.version import VERSION
from tests.apps import running
from tests.certificates import make_pem
from tests.checked import run


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


def test_address_that_is_not_this_machines_is_told_from_a_port_that_is_taken() -> None:
    status, told = run("--host", "192.0.2.1")
    assert status == 1
    assert "set host to one of its own" in told
    assert "Is a server running there?" not in told


def test_too_few_files_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1000, 1000))
    status, told = run()
    assert status == 1
    assert "raise `ulimit -n`" in told
