"""Saying where one is: by a city's name in any script, on the map, and where the browser tells no position."""

import asyncio
import json
import re
from typing import Any

import pytest
from playwright.async_api import expect

from client_demo import places
from tests.e2e.stage import PATIENCE_S, staged
from tests.e2e.visits import DESKTOP, PHONE, Visits
from tests.sessions import UNLIMITED

pytestmark = pytest.mark.asyncio(loop_scope="session")

INSECURE = "Object.defineProperty(globalThis, 'isSecureContext', { value: false })"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("東京", "東京 (Tokyo), Japan"),
        ("北京", "北京 (Beijing), China"),
        ("москва", "Москва (Moscow), Russia"),
        ("القاهرة", "القاهرة (Cairo), Egypt"),
        ("القَاهِرَة", "القاهرة (Cairo), Egypt"),
        ("서울", "서울 (Seoul), South Korea"),
        ("Αθήνα", "Αθήνα (Athens), Greece"),
        ("दिल्ली", "दिल्ली (Delhi), India"),
        ("กรุงเทพ", "กรุงเทพ (Bangkok), Thailand"),
        ("תל אביב", "תל אביב (Tel Aviv), Israel"),
        ("紐約", "紐約 (New York City), United States"),
        ("纽约", "纽约 (New York City), United States"),
        ("温哥华", "温哥华 (Vancouver), Canada"),
        ("Ginebra", "Ginebra (Geneva), Switzerland"),
        ("Niza", "Niza (Nice), France"),
        ("Cantón", "Cantón (Guangzhou), China"),
        ("moscu", "Moscú (Moscow), Russia"),
        ("Moscù", "Moscù (Moscow), Russia"),
        ("Wien", "Wien (Vienna), Austria"),
        ("münchen", "München (Munich), Germany"),
        ("Munchen", "München (Munich), Germany"),
        ("sao paulo", "São Paulo, Brazil"),
        ("Lodz", "Łódź, Poland"),
        ("springfield", "Springfield, Missouri, United States"),
    ],
)
async def test_a_city_is_found_by_its_name_in_any_script_and_without_accents(
    visits: Visits, typed: str, shown: str
) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app)
        await ada.page.get_by_role("searchbox").fill(typed)
        first = ada.page.locator(".found button").first
        await expect(first).to_have_text(shown)
        await first.click()
        await expect(ada.page.locator(".sent code")).to_be_visible()


@pytest.mark.parametrize(
    ("typed", "locale", "shown"),
    [
        ("Florencia", "en-GB", ["Florencia (Florence), Italy", "Florencia, Colombia"]),
        ("Florencia", "es", ["Florencia (Florence), Italia", "Florencia, Colombia"]),
        ("Ódessa", "en-GB", ["Odessa (Odesa), Ukraine", "Odessa, United States"]),
        (
            "san luis",
            "en-GB",
            ["San Luis (São Luís), Brazil", "San Luis (San Luis Potosí), Mexico", "San Luis, Argentina"],
        ),
    ],
)
async def test_a_town_of_that_name_hides_no_city_that_is_called_so_elsewhere(
    visits: Visits, typed: str, locale: str, shown: list[str]
) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app, locale=locale)
        asked: list[str] = []
        ada.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
        await ada.page.get_by_role("searchbox").fill(typed)
        offered = ada.page.locator(".found button")
        await expect(offered.first).to_have_text(shown[0])
        assert (await offered.all_inner_texts())[: len(shown)] == shown
        assert asked == ["cities.txt"]


async def test_names_in_other_scripts_are_loaded_by_whoever_needs_them_alone(visits: Visits) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app)
        asked: list[str] = []
        ada.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
        await ada.choose_city("Lisbon")
        assert asked == ["cities.txt"]
        await ada.page.get_by_role("searchbox").fill("東京")
        await expect(ada.page.locator(".found button").first).to_contain_text("Tokyo")
        assert asked == ["cities.txt", "names.txt"]


