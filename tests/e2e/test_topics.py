"""Topics and visiting on the page: given at entry, written as the server writes them, and shared ones shown first."""

import re

import pytest
from playwright.async_api import expect

from tests.apps import Clients
from tests.e2e.visits import Visits
from tests.sessions import UNLIMITED

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_two_have_in_common_is_shown_at_the_table_and_in_words(visits: Visits) -> None:
    async with visits.serving(**UNLIMITED) as app, Clients(app) as clients:
        ada = await visits.open(app)
        await ada.choose_city()
        await ada.page.get_by_label("What you like to talk about").fill("Movies, Tea; trams")
        await ada.page.get_by_label("I am visiting").check()
        await ada.button("Take a seat").click()
        await expect(ada.box).to_be_visible()
        cell = await ada.page.evaluate("JSON.parse(sessionStorage.getItem('hereabouts.seat')).cell")
        for name, topics in (("Bo", ["film", "TEA", "chess"]), ("Cy", ["chess"])):
            person = await clients.new()
            room = await person.enter(cell, name=name, topics=topics)
        [seen] = [member for member in room["members"] if member["name"] not in ("Bo", "Cy")]
        assert (seen["topics"], seen["visiting"]) == (["films", "tea", "trams"], True)
        bo, cy = (ada.page.locator(f".seat button[aria-label^={name}]") for name in ("Bo", "Cy"))
        await expect(bo).to_have_attribute("aria-label", re.compile("^Bo, chess, in common: .*films.* and .*tea.*$"))
        await expect(cy).to_have_attribute("aria-label", "Cy, chess")
        await expect(ada.page.locator(".seat.is-kindred")).to_have_count(1)
        await bo.click()
        await expect(ada.page.locator("dialog .person p")).to_contain_text("in common: ")


async def test_a_bad_topic_is_refused_in_words_and_may_be_mended(visits: Visits) -> None:
    async with visits.serving(**UNLIMITED) as app:
        ada = await visits.open(app)
        await ada.choose_city()
        topics = ada.page.get_by_label("What you like to talk about")
        await topics.fill("a, b, c, d, e, f")
        await ada.button("Take a seat").click()
        await expect(ada.page.locator(".problem")).to_have_text("At most five topics, and these are 6: leave some out.")
        await topics.fill("x\u2060y")
        await ada.button("Take a seat").click()
        await expect(ada.page.locator(".problem")).to_contain_text("Topic 1: ")  # the server's words say which
        await topics.fill("https://x.example")
        await ada.button("Take a seat").click()
        await expect(ada.page.locator(".problem")).to_contain_text("link")
        await topics.fill("tea")
        await ada.button("Take a seat").click()
        await expect(ada.box).to_be_visible()
