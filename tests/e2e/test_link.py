"""A link that names a cell: the page opens there, and nothing is sent before somebody enters."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.visits import DESKTOP, PHONE, SMALL, Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_link_opens_the_page_at_its_cell_and_one_press_sits_down_there(visits: Visits) -> None:
    async with visits.serving() as app:
        visitor = await visits.open(app, "/#cell=XN774Cwx")
        await expect(visitor.page.locator("output.sent code")).to_have_text("xn774c")
        assert app.listener.accepted == 0
        await visitor.button("Take a seat").click()
        await expect(visitor.box).to_be_visible()
        assert app.listener.accepted == 1


@pytest.mark.parametrize("viewport", [SMALL, PHONE, DESKTOP], ids=["320", "390", "1280"])
@pytest.mark.parametrize("language", ["en", "es"])
async def test_a_link_shows_the_patch_and_the_seat_to_take_without_scrolling(
    visits: Visits, viewport: Any, language: str
) -> None:
    async with visits.serving() as app:
        visitor = await visits.open(app, f"/?lang={language}#cell=u33dc0", viewport=viewport)
        chart = await visitor.page.locator(".map").bounding_box()
        sit = await visitor.page.locator(".sit").bounding_box()
        assert chart
        assert sit
        assert chart["y"] + chart["height"] <= sit["y"]
        assert sit["y"] + sit["height"] <= viewport["height"]
        await expect(visitor.page.locator("#cell-size")).to_contain_text("Berlin")  # by which one sees where that is
        said = [await one.bounding_box() for one in await visitor.page.locator(".sent, .sit-sent").all()]
        assert len([box for box in said if box and box["height"] > 1]) == 1


@pytest.mark.parametrize("fragment", ["#cell=", "#cell=xn7", "#cell=ailo12", "#cell=<b>x</b>", "#xn774c", "#%", ""])
async def test_a_link_that_names_no_cell_opens_the_page_as_ever(visits: Visits, fragment: str) -> None:
    async with visits.serving() as app:
        visitor = await visits.open(app, f"/{fragment}")
        await expect(visitor.page.locator("output.sent")).to_be_visible()
        await expect(visitor.page.locator("output.sent code")).to_have_count(0)
