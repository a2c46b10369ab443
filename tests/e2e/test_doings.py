"""What one can do on a person and on a room: shown where the server offers it, and done as the protocol says."""

import hashlib
import json
import re
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Worker, expect

from client_demo import places
from tests.apps import Clients
from tests.e2e.stage import BO, CY, ME, Json, Stage, room, staged
from tests.e2e.test_looks import look
from tests.e2e.visits import DESKTOP, PHONE, SMALL, Visitor, Visits
from tests.sessions import UNLIMITED

pytestmark = pytest.mark.asyncio(loop_scope="session")

ON_PEOPLE = ("block", "blocks", "unblock", "report", "eject", "keep", "unkeep", "contact")
ON_ROOMS = ("extend", "shake", "throw", "pick", "answer", "throw_back")
OPERATOR = "correct-horse-battery-staple"
TOKEN = "JSON.parse(sessionStorage.getItem('hereabouts.seat')).token"
EVERYTHING = ON_PEOPLE + ON_ROOMS


async def on_bo(ada: Visitor, command: str) -> None:
    """Choose what to do about Bo."""
    await ada.page.locator(".seat button[aria-label^=Bo]").click()
    await ada.page.locator(f"dialog [data-command={command}]").click()


async def on_room(ada: Visitor, command: str) -> None:
    await ada.button("More").click()
    await ada.page.locator(f"dialog [data-command={command}]").click()


async def test_what_the_server_does_not_offer_is_not_shown(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, _ = await staged(visits, app)
        offered = set((await (await ada.page.request.get(f"{app.url}/about")).json())["commands"])
        await expect(ada.button("Next table")).to_be_visible()
        await ada.page.locator(".seat button[aria-label^=Bo]").click()
        rows = ada.page.locator("dialog [data-command]")
        shown = {await row.get_attribute("data-command") for row in await rows.all()}
        assert shown == {"mute"} | (offered & {"block", "report", "eject", "keep"})
        await ada.page.keyboard.press("Escape")
        assert await ada.button("More").count() == (
            1 if offered & {"away", "rename", "extend", "shake", "throw", "pick", "blocks"} else 0
        )


@pytest.mark.parametrize("viewport", [SMALL, PHONE, DESKTOP], ids=["320", "390", "1280"])
@pytest.mark.parametrize("colours", ["dark", "light"])
async def test_everything_that_may_be_offered_fits_and_has_no_serious_barrier(
    visits: Visits, viewport: Any, colours: Any
) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, *EVERYTHING, viewport=viewport, color_scheme=colours)
        stage.answers["blocks"] = [{"type": "blocks", "blocks": [{"block": "k1", "name": "Zed", "at": 0}]}]
        stage.answers["pick"] = [{"type": "bottle", "bottle": "b", "text": "Ahoy", "at": 0, "within_m": 900}]
        await ada.page.locator(".seat button[aria-label^=Bo]").click()
        await expect(ada.page.locator("dialog [data-command]")).to_have_count(5)
        await look(ada)
        await ada.page.locator("dialog [data-command=report]").click()
        await expect(ada.page.get_by_role("radio")).to_have_count(8)
        await look(ada)
        await ada.page.keyboard.press("Escape")
        await ada.button("More").click()
        await expect(ada.page.locator("dialog [data-command]")).to_have_count(8)
        await look(ada)
        for command in ("blocks", "pick", "shake", "throw"):
            await ada.page.locator(f"dialog [data-command={command}]").click()
            await expect(ada.page.locator(f"dialog [data-command={command}]")).to_have_count(0)
            await expect(ada.page.get_by_role("dialog")).to_have_count(1)
            await look(ada)
            await ada.page.keyboard.press("Escape")
            await ada.button("More").click()


async def test_blocking_asks_first_and_leads_to_another_table(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "block")
        stage.answers["block"] = [{"type": "blocked", "block": "k1"}, room("r2", members=(ME,))]
        await on_bo(ada, "block")
        assert "block" not in [command["type"] for command in stage.asked]
        await expect(ada.page.get_by_role("dialog")).to_contain_text("They cannot tell.")
        await ada.button("Block").click()
        assert (await stage.heard("block"))["who"] == "bo"
        await expect(ada.page.get_by_role("heading", name="A new table")).to_be_visible()
        await expect(ada.page.locator(".toast")).to_contain_text("You will not be seated with")


