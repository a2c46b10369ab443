"""A person under observation: what becomes of each word, and what leaving waits for."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from client_demo.client import Message
from client_demo.crowd.bot import Bot
from client_demo.crowd.characters import CHATTY
from client_demo.ledger import Ledger
from client_demo.person import Person
from client_demo.phrases import CONVERSATIONS, GREETINGS
from tests.fake_server import NOW_MS, Peer, fake_server, member

RUN = "wabc12"
CELL = "dr5ru7"


async def live(
    script: Callable[[Peer], Awaitable[None]], act: Callable[[Person], Awaitable[None]], *, ledger: Ledger
) -> None:
    """Play the script to somebody who enters, acts and leaves."""
    async with fake_server(script) as url:
        person = Person(ledger=ledger, url=url, cell=CELL, backoff_s=(0.0, 0.0))
        await person.arrive()
        await act(person)
        await person.depart()


async def speak(person: Person) -> None:
    await person.speak("hello", meant_at=time.monotonic())


async def test_a_word_echoed_is_acknowledged_and_settled_when_everybody_has_left() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.echo(await peer.receive("say"))
        await peer.bye_to_leave()

    ledger = Ledger(RUN)
    await live(script, speak, ledger=ledger)
    assert not ledger.rooms
    figures = ledger.finish()
    assert (figures.acknowledged, figures.delivered, figures.settled.expected) == (1, 1, 1)
    assert figures.faults() == {}


async def test_the_ledger_sees_a_repeated_event_that_the_client_passes_over() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("say")
        await peer.echo(command)
        await peer.echo(command, seq=peer.seq)
        await peer.bye_to_leave()

    ledger = Ledger(RUN)
    await live(script, speak, ledger=ledger)
    assert ledger.finish().faults() == {"doubled": 1}


async def test_a_refused_word_is_counted_and_not_tried_again() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.refuse(await peer.receive("say"), "rate_limited", retry_after=3)
        await peer.bye_to_leave()

    ledger = Ledger(RUN)
    await live(script, speak, ledger=ledger)
    figures = ledger.finish()
    assert (figures.sent, figures.refused) == (1, {"rate_limited": 1})
    assert figures.faults() == {}


async def test_a_word_crossed_by_the_end_of_its_room_is_said_again_in_the_next() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("say")
        await peer.give_room(room="r2", me="a2")
        await peer.refuse(command, "wrong_room")
        again = await peer.receive("say")
        assert (again["room"], again["text"]) == ("r2", command["text"])
        assert again["ref"] != command["ref"]
        await peer.echo(again)
        await peer.bye_to_leave()

    ledger = Ledger(RUN)
    await live(script, speak, ledger=ledger)
    figures = ledger.finish()
    assert (figures.sent, figures.crossed, figures.acknowledged) == (2, 1, 1)
    assert figures.faults() == {}


async def test_wrong_room_without_another_room_is_a_refusal() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.refuse(await peer.receive("say"), "wrong_room")
        await peer.bye_to_leave()

    ledger = Ledger(RUN)
    await live(script, speak, ledger=ledger)
    assert ledger.finish().refused == {"wrong_room": 1}


async def test_a_word_cut_off_for_good_is_lost() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.receive("say")
        await peer.connection.close(4500)

    ledger = Ledger(RUN)
    await live(script, speak, ledger=ledger)
    assert ledger.finish().faults() == {"lost": 1}


async def test_a_connection_mended_by_a_resume_loses_nothing() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=4)
        await peer.said("one")
        await peer.receive("say")
        peer.cut()

    async def second(peer: Peer) -> None:
        command = await peer.enter(resumed=True, seq=5)
        assert command["resume"] == {"room": "r1", "seq": 5}
        await peer.said("two")
        await peer.pong()
        await peer.echo(await peer.receive("say"))
        await peer.bye_to_leave()

    ledger = Ledger(RUN)
    async with fake_server(first, second) as url:
        person = Person(ledger=ledger, url=url, cell=CELL, backoff_s=(0.0, 0.0))
        await person.arrive()
        await speak(person)
        await person.depart()
    figures = ledger.finish()
    assert figures.faults() == {}
    assert (figures.resumed, figures.delivered, figures.acknowledged) == (1, 3, 1)


async def test_leaving_waits_for_the_answers_to_what_was_said() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("say")
        await peer.echo(command)
        await peer.bye_to_leave()

    async def act(person: Person) -> None:
        person.start_speaking("bye", meant_at=time.monotonic())

    ledger = Ledger(RUN)
    await live(script, act, ledger=ledger)
    figures = ledger.finish()
    assert (figures.acknowledged, figures.unanswered) == (1, 0)


async def test_a_bot_greets_first_and_then_answers_what_it_heard() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.said(CONVERSATIONS[0][0].text)
        command = await peer.receive("ping")
        await peer.send({"type": "pong", "now": 0, "ref": command["ref"]})
        await peer.bye_to_leave()

    async with fake_server(script) as url:
        bot, _ = make_bot(url)
        await bot.arrive()
        await bot.ping()  # answered after what was said
        assert bot.may_speak()
        assert bot.next_text() in GREETINGS
        assert bot.next_text() == CONVERSATIONS[0][1].text
        await bot.depart()


async def test_a_refused_next_is_a_trouble_and_the_bot_stays() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.refuse(await peer.receive("next"), "rate_limited", retry_after=600)
        await peer.bye_to_leave()

    async with fake_server(script) as url:
        bot, troubles = make_bot(url)
        await bot.arrive()
        await bot.change_room()
        assert not bot.is_gone()
        await bot.depart()
    assert troubles == ["next: rate_limited"]


async def test_a_connection_closed_for_good_is_a_trouble_and_one_being_mended_a_break() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter()
        peer.cut()

    async def second(peer: Peer) -> None:
        await peer.enter(resumed=True)
        await peer.pong()
        await peer.connection.close(4500, "banned")

    ended = asyncio.Event()
    async with fake_server(first, second) as url:
        bot, troubles = make_bot(url, ended)
        await bot.arrive()
        await ended.wait()
        assert bot.is_gone()
        await bot.depart()
    assert [what.partition(" ")[0] for what in troubles] == ["1006", "closed:"]


async def test_a_bot_keeps_a_guest_gives_its_contact_and_votes_for_more_time_and_does_nothing_for_bots() -> None:
    asked = []

    async def script(peer: Peer) -> None:
        await peer.enter(members=[member("a", "Ada (bot)"), member("b", "Bo"), member("c", "Cy (bot)")])
        for seq in range(2, 42):
            who, name = ("b", "Bo") if seq > 20 else ("c", "Cy (bot)")
            await peer.send({"type": "said", "seq": seq, "from": who, "name": name, "text": "Hello.", "at": NOW_MS})
        for seq in range(42, 52):
            await peer.send({"type": "closing", "seq": seq, "closes": NOW_MS + 60_000})
        while "extend" not in asked or "contact b" not in asked:
            command = await peer.receive()
            asked.append(" ".join(filter(None, (command["type"], command.get("who")))))
            if command["type"] == "extend":
                await peer.send({"type": "error", "code": "not_now", "message": "No.", "ref": command["ref"]})
                continue
            await peer.send({"type": "voted", "about": command["type"], "ref": command["ref"]})
            if command["type"] == "keep":
                await peer.send({"type": "kept", "who": command["who"]})
        done.set()
        await peer.bye_to_leave()

    done = asyncio.Event()
    async with fake_server(script) as url:
        bot, troubles = make_bot(url)
        bot.hesitates_s = (0.0, 0.0)
        await bot.arrive()
        async with asyncio.timeout(20):
            await done.wait()
        await bot.depart()
    assert asked.count("keep b") == 1, "once, however much they say"
    assert not [what for what in asked if what.endswith(" c")]
    assert troubles == []


def make_bot(
    url: str, ended: asyncio.Event | None = None, *, on_heard: Callable[[Message], None] = lambda event: None
) -> tuple[Bot, list[str]]:
    """Return a bot and the list of what troubles it; `ended` is set by the first that is final."""
    troubles: list[str] = []

    def trouble(what: str) -> None:
        troubles.append(what)
        if ended is not None:
            ended.set()

    bot = Bot(
        ledger=Ledger(RUN),
        rng=random.Random(1),
        character=CHATTY,
        on_trouble=trouble,
        on_break=troubles.append,
        on_heard=lambda bot, event: on_heard(event),
        url=url,
        cell=CELL,
        backoff_s=(0.0, 0.0),
    )
    return bot, troubles
