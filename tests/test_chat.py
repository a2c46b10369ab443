"""The terminal client on a screen."""

import asyncio
import re

import pytest

from client_demo.terminal.server_time import hour
from tests.fake_server import NOW_MS, Message, Peer, member
from tests.live_server import live_server
from tests.screen import sitting

WIDE = (120, 40)


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
        assert re.search(r"3 here\n.*◆ Ada you\n.*○ Bo away\n.*⊘ Cy muted", screen)
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


async def test_blocks_votes_and_being_ejected_are_told() -> None:
    asked = []

    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        held = [{"block": "B1", "name": "Bo", "at": NOW_MS}]
        for _ in range(6):
            command = await peer.receive()
            asked.append({name: value for name, value in command.items() if name not in ("ref", "room")})
            answers: dict[str, Message] = {
                "block": {"type": "blocked", "block": "B1"},
                "blocks": {"type": "blocks", "blocks": held},
                "unblock": {"type": "unblocked", "block": "B1"},
                "eject": {"type": "voted", "about": "eject"},
            }
            await peer.send(answers[command["type"]] | {"ref": command["ref"]})
            if command["type"] == "unblock":
                held = []
        why = {"why": "Most of the others voted so.", "why_code": "ejected", "why_args": {}}
        await peer.send({"type": "ejected", "room": "r", "until": NOW_MS} | why)
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.enter("/block bo")
        await person.sees("You and Bo are seated together no more. Nobody is told; /blocks shows your blocks.")
        await person.enter("/blocks")
        await person.sees("1 Bo, since ")
        await person.enter("/unblock bo")
        await person.sees("Your block of Bo is over.")
        await person.enter("/blocks")
        await person.sees("You block nobody.")
        await person.enter("/eject bo")
        await person.sees("You voted that Bo sit elsewhere; nobody is told.", "Most of the others voted so.")
    assert asked == [
        {"type": "block", "who": "b"},
        {"type": "blocks"},
        {"type": "blocks"},
        {"type": "unblock", "block": "B1"},
        {"type": "blocks"},
        {"type": "eject", "who": "b"},
    ]


async def test_keeping_contacts_and_more_time_are_asked_for_and_told() -> None:
    asked = []

    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        for _ in range(4):
            command = await peer.receive()
            asked.append({name: value for name, value in command.items() if name not in ("ref", "room")})
            about = command["type"]
            answer = {"type": "unkept", "who": "b"} if about == "unkeep" else {"type": "voted", "about": about}
            await peer.send(answer | {"ref": command["ref"]})
            follows: dict[str, Message] = {
                "keep": {"type": "kept", "who": "b"},
                "contact": {"type": "contact", "who": "b", "name": "Bo", "text": "bo@example.org\x1b[2J"},
                "extend": {"type": "extended", "seq": 2, "closes": NOW_MS + 600_000},
            }
            for _ in range(1 + (about == "contact")):
                if about in follows:
                    await peer.send(follows[about])
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.enter("/keep bo")
        await person.sees("You want to go on with Bo. If they press it too", "You and Bo keep each other", "● Bo kept")
        await person.enter("/contact bo ann@example.org")
        await person.sees("Your line is for Bo, who gets it once you have been given theirs.", "Bo can be reached at")
        await person.enter("/extend")
        screen = await person.sees("Your vote for more time is cast.", "This room goes on for")
        assert screen.count("can be reached at") == 1, "what comes again after a break is shown once"
        await person.enter("/unkeep bo")
        await person.sees("You let Bo go. Nobody is told.")
    assert asked == [
        {"type": "keep", "who": "b"},
        {"type": "contact", "who": "b", "text": "ann@example.org"},
        {"type": "extend"},
        {"type": "unkeep", "who": "b"},
    ]


