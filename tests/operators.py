"""The operator's two ways in, as tests go them: /admin and `hereabouts admin`."""

import asyncio
import http.client
import json
from typing import Any

from click.testing import CliRunner, Result

from server.app import App
from server.cli import main
from tests.apps import Clients

TOKEN = "correct-horse-battery-staple"


Json = dict[str, Any]


async def fetch(
    app: App, path: str, *, method: str = "GET", token: str | None = None, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    def asked() -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", app.listener.port, timeout=10)
        given = {"Authorization": f"Bearer {token}"} if token is not None else {}
        connection.request(method, path, body=body or None, headers=given | headers)
        response = connection.getresponse()
        told = response.status, {name.lower(): text for name, text in response.getheaders()}, response.read()
        connection.close()
        return told

    return await asyncio.to_thread(asked)


async def api(app: App, act: str, *, token: str | None = TOKEN, **fields: Any) -> tuple[int, Json]:
    body = json.dumps({"act": act, **fields}).encode()
    status, _, told = await fetch(app, "/admin/api", method="POST", token=token, body=body)
    return status, json.loads(told)


async def run(*arguments: str) -> Result:
    runner = CliRunner(env={"XDG_RUNTIME_DIR": "", "HEREABOUTS_SECRET": None})
    return await asyncio.to_thread(runner.invoke, main, ["admin", *arguments])


async def reported(app: App, name: str = "Bo") -> str:
    """Have somebody report somebody, and return who."""
    async with Clients(app) as clients:
        ann, bo = await clients.seated(f"Ann {name}")
        await bo.ask("say", "said", text="buy this \x1b]0;owned\x07")
        await ann.ask("report", "reported", who=bo.me, reason="spam", note="again")
    [kept] = app.house.store.reports()
    return kept.against
