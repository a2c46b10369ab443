"""A server of the browser's own making: it offers what it is told to, answers as told, and remembers what was asked.

Knows the wire as docs/PROTOCOL.md has it. For commands that the real server does not do, or does only after a while.
"""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from playwright.async_api import Page, WebSocketRoute, expect

from server.app import App
from tests.e2e.visits import Visitor, Visits

Json = dict[str, Any]
Answer = list[Json] | Callable[[Json], list[Json]]
PATIENCE_S = 30
ME, BO, CY = {"id": "me", "name": "Ada"}, {"id": "bo", "name": "Bo"}, {"id": "cy", "name": "Cy"}
ON_PEOPLE = ("block", "blocks", "unblock", "report", "eject", "keep", "unkeep", "contact")
ON_ROOMS = ("extend", "shake", "throw", "pick", "answer", "throw_back")
EVERYTHING = ON_PEOPLE + ON_ROOMS


def room(id: str = "r1", *, seq: int = 3, members: tuple[Json, ...] = (ME, BO, CY), **more: Any) -> Json:
    """Return a `room` of three people that lasts for half an hour."""
    now = round(time.time() * 1000)
    why = {"why": "This room stands in your own cell.", "why_code": "same_cell", "why_args": {}}
    times = {"opened": now, "closes": now + 1_800_000, "now": now}
    place = {"kind": "nearby", "me": ME["id"], "cell": "dr5ru6", "within_m": 1200}
    return {"type": "room", "room": id, "members": list(members), "seq": seq, **place, **times, **why, **more}


class Stage:
    """What the page in the browser takes for its server.

    Attributes:
        answers: by command, the events that answer it; the first gets the command's `ref`.
        asked: the commands that came, in order.
        is_gone: whether connections are ended as soon as they are made.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[Json] = []
        self.answers: dict[str, Answer] = {"enter": [self.entered(), room()], "ping": [{"type": "pong", "now": 0}]}
        self.seq = 3
        self.is_gone = False
        self._came = asyncio.Event()
        self._socket: WebSocketRoute | None = None

    @staticmethod
    def entered(**more: Any) -> Json:
        """Return an `entered` with few limits."""
        server = {"name": "Stage", "version": "0", "protocol": "1.0", "terms": "", "contact": ""}
        limits = {"seats_min": 3, "seats_max": 12, "text_max_chars": 1000, "time_scale": 1}
        privacy = {"cell": "dr5ru6", "cell_m": 1109, "kept": []}
        you = {"name": "Ada", "token": "t1"}
        return {
            "type": "entered",
            "you": you,
            "server": server,
            "limits": limits,
            "privacy": privacy,
            "resumed": False,
        } | more

    async def take(self, about: Json) -> None:
        """Take the server's place from the next load on."""
        await self.page.route("**/about", lambda route: route.fulfill(json=about))
        await self.page.route_web_socket("**/ws", self._serve)
        await self.page.reload()

    def send(self, *events: Json) -> None:
        """Send events; `said` and its like are numbered here."""
        assert self._socket
        for event in events:
            if event["type"] in ("said", "joined", "left", "changed", "skipped", "closing", "extended"):
                self.seq += 1
                self._socket.send(json.dumps({"seq": self.seq, **event}))
                continue
            if event["type"] == "room":
                self.seq = event["seq"]
            self._socket.send(json.dumps(event))

    async def close(self, code: int) -> None:
        """End the connection."""
        assert self._socket
        await self._socket.close(code=code)

    async def heard(self, type: str) -> Json:
        """Return the newest command of a type, waiting for it to come; it is then forgotten."""
        async with asyncio.timeout(PATIENCE_S):
            while not (of_type := [command for command in self.asked if command["type"] == type]):
                self._came.clear()
                await self._came.wait()
        self.asked.remove(of_type[-1])
        return of_type[-1]

    async def _serve(self, socket: WebSocketRoute) -> None:
        if self.is_gone:
            await socket.close(code=1001)
            return
        self._socket = socket
        socket.on_message(self._answer)

    def _answer(self, message: str | bytes) -> None:
        command = json.loads(message)
        self.asked.append(command)
        self._came.set()
        answer = self.answers.get(command["type"], [])
        events = answer(command) if callable(answer) else answer
        self.send(*({**event, "ref": command["ref"]} if at == 0 else event for at, event in enumerate(events)))


async def staged(
    visits: Visits, app: App, *commands: str, enters: bool = True, **options: Any
) -> tuple[Visitor, Stage]:
    """Return somebody at a page whose server offers these commands too."""
    about = options.pop("about", {})
    ada = await visits.open(app, **options)
    stage = Stage(ada.page)
    told = json.loads(await (await ada.page.request.get(f"{app.url}/about")).text())
    told["commands"] += [command for command in commands if command not in told["commands"]]
    await stage.take(told | about)
    if enters:
        await ada.choose_city()
        await ada.page.locator("form button[type=submit]").click()
        await expect(ada.page.locator(".room.is-seated")).to_be_visible()
    return ada, stage


async def on_bo(ada: Visitor, command: str) -> None:
    """Choose what to do about Bo."""
    await ada.page.locator(".seat button[aria-label^=Bo]").click()
    await ada.page.locator(f"dialog [data-command={command}]").click()
