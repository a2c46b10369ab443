"""The round table as it is seen: who sits where, under which name, with which face, and where the focus is."""

import math
from itertools import combinations
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.stage import BO, CY, ME, Json, room, staged
from tests.e2e.visits import DESKTOP, PHONE, SMALL, Visitor, Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABLET = {"width": 1024, "height": 768}
DEE = {"id": "dee", "name": "Dee"}
NAMES = (
    "Hazel Badger",
    "Bartholomew Featherstonehaugh",
    "Clever Fox 12",
    "José Antonio Fernández",
    "Al",
    "李小龙李小龙",
)


def crowd(seats: int, salt: int = 0) -> tuple[Json, ...]:
    """Return as many members as there are seats."""
    others = ({"id": f"m{salt}-{n}", "name": NAMES[n % len(NAMES)]} for n in range(seats - 1))
    return (ME, *others)


async def boxes(visitor: Visitor, selector: str) -> list[dict[str, float]]:
    found: list[dict[str, float]] = await visitor.page.locator(selector).evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().toJSON())"
    )
    return found


def overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    return all(
        one[at] + 1 < other[at] + other[size] and other[at] + 1 < one[at] + one[size]
        for at, size in (("x", "width"), ("y", "height"))
    )


def touch(one: dict[str, float], other: dict[str, float]) -> bool:
    """Return whether two round ones overlap."""
    return math.hypot(one["x"] - other["x"], one["y"] - other["y"]) < one["width"]


@pytest.mark.parametrize("viewport", [TABLET, DESKTOP], ids=["1024", "1280"])
async def test_at_a_full_table_no_name_lies_on_a_seat_or_on_another(visits: Visits, viewport: Any) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, viewport=viewport)
        stage.send(room("r2", members=crowd(12)))
        await expect(ada.page.locator(".seat")).to_have_count(12)
        names, seats = await boxes(ada, ".seat-name"), await boxes(ada, ".seat button")
        assert len(names) == len(seats) == 12
        assert not any(overlap(name, seat) for name in names for seat in seats)
        assert not any(overlap(one, other) for one, other in combinations(names, 2))
        side = (await boxes(ada, ".table-side"))[0]
        assert all(name["x"] >= side["x"] and name["x"] + name["width"] <= side["x"] + side["width"] for name in names)
        assert len({box["height"] for box in await boxes(ada, ".action")}) == 1
        assert len({box["height"] for box in await boxes(ada, ".action span")}) == 1  # each in one line


@pytest.mark.parametrize("seats", [12, 20, 27, 50, 51])
async def test_however_many_seats_none_overlaps_its_neighbour(visits: Visits, seats: int) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, enters=False, viewport=SMALL)
        entered = stage.entered()
        entered["limits"]["seats_max"] = seats
        stage.answers["enter"] = [entered, room(members=crowd(seats))]
        await ada.enter()
        found = await boxes(ada, ".seat button")
        assert len(found) == seats
        assert not any(touch(one, other) for one, other in combinations(found, 2))


async def test_no_two_at_a_table_have_the_same_face_and_all_keep_theirs(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, viewport=PHONE)
        for salt in range(8):  # by chance alone, more than half of full tables had two of the same
            members = crowd(12, salt)
            stage.send(room(f"s{salt}", members=members[:7]))
            await expect(ada.page.locator(f".seat[data-id=m{salt}-0]")).to_have_count(1)
            before = await looks_of(ada)
            stage.send(*({"type": "joined", "id": member["id"], "member": member} for member in members[7:]))
            await expect(ada.page.locator(".seat")).to_have_count(12)
            after = await looks_of(ada)
            assert len(set(after.values())) == 12
            assert before.items() <= after.items()


async def test_no_two_at_a_table_have_one_hue_while_there_are_others(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, viewport=DESKTOP)
        for salt in range(6):  # by chance alone, three of four tables of six had two of one hue
            members = crowd(12, salt)
            stage.send(room(f"s{salt}", members=members[:6]))
            await expect(ada.page.locator(f".seat[data-id=m{salt}-4]")).to_have_count(1)
            assert len(await hues_of(ada)) == 6
            stage.send(*({"type": "joined", "id": member["id"], "member": member} for member in members[6:]))
            await expect(ada.page.locator(".seat")).to_have_count(12)
            assert len(await hues_of(ada)) == 12


