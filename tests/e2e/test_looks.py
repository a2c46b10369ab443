"""How the page holds up: small and large, dark and light, in other languages and directions, by keyboard alone."""

import json
from pathlib import Path
from typing import Any

import axe_playwright_python.async_playwright as axe
import pytest
from playwright.async_api import expect

import client_demo.page
from tests.apps import Clients
from tests.e2e.stage import staged
from tests.e2e.visits import DESKTOP, PHONE, SMALL, Visitor, Visits
from tests.sessions import UNLIMITED

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG: dict[str, Any] = {**UNLIMITED, "window_s": 7200, "terms": "Be kind.", "contact": "desk@campus.example"}
FIRST_LOAD_MAX_BYTES = 120_000
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
STRINGS = Path(client_demo.page.__path__[0], "strings")


async def look(visitor: Visitor) -> None:
    """Fail if something is wider than the page, or a serious barrier is found."""
    overflow = await visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0
    found = await axe.Axe().run(visitor.page)
    serious = [rule for rule in found.response["violations"] if rule["impact"] in ("serious", "critical")]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in serious] == []


@pytest.mark.parametrize("viewport", [SMALL, PHONE, DESKTOP], ids=["320", "390", "1280"])
@pytest.mark.parametrize("colours", ["dark", "light"])
async def test_every_state_fits_and_has_no_serious_barrier(visits: Visits, viewport: Any, colours: Any) -> None:
    # Nobody is new, so that a link is sent.
    async with visits.serving(**LONG, new_identity_s=0) as app, Clients(app) as clients:
        ada = await visits.open(app, viewport=viewport, color_scheme=colours, reduced_motion="reduce")
        await look(ada)
        await ada.choose_city()
        await look(ada)
        await ada.enter("Ada")
        await expect(ada.page.locator(".waiting")).to_be_visible()
        await look(ada)
        cell = await ada.page.evaluate("JSON.parse(sessionStorage.getItem('hereabouts.seat')).cell")
        people = [await clients.new() for _ in range(4)]
        for person, name in zip(people, ["Bo", LONG_WORD[:32], "Dee", "李小龙"], strict=True):
            await person.enter(cell, name=name, topics=["tea", LONG_WORD[:24]], visiting=True)
            await person.say("say", text=f"{LONG_WORD} https://example.org/{LONG_WORD}", room=person.room)
        await people[0].say("away")
        await ada.say("Mine")
        await expect(ada.page.locator(".said")).to_have_count(5)
        await expect(ada.page.locator(".seat.is-away")).to_have_count(1)
        await expect(ada.page.locator(".waiting")).to_be_hidden()
        await look(ada)
        for opener in (ada.page.locator(".facts"), ada.button("Map"), ada.page.locator(".seat.is-me button")):
            await opener.click()
            await expect(ada.page.get_by_role("dialog")).to_be_visible()
            await look(ada)
            await ada.page.keyboard.press("Escape")
            await expect(ada.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(576, 400), (640, 400), (768, 400), (844, 390)])
async def test_in_a_low_window_the_bar_stays_low_and_the_line_to_write_in_at_the_bottom(
    visits: Visits, width: int, height: int
) -> None:
    async with visits.serving(**LONG) as app:
        ada, _ = await staged(visits, app, viewport={"width": width, "height": height})
        bar = await ada.page.locator(".bar").bounding_box()
        composer = await ada.page.locator(".composer").bounding_box()
        assert bar
        assert composer
        assert bar["height"] < 70
        assert composer["y"] + composer["height"] == pytest.approx(height, abs=2)
        await look(ada)


async def test_chinese_is_spoken_throughout(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app, locale="zh-CN", viewport=SMALL)
        await expect(ada.page.locator("html")).to_have_attribute("lang", "zh")
        await ada.choose_city("Shanghai")
        await look(ada)
        await ada.page.get_by_role("button", name="入座").click()
        await expect(ada.page.get_by_role("heading", name="再来 2 个人就成一桌")).to_be_visible()
        await look(ada)
        words = await ada.page.locator("main").inner_text()
        assert "table" not in words
        assert "server" not in words


async def test_a_language_is_chosen_and_remembered(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app)
        await ada.page.get_by_label("Name", exact=True).fill("Ada")
        await ada.page.get_by_label("Language").select_option("es")
        await expect(ada.page.get_by_role("button", name="Tomar asiento")).to_be_visible()
        await expect(ada.page.get_by_label("Nombre", exact=True)).to_have_value("Ada")
        await expect(ada.page.locator("select")).to_be_focused()
        await ada.page.reload()
        await expect(ada.page.get_by_role("button", name="Tomar asiento")).to_be_visible()


