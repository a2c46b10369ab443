"""The client library against a scripted server: what it asks, what it believes, how it is left."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from client_demo.client import Client, Message, Refused
from tests.fake_server import Peer, fake_server, member
from tests.quick_client import enter_and_leave, quick, until


@pytest.mark.parametrize("wire", ["json", "msgpack"])
async def test_client_enters_and_knows_its_room(wire: str) -> None:
    commands = []

    async def script(peer: Peer) -> None:
        assert peer.is_json == (wire == "json")
        commands.append(await peer.enter(seq=7))
        await peer.bye_to_leave()

    async with (
        fake_server(script) as url,
        Client(url, cell="dr5ru7", name="Ada", wire=wire, far=True) as client,
    ):
        assert (client.room, client.me, client.seq, client.token) == ("r1", "a", 7, "t1")
        assert set(client.members) == {"a", "b", "c"}
        assert client.within_m == 1400
        assert client.connected
    assert commands[0] | {"ref": ""} == {
        "type": "enter",
        "cell": "dr5ru7",
        "name": "Ada",
        "far": True,
        "ref": "",
    }
    assert client.closed is not None
    assert not client.closed.may_return


async def test_own_echo_acknowledges_what_was_said() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("say")
        assert (command["text"], command["room"]) == ("hello", "r1")
        await peer.echo(command)
        await peer.bye_to_leave()

    async with fake_server(script) as url, quick(url) as client:
        echo = await client.say("hello")
        assert (echo["type"], echo["from"], echo["text"]) == ("said", "a", "hello")


async def test_a_ref_copied_by_a_neighbour_acknowledges_nothing() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("say")
        await peer.said("not yours", ref=command["ref"])
        await peer.echo(command)
        await peer.bye_to_leave()

    async with fake_server(script) as url, quick(url) as client:
        assert (await client.say("hello"))["text"] == "hello"


async def test_error_refuses_the_command_it_answers_and_no_other() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        first, second = await peer.receive("say"), await peer.receive("say")
        await peer.refuse(second, "rate_limited", retry_after=2)
        await peer.echo(first)
        await peer.bye_to_leave()

    async with fake_server(script) as url, quick(url) as client:
        fine, refused = await asyncio.gather(client.say("one"), client.say("two"), return_exceptions=True)
        assert isinstance(fine, dict)
        assert isinstance(refused, Refused)
        assert (refused.code, refused.about, refused.retry_after) == ("rate_limited", "say", 2.0)


async def test_every_command_returns_its_own_answer() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        me = member("a", "Eva")
        answers: list[tuple[str, Message]] = [
            ("rename", {"type": "changed", "seq": 2, "id": "a", "member": me}),
            ("away", {"type": "changed", "seq": 3, "id": "a", "member": me | {"away": True}}),
            ("mute", {"type": "muted", "who": "b"}),
            ("unmute", {"type": "unmuted", "who": "b"}),
            ("move", {"type": "moved", "cell": "dr5rv", "counts_from": 5}),
            ("ping", {"type": "pong", "now": 9}),
        ]
        for type, answer in answers:
            command = await peer.receive(type)
            await peer.send(answer | {"ref": command["ref"]})
        command = await peer.receive("next")
        await peer.give_room(room="r2", me="x", members=[member("x", "Eva")], ref=command["ref"])
        await peer.bye_to_leave()

    async with fake_server(script) as url, quick(url) as client:
        await client.rename("Eva")
        assert client.name == "Eva"
        await client.away()
        assert client.members["a"]["away"]
        await client.mute("b")
        assert client.members["b"]["muted"]
        await client.unmute("b")
        assert "muted" not in client.members["b"]
        assert (await client.move("dr5rv"))["counts_from"] == 5
        assert client.cell == "dr5rv"
        assert (await client.ping())["now"] == 9
        assert (await client.next())["room"] == client.room == "r2"


async def test_unknown_events_and_fields_are_handed_on_and_change_nothing() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(seq=1, mood="fine")
        await peer.send({"type": "weather", "sky": "clear"})
        await peer.send({"type": "danced", "seq": 2, "id": "b"})
        await peer.connection.send(b"\xc1 no message at all")
        await peer.send({"type": "left", "seq": 3, "id": "b", "why": "left", "shoes": "red"})
        await peer.bye_to_leave()

    async with fake_server(script) as url, quick(url) as client:
        seen = await until(client, "left")
        assert [event["type"] for event in seen] == ["entered", "room", "weather", "danced", "left"]
        assert client.seq == 3
        assert set(client.members) == {"a", "c"}


async def test_waiting_ends_with_the_third_person_and_a_changed_member_stays_muted() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(seq=1, members=[member("a", "Ada"), member("b", "Bo", muted=True)])
        await peer.send({"type": "waiting", "within_m": 2000, "people": "1-9", "bottles": False, "next_at": 5})
        await peer.send({"type": "changed", "seq": 2, "id": "b", "member": member("b", "Bob")})
        await peer.send({"type": "joined", "seq": 3, "id": "c", "member": member("c", "Cy"), "within_m": 1900})
        await peer.bye_to_leave()

    async with fake_server(script) as url, quick(url) as client:
        await until(client, "waiting")
        await until(client, "joined")
        assert client.waiting is None
        assert client.within_m == 1900
        assert client.members["b"] == member("b", "Bob", muted=True)


async def test_a_consumer_too_slow_is_told_how_much_was_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client_demo.client.QUEUE_MAX_EVENTS", 3)

    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        for number in range(10):
            await peer.said(str(number))
        await peer.echo(await peer.receive("say"))
        await peer.bye_to_leave()

    async with fake_server(script) as url, quick(url) as client:
        await client.say("last")
        events = client.events()
        seen = [await anext(events) for _ in range(4)]
        # entered, room, ten sayings and the echo are thirteen.
        assert seen[0] == {"type": "overrun", "lost": 10}
        assert [event["text"] for event in seen[1:]] == ["8", "9", "last"]


async def test_a_callback_sees_events_instead_of_the_queue() -> None:
    seen: list[str] = []
    async with fake_server(enter_and_leave) as url:
        client = quick(url)
        client.on_event = lambda event: seen.append(event["type"])
        async with client:
            assert seen == ["entered", "room"]
        assert seen[2:] == ["bye", "disconnected"]


async def test_leaving_is_bounded_where_the_server_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client_demo.client.LEAVE_TIMEOUT_S", 0.05)

    async def deaf(peer: Peer) -> None:
        await peer.enter()
        await peer.receive("leave")

    async with fake_server(deaf) as url, asyncio.timeout(3), quick(url) as client:
        assert client.connected
    assert client.closed is not None


async def test_events_end_for_a_consumer_when_the_client_leaves() -> None:
    async with fake_server(enter_and_leave) as url:
        async with quick(url) as client:
            consumer = asyncio.create_task(collect(client.events()))
        assert [event["type"] for event in await consumer][-1] == "disconnected"


async def collect(events: AsyncIterator[Message]) -> list[Message]:
    return [event async for event in events]
