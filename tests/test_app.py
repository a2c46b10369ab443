"""The whole server over real sockets: every way a connection ends, and that nobody else notices."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from server.app import App
from server.codes import CLOSE_CODES
from server.loading import load
from server.operate.admin.requests import BanRequest
from server.safety.verified import LEEWAY_S
from server.session import Session
from server.sources import ID_BYTES
from tests.apps import PATIENCE_S, Client, Clients, close_code, get, masked, raw, running
from tests.jwts import AUTH, SECRET, shared
from tests.sessions import FAR_AWAY, HERE, UNLIMITED, of_type

LOUD: dict[str, Any] = {**UNLIMITED, "text_max_chars": 10_000, "frame_max_bytes": 200_000}


@pytest.fixture(autouse=True)
def _nothing_is_logged(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Any:
    """Fail if anything was logged, but for tests of our own bugs."""
    yield
    if "bug" not in request.node.name:
        assert [record.getMessage() for record in caplog.records if record.name.startswith("hereabouts")] == []
        assert "Traceback" not in caplog.text


# Every close code.

Scene = Callable[[App, Clients, Client], Awaitable[tuple[list[dict[str, Any]], int]]]


async def leave(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    await ann.say("leave")
    return await ann.until_closed()


async def shut_down(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    stopping = asyncio.create_task(app.stop())
    ended = await ann.until_closed()
    await stopping
    return ended


async def break_a_rule(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    reader, _ = await raw(app, b"\x81\x02hi")  # not masked
    return [], await close_code(reader)


async def wrong_frame(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    await ann.socket.send(b'{"type":"ping"}')
    return await ann.until_closed()


async def not_utf8(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    reader, _ = await raw(app, masked(b'{"type":"\xff"}'))
    return [], await close_code(reader)


async def too_big(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    await ann.socket.send("x" * 2**20)
    return await ann.until_closed()


async def our_bug(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    def broken(*_: object, **__: object) -> None:
        raise ValueError(ann.token)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "receive", broken)
        await ann.say("ping")
        return await ann.until_closed()


async def read_slowly(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    ann.socket.transport.pause_reading()
    loud = await clients.new()
    await loud.enter()
    while not app.listener.closed:
        await loud.ask("say", "said", text="x" * 10_000)
    ann.socket.transport.resume_reading()
    return await ann.until_closed()


async def do_not_enter(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    return await (await clients.new("msgpack")).until_closed()


async def too_many_errors(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    for _ in range(4):
        await ann.say("dance")
    return await ann.until_closed()


async def replaced(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    second = await clients.new("msgpack")
    await second.enter(token=ann.token, resume={"room": ann.room, "seq": ann.seq})
    return await ann.until_closed()


async def outlast_auth(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    verified = await clients.new()
    await verified.enter(auth=shared(exp=int(time.time() - LEEWAY_S) + 2))
    return await verified.until_closed()


async def banned(app: App, clients: Clients, ann: Client) -> tuple[list[dict[str, Any]], int]:
    [who] = [person.id for person in app.house.world.people.values() if person.name == "Ann"]
    app.operating.office.do(BanRequest(identity=who, reason="Advertising."), by="test", is_local=True)
    return await ann.until_closed()


SCENES: dict[int, tuple[Scene, dict[str, Any]]] = {
    1000: (leave, {}),
    1001: (shut_down, {}),
    1002: (break_a_rule, {}),
    1003: (wrong_frame, {}),
    1007: (not_utf8, {}),
    1009: (too_big, {}),
    1011: (our_bug, {}),
    4001: (read_slowly, {**LOUD, "unsent_max_bytes": 200_000}),
    4002: (do_not_enter, {"enter_timeout_s": 0.1}),
    4500: (banned, {}),
    4502: (too_many_errors, {"errors_per_min": 3}),
    4503: (replaced, {}),
    4504: (outlast_auth, {"auth_secret": SECRET, **AUTH}),
}
WITHOUT_BYE = {1002, 1007, 1009}
"""Who breaks WebSocket itself is told so by the Close frame alone (RFC 6455, 7.1.7)."""
ELSEWHERE = {4000, 4003, 4501}
"""A drain ends everybody (tests/test_drain.py), 4003 takes thousands of connections (tests/test_listener.py), and this
version answers by an `error` where 4501 would do."""


def test_every_close_code_has_its_scene() -> None:
    assert SCENES.keys() | ELSEWHERE == CLOSE_CODES.keys()


@pytest.mark.parametrize("code", SCENES, ids=lambda code: f"{code}_bug" if code == 1011 else f"{code}")
async def test_every_close_code_can_be_provoked_and_bye_is_the_last_message(
    code: int, caplog: pytest.LogCaptureFixture
) -> None:
    scene, settings = SCENES[code]
    async with running(**settings) as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        events, closed = await scene(app, clients, ann)
        assert closed == code
        byes = of_type(events, "bye")
        if code not in WITHOUT_BYE:
            [bye] = byes
            assert events[-1] is bye
            row = CLOSE_CODES[code]
            assert (bye["code"], bye["why_code"]) == (code, row.name)
            assert "Advertising." in bye["reason"] if code == 4500 else bye["reason"] == row.means
            assert (bye["reconnect_in"] is not None) == row.may_return
        if code != 1001:
            assert (await bo.ask("ping", "pong"))["type"] == "pong"
            assert bo.socket.close_code is None
    if code == 1011:
        assert "ValueError" in caplog.text
        assert ann.token not in caplog.text


# The room goes on.


async def test_room_never_waits_for_who_does_not_read() -> None:
    async with running(**LOUD, unsent_max_bytes=400_000, unsent_max_s=60) as app, Clients(app) as clients:
        ann, bo, cy = await clients.seated("Ann Bo Cy")
        ann.socket.transport.pause_reading()
        said = 0
        while not app.listener.closed:
            await bo.ask("say", "said", text="x" * 10_000)
            await cy.hear("said")
            said += 1
        assert app.listener.closed == {4001: 1}
        assert said > 40
        again = await clients.new()
        room = await again.enter(token=ann.token)
        assert room["room"] == bo.room


@pytest.mark.parametrize("is_seated", [False, True], ids=["new", "seated"])
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("", "bad_message"), ("{", "bad_message"), ("[" * 10_000, "bad_message"), ("{}", "bad_message"),
        ('{"type":"say"}', "bad_message"), ('{"type":"say","text":null}', "bad_message"),
        ('{"type":"ping","x":1}', "bad_message"), ('{"type":"dance"}', "unknown_type"),
        ('{"type":"ping","ref":"\\ud800"}', "bad_message"),
        (json.dumps({"type": "enter", "cell": 40.75}), "bad_message"),
    ],
)  # fmt: skip
async def test_garbage_is_answered_by_an_error_and_the_session_goes_on(
    payload: str, code: str, is_seated: bool
) -> None:
    async with running() as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        client = ann if is_seated else await clients.new()
        await client.socket.send(payload)
        assert (await client.hear("error"))["code"] == code
        await (client.ask("ping", "pong") if is_seated else client.enter(FAR_AWAY))
        await bo.say("ping")
        assert [(await bo.hear("pong", "left", "changed", "said"))["type"]] == ["pong"]


async def test_json_and_msgpack_clients_of_one_room_see_the_same() -> None:
    async with running(**UNLIMITED) as app, Clients(app) as clients:
        ann, bo, cy = await clients.seated("Ann Bo Cy")
        await cy.say("say", text="naïve 漢 😀 \u202e\x00", ref="1")
        await cy.say("rename", name="Ｃｙ")
        await cy.say("away", ref="2")
        await cy.say("leave")
        seen = []
        for client in (ann, bo):
            events = [await client.hear("said", "changed", "left") for _ in range(4)]
            seen.append(events)
        assert seen[0] == seen[1]
        assert [event["type"] for event in seen[0]] == ["said", "changed", "changed", "left"]


# The port.


async def test_probes_tell_when_the_server_is_full_and_newcomers_get_503() -> None:
    async with running(connections_max=1) as app, Clients(app) as clients:
        assert await get(app, "/readyz") == (200, '{"ready":true}\n')
        ann = await clients.new()
        await ann.enter()
        status, body = await get(app, "/readyz")
        assert (status, json.loads(body)["reason"]) == (503, "full")
        with pytest.raises(InvalidStatus) as refused:
            await clients.new()
        assert refused.value.response.status_code == 503
        assert "Retry-After" in refused.value.response.headers
        assert (await get(app, "/livez"))[0] == 200
        metrics = (await get(app, "/metrics"))[1]
        assert "hereabouts_connections_refused_full_total 1.0" in metrics
        assert "hereabouts_people_seated 1.0" in metrics


async def test_about_and_entered_tell_the_same_limits() -> None:
    async with running(say_burst=4) as app, Clients(app) as clients:
        ann = await clients.new()
        entered = await ann.ask("enter", "entered", cell=HERE)
        told = json.loads((await get(app, "/about"))[1])
        assert entered["limits"] == told["limits"]
        assert told["limits"]["say_burst"] == 4


async def test_clients_on_this_machine_are_counted_only_where_the_limit_was_set() -> None:
    async with running(connections_per_address=1, sockets_per_address=2) as app, Clients(app) as clients:
        await (await clients.new()).enter()
        asked = await (await clients.new()).ask("enter", "error", cell=HERE)
        assert asked["code"] == "work_needed"
        with pytest.raises(InvalidStatus) as refused:
            await clients.new()
        assert refused.value.response.status_code == 503
    async with running() as app:
        assert not app.listener._count_loopback


async def test_port_in_use_is_an_oserror() -> None:
    async with running() as app:
        other = App(load(None, {}, {"port": app.listener.port}))
        with pytest.raises(OSError, match=r"in use"):
            await other.start()


async def test_stopping_says_goodbye_to_all_at_once_and_takes_nobody_new() -> None:
    async with running() as app, Clients(app) as clients:
        everybody = [*await clients.seated("Ann Bo Cy"), await clients.new()]
        await asyncio.wait_for(app.stop(), PATIENCE_S)
        for client in everybody:
            events, code = await client.until_closed()
            assert (events[-1]["type"], events[-1]["code"], code) == ("bye", 1001, 1001)
            assert events[-1]["reconnect_in"] is not None
        with pytest.raises(ConnectionRefusedError):
            await clients.new()


async def test_what_was_said_before_stopping_is_heard() -> None:
    async with running() as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        await ann.ask("say", "said", text="last words")
        await app.stop()
        assert of_type((await bo.until_closed())[0], "said")[0]["text"] == "last words"


# Secrets, chance and time.


async def test_tokens_are_keyed_by_the_secret_or_end_with_the_process() -> None:
    secret = "ab" * 32
    tokens = []
    for settings in ({"secret": secret}, {"secret": secret}, {}, {}):
        async with running(**settings) as app, Clients(app) as clients:
            ann = await clients.new()
            await ann.enter()
            tokens.append(ann.token)
            other = await clients.new()
            earlier = tokens[-2] if len(tokens) > 1 else ann.token
            answer = await other.ask("enter", "entered", "error", cell=HERE, token=earlier)
            expected = "entered" if settings and earlier else "error"
            assert answer["type"] == expected
            if expected == "error":
                assert answer["code"] == "bad_token"
                await other.enter()


async def test_ids_are_unguessable_and_new_in_every_room() -> None:
    async with running(**UNLIMITED) as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        ids = {ann.me, bo.me, ann.room}
        for _ in range(5):
            await ann.ask("next", "room")
            ids |= {ann.me, ann.room}
        assert len(ids) == 3 + 10
        assert {len(id) for id in ids} == {ID_BYTES * 4 // 3}


async def test_time_scale_makes_windows_pass_quickly() -> None:
    async with running(time_scale=600, window_s=120, closing_s=30, ping_every_s=10) as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        for _ in range(3):
            assert (await ann.hear("closing"))["closes"]
            room = await ann.hear("room")
            assert room["why_code"] == "window"
            await bo.hear("closing")
            assert (await bo.hear("room"))["room"] == room["room"]


async def test_clients_that_reset_the_connection_in_the_middle_of_everything_disturb_nobody() -> None:
    async with running(**UNLIMITED, resume_grace_s=0) as app, Clients(app) as clients:
        [ann] = await clients.seated("Ann")
        for number in range(20):
            guest = await clients.new(["json", "msgpack"][number % 2])
            await guest.enter(name=f"G{number}")
            for _ in range(number):
                await guest.say("say", text="x" * 500)
            guest.abort()
            while (await ann.hear("left", "joined", "said"))["type"] != "left":
                await ann.say("say", text="y")
        await ann.ask("ping", "pong")
        assert (ann.seq > 40, len(app.node.peers)) == (True, 1)


def test_level_of_our_own_logs_is_not_touched() -> None:
    assert logging.getLogger("hereabouts").level == logging.NOTSET
