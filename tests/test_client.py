"""The client library against a scripted server: what it says, what it believes, how it comes back."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from functools import partial

import pytest

from client_demo.client import Client, Closed, Message, NoTls, Refused, TlsFails, Unreachable
from client_demo.kept import LONGEST_WAIT_S, TRIES_MAX
from tests.fake_server import Peer, fake_server, member
from tests.live_server import live_server


def quick(url: str, **more: object) -> Client:
    """Return a client that reconnects without waiting."""
    return Client(url, cell="dr5ru7", name="Ada", backoff_s=(0.0, 0.0), **more)  # type: ignore[arg-type]


async def until(client: Client, type: str) -> list[Message]:
    """Return the events up to and including the first of a type."""
    seen = []
    async with asyncio.timeout(5):
        async for event in client.events():
            seen.append(event)
            if event["type"] == type:
                return seen
    raise AssertionError(f"no {type} among {[event['type'] for event in seen]}")


async def enter_and_leave(peer: Peer) -> None:
    await peer.enter()
    await peer.bye_to_leave()


async def enter_and_cut(peer: Peer) -> None:
    await peer.enter(seq=1)
    peer.cut()


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


@pytest.mark.parametrize(("resumed", "seq"), [(True, 1), (False, 40)], ids=["resumed", "same seat without a replay"])
async def test_unacknowledged_words_are_said_again_once_with_the_same_ref(resumed: bool, seq: int) -> None:
    refs = []

    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        refs.append((await peer.receive("say"))["ref"])
        peer.cut()

    async def second(peer: Peer) -> None:
        await peer.enter(resumed=resumed, seq=seq)
        await peer.pong()
        command = await peer.receive("say")
        refs.append(command["ref"])
        await peer.echo(command)
        await peer.bye_to_leave()

    async with fake_server(first, second) as url, quick(url) as client:
        assert (await client.say("hello"))["text"] == "hello"
    assert refs[0] == refs[1]


async def test_words_found_in_the_replay_are_not_said_again() -> None:
    refs = []

    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        refs.append((await peer.receive("say"))["ref"])
        peer.cut()

    async def second(peer: Peer) -> None:
        await peer.enter(resumed=True, seq=1)
        await peer.said("hello", who="a", name="Ada", ref=refs[0])
        await peer.pong()
        await peer.bye_to_leave()

    async with fake_server(first, second) as url, quick(url) as client:
        assert (await client.say("hello"))["seq"] == 2


async def test_words_asked_for_while_away_wait_and_keep_their_order() -> None:
    texts = []

    async def second(peer: Peer) -> None:
        await peer.enter(resumed=True, seq=1)
        await peer.pong()
        for _ in range(2):
            command = await peer.receive("say")
            texts.append(command["text"])
            await peer.echo(command)
        await peer.bye_to_leave()

    async with fake_server(enter_and_cut, second) as url, quick(url) as client:
        await until(client, "disconnected")
        await asyncio.gather(client.say("one"), client.say("two"))
    assert texts == ["one", "two"]


async def test_words_kept_during_a_break_that_are_too_fast_are_said_when_they_may_be_and_in_order() -> None:
    texts = []

    async def second(peer: Peer) -> None:
        await peer.enter(resumed=True, seq=1)
        await peer.pong()
        await peer.echo(await peer.receive("say"))
        refused = await peer.receive("say")
        await peer.refuse(refused, "rate_limited", retry_after=0.05)
        again = await peer.receive("say")
        assert again == refused, "what comes later must not overtake"
        texts.append(again["text"])
        await peer.echo(again)
        for _ in range(2):
            command = await peer.receive("say")
            texts.append(command["text"])
            await peer.echo(command)
        await peer.bye_to_leave()

    async with fake_server(enter_and_cut, second) as url, quick(url) as client:
        await until(client, "disconnected")
        kept = asyncio.gather(client.say("one"), client.say("two"), client.say("three"))
        await until(client, "caught_up")
        # Said over the new connection while earlier words still wait for theirs.
        await asyncio.gather(kept, client.say("four"))
    assert texts == ["two", "three", "four"]


async def test_words_kept_during_a_break_are_given_up_after_some_refusals() -> None:
    async def second(peer: Peer) -> None:
        await peer.enter(resumed=True, seq=1)
        await peer.pong()
        for _ in range(TRIES_MAX):
            await peer.refuse(await peer.receive("say"), "rate_limited", retry_after=0)
        command = await peer.receive("say")
        assert command["text"] == "two"
        await peer.refuse(command, "rate_limited", retry_after=LONGEST_WAIT_S + 1)
        await peer.bye_to_leave()

    async with fake_server(enter_and_cut, second) as url, quick(url) as client:
        await until(client, "disconnected")
        answers = await asyncio.gather(client.say("one"), client.say("two"), return_exceptions=True)
        assert [answer.code for answer in answers if isinstance(answer, Refused)] == ["rate_limited"] * 2


async def test_a_break_while_kept_words_wait_loses_none_of_them() -> None:
    async def second(peer: Peer) -> None:
        await peer.enter(resumed=True, seq=1)
        await peer.pong()
        await peer.refuse(await peer.receive("say"), "rate_limited", retry_after=LONGEST_WAIT_S)
        peer.cut()

    async def third(peer: Peer) -> None:
        await peer.enter(resumed=True, seq=1)
        await peer.pong()
        for text in ("one", "two"):
            command = await peer.receive("say")
            assert command["text"] == text
            await peer.echo(command)
        await peer.bye_to_leave()

    async with fake_server(enter_and_cut, second, third) as url, quick(url) as client:
        await until(client, "disconnected")
        await asyncio.gather(client.say("one"), client.say("two"))


async def test_words_asked_for_during_a_replay_wait_for_its_end() -> None:
    has_asked = asyncio.Event()

    async def second(peer: Peer) -> None:
        await peer.enter(resumed=True, seq=1)
        await has_asked.wait()
        await peer.pong()
        await peer.echo(await peer.receive("say"))
        await peer.bye_to_leave()

    async with fake_server(enter_and_cut, second) as url, quick(url) as client:
        await until(client, "reconnected")
        saying = asyncio.create_task(client.say("hello"))
        await asyncio.sleep(0)
        has_asked.set()
        assert (await saying)["text"] == "hello"


async def test_words_for_a_room_that_ended_are_refused_and_said_nowhere() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.receive("say")
        peer.cut()

    async def second(peer: Peer) -> None:
        await peer.enter(resumed=False, room="r2", seq=40)
        await peer.pong()
        await peer.bye_to_leave()

    async with fake_server(first, second) as url, quick(url) as client:
        with pytest.raises(Refused) as caught:
            await client.say("hello")
        assert caught.value.code == "wrong_room"
        assert client.room == "r2"


async def test_words_from_a_seat_that_was_given_up_are_not_said_again_from_a_new_one() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.receive("say")
        peer.cut()

    async def second(peer: Peer) -> None:
        newcomer = [member("x", "Ada"), member("b", "Bo"), member("c", "Cy")]
        await peer.enter(resumed=False, me="x", members=newcomer, seq=40)
        await peer.pong()
        await peer.echo(await peer.receive("say"))
        await peer.bye_to_leave()

    async with fake_server(first, second) as url, quick(url) as client:
        with pytest.raises(Refused) as caught:
            await client.say("hello")
        assert caught.value.code == "seat_gone"
        assert client.room == "r1"
        assert (await client.say("by hand"))["text"] == "by hand"


async def test_next_is_asked_for_again_from_a_new_seat_in_the_same_room() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.receive("next")
        peer.cut()

    async def second(peer: Peer) -> None:
        await peer.enter(resumed=False, me="x", members=[member("x", "Ada")], seq=40)
        await peer.pong()
        command = await peer.receive("next")
        await peer.give_room(room="r2", me="y", members=[member("y", "Ada")], ref=command["ref"])
        await peer.bye_to_leave()

    async with fake_server(first, second) as url, quick(url) as client:
        assert (await client.next())["room"] == "r2"


async def test_next_that_happened_unheard_is_not_asked_for_twice() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.receive("next")
        peer.cut()

    async def second(peer: Peer) -> None:
        await peer.enter(resumed=False, room="r2", seq=40)
        await peer.pong()
        await peer.bye_to_leave()

    async with fake_server(first, second) as url, quick(url) as client:
        assert (await client.next())["room"] == "r2"


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


async def second_visit(peer: Peer) -> None:
    await peer.enter(resumed=True, seq=1)
    await peer.pong()
    await peer.bye_to_leave()


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


async def test_a_refused_entry_raises_and_leaves_nothing_behind() -> None:
    async def script(peer: Peer) -> None:
        await peer.refuse(await peer.receive("enter"), "too_precise")

    async with fake_server(script) as url:
        with pytest.raises(Refused) as caught:
            async with quick(url):
                pytest.fail("entered")
    assert caught.value.code == "too_precise"


async def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable):
        async with quick(f"ws://127.0.0.1:{port}/ws"):
            pytest.fail("entered")


async def test_whoever_answers_in_no_http_is_thought_to_speak_tls() -> None:
    async def alert(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x15\x03\x03\x00\x02\x02\x46")  # RFC 8446, 6: fatal, protocol_version
        writer.close()

    async with await asyncio.start_server(alert, "127.0.0.1", 0) as server:
        with pytest.raises(Unreachable, match="wss://"):
            async with quick(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"):
                pytest.fail("entered")


async def test_whoever_answers_in_no_tls_is_said_to_speak_without() -> None:
    async with live_server() as server:
        with pytest.raises(NoTls, match="ws://"):
            async with quick(server.url.replace("ws://", "wss://")):
                pytest.fail("entered")


async def test_nobody_is_told_to_do_without_tls_where_it_is_spoken_otherwise() -> None:
    async def alert(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x15\x03\x03\x00\x02\x02\x28")  # RFC 8446, 6: fatal, handshake_failure
        writer.close()

    async with await asyncio.start_server(alert, "127.0.0.1", 0) as server:
        with pytest.raises(TlsFails, match="No connection by TLS to wss://"):
            async with quick(f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"):
                pytest.fail("entered")


async def test_a_full_server_names_a_time_to_come_back() -> None:
    async with fake_server(statuses=(503,)) as url:
        with pytest.raises(Unreachable) as caught:
            async with quick(url):
                pytest.fail("entered")
    assert caught.value.may_return
    assert caught.value.retry_after == 0.0


async def test_an_address_without_such_a_page_is_final() -> None:
    async with fake_server(statuses=(404,)) as url:
        with pytest.raises(Unreachable) as caught:
            async with quick(url):
                pytest.fail("entered")
    assert not caught.value.may_return


async def test_a_drop_resumes_by_itself() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)

    async with fake_server(first, second_visit) as url, quick(url) as client:
        await client.drop()
        assert not client.connected
        await until(client, "caught_up")
        assert client.connected


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


async def test_a_cancelled_wait_for_an_answer_leaves_nothing_to_say_again() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.receive("say")
        peer.cut()

    async with fake_server(script, second_visit) as url, quick(url) as client:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await client.say("never mind")
        await until(client, "caught_up")


async def test_over_a_real_server_every_word_is_heard_exactly_once_however_often_the_line_breaks() -> None:
    limits_off = {"say_per_s": 0, "say_per_min": 0, "room_per_min": 0}
    words = [f"word {number}" for number in range(60)]
    heard: dict[str, list[str]] = {"Ada": [], "Bo": []}
    all_heard = asyncio.Event()

    def hear(name: str, event: Message) -> None:
        if event["type"] == "said":
            heard[name].append(event["text"])
        if all(len(texts) >= len(words) for texts in heard.values()):
            all_heard.set()

    async with live_server(limits_off) as server:
        ada = Client(server.url, cell="dr5ru7", name="Ada", backoff_s=(0.0, 0.0))
        bo = Client(server.url, cell="dr5ru7", name="Bo", backoff_s=(0.0, 0.0), wire="json")
        ada.on_event, bo.on_event = partial(hear, "Ada"), partial(hear, "Bo")
        async with ada, bo, asyncio.timeout(20):
            for first in range(0, len(words), 6):
                saying = [asyncio.create_task(ada.say(text)) for text in words[first : first + 6]]
                await asyncio.sleep(0)
                await (bo if first % 4 else ada).drop()
                echoes = await asyncio.gather(*saying)
                assert [echo["text"] for echo in echoes] == words[first : first + 6]
            await all_heard.wait()
    assert heard == {"Ada": words, "Bo": words}