@pytest.mark.parametrize(
    ("typed", "locale", "shown"),
    [
        ("New York City, United States", "en-GB", "New York City, United States"),
        ("London, United Kingdom", "en-GB", "London, United Kingdom"),
        ("London, UK", "en-GB", "London, United Kingdom"),
        ("London, GB", "en-GB", "London, United Kingdom"),
        ("london, united k", "en-GB", "London, United Kingdom"),
        ("London, England", "es", "London, Reino Unido"),
        ("Londres, Reino Unido", "es", "Londres (London), Reino Unido"),
        ("Florencia (Florence), Italia", "es", "Florence, Italia"),
        ("Florencia, Italia", "es", "Florencia (Florence), Italia"),
        ("London, Canada", "en-GB", "London, Canada"),
        ("Springfield, Illinois, United States", "en-GB", "Springfield, Illinois, United States"),
        ("Halle (Saale), Germany", "en-GB", "Halle (Saale), Germany"),
        ("Misato, Saitama, Japan", "en-GB", "Misato, Saitama, Japan"),
        ("巴黎，法国", "zh-CN", "巴黎 (Paris), 法国"),
    ],
)
async def test_a_city_is_found_as_the_page_itself_writes_it(
    visits: Visits, typed: str, locale: str, shown: str
) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app, locale=locale)
        field = ada.page.get_by_role("searchbox")
        await field.fill(typed)
        await expect(ada.page.locator(".found button").first).to_have_text(shown)
        await field.press("Enter")
        await expect(field).to_have_value(shown)
        await expect(ada.page.locator(".sent code")).to_be_visible()


async def test_whoever_names_a_place_where_no_city_is_called_so_is_shown_where_one_is(visits: Visits) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app)
        field = ada.page.get_by_role("searchbox")
        await field.fill("Paris, Texas")
        await expect(ada.page.locator(".found button").first).to_have_text("Paris, France")
        await expect(ada.page.get_by_text("No city of that name there")).to_be_visible()
        await field.press("Enter")
        await expect(field).to_have_value("Paris, Texas")  # and not in France
        await expect(ada.page.locator(".sent code")).to_have_count(0)


@pytest.mark.parametrize(
    ("typed", "cell"),
    [
        ("40.75, -73.99", "dr5ru6"),
        ("(40.75,-73.99)", "dr5ru6"),
        ("40.75° N, 73.99° W", "dr5ru6"),
        ("(0,0)", "s0000"),  # in the sea, where a larger patch is proposed
        ("DR5RU", "dr5ru"),
        ("dr5r", "dr5r"),
        ("dr5ru6", "dr5ru6"),
        ("gcpvj", "gcpvj"),
    ],
)
async def test_coordinates_and_cells_are_taken_and_cut_before_anything_is_sent(
    visits: Visits, typed: str, cell: str
) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app)
        sent: list[str] = []
        ada.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
        field = ada.page.get_by_role("searchbox")
        await field.fill(typed)
        await expect(ada.page.locator(".found button")).to_have_count(1)
        await field.press("Enter")
        await expect(ada.page.locator(".sent code")).to_have_text(cell)
        await ada.button("Take a seat").click()
        await expect(ada.box).to_be_visible()
        assert json.loads(sent[0])["cell"] == cell
        assert "40.75" not in sent[0]


async def test_a_city_whose_name_might_be_a_cell_is_a_city(visits: Visits) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app)
        await ada.page.get_by_role("searchbox").fill("Perth")
        await expect(ada.page.locator(".found button").first).to_have_text("Perth, Australia")


async def test_a_city_that_nobody_knows_leaves_the_map(visits: Visits) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app)
        await ada.page.get_by_role("searchbox").fill("Qwertzuiop")
        await expect(ada.page.get_by_text("No city of that name in the list. Tap the map instead.")).to_be_visible()


async def test_without_a_secure_context_the_map_comes_first_and_the_page_says_why(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, _ = await staged(visits, app, "shake", enters=False, viewport=PHONE)
        await ada.page.add_init_script(INSECURE)
        await ada.page.reload()
        await expect(ada.page.locator(".place")).to_contain_text("Browsers tell a position only to pages")
        await expect(ada.page.locator(".place")).to_contain_text("Shaking a phone needs https too")
        await expect(ada.button("Use my position")).to_have_count(0)
        chart, field = ada.page.locator(".map"), ada.page.get_by_role("searchbox")
        at, below = await chart.bounding_box(), await field.bounding_box()
        assert at
        assert below
        assert at["y"] < below["y"]
        await ada.page.locator("canvas").click(position={"x": 100, "y": 60})
        await expect(ada.page.locator(".sent code")).to_be_visible()


async def test_a_device_that_does_not_tell_leaves_the_map_and_the_cities(visits: Visits) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app, permissions=[])
        await ada.button("Use my position").click()
        await expect(ada.page.get_by_text("Your device did not tell. Tap the map or name a city.")).to_be_visible()
        await expect(ada.button("Use my position")).to_be_enabled()


