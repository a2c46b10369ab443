"""Blocks outlast a `kill -9`, and the process after it keeps them, with a folder as with a Redis."""

import asyncio
from pathlib import Path

import pytest
from redis import asyncio as redis

from client_demo.client import Client
from server.cluster.store_wire import KEY
from tests.live_server import live_server
from tests.redis_stores import emptied
from tests.stores import SECRET

CELL = "dr5ru7"
TURNS = 100


@pytest.mark.parametrize("kept", ["data", "store"])
async def test_blocked_pair_sits_together_in_none_of_100_turns_after_kill_9(
    kept: str, tmp_path: Path, redis_url: str
) -> None:
    where = {"data": tmp_path / "state"} if kept == "data" else {"store": redis_url, "secret": SECRET.hex()}
    await emptied(redis_url)
    settings = {**where, "next_per_h": 0, "cells_per_h": 0, "say_per_s": 0}
    async with asyncio.timeout(60):
        async with live_server(settings) as server:
            ann = Client(server.url, cell=CELL, name="Ann", reconnect=False)
            bo = Client(server.url, cell=CELL, name="Bo", reconnect=False)
            await ann._start()
            await bo._start()
            while len(ann.members) < 2:
                await ann.ping()
            await ann.block(next(id for id in ann.members if id != ann.me))
            if kept == "store":
                async with redis.Redis.from_url(redis_url) as client:
                    while not await client.hlen(f"{KEY}blocks"):
                        await ann.ping()
            tokens = ann.token, bo.token
            await server.kill()
            await ann._stop()
            await bo._stop()
        async with live_server(settings) as server:
            ann, bo = (Client(server.url, cell=CELL, reconnect=False) for _ in tokens)
            ann.token, bo.token = tokens
            await ann._start()
            await bo._start()
            assert len(await ann.blocks()) == 1
            together = 0
            for turn in range(TURNS):
                await (ann if turn % 2 else bo).next()
                together += ann.room == bo.room
            assert together == 0
            await ann._stop()
            await bo._stop()