async def test_blocks_are_listed_and_undone_one_by_one(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "blocks", "unblock")
        held = [{"block": "k1", "name": "Zed", "at": 1_795_000_000_000}, {"block": "k2", "name": "Yan", "at": 0}]
        stage.answers |= {
            "blocks": [{"type": "blocks", "blocks": held}],
            "unblock": [{"type": "unblocked", "block": "k1"}],
        }
        await on_room(ada, "blocks")
        lines = ada.page.locator(".blocks li")
        await expect(lines).to_have_count(2)
        await lines.filter(has_text="Zed").get_by_role("button").click()
        assert (await stage.heard("unblock"))["block"] == "k1"
        await expect(lines.filter(has_text="Zed")).to_have_count(0)
        stage.answers["unblock"] = [{"type": "error", "code": "no_such_block", "message": "No.", "about": "unblock"}]
        await ada.button("Unblock").click()
        await expect(ada.page.locator(".toast")).to_have_text("That block is gone already.")
        await expect(lines).to_have_count(1)
        stage.answers["unblock"] = [{"type": "unblocked", "block": "k2"}]
        await ada.button("Unblock").click()
        await expect(ada.page.locator(".blocks")).to_have_text("You block nobody.")


async def test_a_report_says_whom_why_and_what_else(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "report")
        stage.answers["report"] = [{"type": "reported", "ticket": "T-7"}]
        await on_bo(ada, "report")
        send = ada.page.get_by_role("dialog").get_by_role("button", name="Report", exact=True)
        await send.click()  # without a reason the browser asks for one
        assert "report" not in [command["type"] for command in stage.asked]
        note = ada.page.get_by_label("What should the operator know?")
        await note.fill("🦉" * 501)
        assert not await note.evaluate("(field) => field.checkValidity()")
        await ada.page.get_by_label("Harassment").check()
        await note.fill("Three times")
        await send.click()
        asked = await stage.heard("report")
        assert {key: asked[key] for key in ("who", "reason", "note")} == {
            "who": "bo",
            "reason": "harassment",
            "note": "Three times",
        }
        await expect(ada.page.locator(".toast")).to_contain_text("T-7")


async def test_whoever_left_can_still_be_reported_from_what_they_said(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "report")
        stage.answers["report"] = [{"type": "reported", "ticket": "T-8"}]
        stage.send(
            {"type": "said", "from": "bo", "name": "Bo", "text": "Rude", "at": 0},
            {"type": "left", "id": "bo", "why": "left"},
        )
        await expect(ada.page.locator(".seat")).to_have_count(2)
        await ada.said("Rude").locator(".who").click()
        await expect(ada.page.get_by_role("dialog")).to_contain_text("They no longer sit here.")
        await ada.page.locator("dialog [data-command=report]").click()
        await ada.page.get_by_label("Something else").check()
        await ada.page.get_by_role("dialog").get_by_role("button", name="Report", exact=True).click()
        asked = await stage.heard("report")
        assert asked["who"] == "bo"
        assert "note" not in asked


async def test_voting_somebody_out_is_a_secret_vote(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "eject")
        stage.answers["eject"] = [{"type": "voted", "about": "eject"}]
        await on_bo(ada, "eject")
        await ada.button("Vote out").click()
        assert (await stage.heard("eject"))["who"] == "bo"
        await expect(ada.page.locator(".toast")).to_have_text("Your vote counts. Nobody is told.")