async def test_slash_commands_ask_for_what_they_name() -> None:
    asked = []

    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        for _ in range(8):
            command = await peer.receive()
            asked.append({name: value for name, value in command.items() if name not in ("ref", "room")})
            answers: dict[str, Message] = {
                "mute": {"type": "muted", "who": "b"},
                "unmute": {"type": "unmuted", "who": "b"},
                "rename": {"type": "changed", "seq": 2, "id": "a", "member": member("a", "Eva")},
                "away": {"type": "changed", "seq": 3, "id": "a", "member": member("a", "Eva", away=True)},
                "ping": {"type": "pong", "now": NOW_MS},
                "report": {"type": "reported", "ticket": "T1"},
                "move": {"type": "moved", "cell": "dr5rv", "counts_from": NOW_MS + 90_000},
            }
            if command["type"] == "say":
                await peer.echo(command)
            else:
                await peer.send(answers[command["type"]] | {"ref": command["ref"]})
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.enter("/mute bo")
        await person.sees("You see no more of what Bo says. Nobody is told.", "⊘ Bo muted")
        await person.enter("/unmute BO")
        await person.sees("You see again what Bo says.")
        await person.enter("/report bo SPAM sells watches")
        await person.sees("You reported Bo; your ticket is T1.", "Nobody else is told.")
        await person.enter("/name Eva")
        await person.sees("You are now Eva", "◆ Eva you")
        await person.enter("/away")
        await person.sees("You are away and your seat is kept.", "◆ Eva you, away")
        await person.enter("/away")
        await person.enter("/move DR5RV")
        await person.sees("Your new place dr5rv counts in 1:")
        await person.enter("//me waves")
        await person.sees("✓")
    assert asked == [
        {"type": "mute", "who": "b"},
        {"type": "unmute", "who": "b"},
        {"type": "report", "who": "b", "reason": "spam", "note": "sells watches"},
        {"type": "rename", "name": "Eva"},
        {"type": "away"},
        {"type": "ping"},
        {"type": "move", "cell": "dr5rv"},
        {"type": "say", "text": "/me waves"},
    ]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/dance", "There is no /dance; /help shows what there is."),
        ("/mute", "/mute wants a name after it: /mute NAME"),
        ("/throw", "/throw wants words after it: /throw WORDS"),
        ("/mute Zoe", "Nobody here is called 'Zoe'. Here are: Bo, Cy."),
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


async def test_clearing_key_clears_what_wraps_and_what_has_lines() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.type("word " * 30 + "\nand another line")
        await person.press("ctrl+u")
        assert person.app.composer.text == ""


async def test_shaking_meets_somebody_or_nobody() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(members=[member("a", "Ada"), member("b", "Bo")])
        first = await peer.receive("shake")
        await peer.send({"type": "nobody", "about": "shake", "ref": first["ref"]})
        second = await peer.receive("shake")
        await peer.give_room(
            room="r2",
            kind="shake",
            me="x",
            ref=second["ref"],
            members=[member("x", "Ada"), member("y", "Cy", visiting=True)],
        )
        third = await peer.receive("shake")
        await peer.give_room(
            room="r3",
            kind="shake",
            why="You shook in the same moment.",
            me="z",
            ref=third["ref"],
            members=[member("z", "Ada"), member("w", "Cy", visiting=True)],
        )
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.press("ctrl+l")
        await person.sees("You shake. Whoever does so now meets you…", "Nobody else shook in that moment.")
        await person.enter("/shake")
        await person.sees("New room.", "You sit with Cy (visiting)")
        await person.enter("/shake")
        await person.sees("A new room, the same company.", "You shook in the same moment.")


