"""`hereabouts check` of a Redis that keeps what must last."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import main
from tests.redis_server import redis_server
from tests.redis_stores import linked
from tests.stores import SECRET, block


def run(url: str) -> tuple[int, str]:
    environ = {"XDG_RUNTIME_DIR": "", "HEREABOUTS_SECRET": SECRET.hex(), "HEREABOUTS_STORE": url}
    result = CliRunner(env=environ).invoke(main, ["check", "--port", "0"])
    return result.exit_code, result.output


async def checked(folder: Path, *flags: str, block_it: bool = False) -> tuple[int, str]:
    async with redis_server(folder, *flags) as server:
        if block_it:
            node = await linked(server.url)
            node.store.add_block(block())
            await node.close()
        return await asyncio.to_thread(run, server.url)


async def test_redis_that_is_set_up_well_is_good(tmp_path: Path) -> None:
    status, told = await checked(tmp_path, "--appendonly", "yes", "--maxmemory", "64mb", block_it=True)
    assert status == 0, told
    assert "keeps 1 row of ours" in told
    assert "a restart loses the last second at most" in told
    assert "of 64 MB are left" in told
    assert "end with this process" not in told
    assert "maxmemory-policy" not in told


@pytest.mark.parametrize(
    ("flags", "level", "says"),
    [
        ((), "note", "blocks and bans do not outlast a restart of this Redis: set appendonly yes"),
        ((), "note", "no maxmemory is set"),
        (("--save", "3600 1"), "note", "since the last one do not outlast a restart"),
        (("--maxmemory-policy", "allkeys-lru"), "WRONG", "its maxmemory-policy is allkeys-lru. Set noeviction there"),
        (("--maxmemory", "1mb"), "WRONG", "when it is full nothing is kept any more: raise maxmemory"),
    ],
)
async def test_what_would_lose_rows_is_said(tmp_path: Path, flags: tuple[str, ...], level: str, says: str) -> None:
    _, told = await checked(tmp_path, *flags)
    [line] = [line for line in told.splitlines() if says in line]
    assert line.startswith(level)


def test_redis_that_is_not_there_is_wrong_and_no_password_is_shown() -> None:
    status, told = run("redis://ann:hidden@127.0.0.1:1")
    assert status == 1
    assert "WRONG  store: Redis at 127.0.0.1:1 cannot be used" in told
    assert "hidden" not in told