async def test_whoever_was_voted_out_is_told_and_sits_elsewhere(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        until = round(time.time() * 1000) + 600_000
        why = {"why": "Most of the others voted so.", "why_code": "voted", "why_args": {}}
        stage.send({"type": "ejected", "room": "r1", "until": until, **why}, room("r2", members=(ME,)))
        await expect(ada.log).to_contain_text("The table voted for you to sit elsewhere until")
        await expect(ada.log).to_contain_text("Most of the others voted so.")
        await expect(ada.page.get_by_role("heading", name="A new table")).to_be_visible()


async def test_keeping_takes_both_and_opens_the_way_to_contact(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "keep", "unkeep", "contact")
        stage.answers |= {
            "keep": [{"type": "voted", "about": "keep"}],
            "contact": [{"type": "voted", "about": "contact"}],
        }
        await on_bo(ada, "keep")
        assert (await stage.heard("keep"))["who"] == "bo"
        await expect(ada.page.locator(".toast")).to_contain_text("presses it too")
        stage.answers["unkeep"] = [{"type": "unkept", "who": "bo"}]
        await on_bo(ada, "unkeep")
        assert (await stage.heard("unkeep"))["who"] == "bo"
        await expect(ada.page.locator(".toast")).to_contain_text("Taken back.")
        await on_bo(ada, "keep")
        await expect(ada.page.locator(".toast")).to_contain_text("presses it too")
        stage.send({"type": "kept", "who": "bo"})
        await expect(ada.log).to_contain_text("both pressed Keep")
        await expect(ada.page.locator(".toast")).to_have_text("")
        stage.send({"type": "changed", "id": "bo", "member": BO | {"away": True}})  # does not take it away again
        await expect(ada.page.locator(".seat.is-away")).to_have_count(1)
        await on_bo(ada, "contact")
        field = ada.page.get_by_label("Where to reach you")
        await field.fill("🦉" * 201)
        await ada.button("Give my contact").click()  # the browser says that it is too long, and nothing is sent
        assert "contact" not in [command["type"] for command in stage.asked]
        await field.fill("ada@example.org")
        await ada.button("Give my contact").click()
        asked = await stage.heard("contact")
        assert (asked["who"], asked["text"]) == ("bo", "ada@example.org")
        for who in ({"who": "bo"}, {}):  # it comes again after a break, from somebody who sits elsewhere by then
            stage.send({"type": "contact", **who, "name": "Bo", "text": "bo@example.org"})
        stage.send({"type": "contact", "who": "bo", "name": "Bo", "text": "Bo's next"})
        await expect(ada.log).to_contain_text("Bo's next")
        await expect(ada.log.get_by_text("bo@example.org")).to_have_count(1)
        await expect(ada.page.locator(".toast")).to_have_text("")
        await ada.page.reload()
        for line in ("bo@example.org", "Bo's next"):
            await expect(ada.log.get_by_text(line)).to_have_count(1)
        stage.send({"type": "kept", "who": "bo"})
        await on_bo(ada, "unkeep")
        assert (await stage.heard("unkeep"))["who"] == "bo"
        await ada.page.locator(".seat button[aria-label^=Bo]").click()
        await expect(ada.page.locator("dialog [data-command=contact]")).to_have_count(0)
        assert await ada.page.evaluate("sessionStorage.getItem('hereabouts.lines')")
        await ada.page.keyboard.press("Escape")
        await ada.button("Leave").click()
        await ada.page.locator("dialog").get_by_role("button", name="Leave").click()
        await expect(ada.button("Take a seat")).to_be_visible()
        assert not await ada.page.evaluate("sessionStorage.getItem('hereabouts.lines')")


async def test_staying_longer_is_voted_for_and_said(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "extend")
        stage.answers["extend"] = [{"type": "voted", "about": "extend"}]
        closes = round(time.time() * 1000) + 60_000
        stage.send({"type": "closing", "closes": closes})
        await ada.banner.get_by_role("button", name="Stay longer").click()
        await stage.heard("extend")
        await expect(ada.page.locator(".toast")).to_contain_text("Your vote for more time counts.")
        await expect(ada.banner).to_contain_text("You have voted to stay longer.")
        await expect(ada.banner.get_by_role("button")).to_have_count(0)
        stage.send({"type": "extended", "closes": closes + 900_000})
        await expect(ada.log).to_contain_text("This table goes on until")
        await expect(ada.banner).to_have_attribute("data-kind", "")
        await ada.button("More").click()
        await expect(ada.page.locator("dialog [data-command=rename]")).to_be_visible()
        await expect(ada.page.locator("dialog [data-command=extend]")).to_have_count(0)


async def test_one_is_away_and_back_by_hand(visits: Visits) -> None:
    async with visits.serving() as app, Clients(app) as clients:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await clients.new()
        await bo.enter(await ada.page.evaluate("JSON.parse(sessionStorage.getItem('hereabouts.seat')).cell"), name="Bo")
        await on_room(ada, "away")
        await expect(ada.page.locator(".seat.is-me.is-away")).to_be_visible()
        await expect(ada.banner).to_contain_text("You are away")
        assert (await bo.hear("changed"))["member"]["away"] is True
        await ada.banner.get_by_role("button", name="I am back").click()
        await expect(ada.page.locator(".seat.is-away")).to_have_count(0)
        await expect(ada.banner).not_to_contain_text("You are away")
        await on_room(ada, "away")
        await expect(ada.page.locator(".seat.is-away")).to_have_count(1)
        await on_room(ada, "away")
        await expect(ada.page.locator(".seat.is-away")).to_have_count(0)


async def test_one_is_called_otherwise_from_the_menu_too(visits: Visits) -> None:
    async with visits.serving() as app:
        ada = await (await visits.open(app)).enter("Ada")
        await on_room(ada, "rename")
        await ada.page.get_by_role("dialog").get_by_label("Name").fill("Countess")
        await ada.button("Change my name").click()
        await expect(ada.log).to_contain_text("You are now")


async def test_shaking_meets_somebody_or_nobody(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "shake")
        stage.answers["shake"] = [{"type": "nobody", "about": "shake"}]
        await on_room(ada, "shake")
        await ada.button("Shake now").click()
        await expect(ada.page.locator(".toast")).to_have_text("Nobody else shook in that moment.")
        stage.answers["shake"] = [room("r2", kind="shake", members=(ME, CY))]
        await on_room(ada, "shake")
        await ada.page.evaluate(
            "dispatchEvent(new DeviceMotionEvent('devicemotion', { acceleration: { x: 15, y: 15, z: 0 } }))"
        )
        await expect(ada.page.get_by_role("heading", name="You shook, and met")).to_be_visible()
        await expect(ada.page.locator(".toast")).to_have_text("", timeout=3000)  # sooner than it goes by itself
        await expect(ada.page.get_by_role("dialog")).to_have_count(0)


async def test_a_bottle_is_thrown_picked_answered_and_thrown_back(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "throw", "pick", "answer", "throw_back", "report")
        stage.answers |= {
            "throw": [{"type": "thrown", "bottle": "b1"}],
            "pick": [{"type": "bottle", "bottle": "b2", "text": "Ahoy", "at": 0, "within_m": 900}],
            "answer": [{"type": "answered", "bottle": "b2"}],
            "throw_back": [{"type": "thrown_back", "bottle": "b2"}],
        }
        await on_room(ada, "throw")
        await ada.page.get_by_label("Your message").fill("Whoever reads this")
        await ada.button("Throw a bottle").click()
        assert (await stage.heard("throw"))["text"] == "Whoever reads this"
        await on_room(ada, "pick")
        await expect(ada.page.locator(".bottle")).to_have_text("Ahoy")
        await ada.page.locator("dialog [data-command=answer]").click()
        await ada.page.get_by_label("Your answer").fill("Ahoy back")
        await ada.button("Answer").click()
        asked = await stage.heard("answer")
        assert (asked["bottle"], asked["text"]) == ("b2", "Ahoy back")
        await on_room(ada, "pick")
        await ada.page.locator("dialog [data-command=throw_back]").click()
        assert (await stage.heard("throw_back"))["bottle"] == "b2"
        answer = {"type": "answered", "bottle": "b1", "answer": "a1", "text": "Read it!", "at": 0}
        stage.send(answer, answer)
        await expect(ada.log.get_by_text("Read it!")).to_have_count(1)
        await ada.button("What can I do?").click()
        await ada.page.locator("dialog [data-command=block]").click()
        assert (await stage.heard("block"))["bottle"] == "a1"
        stage.answers["pick"] = [{"type": "nobody", "about": "pick"}]
        await on_room(ada, "pick")
        await expect(ada.page.locator(".toast")).to_have_text(
            "No bottle has drifted your way just now. Look again later."
        )


async def test_a_bottle_that_is_refused_keeps_its_words_and_says_when(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "throw", "pick", "answer")
        new = {"type": "error", "code": "too_new", "message": "Later.", "retry_after": 584.2}
        stage.answers |= {
            "throw": [new],
            "pick": [{"type": "bottle", "bottle": "b2", "text": "Ahoy", "at": 0, "within_m": 900}],
            "answer": [new | {"code": "rate_limited", "retry_after": 7648}],
        }
        problem = ada.page.get_by_role("dialog").get_by_role("alert")
        await on_room(ada, "throw")
        words = ada.page.get_by_label("Your message")
        await words.fill("Whoever reads this")
        await ada.button("Throw a bottle").click()
        await expect(problem).to_have_text(re.compile(r"^Newcomers cannot throw bottles yet\. Again in .?10\smin.?\.$"))
        await expect(words).to_have_value("Whoever reads this")
        await expect(words).to_be_focused()
        await ada.page.keyboard.press("Escape")
        await ada.button("More").click()
        await expect(ada.page.locator("dialog [data-command=throw]")).to_contain_text("Again in")  # before one writes
        await ada.page.locator("dialog [data-command=throw]").click()
        await expect(words).to_have_value("Whoever reads this")
        stage.answers["throw"] = [{"type": "thrown", "bottle": "b1"}]
        await ada.button("Throw a bottle").click()
        await expect(ada.page.get_by_role("dialog")).to_have_count(0)
        await expect(ada.page.locator(".toast")).to_contain_text("It floats.")
        await on_room(ada, "pick")
        await ada.page.locator("dialog [data-command=answer]").click()
        words = ada.page.get_by_label("Your answer")
        await words.fill("Ahoy back")
        await ada.button("Answer").click()
        await expect(problem).to_have_text(re.compile(r"Again in .?3\shrs?.?\.$"))
        await expect(words).to_have_value("Ahoy back")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("link", "cannot share links"),
        ("contact", "phone numbers"),
        ("same_text", "too many tables"),
        ("filter", "The operator"),
    ],
)
async def test_what_was_held_says_why_and_how_to_object(visits: Visits, reason: str, words: str) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        stage.answers["say"] = lambda _: [{"type": "held", "reason": reason, "object": "Write to desk@campus.example."}]
        await ada.say("See https://example.org")
        held = ada.page.locator(".said[data-status=unsent]")
        await expect(held).to_contain_text(words)
        await expect(held).to_contain_text("Write to desk@campus.example.")
        await expect(held.get_by_role("button", name="Say it now")).to_have_count(0)
        stage.answers["say"] = lambda command: [
            {"type": "said", "from": "me", "name": "Ada", "text": command["text"], "at": 0}
        ]
        await ada.say("Then without")  # the next one is not stuck behind it
        await expect(ada.said("Then without")).to_have_attribute("data-status", "said")
        await held.get_by_role("button", name="Discard").click()
        await expect(held).to_have_count(0)