async def test_bottles_are_thrown_picked_answered_thrown_back_reported_and_blocked() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(members=[member("a", "Ada"), member("b", "Bo")])
        asked = await peer.receive("throw")
        assert asked["text"] == "who reads this?"
        await peer.send({"type": "thrown", "bottle": "b1", "ref": asked["ref"]})
        for number, text in (("b2", "Ahoy\x1b[2J"), ("b3", "Again")):
            asked = await peer.receive("pick")
            found = {"type": "bottle", "bottle": number, "text": text, "at": NOW_MS, "within_m": 20_000}
            await peer.send(found | {"ref": asked["ref"]})
        asked = await peer.receive("answer")
        assert (asked["bottle"], asked["text"]) == ("b3", "ahoy yourself")
        await peer.send({"type": "answered", "bottle": "b3", "ref": asked["ref"]})
        answer = {"type": "answered", "bottle": "b1", "answer": "a1", "text": "I do.", "at": NOW_MS}
        await peer.send(answer)
        await peer.send(answer)
        asked = await peer.receive("report")
        assert (asked["bottle"], asked["reason"], asked["note"]) == ("a1", "spam", "of gold")
        await peer.send({"type": "reported", "ticket": "T1", "ref": asked["ref"]})
        asked = await peer.receive("block")
        assert asked["bottle"] == "a1"
        await peer.send({"type": "blocked", "block": "k1", "ref": asked["ref"]})
        asked = await peer.receive("pick")
        await peer.send({"type": "nobody", "about": "pick", "ref": asked["ref"]})
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.enter("/throw who reads this?")
        await person.sees("Your bottle floats.")
        await person.enter("/pick")
        await person.sees("In a bottle Ahoy␛[2J", "Thrown within 20 km at ")
        await person.enter("/pick")
        await person.sees("In a bottle Again")
        await person.enter("/answer ahoy yourself")
        screen = await person.sees("Your answer is on its way", "An answer to your bottle “who reads this?” I do.")
        assert screen.count("I do.") == 1, "what came again after a lost connection is shown once"
        await person.enter("/report bottle spam of gold")
        await person.sees("You reported that answer to your bottle; your ticket is T1.")
        await person.enter("/block bottle")
        await person.sees("You and whoever wrote that answer to your bottle are seated together no more.")
        await person.enter("/pick")
        await person.sees("No bottle has drifted your way just now. Look again later.")
        await person.enter("/answer too late")
        await person.sees("You hold no bottle; /pick takes one out of the water.")


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


async def test_keys_open_dialogs_that_mute_and_rename() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(seq=1)
        command = await peer.receive("mute")
        assert command["who"] == "c"
        await peer.send({"type": "muted", "who": "c", "ref": command["ref"]})
        command = await peer.receive("rename")
        assert command["name"] == "Eva"
        await peer.send({"type": "changed", "seq": 2, "id": "a", "member": member("a", "Eva"), "ref": command["ref"]})
        await peer.bye_to_leave()

    async with sitting(script) as person:
        await person.press("ctrl+t")
        await person.sees("Mute or unmute")
        await person.press("down", "enter")
        await person.sees("⊘ Cy muted")
        await person.press("ctrl+r")
        await person.sees("Your name")
        await person.enter("Eva")
        await person.sees("◆ Eva you")
        await person.press("ctrl+g")
        await person.sees("Help", "/unmute NAME")
        await person.press("escape")
        await person.sees_no_more("Esc closes")
        assert person.screen().count("You see no more of what Cy says.") == 1


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


async def test_a_report_of_somebody_from_an_earlier_room_says_of_whom_and_from_when() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(now=NOW_MS)
        await peer.send({"type": "left", "seq": 2, "id": "c", "why": "moved"})
        asked = await peer.receive("report")
        assert asked["who"] == "c"
        await peer.send({"type": "reported", "ticket": "T1", "ref": asked["ref"]})
        seats = [member("x", "Ada"), member("y", "Di")]
        await peer.give_room(room="r2", me="x", members=seats, now=NOW_MS + 1_800_000)
        asked = await peer.receive("report")
        assert asked["who"] == "b"
        await peer.send({"type": "reported", "ticket": "T2", "ref": asked["ref"]})
        asked = await peer.receive("block")
        await peer.send({"type": "blocked", "block": "B1", "ref": asked["ref"]})
        await peer.bye_to_leave()

    began, ended = hour(NOW_MS), hour(NOW_MS + 1_800_000)
    async with sitting(script, size=WIDE) as person:
        await person.sees("Cy moved on")
        await person.enter("/report cy spam")
        await person.sees("You reported Cy; your ticket is T1.", "New room. You sit with Di")
        await person.enter("/report bo spam")
        await person.sees(f"You reported Bo (of your room from {began} to {ended}); your ticket is T2.")
        await person.enter("/block bo")
        await person.sees(f"You and Bo (of your room from {began} to {ended}) are seated together no more.")


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