async def test_beyond_twelve_each_face_is_still_another(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, viewport=DESKTOP)
        stage.send(room("r2", members=crowd(50)))
        await expect(ada.page.locator(".seat")).to_have_count(50)
        assert len(set((await looks_of(ada)).values())) == 50


async def test_the_focus_stays_when_somebody_comes_and_goes_on_when_its_seat_goes(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        bo = ada.page.locator(".seat[data-id=bo] button")
        await bo.focus()
        stage.send({"type": "joined", "id": "dee", "member": DEE})
        await expect(ada.page.locator(".seat")).to_have_count(4)
        await expect(bo).to_be_focused()
        stage.send({"type": "left", "id": "bo"})
        await expect(ada.page.locator(".seat")).to_have_count(3)
        await expect(ada.page.locator(".seat button:focus")).to_have_count(1)
        stage.send(room("r2", members=({**ME, "id": "me2"}, {**CY, "id": "cy2"}), me="me2"))
        await expect(ada.box).to_be_focused()


async def test_the_focus_goes_on_when_a_dialog_closes_over_an_empty_seat(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app)
        await ada.page.locator(".seat[data-id=bo] button").click()
        stage.send({"type": "left", "id": BO["id"]})
        await expect(ada.page.locator(".seat")).to_have_count(2)
        await ada.page.keyboard.press("Escape")
        await expect(ada.box).to_be_focused()


async def looks_of(visitor: Visitor) -> dict[str, str]:
    """Return by id how somebody at the table looks: colour and pattern."""
    looks: dict[str, str] = await visitor.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".seat")].map((seat) => [seat.dataset.id,
            seat.querySelector(".portrait").style.getPropertyValue("--hue")
            + seat.querySelector(".portrait-pattern > g").innerHTML]))"""
    )
    return looks


async def hues_of(visitor: Visitor) -> set[str]:
    """Return the hues there are at the table."""
    portraits = visitor.page.locator(".seat .portrait")
    return set(await portraits.evaluate_all("(all) => all.map((one) => one.style.getPropertyValue('--hue'))"))


STILL = """async () => {
    let still = 0;
    for (let at = 0; at < 400 && still < 30; at++) {
        await new Promise((done) => setTimeout(done, 50));
        still = document.getAnimations().length ? 0 : still + 1;
    }
    return still;
}"""
CHANGES = """async () => {
    let changes = 0;
    const look = new MutationObserver((all) => (changes += all.length));
    look.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    await new Promise((done) => setTimeout(done, 3000));
    look.disconnect();
    return changes;
}"""


@pytest.mark.parametrize("state", ["seated", "waiting", "away", "closing"])
async def test_a_table_where_nothing_happens_is_not_drawn_anew_all_the_time(visits: Visits, state: str) -> None:
    # Half an hour burns down by a pixel every few seconds: a page that animates it takes a fifth of a core.
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, "away", viewport=DESKTOP)
        few = (ME, BO) if state == "waiting" else (ME, BO, CY, DEE)
        now = room("r2", members=few)
        stage.send(now)
        await expect(ada.page.locator(".seat")).to_have_count(len(few))
        if state == "waiting":
            stage.send({"type": "waiting", "within_m": 1600, "people": "0", "next_at": now["closes"], "bottles": False})
        if state == "away":
            stage.send({"type": "changed", "id": "me", "member": {**ME, "away": True}})
        if state == "closing":
            stage.send({"type": "closing", "closes": now["closes"]})
        sign = {"seated": ".seat", "waiting": ".waiting", "away": ".is-away", "closing": ".is-closing"}[state]
        await expect(ada.page.locator(sign).first).to_be_visible()
        # Of looks, one after the other: the table ticks three times meanwhile.
        assert await ada.page.evaluate(STILL) == 30
        # What is left is the clock, by the minute, and by the second in the last five: then it is all that changes.
        assert await ada.page.evaluate(CHANGES) <= 6


async def test_news_of_the_search_make_the_rings_go_out_once_more(visits: Visits) -> None:
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, viewport=DESKTOP)
        two = room("r2", members=(ME, BO))
        told = {"type": "waiting", "within_m": 1600, "people": "0", "next_at": two["closes"], "bottles": False}
        stage.send(two, told)
        await expect(ada.page.locator(".waiting")).to_be_visible()
        assert await ada.page.evaluate(STILL) == 30
        stage.send({**told, "within_m": 1700})
        await ada.until("document.getAnimations().length >= 3")
