"""The command `bots`: a crowd lives against a real server and every word is accounted for."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from client_demo.about import about_url, fetch_limits
from client_demo.accounting.accounts import RoomAccount
from client_demo.bots import bots
from client_demo.client import Unreachable
from client_demo.crowd.swarm import Plan, Report, Swarm
from client_demo.crowd.workers import Crew
from tests.fake_server import fake_server
from tests.live_server import LiveServer, live_server

ENDS_S = 60.0


@pytest.fixture
async def server() -> AsyncIterator[LiveServer]:
    async with live_server() as server:
        yield server


def plan(url: str, **changes: Any) -> Plan:
    """Return a plan for a dozen people around one place."""
    chosen: dict[str, Any] = {
        "url": url,
        "wire": "msgpack",
        "count": 12,
        "lat": 40.7,
        "lon": -74.0,
        "spread_m": 300.0,
        "cell": None,
        "characters": 6,
        "enter_per_s": 200.0,
        "rate": None,
        "moves": True,
        "leaves_chairs": False,
        "next_per_h": 6,
        "sources": (),
        "seed": 1,
        "run": "wabc12",
    }
    return Plan(**(chosen | changes))


Reached = Callable[[Report], bool]


async def refreshed(crew: Crew, is_reached: Reached) -> Report:
    """Return the crew's first report that satisfies `is_reached`."""
    never = asyncio.Event()
    for _ in range(int(ENDS_S * 100)):
        report = crew.refresh()
        if is_reached(report):
            return report
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(never.wait(), 0.01)
    raise TimeoutError


async def run_until(swarm: Swarm, is_reached: Reached) -> Report:
    """Run the swarm until its report satisfies `is_reached`; return the final one."""
    running = asyncio.create_task(swarm.run())
    async with asyncio.timeout(ENDS_S):
        while not is_reached(swarm.report()):
            await asyncio.wait([running], timeout=0.01)
        swarm.stop()
        await running
    return swarm.report(is_final=True)


