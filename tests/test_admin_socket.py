"""The operator's way in on the machine itself: whose the socket is, and what is at its place."""

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from server.operate.admin.client import NoAnswer, Refused, ask
from server.operate.admin.socket import AdminSocket, socket_path
from server.settings import Settings
from tests.apps import Clients, running
from tests.served import refused


async def test_socket_is_for_its_own_user_alone_and_goes_with_the_server(tmp_path: Path) -> None:
    async with running(data=str(tmp_path)) as app:
        path = tmp_path / "admin.sock"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        told = await asyncio.to_thread(ask, path, "status")
        assert told["people"] == 0
        with pytest.raises(Refused, match="no report"):
            await asyncio.to_thread(ask, path, "show", ticket="T1")
        assert app.house.store.audit(most=5) == []
    assert not path.exists()
    with pytest.raises(NoAnswer, match="No server has its socket"):
        ask(path, "status")


def test_where_no_server_answers_it_is_said_what_to_do(tmp_path: Path) -> None:
    dead, file, theirs = tmp_path / "dead.sock", tmp_path / "file", tmp_path / "theirs"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left_over:
        left_over.bind(str(dead))
    file.write_text("")
    with pytest.raises(NoAnswer, match=r"no server answers there any more\. Start the server"):
        ask(dead, "status")
    with pytest.raises(NoAnswer, match="that is no socket"):
        ask(file, "status")
    if os.geteuid():
        theirs.mkdir(mode=0o000)
        with pytest.raises(NoAnswer, match="run this as that user"):
            ask(theirs / "admin.sock", "status")


async def test_nonsense_on_the_socket_harms_nobody(tmp_path: Path) -> None:
    async with running(data=str(tmp_path)):
        path = str(tmp_path / "admin.sock")
        for sent in (b"\n", b"\xff\xfe\n", b"x" * 100_000 + b"\n", b'{"act": "status"', b""):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(sent)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 10)
            writer.close()
        assert (await asyncio.to_thread(ask, Path(path), "status"))["people"] == 0


async def test_socket_left_by_a_killed_server_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    async with running() as app:
        path = tmp_path / "a.sock"
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(path))
        left.close()
        first = AdminSocket(app.operating.office, path)
        await first.start()
        with pytest.raises(OSError, match="belongs to a server that runs"):
            await asyncio.to_thread(lambda: asyncio.run(AdminSocket(app.operating.office, path).start()))
        first.close()
        path.write_text("precious")
        with pytest.raises(OSError, match="is no socket"):
            await AdminSocket(app.operating.office, path).start()
        assert path.read_text() == "precious"


async def test_a_server_at_the_socket_of_another_does_not_begin(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    async with running(admin_socket=str(path)):
        for flags in ((), ("--workers", "2")):
            status, said = await refused("--port", "0", *flags, "--set", f"admin_socket={path}")
            assert (status, "Traceback" in said) == (1, False), said
            assert f"{path} is the socket of a server that runs." in said
            assert "set admin_socket to another path" in said
        assert (await asyncio.to_thread(ask, path, "status"))["people"] == 0


async def test_a_successor_may_have_the_socket_with_the_port(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    async with running(admin_socket=str(path)) as app:
        app.listener.stop_accepting()  # as a drain does
        async with running(admin_socket=str(path)):
            assert app.operating.admin_socket is not None
            app.operating.admin_socket.close()
            assert (await asyncio.to_thread(ask, path, "status"))["people"] == 0


def test_socket_has_its_place_by_the_settings() -> None:
    environ = {"XDG_RUNTIME_DIR": "/run/user/1"}
    assert socket_path(Settings(admin_socket="/a/b", data="/d"), environ, port=1) == Path("/a/b")
    assert socket_path(Settings(data="/d"), environ, port=1) == Path("/d/admin.sock")
    assert socket_path(Settings(), environ, port=9000) == Path("/run/user/1/hereabouts-9000.sock")
    assert socket_path(Settings(), {}, port=1) is None


async def test_client_is_told_of_a_ban_over_a_real_socket(tmp_path: Path) -> None:
    async with running(data=str(tmp_path)) as app, Clients(app) as clients:
        [client] = await clients.seated("Ann")
        [who] = app.house.world.people
        await asyncio.to_thread(ask, tmp_path / "admin.sock", "ban", identity=who, reason="Advertising.")
        events, code = await client.until_closed()
        assert (events[-1]["type"], events[-1]["code"], code) == ("bye", 4500, 4500)
