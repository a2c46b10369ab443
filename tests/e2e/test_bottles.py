"""Bottles on the page: thrown, picked, answered, in one's hand; refused and held ones keep their words."""

import re

import pytest
from playwright.async_api import expect

from tests.e2e.stage import on_bo, staged
from tests.e2e.visits import Visits, on_room

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
