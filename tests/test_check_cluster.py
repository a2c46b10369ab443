"""`hereabouts check` of what several processes need to be one server."""

import asyncio
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner
from redis import asyncio as redis

from server.cli import main
from tests.clusters import nodes
from tests.redis_server import redis_server
from tests.served import refused
from tests.sessions import ENDLESS, UNLIMITED
from tests.stores import SECRET
from tests.test_operating_doc import PAGE

USER = next(line for line in PAGE.splitlines() if line.startswith("ACL SETUSER hereabouts "))


def run(*flags: str) -> tuple[int, str]:
    environ = {"XDG_RUNTIME_DIR": "", "HEREABOUTS_SECRET": SECRET.hex()}
    result = CliRunner(env=environ).invoke(main, ["check", "--port", "0", *flags])
    return result.exit_code, result.output


async def test_a_redis_where_nodes_can_meet_is_good(tmp_path: Path) -> None:
    async with redis_server(tmp_path) as server:
        status, told = await asyncio.to_thread(run, "--redis", server.url, "--workers", "3")
    assert status == 0, told
    assert f"nodes meet at Redis 127.0.0.1:{server.port}, and its clock agrees" in told
    assert "good   3 workers share the port\n" in told
    assert "stands on the command line" not in told, "an address alone is no secret"


async def test_a_master_that_takes_writes_alone_is_told_of_with_what_to_type(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "replica").mkdir()
    async with redis_server(tmp_path, "--repl-diskless-sync-delay", "0") as server:
        flags = ("--replicaof", f"127.0.0.1 {server.port}")
        advised = f"`redis-cli -h 127.0.0.1 -p {server.port} CONFIG SET min-replicas-to-write 1`"
        async with redis_server(tmp_path / "replica", *flags), redis.Redis.from_url(server.url) as client:
            await _until(client, "connected_slaves")
            status, told = await asyncio.to_thread(run, "--redis", server.url)
            assert (status, told.count(advised)) == (0, 1), told
            async with nodes(server.url, 1):
                assert caplog.text.count(advised) == 1
            caplog.clear()
            await client.config_set("min-replicas-to-write", 1)
            await _until(client, "min_slaves_good_slaves")
            assert "min-replicas" not in (await asyncio.to_thread(run, "--redis", server.url))[1]
            async with nodes(server.url, 1):
                assert "min-replicas" not in caplog.text


async def test_a_redis_that_takes_no_writes_is_wrong(tmp_path: Path) -> None:
    for name in ("replica", "kept"):
        (tmp_path / name).mkdir()
    async with redis_server(tmp_path) as server, redis_server(tmp_path / "kept") as kept:
        flags = ("--replicaof", f"127.0.0.1 {server.port}")
        async with redis_server(tmp_path / "replica", *flags) as replica:
            says = f"WRONG  Redis at 127.0.0.1:{replica.port} takes no writes: it is a replica. Write its master into "
            says += f"the address, 127.0.0.1:{server.port}"
            for other in ((), ("--store", kept.url)):
                status, told = await asyncio.to_thread(run, "--redis", replica.url, *other)
                assert (status, told.count(says)) == (1, 1)
        async with redis.Redis.from_url(server.url) as client:
            await client.config_set("min-replicas-to-write", 2)
        status, told = await asyncio.to_thread(run, "--redis", server.url)
        says = f"WRONG  Redis at 127.0.0.1:{server.port} takes no writes: 0 of its replicas hear it, and its "
        assert (status, told.count(f"{says}min-replicas-to-write is 2.")) == (1, 1)


async def test_a_redis_that_throws_away_when_it_is_full_is_told_of_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "kept").mkdir()
    async with (
        redis_server(tmp_path, "--maxmemory-policy", "volatile-ttl") as server,
        redis_server(tmp_path / "kept") as kept,
    ):
        says = f"Redis at 127.0.0.1:{server.port} throws away what rooms, blocks and bans need when it is full"
        advised = f"`redis-cli -h 127.0.0.1 -p {server.port} CONFIG SET maxmemory-policy noeviction`"
        for flags in ((), ("--store", kept.url)):
            status, told = await asyncio.to_thread(run, "--redis", server.url, *flags)
            assert (status, told.count(f"WRONG  {says}")) == (1, 1), told
        async with nodes(server.url, 1):
            assert (caplog.text.count(says), caplog.text.count(advised)) == (1, 1)
        caplog.clear()
        async with nodes(kept.url, 1):
            assert "throws away" not in caplog.text


