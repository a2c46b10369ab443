"""What plain GETs are answered by: the page, the probes, and what a client may ask before it connects."""

from collections.abc import Callable
from typing import Any

import msgspec

from server.house import House
from server.http import HttpResponse, Request, Routes
from server.messages import COMMANDS, PROTOCOL, wire_name
from server.operate import asyncapi
from server.version import VERSION

_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
RETRY_AFTER_S = 5
"""What a client that finds the server not ready is told to wait."""

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Hereabouts</title>
<style>
body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 12vh auto; padding: 0 1.5rem;
       color: #f3e9dc; background: #241b1f }}
code {{ color: #ffb46b }} a {{ color: #ffb46b }}
</style>
<h1>{name}</h1>
<p>A chat server that seats people who are near each other, now, in small rooms that end by themselves.</p>
<p>Sit down from a terminal:<br><code>hereabouts chat --url ws://{host}/ws --city "New York"</code></p>
<p>For clients: <a href="/about">/about</a>, <a href="/asyncapi.json">/asyncapi.json</a>.
For operators: <a href="/livez">/livez</a>, <a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a>.</p>
</html>
"""


def about(house: House) -> dict[str, Any]:
    """Return what /about tells: who serves, which commands and features there are, and the limits."""
    return {
        "name": house.info.name,
        "version": VERSION,
        "protocol": PROTOCOL,
        "commands": [wire_name(command) for command in COMMANDS],
        "features": ["far", "resume", "mute"],
        "limits": house.limits,
        "terms": house.info.terms,
        "contact": house.info.contact,
    }


def routes(house: House, *, not_ready: Callable[[], str | None], metrics: Callable[[Request], HttpResponse]) -> Routes:
    """Return the table of routes.

    Args:
        not_ready: the reason why newcomers would be refused now, or None.
    """
    described = _json(about(house))
    api = _json(asyncapi.document(name=house.info.name, version=VERSION))

    def readyz(request: Request) -> HttpResponse:
        reason = not_ready()
        if reason is None:
            return _json({"ready": True})
        return _json({"ready": False, "reason": reason, "retry_after": RETRY_AFTER_S}, status=503)

    def page(request: Request) -> HttpResponse:
        host = "".join(char for char in request.headers.get("host", "") if char.isalnum() or char in ".:-[]")
        name = house.info.name.replace("&", "&amp;").replace("<", "&lt;")
        body = _PAGE.format(name=name, host=host).encode()
        policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return HttpResponse(content_type="text/html; charset=utf-8", body=body, headers=policy)

    return {
        "/": page,
        "/livez": lambda request: HttpResponse(body=b"alive\n"),
        "/readyz": readyz,
        "/about": lambda request: described,
        "/asyncapi.json": lambda request: api,
        "/metrics": metrics,
    }


def _json(content: object, *, status: int = 200) -> HttpResponse:
    return HttpResponse(status, "application/json", msgspec.json.encode(content) + b"\n", _ANY_ORIGIN)
