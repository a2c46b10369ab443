"""The operator's list in a running server: read anew when the file changes, without a restart."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.apps import PATIENCE_S, Clients, running
from tests.sessions import UNLIMITED


async def test_the_list_of_a_running_server_follows_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.operate.filter.POLL_EVERY_S", 0.01)
    path = tmp_path / "words.txt"
    path.write_text("casino\n")
    async with running(filter_file=str(path), **UNLIMITED) as app, Clients(app) as clients, asyncio.timeout(PATIENCE_S):
        ann = await clients.new()
        await ann.enter()
        held = await ann.ask("say", "held", text="The CASINO is open")
        assert held["reason"] == "filter"
        await ann.ask("say", "said", text="bingo")
        path.write_text("bingo\n")
        os.utime(path, (1, 1))
        while (await ann.ask("say", "said", "held", text="bingo"))["type"] == "said":
            pass
        await ann.ask("say", "said", text="The CASINO is open")
