"""The client over many connections: how it comes back, to which seat, as whom, and when it does not."""

import random

import pytest

from client_demo.client import Client, Closed
from tests.fake_server import Peer, fake_server
from tests.quick_client import enter_and_cut, quick, second_visit, until


async def test_a_break_is_resumed_and_nothing_is_missed_or_doubled() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.said("one")
        peer.cut()

    async def second(peer: Peer) -> None:
        command = await peer.enter(resumed=True, seq=2)
        assert command["token"] == "t1"
        assert command["resume"] == {"room": "r1", "seq": 2}
        await peer.said("two")
        await peer.said("two", seq=3)
        await peer.said("three")
        await peer.pong()
        await peer.bye_to_leave()

    async with fake_server(first, second) as url, quick(url) as client:
        seen = await until(client, "caught_up")
        assert [event["text"] for event in seen if event["type"] == "said"] == ["one", "two", "three"]
        order = [event["type"] for event in seen if event["type"] in ("disconnected", "reconnected", "room")]
        assert order == ["room", "disconnected", "reconnected", "room"]
        assert seen[-1]["said"] == 2


async def test_a_hole_in_seq_is_mended_by_resuming() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.said("three", seq=3)

    async def second(peer: Peer) -> None:
        command = await peer.enter(resumed=True, seq=1)
        assert command["resume"] == {"room": "r1", "seq": 1}
        await peer.said("two", seq=2)
        await peer.said("three", seq=3)
        await peer.pong()
        await peer.bye_to_leave()

    async with fake_server(first, second) as url, quick(url) as client:
        seen = await until(client, "caught_up")
        assert [event["text"] for event in seen if event["type"] == "said"] == ["two", "three"]


async def test_seq_may_jump_by_what_the_room_says_was_missed() -> None:
    async def second(peer: Peer) -> None:
        await peer.enter(resumed=True, seq=1, missed=500)
        await peer.said("later", seq=502)
        await peer.pong()
        await peer.bye_to_leave()

    async with fake_server(enter_and_cut, second) as url, quick(url) as client:
        await until(client, "caught_up")
        assert client.seq == 502


async def test_a_drop_resumes_by_itself() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)

    async with fake_server(first, second_visit) as url, quick(url) as client:
        await client.drop()
        assert not client.connected
        await until(client, "caught_up")
        assert client.connected


async def test_a_token_no_longer_good_is_given_up_on_the_same_connection() -> None:
    async def second(peer: Peer) -> None:
        await peer.refuse(await peer.receive("enter"), "bad_token")
        command = await peer.enter(room="r9", seq=3, token="t2")
        assert "token" not in command
        assert "resume" not in command
        await peer.pong()
        await peer.bye_to_leave()

    async with fake_server(enter_and_cut, second) as url, quick(url) as client:
        seen = await until(client, "caught_up")
        assert (client.token, client.room) == ("t2", "r9")
        assert [event["is_forgotten"] for event in seen if event["type"] == "reconnected"] == [True]


async def test_a_resume_refused_as_such_keeps_the_identity() -> None:
    async def second(peer: Peer) -> None:
        await peer.refuse(await peer.receive("enter"), "bad_message")
        command = await peer.enter(seq=3)
        assert command["token"] == "t1"
        assert "resume" not in command
        await peer.pong()
        await peer.bye_to_leave()

    async with fake_server(enter_and_cut, second) as url, quick(url) as client:
        seen = await until(client, "caught_up")
        assert [event["is_forgotten"] for event in seen if event["type"] == "reconnected"] == [False]


async def test_bye_says_when_to_come_back() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        drain = {"code": 4000, "reason": "restarting", "why_code": "drain", "reconnect_in": 0.05}
        await peer.send({"type": "bye", **drain})
        await peer.connection.close(4000)

    async with fake_server(first, second_visit) as url, quick(url) as client:
        seen = await until(client, "disconnected")
        assert (seen[-1]["code"], seen[-1]["reason"]) == (4000, "restarting")
        assert seen[-1]["retry_in_s"] == 0.05
        await until(client, "caught_up")


async def test_waits_double_up_to_the_longest_while_no_connection_is_a_good_one() -> None:
    async def broken(peer: Peer) -> None:
        peer.cut()

    class Longest(random.Random):
        """Draws the longest wait there may be."""

        def uniform(self, a: float, b: float) -> float:
            return max(a, b)

    async with (
        fake_server(enter_and_cut, broken, broken, broken, second_visit) as url,
        Client(url, cell="dr5ru7", backoff_s=(0.001, 0.004), rng=Longest()) as client,
    ):
        seen = await until(client, "caught_up")
        waits = [event["retry_in_s"] for event in seen if event["type"] == "disconnected"]
        assert waits == [0.001, 0.002, 0.004, 0.004]


@pytest.mark.parametrize("code", [4500, 4501, 4502, 4503, 4504])
async def test_not_as_you_are_is_final_and_says_why(code: int) -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.receive("say")
        await peer.connection.close(code, "not as you are")

    async with fake_server(script) as url, quick(url) as client:
        with pytest.raises(Closed) as caught:
            await client.say("hello")
        assert (caught.value.code, caught.value.may_return) == (code, False)
        seen = await until(client, "disconnected")
        assert seen[-1] == {
            "type": "disconnected",
            "code": code,
            "reason": "not as you are",
            "retry_in_s": None,
        }
        assert [event async for event in client.events()] == []
        with pytest.raises(Closed):
            await client.say("anyone?")


async def test_without_reconnect_the_first_break_is_the_end() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        peer.cut()

    async with fake_server(script) as url, quick(url, reconnect=False) as client:
        await until(client, "disconnected")
        assert client.closed is not None
        assert client.closed.code == 1006
