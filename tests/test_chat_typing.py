"""The terminal client's screen: the line one types, and what becomes of one that cannot be done."""

import pytest

from tests.fake_server import Peer
from tests.screen import WIDE, sitting


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/dance", "There is no /dance; /help shows what there is."),
        ("/mute", "/mute wants a name after it: /mute NAME"),
        ("/throw", "/throw wants words after it: /throw WORDS"),
        ("/mute Zoe", "Nobody here is called 'Zoe'. Here are: Bo, Cy."),
        ("/report", "/report wants a name and a reason after it: /report NAME REASON"),
        ("/report Bo", "/report wants a name and one of these: spam, scam,"),
        ("/report Zoe spam", "Nobody here is called 'Zoe'. Here are: Bo, Cy."),
        ("/report ada spam", "'ada' is you."),
        ("/move a!", "'a!' is no geohash"),
        ("x" * 11, "That has 11 characters; 10 can be said at once."),
    ],
)
async def test_line_that_cannot_be_done_says_why_and_stays(typed: str, told: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(limits={"text_max_chars": 10})
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.enter(typed)
        await person.sees(told)
        assert person.app.composer.text == typed


async def test_what_is_typed_takes_the_place_of_a_refused_command_and_an_arrow_keeps_it() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.refuse(await peer.receive("throw"), "too_new", retry_after=60)
        await peer.refuse(await peer.receive("throw"), "too_new", retry_after=60)
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.enter("/dance")
        assert person.app.composer.selected_text == "/dance"
        await person.press("h", "i")
        assert person.app.composer.text == "hi"
        await person.press("ctrl+u")
        await person.enter("/dance")
        await person.press("right", "x")
        assert person.app.composer.text == "/dancex"
        await person.press("ctrl+u")
        await person.enter("/throw ahoy")
        await person.sees("refused: too_new Again in 1:00.")
        await person.press("right", "!", "enter")
        await person.wait_until(lambda: person.app.composer.selected_text == "/throw ahoy!")
        await person.press("ctrl+j")
        assert person.app.composer.text == "\n"


async def test_refused_words_are_not_gone_with_the_next_key() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(limits={"text_max_chars": 10})
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.enter("a long thought")
        await person.sees("That has 14 characters; 10 can be said at once.")
        await person.press("x")
        assert person.app.composer.text == "a long thoughtx"


async def test_refused_command_comes_back_to_be_mended() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.refuse(await peer.receive("rename"), "bad_name")
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.enter("/name Badd")
        await person.sees("That name cannot be used.")
        assert person.app.composer.text == "/name Badd"


async def test_keys_that_come_in_one_burst_are_each_said_by_themselves() -> None:
    said = []

    async def script(peer: Peer) -> None:
        await peer.enter()
        for _ in range(3):
            command = await peer.receive("say")
            said.append(command["text"])
            await peer.echo(command)
        command = await peer.receive("rename")
        said.append(command["name"])
        await peer.refuse(command, "bad_name")
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        person.burst("m1\nm2\nm3\n/name x\nhalf")
        await person.sees("✓", "/name x: That name cannot be used. refused: bad_name")
        assert person.app.composer.text == "half"
    assert said == ["m1", "m2", "m3", "x"]


async def test_clearing_and_breaking_the_line_keep_their_place_in_a_burst() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        person.burst("one\x15two\vthree")
        await person.sees("three")
        assert person.app.composer.text == "two\nthree"


async def test_clearing_key_clears_what_wraps_and_what_has_lines() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.type("word " * 30 + "\nand another line")
        await person.press("ctrl+u")
        assert person.app.composer.text == ""


async def test_whoever_types_on_over_the_help_closes_it_and_loses_no_key() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("say")
        assert command["text"] == "well, hello there"
        await peer.echo(command)
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.type("well, ")
        await person.press("ctrl+g")
        await person.sees("Help", "Esc closes")
        await person.enter("hello there")
        await person.sees_no_more("Esc closes")
        await person.sees("✓", "well, hello there")


async def test_long_text_wraps_grows_and_is_counted() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(limits={"text_max_chars": 100})
        command = await peer.receive("say")
        assert command["text"] == "one\ntwo"
        await peer.echo(command)
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.type("one")
        await person.press("ctrl+j")
        await person.enter("two")
        await person.sees("✓", "one", "two")
        person.app.composer.insert("x" * 90)
        await person.sees("90/100")
