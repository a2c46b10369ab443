"""The terminal client on screens of every size: what gives way, and that all of it can be read."""

import re

import pytest
from textual.color import Color
from textual.widget import Widget

from tests.fake_server import NOW_MS, Peer, member
from tests.screen import sitting


async def test_narrow_screen_gives_the_list_of_people_to_the_conversation() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()

    async with sitting(script, size=(60, 20)) as person:
        screen = await person.sees("3 people")
        assert "3 here" not in screen
        assert "▏" not in screen


async def test_help_longer_than_the_screen_can_be_read_to_its_end() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()

    async with sitting(script, size=(40, 12)) as person:
        await person.press("ctrl+g")
        await person.sees("say it (Ctrl-J")
        await person.press(*["pagedown"] * 9)
        await person.sees("What the server keeps, as", "· nothing")


async def test_help_has_two_columns_and_wrapped_lines_stay_in_theirs() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()

    async with sitting(script, size=(80, 50)) as person:
        await person.press("ctrl+g")
        screen = await person.sees("/report NAME", "tell the operator")
        lines = screen.splitlines()
        [begun] = [line for line in lines if "/report NAME" in line]
        column = begun.index("tell the operator")
        assert re.search(r"/report NAME +tell the operator", begun)
        assert lines[lines.index(begun) + 1].index("REASON") == begun.index("/report")
        [away] = [line for line in lines if "/away" in line]
        assert away.index("keep the seat") == column
        assert lines[lines.index(away) + 1].index("again to be back") == column


async def test_a_long_name_is_whole_and_what_is_known_of_it_stands_below() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(members=[member("a", "Patient Hedgehog"), member("b", "Bo", away=True)])
        await peer.bye_to_leave()

    async with sitting(script) as person:
        screen = await person.sees("2 here")
        assert re.search(r"◆ Patient Hedgehog\n.*  you\n.*○ Bo away", screen)


async def test_place_that_is_a_cell_is_named_once_in_the_heading() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(cell="dr5ru7")
        await peer.bye_to_leave()

    async with sitting(script, place="cell dr5ru7") as person:
        screen = await person.sees("You sit with Bo and Cy")
        assert re.search(r"^ *cell dr5ru7 · within 1\.4 km *ends in", screen, re.M)
        assert screen.count("dr5ru7") == 1


async def test_hours_are_bright_enough_to_be_read_in_the_room_and_in_those_before() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.give_room(room="r2", me="x", members=[member("x", "Ada")])
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.sees("New room.")
        hours = list(person.app.transcript.query(".when"))
        assert len({hour.parent.has_class("-past") for hour in hours if hour.parent is not None}) == 2
        for hour in hours:
            assert contrast(hour) >= 4.5


def contrast(widget: Widget) -> float:
    """Return the contrast of a widget's text as it is drawn (WCAG 2.1, "contrast ratio")."""
    *_, background, colour = widget.colors
    text = background.blend(background + colour, widget.opacity)
    bright, dark = sorted((luminance(text), luminance(background)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: Color) -> float:
    """Return the relative luminance (WCAG 2.1)."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("size", [(40, 12), (40, 10), (80, 12)])
async def test_waiting_leaves_rows_for_what_is_said_on_a_small_screen(size: tuple[int, int]) -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(members=[member("a", "Ada"), member("b", "Bo")])
        waiting = {"within_m": 2400, "people": "1-9", "bottles": False, "next_at": NOW_MS + 754_000}
        await peer.send({"type": "waiting", "why": "", "why_code": "few", "why_args": {"company": 2}} | waiting)
        await peer.said("a word", who="b", name="Bo")
        await peer.bye_to_leave()

    async with sitting(script, size=size) as person:
        screen = await person.sees("Bo a word", "Waiting for 1 more · anew in 12:3", "^Q leave")
        assert re.search(r"\^G help.*\^Q leave", screen)


async def test_footer_of_forty_columns_keeps_help_and_leave_when_something_can_be_said_again() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.refuse(await peer.receive("say"), "rate_limited")
        await peer.bye_to_leave()

    async with sitting(script, size=(40, 14)) as person:
        assert re.search(r"\^N next *\^L shake *\^G help *\^Q leave", await person.sees("^Q leave"))
        await person.enter("hello")
        assert re.search(r"\^N next *\^S say again *\^G help *\^Q leave", await person.sees("^S say again"))


@pytest.mark.parametrize("size", [(39, 20), (80, 9)])
async def test_screen_too_small_for_a_room_says_so(size: tuple[int, int]) -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()

    async with sitting(script, size=size) as person:
        screen = await person.sees(f"Too small: {size[0]}×{size[1]}.", "40 columns and 10 rows are the least.")
        assert "Bo" not in screen
        assert not person.app.screen.show_vertical_scrollbar
