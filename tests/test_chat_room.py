"""The terminal client's screen: which room one is in, who sits there, and what happens in it."""

import asyncio
import re

import pytest

from tests.fake_server import NOW_MS, Message, Peer, member
from tests.screen import WIDE, sitting


async def test_screen_shows_room_place_people_and_the_clock() -> None:
    async def script(peer: Peer) -> None:
        others = [member("b", "Bo", away=True), member("c", "Cy", muted=True)]
        await peer.enter(members=[member("a", "Ada"), *others])
        await peer.said("hello there", who="b", name="Bo")
        await peer.bye_to_leave()

    async with sitting(script) as person:
        screen = await person.sees("hello there")
        assert re.search(r"New York City, US · within 1\.4 km · cell dr5ru7 *ends in (30:00|29:5\d)", screen)
        assert "The nearest room with a free seat." in screen
        assert "You sit with Bo and Cy, within 1.4 km." in screen
        assert re.search(r"2 here, 1 away *\n.*◆ Ada you\n.*○ Bo away\n.*⊘ Cy muted", screen)
        assert re.search(r"\^N next.*\^T mute.*\^R rename.*\^O away.*\^G help.*\^Q leave", screen)


async def test_what_one_has_in_common_with_others_stands_below_their_names() -> None:
    async def script(peer: Peer) -> None:
        seats = [
            member("a", "Ada", topics=["tea", "trams"], visiting=True),
            member("b", "Bo", topics=["chess", "trams"]),
            member("c", "Cy", topics=["dogs\x1b[2J"]),
        ]
        await peer.enter(members=seats)
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        screen = await person.sees("3 here")
        assert re.search(r"◆ Ada(?: *\n.*)? you, visiting *\n.*topics: tea,(?: *\n.*)? trams *\n", screen)
        assert re.search(r"● Bo *\n.*both: trams *\n.*● Cy *\n", screen)
        assert "dogs" not in screen
        assert "chess" not in screen


async def test_waiting_is_a_state_of_its_own_until_there_is_company() -> None:
    await_looked = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.enter(members=[member("a", "Ada"), member("b", "Bo")], why="This room begins with you.")
        waiting = {"within_m": 2400, "people": "1-9", "bottles": False, "next_at": NOW_MS + 754_000}
        await peer.send({"type": "waiting", "why": "", "why_code": "few", "why_args": {}} | waiting)
        await await_looked.wait()
        await peer.send({"type": "joined", "seq": 2, "id": "c", "member": member("c", "Cy"), "within_m": 900})
        await peer.bye_to_leave()

    async with sitting(script) as person:
        screen = await person.sees(
            "Waiting for company", "Looking within 2.4 km", "2 of you are here; 1 more makes a room."
        )
        assert "A few people sit elsewhere in your region." in screen
        assert re.search(r"Everyone gathers anew in 12:3\d", screen)
        assert re.search(r" gathers in 12:3\d", screen), "the room lasts longer, but that is not what one waits for"
        assert "ends in" not in screen
        await_looked.set()
        await person.sees("Cy sat down", "That is company.", "within 900 m", "ends in")
        await person.sees_no_more("Waiting for company")


async def test_what_happens_in_a_room_is_told() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        happenings: list[Message] = [
            {"type": "joined", "id": "d", "member": member("d", "Dee"), "within_m": 1900},
            {"type": "changed", "id": "b", "member": member("b", "Bob")},
            {"type": "changed", "id": "c", "member": member("c", "Cy", away=True)},
            {"type": "changed", "id": "c", "member": member("c", "Cy")},
            {"type": "left", "id": "d", "why": "lost"},
            {"type": "skipped"},
            {"type": "closing", "closes": NOW_MS + 120_000},
        ]
        for seq, happening in enumerate(happenings, start=2):
            await peer.send(happening | {"seq": seq})
        await peer.send({"type": "notice", "text": "Maintenance at nine.", "level": "info"})
        await peer.send({"type": "unheard_of", "text": "nothing"})
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        screen = await person.sees("From the operator Maintenance at nine.")
        told = ["Dee sat down", "Bo is now Bob", "Cy is away", "Cy is back", "Dee got lost on the way"]
        assert [screen.index(words) for words in told] == sorted(screen.index(words) for words in told)
        assert re.search(r"This room ends in (2:00|1:5\d)\. Everyone is then seated anew\.", screen)
        assert re.search(r"ends in (2:00|1:5\d)\n", screen)


async def test_new_room_is_announced_with_its_why() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        command = await peer.receive("next")
        others = [member("x", "Ada"), member("y", "Yves")]
        await peer.give_room(room="r2", me="x", members=others, why="You asked for another room.", ref=command["ref"])
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.press("ctrl+n")
        await person.sees("New room. You sit with Yves, within 1.4 km.", "You asked for another room.", "2 here")