@pytest.mark.parametrize("viewport", [SMALL, DESKTOP], ids=["320", "1280"])
async def test_a_language_from_right_to_left_turns_the_page(visits: Visits, viewport: Any) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app, viewport=viewport)
        await ada.page.route("**/strings/es.json", lambda route: route.fulfill(body=json.dumps(right_to_left())))
        await ada.page.goto(f"{app.url}/?lang=es")
        await expect(ada.page.locator("html")).to_have_attribute("dir", "rtl")
        await look(ada)
        await ada.choose_city()
        await ada.page.locator("form button[type=submit]").click()
        await expect(ada.page.locator(".waiting")).to_be_visible()
        await look(ada)
        box, send = ada.page.locator("textarea"), ada.page.locator(".send")
        box_at, send_at = await box.bounding_box(), await send.bounding_box()
        assert box_at
        assert send_at
        assert send_at["x"] < box_at["x"]


async def test_everything_can_be_done_by_keyboard_alone(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app)
        press = ada.page.keyboard.press
        await tab_to(ada, "input.city")
        await ada.page.keyboard.type("lisbon")
        await expect(ada.page.locator(".found button").first).to_be_visible()
        await press("Tab")
        await press("Enter")
        await expect(ada.page.get_by_label("How exactly")).to_be_focused()
        await press("ArrowLeft")
        assert len(await ada.text_of(".sent code")) == 5
        await tab_to(ada, "button[type=submit]")
        await press("Enter")
        await expect(ada.box).to_be_focused()
        await ada.page.keyboard.type("By keyboard")
        await press("Enter")
        await ada.hears("By keyboard")
        await expect(ada.box).to_be_focused()
        await tab_to(ada, ".seat.is-me button")
        await press("Enter")
        await expect(ada.page.get_by_role("dialog")).to_be_visible()
        await press("Escape")
        await expect(ada.page.locator(".seat.is-me button")).to_be_focused()


async def test_the_map_is_moved_and_a_place_chosen_by_keyboard(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app)
        await ada.page.locator("canvas").focus()
        for key in ("+", "+", "ArrowLeft", "ArrowUp", "Enter"):
            await ada.page.keyboard.press(key)
        await expect(ada.page.locator(".sent code")).to_be_visible()


async def test_a_first_visit_loads_little_and_a_second_next_to_nothing(visits: Visits) -> None:
    async with visits.serving(**LONG) as app:
        ada = await visits.open(app)
        devtools = await ada.page.context.new_cdp_session(ada.page)
        loaded: list[int] = []
        await devtools.send("Network.enable")
        await devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        devtools.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
        await ada.page.reload(wait_until="networkidle")
        first = sum(loaded)
        assert 20_000 < first <= FIRST_LOAD_MAX_BYTES
        loaded.clear()
        await devtools.send("Network.setCacheDisabled", {"cacheDisabled": False})
        await ada.page.reload(wait_until="networkidle")
        loaded.clear()
        await ada.page.reload(wait_until="networkidle")
        assert sum(loaded) < first / 3


async def tab_to(visitor: Visitor, selector: str) -> None:
    """Press Tab until this has the focus."""
    for _ in range(40):
        if await visitor.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        await visitor.page.keyboard.press("Tab")
    raise AssertionError(f"{selector} was never reached")


def right_to_left() -> dict[str, Any]:
    """Return the English words in letters that are written from right to left, blanks as they are."""
    english = json.loads((STRINGS / "en.json").read_text(encoding="utf-8"))
    return {key: turned(entry) for key, entry in english.items()} | {"dir": "rtl"}


def turned(entry: Any) -> Any:
    if isinstance(entry, dict):
        return {form: turned(text) for form, text in entry.items()}
    parts = entry.replace("{", "\0{").replace("}", "}\0").split("\0")
    return "".join(part if part.startswith("{") else part.translate(HEBREW) for part in parts)


HEBREW = {ord(letter): 0x5D0 + at % 27 for at, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
HEBREW |= {ord(letter): 0x5D0 + at % 27 for at, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


@pytest.mark.parametrize("viewport", [SMALL, PHONE, DESKTOP], ids=["320", "390", "1280"])
@pytest.mark.parametrize("locale", ["en-GB", "es-ES", "zh-CN"])
async def test_a_dialogs_title_its_close_and_its_button_stay_in_sight(
    visits: Visits, viewport: dict[str, int], locale: str
) -> None:
    """However far one reads."""
    async with visits.serving() as app:
        ada = await visits.open(app, locale=locale, viewport=viewport)
        await ada.choose_city()
        await ada.page.locator(".sit button").click()
        for number, also in ((1, [".choices .primary"]), (2, [])):  # Map, More
            await ada.page.locator("nav .action").nth(number).click()
            dialog = ada.page.get_by_role("dialog")
            for top in (0, 10_000):
                scroll = "(body, top) => { body.scrollTop = body.closest('dialog').scrollTop = top; }"
                await dialog.locator(".dialog-body").evaluate(scroll, top)
                for part in ("h2", ".dialog-close", *also):
                    await expect(dialog.locator(part)).to_be_in_viewport(ratio=1)
            await ada.page.keyboard.press("Escape")
