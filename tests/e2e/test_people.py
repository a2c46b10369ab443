"""What one can do on a person: block, report, vote out, keep, and give a contact."""

import time

import pytest
from playwright.async_api import expect

from tests.e2e.stage import BO, ME, on_bo, room, staged
from tests.e2e.visits import Visits, on_room

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
