"""An operator who asks one node is told of all of them, acts on people wherever they are, and hears who is silent."""

import asyncio
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from server.app import App
from server.cluster import rounds
from server.operate.admin.requests import NotDone, read
from tests.apps import Client, Clients
from tests.cluster_clients import until
from tests.clusters import nodes
from tests.operators import TOKEN, api, run
from tests.sessions import FAR_AWAY, HERE

Json = dict[str, Any]


async def ask(app: App, act: str, **fields: Any) -> Json:
    return await app.operating.office.answer(
        read(json.dumps({"act": act, **fields}).encode()), by="socket", is_local=True
    )


async def acquainted(*apps: App) -> None:
    """Return when all of these know each other, and what each is called."""
    await until(lambda: all(len(cluster(app).offices._names) == len(apps) - 1 for app in apps))


def cluster(app: App) -> Any:
    assert app.cluster is not None
    return app.cluster


def rename(*apps: App) -> None:
    """Have nodes be called differently: in one process they all are on one machine at port 0."""
    for number, app in enumerate(apps, 1):
        cluster(app).offices.name = f"node {number}"
        for other in apps:
            if other is not app:
                cluster(other).offices._names[cluster(app).name] = f"node {number}"


def host_of(apps: list[App], client: Client) -> App:
    return next(app for app in apps if client.room in app.house.world.rooms)


def identity_of(app: App, client: Client) -> str:
    return next(seat.person.id for id, seat in app.house.world.rooms[client.room].seats.items() if id == client.me)


async def test_status_counts_everybody_and_tells_of_each_node(redis_url: str) -> None:
    async with nodes(redis_url, 3, admin_token=TOKEN) as apps, Clients(apps[0]) as clients:
        await acquainted(*apps)
        rename(*apps)
        for cell, app in ((HERE, apps[0]), (FAR_AWAY, apps[1])):
            await (await clients.new(at=app)).enter(cell)
        for app in apps:
            told = await ask(app, "status")
            assert (told["people"], told["connected"], told["rooms"], told["rooms_waiting"]) == (2, 2, 2, 2)
            counts = sorted((node["node"], node["people"]) for node in told["nodes"])
            assert counts == [("node 1", 1), ("node 2", 1), ("node 3", 0)]
            assert "silent" not in told
        assert (await api(apps[2], "status"))[1]["people"] == 2


async def test_logs_call_a_node_the_same_at_itself_and_at_others(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with nodes(redis_url, 2) as apps:
        await acquainted(*apps)
        for app in apps:
            shown = f"{cluster(app).offices.name} ({cluster(app).name})"
            assert caplog.messages.count(f"This is node {shown}.") == 1
            assert caplog.messages.count(f"Node {shown} is here.") == 1


async def test_node_that_does_not_answer_is_named_and_not_waited_for(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rounds, "ANSWER_S", 0.3)
    at = ("--set", f"admin_socket={tmp_path / 's'}")
    async with nodes(redis_url, 3, admin_socket=str(tmp_path / "s")) as apps:
        await acquainted(*apps)
        rename(*apps)
        cluster(apps[1]).bus._received = lambda node, payload: None
        told = await ask(apps[0], "status")
        assert told["silent"] == ["node 2"]
        assert [node["node"] for node in told["nodes"]] == ["node 1", "node 3"]
        shown = await run(*at, "status")
        assert shown.exit_code == 0
        assert shown.stdout.startswith("0 people (0 connected) in 0 rooms, without node 2\n")
        assert shown.stderr == "node 2 does not answer: what is there is not counted.\n"
        with caplog.at_level(logging.INFO):
            await apps[2].stop(within_s=0)
            await until(lambda: f"Node node 3 ({cluster(apps[2]).name}) is gone." in caplog.text)
        asked = asyncio.create_task(ask(apps[0], "status"))
        await asyncio.sleep(0.1)
        cluster(apps[0]).offices.died(cluster(apps[1]).name)  # while it is awaited
        assert "node 2" in (await asked)["silent"]


async def test_somebody_at_another_node_is_warned_banned_and_shown_as_online(redis_url: str) -> None:
    async with nodes(redis_url, 2) as apps, Clients(apps[0]) as clients:
        await acquainted(*apps)
        ann, bo, cy = [await clients.new(at=apps[1]) for _ in range(3)]
        for client, name in ((ann, "Ann"), (bo, "Bo"), (cy, "Cy")):
            await client.enter(HERE, name=name)
        other = next(app for app in apps if app is not host_of(apps, bo))
        who = identity_of(host_of(apps, bo), bo)
        assert await ask(other, "warn", identity=who, text="Stop it, please.") == {"told": True, "waits_s": 2_592_000}
        assert (await bo.hear("notice"))["text"] == "Stop it, please."
        await ann.ask("report", "reported", who=bo.me, reason="spam")
        await until(lambda: bool(other.house.store.reports()))
        [report] = (await ask(other, "reports"))["reports"]
        assert (report["against"], report["online"]) == (who, True)
        assert (await ask(other, "show", ticket=report["ticket"]))["report"]["online"]
        exported = await ask(other, "export", identity=who)
        assert (exported["name"], exported["cell"]) == ("Bo", HERE)
        assert (await ask(other, "ban", identity=who, reason="Advertising."))["hit"] == 1
        assert (await bo.hear("bye"))["code"] == 4500
        erased = identity_of(host_of(apps, cy), cy)
        assert await ask(other, "erase", identity=erased) == {"erased": erased, "was_online": True}
        assert (await cy.hear("bye"))["code"] == 1000
        with pytest.raises(NotDone, match="Nobody of that number is known"):
            await ask(other, "ban", identity="0" * 24, reason="x")


async def test_range_counts_those_of_all_nodes(redis_url: str) -> None:
    async with nodes(redis_url, 2) as apps, Clients(apps[0]) as clients:
        await acquainted(*apps)
        for cell, app in ((HERE, apps[0]), (FAR_AWAY, apps[1])):
            await (await clients.new(at=app)).enter(cell)
        asked: Json = {"network": "127.0.0.0/8", "reason": "A flood.", "stops_known": True}
        told = await ask(apps[0], "ban", **asked)
        assert (told["online"], told["would_hit"]) == (2, 2)
        assert (await ask(apps[0], "ban", **asked, confirm=True))["hit"] == 2
        await until(lambda: not any(app.node.peers for app in apps))


async def test_filter_file_is_read_again_at_all_nodes(redis_url: str, tmp_path: Path) -> None:
    words, at = tmp_path / "words.txt", ("--set", f"admin_socket={tmp_path / 's'}")
    words.write_text("casino\n")
    async with nodes(redis_url, 2, filter_file=str(words), admin_socket=str(tmp_path / "s")) as apps:
        await acquainted(*apps)
        rename(*apps)
        for app in apps:
            assert app.operating.filter is not None
            app.operating.filter.stop()
        words.write_text("casino\nbingo\n")
        told = (await run(*at, "reload")).output
        assert re.fullmatch(r"filter: 2 rules, read \S+Z\n", told)
        assert all(app.house.checks.list.holds("BINGO!") for app in apps)
        words.write_text("casino\n")
        apps[0].operating.office.do(read(b'{"act":"reload"}'), by="socket", is_local=True)
        told = (await run(*at, "status")).output
        assert "0 people (0 connected) in 0 rooms\nby the node that has their room:\n  node 1: 0 people" in told
        assert re.search(r"filter of node 1: 1 rule, read .*\nfilter of node 2: 2 rules, read", told)
