"""The terminal client's screen: what one asks for by commands and keys, and what is told of it."""

from client_demo.terminal.server_time import hour
from tests.fake_server import NOW_MS, Message, Peer, member
from tests.screen import WIDE, sitting


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


async def test_what_the_server_has_switched_off_is_not_offered_and_never_asked_for() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()  # nothing else comes before

    async with sitting(script, size=(120, 80), off={"shake", "throw"}) as person:
        assert "^L shake" not in await person.sees("^N next")
        await person.enter("/shake")
        await person.sees("This server has /shake switched off.")
        await person.press("ctrl+u", "ctrl+l")
        await person.press("f1")
        told = await person.sees("/next", "/pick", "Ctrl-N")
        assert not any(left_out in told for left_out in ("/throw WORDS", "meet whoever shakes", "Ctrl-L"))


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


async def test_who_has_gone_may_be_heard_again_and_let_go() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(now=NOW_MS)
        await peer.send({"type": "left", "seq": 2, "id": "c", "why": "moved"})
        for command, answer in (("unmute", "unmuted"), ("unkeep", "unkept")):
            asked = await peer.receive(command)
            assert asked["who"] == "c"
            await peer.send({"type": answer, "who": "c", "ref": asked["ref"]})
        await peer.bye_to_leave()

    async with sitting(script, size=WIDE) as person:
        await person.sees("Cy moved on")
        await person.enter("/unmute cy")
        await person.sees("You see again what Cy says.")
        await person.enter("/unkeep cy")
        await person.sees("You let Cy go. Nobody is told.")
