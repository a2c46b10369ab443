"""`bots --scenario`: people of a file live against a real server, or a scripted one, and a report comes of it."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from client_demo.bots import bots
from client_demo.scenario.actor import Actor, Setting
from client_demo.scenario.cast import roles
from client_demo.scenario.command import descriptor_shortage, scaled
from client_demo.scenario.figures import Observer
from client_demo.scenario.script import Population, read
from tests.fake_server import Peer, fake_server, member
from tests.live_server import LiveServer, live_server

ENDS_S = 40.0
TOWN = """
title = "A small town"
lasts_s = 5
[[population]]
name = "talkers"
count = 8
cell = "dr5ru7"
arrive_s = [0, 0.5]
replies = 0.9
topics = ["tea", "trams"]
[population.doings]
say = 3000
shake = 1000
[population.on_advert]
report = 1
[[population]]
name = "spammers"
count = 1
cell = "dr5ru7"
arrive_s = 0.6
adverts = ["Cheap watches"]
[population.doings]
advert = 3000
"""


@pytest.fixture
async def server() -> AsyncIterator[LiveServer]:
    async with live_server({"say_per_s": 0, "say_per_min": 0, "room_per_min": 0}) as server:
        yield server


async def played(*arguments: str, interrupt_after: bytes | None = None) -> tuple[int, str, str]:
    """Run the command in a process of its own; return its exit status and both outputs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from client_demo.bots import bots; bots()",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    told = b""
    async with asyncio.timeout(ENDS_S):
        if interrupt_after is not None:
            while interrupt_after not in told:
                line = await process.stderr.readline()
                assert line, told
                told += line
            process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), (told + err).decode()


def town(tmp_path: Path, text: str = TOWN) -> str:
    path = tmp_path / "town.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


async def test_a_scenario_is_played_to_its_end_and_reported_as_json(tmp_path: Path, server: LiveServer) -> None:
    status, out, err = await played("--scenario", town(tmp_path), "--url", server.url, "--seed", "1", "--json")
    told = json.loads(out)
    assert (status, told["ok"], told["people"], told["people_seated"]) == (0, True, 9, 9)
    assert 5 <= told["seconds"] < 10
    assert told["lines"] == told["done"]["say"] + told["done"]["advert"] > 10
    assert told["advert_readers"] >= told["adverts_passed_on"] > 0
    assert told["reports"] >= told["reports_for_a_person"] == 1, "all reports of one in one room are one ticket"
    assert told["answered_within_60_s"] is not None
    if told["not_offered"]:
        assert told["not_offered"] == ["shake"]
        assert "does not offer" in err
    else:
        assert told["shook"] > 0
    assert [each["seated"] for each in told["populations"]] == [8, 1]


async def test_who_comes_too_late_for_the_duration_is_told_at_the_start(tmp_path: Path, server: LiveServer) -> None:
    _, _, err = await played("--scenario", town(tmp_path), "--url", server.url, "--duration", "0.5", "--json")
    assert "Only 8 of 9 arrive within 0.5 s; a longer --duration lets the others come." in err
    _, _, err = await played("--scenario", town(tmp_path), "--url", server.url, "--duration", "1", "--json")
    assert "arrive within" not in err


async def test_ctrl_c_ends_it_with_the_report_so_far(tmp_path: Path, server: LiveServer) -> None:
    status, out, _ = await played(
        "--scenario", town(tmp_path), "--url", server.url, "--duration", "600", interrupt_after=b"seated 9"
    )
    assert status == 0
    assert "A small town: 9 people" in out
    assert "people seated / at most at a time" in out
    assert "reports / that need a person" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenario", "evenin"], "Did you mean evening?"),
        (["--scenario", "raid", "--count", "5"], "leave off --count"),
        (["--scenario", "raid", "--people", "5", "--share", "0.5"], "in one way: --people or --share"),
        (["--people", "5"], "without one it is --count"),
        (["--scenario", "raid", "--url", "http://x"], "begins with ws://"),
    ],
)
def test_what_cannot_be_is_said_with_status_2(arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(bots, arguments)
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())


def test_without_a_server_it_is_said_what_to_start() -> None:
    result = CliRunner().invoke(bots, ["--scenario", "raid", "--url", "ws://127.0.0.1:9/ws"])
    assert result.exit_code == 1
    assert "hereabouts serve --port 9" in result.output


def test_too_few_open_files_are_told_with_what_to_type() -> None:
    assert descriptor_shortage(900, hard_limit=1024) is None
    told = descriptor_shortage(5000, hard_limit=1024)
    assert told is not None
    assert "ulimit -n 5064" in told
    assert "--people 960" in told


def test_scaling_keeps_every_population_and_its_arrivals(tmp_path: Path) -> None:
    scenario = read(Path(town(tmp_path)))
    few = scaled(scenario, 0.25)
    assert [population.count for population in few.populations] == [2, 1]
    assert [role.arrives_s for role in roles(few)] == [0.125, 0.375, 0.6]


# What a server offers, on a scripted one.


def actor(url: str, *offered: str, **fields: Any) -> Actor:
    """Return somebody who may do whatever is offered."""
    values: dict[str, Any] = {
        "name": "p", "count": 1, "lat": 0.0, "lon": 0.0, "spread_m": 0.0, "cell": "dr5ru7", "arrive_s": (0.0, 0.0),
        "stay_s": None, "again_s": None, "character": None, "topics": (), "visiting": 1.0, "replies": 0.0,
        "adverts": (), "doings": {}, "on_advert": {},
    }  # fmt: skip
    population = Population(**(values | fields))
    setting = Setting(url, "json", 6, frozenset(offered), frozenset({"Buy!"}), Observer())
    return Actor(population, setting, cell="dr5ru7", name="Ada", rng=random.Random(1))


