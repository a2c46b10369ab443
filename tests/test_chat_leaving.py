"""The terminal client's screen: leaving, what ends with it, and what was not heard."""

import pytest

from tests.fake_server import Peer, member
from tests.screen import WIDE, sitting


async def test_leaving_says_once_what_ends_with_it() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(members=[member("a", "Ada"), member("b", "Bo", kept=True)])
        asked = await peer.receive("throw")
        await peer.send({"type": "thrown", "bottle": "b1", "ref": asked["ref"]})
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.enter("/throw who reads this?")
        await person.sees("Your bottle floats.", "Leaving ends it.")
        await person.press("ctrl+g", "ctrl+c")
        await person.sees("If you leave, the server forgets your bottle, the answers to come and whom you keep, too.")
        await person.enter("/quit")
        assert await person.left_with() == []


@pytest.mark.parametrize("between", ["a key", "words", "a bottle", "a while"])
async def test_what_ends_with_leaving_is_said_again_once_anything_else_was_done(
    between: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if between == "a while":
        monkeypatch.setattr("client_demo.terminal.app.ONCE_MORE_S", 0.0)

    async def script(peer: Peer) -> None:
        await peer.enter()
        for number in range(1 + (between == "a bottle")):
            asked = await peer.receive("throw")
            await peer.send({"type": "thrown", "bottle": f"b{number}", "ref": asked["ref"]})
        if between == "words":
            await peer.echo(await peer.receive("say"))
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.enter("/throw who reads this?")
        await person.sees("Your bottle floats.")
        await person.press("ctrl+c")
        await person.sees("If you leave, the server forgets your bottle and the answers to come, too.")
        match between:
            case "a key":
                await person.press("x")
            case "words":
                await person.enter("hello")
                await person.sees("✓")
            case "a bottle":
                await person.enter("/throw and this?")
                await person.wait_until(lambda: person.app.story.bottles.afloat == 2)
        await person.press("ctrl+c")
        await person.wait_until(lambda: person.screen().count("If you leave, the server forgets") == 2)
        assert not person.app._exit
        monkeypatch.undo()
        await person.press("ctrl+c")
        assert await person.left_with() == (["x"] if between == "a key" else [])


@pytest.mark.parametrize("keys", [["ctrl+c"], ["ctrl+q"], ["ctrl+g", "ctrl+c"], ["ctrl+r", "ctrl+q"]])
async def test_leaving_key_leaves_politely(keys: list[str]) -> None:
    has_left = []

    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()
        has_left.append(True)

    async with sitting(script) as person:
        await person.type("unsaid")
        await person.press(*keys)
        assert await person.left_with() == ["unsaid"]
    assert has_left == [True]


async def test_words_typed_just_before_leaving_are_said_first() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        for text in ("one", "two"):
            command = await peer.receive("say")
            assert command["text"] == text
            await peer.echo(command)
        await peer.bye_to_leave()

    async with sitting(script) as person:
        person.burst("one\ntwo\n/leave\n")
        assert await person.left_with() == []


async def test_what_was_not_heard_outlasts_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client_demo.terminal.app.LAST_WORDS_S", 0.05)

    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.receive("say")
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.enter("into the void")
        await person.type("half a thought")
        await person.press("ctrl+q")
        assert await person.left_with() == ["into the void", "half a thought"]
