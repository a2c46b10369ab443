"""A client of a real Redis is made from its address, and what is wrong with it is said in an operator's words."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import exceptions

from server.cluster.address import EngineError
from server.cluster.engine import COMMAND_TIMEOUT_S, Endpoint, Engine
from tests.cluster_clients import until
from tests.redis_sentinel import redis_sentinel
from tests.redis_server import free_port, redis_server


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Engine]:
    engine = Engine(url)
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close()


async def refused(url: str, **given: float) -> str:
    engine = Engine(url, wall_time=lambda: time.time() + given.get("ahead_s", 0.0))
    with pytest.raises(EngineError) as error:
        await engine.open()
    return str(error.value)


async def test_it_asks_and_tells_the_time(redis_url: str) -> None:
    async with opened(redis_url) as engine:
        await engine.client.set("a", "b")
        assert await engine.client.get("a") == b"b"
        assert abs(engine.time() - time.time()) < 1.0


async def test_a_user_a_password_and_a_database_are_used(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server:
        async with opened(server.url) as engine:
            await engine.client.acl_setuser("ann", enabled=True, passwords=["+word"], keys="*", commands=["+@all"])
            await engine.client.acl_setuser("default", enabled=False)
        async with opened(server.url.replace("://", "://ann:word@") + "/2") as engine:
            await engine.client.set("a", "b")
            assert (await engine.client.info("keyspace"))["db2"]["keys"] == 1
        assert "refuses the user or the password" in await refused(server.url.replace("://", "://ann:wrong@"))


async def test_a_socket_on_this_machine_is_used(tmp_path: Path) -> None:
    async with redis_server(tmp_path, "--unixsocket", str(tmp_path / "s")), opened(f"unix://{tmp_path}/s") as engine:
        assert await engine.client.ping()
        assert await engine.endpoint("") == Endpoint("", 0, f"{tmp_path}/s")


async def test_a_missing_password_is_asked_for(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server:
        async with opened(server.url) as engine:
            await engine.client.config_set("requirepass", "word")
        for kind in ("redis", "redis+cluster", "redis+sentinel"):
            said = await refused(f"{kind}://127.0.0.1:{server.port}/{'main' * kind.endswith('sentinel')}")
            assert "asks for a password" in said
            assert "/ ? # @ : % are written %2F" in said
            assert len(said) < 300


async def test_a_port_without_tls_is_told_from_a_server_that_is_gone(redis_url: str) -> None:
    said = await refused(redis_url.replace("redis:", "rediss:"))
    assert "does it speak TLS at this port?" in said


async def test_what_is_no_sentinel_or_knows_another_master_is_said(tmp_path: Path, redis_url: str) -> None:
    said = await refused(redis_url.replace("redis:", "redis+sentinel:") + "/main")
    assert "write redis:// for redis+sentinel:// if it is one server" in said
    assert said.endswith("leave out the master's name, /main.")
    settings = tmp_path / "sentinel.conf"
    settings.write_text("")
    async with redis_server(tmp_path, sentinel=settings) as server:
        said = await refused(f"redis+sentinel://127.0.0.1:{server.port},127.0.0.1:1/main")
    assert "knows no master main that is up" in said


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        said = await refused(f"redis://:hidden@127.0.0.1:{port}")
    assert said.startswith(f"Redis at 127.0.0.1:{port} cannot be used")
    assert "hidden" not in said


@pytest.mark.parametrize("ending", ["/99", "?db=99"])
async def test_a_database_that_is_not_there_is_named_with_those_that_are(tmp_path: Path, ending: str) -> None:
    async with redis_server(tmp_path) as server:
        said = await refused(f"{server.url}{ending}")
    assert "has no database 99, which its address names as /99 or ?db=99. There are 16, /0 to /15, unless" in said


async def test_clocks_that_are_apart_are_refused(redis_url: str) -> None:
    assert "has a clock 7." in await refused(redis_url, ahead_s=7.5)
    assert "ahead of this machine's" in await refused(redis_url, ahead_s=-60.0)


async def test_a_server_that_stands_still_is_not_waited_for(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server:
        server.stop_for_a_while()
        began = time.monotonic()
        assert "gave no answer" in await refused(server.url)
        assert time.monotonic() - began < 6.0
        server.go_on()


async def test_sentinels_that_stand_still_do_not_keep_the_master_from_being_found(tmp_path: Path) -> None:
    async with redis_sentinel(tmp_path) as running, opened(running.url) as engine:
        master = await running.master()
        for sentinel in running.sentinels[:2]:
            sentinel.stop_for_a_while()
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                assert (await engine.endpoint("")).port == master.port
        finally:
            for sentinel in running.sentinels[:2]:
                sentinel.go_on()


async def test_a_node_of_a_cluster_is_no_single_server(tmp_path: Path) -> None:
    async with redis_server(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        assert "redis+cluster://" in await refused(server.url)


async def test_a_single_server_is_no_cluster(redis_url: str) -> None:
    said = await refused(redis_url.replace("redis://", "redis+cluster://"))
    assert "is no Redis Cluster: in its address write redis:// for redis+cluster:// if it is one server" in said


async def test_a_sentinel_is_no_single_server(tmp_path: Path) -> None:
    async with redis_sentinel(tmp_path) as running:
        said = await refused(running.sentinels[0].url)
    assert "is a Sentinel: in its address write redis+sentinel:// for redis://" in said


@pytest.mark.parametrize(
    ("info", "words"),
    [
        (b"redis_version:6.2.14\r\n", "is version 6.2.14; Hereabouts needs Redis or Valkey 7 or newer"),
        (b"redis_version:7.2.4\r\nvalkey_version:6.0.0\r\n", "is version 6.0.0"),
    ],
)
async def test_an_old_server_is_refused(info: bytes, words: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(4096):
            if b"INFO" in said.upper().split(b"\r\n"):
                writer.write(b"$%d\r\n%s\r\n" % (len(info), info))
            else:
                writer.write(b"+OK\r\n" * said.count(b"*"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        assert words in await refused(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")


@pytest.mark.parametrize("url", ["redis://a?colour=red", "redis+cluster://a?colour=red", "redis+sentinel://a/b?c=d"])
def test_an_option_nobody_knows_is_refused(url: str) -> None:
    with pytest.raises(EngineError, match="option that is not known"):
        Engine(url)


async def test_it_ends_though_the_library_takes_a_cancelled_wait_for_one_that_took_too_long(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.cluster.engine.ASK_TIME_EVERY_S", 0.01)
    asked = asyncio.Event()

    async def ask(command: str) -> None:
        asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise exceptions.TimeoutError from None

    engine = Engine(redis_url)
    await engine.open()
    monkeypatch.setattr(engine.client, "execute_command", ask)
    await asyncio.wait_for(asked.wait(), 5.0)
    monkeypatch.setattr("server.cluster.engine.ASK_TIME_EVERY_S", 3600.0)
    await asyncio.wait_for(engine.close(), 5.0)


async def test_it_works_again_when_redis_is_back(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server, opened(server.url) as engine:
        await engine.client.set("a", "b")
        await server.kill()
        await server.start()
        assert await engine.client.get("a") is None


async def test_a_clock_of_redis_that_is_set_while_nodes_run_is_told_once(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr("server.cluster.engine.ASK_TIME_EVERY_S", 0.01)
    async with opened(redis_url) as engine:
        ask, ahead_s = engine._ask_time, 0.0

        async def asked() -> float:
            return await ask() + ahead_s

        monkeypatch.setattr(engine, "_ask_time", asked)
        ahead_s = 60.0
        await until(lambda: "went 60.0 s forward" in caplog.text)
        ahead_s = 0.0
        await until(lambda: "is that of the nodes again" in caplog.text)
        assert sum("Have it set by NTP" in message for message in caplog.messages) == 1