async def test_who_is_moved_along_in_the_same_instant_is_no_newcomer_and_who_comes_later_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("client_demo.terminal.story.AT_ONCE_S", 60.0)
    is_later = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        await peer.give_room(room="r2", me="x", members=[member("x", "Ada"), member("g", "Gil")], seq=4)
        for seq, (id, name) in enumerate([("s", "Sami"), ("i", "Ingo")], start=5):
            await peer.send({"type": "joined", "seq": seq, "id": id, "member": member(id, name), "within_m": 2300})
        await is_later.wait()
        await peer.send({"type": "joined", "seq": 7, "id": "l", "member": member("l", "Lou"), "within_m": 2300})
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        screen = await person.sees("New room. You sit with Gil, Ingo and Sami, within 2.3 km.", "4 here")
        assert "sat down" not in screen
        monkeypatch.setattr("client_demo.terminal.story.AT_ONCE_S", 0.0)
        is_later.set()
        await person.sees("Lou sat down", "You sit with Gil, Ingo and Sami,")


async def test_same_company_in_a_new_room_is_no_break() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        people = [member("x", "Cy"), member("y", "Ada"), member("z", "Bo")]
        await peer.give_room(room="r2", me="y", members=people)
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.sees("A new room, the same company.")


async def test_help_tells_the_cell_that_was_sent_and_what_the_server_keeps() -> None:
    async def script(peer: Peer) -> None:
        command = await peer.receive("enter")
        kept = ["Your cell, while you sit.", "Your \x1bwords, until the room ends."]
        await peer.entered(command, privacy={"cell": "dr5ru7", "cell_m": 1109, "kept": kept})
        await peer.give_room()
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.sees("What the server keeps: /help")
        await person.enter("/help")
        await person.press("pagedown")
        await person.sees("the server was told the cell dr5ru7 and")
        await person.sees("What the server keeps, as it says:", "· Your cell, while you sit.")
        await person.sees("· Your ␛words, until the room ends.")


async def test_name_that_the_server_gave_is_told_once() -> None:
    may_go_on = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.enter(members=[member("a", "Silver Hare"), member("b", "Bo")])
        await may_go_on.wait()
        await peer.give_room(room="r2", me="x", members=[member("x", "Quiet Otter")])
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE, name=None) as person:
        await person.sees("You are Silver Hare here; each room gives another name")
        may_go_on.set()
        screen = await person.sees("New room.", "◆ Quiet Otter you")
        assert screen.count("another name") == 1
        assert screen.count("What the server keeps") == 1


async def test_name_of_ones_own_needs_no_telling() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()

    async with sitting(script) as person:
        assert "another name" not in await person.sees("What the server keeps: /help")


async def test_place_taken_among_several_is_told() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE, choice="London, GB (1 of 2; other: London, CA)") as person:
        await person.sees("London, GB (1 of 2; other: London, CA).")


@pytest.mark.parametrize(
    ("code", "args", "members", "told"),
    [
        ("alone", {"within_m": 2400}, ["Ada"], "Nobody else is here; 2 more make a room."),
        (
            "few",
            {"company": 2, "within_m": 2400},
            ["Ada", "Bo", "Cy (away)"],
            "2 of you are here; 1 more makes a room.",
        ),
        ("alone", {"within_m": 2400}, ["Ada", "Bo (away)"], "2 here, 1 of them away; 2 more make a room."),
    ],
)
async def test_waiting_counts_who_keeps_company(code: str, args: Message, members: list[str], told: str) -> None:
    seats = [member(name[0].lower(), name.removesuffix(" (away)"), away="away" in name) for name in members]

    async def script(peer: Peer) -> None:
        await peer.enter(members=seats)
        waiting = {"within_m": 2400, "people": "1-9", "bottles": False, "next_at": NOW_MS + 754_000}
        await peer.send({"type": "waiting", "why": "", "why_code": code, "why_args": args} | waiting)
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.sees("Waiting for company", told)


async def test_people_are_told_one_by_one_where_there_is_no_room_for_their_list() -> None:
    async def script(peer: Peer) -> None:
        mine = member("a", "Ada", topics=["tea"])
        await peer.enter(members=[mine, member("b", "Bo", visiting=True, topics=["chess", "tea"]), member("c", "Cy")])
        await peer.send(
            {"type": "joined", "seq": 2, "id": "d", "member": member("d", "Di", visiting=True), "within_m": 900}
        )
        await peer.bye_to_leave()

    async with sitting(script, size=(44, 24)) as person:
        await person.sees("Bo (visiting) and Cy", "Di (visiting) sat down")
        await person.enter("/who")
        await person.sees("◆ Ada: you; topics: tea", "● Bo: visiting; both: tea", "● Cy", "● Di: visiting")