async def test_on_a_phone_what_is_sent_is_in_sight_with_the_button_that_sends_it(visits: Visits) -> None:
    here = {"latitude": 48.2, "longitude": 16.37}
    async with visits.serving() as app:
        ada = await visits.open(app, viewport=PHONE, permissions=["geolocation"], geolocation=here)
        await expect(ada.button("Take a seat")).not_to_be_in_viewport()
        await ada.button("Use my position").click()
        await expect(ada.button("Take a seat")).to_be_in_viewport()
        await expect(ada.page.locator(".sit-sent")).to_be_in_viewport()
        await expect(ada.page.locator(".sit-sent")).to_contain_text(places.cell_of(48.2, 16.37))


async def test_before_there_is_a_place_a_desktop_shows_the_seat_to_take_and_nobody_a_size(visits: Visits) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app)
        await expect(ada.button("Take a seat")).to_be_in_viewport(ratio=1)
        await expect(ada.page.get_by_label("How exactly")).to_be_hidden()
        await ada.choose_city()
        await expect(ada.page.get_by_label("How exactly")).to_be_focused()
        await expect(ada.page.locator("#cell-size")).to_contain_text("New York")
        await expect(ada.button("Take a seat")).to_be_in_viewport(ratio=1)


async def test_a_long_citys_end_is_cut_with_a_sign_and_an_amount_stays_with_its_unit(visits: Visits) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app)
        await ada.choose_city("Springfield, Massachusetts")
        field = ada.page.get_by_role("searchbox")
        await expect(field).to_have_attribute("title", "Springfield, Massachusetts, United States")
        await expect(field).to_have_css("text-overflow", "ellipsis")
        assert "6\u00a0m" in str(await ada.page.locator("#cell-size").text_content())
        await field.fill("Lisbon")
        await expect(field).not_to_have_attribute("title", re.compile(""))


@pytest.mark.parametrize(("viewport", "is_open"), [(DESKTOP, True), (PHONE, False)], ids=["1280", "390"])
async def test_what_is_kept_lies_open_where_there_is_room(visits: Visits, viewport: Any, is_open: bool) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app, viewport=viewport)
        kept = ada.page.locator(".kept")
        await expect(kept.locator("summary")).to_be_visible()
        await expect(kept.locator("li").first).to_be_visible(visible=is_open)
        await kept.locator("summary").click()
        await expect(kept.locator("li").first).to_be_visible(visible=not is_open)


@pytest.mark.parametrize("characters", [4, 5, 6])
async def test_how_coarse_is_for_the_person_to_choose(visits: Visits, characters: int) -> None:
    async with visits.serving(**UNLIMITED) as app:
        ada = await visits.open(app, permissions=["geolocation"], geolocation={"latitude": 48.2, "longitude": 16.37})
        sent: list[str] = []
        ada.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
        await ada.button("Use my position").click()
        await ada.page.get_by_label("How exactly").fill(str(characters))
        cell = places.cell_of(48.2, 16.37, characters)
        await expect(ada.page.locator(".sent")).to_have_text(f"This is all that is sent: {cell}")
        await ada.button("Take a seat").click()
        await expect(ada.box).to_be_visible()
        assert json.loads(sent[0])["cell"] == cell


async def test_the_map_zooms_by_wheel_and_by_two_fingers_around_where_they_are(visits: Visits) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app, viewport=PHONE, has_touch=True)
        canvas = ada.page.locator("canvas")
        box = await canvas.bounding_box()
        assert box
        before = await painted(canvas)
        await ada.page.mouse.move(box["x"] + 60, box["y"] + 60)
        await ada.page.mouse.wheel(0, -400)
        wheeled = await painted(canvas, other_than=before)
        devtools = await ada.page.context.new_cdp_session(ada.page)
        middle = {"x": box["x"] + 150, "y": box["y"] + 90}

        async def fingers(kind: str, apart: int) -> None:
            points: list[dict[str, Any]] = [{**middle, "x": middle["x"] + side * apart, "id": side} for side in (0, 1)]
            touch = {"type": kind, "touchPoints": [] if kind == "touchEnd" else points}
            await devtools.send("Input.dispatchTouchEvent", touch)

        await fingers("touchStart", 40)
        for apart in (60, 80, 110):
            await fingers("touchMove", apart)
        await fingers("touchEnd", 0)
        await painted(canvas, other_than=wheeled)
        await expect(ada.page.locator(".sent code")).to_have_count(0)  # neither was a tap


async def painted(canvas: Any, *, other_than: bytes = b"") -> bytes:
    """Return a picture once it is another one and stays: a busy browser does late what was asked of it."""
    last = b""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await canvas.evaluate(
                "() => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))"
            )
            picture = bytes(await canvas.screenshot())
            if picture == last != other_than:
                return picture
            last = picture
