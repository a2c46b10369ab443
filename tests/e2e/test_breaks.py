"""Servers end, connections break, phones sleep: nothing typed is lost, and nothing is said twice."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from geo import Cell
from rooms.windows import window_end
from server.app import App
from server.loading import load
from tests.apps import Client, Clients
from tests.e2e.stage import staged
from tests.e2e.visits import PHONE, Visitor, Visits
from tests.sessions import UNLIMITED

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG: dict[str, Any] = {**UNLIMITED, "window_s": 7200}
# Half a minute of the rooms' in a second of ours. The usual 30 s of grace would be that second, and a page on a busy
# machine takes longer to come back: that a connection breaks by itself is not what these tests are about.
SPED_UP: dict[str, Any] = {**UNLIMITED, "time_scale": 30, "resume_grace_s": 300}
NEW_YORK = Cell("dr5r")
SLEEP = """(hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_a_server_that_ends_and_begins_anew_costs_no_word(visits: Visits) -> None:
    visits.may_lose = True
    async with visits.serving(**LONG) as first:
        ada = await (await visits.open(first, viewport=PHONE)).enter("Ada")
        await ada.say("Before")
        await expect(ada.said("Before")).to_have_attribute("data-status", "said")
        await first.stop(within_s=0.5)
        await expect(ada.banner).to_contain_text("What you write is kept.")
        await ada.say("While it was gone")
        await expect(ada.said("While it was gone")).to_contain_text("not sent yet")
        await ada.box.fill("Half a thou")
        second = App(load(None, {}, {**LONG, "port": first.listener.port}))
        await second.start()
        await expect(ada.page.get_by_role("heading", name="A new table")).to_be_visible()
        await expect(ada.log).to_contain_text("The server has begun anew or no longer knows your seat")
        await expect(ada.said("While it was gone")).to_contain_text("Not said. You no longer sit at that table.")
        await expect(ada.box).to_have_value("Half a thou")
        await expect(ada.banner).to_have_attribute("data-kind", "")
        await ada.button("Say it now").click()
        await expect(ada.said("While it was gone")).to_have_attribute("data-status", "said")
        await ada.hears("While it was gone")
        await visits.close()
        await second.stop(within_s=0.5)


async def test_a_server_that_comes_back_with_its_data_is_not_said_to_be_the_persons_fault(
    visits: Visits, tmp_path: Path
) -> None:
    visits.may_lose = True
    lasting = {**LONG, "data": str(tmp_path)}
    async with visits.serving(**lasting) as first:
        ada = await (await visits.open(first)).enter("Ada")
        await first.stop(within_s=0.5)
        await expect(ada.banner).to_contain_text("What you write is kept.")
        second = App(load(None, {}, {**lasting, "port": first.listener.port}))
        await second.start()
        await expect(ada.page.locator(".new-room")).to_have_count(2)
        await expect(ada.log).to_contain_text("You are back on a new seat: the former one is gone.")
        await visits.close()
        await second.stop(within_s=0.5)


async def test_a_cut_connection_comes_back_to_its_seat_and_says_each_word_once(visits: Visits) -> None:
    visits.may_lose = True
    async with visits.serving(**LONG) as app, Clients(app) as clients:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await seated_with(ada, clients)
        for number in range(3):
            cut_pages(app, bo)
            await say(bo, f"Missed {number}")
            await ada.say(f"Through the break {number}")
            assert (await bo.hear("said"))["text"] == f"Through the break {number}"
            await expect(ada.said(f"Through the break {number}")).to_have_attribute("data-status", "said")
            await ada.hears(f"Missed {number}")
        assert (await bo.ask("ping", "pong", "said", "left", "joined"))["type"] == "pong"
        await expect(ada.page.locator(".seat")).to_have_count(2)
        await ada.hears("Through the break 0")


async def test_a_page_that_was_loaded_anew_has_its_seat_its_words_and_its_draft(visits: Visits) -> None:
    async with visits.serving(**LONG) as app, Clients(app) as clients:
        ada = await (await visits.open(app)).enter("Ada")
        bo = await seated_with(ada, clients)
        await say(bo, "Still here?")
        await ada.hears("Still here?")
        await ada.box.fill("Half a thou")
        await ada.page.reload()
        await ada.hears("Still here?")
        await expect(ada.box).to_have_value("Half a thou")
        await ada.say("Yes")
        heard = [await bo.hear()]
        while heard[-1]["type"] != "said":
            heard.append(await bo.hear())
        assert heard[-1]["text"] == "Yes"
        assert {event["type"] for event in heard[:-1]} <= {"changed", "waiting"}  # away while it loaded, at most


async def test_whoever_sleeps_is_away_and_finds_a_divider_on_waking(visits: Visits) -> None:
    async with visits.serving(**LONG) as app, Clients(app) as clients:
        ada = await (await visits.open(app, viewport=PHONE)).enter("Ada")
        bo = await seated_with(ada, clients)
        await say(bo, "Seen")
        await ada.hears("Seen")
        await ada.page.evaluate(SLEEP, True)
        assert (await bo.hear("changed"))["member"]["away"]
        for number in range(3):
            await say(bo, f"Slept through {number}")
        await expect(ada.page).to_have_title(re.compile(r"^\(3\)"))
        await ada.page.evaluate(SLEEP, False)
        assert "away" not in (await bo.hear("changed"))["member"]
        divider = ada.page.locator(".absence")
        await expect(divider).to_have_text("3 messages while you were away")
        after = divider.locator("xpath=following-sibling::li")
        await expect(after.nth(0)).to_contain_text("Slept through 0")
        await expect(after).to_have_count(3)


@pytest.mark.parametrize("minutes", [2, 10])
async def test_a_page_frozen_for_minutes_comes_back_to_its_seat(visits: Visits, minutes: int) -> None:
    """The phone sleeps: the page stands still, its line dies, and the rooms' clock, sped up, goes on for so long."""
    visits.may_lose = True
    # Half an hour, so that a busy machine has a minute to come back in.
    async with visits.serving(**SPED_UP, **far_from_an_end(), away_s=1800) as app, Clients(app) as clients:
        ada = await (await visits.open(app, viewport=PHONE)).enter("Ada")
        bo = await seated_with(ada, clients)
        await ada.box.fill("Half a thou")
        me = await id_of(ada)
        async with asleep(ada, app, bo, minutes):
            for number in range(3):
                await say(bo, f"Slept through {number}")
        await expect(ada.page.locator(".absence")).to_have_text("3 messages while you were away")
        await expect(ada.page.locator(".new-room")).to_have_count(1)
        assert await id_of(ada) == me
        await expect(ada.box).to_have_value("Half a thou")
        await ada.say("Awake again")
        events = [await bo.hear()]
        while events[-1]["type"] != "said":
            events.append(await bo.hear())
        assert {event["type"] for event in events} <= {"changed", "waiting", "said"}  # nobody left, nobody came
        assert events[-1]["from"] == me


async def test_a_page_frozen_for_longer_than_a_seat_waits_gets_a_new_one_and_says_so(visits: Visits) -> None:
    visits.may_lose = True
    async with visits.serving(**SPED_UP, **far_from_an_end(), away_s=300) as app, Clients(app) as clients:
        ada = await (await visits.open(app, viewport=PHONE)).enter("Ada")
        bo = await seated_with(ada, clients)
        await ada.box.fill("Half a thou")
        me = await id_of(ada)
        async with asleep(ada, app, bo, minutes=10):
            left = await bo.hear("left")
            assert (left["id"], left["why"]) == (me, "lost")
        await expect(ada.page.get_by_role("heading", name="A new table")).to_be_visible()
        await expect(ada.log).to_contain_text("You are back on a new seat: the former one is gone.")
        await expect(ada.box).to_have_value("Half a thou")
        assert await id_of(ada) != me
        await ada.say("Awake again")
        await expect(ada.said("Awake again")).to_have_attribute("data-status", "said")


async def test_a_page_frozen_beyond_its_tables_end_says_that_it_ended(visits: Visits) -> None:
    visits.may_lose = True
    async with visits.serving(**SPED_UP | {"window_s": 900, "time_scale": 60}) as app, Clients(app) as clients:
        ada = await (await visits.open(app, viewport=PHONE)).enter("Ada")
        bo = await seated_with(ada, clients)
        async with asleep(ada, app, bo, minutes=32):
            pass
        await expect(ada.log).to_contain_text("Your former table ended while you were gone.")
        await expect(ada.banner).to_have_attribute("data-kind", "")


async def test_when_the_window_ends_another_table_follows_and_the_draft_stays(visits: Visits) -> None:
    async with visits.serving(**UNLIMITED, window_s=10, closing_s=3) as app:
        ada = await (await visits.open(app)).enter("Ada")
        await ada.box.fill("Half a thou")
        await expect(ada.log).to_contain_text("Everyone is then seated anew.")
        await expect(ada.page.locator(".new-room")).to_have_count(2)
        await expect(ada.log).to_contain_text("Time was up, and the neighbourhood was seated anew.")
        await expect(ada.box).to_have_value("Half a thou")


async def test_another_window_takes_over_and_this_one_may_take_it_back(visits: Visits) -> None:
    async with visits.serving(**LONG) as app, Clients(app) as clients:
        ada = await (await visits.open(app)).enter("Ada")
        token = await ada.page.evaluate("JSON.parse(sessionStorage.getItem('hereabouts.seat')).token")
        other = await clients.new()
        await other.enter(await cell_of(ada), token=token)
        await expect(ada.banner).to_contain_text("You went on in another window")
        await ada.button("Go on here").click()
        await expect(ada.banner).to_have_attribute("data-kind", "")
        await ada.say("Here again")
        await expect(ada.said("Here again")).to_have_attribute("data-status", "said")


async def test_too_fast_waits_and_is_said_in_order(visits: Visits) -> None:
    async with visits.serving(**{**LONG, "say_per_s": 2, "say_burst": 2}) as app:
        ada = await (await visits.open(app)).enter("Ada")
        for number in range(5):
            await ada.say(f"Line {number}")
        await expect(ada.page.locator(".said[data-status=said]")).to_have_count(5)
        texts = await ada.page.locator(".said .text").all_inner_texts()
        assert texts == [f"Line {number}" for number in range(5)]


def far_from_an_end() -> dict[str, int]:
    """Return windows that end hours from now where the visitors are: sped up, a test lasts for half an hour of them."""
    now = time.time()
    return {"window_s": max(range(43_200, 86_401, 3_600), key=lambda length: window_end(NEW_YORK, now, length))}


@contextlib.asynccontextmanager
async def asleep(visitor: Visitor, app: App, other: Client, minutes: float) -> AsyncIterator[None]:
    """Freeze a page and cut its line; thaw it once so many minutes of the rooms' clock have gone by."""
    until = app.node.clock.now() + minutes * 60
    devtools = await visitor.page.context.new_cdp_session(visitor.page)
    await visitor.page.evaluate(SLEEP, True)
    assert (await other.hear("changed"))["member"]["away"]
    # Chromium freezes pages that are hidden, and none of a headless one's is: the debugger holds all scripts instead.
    await devtools.send("Debugger.enable")
    await devtools.send("Debugger.pause")
    accepted = app.listener.accepted
    cut_pages(app, other)
    yield
    await asyncio.sleep(app.node.clock.real_s_until(until))
    assert app.listener.accepted == accepted, "a frozen page does nothing, so it cannot have come back"
    await devtools.send("Debugger.resume")
    await devtools.send("Debugger.disable")
    await visitor.page.evaluate(SLEEP, False)


async def id_of(visitor: Visitor) -> str:
    """Return the member id of whoever sits at a page, as the seat's colours come from it."""
    return str(await visitor.page.locator(".seat.is-me").get_attribute("data-id"))


def cut_pages(app: App, *but: Client) -> None:
    """Cut every connection but those of these clients, as a dying network would."""
    spared = {client.socket.local_address[1] for client in but}
    for connection in list(app.listener.connections):
        transport = connection._transport
        assert transport is not None
        if transport.get_extra_info("peername")[1] not in spared:
            transport.abort()


async def seated_with(visitor: Visitor, clients: Clients) -> Client:
    """Return somebody who has sat down at a visitor's table."""
    bo = await clients.new()
    await bo.enter(await cell_of(visitor), name="Bo")
    await expect(visitor.page.locator(".seat")).to_have_count(2)
    return bo


async def cell_of(visitor: Visitor) -> str:
    return str(await visitor.page.evaluate("JSON.parse(sessionStorage.getItem('hereabouts.seat')).cell"))


async def say(client: Client, text: str) -> None:
    await client.say("say", text=text, room=client.room)
    await client.hear("said")


async def test_a_server_that_restarts_is_said_to_and_nobody_comes_back_before_it_said(visits: Visits) -> None:
    visits.may_lose = True
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        await stage.heard("enter")
        bye = {"type": "bye", "code": 4000, "reason": "The server restarts.", "why_code": "drain", "reconnect_in": 3.0}
        stage.send(bye)
        began = time.monotonic()
        await stage.close(4000)
        await expect(ada.banner).to_contain_text("The server restarts. What you write is kept.")
        await expect(ada.banner).to_contain_text(re.compile(r"Next try in \d seconds?\."))
        await stage.heard("enter")
        assert time.monotonic() - began >= 3.0
        await expect(ada.banner).to_have_attribute("data-kind", "")


@pytest.mark.parametrize(
    ("locale", "says"),
    [
        ("en", "The server restarts. What you write is kept."),
        ("es", "El servidor se reinicia. Lo que escribes se conserva."),
        ("zh", "服务器正在重启。 你写的内容会保留。"),
    ],
)
async def test_a_long_drain_is_waited_for_as_long_as_it_says(visits: Visits, locale: str, says: str) -> None:
    visits.may_lose = True
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, locale=locale)
        stage.send({"type": "bye", "code": 4000, "reason": "R.", "why_code": "drain", "reconnect_in": 290})
        await stage.close(4000)
        await expect(ada.banner).to_contain_text(says)
        await expect(ada.banner).to_contain_text(re.compile(r"5\s?(min|分钟)"))