async def command(*arguments: str, end_with: signal.Signals | None = None) -> tuple[int, str, str]:
    """Run `hereabouts bots` in a process of its own; returns status, standard output and standard error.

    Args:
        end_with: sent as soon as it is at work.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from client_demo.bots import bots; bots()", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr is not None
    seen = b""
    async with asyncio.timeout(ENDS_S):
        if end_with is not None:
            seen = await process.stderr.readline()
            process.send_signal(end_with)
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), (seen + err).decode()


# --- a crowd ----------------------------------------------------------------------------------------------


async def test_everybody_enters_talks_and_leaves_and_nothing_is_lost_or_doubled(server: LiveServer) -> None:
    final = await run_until(Swarm(plan(server.url)), lambda report: report.figures.acknowledged >= 2)
    figures = final.figures
    assert final.acts["entered"] >= 12
    assert final.seated == 0
    assert figures.faults() == {}
    assert figures.sent == figures.acknowledged >= 2
    assert figures.delivered > figures.sent
    assert (final.troubles, final.breaks) == ({}, {})
    assert (await fetch_limits(server.url))["seats_max"] == 12


async def test_words_at_a_rate_are_meant_at_their_moments_and_all_arrive(server: LiveServer) -> None:
    swarm = Swarm(plan(server.url, rate=50.0, moves=False, seed=2))
    final = await run_until(swarm, lambda report: report.figures.acknowledged >= 40)
    figures = final.figures
    assert figures.faults() == {}
    assert figures.sent == figures.acknowledged + sum(figures.refused.values())
    assert figures.latency.count == figures.delivered


async def test_people_who_change_rooms_leave_and_come_back_lose_no_word(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client_demo.crowd.acts._MOVE_ON_MEAN_S", 0.3)
    swarm = Swarm(plan(server.url, rate=60.0, cell="dr5ru7", spread_m=0.0))
    final = await run_until(swarm, lambda report: report.acts["next"] >= 5 and report.acts["came back"] >= 5)
    assert final.acts["entered"] > 12
    assert final.figures.faults() == {}
    assert final.figures.settled.expected == final.figures.delivered > 0


async def test_two_processes_worth_of_people_are_settled_together(server: LiveServer) -> None:
    halves = plan(server.url, cell="dr5ru7", rate=40.0, parts=2)
    swarms = [Swarm(replace(halves, part=part)) for part in range(2)]
    finals = await asyncio.gather(
        *(run_until(swarm, lambda report: report.figures.acknowledged >= 6) for swarm in swarms)
    )
    accounts: dict[str, RoomAccount] = {}
    for final in finals:
        for account in final.parted:
            if account.room in accounts:
                accounts[account.room].merge(account)
            else:
                accounts[account.room] = account
    assert any(len({stay.me for stay in account.stays}) > 6 for account in accounts.values())
    verdicts = [account.settle() for account in accounts.values()]
    assert sum(verdict.expected for verdict in verdicts) == sum(final.figures.delivered for final in finals) > 0
    assert not any(verdict.lost or verdict.missed or verdict.disputed for verdict in verdicts)


async def test_a_server_that_refuses_everybody_is_told_and_not_hammered() -> None:
    async with live_server({"connections_max": 1}) as server:
        swarm = Swarm(plan(server.url, count=3))
        final = await run_until(swarm, lambda report: report.has_entered)
    assert final.acts["entered"] == 1
    assert sum(final.troubles.values()) == 2
    assert all("503" in what for what in final.troubles)


async def test_a_crew_of_one_process_ends_with_a_final_settled_report(server: LiveServer) -> None:
    crew = Crew(plan(server.url, count=4), 1, descriptors=64)
    report = await refreshed(crew, lambda report: report.has_entered)
    assert report.seated == 4
    crew.stop()
    report = await refreshed(crew, lambda report: report.is_final)
    assert report.figures.faults() == {}
    assert len(report.rooms_seen) >= 1


# --- the command ------------------------------------------------------------------------------------------


async def test_the_command_prints_one_json_object_and_ends_well(server: LiveServer) -> None:
    status, out, err = await command(
        *("--url", server.url, "--count", "8", "--duration", "1", "--rate", "20", "--processes", "2"),
        *("--cell", "dr5ru7", "--seed", "3", "--json"),
    )
    assert (status, out.count("\n")) == (0, 1), err
    result = json.loads(out)
    assert (result["ok"], result["lost"], result["doubled"], result["seed"]) == (True, 0, 0, 3)
    assert result["sent"] == result["acknowledged"] >= 10
    assert result["delivered"] == result["expected"] > result["sent"]


async def test_what_goes_round_is_held_and_why_is_said_once() -> None:
    async with live_server({"same_text_rooms": 2, "same_text_rooms_all": 2}) as server:
        status, out, err = await command(
            *(
                "--url",
                server.url,
                "--count",
                "40",
                "--duration",
                "4",
                "--rate",
                "15",
                "--no-moves",
                "--cell",
                "dr5ru7",
            ),
            *("--enter-per-s", "200", "--seed", "3", "--json"),
        )
    result = json.loads(out)
    assert (status, result["ok"], result["lost"], result["refused"]) == (0, True, 0, {})
    assert result["held"]["same_text"] > 0
    assert result["acknowledged"] + result["crossed"] + result["held"]["same_text"] == result["sent"]
    assert err.count("out of one phrase book") == 1
    assert "--set same_text_rooms=0 --set same_text_rooms_all=0" in err


async def test_ctrl_c_ends_it_with_everybody_gone_and_a_summary(server: LiveServer) -> None:
    status, out, err = await command("--url", server.url, "--count", "8", end_with=signal.SIGINT)
    assert status == 0, err
    for text in ("8 bots at", "words delivered", "Nothing was lost, doubled or refused."):
        assert text in out
    assert "Traceback" not in err


def test_nobody_there_is_a_sentence_that_says_what_to_start() -> None:
    result = CliRunner().invoke(bots, ["--url", "ws://127.0.0.1:1/ws"])
    assert result.exit_code == 1
    assert "nobody answers at ws://127.0.0.1:1/ws" in result.output
    assert "hereabouts serve --port 1" in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--city", "Nowhere At All"], "Nowhere At All"),
        (["--city", "Paris", "--cell", "dr5ru"], "in one way"),
        (["--near", "95,0"], "latitude"),
        (["--cell", "dr5ru7z1"], "6 characters at most"),
        (["--source", "192.0.2.1"], "no address of this machine"),
        (["--count", "1000000", "--processes", "1"], "ulimit -n"),
        (["--count", "0"], "--count"),
        (["--rate", "0"], "--rate"),
        (["--url", "http://127.0.0.1/"], "ws://"),
    ],
)
def test_what_cannot_be_is_refused_with_status_2_and_a_sentence(
    arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def limits(_url: str) -> dict[str, Any]:
        return {"finest_cell": 6}

    monkeypatch.setattr("client_demo.preflight.fetch_limits", limits)
    result = CliRunner().invoke(bots, arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())


@pytest.mark.parametrize("arguments", [["--city", "Atlantis"], ["--near", "95,0"], ["--source", "192.0.2.1"]])
def test_wrong_arguments_are_told_before_anybody_looks_for_the_server(arguments: list[str]) -> None:
    result = CliRunner().invoke(bots, [*arguments, "--url", "ws://127.0.0.1:1/ws"])
    assert result.exit_code == 2
    assert "nobody answers" not in result.output


def test_city_taken_among_several_is_told() -> None:
    result = CliRunner().invoke(bots, ["--city", "Springfield", "--url", "ws://127.0.0.1:1/ws"])
    assert "Springfield, Missouri, US (1 of 3; others: Springfield, Illinois, US;" in result.stderr


def test_help_says_the_exit_statuses_and_ends_with_examples() -> None:
    result = CliRunner().invoke(bots, ["--help"])
    assert "Exit status 1 if no server answers or a word was lost" in " ".join(result.output.split())
    assert 'hereabouts bots --count 300 --city "New York"' in result.output.partition("Examples:")[2]


# --- what a server tells ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "about"),
    [
        ("ws://127.0.0.1:8765/ws", "http://127.0.0.1:8765/about"),
        ("wss://chat.example/here/ws", "https://chat.example/here/about"),
        ("ws://[::1]:1/ws?x=1", "http://[::1]:1/about"),
    ],
)
def test_a_server_tells_about_itself_next_to_its_websocket(url: str, about: str) -> None:
    assert about_url(url) == about


async def test_a_server_that_tells_nothing_has_no_known_limits() -> None:
    async with fake_server() as url:
        assert await fetch_limits(url) == {}


async def test_where_nobody_listens_nothing_can_be_asked() -> None:
    with pytest.raises(Unreachable):
        await fetch_limits("ws://127.0.0.1:1/ws")
