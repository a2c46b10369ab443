"""What one can do on a room and at a table: shown where the server offers it, and done as the protocol says."""

import time
from typing import Any

import pytest
from playwright.async_api import expect

from tests.apps import Clients
from tests.e2e.stage import CY, EVERYTHING, ME, room, staged
from tests.e2e.test_looks import look
from tests.e2e.visits import DESKTOP, PHONE, SMALL, Visits, on_room

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
        await expect(ada.page.locator(".facts")).to_contain_text("1 here, 1 away")
        assert (await bo.hear("changed"))["member"]["away"] is True
        await ada.banner.get_by_role("button", name="I am back").click()
        await expect(ada.page.locator(".seat.is-away")).to_have_count(0)
        await expect(ada.banner).not_to_contain_text("You are away")
        await expect(ada.page.locator(".facts")).to_contain_text("2 here")
        await expect(ada.page.locator(".facts")).not_to_contain_text("away")
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
