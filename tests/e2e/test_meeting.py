"""Shaking and bottles between people at pages, on the real server."""

import pytest
from playwright.async_api import expect

from tests.e2e.visits import DESKTOP, PHONE, Visits, on_room

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_two_pages_shake_and_meet_and_go_back(visits: Visits) -> None:
    async with visits.serving() as app:
        ada = await (await visits.open(app, viewport=PHONE)).enter("Ada")
        bo = await (await visits.open(app, viewport=DESKTOP)).enter("Bo", city="Tokyo")
        await on_room(ada, "shake")
        await on_room(bo, "shake")
        await ada.page.evaluate(
            "dispatchEvent(new DeviceMotionEvent('devicemotion', { acceleration: { x: 15, y: 15, z: 0 } }))"
        )
        await bo.button("Shake now").click()
        for one, other in ((ada, "Bo"), (bo, "Ada")):
            await expect(one.log).to_contain_text("You shook in the same moment.")
            await expect(one.page.locator(f".seat button[aria-label^={other}]")).to_be_visible()
            await expect(one.page.locator(".toast")).to_have_text("", timeout=3000)  # sooner than it goes by itself
        await ada.say("Hello from New York")
        await bo.hears("Hello from New York")
        await ada.button("Next table").click()
        await expect(ada.page.locator(".seat button[aria-label^=Bo]")).to_have_count(0)


async def test_a_bottle_floats_from_one_page_to_another_and_its_answer_back(visits: Visits) -> None:
    async with visits.serving(new_identity_s=0) as app:
        ada = await (await visits.open(app, viewport=PHONE)).enter("Ada")
        bo = await (await visits.open(app, viewport=DESKTOP)).enter("Bo", city="Tokyo")
        await on_room(ada, "throw")
        await ada.page.get_by_label("Your message").fill("Who sits by the water tonight?")
        await ada.button("Throw a bottle").click()
        await expect(ada.page.locator(".toast")).to_contain_text("It floats.")
        await on_room(bo, "pick")
        await expect(bo.page.locator(".bottle")).to_have_text("Who sits by the water tonight?")
        await bo.page.locator("dialog [data-command=answer]").click()
        await bo.page.get_by_label("Your answer").fill("Only me and the gulls.")
        await bo.button("Answer").click()
        await expect(ada.log).to_contain_text("An answer to your bottle “\u2068Who sits by the water tonight?\u2069”")
        await expect(ada.log).to_contain_text("Only me and the gulls.")
        await ada.button("What can I do?").click()
        await ada.page.locator("dialog [data-command=block]").click()
        await expect(ada.page.get_by_role("dialog")).to_have_count(0)
        await on_room(ada, "pick")
        await expect(ada.page.locator(".toast")).to_have_text(
            "No bottle has drifted your way just now. Look again later."
        )
