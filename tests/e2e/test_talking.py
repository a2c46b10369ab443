"""Entering, talking, moving on: what people come for, in real browsers against a real server."""

import json
from typing import Any

import pytest
from playwright.async_api import expect

from client_demo import places
from tests.apps import Client, Clients
from tests.e2e.stage import staged
from tests.e2e.terminal import ENTER, terminal
from tests.e2e.visits import PHONE, Visits
from tests.sessions import UNLIMITED

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINES_MAX = 250  # what log.js keeps, and its slack
LONG: dict[str, Any] = {**UNLIMITED, "window_s": 7200}


async def test_two_pages_meet_and_talk(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await (await visits.open(app)).enter("Ada")
        await expect(ada.page.get_by_role("heading", name="2 more make a table")).to_be_visible()
        bo = await (await visits.open(app, viewport=PHONE)).enter("Bo")
        await expect(ada.page.get_by_role("heading", name="1 more makes a table")).to_be_visible()
        await ada.say("Hello, anybody?")
        await bo.hears("Hello, anybody?")
        await bo.say("Me!")
        await ada.hears("Me!")
        await ada.hears("Hello, anybody?")
        await expect(ada.page.locator(".seat")).to_have_count(2)
        assert "2 here" in await bo.text_of(".facts")
        await expect(bo.page.locator(".seat.is-lit")).to_have_count(1)


async def test_two_pages_and_the_terminal_client_talk_at_one_table(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await (await visits.open(app, viewport=PHONE)).enter("Bo")
        address = app.url.replace("http", "ws", 1) + "/ws"
        async with terminal("--city", "New York", "--name", "Cy", "--url", address) as cy:
            await expect(ada.page.locator(".seat")).to_have_count(3)
            await expect(ada.page.locator(".waiting")).to_be_hidden()
            await ada.say("Marmalade?")
            await cy.shows("Marmalade?")
            await bo.say("Quince!")
            await cy.shows("Quince!")
            await cy.type("Rhubarb." + ENTER)
            await ada.hears("Rhubarb.")
            await bo.hears("Rhubarb.")
            await expect(ada.said("Rhubarb.").locator(".name")).to_have_text("Cy")
        await expect(ada.page.get_by_role("button", name="Cy", exact=True)).to_be_visible()  # his seat waits


async def test_only_a_cell_leaves_the_page_and_it_is_shown_before(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        sent: list[str] = []
        ada = await visits.open(
            app, permissions=["geolocation"], geolocation={"latitude": 40.7423456, "longitude": -73.9912345}
        )
        ada.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
        await expect(ada.page.locator(".sent")).to_have_text("Nothing is sent before you choose.")
        await ada.button("Use my position").click()
        await expect(ada.page.locator(".sent code")).to_have_text(places.cell_of(40.7423456, -73.9912345))
        await ada.page.get_by_label("How exactly").fill("5")
        await expect(ada.page.locator(".sent code")).to_have_text(places.cell_of(40.7423456, -73.9912345, 5))
        await ada.button("Take a seat").click()
        await expect(ada.box).to_be_visible()
        entered = json.loads(sent[0])
        assert entered["cell"] == places.cell_of(40.7423456, -73.9912345, 5)
        assert not any("40.7" in frame or "73.9" in frame for frame in sent)


async def test_outside_towns_a_coarser_cell_is_proposed(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app, permissions=["geolocation"], geolocation={"latitude": -23.5, "longitude": 131.2})
        await ada.button("Use my position").click()
        await expect(ada.page.get_by_text("Out here few are near")).to_be_visible()
        assert len(await ada.text_of(".sent code")) == 5


async def test_a_place_is_chosen_by_tapping_the_map(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app)
        await ada.page.locator("canvas").click(position={"x": 100, "y": 80})
        await expect(ada.page.locator(".sent code")).to_be_visible()


async def test_without_a_place_one_is_asked_for_and_nothing_is_sent(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app)
        await ada.button("Take a seat").click()
        await expect(ada.page.get_by_role("alert")).to_contain_text("First say where you are")
        assert app.listener.accepted == 0


async def test_a_name_that_cannot_be_is_refused_in_words_and_may_be_mended(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app)
        await ada.choose_city()
        await ada.page.get_by_label("Name", exact=True).fill("A\u202eda")
        await ada.button("Take a seat").click()
        await expect(ada.page.get_by_role("alert")).to_contain_text("That name cannot be used.")
        await ada.enter("Ada")


async def test_next_leads_to_another_table(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await (await visits.open(app)).enter("Bo")
        await expect(ada.page.locator(".seat")).to_have_count(2)
        await ada.button("Next table").click()
        await expect(ada.page.get_by_role("heading", name="A new table")).to_be_visible()
        await expect(ada.page.locator(".seat")).to_have_count(1)
        await expect(bo.log).to_contain_text("left")


async def test_the_muted_are_heard_no_more_until_they_are_again(visits: Visits) -> None:
    async with visits.serving(**LONG) as app, Clients(app) as clients:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await clients.new()
        await bo.enter(await cell_of(ada), name="Bo")
        await ada.page.get_by_role("button", name="Bo", exact=True).click()
        await ada.button("Mute").click()
        await expect(ada.page.get_by_role("button", name="Bo, muted")).to_be_visible()
        await say(bo, "You cannot hear this")
        await ada.page.get_by_role("button", name="Bo, muted").click()
        await ada.button("Hear again").click()
        await expect(ada.page.get_by_role("button", name="Bo", exact=True)).to_be_visible()
        await say(bo, "But this")
        await ada.hears("But this")
        await ada.hears("You cannot hear this", times=0)


async def test_a_link_opens_only_after_its_domain_was_shown(visits: Visits) -> None:
    async with visits.serving(**LONG, new_identity_s=0) as app, Clients(app) as clients:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await clients.new()
        await bo.enter(await cell_of(ada), name="Bo")
        await say(bo, "See https://www.example.org/a?b=1.")
        await ada.page.get_by_role("link", name="https://www.example.org/a?b=1", exact=True).click()
        await expect(ada.page.locator(".domain")).to_have_text("www.example.org")
        opens = ada.page.get_by_role("link", name="Open it")
        assert await opens.get_attribute("href") == "https://www.example.org/a?b=1"
        assert "noopener" in (await opens.get_attribute("rel") or "")
        await ada.button("Stay here").click()
        await expect(ada.page.locator("dialog")).to_have_count(0)


async def test_renaming_moving_and_leaving_are_done_and_said(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await (await visits.open(app)).enter("Ada")
        await ada.page.locator(".seat.is-me button").click()
        await ada.page.get_by_role("dialog").get_by_label("Name").fill("Countess")
        await ada.button("Change my name").click()
        await expect(ada.log).to_contain_text("You are now")
        await ada.button("Map").click()
        await ada.page.get_by_role("dialog").get_by_label("How exactly").fill("5")
        await ada.button("This is my place").click()
        await expect(ada.banner).to_contain_text("Your new place")
        await ada.page.reload()  # which would else take both back
        await expect(ada.page.locator(".seat.is-me button[aria-label*=Countess]")).to_be_visible()
        assert len(await cell_of(ada)) == 5
        await ada.button("Leave").click()
        await ada.page.get_by_role("dialog").get_by_role("button", name="Leave", exact=True).click()
        await expect(ada.page.get_by_text("You have left.")).to_be_visible()
        await expect(ada.page.get_by_role("heading", level=1)).to_be_focused()
        await ada.until("sessionStorage.length === 0")  # once the server has said goodbye


async def test_one_visits_a_place_out_of_reach_from_the_table(visits: Visits) -> None:
    async with visits.serving(window_s=7200) as app, Clients(app) as clients:
        ada = await (await visits.open(app, viewport=PHONE)).enter("Ada")
        home, dialog = await cell_of(ada), ada.page.get_by_role("dialog")
        bo = await clients.new()
        await bo.enter(home, name="Bo")

        async def go(city: str) -> None:
            await dialog.get_by_role("searchbox").fill(city)
            await dialog.locator(".found button").first.click()
            await ada.button("This is my place").click()

        await ada.button("Map").click()
        await go("London")
        await expect(dialog.get_by_role("alert")).to_contain_text("if you say that you are visiting")
        await dialog.get_by_label("I am visiting").check()
        await ada.button("This is my place").click()
        await expect(dialog).to_have_count(0)
        await expect(ada.banner).to_contain_text("Your new place \u2068gcpv")
        assert (await bo.hear("changed"))["member"]["visiting"] is True
        await ada.button("Next table").click()
        await expect(ada.page.locator(".seat.is-me.is-visiting .icon")).to_be_visible()
        await expect(ada.page.locator(".room")).not_to_contain_text("No connection")
        await ada.button("Map").click()
        await go("Tokyo")  # one such place a day
        await expect(dialog.get_by_role("alert")).to_contain_text("Nobody travels that fast")
        await dialog.get_by_label("I am visiting").uncheck()
        await ada.button("This is my place").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("Nobody travels that fast")
        await ada.page.keyboard.press("Escape")
        await ada.say("Still here")
        await ada.hears("Still here")
        assert (await cell_of(ada)).startswith("gcpv")


async def test_five_thousand_messages_do_not_slow_the_page(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await (await visits.open(app)).enter("Ada")
        took_ms = await ada.page.evaluate(
            """async () => {
                const { FIRST, step } = await import("./state.js");
                const { Log } = await import("./log.js");
                let state = step(FIRST, { type: "room", room: "r", me: "m", members: [], now: 0, seq: 0 }, 0);
                const log = new Log({});
                document.body.append(log.element);
                for (let n = 1; n <= 5000; n++) {
                    const from = `f${n % 9}`;
                    state = step(state, { type: "said", seq: n, from, name: "Bo", text: `t ${n}`, at: n }, n);
                    if (n % 500 === 0) log.show(state);
                }
                // The quickest of ten: whatever else the machine does only adds to the others.
                let quickest = Infinity;
                for (let n = 1; n <= 10; n++) {
                    const began = performance.now();
                    state = step(state, { type: "said", seq: 5000 + n, from: "f", name: "Bo", text: "new", at: n }, n);
                    log.show(state);
                    log.element.getBoundingClientRect();
                    quickest = Math.min(quickest, performance.now() - began);
                }
                return quickest;
            }"""
        )
        assert took_ms < 100  # a tenth of a second is where waiting begins to be felt


async def test_the_page_holds_few_lines_and_brings_earlier_ones_back_where_one_reads(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        lines = ada.page.locator(".log > li")
        talk = ({"type": "said", "from": "bo", "name": "Bo", "text": f"line {n}", "at": 0} for n in range(600))
        stage.send(*talk)
        await ada.hears("line 599")
        assert await lines.count() <= LINES_MAX
        oldest = await lines.first.locator(".text").text_content() or ""
        await ada.page.locator(".scroller").evaluate("(scroller) => { scroller.scrollTop = 0; }")
        box = await lines.first.bounding_box()
        await ada.page.get_by_role("button", name="earlier lines").click()
        again = await ada.said(oldest).bounding_box()
        assert box
        assert again
        assert abs(again["y"] - box["y"]) < 60  # the line above it took over its name
        # How many times depends on how many lines came at once.
        while await ada.page.locator(".earlier").is_visible():
            await ada.page.locator(".scroller").evaluate("(scroller) => { scroller.scrollTop = 0; }")
            await ada.page.get_by_role("button", name="earlier line").click()
        await expect(lines).to_have_count(601)
        await ada.page.locator(".scroller").evaluate("(scroller) => { scroller.scrollTop = scroller.scrollHeight; }")
        stage.send({"type": "said", "from": "bo", "name": "Bo", "text": "the newest", "at": 0})
        await expect(ada.said("the newest")).to_be_in_viewport()
        assert await lines.count() <= LINES_MAX


async def test_a_long_text_in_the_line_below_leaves_the_reader_at_the_end(visits: Visits) -> None:
    at_end = """async () => {
        for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
        const { scrollHeight, scrollTop, clientHeight } = document.querySelector(".scroller");
        return scrollHeight - scrollTop - clientHeight < 2;
    }"""
    async with visits.serving(**LONG) as app:
        ada = await (await visits.open(app)).enter("Ada")
        for n in range(10):
            await ada.say(f"line {n} " * 30)
            await expect(ada.page.locator(".said")).to_have_count(n + 1)
            await expect(ada.page.locator(".said").last.locator(".status")).to_be_empty()
            await ada.box.fill("word " * 190)  # which leaves the talk less height, at once
            assert await ada.page.evaluate(at_end)
            await ada.box.fill("")


async def cell_of(visitor: Any) -> str:
    return str(await visitor.page.evaluate("JSON.parse(sessionStorage.getItem('hereabouts.seat')).cell"))


async def say(client: Client, text: str) -> None:
    await client.say("say", text=text, room=client.room)
    await client.hear("said")
