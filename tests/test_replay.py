"""The command `replay`: made-up check-ins against a real server, and figures only where they mean something."""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from client_demo.accounting.figures import Figures
from client_demo.accounting.verdict import errors
from client_demo.checkins import CheckIn, Reading
from client_demo.ledger import Ledger
from client_demo.replay import replay
from client_demo.replaying.nearness import Seen
from client_demo.replaying.replayer import Course, Replayer
from client_demo.replaying.summary import Outcome, keeps_pace
from client_demo.replaying.timetable import Kind, actions, visits
from client_demo.replaying.visitor import Happenings
from tests.live_server import LiveServer, live_server

SPEED = 3600.0
START = 1_000_000.0
MINUTE = 60.0
ENDS_S = 60.0


def check_ins(people: int = 24, *, minutes: int = 60) -> list[CheckIn]:
    """Return made-up rows: everybody once within the time, all within a kilometre, every fourth again later."""
    rng = random.Random(5)
    rows = []
    for number in range(people):
        at = START + rng.randrange(minutes) * MINUTE
        rows.append(CheckIn(f"u{number}", 10 + rng.random() / 100, 20 + rng.random() / 100, at))
        if number % 4 == 0:
            rows.append(CheckIn(f"u{number}", 10.05, 20.05, at + 20 * MINUTE))
    return sorted(rows, key=lambda row: row.at)


def written(path: Path, rows: list[CheckIn]) -> Path:
    lines = (f"{row.user},{row.lat},{row.lon},{int(row.at)}" for row in rows)
    path.write_text("\n".join(["user,lat,lon,unix_time", *lines, "a bad row"]), encoding="utf-8")
    return path


@pytest.fixture
async def server() -> AsyncIterator[LiveServer]:
    async with live_server({"time_scale": SPEED}) as server:
        yield server


def replayer(url: str, rows: list[CheckIn], *, speed: float = SPEED) -> tuple[Replayer, Ledger]:
    ledger = Ledger("wabc12")
    made = Replayer(
        visits(rows, stay_s=60 * MINUTE),
        url=url,
        wire="json",
        sources=("127.0.0.1",),
        speed=speed,
        characters=6,
        ledger=ledger,
        rng=random.Random(1),
    )
    return made, ledger


