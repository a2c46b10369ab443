"""Seats that wait, over real sockets: who dies without a word, who comes back in time, and what the others see."""

import asyncio
import json
import time

import pytest

from tests.apps import Client, Clients, masked, raw, running
from tests.sessions import HERE, UNLIMITED

QUICK = {"ping_every_s": 0.2, "pong_timeout_s": 0.2, "resume_grace_s": 0.3}


async def test_client_that_dies_without_a_word_is_shown_as_left_in_time() -> None:
    async with running(**QUICK) as app, Clients(app) as clients:
        [ann] = await clients.seated("Ann")
        enter = json.dumps({"type": "enter", "cell": HERE, "name": "Dead"}).encode()
        # It neither reads nor answers a ping; its socket stays open.
        _, writer = await raw(app, masked(enter))
        joined = await ann.hear("joined")
        began = time.monotonic()
        left = await ann.hear("left")
        took = time.monotonic() - began
        writer.close()
        assert (left["id"], left["why"]) == (joined["id"], "lost")
        # The first of the three may be over already; deadlines are up to 0.1 s late, and a loaded machine later.
        assert 0.2 + 0.3 < took < sum(QUICK.values()) + 2
        # Ann said nothing all the while but answered pings, and stays.
        assert app.listener.closed == {4002: 1}
        await ann.ask("ping", "pong")


async def back(clients: Clients, client: Client, wire: str = "json") -> tuple[Client, bool]:
    """Return a new client in the old one's place, and whether it was resumed."""
    again = await clients.new(wire)
    entered = await again.ask(
        "enter", "entered", cell=HERE, token=client.token, resume={"room": client.room, "seq": client.seq}
    )
    await again.hear("room")
    return again, entered["resumed"]


@pytest.mark.parametrize("read", [160, 200], ids=["abort", "close"])
@pytest.mark.parametrize("wire", ["json", "msgpack"])
async def test_on_resume_nothing_is_missing_nothing_doubled_and_the_others_saw_nothing(read: int, wire: str) -> None:
    async with running(**UNLIMITED) as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        for number in range(200):
            await bo.say("say", text=f"{number}")
        echoed = [(await bo.hear("said"))["text"] for _ in range(200)]
        heard = [(await ann.hear("said"))["text"] for _ in range(read)]
        if read < 200:
            ann.abort()
        else:
            await ann.socket.close()
        while len(app.node.peers) > 1:
            await bo.ask("ping", "pong")
        for number in range(200, 400):
            await bo.say("say", text=f"{number}")
        echoed += [(await bo.hear("said", "left", "joined"))["text"] for _ in range(200)]
        ann, was_resumed = await back(clients, ann, wire)
        heard += [(await ann.hear("said", "left", "joined"))["text"] for _ in range(400 - read)]
        assert was_resumed
        assert heard == echoed == [f"{number}" for number in range(400)]
        await ann.say("say", text="back", ref="1")
        assert [(await client.hear("said", "left", "joined"))["text"] for client in (ann, bo)] == ["back", "back"]


async def test_resume_while_the_old_connection_still_looks_alive_loses_nothing() -> None:
    async with running(**UNLIMITED, recent_events=1000) as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        heard = []
        talking = asyncio.create_task(_talk(bo, 300))
        for turn in range(10):
            heard += [(await ann.hear("said"))["text"] for _ in range(15)]
            old = ann
            ann, was_resumed = await back(clients, ann, ["json", "msgpack"][turn % 2])
            assert was_resumed
            events, code = await old.until_closed()
            assert (events[-1]["type"], code) == ("bye", 4503)
        while len(heard) < 300:
            heard.append((await ann.hear("said", "left", "joined"))["text"])
        await talking
        assert heard == [f"{number}" for number in range(300)]


async def _talk(client: Client, times: int) -> None:
    for number in range(times):
        await client.ask("say", "said", text=f"{number}")


async def test_what_was_sent_and_not_echoed_is_said_again_and_stands_once() -> None:
    async with running() as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        await ann.say("say", text="a", ref="1")
        await bo.hear("said")  # it was accepted, and its echo is lost with the connection
        ann.abort()
        ann, _ = await back(clients, ann)
        replayed = await ann.hear("said")
        ann.seq -= 1  # the same number comes again, to the asker alone
        again = await ann.ask("say", "said", text="a", ref="1")
        assert replayed == again
        await ann.say("say", text="b", ref="2")
        assert (await bo.hear("said"))["text"] == "b"


async def test_seat_is_given_up_after_the_grace_and_its_token_leads_to_a_new_one() -> None:
    async with running(resume_grace_s=0.2) as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        ann.abort()
        assert (await bo.hear("left"))["why"] == "lost"
        again, was_resumed = await back(clients, ann)
        assert not was_resumed
        assert again.me != ann.me
        assert (await bo.hear("joined"))["id"] == again.me


async def test_leave_needs_no_grace_and_ends_the_token() -> None:
    async with running() as app, Clients(app) as clients:
        ann, bo = await clients.seated("Ann Bo")
        bye = await ann.ask("leave", "bye", ref="1")
        assert (bye["code"], bye["ref"]) == (1000, "1")
        assert (await bo.hear("left"))["why"] == "left"
        again = await clients.new()
        error = await again.ask("enter", "error", cell=HERE, token=ann.token)
        assert error["code"] == "bad_token"
        await again.enter()


async def test_seat_of_who_was_closed_for_errors_or_a_wrong_frame_waits_like_any_other() -> None:
    async with running(errors_per_min=2, resume_grace_s=0.3) as app, Clients(app) as clients:
        ann, bo, cy = await clients.seated("Ann Bo Cy")
        for _ in range(3):
            await ann.say("dance")
        assert (await ann.until_closed())[1] == 4502
        ann, was_resumed = await back(clients, ann)
        assert was_resumed
        await bo.socket.send("text where MessagePack was agreed on")
        assert (await bo.until_closed())[1] == 1003
        left = await cy.hear("left", "joined", "changed")
        assert (left["id"], left["why"]) == (bo.me, "lost")
