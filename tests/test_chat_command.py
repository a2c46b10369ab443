"""The `chat` command around the screen: what it says before there is one, and after."""

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
import pytest
from click.testing import CliRunner, Result
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

import client_demo.chat as module
from client_demo.bots import bots
from client_demo.chat import chat
from client_demo.terminal.app import ChatApp
from tests.certificates import contexts, make_pem
from tests.fake_server import Message


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command believe in a terminal, which a test run has none of."""
    monkeypatch.setattr("client_demo.chat._has_terminal", lambda: True)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(chat, list(arguments))


Play = Callable[[ServerConnection], None]


@contextmanager
def served(play: Play, tls: ssl.SSLContext | None = None, *, about: Message | None = None) -> Iterator[str]:
    """Play a server in a thread, because the command has a loop of its own; yields the address."""

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(200, json.dumps(about)) if about and request.path == "/about" else None

    protocols = [Subprotocol("hereabouts.v1.msgpack")]
    with serve(play, "127.0.0.1", 0, ssl=tls, subprotocols=protocols, process_request=answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws{'s' * (tls is not None)}://127.0.0.1:{server.socket.getsockname()[1]}/ws"
        finally:
            server.shutdown()
            thread.join()


def refusing(error: Message) -> Play:
    """Answer every `enter` with an error."""

    def play(connection: ServerConnection) -> None:
        connection.recv()
        connection.send(msgpack.packb({"type": "error"} | error))

    return play


def seating(then: Play, **member: object) -> Play:
    """Give whoever enters a seat and go on with `then`."""

    def play(connection: ServerConnection) -> None:
        enter = msgpack.unpackb(connection.recv())
        entered = {
            "you": {"name": "Ada", "token": "t"},
            "limits": {"resume_grace_s": 60, "away_s": 900, "time_scale": 2},
        }
        connection.send(msgpack.packb({"type": "entered", "resumed": False, "ref": enter["ref"]} | entered))
        room = {"room": "r", "me": "a", "seq": 1, "members": [{"id": "a", "name": "Ada"} | member]}
        connection.send(msgpack.packb({"type": "room", "ref": None} | room))
        if then is not shut_out:
            connection.send(msgpack.packb({"type": "notice", "text": "You may leave.", "level": "info"}))
        then(connection)

    return play


def answer_leave(connection: ServerConnection) -> None:
    """Take `leave` and say `bye`."""
    leave = msgpack.unpackb(connection.recv())
    connection.send(msgpack.packb({"type": "bye", "code": 1000, "reason": "left", "ref": leave["ref"]}))
    connection.close(1000)


def swallow(connection: ServerConnection) -> None:
    """Read everything and answer nothing."""
    for _ in connection:
        pass


def drop(connection: ServerConnection) -> None:
    """Break the connection when `leave` comes."""
    connection.recv()
    connection.socket.close()


def shut_out(connection: ServerConnection) -> None:
    """End it for good before anybody leaves."""
    connection.close(4503, "replaced")


@pytest.fixture
def leaves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let somebody leave once the screen is there, and wait for an answer only for a moment."""

    async def look(app: ChatApp) -> None:
        async for event in app.client.events():
            if event["type"] in ("notice", "disconnected"):
                return

    monkeypatch.setattr(ChatApp, "run_async", look)
    monkeypatch.setattr("client_demo.client.LEAVE_TIMEOUT_S", 0.2)


async def test_who_hears_nothing_of_what_is_offered_is_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(url: str) -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"commands": ["next"]}

    monkeypatch.setattr(module, "fetch_about", hangs)
    monkeypatch.setattr(module, "ABOUT_TIMEOUT_S", 0.01)
    assert await module._switched_off("ws://127.0.0.1:1/ws") == frozenset()


@pytest.mark.usefixtures("leaves_at_once")
@pytest.mark.parametrize("about", [{"commands": ["next"]}, None])
def test_screen_is_told_what_the_server_does_not_offer(about: Message | None, monkeypatch: pytest.MonkeyPatch) -> None:
    off: list[str] = []
    look = ChatApp.run_async

    async def note(app: ChatApp) -> None:
        off.extend(name for name in ("next", "shake") if not app.check_action(name, ()))
        await look(app)

    monkeypatch.setattr(ChatApp, "run_async", note)
    with served(seating(answer_leave), about=about) as url:
        run("--cell", "dr5ru7", "--url", url)
    assert off == (["shake"] if about else [])


@pytest.mark.usefixtures("leaves_at_once")
def test_leaving_says_that_one_was_forgotten_once_the_server_has_said_so() -> None:
    with served(seating(answer_leave)) as url:
        result = run("--cell", "dr5ru7", "--url", url)
    assert (result.exit_code, result.output) == (0, "You left; the server has forgotten you.\n")


@pytest.mark.usefixtures("leaves_at_once")
@pytest.mark.parametrize("then", [swallow, drop])
def test_leaving_without_an_answer_says_how_the_seat_ends(then: Play) -> None:
    with served(seating(then)) as url:
        result = run("--cell", "dr5ru7", "--url", url)
    told = "The server could not be told that you left; your seat ends by itself 30 s after it misses you.\n"
    assert (result.exit_code, result.output) == (1, told)


@pytest.mark.usefixtures("leaves_at_once")
def test_leaving_without_an_answer_while_away_says_when_the_seat_ends_at_the_latest() -> None:
    with served(seating(swallow, away=True)) as url:
        result = run("--cell", "dr5ru7", "--url", url)
    assert "your seat ends by itself within 450 s." in result.output


