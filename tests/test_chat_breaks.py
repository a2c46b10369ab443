"""The terminal client's screen: a connection breaks, and what one comes back to."""

import asyncio

import pytest

from tests.fake_server import NOW_MS, Peer, member
from tests.screen import WIDE, sitting


async def test_break_is_shown_and_mended_without_losing_what_is_typed() -> None:
    may_return = asyncio.Event()

    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.receive("say")
        peer.cut()

    async def second(peer: Peer) -> None:
        await may_return.wait()
        await peer.enter(resumed=True, seq=1)
        for text in ("one", "two", "three"):
            await peer.said(text)
        await peer.pong()
        await peer.echo(await peer.receive("say"))
        await peer.bye_to_leave()

    async with sitting(first, second, size=WIDE) as person:
        await person.enter("on its way")
        await person.sees(
            "No connection: the connection broke. Trying again.",
            "What you write is kept, and said if this room is still there.",
            "not connected",
            "^S say again",
        )
        await person.type("half a thought")
        may_return.set()
        screen = await person.sees("Back in your seat. 3 messages while you were away.", "✓")
        assert screen.index("Back in your seat") < screen.index("one") < screen.index("three")
        assert screen.index("three") < screen.index("on its way") < screen.index("half a thought")
        await person.sees_no_more("No connection", "not connected")


async def test_what_is_asked_for_without_a_connection_is_said_to_wait_for_one() -> None:
    may_return = asyncio.Event()

    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        peer.cut()

    async def second(peer: Peer) -> None:
        await may_return.wait()
        await peer.enter(resumed=True, seq=1)
        await peer.pong()
        for command in ("extend", "shake"):
            asked = await peer.receive(command)
            await peer.send({"type": "voted", "about": command, "ref": asked["ref"]})
        await peer.bye_to_leave()

    async with sitting(first, second, size=WIDE) as person:
        await person.sees("not connected")
        await person.enter("/extend")
        await person.sees("There is no connection now; it is done once there is one again.")
        await person.enter("/shake")
        may_return.set()
        screen = await person.sees("Back in your seat", "Your vote for more time is cast.")
        assert "You shake." not in screen


async def test_a_server_that_restarts_is_said_to_and_when_one_goes_back() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        bye = {"code": 4000, "reason": "The server restarts.", "why_code": "drain", "reconnect_in": 20}
        await peer.send({"type": "bye", **bye})
        await peer.connection.close(4000)

    async with sitting(first, size=WIDE) as person:
        await person.sees("The server restarts. Next try in 20 s (^S: now).", "What you write is kept")


async def test_words_for_a_room_that_ended_meanwhile_are_kept_and_said_only_on_request() -> None:
    said = []

    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.receive("say")
        peer.cut()

    async def second(peer: Peer) -> None:
        await peer.enter(room="r2", seq=40, now=NOW_MS + 1_800_000)
        await peer.pong()
        command = await peer.receive("say")
        said.append((command["text"], command["room"]))
        await peer.echo(command)
        await peer.bye_to_leave()

    async with sitting(first, second, size=WIDE) as person:
        await person.enter("for them alone")
        await person.sees(
            "Back, in another room: yours ended meanwhile.",
            "Not said, but kept. You no longer sit in that room. ^S says it again.",
        )
        assert said == []
        await person.press("ctrl+s")
        await person.sees("✓")
        assert said == [("for them alone", "r2")]


@pytest.mark.parametrize(
    ("me", "told"),
    [
        (
            "x",
            "Back in this room, on a new seat: yours was given up meanwhile. What was said in between is missing here.",
        ),
        ("a", "Back in this room, in your seat. What was said in between is missing here."),
    ],
)
async def test_who_comes_back_to_the_same_room_without_a_replay_reads_what_became_of_the_seat(
    me: str, told: str
) -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        peer.cut()

    async def second(peer: Peer) -> None:
        await peer.enter(me=me, members=[member(me, "Ada"), member("b", "Bo")], seq=40)
        await peer.pong()
        await peer.bye_to_leave()

    async with sitting(first, second, size=WIDE) as person:
        await person.sees(told)


async def test_who_comes_back_to_another_room_before_theirs_was_to_end_reads_that_the_seat_is_gone() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        peer.cut()

    async def second(peer: Peer) -> None:
        await peer.enter(room="r2", me="x", members=[member("x", "Ada")])
        await peer.pong()
        await peer.bye_to_leave()

    async with sitting(first, second, size=WIDE) as person:
        await person.sees("Back, in another room: your former seat is gone.")


@pytest.mark.parametrize("is_forgotten", [True, False])
async def test_bottles_end_with_a_server_that_begins_anew_and_last_where_one_is_known(is_forgotten: bool) -> None:
    may_break = asyncio.Event()

    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        asked = await peer.receive("throw")
        await peer.send({"type": "thrown", "bottle": "b1", "ref": asked["ref"]})
        await may_break.wait()
        peer.cut()

    async def second(peer: Peer) -> None:
        if is_forgotten:
            await peer.refuse(await peer.receive("enter"), "bad_token")
        await peer.enter(room="r2", me="x", members=[member("x", "Ada")])
        await peer.pong()
        await peer.bye_to_leave()

    async with sitting(first, second, size=WIDE) as person:
        await person.enter("/throw who reads this?")
        await person.sees("Your bottle floats.")
        may_break.set()
        if is_forgotten:
            await person.sees(
                "The server has begun anew or no longer knows your seat; the former room is gone.",
                "No answer to what you threw can come any more.",
            )
        else:
            await person.sees("Back, in another room: your former seat is gone.")
            await person.press("ctrl+c")
            await person.sees("If you leave, the server forgets your bottle")
        await person.press("ctrl+c")
        assert await person.left_with() == []
        assert person.screen().count("If you leave") == (not is_forgotten)


async def test_words_from_a_seat_that_was_given_up_are_kept_and_said_only_on_request() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.receive("say")
        peer.cut()

    async def second(peer: Peer) -> None:
        await peer.enter(me="x", members=[member("x", "Ada"), member("b", "Bo")], seq=40)
        await peer.pong()
        await peer.echo(await peer.receive("say"))
        await peer.bye_to_leave()

    async with sitting(first, second, size=WIDE) as person:
        await person.enter("hello")
        await person.sees(
            "Not said, but kept. Your seat was given up; what was on its way may have been heard. ^S says it again."
        )
        await person.press("ctrl+s")
        await person.sees("✓")


async def test_end_without_return_says_why_and_keeps_what_was_typed() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.connection.close(4503, "replaced")

    async with sitting(script, size=WIDE) as person:
        await person.sees("You went on in another window; this one is over. ^Q closes.")
        await person.enter("anybody?")
        await person.sees("The connection is over; nobody would hear this.")
        assert person.app.unheard() == ["anybody?"]


async def test_what_ended_for_good_neither_waits_for_company_nor_offers_another_try() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        waiting = {"within_m": 2400, "people": "1-9", "bottles": False, "next_at": NOW_MS + 754_000}
        await peer.send({"type": "waiting", "why": "", "why_code": "few", "why_args": {"company": 2}} | waiting)
        await peer.said("hello")
        await peer.connection.close(4500, "banned")

    async with sitting(script, size=WIDE) as person:
        await person.sees("hello", "^Q closes.")
        screen = await person.sees_no_more("Waiting for company", "Just stay.")
        assert "^S say again" not in screen
