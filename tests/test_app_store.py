"""A server with `store`: what it says of it, and what people see while its Redis is away."""

import asyncio
import json
from pathlib import Path

import pytest

from server.app import open_app
from server.loading import SettingsError, load
from server.operate.admin.requests import Status
from server.store.store import StoreError
from tests.apps import Clients, get, running
from tests.redis_server import redis_server
from tests.redis_stores import emptied, until
from tests.stores import SECRET


async def test_it_is_said_that_state_lasts_and_where(redis_url: str) -> None:
    await emptied(redis_url)
    async with running(store=redis_url, secret=SECRET.hex()) as app:
        about = json.loads((await get(app, "/about"))[1])
        assert about["lasting"]
        assert "Redis" in about["kept"][-1]
        metrics = (await get(app, "/metrics"))[1]
        assert "hereabouts_store_away 0.0" in metrics
        assert "hereabouts_store_queued 0.0" in metrics


async def test_while_redis_is_away_people_talk_and_what_must_last_is_refused(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(60),
        redis_server(tmp_path) as server,
        running(store=server.url, secret=SECRET.hex()) as app,
        Clients(app) as clients,
    ):
        ann, bo, cy = await clients.seated("Ann Bo Cy")
        await server.kill()
        assert app.kept is not None
        store = app.kept.store
        await until(lambda: store.away)
        refused = await ann.ask("block", "error", "blocked", who=bo.me)
        assert (refused["type"], refused["code"]) == ("error", "not_now")
        await bo.say("say", text="Do you hear me?")
        assert (await cy.hear("said"))["text"] == "Do you hear me?"
        assert "hereabouts_store_away 1.0" in (await get(app, "/metrics"))[1]
        status, body = await get(app, "/readyz")
        assert (status, json.loads(body)) == (200, {"ready": True, "degraded": "Blocks, bans and reports are not kept"})
        asked = Status()
        assert (await app.operating.office.answer(asked, by="socket", is_local=True))["degraded"] == json.loads(body)[
            "degraded"
        ]
        await server.start()
        await until(lambda: not store.away)
        assert json.loads((await get(app, "/readyz"))[1]) == {"ready": True}
        assert not (await app.operating.office.answer(asked, by="socket", is_local=True))["degraded"]
        assert (await ann.ask("block", "error", "blocked", who=bo.me))["type"] == "blocked"


async def test_store_that_cannot_be_had_ends_the_start_with_its_reason() -> None:
    loaded = load(None, {}, {"port": 0, "store": "redis://u:hidden@127.0.0.1:1", "secret": SECRET.hex()})
    with pytest.raises(StoreError, match=r"store: Redis at 127\.0\.0\.1:1 cannot be used") as told:
        await open_app(loaded)
    assert "hidden" not in str(told.value)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"store": "redis://127.0.0.1"}, "neither secret nor data is"),
        ({"store": "http://x:hidden@127.0.0.1", "secret": SECRET.hex()}, "it begins with redis://"),
        ({"store": "redis://127.0.0.1:hidden", "secret": SECRET.hex()}, "cannot be read"),
    ],
)
def test_store_that_nothing_can_come_of_is_refused(flags: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as told:
        load(None, {}, flags)
    assert "hidden" not in str(told.value)