async def test_who_runs_there_with_another_secret_or_other_settings_is_told_of(redis_url: str) -> None:
    same = ["--redis", redis_url]
    for name, value in {**ENDLESS, **UNLIMITED}.items():
        same += ["--set", f"{name}={value}"]
    async with nodes(redis_url, 2, secret=SECRET.hex()):
        status, told = await asyncio.to_thread(run, *same)
        assert (status, told.count("good   2 nodes there, with this secret and these settings")) == (0, 1), told
        status, told = await asyncio.to_thread(run, *same, "--set", "new_identity_s=7")
        assert status == 0
        assert "note   Other nodes have other settings: new_identity_s (7 here, " in told
        status, told = await asyncio.to_thread(run, *same, "--set", f"secret={'0f' * 32}")
        assert status == 1
        assert "WRONG  Redis at 127.0.0.1:" in told
        assert "has nodes with another secret than this one's" in told
        assert "other settings" not in told


async def _until(client: redis.Redis, known: str) -> None:
    """Return when a master knows of its replica; they find each other by and by."""
    async with asyncio.timeout(30):
        while not (await client.info("replication"))[known]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_redis_that_is_not_there_is_wrong_and_told_once(tmp_path: Path) -> None:
    status, told = await asyncio.to_thread(run, "--redis", "redis://ann:hidden@127.0.0.1:1")
    assert status == 1
    assert told.count("Redis at 127.0.0.1:1 cannot be used") == 1
    assert "WRONG  redis: Redis at" in told
    assert "hidden" not in told
    async with redis_server(tmp_path) as server:
        status, told = await asyncio.to_thread(run, "--redis", "redis://127.0.0.1:1", "--store", server.url)
    assert status == 1
    assert "WRONG  redis: Redis at 127.0.0.1:1" in told


@pytest.mark.parametrize(
    "rights", ["~ha:* &ha:* +@all -@admin -@dangerous", "~x:* &ha:* +@all", "~ha:* +@all resetchannels"]
)
async def test_what_a_user_may_not_do_is_told_once_with_the_rights_they_need(tmp_path: Path, rights: str) -> None:
    needed = USER.replace("hereabouts on >PASSWORD", "ann")
    async with redis_server(tmp_path) as server:
        async with redis.Redis.from_url(server.url) as client:
            await client.execute_command(*f"ACL SETUSER ann on >word {rights}".split())  # type: ignore[no-untyped-call]
        url = server.url.replace("://", "://ann:word@")
        status, told = await asyncio.to_thread(run, "--redis", url)
        assert (status, told.count("WRONG"), told.count(needed)) == (1, 1, 1), told
        assert "docs/OPERATING.md, “A Redis of your own, by TLS”" in told
        assert "redis stands on the command line, where every user of this machine can read it" in told
        status, told = await refused("--port", "0", "--redis", url, HEREABOUTS_SECRET=SECRET.hex())
        assert (status, told.count(needed)) == (1, 1), told


def test_workers_without_a_redis_get_one_of_their_own() -> None:
    status, told = run("--workers", "4")
    assert status == 0
    assert "4 workers share the port, and a Valkey of their own is started for them" in told


def test_ports_of_each_worker_are_tried() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, told = run("--workers", "2", "--port", str(port - 1))
        assert status == 0 or f"127.0.0.1:{port - 1} cannot be had" in told
        assert f"of these cannot be had: {port}" in told
    assert "cannot be had: 65536, 65537. " in run("--workers", "3", "--port", "65534")[1]


@pytest.mark.parametrize("flags", [("--workers", "2"), ("--redis", "redis://127.0.0.1:1")])
def test_nothing_is_advised_that_is_refused_where_there_are_several_processes(flags: tuple[str, str]) -> None:
    told = run(*flags)[1]
    assert "set data" not in told
    assert "set admin_socket, for the server and for `hereabouts admin`" in told
    assert ("these processes; set store to keep them" in told) == ("--workers" in flags)
