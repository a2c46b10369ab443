"""client.js alone in somebody else's page, from another origin, as docs/EMBED.md has it."""

import asyncio
import functools
import http.server
import re
import shutil
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

import client_demo.page
from server.app import App
from server.edge import Edge, problems
from tests.apps import Clients
from tests.e2e.stage import Json, room, staged
from tests.e2e.test_keeping import DENIED, FULL
from tests.e2e.visits import Visits
from tests.sessions import HERE, UNLIMITED

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOCS = Path(__file__).parent.parent.parent / "docs"
EXAMPLE = DOCS / "examples" / "page.html"
NEEDED = ("client.js", "connection.js", "entrance.js", "outbox.js", "resume.js", "unanswered.js", "work.js")
PAGE = Path(client_demo.page.__path__[0])


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """Return the address of a folder with the example and the files it needs, and nothing else."""
    for path in (EXAMPLE, *(PAGE / name for name in NEEDED)):
        shutil.copy(path, tmp_path)
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("storage", [DENIED, FULL], ids=["denied", "full"])
async def test_the_example_talks_where_storage_keeps_nothing(
    visits: Visits, browser: Browser, elsewhere: str, storage: str
) -> None:
    async with visits.serving(**UNLIMITED) as app, Clients(app) as clients:
        bo = await clients.new()
        await bo.enter(name="Bo")
        context = await browser.new_context()
        await context.add_init_script(storage)
        page = await context.new_page()
        await page.goto(f"{elsewhere}/page.html?server={socket_of(app)}&cell={HERE}")
        await page.get_by_label("Say something").fill("Kept by nobody")
        await page.keyboard.press("Enter")
        assert (await bo.hear("said"))["text"] == "Kept by nobody"
        await asyncio.wait_for(context.close(), 10)


async def test_the_header_of_the_client_works_as_it_stands(
    visits: Visits, browser: Browser, elsewhere: str, tmp_path: Path
) -> None:
    header, _, _ = (PAGE / "client.js").read_text(encoding="utf-8").partition("`onEvent` gets every event")
    begins, then = (
        "\n".join(re.findall(r"^ \*     (.*)$", part, re.MULTILINE))
        for part in header.split("and, once `client.ready` has come:")
    )
    assert "new Client" in begins
    assert "leave()" in then
    async with visits.serving(**UNLIMITED) as app, Clients(app) as clients:
        bo = await clients.new()
        await bo.enter("dr5ru")
        script = f"{begins}\nglobalThis.client = client;".replace("wss://chat.example/ws", socket_of(app))
        (tmp_path / "header.html").write_text(f'<!doctype html><script type="module">{script}</script>')
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(f"{elsewhere}/header.html")
        assert (await bo.hear("said"))["text"] == "Hello!"
        await page.wait_for_function("client.isReady")
        await page.evaluate(f"async () => {{\n{then}\n}}")
        assert (await bo.hear("left"))["why"] == "moved"
        assert await page.evaluate("client.leave().then(() => client.token)") == ""
        await asyncio.wait_for(context.close(), 10)


async def test_the_example_talks_from_another_origin_and_comes_back_to_its_seat(
    visits: Visits, browser: Browser, elsewhere: str
) -> None:
    async with visits.serving(**UNLIMITED, window_s=7200) as app, Clients(app) as clients:
        bo = await clients.new()
        await bo.enter(name="Bo")
        context = await browser.new_context()
        page = await context.new_page()
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        await page.goto(f"{elsewhere}/page.html?server={socket_of(app)}&cell={HERE}")
        joined = await bo.hear("joined")
        await page.get_by_label("Say something").fill("From my own page")
        await page.keyboard.press("Enter")
        assert (await bo.hear("said"))["text"] == "From my own page"
        await page.reload()
        await expect(page.get_by_text("From my own page")).to_be_visible()
        await bo.say("say", text="Heard", room=bo.room)
        await expect(page.get_by_text("Bo: Heard")).to_be_visible()
        await page.get_by_label("Say something").fill("Still me")
        await page.keyboard.press("Enter")
        said = await bo.hear("said")
        while said["text"] != "Still me":
            said = await bo.hear("said")
        assert said["from"] == joined["id"]
        assert broken == []
        await asyncio.wait_for(context.close(), 10)


async def test_an_application_vouches_anew_with_each_enter_and_before_it_expires(visits: Visits) -> None:
    visits.may_lose = True
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, enters=False)
        await ada.page.evaluate(
            """async () => {
                const { Client } = await import("./client.js");
                let made = 0;
                const auth = async () => `jwt${++made}`;
                const url = new URL("ws", location.href.replace("http", "ws")).href;
                new Client({ url, cell: "dr5ru6", auth, onEvent: () => {} }).start();
            }"""
        )
        assert (await stage.heard("enter"))["auth"] == "jwt1"
        stage.answers["auth"] = [{"type": "authenticated", "verified": "Ada · uni.example"}]
        stage.send({"type": "auth_expiring", "in_s": 60})
        assert (await stage.heard("auth"))["auth"] == "jwt2"
        await stage.close(1001)
        assert (await stage.heard("enter"))["auth"] == "jwt3"


