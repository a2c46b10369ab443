"""The drain: who is let go when, what they are told, and what the process does at which signal."""

import asyncio
import contextlib
import itertools
import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from client_demo.client import Client
from server.drain import LETS_GO, farewells
from tests.apps import Clients, get, raw, running
from tests.served import PATIENCE_S, QUICKLY_S, Server, serving

HOURS = "drain_s=3600"
"""Longer than any test: who ends before did not wait for it."""

SECRET = "0123456789abcdef" * 4

Json = dict[str, Any]


# --- when ----------------------------------------------------------------------------------------------------


@given(st.integers(1, 500), st.floats(0.1, 3600))
def test_people_go_and_come_back_evenly_and_nobody_comes_back_before_all_are_gone(count: int, drain_s: float) -> None:
    told = list(farewells(count, drain_s))
    gone = [farewell.after_s for farewell in told]
    back = sorted(farewell.after_s + farewell.reconnect_in for farewell in told)
    assert gone[0] > 0
    assert gone[-1] < LETS_GO * drain_s < back[0]
    assert back[-1] < drain_s
    for moments in (gone, back, sorted(farewell.reconnect_in for farewell in told)):
        steps = [later - earlier for earlier, later in itertools.pairwise(moments)]
        assert steps == pytest.approx([(moments[-1] - moments[0]) / (count - 1)] * (count - 1)) if steps else True
    assert all(0 < farewell.reconnect_in < drain_s for farewell in told)


# --- one server in this process ------------------------------------------------------------------------------


async def test_rooms_go_one_after_the_other_and_who_has_no_seat_goes_first() -> None:
    async with running(drain_s=1.0, seats_min=3, seats_target=3, seats_max=3) as app, Clients(app) as clients:
        rooms = [await clients.seated("Ann Bo Cy", cell) for cell in ("dr5ru6", "9q8yyk", "u4pruy")]
        stranger = await clients.new()
        drain = app.begin_to_drain()
        assert drain.count == 10
        gone: list[str] = []

        async def watch(client: Any, room: str) -> float:
            events, code = await client.until_closed()
            gone.append(room)
            assert (code, events[-1]["type"]) == (4000, "bye")
            return float(events[-1]["reconnect_in"])

        watching = [asyncio.create_task(watch(client, client.room)) for room in rooms for client in room]
        watching.append(asyncio.create_task(watch(stranger, "")))
        await asyncio.wait_for(drain.run(), PATIENCE_S)
        told = await asyncio.gather(*watching)
    assert gone[0] == ""
    assert [room for room, _ in itertools.groupby(gone[1:])] == sorted({room[0].room for room in rooms})
    assert told[-1] == max(told)


async def test_until_their_moment_people_talk_and_nobody_new_comes() -> None:
    async with running(drain_s=3600) as app, Clients(app) as clients:
        ann, bo, cy = await clients.seated("Ann Bo Cy")
        drain = app.begin_to_drain()
        running_out = asyncio.create_task(drain.run())
        said = await ann.ask("say", "said", text="Still here?", room=ann.room)
        assert [(await other.hear("said"))["seq"] for other in (bo, cy)] == [said["seq"]] * 2
        with pytest.raises(InvalidStatus) as refused:
            await clients.new()
        assert refused.value.response.status_code == 503
        assert 3500 < int(refused.value.response.headers["Retry-After"]) <= 3600
        status, answer = await get(app, "/readyz")
        assert status == 503
        assert json.loads(answer)["reason"] == "draining"
        assert 3500 < json.loads(answer)["retry_after"] <= 3600
        metrics = (await get(app, "/metrics"))[1]
        assert "\nhereabouts_draining 1.0\n" in metrics
        assert "\nhereabouts_connections_refused_draining_total 1.0\n" in metrics
        # What was said in the same turn is heard before the goodbye.
        await ann.say("say", text="Goodbye!", room=ann.room)
        await cy.hear("said")
        app.hurry()
        events, _ = await bo.until_closed()
        assert [event["type"] for event in events[-2:]] == ["said", "bye"]
        await asyncio.wait_for(running_out, PATIENCE_S)