async def test_what_was_held_of_a_bottle_an_answer_a_contact_or_a_name_keeps_its_words(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "throw", "pick", "answer", "keep", "contact", "rename")
        held = {"type": "held", "reason": "contact", "message": "Held.", "object": "Write to desk@campus.example."}
        stage.answers |= {
            "throw": [held],
            "pick": [{"type": "bottle", "bottle": "b2", "text": "Ahoy", "at": 0, "within_m": 900}],
            "answer": [held | {"reason": "filter"}],
            "contact": [held | {"reason": "filter"}],
            "rename": [held | {"reason": "filter"}],
        }
        stage.send({"type": "kept", "who": "bo"})
        dialog = ada.page.get_by_role("dialog")

        async def tries(label: str, button: str, says: str) -> None:
            await dialog.get_by_label(label).fill("call +33 1 99 00 12 34")
            await ada.button(button).click()
            await expect(dialog.get_by_role("alert")).to_contain_text(says)
            await expect(dialog.get_by_role("alert")).to_contain_text("Write to desk@campus.example.")
            await expect(dialog.get_by_label(label)).to_have_value("call +33 1 99 00 12 34")
            await ada.page.keyboard.press("Escape")

        await on_room(ada, "throw")
        await tries("Your message", "Throw a bottle", "no phone numbers")
        await on_room(ada, "pick")
        await ada.page.locator("dialog [data-command=answer]").click()
        await expect(ada.page.locator("dialog .bottle")).to_have_text("Ahoy")  # in sight of who answers it
        await tries("Your answer", "Answer", "The operator does not let this through.")
        await on_bo(ada, "contact")
        await tries("Where to reach you", "Give my contact", "The operator does not let this through.")
        await on_room(ada, "rename")
        await tries("Name", "Change my name", "The operator does not let this through.")
        await expect(ada.page.locator(".toast")).to_have_text("")
        await expect(ada.log).not_to_contain_text("Held.")


