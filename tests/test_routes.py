"""Plain GETs: the page, the probes, and what a client may know before it connects."""

import json
from typing import Any

import pytest

from server.commands import COMMANDS
from server.house import CLIENT_LIMITS
from server.http import HttpResponse, Request, Routes
from server.messages import wire_name
from server.privacy import kept
from server.routes import RETRY_AFTER_S, NotReady, about, routes
from server.settings import Settings
from server.version import VERSION
from tests.sessions import make_house


def make(why: NotReady | None = None, trouble: str = "", **settings: Any) -> Routes:
    return routes(
        make_house(**settings),
        pages={
            "/": lambda request: HttpResponse(body=b"page"),
            "/about": lambda request: HttpResponse(body=b"not ours"),
        },
        not_ready=lambda: why,
        trouble=lambda: trouble,
        metrics=lambda request: HttpResponse(body=b"m 1\n"),
    )


def get(table: Routes, path: str, **headers: str) -> HttpResponse:
    return table[path](Request("GET", path, "", headers))


def read(response: HttpResponse) -> Any:
    assert response.content_type == "application/json"
    return json.loads(response.body)


def test_there_are_these_places_and_no_others() -> None:
    assert set(make()) == {"/", "/livez", "/readyz", "/about", "/asyncapi.json", "/metrics"}


def test_alive_is_said_always() -> None:
    response = get(make(NotReady("stopping")), "/livez")
    assert (response.status, response.body) == (200, b"alive\n")


def test_ready_is_said_while_nothing_stands_against_it() -> None:
    response = get(make(), "/readyz")
    assert (response.status, read(response)) == (200, {"ready": True})


def test_who_serves_what_it_can_is_ready_and_says_what_it_cannot() -> None:
    response = get(make(trouble="Redis has not answered for 4 s"), "/readyz")
    assert response.status == 200
    assert read(response) == {"ready": True, "degraded": "Redis has not answered for 4 s"}
    assert get(make(NotReady("full"), trouble="no Redis"), "/readyz").status == 503


@pytest.mark.parametrize(
    ("why", "retry_after"), [(NotReady("full"), RETRY_AFTER_S), (NotReady("draining", retry_after=23), 23)]
)
def test_not_ready_is_503_with_the_reason_and_a_time_to_wait(why: NotReady, retry_after: int) -> None:
    response = get(make(why), "/readyz")
    assert response.status == 503
    assert read(response) == {"ready": False, "reason": why.reason, "retry_after": retry_after}


@pytest.mark.parametrize("path", ["/readyz", "/about", "/asyncapi.json"])
def test_what_clients_ask_may_be_read_from_any_origin(path: str) -> None:
    assert get(make(), path).headers["Access-Control-Allow-Origin"] == "*"


def test_about_tells_commands_limits_and_who_serves() -> None:
    told = read(get(make(server_name="Campus", terms="kind", contact="desk", seats_max=9), "/about"))
    assert (told["name"], told["terms"], told["contact"]) == ("Campus", "kind", "desk")
    assert (told["version"], told["protocol"]) == (VERSION, "1.0")
    assert told["commands"] == [wire_name(command) for command in COMMANDS]
    assert set(told["limits"]) == set(CLIENT_LIMITS)
    assert told["limits"]["seats_max"] == 9
    assert told["kept"] == list(kept(Settings(), is_lasting=False))
    assert told["lasting"] is False
    assert (told["terms_version"], told["adults_only"]) == ("", False)
    assert set(told) == {
        "name", "version", "protocol", "commands", "features", "limits", "terms", "contact", "kept", "terms_version",
        "adults_only", "lasting",
    }  # fmt: skip


def test_about_tells_no_secret() -> None:
    house = make_house(secret="ab" * 32)
    assert "ab" * 32 not in json.dumps(about(house))
    assert "secret" not in json.dumps(about(house))


def test_asyncapi_names_the_server() -> None:
    told = read(get(make(server_name="Campus"), "/asyncapi.json"))
    assert (told["asyncapi"], told["info"]["title"], told["info"]["version"]) == ("3.0.0", "Campus", VERSION)


def test_a_page_stands_beside_the_servers_own_answers_and_replaces_none() -> None:
    table = make(server_name="Campus")
    assert get(table, "/").body == b"page"
    assert read(get(table, "/about"))["name"] == "Campus"


def test_metrics_are_handed_on() -> None:
    assert get(make(), "/metrics").body == b"m 1\n"
