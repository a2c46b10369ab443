"""What a request head is answered with; no sockets."""

import pytest

from server.http import (
    BODY_MAX_BYTES,
    HEAD_MAX_BYTES,
    FrontDoor,
    HttpResponse,
    Reply,
    Request,
    is_hopeless,
    refusal,
    request_end,
)

KNOWN = ("hereabouts.v1.json", "hereabouts.v1.msgpack")
asked: list[Request] = []


def livez(request: Request) -> HttpResponse:
    asked.append(request)
    return HttpResponse(200, "application/json", b'{"live":true}', {"Cache-Control": "no-store"})


DOOR = FrontDoor({"/livez": livez, "/": lambda _: refusal(200, "welcome")}, KNOWN)


def head(start: str, **headers: str) -> bytes:
    lines = [start, "Host: here", *(f"{name.replace('_', '-')}: {text}" for name, text in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def upgrade(path: str = "/ws", *, method: str = "GET", **changed: str) -> bytes:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec_WebSocket_Version": "13",
    }
    return head(f"{method} {path} HTTP/1.1", **headers | changed)


def answer(request_head: bytes) -> tuple[Reply, int, dict[str, str], bytes]:
    """Return the reply, and its status, headers (lower case) and body read from its bytes."""
    reply = DOOR.answer(request_head, lambda _: None)
    top, _, body = reply.wire.partition(b"\r\n\r\n")
    first, *lines = top.decode().split("\r\n")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
    return reply, int(first.split()[1]), headers, body


def test_route_answers_get_and_the_connection_ends() -> None:
    reply, status, headers, body = answer(head("GET /livez?why=%20x HTTP/1.1", X_Test="Yes"))
    assert (status, body, reply.is_open) == (200, b'{"live":true}', False)
    assert headers["connection"] == "close"
    assert headers["content-length"] == "13"
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"
    assert asked[-1] == Request("GET", "/livez", "why=%20x", {"host": "here", "x-test": "Yes"})


@pytest.mark.parametrize(
    ("asked_for", "told"), [("keep-alive", "keep-alive"), ("Keep-Alive", "keep-alive"), ("close", "close")]
)
def test_connection_is_kept_for_who_asks_for_it(asked_for: str, told: str) -> None:
    reply, status, headers, _ = answer(head("GET /livez HTTP/1.1", Connection=asked_for))
    assert (status, headers["connection"], reply.is_kept) == (200, told, told == "keep-alive")


def test_what_is_refused_ends_the_connection_all_the_same() -> None:
    reply, status, headers, _ = answer(head("POST /livez HTTP/1.1", Connection="keep-alive"))
    assert (status, headers["connection"], reply.is_kept) == (405, "close", False)


@pytest.mark.parametrize("request_head", [head("HEAD /ws HTTP/1.1"), upgrade(method="HEAD")])
def test_head_where_a_handshake_belongs_is_told_so_without_a_body(request_head: bytes) -> None:
    reply, status, headers, body = answer(request_head)
    assert (status, headers["upgrade"], body, reply.is_open) == (426, "websocket", b"", False)


def test_head_gets_the_same_headers_and_no_body() -> None:
    _, status, headers, body = answer(head("HEAD /livez HTTP/1.1"))
    assert (status, headers["content-length"], body) == (200, "13", b"")


@pytest.mark.parametrize("extra", [{}, {"Content_Length": "7"}, {"Transfer_Encoding": "chunked"}])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "FROB"])
def test_other_methods_are_refused_naming_those_allowed(method: str, extra: dict[str, str]) -> None:
    _, status, headers, _ = answer(head(f"{method} /livez HTTP/1.1", **extra))
    assert (status, headers["allow"]) == (405, "GET, HEAD")


def test_unknown_path_is_told_what_exists() -> None:
    _, status, _, body = answer(head("GET /nothing HTTP/1.1"))
    assert (status, body) == (404, b"Nothing here. There is: /, /livez, /ws\n")


@pytest.mark.parametrize(
    "request_head",
    [
        head("GET /livez HTTP/2.0"),
        head("GET /livez"),
        b"GET /livez HTTP/1.1\r\nno colon here\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nbad name: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nX: a\x00b\r\n\r\n",
        b"GET /livez HTTP/1.1\nHost: here\r\n\r\n",
        head("GET /livez HTTP/1.1", Content_Length="5"),
        head("GET /liv\u00e9z HTTP/1.1"),
        b"\r\n\r\n",
    ],
)
def test_malformed_head_is_answered_400(request_head: bytes) -> None:
    assert answer(request_head)[1] == 400