@pytest.mark.parametrize("session", [None, {"token": "t1", "room": "r1", "me": "me", "seq": 3}], ids=["new", "back"])
async def test_who_stops_when_the_room_comes_is_ready_only_after_a_new_start(
    visits: Visits, session: dict[str, object] | None
) -> None:
    visits.may_lose = True
    async with visits.serving() as app:
        ada, _ = await staged(visits, app, enters=False)
        seen = await ada.page.evaluate(
            """async (session) => {
                const { Client } = await import("./client.js");
                const url = new URL("ws", location.href.replace("http", "ws")).href;
                const seen = [];
                let done;
                const ready = new Promise((then) => (done = then));
                const client = new Client({ url, cell: "dr5ru6", session, onEvent({ type }) {
                    seen.push(type);
                    if (type === "room" && !seen.includes("start")) {
                        client.stop();
                        setTimeout(() => (seen.push("start"), client.start()), 50);
                    }
                    if (type === "client.ready" && seen.includes("start")) done();
                } });
                client.start();
                await Promise.race([ready, new Promise((then) => setTimeout(then, 5000))]);
                return [...seen, client.isReady && (await client.request("ping")).type];
            }""",
            session,
        )
        once = ["client.connecting", *(["client.reconnected"] if session else []), "entered", "room"]
        fence = ["pong"] if session else []
        assert seen == [*once, "start", *once, *fence, "client.ready", "pong"]


async def test_own_words_behind_a_hole_are_told_once_with_what_was_missed(visits: Visits) -> None:
    visits.may_lose = True
    async with visits.serving() as app:
        ada, stage = await staged(visits, app, enters=False)
        mine: list[Json] = []

        def with_a_hole(say: Json) -> list[Json]:
            mine.append({"type": "said", "from": "me", "name": "Ada", "text": say["text"], "at": 0, "ref": say["ref"]})
            stage.seq += 1  # what Bo said was lost on the way
            return mine[-1:]

        def with_all(enter: Json) -> list[Json]:
            if "resume" not in enter:
                return [stage.entered(), room()]
            bos = {"type": "said", "from": "bo", "name": "Bo", "text": "Lost", "at": 0}
            return [stage.entered(resumed=True), room(), bos, *mine]

        stage.answers |= {"say": with_a_hole, "enter": with_all}
        heard = await ada.page.evaluate(
            """async () => {
                const { Client } = await import("./client.js");
                const url = new URL("ws", location.href.replace("http", "ws")).href;
                const heard = [];
                let readies = 0;
                return new Promise((done) => {
                    const client = new Client({ url, cell: "dr5ru6", onEvent(event) {
                        if (event.type === "said") heard.push(`${event.seq} ${event.text}`);
                        if (event.type !== "client.ready") return;
                        readies += 1;
                        if (readies === 1) client.say("Mine");
                        else done([...heard, client.unsent.length]);
                    } });
                    client.start();
                });
            }"""
        )
        assert heard == ["4 Lost", "5 Mine", 0]


async def test_the_page_in_the_docs_is_the_example() -> None:
    text = (DOCS / "EMBED.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- begin: page -->\n```html\n(.*?)```\n<!-- end: page -->", text, re.DOTALL)
    assert shown
    assert shown[1] == EXAMPLE.read_text(encoding="utf-8")


async def test_the_setting_in_the_docs_lets_pages_of_other_hosts_in() -> None:
    shown = re.search(r"^```toml\n(.*?)^```", (DOCS / "EMBED.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert shown
    allowed = str(tomllib.loads(shown[1])["allowed_origins"])
    assert not [*problems(trusted_proxies="", allowed_origins=allowed)]
    assert len(allowed.split()) == 2
    for origin in allowed.split():
        assert not Edge().may_connect([origin], "chat.example")
        assert Edge(allowed_origins=allowed).may_connect([origin], "chat.example")


async def test_the_docs_name_every_option_method_and_local_event() -> None:
    text = (DOCS / "EMBED.md").read_text(encoding="utf-8")
    script = (PAGE / "client.js").read_text(encoding="utf-8")
    options = re.search(r"constructor\(\{(.*?)\}\)", script)
    assert options
    names = [option.split("=")[0].strip() for option in re.sub(r"\[\]", "", options[1]).split(",")]
    methods = re.findall(r"^  (?:get )?([a-z]\w+)(?:\(.*\) \{| = \(\) =>)", script, re.MULTILINE)
    local = re.findall(r'type: "(client\.\w+)"', script)
    assert len(names) > 6
    assert len(methods) > 7
    assert len(set(local)) > 6
    for name in {*names, *methods, *local} - {"constructor"}:
        assert re.search(rf"`{re.escape(name)}\b", text), name


def socket_of(app: App) -> str:
    return app.url.replace("http", "ws", 1) + "/ws"
