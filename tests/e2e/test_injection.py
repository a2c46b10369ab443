"""Whatever a field of any event holds, the page shows it as text: tried with a server that says the worst."""

import json
from typing import Any

import pytest
from playwright.async_api import Browser, WebSocketRoute, expect

from tests.e2e.stage import EVERYTHING
from tests.e2e.visits import Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVIL = [
    "<img src=x onerror=window.evil=1>",
    "<script>window.evil=1</script>",
    '"><svg onload=window.evil=1>',
    "javascript:window.evil=1",
    "https://a.example/\"onmouseover='window.evil=1'",
    "{name} ${window.evil=1} {{evil}}",
    "__proto__",
    "constructor",
    "\u202egpj.exe",
]


def events(evil: str) -> list[dict[str, Any]]:
    """Return every event of the protocol with this in each field that is a text."""
    why = {"why": evil, "why_code": evil, "why_args": {"evil": evil}}
    member = {"id": evil, "name": evil, "topics": [evil], "visiting": True}
    me = {"id": f"me{evil}", "name": evil}
    now = 1_795_000_000_000
    room = {"type": "room", "room": evil, "kind": evil, "me": me["id"], "cell": "dr5ru6", "within_m": 1200}
    said = {"type": "said", "name": evil, "text": evil, "at": now}
    return [
        {**room, "opened": now, "closes": now + 900_000, "now": now, "members": [me, member], "seq": 1, **why},
        {"type": "waiting", "within_m": 900, "people": evil, "bottles": False, "next_at": now + 9e5, **why},
        {"type": "joined", "seq": 2, "id": f"{evil}2", "member": {**member, "id": f"{evil}2"}, "within_m": 1300},
        {**said, "seq": 3, "from": evil, "ref": evil, "marks": {evil: 14}},
        {**said, "seq": 4, "from": me["id"]},
        {"type": "changed", "seq": 5, "id": evil, "member": {**member, "name": f"{evil}!"}},
        {"type": "left", "seq": 6, "id": f"{evil}2", "why": evil},
        {"type": "skipped", "seq": 7},
        {"type": "closing", "seq": 8, "closes": now + 60_000},
        {"type": "notice", "text": evil, "level": evil},
        {"type": "held", "ref": evil, "reason": evil, "object": evil},
        {"type": "held", "reason": evil, "object": evil},
        {"type": "ejected", "room": evil, "until": now, **why},
        {"type": "kept", "who": evil},
        {"type": "contact", "who": evil, "text": evil},
        {"type": "answered", "bottle": evil, "text": evil, "at": now},
        {"type": "auth_expiring", "in_s": 60},
        {"type": "extended", "seq": 9, "closes": now + 90_000},
        {"type": "moved", "cell": evil, "counts_from": now + 60_000},
        {"type": "muted", "who": evil},
        {"type": "error", "code": evil, "message": evil, "about": evil},
        {"type": evil, "evil": evil},
        {"type": "bye", "code": 4500, "reason": evil, "why_code": evil, "reconnect_in": None},
    ]


@pytest.mark.parametrize("evil", EVIL)
async def test_every_field_of_every_event_stays_text(visits: Visits, browser: Browser, evil: str) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app)

        async def serve(socket: WebSocketRoute) -> None:
            def answer(message: str | bytes) -> None:
                command = json.loads(message)
                if command["type"] != "enter":
                    return
                server = {"name": evil, "version": evil, "protocol": "1.0", "terms": evil, "contact": evil}
                told = {"you": {"name": evil, "token": evil}, "server": server, "limits": {}, "resumed": False}
                privacy = {"cell": evil, "cell_m": 1, "kept": [evil]}
                for event in [{"type": "entered", "ref": command["ref"], **told, "privacy": privacy}, *events(evil)]:
                    socket.send(json.dumps(event))

            socket.on_message(answer)

        about = json.loads(await (await ada.page.request.get(f"{app.url}/about")).text())
        about |= {"name": evil, "terms": evil, "contact": evil, "kept": [evil]}
        about["commands"] += sorted({*EVERYTHING} - {*about["commands"]})
        await ada.page.route("**/about", lambda route: route.fulfill(json=about))
        await ada.page.route_web_socket("**/ws", serve)
        await ada.page.reload()
        await expect(ada.page.locator(".server")).to_have_text(evil)
        await ada.button("Terms").click()
        await expect(ada.page.locator("dialog .plain")).to_have_text(evil)
        await ada.button("Close").click()
        await ada.enter("Ada")
        await expect(ada.page.locator(".said .text")).to_have_text([evil, evil])
        await expect(ada.log).to_contain_text("From the server:")
        await ada.page.locator(".facts").click()
        await expect(ada.page.locator(".people li")).to_have_count(2)
        await ada.page.locator(".people button").last.click()
        await expect(ada.page.locator("dialog h2")).to_have_text(f"{evil}!")
        await expect(ada.page.locator("dialog [data-command=contact]")).to_be_visible()
        await ada.page.locator("dialog [data-command=block]").click()
        await expect(ada.page.locator("dialog h2")).to_contain_text(evil)
        assert await ada.page.evaluate("window.evil") is None
        assert await ada.page.locator("img, iframe, [onerror], [onload], [onmouseover], script:not([src])").count() == 0


async def test_the_policy_stops_what_would_run_anyway(visits: Visits) -> None:
    async with visits.serving() as app:
        ada = await visits.open(app)
        policy = (await ada.page.request.get(app.url)).headers["content-security-policy"]
        assert "script-src 'self'" in policy
        await ada.page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "window.evil = 1";
                document.body.append(script);
            }"""
        )
        assert await ada.page.evaluate("window.evil") is None
        assert any("Content Security Policy" in problem for problem in visits.problems)
        visits.problems.clear()
