"""What the client was asked for and a break left unanswered: asked again once, in its order, or refused."""

import asyncio
import contextlib
from functools import partial

import pytest

from client_demo.client import Client, Message, Refused
from client_demo.kept import LONGEST_WAIT_S, TRIES_MAX
from tests.fake_server import Peer, fake_server, member
from tests.live_server import live_server
from tests.quick_client import enter_and_cut, quick, second_visit, until


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