async def test_a_server_that_does_not_drain_says_so() -> None:
    async with running() as app:
        assert "\nhereabouts_draining 0.0\n" in (await get(app, "/metrics"))[1]


async def test_a_bug_in_one_farewell_keeps_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with running(drain_s=0.2) as app, Clients(app) as clients:
        ann, bo, cy = await clients.seated("Ann Bo Cy")
        [broken] = [
            peer for peer in app.node.peers.values() if peer.session.person and peer.session.person.name == "Bo"
        ]
        broken.codec = None  # type: ignore[assignment]
        await asyncio.wait_for(app.begin_to_drain().run(), PATIENCE_S)
        assert [(await client.until_closed())[1] for client in (ann, bo, cy)] == [4000, 1006, 4000]
    assert len(caplog.records) == 1


async def test_whoever_hurries_waits_for_no_answer_to_a_close_frame() -> None:
    async with running(drain_s=0.1) as app:
        _, deaf = await raw(app)
        await asyncio.wait_for(app.begin_to_drain().run(), PATIENCE_S)
        stopping = asyncio.create_task(app.stop(within_s=3600))
        await asyncio.sleep(0)
        assert app.listener.connections
        app.hurry()
        await asyncio.wait_for(stopping, 2)  # a closing connection ends by itself after 3 s
        assert not app.listener.connections
        deaf.close()


# --- a process, and signals ----------------------------------------------------------------------------------


def websocket_of(server: Server) -> str:
    return server.page.replace("http", "ws", 1) + "ws"


@contextlib.asynccontextmanager
async def crowd(server: Server, count: int) -> AsyncIterator[list[ClientConnection]]:
    """Seat so many people."""
    async with contextlib.AsyncExitStack() as stack:
        sockets = []
        for _ in range(count):
            socket = await stack.enter_async_context(connect(websocket_of(server), compression=None, proxy=None))
            await socket.send('{"type":"enter","cell":"dr5ru6"}')
            sockets.append(socket)
        for socket in sockets:
            while json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))["type"] != "room":
                pass
        yield sockets


async def last_words(socket: ClientConnection) -> tuple[Json, int | None, float]:
    """Return the last message, the close code and when it came."""
    last: Json = {}
    with contextlib.suppress(Exception):
        while True:
            last = json.loads(await socket.recv())
    return last, socket.close_code, time.monotonic()


async def line(server: Server) -> str:
    assert server.process.stdout is not None
    return (await asyncio.wait_for(server.process.stdout.readline(), PATIENCE_S)).decode()


