"""What somebody typed, and their wish to be gone, outlast denied storage, replaced tabs, and reloads."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import expect

from tests.apps import Clients
from tests.e2e.stage import BO, CY, ME, Json, Stage, room, staged
from tests.e2e.test_breaks import cell_of, cut_pages, seated_with
from tests.e2e.visits import Visitor, Visits
from tests.sessions import UNLIMITED

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG: dict[str, Any] = {**UNLIMITED, "window_s": 7200}
DENIED = """for (const area of ["sessionStorage", "localStorage"]) {
    Object.defineProperty(window, area, { get() { throw new DOMException("denied", "SecurityError"); } });
}"""
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
SET_BACK = """() => {
    const now = Date.now;
    const waits = () => document.querySelector(".log").textContent.includes("waits a moment");
    let back = 0;
    Date.now = () => now() - (back ||= waits() ? 3_600_000 : 0);
}"""
UNSENT = "JSON.parse(sessionStorage.getItem('hereabouts.seat')).unsent"


@pytest.mark.parametrize("storage", [DENIED, FULL], ids=["denied", "full"])
async def test_whose_storage_keeps_nothing_sits_and_talks_and_leaves_as_anybody(visits: Visits, storage: str) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app, before=storage)
        await ada.page.get_by_label("Language").select_option("es")
        await ada.page.get_by_label("Idioma").select_option("en")
        # The whole view is drawn anew in the other language: nobody writes into one that is about to go.
        await expect(ada.page.get_by_label("Language")).to_be_visible()
        await ada.enter("Ada")
        await ada.say("Here I am")
        await expect(ada.said("Here I am")).to_have_attribute("data-status", "said")
        await leave(ada)
        await ada.enter("Ada")


async def test_without_storage_a_script_that_was_lost_is_asked_for_again(visits: Visits) -> None:
    visits.may_lose = True
    async with visits.serving(**LONG) as app:
        await (await visits.open(app, losing="app.js", before=DENIED)).enter("Ada")
        await visits.close()


async def test_what_is_kept_and_cannot_be_read_is_passed_over(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app, before="sessionStorage.setItem('hereabouts.seat', '{\"token')")
        await ada.enter("Ada")


async def test_words_in_a_replaced_tab_are_told_to_be_unsent_and_may_be_said_once_it_is_back(visits: Visits) -> None:
    async with visits.serving(**LONG) as app, Clients(app) as clients:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await seated_with(ada, clients)
        await ada.say("Before")
        assert (await bo.hear("said"))["text"] == "Before"
        other = await clients.new()
        token = await ada.page.evaluate("JSON.parse(sessionStorage.getItem('hereabouts.seat')).token")
        await other.enter(await cell_of(ada), token=token)
        await expect(ada.banner).to_contain_text("You went on in another window")
        await ada.say("Into the void")
        await expect(ada.said("Into the void")).to_contain_text("Not said. The connection is over.")
        await ada.button("Go on here").click()
        await expect(ada.banner).to_have_attribute("data-kind", "")
        await ada.hears("Before")
        await ada.button("Say it now").click()
        assert (await bo.hear("said"))["text"] == "Into the void"
        await expect(ada.said("Into the void")).to_have_attribute("data-status", "said")


async def test_words_in_a_tunnel_are_said_once_by_the_page_that_was_loaded_anew(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        await ada.say("In the tunnel")
        first = await stage.heard("say")
        await ada.say("And behind it")
        stage.asked.clear()
        await ada.page.reload()
        assert (await stage.heard("enter"))["resume"]["room"] == "r1"
        again = await stage.heard("say")
        assert (again["ref"], again["text"]) == (first["ref"], "In the tunnel")
        stage.send(echo(again))
        behind = await stage.heard("say")
        assert behind["text"] == "And behind it"
        stage.send(echo(behind))
        await expect(ada.page.locator(".said.is-mine[data-status=said]")).to_have_count(2)
        assert await ada.page.locator(".said .text").all_inner_texts() == ["In the tunnel", "And behind it"]
        assert await ada.page.evaluate(UNSENT) == []


@pytest.mark.parametrize("is_gone", [True, False])
async def test_a_browser_that_says_offline_has_the_connection_looked_at_at_once(visits: Visits, is_gone: bool) -> None:
    """It may have lost one network of two: only who does not answer is gone."""
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        if is_gone:
            stage.answers["ping"] = []
        await ada.page.evaluate("dispatchEvent(new Event('offline'))")
        await stage.heard("ping")
        lost = ada.page.locator(".banner[data-kind=lost]")
        if is_gone:
            await expect(lost).to_be_visible(timeout=6_000)  # twelve and more, before
        else:
            await asyncio.sleep(4)
            await expect(lost).to_have_count(0)
            await expect(ada.page.locator(".room.is-lost")).to_have_count(0)


async def test_words_that_were_said_after_all_are_not_said_by_the_next_page(visits: Visits) -> None:
    """The echo was lost, not the words: it comes with what was missed."""
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        await ada.say("Heard by all")
        first = await stage.heard("say")
        stage.answers["enter"] = [stage.entered(resumed=True), room(), echo(first)]
        await ada.page.reload()
        await expect(ada.said("Heard by all")).to_have_attribute("data-status", "said")
        await ada.say("Next")
        assert (await stage.heard("say"))["text"] == "Next"
        await ada.hears("Heard by all")


async def test_words_from_a_seat_that_is_gone_are_told_from_those_for_a_table_that_is(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        await ada.say("From my old seat")
        await stage.heard("say")
        stage.answers["enter"] = [stage.entered(), room(me="new", members=({"id": "new", "name": "Ada"}, BO, CY))]
        await ada.page.reload()
        await expect(ada.said("From my old seat")).to_contain_text(
            "Not said. Your seat there was given up; it may have"
        )


async def test_words_said_again_are_confirmed_by_the_old_echo(visits: Visits) -> None:
    async with visits.serving() as app:
        visits.may_lose = True
        ada, stage = await staged(visits, app)
        await ada.say("Said, but unheard")
        sent = await stage.heard("say")
        old = {"type": "said", "seq": 4, "from": "me", "name": "Ada", "text": sent["text"], "at": 0}
        # The replay is cut short by more than a thousand events, the echo among them.
        stage.answers["enter"] = [
            Stage.entered(resumed=True),
            room(seq=3, missed=1200),
            {**old, "seq": 1204, "from": "bo", "name": "Bo", "text": "Since then"},
        ]
        stage.answers["say"] = [old]
        await stage.close(1001)
        assert (await stage.heard("say"))["ref"] == sent["ref"]
        await expect(ada.said("Said, but unheard")).to_have_attribute("data-status", "said")
        await ada.hears("Said, but unheard")
        await expect(ada.log).to_contain_text("1,200 things that happened here could not be brought back.")


async def test_a_new_seat_in_the_same_room_is_no_old_one(visits: Visits) -> None:
    async with visits.serving() as app:
        visits.may_lose = True
        ada, stage = await staged(visits, app)
        await ada.say("Was it heard?")
        await stage.heard("say")
        again = {"id": "me2", "name": "Ada"}
        stage.answers["enter"] = [Stage.entered(), room(seq=40, me="me2", members=(again, BO))]
        await stage.close(1001)
        await expect(ada.log).to_contain_text("You are back on a new seat: the former one is gone.")
        await expect(ada.said("Was it heard?")).to_have_attribute("data-status", "unsent")
        assert "say" not in [command["type"] for command in stage.asked]


async def test_words_for_a_table_that_is_gone_are_shown_as_unsent_by_the_next_page(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        await ada.say("For them alone")
        await stage.heard("say")
        stage.answers["enter"] = [stage.entered(), room("r2")]
        await ada.page.reload()
        await expect(ada.said("For them alone")).to_contain_text("Not said. You no longer sit at that table.")
        await ada.button("Say it now").click()
        assert (await stage.heard("say"))["room"] == "r2"


async def test_a_real_server_gets_words_of_a_break_and_a_reload_once(visits: Visits) -> None:
    visits.may_lose = True
    async with visits.serving(**LONG) as app, Clients(app) as clients:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await seated_with(ada, clients)
        for number in range(3):
            cut_pages(app, bo)
            await ada.say(f"Word {number}")
            await ada.page.reload()
            assert (await bo.hear("said"))["text"] == f"Word {number}"
            await expect(ada.said(f"Word {number}")).to_have_attribute("data-status", "said")
        assert (await bo.ask("ping", "pong", "said"))["type"] == "pong"


async def test_who_leaves_without_a_connection_is_forgotten_once_there_is_one(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        await lost(ada, stage)
        await leave(ada)
        stage.is_gone = False
        await forgotten(ada, stage)


async def test_who_leaves_without_a_connection_is_forgotten_by_the_next_page_at_the_latest(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        await lost(ada, stage)
        await leave(ada)
        await ada.page.reload()
        await expect(ada.button("Take a seat")).to_be_visible()
        stage.is_gone = False
        await forgotten(ada, stage)


async def test_who_leaves_in_a_break_leaves_their_seat_for_good(visits: Visits) -> None:
    visits.may_lose = True
    async with visits.serving(**LONG) as app, Clients(app) as clients:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await seated_with(ada, clients)
        cut_pages(app, bo)
        await leave(ada)
        left = await bo.hear("left", "joined")
        assert (left["type"], left["why"]) == ("left", "left")
        await ada.until("sessionStorage.length === 0")


async def test_a_server_that_lets_one_in_and_gives_no_seat_is_asked_again(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, enters=False)
        stage.answers["enter"] = [stage.entered()]
        await ada.page.clock.install()
        await ada.choose_city()
        await ada.button("Take a seat").click()
        await stage.heard("enter")
        stage.answers["enter"] = [stage.entered(), room()]
        await ada.page.clock.fast_forward(15_000)
        await stage.heard("enter")
        await expect(ada.box).to_be_visible()


async def test_a_clock_set_back_an_hour_makes_no_message_wait_for_it(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        slow = {"type": "error", "code": "rate_limited", "message": "Slow.", "about": "say", "retry_after": 1}
        stage.answers["say"] = lambda say: [slow] if not said else [echo(say)]
        said: list[Json] = []
        await ada.page.evaluate(SET_BACK)
        await ada.say("Patience")
        said.append(await stage.heard("say"))
        await expect(ada.said("Patience")).to_have_attribute("data-status", "said")
        assert (await stage.heard("say"))["ref"] == said[0]["ref"]


async def test_lengths_are_counted_as_the_server_counts_them(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app)
        name = ada.page.get_by_label("Name", exact=True)
        await ada.choose_city()
        await name.fill("🦉" * 33)
        await ada.button("Take a seat").click()
        assert await name.evaluate("(field) => field.validationMessage") == "1 character too many."
        assert app.listener.accepted == 0
        await ada.enter("🦉" * 32)
        await ada.say("🦊" * 1001)
        assert await ada.box.evaluate("(field) => field.validationMessage") == "1 character too many."
        await expect(ada.box).to_have_value("🦊" * 1001)
        await ada.say("🦊" * 1000)
        await expect(ada.said("🦊" * 1000)).to_have_attribute("data-status", "said")
        await ada.hears("🦊" * 1001, times=0)


def echo(say: Json) -> Json:
    """Return what tells everybody in the room what one said."""
    return {"type": "said", "from": ME["id"], "name": ME["name"], "text": say["text"], "at": 0, "ref": say["ref"]}


async def lost(ada: Visitor, stage: Stage) -> None:
    """Lose the connection, and every later one."""
    stage.is_gone = True
    await stage.close(1001)
    await expect(ada.banner).to_have_attribute("data-kind", "lost")
    stage.asked.clear()
    await ada.button("Leave").click()
    await expect(ada.page.get_by_role("dialog")).to_contain_text("There is no connection")
    await ada.page.keyboard.press("Escape")
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)


async def leave(ada: Visitor) -> None:
    await ada.button("Leave").click()
    await ada.page.get_by_role("dialog").get_by_role("button", name="Leave", exact=True).click()
    await expect(ada.button("Take a seat")).to_be_visible()


async def forgotten(ada: Visitor, stage: Stage) -> None:
    """Wait until the page has asked for its seat in order to leave it, and has kept nothing of it."""
    enter = await stage.heard("enter")
    assert (enter["token"], "resume" in enter) == ("t1", False)
    await stage.heard("leave")
    assert await ada.page.evaluate("sessionStorage.length") == 1
    bye = {"type": "bye", "code": 1000, "reason": "You asked to leave.", "why_code": "left", "reconnect_in": None}
    stage.send(bye)
    await ada.until("sessionStorage.length === 0")
    await expect(ada.button("Take a seat")).to_be_enabled()