async def test_a_bottle_in_hand_stays_there_and_an_answer_says_to_which_it_is(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "throw", "pick", "answer", "throw_back")
        stage.answers |= {
            "throw": [{"type": "thrown", "bottle": "b1"}],
            "pick": [{"type": "bottle", "bottle": "b2", "text": "Ahoy", "at": 0, "within_m": 900}],
            "answer": [{"type": "error", "code": "no_such_bottle", "message": "Gone."}],
        }
        await on_room(ada, "throw")
        await ada.page.get_by_label("Your message").fill("Whoever reads this")
        await ada.page.keyboard.press("Escape")
        await on_room(ada, "throw")
        await expect(ada.page.get_by_label("Your message")).to_have_value("Whoever reads this")
        await ada.button("Throw a bottle").click()
        await expect(ada.page.get_by_role("dialog")).to_have_count(0)
        await on_room(ada, "pick")
        await ada.page.keyboard.press("Escape")
        await ada.page.reload()
        await expect(ada.page.locator(".room:not(.is-lost)")).to_be_visible()
        answer = {"type": "answered", "bottle": "b1", "answer": "a1", "text": "Read it!", "at": 0}
        stage.send(answer)
        await expect(ada.log).to_contain_text("Whoever reads this")
        await ada.page.reload()
        await expect(ada.page.locator(".room:not(.is-lost)")).to_be_visible()
        stage.send(answer)  # it comes again, and is there already
        await expect(ada.log.get_by_text("Read it!")).to_have_count(1)
        await ada.button("More").click()
        in_hand = ada.page.locator("dialog [data-command=answer]")
        await expect(in_hand).to_contain_text("In your hand: \u2068Ahoy\u2069")
        await in_hand.click()
        await expect(ada.page.locator("dialog .bottle")).to_have_text("Ahoy")
        await ada.page.locator("dialog [data-command=answer]").click()
        await ada.page.get_by_label("Your answer").fill("Ahoy back")
        await ada.button("Answer").click()
        await expect(ada.page.get_by_role("dialog").get_by_role("alert")).to_have_text("That bottle is gone.")
        await ada.page.keyboard.press("Escape")
        await ada.button("More").click()
        await expect(ada.page.locator("dialog [data-command=pick]")).to_be_visible()
        await expect(ada.page.locator("dialog [data-command=answer]")).to_have_count(0)


