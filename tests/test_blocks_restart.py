"""Blocks outlast a `kill -9`, and the process after it keeps them."""

import asyncio
from pathlib import Path

from client_demo.client import Client
from tests.live_server import live_server

CELL = "dr5ru7"
TURNS = 100


async def test_blocked_pair_sits_together_in_none_of_100_turns_after_kill_9(tmp_path: Path) -> None:
    settings = {"data": tmp_path / "state", "next_per_h": 0, "cells_per_h": 0, "say_per_s": 0}
    async with asyncio.timeout(60):
        async with live_server(settings) as server:
            ann = Client(server.url, cell=CELL, name="Ann", reconnect=False)
            bo = Client(server.url, cell=CELL, name="Bo", reconnect=False)
            await ann._start()
            await bo._start()
            while len(ann.members) < 2:
                await ann.ping()
            await ann.block(next(id for id in ann.members if id != ann.me))
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
