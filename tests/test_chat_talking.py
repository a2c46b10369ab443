"""The terminal client's screen: what people say, and what becomes of one's own words."""

import asyncio
import re

from tests.fake_server import Peer, member
from tests.live_server import live_server
from tests.screen import WIDE, sitting


async def test_own_words_are_on_their_way_until_the_echo_comes() -> None:
    may_answer = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("say")
        await may_answer.wait()
        await peer.said("before you", who="b", name="Bo")
        await peer.echo(command)
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.enter("hello")
        await person.sees("Ada hello")
        assert re.search(r"… *\d\d:\d\d *Ada  hello", person.screen())
        may_answer.set()
        screen = await person.sees("✓")
        # Everybody reads the room in the same order, so one's own words stand where the room heard them.
        assert screen.index("before you") < screen.index("hello")


async def test_refused_words_say_why_and_can_be_said_again() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.refuse(await peer.receive("say"), "rate_limited", retry_after=3)
        await peer.echo(await peer.receive("say"))
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.enter("hello")
        await person.sees(
            "✗", "Not said, but kept. refused: rate_limited Again in 0:03. ^S says it again.", "^S say again"
        )
        assert person.app.unheard() == ["hello"]
        await person.press("ctrl+s")
        await person.sees("✓")
        await person.sees_no_more("Not said,", "^S say again")
        assert person.app.unheard() == []


async def test_strangers_text_is_shown_as_it_is_and_does_nothing() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(members=[member("a", "Ada"), member("b", "[b]Bo[/b]\x1b[2J")], why="[red]why\x07")
        await peer.said("[bold red]x[/] [@click=app.exit]y[/] \x1b[31mz \u202eabc", who="b", name="[b]Bo[/b]")
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        screen = await person.sees("[bold red]x[/] [@click=app.exit]y[/] ␛[31mz abc")
        assert "[b]Bo[/b]␛[2J" in screen
        assert "[red]why␇" in screen
        assert "\x1b" not in screen


async def test_words_heard_just_before_another_room_are_heard() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("say")
        next_command = await peer.receive("next")
        await peer.echo(command)
        await peer.give_room(room="r2", me="x", members=[member("x", "Ada")], ref=next_command["ref"])
        await peer.bye_to_leave()

    async with sitting(script) as person:
        person.burst("hello\n/next\n")
        screen = await person.sees("New room.", "✓")
        assert screen.count("hello") == 1
        assert person.app.unheard() == []


async def test_looking_back_stays_there_and_counts_what_comes() -> None:
    may_go_on = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        for number in range(40):
            await peer.said(f"line {number}.")
        await may_go_on.wait()
        await peer.said("one")
        await peer.said("two")
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.sees("line 39.")
        await person.press("pageup")
        await person.sees_no_more("line 39.")
        may_go_on.set()
        await person.sees("↓ 2 lines below (PgDn)")
        await person.press("pagedown", "pagedown")
        await person.sees("line 39.", "two")
        await person.sees_no_more("below (PgDn)")


async def test_two_people_talk_over_a_real_server() -> None:
    from client_demo.client import Client
    from client_demo.terminal.app import ChatApp
    from tests.screen import Sitting

    async with (
        live_server() as server,
        Client(server.url, cell="dr5ru7", name="Bo", wire="json") as bo,
        Client(server.url, cell="dr5ru7", name="Ada") as ada,
    ):
        app = ChatApp(ada, "New York City, US")
        async with app.run_test(size=WIDE) as pilot:
            person = Sitting(app, ada, pilot)
            await person.sees("You sit with Bo", "Waiting for company", "2 of you are here; 1 more makes a room.")
            await person.enter("hello Bo")
            await person.sees("✓")
            await bo.say("hello Ada")
            await person.sees("Bo hello Ada")
            await ada.drop()
            await bo.say("still there?")
            await person.sees("Back in your seat. 1 message while you were away.", "still there?")


async def test_what_is_held_says_why_and_how_to_object_and_is_not_offered_again() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("say")
        held = {"reason": "link", "message": "No links.", "object": "If that is wrong, write to desk@campus."}
        await peer.send({"type": "held", "ref": command["ref"], **held})
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.enter("see example.com")
        screen = await person.sees("⊘", "Not delivered. No links.", "desk@campus.")
        assert "^S say again" not in screen
        assert person.app.unheard() == ["see example.com"]


async def test_what_went_to_many_rooms_is_marked_and_what_is_held_without_a_ref_is_told() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.said("cheap lamps", marks={"rooms": 4})
        await peer.said("plain words", marks={"rooms": "many"})
        await peer.send({"type": "held", "reason": "weather", "message": "Too wet.", "object": ""})
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        screen = await person.sees("cheap lamps", "(sent to 4 rooms lately)", "plain words", "Too wet.")
        assert "many" not in screen