@pytest.mark.usefixtures("leaves_at_once")
def test_end_for_good_says_why_and_nothing_of_the_seat() -> None:
    with served(seating(shut_out)) as url:
        result = run("--cell", "dr5ru7", "--url", url)
    assert (result.exit_code, result.output) == (1, "You went on in another window; this one is over.\n")


def test_chat_without_a_terminal_says_in_one_line_that_it_needs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    result = run("--cell", "dr5ru7", "--url", "ws://127.0.0.1:1/ws")
    assert result.exit_code == 1
    assert result.output == "`hereabouts chat` needs a terminal to draw on and to type in.\n"


def test_refused_name_is_told_in_the_servers_words() -> None:
    message = "U+200D cannot be seen and may not stand here."
    with served(refusing({"code": "bad_name", "message": message, "about": "enter"})) as url:
        result = run("--cell", "dr5ru7", "--name", "Zoë 👩\u200d👧", "--url", url)
    assert result.exit_code == 1
    assert result.output == f"The server refused: That name cannot be used. {message}\n"


def test_chat_without_a_place_explains_how_to_say_one() -> None:
    result = run()
    assert result.exit_code == 2
    assert '--city "New York"' in result.output
    assert "--near 40.75,-73.99" in result.output
    assert "--cell dr5ru" in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--city", "Nwe York"], 'Did you mean "New York City, US"'),
        (["--near", "north"], "write LAT,LON like 40.75,-73.99"),
        (["--cell", "dr5"], "too coarse"),
        (["--cell", "dr5ru", "--city", "Paris"], "in one way"),
    ],
)
def test_chat_with_an_unknown_place_says_what_to_type(arguments: list[str], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_chat_without_a_server_says_how_to_start_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = run("--cell", "dr5ru", "--url", f"ws://127.0.0.1:{port}/ws")
    assert result.exit_code == 1
    assert "No server answers" in result.output
    assert "make run" in result.output


@pytest.fixture
def of_its_own(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Play a server whose certificate nobody has signed: its address, and the certificate's file."""
    pem = make_pem(tmp_path)
    refuses = refusing({"code": "too_precise", "message": "finer than 5", "about": "enter"})
    with served(refuses, tls=contexts(pem)[0]) as url:
        yield url, pem


def test_certificate_that_is_not_trusted_is_named_with_how_to_trust_it(
    of_its_own: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, pem = of_its_own
    for command, flags in ((chat, ["--cell", "dr5ru7"]), (bots, ["--count", "1"])):
        result = CliRunner().invoke(command, [*flags, "--url", url])
        assert result.exit_code == 1
        assert "a certificate that is not trusted here (self-signed certificate)" in result.output
        assert "SSL_CERT_FILE=FILE" in result.output
        assert "No server answers" not in result.output
        assert "Start a server" not in result.output
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    assert "Leave off its last characters." in run("--cell", "dr5ru7", "--url", url).output


def test_chat_at_what_is_no_address_says_so() -> None:
    result = run("--cell", "dr5ru", "--url", "nonsense")
    assert result.exit_code == 2
    assert "nonsense" in result.output


def test_terms_are_shown_and_accepted_by_hand_alone() -> None:
    needed = {
        "code": "terms_needed", "message": "First the terms.", "about": "enter", "terms": "Be kind.\x1b[2J",
        "terms_version": "2026-11; rm", "adults_only": True,
    }  # fmt: skip
    with served(refusing(needed)) as url:
        result = run("--cell", "dr5ru7", "--url", url)
    assert result.exit_code == 1
    assert "  Be kind.␛[2J\n" in result.output
    assert "and say that you are 18 or older, add: --accept-terms '2026-11; rm'" in result.output


def test_chat_refused_at_the_door_says_why_and_what_to_do() -> None:
    with served(refusing({"code": "too_precise", "message": "finer than 5", "about": "enter"})) as url:
        result = run("--cell", "dr5ru7", "--url", url)
    assert result.exit_code == 1
    assert "Leave off its last characters." in result.output


def test_chat_help_shows_examples() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "Examples:" in result.output
    assert '  hereabouts chat --city "New York"\n' in result.output


def test_topics_and_visiting_go_with_enter_and_a_bad_topic_is_said_in_the_servers_words() -> None:
    sent: list[Message] = []

    def play(connection: ServerConnection) -> None:
        sent.append(msgpack.unpackb(connection.recv()))
        message = "Topic 2 is empty: leave it out."
        connection.send(msgpack.packb({"type": "error", "code": "bad_topic", "message": message, "about": "enter"}))

    with served(play) as url:
        result = run("--cell", "dr5ru", "--url", url, "--topic", "Tea", "--topic", "", "--visiting")
    assert (sent[0]["topics"], sent[0]["visiting"]) == (["Tea", ""], True)
    assert result.exit_code == 1
    assert "Topic 2 is empty: leave it out." in result.output


def test_without_them_neither_goes_with_enter() -> None:
    sent: list[Message] = []

    def play(connection: ServerConnection) -> None:
        sent.append(msgpack.unpackb(connection.recv()))
        connection.send(msgpack.packb({"type": "error", "code": "outside", "message": "Not here.", "about": "enter"}))

    with served(play) as url:
        run("--cell", "dr5ru", "--url", url)
    assert not {"topics", "visiting"} & set(sent[0])
