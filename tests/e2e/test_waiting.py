"""A table that waits for company: what it says, and what it leaves room for."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.stage import BO, ME, Json, Stage, room, staged
from tests.e2e.visits import PHONE, SMALL, Visitor, Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = "Written while the line was down"


def waiting(of: Json) -> Json:
    return {"type": "waiting", "within_m": 1600, "people": "0", "next_at": of["closes"], "bottles": False}


async def height(visitor: Visitor, selector: str) -> float:
    box = await visitor.page.locator(selector).bounding_box()
    assert box
    return box["height"]


@pytest.mark.parametrize("viewport", [SMALL, PHONE], ids=["320", "390"])
async def test_on_a_phone_the_panel_gives_way_once_somebody_talks(visits: Visits, viewport: Any) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, viewport=viewport)
        two = room("r2", members=(ME, BO))
        stage.send(two, waiting(two))
        await expect(ada.page.locator(".waiting")).to_be_visible()
        at_first = await height(ada, ".waiting")
        stage.send({"type": "said", "from": "bo", "name": "Bo", "text": "Anybody?", "at": 0})
        await ada.hears("Anybody?")
        await expect(ada.page.locator(".waiting.is-brief")).to_be_visible()
        assert await height(ada, ".waiting") < min(120, 0.6 * at_first)
        await expect(ada.said("Anybody?")).to_be_in_viewport(ratio=1)


async def test_one_clock_counts_to_what_comes_next(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        two = room("r2", members=(ME, BO))
        # One who enters late: the room outlasts the gathering.
        stage.send(two | {"closes": two["now"] + 1_980_000}, waiting(two | {"closes": two["now"] + 150_000}))
        clock = ada.page.locator(".table .centre")
        await expect(clock).to_have_text(re.compile(r"^2:[0-3]\d\s*until all gather$"))
        await expect(ada.page.locator(".waiting .hint")).to_contain_text(re.compile(r"in .?2:[0-3]\d"))
        stage.send({"type": "joined", "id": "cy", "member": {"id": "cy", "name": "Cy"}, "within_m": 1200})
        await expect(clock).to_have_text(re.compile(r"^3[23]\smin\s*left$"))


@pytest.mark.parametrize("viewport", [SMALL, PHONE], ids=["320", "390"])
async def test_what_was_not_said_comes_along_to_a_waiting_table_in_sight(visits: Visits, viewport: Any) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, viewport=viewport)
        stage.answers["say"] = []  # never confirmed
        await ada.say(WORDS)
        await ada.hears(WORDS)
        for name in ("r2", "r3"):  # to the one after that, too
            two = room(name, members=({**ME, "id": name}, BO), me=name)
            stage.send(two, waiting(two))
            await expect(ada.page.locator(".note.new-room")).to_have_count(int(name[1]))
            await expect(ada.page.locator(".waiting")).to_be_visible()
            await expect(ada.button("Say it now")).to_be_in_viewport(ratio=1)
            await expect(ada.said(WORDS)).to_be_in_viewport(ratio=1)
        await ada.button("Say it now").focus()
        await ada.page.keyboard.press("Enter")
        assert (await stage.heard("say"))["room"] == "r3"
        await expect(ada.box).to_be_focused()


async def test_who_is_away_and_alone_lacks_no_more_company_than_who_is_alone(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "away")
        title = ada.page.locator(".waiting h2")
        alone = room("r2", members=(ME,))
        stage.send(alone, waiting(alone))
        await expect(title).to_have_text("2 more make a table")
        stage.send({"type": "changed", "id": "me", "member": {**ME, "away": True}})
        await expect(ada.page.locator(".seat.is-away")).to_have_count(1)
        await expect(title).to_have_text("2 more make a table")
        stage.send({"type": "joined", "id": "bo", "member": BO, "within_m": 1200})
        await expect(ada.page.locator(".seat")).to_have_count(2)
        await expect(title).to_have_text("2 more make a table")  # one of them may be back, but is not
        stage.send({"type": "changed", "id": "me", "member": ME})
        await expect(title).to_have_text("1 more makes a table")


async def test_after_a_load_the_room_one_came_back_to_stands_where_its_time_belongs(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        back = room(seq=3, why="Your seat was kept for you.", why_code="kept")

        def said(text: str, after_s: float) -> Json:
            return {"type": "said", "from": "bo", "name": "Bo", "text": text, "at": back["now"] + 1000 * after_s}

        came = {"type": "joined", "id": "cy", "member": {"id": "cy", "name": "Cy"}, "within_m": 1200}
        stage.answers["enter"] = [Stage.entered(resumed=True), back, said("Before", -60), came, said("After", 0.5)]
        stage.answers["ping"] = []  # all is shown before the page knows that it has come
        await ada.page.reload()
        await ada.hears("After")
        lines = ada.page.locator(".log > li")
        await expect(lines.nth(0)).to_contain_text("Your seat was kept for you.")
        stage.send({"type": "pong", "now": 0, "ref": (await stage.heard("ping"))["ref"]})
        await expect(lines).to_have_count(4)
        await expect(lines.nth(0)).to_contain_text("Before")
        await expect(lines.nth(1)).to_contain_text("Cy")
        await expect(lines.nth(2)).to_contain_text("Your seat was kept for you.")
        await expect(lines.nth(3)).to_contain_text("After")


async def test_whoever_comes_back_to_a_table_that_ends_soon_is_told_so(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "extend", enters=False)
        few = Stage.entered()
        few["limits"] |= {"closing_s": 120, "window_s": 1800}
        soon = room("r2")
        soon["closes"] = soon["now"] + 90_000
        stage.answers["enter"] = [few, soon]
        await ada.enter("Ada")
        await expect(ada.banner).to_contain_text("This table ends soon")
        await expect(ada.banner.get_by_role("button", name="Stay longer")).to_be_visible()
        two = room("r3", members=(ME, BO))
        two["closes"] = two["now"] + 90_000
        stage.send(two, waiting(two))
        await expect(ada.page.locator(".waiting")).to_be_visible()
        await expect(ada.banner).not_to_contain_text("This table ends soon")


async def test_who_comes_back_sits_down_in_a_line_of_their_own(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        stage.send(room("r2", members=(ME,)))
        for id, name in (("bo", "Bo"), ("cy", "Cy")):
            stage.send({"type": "joined", "id": id, "member": {"id": id, "name": name}, "within_m": 1200})
        for id in ("bo", "cy"):
            stage.send({"type": "left", "id": id, "why": "moved"})
        lines = ada.page.locator(".comings")
        both = re.compile("^.*Bo.*Cy.* sat down · .*Bo.*Cy.* left$")
        await expect(lines).to_have_text([both])
        stage.send({"type": "joined", "id": "cy2", "member": {"id": "cy2", "name": "Cy"}, "within_m": 1200})
        await expect(lines).to_have_text([both, re.compile("^[^B]*Cy.* sat down$")])