def ask(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


async def test_sigterm_takes_nobody_new_lets_all_go_by_and_by_and_ends_with_status_0() -> None:
    async with serving("--set", "drain_s=6") as server, crowd(server, 50) as sockets:
        farewell = [asyncio.create_task(last_words(socket)) for socket in sockets]
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert "Draining: letting 50 clients go within 3 s." in await line(server)
        status, answer = await asyncio.to_thread(ask, server.page + "readyz")
        assert (status, json.loads(answer)["reason"]) == (503, "draining")
        with pytest.raises(InvalidStatus):
            await connect(websocket_of(server), proxy=None)
        out, err = await asyncio.wait_for(server.process.communicate(), PATIENCE_S)
        came = await asyncio.gather(*farewell)
    assert (server.process.returncode, out, err) == (0, b"", b"")
    byes = [bye for bye, _, _ in came]
    assert {(bye["type"], bye["code"], bye["why_code"], code) for bye, code, _ in came} == {
        ("bye", 4000, "drain", 4000)
    }
    # The seconds differ by 0.12 from one to the next, from nearly all of drain_s to nearly none of it.
    told = sorted(bye["reconnect_in"] for bye in byes)
    assert told == pytest.approx([0.06 + 0.12 * place for place in range(50)], abs=0.001)
    assert {bye["reason"] for bye in byes} == {"The server restarts."}
    moments = sorted(at - began for _, _, at in came)
    assert moments[-1] - moments[0] > 2.5
    assert min(at - began + bye["reconnect_in"] for bye, _, at in came) > 3.0


async def test_the_listening_socket_goes_before_the_last_client() -> None:
    async with serving("--set", "drain_s=8") as server, crowd(server, 9):
        host, port = server.page.removeprefix("http://").rstrip("/").split(":")
        server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection(host, int(port))
                    writer.close()
                    await asyncio.sleep(0.02)
                except ConnectionRefusedError:
                    break
        assert server.process.returncode is None
        status, *_ = await server.end(signal.SIGTERM)
        assert status == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once_and_returns_stay_spread(second: signal.Signals) -> None:
    async with serving("--set", HOURS) as server, crowd(server, 5) as sockets:
        server.process.send_signal(signal.SIGTERM)
        assert "ends it at once" in await line(server)
        status, _, err, took_s = await server.end(second)
        came = [await last_words(socket) for socket in sockets]
    assert (status, err) == (0, "")
    assert took_s < QUICKLY_S
    assert [code for _, code, _ in came] == [4000] * 5
    assert sorted(bye["reconnect_in"] for bye, _, _ in came) == [360, 1080, 1800, 2520, 3240]


async def test_it_ends_when_the_last_client_has_gone_by_itself() -> None:
    async with serving("--set", HOURS) as server:
        async with crowd(server, 2):
            server.process.send_signal(signal.SIGTERM)
            await line(server)
        assert await asyncio.wait_for(server.process.wait(), QUICKLY_S) == 0


async def test_without_clients_sigterm_ends_it_at_once() -> None:
    async with serving("--set", HOURS) as server:
        status, out, err, took_s = await server.end(signal.SIGTERM)
    assert (status, out, err) == (0, "", "")
    assert took_s < QUICKLY_S


async def test_ctrl_c_drains_nobody() -> None:
    async with serving("--set", HOURS) as server, crowd(server, 20) as sockets:
        status, out, err, took_s = await server.end(signal.SIGINT)
        came = [await last_words(socket) for socket in sockets]
    assert (status, out, err) == (0, "Stopping: saying goodbye to 20 clients.\n", "")
    assert took_s < QUICKLY_S
    assert {(bye["code"], code) for bye, code, _ in came} == {(1001, 1001)}


async def test_a_client_comes_back_to_the_next_server_with_the_token_of_the_last(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        flags = ["--data", str(tmp_path), "--set", "drain_s=2"]
        first = await stack.enter_async_context(serving(*flags, HEREABOUTS_SECRET=SECRET))
        port = first.page.rstrip("/").rpartition(":")[2]
        ann = await stack.enter_async_context(Client(websocket_of(first), cell="dr5ru6", name="Ann"))
        token = ann.token
        told: list[Json] = []
        is_back = asyncio.Event()

        def hear(event: Json) -> None:
            told.append(event)
            if event["type"] == "reconnected":
                is_back.set()

        ann.on_event = hear
        status, _, err, _ = await first.end(signal.SIGTERM)
        assert (status, err) == (0, "")
        await stack.enter_async_context(serving("--port", port, *flags, HEREABOUTS_SECRET=SECRET))
        await asyncio.wait_for(is_back.wait(), PATIENCE_S)
        [left] = [event for event in told if event["type"] == "disconnected" and event["code"] == 4000]
        assert left["reason"] == "The server restarts."
        assert left["retry_in_s"] >= 1.0
        async with connect(f"ws://127.0.0.1:{port}/ws", proxy=None) as again:
            await again.send(json.dumps({"type": "enter", "cell": "dr5ru6", "token": token}))
            assert json.loads(await again.recv())["type"] == "entered"