async def test_shakes_bottles_and_keeping_are_counted_as_the_contract_has_them() -> None:
    async def play(peer: Peer) -> None:
        assert (await peer.enter(members=[member("a", "Ada"), member("b", "Bo")]))["visiting"]
        answers: list[tuple[str, dict[str, Any]]] = [
            ("shake", {"type": "nobody", "about": "shake"}),
            ("shake", {"type": "room"}),
            ("throw", {"type": "thrown", "bottle": "B1"}),
            ("pick", {"type": "nobody", "about": "pick"}),
            ("pick", {"type": "bottle", "bottle": "B2", "text": "hello", "at": 1, "within_m": 900}),
            ("answer", {"type": "answered", "bottle": "B2"}),
            ("keep", {"type": "voted", "about": "keep"}),
            ("contact", {"type": "voted", "about": "contact"}),
            ("extend", {"type": "voted", "about": "extend"}),
        ]
        for wanted, answer in answers:
            command = await peer.receive(wanted)
            if answer["type"] == "room":
                members = [member("s", "Ada"), member("t", "Bo")]
                await peer.give_room(room="shaken", me="s", kind="shake", members=members, ref=command["ref"])
                continue
            if wanted == "answer":
                assert command["bottle"] == "B2"
            await peer.send(answer | {"ref": command["ref"]})
            if wanted == "throw":
                await peer.send({"type": "answered", "bottle": "B1", "text": "a wave", "at": 2})
            if wanted == "keep":
                await peer.send({"type": "kept", "who": "t"})
        await peer.bye_to_leave()

    async with asyncio.timeout(ENDS_S), fake_server(play) as url:
        ada = actor(url)
        await ada.arrive()
        doings = "answer contact shake shake throw pick pick answer answer keep contact extend"
        for doing in doings.split():
            await ada.do(doing)
        await ada.depart()
    told = ada.figures.as_map()
    assert (told["shook"], told["met_by_shake"]) == (2, 1)
    assert (told["bottles_thrown"], told["bottles_picked"], told["bottles_answered"]) == (1, 1, 1)
    assert told["answers_received"] == 1
    assert ada.figures.did == {
        "shake": 2, "throw": 1, "pick": 1, "answer": 1, "keep": 1, "contact": 1, "extend": 1
    }  # fmt: skip
    assert not ada.figures.refused
    assert told["rooms"] == 2


async def test_what_is_not_offered_is_never_sent_and_what_is_refused_is_counted() -> None:
    async def play(peer: Peer) -> None:
        await peer.enter()
        say = await peer.receive("say")
        await peer.refuse(say, "rate_limited", retry_after=1)
        say = await peer.receive("say")
        await peer.send({"type": "held", "reason": "link", "object": "write to us", "ref": say["ref"]})
        await peer.bye_to_leave()

    over = asyncio.Event()
    async with asyncio.timeout(ENDS_S), fake_server(play) as url:
        ada = actor(url, "say", doings={"say": 36_000.0, "shake": 36_000.0, "pick": 36_000.0})
        await ada.arrive()
        acting = asyncio.create_task(ada.act_until(over, None))
        while not ada.figures.held:
            await asyncio.wait([acting], timeout=0.01)
        over.set()
        await acting
        await ada.depart()
    assert ada.figures.refused["say: rate_limited"] == 1
    assert ada.figures.held["say: link"] == 1
    assert not ada.figures.did["shake"]


async def test_what_somebody_is_too_new_for_they_do_once_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client_demo.scenario.actor._TOO_NEW_MORE_S", 0.0)
    floats = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.enter()
        for _ in range(2):
            await peer.refuse(await peer.receive("throw"), "too_new", retry_after=0.2)
        thrown = await peer.receive("throw")
        await peer.send({"type": "thrown", "bottle": "B1", "ref": thrown["ref"]})
        await peer.refuse(await peer.receive("say"), "rate_limited", retry_after=0.01)
        floats.set()
        await peer.bye_to_leave()

    async with asyncio.timeout(ENDS_S), fake_server(play) as url:
        ada = actor(url, "throw", "say")
        await ada.arrive()
        await ada.do("throw")
        await ada.do("throw")  # another one meanwhile is not another one later
        while not ada.figures.did["throw"]:
            await asyncio.wait(ada._going)
        await ada.do("say")
        await floats.wait()
        assert not ada._going
        await ada.depart()
    assert ada.figures.did == {"throw": 1}
    assert ada.figures.refused == {"throw: too_new": 2, "say: rate_limited": 1}


async def test_who_reads_an_advert_reports_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client_demo.scenario.actor._REACTS_S", (0.0, 0.0))
    told = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.enter()
        await peer.said("Buy!")
        report = await peer.receive("report")
        assert (report["who"], report["reason"]) == ("b", "spam")
        await peer.send({"type": "reported", "ticket": "T1", "ref": report["ref"]})
        told.set()
        await peer.bye_to_leave()

    async with asyncio.timeout(ENDS_S), fake_server(play) as url:
        ada = actor(url, "report", on_advert={"report": 1.0, "mute": 1.0})
        await ada.arrive()
        await told.wait()
        await asyncio.gather(*ada._going)
        await ada.depart()
    assert (ada.figures.readers, ada.figures.tickets) == (1, {"T1"})
