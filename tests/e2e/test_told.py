"""What the server says of words and of itself: held, sent to many tables, notices, and ends for good."""

import pytest
from playwright.async_api import expect

from tests.e2e.stage import staged
from tests.e2e.visits import Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