async def test_what_went_to_many_tables_is_marked(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        stage.send({"type": "said", "from": "bo", "name": "Bo", "text": "Buy", "at": 0, "marks": {"rooms": 14}})
        await expect(ada.page.locator(".said .status")).to_have_text("The same words went to 14 tables lately.")


async def test_notices_stand_apart_and_an_ending_sign_in_is_announced(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        stage.send(
            {"type": "notice", "text": "Closing at ten.", "level": "info"}, {"type": "auth_expiring", "in_s": 120}
        )
        await expect(ada.page.locator(".note.notice")).to_have_text("From the server: Closing at ten.")
        await expect(ada.log).to_contain_text("Your sign-in ends in")


@pytest.mark.parametrize(
    ("code", "why_code", "words"),
    [
        (4500, "banned", "A reason of the server's."),  # the operator's own words, whole
        (4501, "no_token", "The server no longer knows you."),
        (4504, "auth_expired", "Your sign-in has ended."),
        (4502, "too_many_errors", "too many errors"),
        (4599, "unheard_of", "A reason of the server's."),
    ],
)
async def test_an_end_for_good_says_why_and_does_not_come_back(
    visits: Visits, code: int, why_code: str, words: str
) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        await ada.box.fill("Half a thou")
        stage.asked.clear()
        stage.send(
            {
                "type": "bye",
                "code": code,
                "reason": "A reason of the server's.",
                "why_code": why_code,
                "reconnect_in": None,
            }
        )
        await stage.close(code)
        await expect(ada.banner).to_contain_text(words)
        # Whoever is kept out is not offered to come back as somebody else.
        await expect(ada.button("Enter anew")).to_have_count(0 if code == 4500 else 1)
        await expect(ada.box).to_have_value("Half a thou")
        assert stage.asked == []


@pytest.mark.parametrize("has_workers", [True, False], ids=["worker", "slices"])
async def test_work_is_done_where_the_server_asks_for_it(visits: Visits, has_workers: bool) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, enters=False)
        workers: list[Worker] = []

        def remember(worker: Worker) -> None:
            workers.append(worker)

        ada.page.on("worker", remember)
        if not has_workers:
            await ada.page.add_init_script("globalThis.Worker = class { constructor() { throw new Error('none'); } }")
            await ada.page.reload()
        nonce = "n-\u00e9-1"

        def enter(command: Json) -> list[Json]:
            if "work" in command:
                return [Stage.entered(), room()]
            return [
                {
                    "type": "error",
                    "code": "work_needed",
                    "message": "Work.",
                    "about": "enter",
                    "bits": 14,
                    "nonce": nonce,
                }
            ]

        stage.answers["enter"] = enter
        await ada.enter("Ada")
        work = (await stage.heard("enter"))["work"]
        digest = int.from_bytes(hashlib.sha256((nonce + work).encode()).digest())
        assert digest >> (256 - 14) == 0
        assert len(workers) == has_workers


@pytest.mark.parametrize("length", [0, 1, 55, 56, 63, 64, 119, 120, 1000])
async def test_the_pages_own_sha_256_is_sha_256(visits: Visits, length: int) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app)
        text = ("0123456789abcdef" * 63)[:length]
        words = await ada.page.evaluate(
            """async (text) => {
                const { sha256 } = await import("./work.js");
                return Array.from(sha256(new TextEncoder().encode(text)), (word) => word >>> 0);
            }""",
            text,
        )
        assert b"".join(word.to_bytes(4) for word in words) == hashlib.sha256(text.encode()).digest()


