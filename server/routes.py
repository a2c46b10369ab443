"""What plain GETs are answered by: the pages, the probes, and what a client may ask before it connects."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from server.commands import COMMANDS, AnswerBottle, Command, Pick, Shake, Throw, ThrowBack
from server.features import BOTTLES, SHAKE
from server.house import House
from server.http import HttpResponse, Request, Routes
from server.messages import PROTOCOL, wire_name
from server.operate import asyncapi
from server.version import VERSION

_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
RETRY_AFTER_S = 5
"""What a client that finds the server not ready is told to wait, where nothing better is known."""


class NotReady(NamedTuple):
    """Why newcomers would be refused now, and after how many seconds to ask again."""

    reason: str
    retry_after: int = RETRY_AFTER_S


_ALWAYS = ("far", "resume", "mute", "block", "report", "eject", "keep", "extend")
"""The features that every server has."""

FEATURE_OF: dict[type[Command], str] = {
    Shake: SHAKE,
    Throw: BOTTLES,
    Pick: BOTTLES,
    AnswerBottle: BOTTLES,
    ThrowBack: BOTTLES,
}
"""What a command belongs to: it is not told of where that is off."""


def about(house: House) -> dict[str, Any]:
    """Return what /about tells: who serves, which commands and features there are, and the limits."""
    return {
        "name": house.info.name,
        "version": VERSION,
        "protocol": PROTOCOL,
        "commands": [wire_name(command) for command in COMMANDS if not house.is_off(FEATURE_OF.get(command, ""))],
        "features": [*_ALWAYS, *_ways_to_meet(house), *_auth(house)],
        "limits": house.limits,
        "terms": house.info.terms,
        "contact": house.info.contact,
        "terms_version": house.terms_version,
        "adults_only": bool(house.settings.adults_only),
        "kept": house.kept,
        "lasting": house.store.is_lasting,
    }


def _ways_to_meet(house: House) -> list[str]:
    return [feature for feature in dict.fromkeys(FEATURE_OF.values()) if not house.is_off(feature)]


def _auth(house: House) -> list[str]:
    if house.verifier is None:
        return []
    return ["auth", "auth_required"] if house.settings.auth_required else ["auth"]


def routes(
    house: House,
    *,
    pages: Routes,
    not_ready: Callable[[], NotReady | None],
    trouble: Callable[[], str],
    metrics: Callable[[Request], HttpResponse],
) -> Routes:
    """Return the table of routes.

    Args:
        pages: routes of the web page's files; the server's own come before them.
        not_ready: the reason why newcomers would be refused now, or None.
        trouble: what is not as it should be though newcomers are served, in words for the operator, or "".
    """
    api = _json(asyncapi.document(name=house.info.name, version=VERSION))

    def readyz(request: Request) -> HttpResponse:
        why = not_ready()
        if why is not None:
            return _json({"ready": False, **why._asdict()}, status=503)
        # Still ready: a node that serves what it can is better than none.
        degraded = trouble()
        return _json({"ready": True, "degraded": degraded} if degraded else {"ready": True})

    return {
        **pages,
        "/livez": lambda request: HttpResponse(body=b"alive\n"),
        "/readyz": readyz,
        "/about": lambda request: _json(about(house)),  # an operator may switch features off at any time
        "/asyncapi.json": lambda request: api,
        "/metrics": metrics,
    }


def _json(content: object, *, status: int = 200) -> HttpResponse:
    return HttpResponse(status, "application/json", msgspec.json.encode(content) + b"\n", _ANY_ORIGIN)
