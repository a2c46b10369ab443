"""Staying together: two at real pages keep each other, give a line, stay longer, and meet at the next table."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.visits import PHONE, Visitor, Visits, on_room
from tests.sessions import UNLIMITED

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHORT: dict[str, Any] = {**UNLIMITED, "window_s": 7200, "time_scale": 1}


async def on_person(visitor: Visitor, name: str, command: str) -> None:
    """Choose what to do about somebody at the table."""
    await visitor.page.locator(f".seat button[aria-label^={name}]").click()
    await visitor.page.locator(f"dialog [data-command={command}]").click()


async def test_two_keep_each_other_and_give_their_contacts(visits: Visits) -> None:
    async with visits.serving(**SHORT) as app:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await (await visits.open(app, viewport=PHONE)).enter("Bo")
        await (await visits.open(app)).enter("Cy")
        await on_person(ada, "Bo", "keep")
        await expect(ada.page.locator(".toast")).to_contain_text("presses it too")
        await expect(bo.page.locator(".seat")).to_have_count(3)
        await on_person(bo, "Ada", "keep")
        for visitor, name in ((ada, "Bo"), (bo, "Ada")):
            await expect(visitor.log).to_contain_text("both pressed Keep")
            await expect(visitor.page.locator(f".seat button[aria-label^={name}]")).to_have_attribute(
                "aria-label", f"{name}, kept in touch"
            )
        for visitor, name, line in ((ada, "Bo", "ada@example.org"), (bo, "Ada", "bo@example.org")):
            await on_person(visitor, name, "contact")
            await visitor.page.get_by_label("Where to reach you").fill(line)
            await visitor.button("Give my contact").click()
        await expect(ada.log).to_contain_text("bo@example.org")
        await expect(bo.log).to_contain_text("ada@example.org")
        await on_room(ada, "extend")
        await expect(ada.page.locator(".toast")).to_contain_text("Your vote for more time counts.")
        await on_room(bo, "extend")
        for visitor in (ada, bo):
            await expect(visitor.log).to_contain_text("This table goes on until")
        await on_person(ada, "Bo", "unkeep")
        await expect(ada.page.locator(".seat button[aria-label^=Bo]")).to_have_attribute("aria-label", "Bo")
        await expect(bo.page.locator(".seat button[aria-label^=Ada]")).to_have_attribute(
            "aria-label", "Ada, kept in touch"
        )


async def test_they_sit_together_at_the_next_table_and_see_it(visits: Visits) -> None:
    async with visits.serving(**SHORT | {"window_s": 10, "closing_s": 1}) as app:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await (await visits.open(app, viewport=PHONE)).enter("Bo")
        await expect(ada.page.locator(".seat")).to_have_count(2)
        for visitor, name in ((ada, "Bo"), (bo, "Ada")):
            await on_person(visitor, name, "keep")
        await expect(ada.log).to_contain_text("both pressed Keep")
        await expect(ada.log).to_contain_text("same company")
        await expect(ada.page.locator(".seat button[aria-label^=Bo]")).to_have_attribute(
            "aria-label", "Bo, kept in touch"
        )