async def test_more_work_than_can_be_done_is_refused_in_words(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, enters=False)
        stage.answers["enter"] = [
            {"type": "error", "code": "work_needed", "message": "Work.", "bits": 60, "nonce": "n"}
        ]
        await ada.choose_city()
        await ada.button("Take a seat").click()
        await expect(ada.page.get_by_role("alert")).to_contain_text("too busy for newcomers")


async def test_terms_are_accepted_where_the_server_asks_for_it(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, enters=False, about={"terms": "Be kind."})

        def enter(command: Json) -> list[Json]:
            if command.get("terms") == "v2":
                return [Stage.entered(), room()]
            return [
                {"type": "error", "code": "terms_needed", "message": "Terms.", "about": "enter", "terms_version": "v2"}
            ]

        stage.answers["enter"] = enter
        await ada.choose_city()
        await ada.button("Take a seat").click()
        await expect(ada.page.get_by_role("dialog")).to_contain_text("Be kind.")
        await ada.button("I accept").click()
        await expect(ada.box).to_be_visible()


async def test_an_age_is_asked_for_in_the_same_breath(visits: Visits) -> None:
    async with visits.serving(adults_only=1, terms="Be kind.", terms_version="v3") as app:
        ada = await visits.open(app)
        await ada.choose_city()
        await ada.button("Take a seat").click()
        await expect(ada.page.get_by_role("dialog")).to_contain_text("for people of 18 and older")
        await ada.button("Not now").click()
        await expect(ada.page.get_by_role("dialog")).to_have_count(0)
        await expect(ada.box).to_have_count(0)
        await ada.button("Take a seat").click()
        await ada.button("I am 18 or older, and accept").click()
        await expect(ada.box).to_be_visible()
        await ada.page.reload()
        await expect(ada.box).to_be_visible()


async def test_a_ban_is_said_in_the_operators_words(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, enters=False)
        words = "You may not come here until Monday: you sold watches. Object at desk@campus.example."
        stage.answers["enter"] = [{"type": "error", "code": "banned", "message": words, "about": "enter"}]
        await ada.choose_city()
        await ada.button("Take a seat").click()
        await expect(ada.page.get_by_role("alert")).to_have_text(words)