def test_too_long_a_line_and_too_many_headers_are_named() -> None:
    assert answer(head("GET /" + "x" * 9000 + " HTTP/1.1"))[1] == 414
    assert answer(head("GET / HTTP/1.1", X="y" * 9000))[1] == 431
    assert answer(head("GET / HTTP/1.1", **{f"X{n}": "y" for n in range(200)}))[1] == 431


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ("hereabouts.v1.json", "hereabouts.v1.json"),
        ("hereabouts.v1.msgpack, hereabouts.v1.json", "hereabouts.v1.msgpack"),
        ("chat, hereabouts.v1.json, hereabouts.v1.msgpack", "hereabouts.v1.json"),
    ],
)
def test_of_known_subprotocols_the_clients_first_is_chosen(offered: str, chosen: str) -> None:
    reply, status, headers, _ = answer(upgrade(Sec_WebSocket_Protocol=offered))
    assert (reply.is_open, reply.subprotocol, status) == (True, chosen, 101)
    assert headers["sec-websocket-protocol"] == chosen
    assert headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, section 1.3


def test_offering_no_subprotocol_is_accepted_without_naming_one() -> None:
    reply, status, headers, _ = answer(upgrade("/ws?from=here"))
    assert (reply.is_open, reply.subprotocol, status) == (True, "", 101)
    assert "sec-websocket-protocol" not in headers


def test_offering_only_unknown_subprotocols_is_told_which_are_known() -> None:
    reply, status, _, body = answer(upgrade(Sec_WebSocket_Protocol="chat, hereabouts.v9"))
    assert (reply.is_open, status) == (False, 400)
    assert b"hereabouts.v1.json, hereabouts.v1.msgpack" in body


def test_compression_is_never_agreed_to() -> None:
    _, status, headers, _ = answer(upgrade(Sec_WebSocket_Extensions="permessage-deflate"))
    assert (status, "sec-websocket-extensions" in headers) == (101, False)


@pytest.mark.parametrize("path", ["/", "/livez", "/ws/", "/WS", "/chat"])
def test_upgrade_elsewhere_is_told_where(path: str) -> None:
    reply, status, _, body = answer(upgrade(path))
    assert (reply.is_open, status) == (False, 404)
    assert b"/ws" in body


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (head("GET /ws HTTP/1.1"), 426),
        (upgrade(Upgrade="h2c"), 426),
        (upgrade(Connection="close"), 426),
        (upgrade(method="POST"), 405),
        (upgrade(Sec_WebSocket_Version="8"), 400),
        (upgrade(Sec_WebSocket_Key="short"), 400),
        (upgrade().replace(b"HTTP/1.1", b"HTTP/1.0"), 505),
    ],
)
def test_bad_handshake_is_refused_with_its_reason(request_head: bytes, status: int) -> None:
    reply, got, _, body = answer(request_head)
    assert (reply.is_open, got) == (False, status)
    assert body


def test_full_server_refuses_upgrades_and_nothing_else() -> None:
    full = refusal(503, "full", Retry_After="10")
    refused = DOOR.answer(upgrade(), lambda _: full)
    assert (refused.is_open, refused.wire.startswith(b"HTTP/1.1 503 ")) == (False, True)
    assert b"\r\nRetry-After: 10\r\n" in refused.wire
    assert DOOR.answer(head("GET /livez HTTP/1.1"), lambda _: full).wire.startswith(b"HTTP/1.1 200 ")


def test_a_door_without_a_path_takes_upgrades_everywhere() -> None:
    assert FrontDoor({}, (), None).answer(upgrade("/anything"), lambda _: None).is_open


@pytest.mark.parametrize("begun", [b"G", b"GET", b"GET /x", b"POST / HTTP/1.1\r\nHost", upgrade()])
def test_beginnings_of_requests_have_hope(begun: bytes) -> None:
    assert not is_hopeless(begun)


@pytest.mark.parametrize("begun", [b"\x16\x03\x01", b"get / ", b"hello\n", b"GET /\r\n", b"A" * 17, b"\x81\x85"])
def test_what_cannot_become_a_request_has_none(begun: bytes) -> None:
    assert is_hopeless(begun)


def test_a_request_ends_behind_its_head_or_the_body_of_a_post() -> None:
    get = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
    post = b"POST /admin/ban HTTP/1.1\r\nContent-Length: 4\r\n\r\n"
    assert request_end(get + b"more") == len(get)
    assert request_end(get[:-1]) is None
    assert request_end(post + b"{}}") is None
    assert request_end(post + b"{}}}GET") == len(post) + 4


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01 no HTTP", 400),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * HEAD_MAX_BYTES, 431),
        (b"POST /admin/ban HTTP/1.1\r\n\r\n", 411),
        (b"POST /admin/ban HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 411),
        (b"POST /admin/ban HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY_MAX_BYTES + 1), 413),
    ],
)
def test_what_cannot_become_a_request_is_refused(data: bytes, status: int) -> None:
    refused = request_end(data)
    assert isinstance(refused, HttpResponse)
    assert refused.status == status
