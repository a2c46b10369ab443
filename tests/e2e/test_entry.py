"""Getting in: work, terms and an age where the server asks for them, and being kept out in words."""

import hashlib
import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Worker, expect

from client_demo import places
from tests.apps import Clients
from tests.e2e.stage import Json, Stage, room, staged
from tests.e2e.visits import Visits
from tests.sessions import UNLIMITED

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPERATOR = "correct-horse-battery-staple"
TOKEN = "JSON.parse(sessionStorage.getItem('hereabouts.seat')).token"


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