async def test_a_ban_with_an_end_is_final_and_a_reload_says_it_again(visits: Visits) -> None:
    async with visits.serving(admin_token=OPERATOR) as app:
        visits.may_lose = True
        ada = await (await visits.open(app, timezone_id="America/New_York")).enter("Ada")
        token = await ada.page.evaluate(TOKEN)
        [identity] = app.house.world.people
        asked = {"act": "ban", "identity": identity, "reason": "You sold watches.", "for_s": 7648}
        headers = {"Authorization": f"Bearer {OPERATOR}"}
        assert (await ada.page.request.post(f"{app.url}/admin/api", headers=headers, data=asked)).ok
        await expect(ada.banner).to_contain_text("You sold watches.")
        [ban] = app.house.store.bans()
        assert ban.until is not None
        ends = datetime.fromtimestamp(ban.until, ZoneInfo("America/New_York"))
        await expect(ada.banner).to_contain_text(re.compile(rf"until {ends.day} \w+ {ends.year}, {ends:%H:%M}:"))
        await expect(ada.banner.get_by_role("button")).to_have_count(0)
        language = ada.page.get_by_label("Language")
        for again in (ada.page.reload, lambda: language.select_option("en"), ada.button("Take a seat").click):
            await again()
            await expect(ada.page.get_by_role("alert")).to_contain_text("You sold watches.")
            await expect(ada.button("Take a seat")).to_be_enabled()
            await expect(ada.page.get_by_text("Next try")).to_have_count(0)
            await expect(ada.page.get_by_text("second")).to_have_count(0)
            assert await ada.page.evaluate(TOKEN) == token


async def test_a_real_server_takes_a_report_and_asks_newcomers_for_work(visits: Visits) -> None:
    async with visits.serving(**UNLIMITED, connections_per_address=1) as app, Clients(app) as clients:
        first = await clients.new()
        ada = await visits.open(app)
        await ada.choose_city()
        await first.enter(places.cell_of(40.71427, -74.00597), name="Bo")
        sent: list[str] = []
        ada.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
        await ada.enter("Ada")
        assert "work" in json.loads(sent[1])
        await first.say("say", text="Watches!", room=first.room)
        await ada.said("Watches!").locator(".who").click()
        await ada.page.locator("dialog [data-command=report]").click()
        await ada.page.get_by_label("Spam or advertising").check()
        await ada.page.get_by_role("dialog").get_by_role("button", name="Report", exact=True).click()
        await expect(ada.page.locator(".toast")).to_contain_text("The operator has it under")


async def test_words_said_again_are_confirmed_by_the_old_echo(visits: Visits) -> None:
    async with visits.serving() as app:
        visits.may_lose = True
        ada, stage = await staged(visits, app)
        await ada.say("Said, but unheard")
        sent = await stage.heard("say")
        old = {"type": "said", "seq": 4, "from": "me", "name": "Ada", "text": sent["text"], "at": 0}
        # The replay is cut short by more than a thousand events, the echo among them.
        stage.answers["enter"] = [
            Stage.entered(resumed=True),
            room(seq=3, missed=1200),
            {**old, "seq": 1204, "from": "bo", "name": "Bo", "text": "Since then"},
        ]
        stage.answers["say"] = [old]
        await stage.close(1001)
        assert (await stage.heard("say"))["ref"] == sent["ref"]
        await expect(ada.said("Said, but unheard")).to_have_attribute("data-status", "said")
        await ada.hears("Said, but unheard")
        await expect(ada.log).to_contain_text("1,200 things that happened here could not be brought back.")


async def test_a_new_seat_in_the_same_room_is_no_old_one(visits: Visits) -> None:
    async with visits.serving() as app:
        visits.may_lose = True
        ada, stage = await staged(visits, app)
        await ada.say("Was it heard?")
        await stage.heard("say")
        again = {"id": "me2", "name": "Ada"}
        stage.answers["enter"] = [Stage.entered(), room(seq=40, me="me2", members=(again, BO))]
        await stage.close(1001)
        await expect(ada.log).to_contain_text("You are back on a new seat: the former one is gone.")
        await expect(ada.said("Was it heard?")).to_have_attribute("data-status", "unsent")
        assert "say" not in [command["type"] for command in stage.asked]


async def test_whoever_cannot_get_in_is_told_and_gets_in_once_it_is_possible(visits: Visits) -> None:
    async with visits.serving() as app:
        visits.may_lose = True
        ada, stage = await staged(visits, app, enters=False)
        bye = {"type": "bye", "code": 4003, "reason": "Too much to do.", "why_code": "overloaded", "reconnect_in": 1}
        stage.answers["enter"] = [bye]
        await ada.choose_city()
        await ada.button("Take a seat").click()
        await stage.heard("enter")
        stage.answers["enter"] = [Stage.entered(), room()]
        await stage.close(4003)
        await expect(ada.page.locator(".progress")).to_contain_text("The server has too much to do. Trying again.")
        await expect(ada.box).to_be_visible()
