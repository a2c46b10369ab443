"""`hereabouts demo`: one command, and whoever opens its link sits among bots who answer; it ends as one, too."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
import sysconfig
import time
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from websockets.asyncio.client import ClientConnection, connect

from client_demo import demo as module
from client_demo.crowd.characters import is_bot
from client_demo.crowd.swarm import Report, Swarm
from client_demo.demo import choose_port, demo, greeting, qr_code
from client_demo.own_server import OwnServer
from client_demo.places import Place
from client_demo.replies import MURMURS
from tests.phrase_book import every_reply
from tests.test_bots import plan

COMMAND = str(Path(sysconfig.get_path("scripts"), "hereabouts"))
PATIENCE_S = 60.0
"""For a loaded machine; on an idle one it is a tenth of that."""

TOKYO = Place("Tokyo, JP", "xn774c")
LINK = re.compile(r"Open +(http://127\.0\.0\.1:\d+/)#cell=(\w+)")


class Demo:
    """A running demo."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def link(self) -> tuple[str, str]:
        """Return the page's address and the cell of the link, once it is printed."""
        assert self.process.stdout is not None
        while not (found := LINK.search(self.said)):
            line = await self.process.stdout.readline()
            assert line, self.said
            self.said += line.decode()
        return found[1], found[2]

    async def end(self) -> int:
        """Press Ctrl-C, and return the exit status."""
        self.process.send_signal(signal.SIGINT)
        out, _ = await self.process.communicate()
        self.said += out.decode()
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[Demo]:
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "demo", "--port", "0", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={name: text for name, text in os.environ.items() if not name.startswith("HEREABOUTS_")}
        | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield Demo(process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def until(websocket: ClientConnection, *types: str) -> dict[str, Any]:
    """Return the next event of one of these types."""
    while True:
        event: dict[str, Any] = json.loads(await websocket.recv())
        if event["type"] in types:
            return event


ANSWERS = {line.replace("{name}", "Visitor") for line in every_reply() - set(MURMURS)}


async def answered(websocket: ClientConnection) -> dict[str, Any]:
    """Return the next line that is said to the visitor."""
    while True:
        event = await until(websocket, "said")
        if event["text"] in ANSWERS:
            return event


async def test_whoever_opens_the_link_sits_among_bots_who_greet_and_answer() -> None:
    began = time.monotonic()
    async with running("--city", "Tokyo", "--bots", "8") as demo:
        page, cell = await demo.link()
        assert cell == "xn774c"
        about = await asyncio.to_thread(lambda: urllib.request.urlopen(page + "about", timeout=5).read())
        assert json.loads(about)["name"] == "Hereabouts"
        async with connect(page.replace("http", "ws", 1) + "ws", proxy=None, compression=None) as websocket:
            await websocket.send(json.dumps({"type": "enter", "cell": cell, "name": "Visitor"}))
            room = await until(websocket, "room")
            others = [member for member in room["members"] if member["id"] != room["me"]]
            assert len(others) >= 2
            assert all(is_bot(member["name"]) for member in others)
            welcome = await answered(websocket)
            assert is_bot(welcome["name"])
            took_s = time.monotonic() - began
            for text in ("Are you a bot?", "and how does it work?"):
                await websocket.send(json.dumps({"type": "say", "text": text}))
                assert is_bot((await answered(websocket))["name"])
            await websocket.send(json.dumps({"type": "leave"}))
        assert await demo.end() == 0
        assert "Everybody is leaving" in demo.said
        assert "The demo has ended." in demo.said
        assert "Traceback" not in demo.said
        assert not is_there(page)
    print(f"greeted {took_s:.1f} s after the command")


def is_there(page: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(page.split(":")[2].rstrip("/")))) == 0


async def test_its_server_lets_bots_say_the_same_in_every_room() -> None:
    async with asyncio.timeout(PATIENCE_S), OwnServer(0, lan=False) as server:
        for number in range(6):
            async with connect(server.websocket, proxy=None, compression=None) as websocket:
                await websocket.send(json.dumps({"type": "enter", "cell": f"u33db{number}"}))
                await websocket.send(json.dumps({"type": "say", "text": "The same long line in another room, again."}))
                assert (await until(websocket, "said", "held"))["type"] == "said"
                await websocket.send(json.dumps({"type": "leave"}))
                await until(websocket, "bye")


async def test_a_terminal_that_is_closed_takes_the_server_with_it() -> None:
    async with running("--bots", "2") as demo:
        page, _ = await demo.link()
        demo.process.send_signal(signal.SIGHUP)
        assert await demo.process.wait() == 0
        assert not is_there(page)


async def test_a_server_that_dies_is_told_and_ends_the_demo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Dying(OwnServer):
        async def ended_before(self, stop: asyncio.Event) -> int | None:
            self._process.kill()
            return await super().ended_before(stop)

    monkeypatch.setattr(module, "OwnServer", Dying)
    async with asyncio.timeout(PATIENCE_S):
        assert await module._course(TOKYO, 3, 0, lan=False) == 1
    assert "The server ended (exit status -9), and so does the demo." in capsys.readouterr().err