async def command(*arguments: str) -> tuple[int, str, str]:
    """Run `hereabouts replay` in a process of its own; returns status, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from client_demo.replay import replay; replay()", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(ENDS_S):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


# --- a replay ---------------------------------------------------------------------------------------------


async def test_a_replay_seats_everybody_and_says_where_they_sat(server: LiveServer, tmp_path: Path) -> None:
    rows = check_ins()
    file = written(tmp_path / "rows.csv", rows)
    status, out, err = await command(str(file), server.url, "--speed", f"{SPEED:g}", "--seed", "1", "--json")
    assert status == 0, err
    assert "line 32: 1 fields in place of 4" in err
    result = json.loads(out)
    assert result["ok"]
    assert (result["connections"], result["moved"] + result["entered_anew"]) == (24, 6)
    assert (result["check_ins"], result["bad_rows"]) == (len(rows), 1)
    assert result["acknowledged"] == result["sent"] - result["crossed"] == len(rows)
    assert result["delivered"] == result["expected"] > result["acknowledged"]
    assert (result["lost"], result["doubled"], result["gaps"], result["missed"]) == (0, 0, 0, 0)
    seating = result["seating"]
    assert seating["people"] + seating["on_the_way"] > 24
    assert 0 <= seating["company"] <= 1
    assert 0 <= seating["near_m"]["median"] < 10_000
    assert seating["wait_s"]["p50"] >= 0
    assert result["serve"] is None


async def test_a_server_with_another_clock_gives_no_figures_of_company_but_the_command_it_wants(
    server: LiveServer, tmp_path: Path
) -> None:
    file = written(tmp_path / "rows.csv", check_ins(6, minutes=20))
    status, out, err = await command(str(file), server.url, "--speed", "7200", "--stay", "20")
    assert status == 0, err
    wanted = f"hereabouts serve --port {server.port} --set time_scale=7200"
    assert wanted in err
    assert wanted in out
    assert "lost" in out
    for text in ("company  ", "near median", "wait p50"):
        assert text not in out


async def test_everybody_has_left_when_a_replay_is_stopped(server: LiveServer) -> None:
    rows = check_ins()
    made, ledger = replayer(server.url, rows, speed=600.0)
    stop = asyncio.Event()
    todo = actions(visits(rows, stay_s=60 * MINUTE), random.Random(1), sample_every_s=600)
    running = asyncio.create_task(made.run(todo, stop))
    while made.happenings.entered < 3:
        await asyncio.wait([running], timeout=0.01)
    stop.set()
    async with asyncio.timeout(ENDS_S):
        await running
    assert made.course.is_cut_short
    assert not ledger.rooms
    assert ledger.finish().faults() == {}


async def test_samples_hold_true_places_and_the_rooms_that_were_told(server: LiveServer) -> None:
    rows = [CheckIn(f"u{number}", 30.0, 40.0 + number / 1000, START) for number in range(4)]
    made, _ = replayer(server.url, [*rows, CheckIn("late", 30.0, 40.0, START + 25 * MINUTE)])
    todo = actions(made.visits, random.Random(1), sample_every_s=600)
    await made.run([action for action in todo if action.kind is not Kind.SAY], asyncio.Event())
    assert len(made.course.samples) == 2
    assert made.course.online_most == 5
    for sample in made.course.samples:
        assert sorted((seen.lat, seen.lon) for seen in sample) == [(row.lat, row.lon) for row in rows]
        assert all(seen.room and seen.size >= 1 for seen in sample)


async def test_a_server_that_is_not_there_is_trouble_and_not_the_end() -> None:
    made, ledger = replayer("ws://127.0.0.1:1/ws", check_ins(2, minutes=1))
    todo = actions(made.visits, random.Random(1), sample_every_s=600)
    await made.run(todo, asyncio.Event())
    assert made.happenings.entered == 0
    assert sum(made.happenings.troubles.values()) == 3
    assert made.happenings.unsaid == 3
    assert ledger.finish().sent == 0


# --- the summary ------------------------------------------------------------------------------------------


def outcome(**limits: Any) -> Outcome:
    """Return the outcome of a replay of three people who sat together, once seen."""
    course = Course(samples=[[Seen(40.0 + number / 100, -74.0, "r", 3) for number in range(3)]], on_the_way=1)
    course.late.record(0.5)
    return Outcome(
        file="rows.csv",
        url="ws://127.0.0.1:8765/ws",
        speed=600.0,
        stay_min=60.0,
        seed=1,
        reading=Reading(rows_bad=2),
        course=course,
        happenings=Happenings(waits_s=[0.0, 0.1], limits=limits),
        figures=Figures(sent=3, acknowledged=3),
        rooms={"r"},
    )


def test_the_summary_tells_company_distance_and_waiting_in_replayed_time() -> None:
    rows = dict(outcome(time_scale=600).rows())
    assert rows["company"] == "1.0000"
    assert rows["  of those who had others near"] == "100.0% of the people"
    assert rows["near median / p90"] == "1,668 m / 1,668 m"
    assert rows["wait p50 / p90"] == "0 s / 60 s (replayed)"
    assert rows["room sizes, sampled"] == "3: 100.0%"
    assert rows["people seen in samples"] == "3, and 1 on the way in"


def test_a_replay_of_people_far_apart_is_said_to_be_thin() -> None:
    scattered = outcome(time_scale=600)
    scattered.course.samples[0].extend(Seen(-40.0, float(lon), f"r{lon}", 1) for lon in range(0, 100, 10))
    told = dict(scattered.rows())["  of those who had others near"]
    assert told.startswith("23.1% of the people; too thin to judge by")


def test_the_errors_of_the_summary_are_those_that_the_live_line_counts() -> None:
    made = outcome()
    assert dict(made.rows())["errors"] == "none"
    made.figures.settled.missed = 2
    made.figures.refused["rate_limited"] += 1
    made.happenings.trouble("closed while moving")
    assert dict(made.rows())["errors"] == "2 × missed, 1 × closed while moving, 1 × rate_limited"
    assert errors(made.figures, made.happenings.troubles).total() == 4


def test_without_the_same_clock_the_summary_has_none_of_these() -> None:
    slow = outcome(time_scale=1)
    names = {name for name, _ in slow.rows()}
    assert names.isdisjoint({"company", "oversize", "near median / p90", "wait p50 / p90"})
    assert {"words sent", "rooms"} <= names
    assert slow.as_map([])["seating"] is None
    assert (
        slow.serve_command
        == "hereabouts serve --set time_scale=600 --set same_text_rooms=0 --set same_text_rooms_all=0"
    )


def test_lateness_is_told_in_replayed_seconds() -> None:
    assert outcome().late_s == pytest.approx(300, rel=0.02)


@pytest.mark.parametrize(
    ("limits", "is_same"),
    [({"time_scale": 600}, True), ({"time_scale": 600.0}, True), ({"time_scale": 60}, False), ({}, False)],
)
def test_a_clock_keeps_pace_when_it_runs_as_fast_as_the_replay(limits: dict[str, Any], is_same: bool) -> None:
    assert keeps_pace(limits, 600.0) is is_same


def test_a_replay_in_real_time_keeps_pace_with_any_ordinary_server() -> None:
    assert keeps_pace({}, 1.0)


# --- the command line -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.csv"], "nowhere.csv cannot be read: No such file"),
        (["rows.csv", "--hours", "5-2"], "is no range of hours"),
        (["rows.csv", "--hours", "500-600"], "holds no check-in in hours 500-600 (1 bad rows)"),
        (["empty.csv"], "holds no check-in that can be read (0 bad rows)"),
        (["rows.csv", "--speed", "0"], "--speed"),
        (["rows.csv", "http://127.0.0.1:1/"], "begins with ws://"),
        (["rows.csv", "--url", "http://127.0.0.1:1/"], "begins with ws://"),
        (["rows.csv", "ws://127.0.0.1:1/ws", "--url", "ws://127.0.0.1:1/ws"], "Name the server once"),
        (["rows.csv", "--source", "192.0.2.1", "--url", "ws://127.0.0.1:1/ws"], "no address of this machine"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_status_2_and_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "rows.csv", check_ins())
    (tmp_path / "empty.csv").touch()
    result = CliRunner().invoke(replay, arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())


@pytest.mark.parametrize("option", [[], ["--url"]])
def test_without_a_server_a_sentence_says_what_to_start(option: list[str], tmp_path: Path) -> None:
    file = written(tmp_path / "rows.csv", check_ins())
    result = CliRunner().invoke(replay, [str(file), *option, "ws://127.0.0.1:1/ws"])
    assert result.exit_code == 1
    assert "hereabouts serve --port 1" in result.output


def test_help_ends_with_examples() -> None:
    result = CliRunner().invoke(replay, ["--help"])
    assert "hereabouts replay checkins.csv.gz --speed 600 --hours 36-60" in result.output.partition("Examples:")[2]
