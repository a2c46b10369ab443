"""What plain GETs are answered by: the pages, the probes, and what a client may ask before it connects."""

from collections.abc import Callable
from typing import Any

import msgspec

from server.commands import COMMANDS
from server.house import House
from server.http import HttpResponse, Request, Routes
from server.messages import PROTOCOL, wire_name
from server.operate import asyncapi
from server.version import VERSION

_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
RETRY_AFTER_S = 5
"""What a client that finds the server not ready is told to wait."""


def about(house: House) -> dict[str, Any]:
    """Return what /about tells: who serves, which commands and features there are, and the limits."""
    return {
        "name": house.info.name,
        "version": VERSION,
        "protocol": PROTOCOL,
        "commands": [wire_name(command) for command in COMMANDS],
        "features": ["far", "resume", "mute", "block", "report", "eject", *_auth(house)],
        "limits": house.limits,
        "terms": house.info.terms,
        "contact": house.info.contact,
        "terms_version": house.terms_version,
        "adults_only": bool(house.settings.adults_only),
        "kept": house.kept,
        "lasting": house.store.is_lasting,
    }


def _auth(house: House) -> list[str]:
    if house.verifier is None:
        return []
    return ["auth", "auth_required"] if house.settings.auth_required else ["auth"]


def routes(
    house: House,
    *,
    pages: Routes,
    not_ready: Callable[[], str | None],
    metrics: Callable[[Request], HttpResponse],
) -> Routes:
    """Return the table of routes.

    Args:
        pages: routes of the web page's files; the server's own come before them.
        not_ready: the reason why newcomers would be refused now, or None.
    """
    described = _json(about(house))
    api = _json(asyncapi.document(name=house.info.name, version=VERSION))

    def readyz(request: Request) -> HttpResponse:
        reason = not_ready()
        if reason is None:
            return _json({"ready": True})
        return _json({"ready": False, "reason": reason, "retry_after": RETRY_AFTER_S}, status=503)

    return {
        **pages,
        "/livez": lambda request: HttpResponse(body=b"alive\n"),
        "/readyz": readyz,
        "/about": lambda request: described,
        "/asyncapi.json": lambda request: api,
        "/metrics": metrics,
    }


def _json(content: object, *, status: int = 200) -> HttpResponse:
    return HttpResponse(status, "application/json", msgspec.json.encode(content) + b"\n", _ANY_ORIGIN)