async def test_a_server_that_does_not_start_is_told_after_it_has_said_why(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with asyncio.timeout(PATIENCE_S):
            assert await module._course(TOKYO, 3, taken.getsockname()[1], lan=False) == 1
    said = capfd.readouterr().err
    assert said.index("already in use") < said.index("The server did not start.")


# --- the local network ------------------------------------------------------------------------------------


async def test_phones_are_told_where_the_page_is_and_what_they_will_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "command"
    command.write_text(
        f"#!{sys.executable}\n"
        "import server.phones as phones\n"
        "phones.own_addresses = lambda: ['127.0.0.2']\n"
        "phones.choose_addresses = lambda wanted, own: own\n"
        "from server.cli import main\n"
        "main()\n"
    )
    command.chmod(0o700)
    monkeypatch.setattr("client_demo.own_server._command", lambda: str(command))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with asyncio.timeout(PATIENCE_S), OwnServer(0, lan=True) as server:
        here, phones = server.pages
        port = here.rsplit(":", 1)[1]
        assert phones == f"https://127.0.0.2:{port}"
        said = greeting(server, TOKYO, Report(seated=4), 5)
    assert f"{here}#cell=xn774c" in said
    assert f"{phones}#cell=xn774c" in said
    assert "The phone will warn" in said
    assert re.search(r"([0-9A-F]{2}:){31}", said)
    assert "The bots are in Tokyo, JP" in said


def test_the_link_fits_a_terminal_as_a_qr_code() -> None:
    drawn = qr_code("https://192.168.100.100:65535/#cell=xn774c").splitlines()
    assert len(drawn) <= 20
    assert len({len(line) for line in drawn}) == 1


async def test_an_environment_with_settings_of_another_server_does_not_reach_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEREABOUTS_HOST", "192.0.2.1")
    monkeypatch.setenv("HEREABOUTS_PORT", "1")
    monkeypatch.setenv("HEREABOUTS_TLS_CERT", "nowhere.pem")
    monkeypatch.setenv("HEREABOUTS_TLS_KEY", "nowhere.pem")
    monkeypatch.setenv("HEREABOUTS_ADULTS_ONLY", "1")
    monkeypatch.setenv("HEREABOUTS_CONNECTIONS_MAX", "2")
    async with asyncio.timeout(PATIENCE_S), OwnServer(0, lan=False) as server:
        assert server.pages[0].startswith("http://127.0.0.1:")
        swarm = Swarm(plan(server.websocket, cell="dr5reg", count=4, moves=False))
        running = asyncio.create_task(swarm.run())
        await swarm.until_all_in()
        assert "4 of 4 bots are in now, in Tokyo, JP" in greeting(server, TOKYO, swarm.report(), 4)
        swarm.stop()
        await running


async def test_bots_that_are_not_in_are_not_counted_and_it_is_said_why() -> None:
    async with asyncio.timeout(PATIENCE_S), OwnServer(0, lan=False) as server:
        report = Report(seated=1, troubles=Counter({"the server was full": 3}))
        said = greeting(server, TOKYO, report, 4)
    assert "1 of 4 bots are in now" in said
    assert "3 times the server was full" in said


async def test_an_address_that_is_not_this_machines_is_refused_before_any_bot_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with asyncio.timeout(PATIENCE_S):
        assert await module._course(TOKYO, 3, 0, lan=True, host="192.0.2.77") == 1
    out, err = capfd.readouterr()
    assert "192.0.2.77 is no address by which others reach this machine" in err
    assert "bots" not in out


# --- ports and places -------------------------------------------------------------------------------------


@asynccontextmanager
async def taken(count: int = 1) -> AsyncIterator[list[int]]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
            each.listen()
        yield [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_taken_port_that_was_asked_for_is_refused_with_what_to_do(everywhere: bool) -> None:
    async with taken() as [port]:
        with pytest.raises(Exception, match=f"Port {port} is taken.*--port.*make demo PORT={port + 1}"):
            choose_port(port, everywhere=everywhere)
    assert choose_port(port, everywhere=everywhere) == port


async def test_a_taken_usual_port_gives_way_to_the_next_free_one_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with taken() as [port]:
        monkeypatch.setattr(module, "DEFAULT_PORT", port)
        chosen = choose_port(None, everywhere=False)
        assert port < chosen < port + module.PORTS_TRIED
        assert f"Port {port} is taken, perhaps by another server; this one takes {chosen}." in capsys.readouterr().out
        monkeypatch.setattr(module, "PORTS_TRIED", 1)
        with pytest.raises(Exception, match=r"are taken\. Choose one with --port"):
            choose_port(None, everywhere=False)
    assert choose_port(None, everywhere=False) == port
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--city", "Nowhere At All"], "Nowhere At All"),
        (["--city", "Paris", "--cell", "dr5ru"], "in one way"),
        (["--near", "95,0"], "latitude"),
        (["--bots", "1"], "--bots"),
        (["--bots", "abc"], "'abc' is not a valid whole number"),
        (["--host", "192.0.2.2"], "it goes with --lan"),
        (["--port", "70000"], "--port"),
    ],
)
def test_what_cannot_be_is_refused_with_status_2_and_a_sentence(arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(demo, arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())


# --- chairs -----------------------------------------------------------------------------------------------


async def test_tables_keep_chairs_free_for_who_comes_last() -> None:
    async with asyncio.timeout(PATIENCE_S), OwnServer(0, lan=False) as server:
        # Two tables of twelve, as the server fills them: nobody else could sit down with them.
        swarm = Swarm(plan(server.websocket, cell="dr5reg", count=24, leaves_chairs=True, moves=False))
        running = asyncio.create_task(swarm.run())
        await swarm.until_all_in()
        while swarm.report().seated > 18:  # noqa: ASYNC110 - a count has no event
            await asyncio.sleep(0.05)
        async with connect(server.websocket, proxy=None, compression=None) as websocket:
            await websocket.send(json.dumps({"type": "enter", "cell": "dr5reg"}))
            room = await until(websocket, "room")
            assert 3 <= len(room["members"]) <= 10
        swarm.stop()
        await running
        assert swarm.report(is_final=True).figures.faults() == {}
