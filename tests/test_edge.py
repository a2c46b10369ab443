"""Whose request it is behind proxies, and which pages may connect."""

import asyncio
import logging

import pytest

from server.edge import Edge, Seen, problems
from server.origin import LOOPBACK
from tests.apps import PATIENCE_S, Clients, get, running
from tests.sessions import HERE

PROXIES = Edge(trusted_proxies="loopback 10.0.0.0/8 2001:db8:ffff::/48")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("::1", ["2001:db8::7"], "2001:db8::7"),
        ("2001:db8:ffff::1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9", "10.0.0.2, 10.0.0.3"], "203.0.113.9"),
        # What the client wrote itself stands on the left, and is not believed.
        ("10.0.0.1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.7, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["127.0.0.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        # Nobody further away is named: then it is the nearest who is.
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, _hidden, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
    ],
)
def test_client_is_the_first_from_the_right_that_is_no_proxy_of_ours(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert PROXIES.seen(peer, forwarded) == Seen(client, False)


@pytest.mark.parametrize("peer", ["203.0.113.1", "11.0.0.1", "2001:db8:fffe::1", ""])
def test_nobody_elses_word_is_believed(peer: str) -> None:
    assert PROXIES.seen(peer, ["198.51.100.1"]) == Seen(peer, True)
    assert Edge().seen("127.0.0.1", ["198.51.100.1"]) == Seen("127.0.0.1", True)


# Pages.


@pytest.mark.parametrize(
    ("origins", "host"),
    [
        ([], "chat.example"),
        (["https://chat.example"], "chat.example"),
        (["https://chat.example"], "chat.example:443"),
        (["http://chat.example"], "chat.example"),
        (["http://chat.example:8765"], "chat.example:8765"),
        (["https://CHAT.example:8765"], "chat.example:8765"),
        (["http://[2001:db8::1]:8765"], "[2001:db8::1]:8765"),
        (["https://192.168.1.5:8765"], "192.168.1.5:8765"),
        (["http://localhost:5173"], "127.0.0.1:8765"),
        (["http://127.0.0.1:8000"], "localhost:8765"),
        (["https://[::1]:8000"], "127.0.0.1:8765"),
    ],
)
def test_programs_own_pages_and_pages_under_development_connect(origins: list[str], host: str) -> None:
    assert Edge().may_connect(origins, host)


@pytest.mark.parametrize(
    ("origins", "host"),
    [
        (["https://evil.example"], "chat.example"),
        (["https://evil.example"], "127.0.0.1:8765"),
        (["https://evil.example"], "localhost:8765"),
        (["http://localhost:5173"], "chat.example"),
        (["https://chat.example.evil.example"], "chat.example"),
        (["https://chat.example@evil.example"], "chat.example"),
        (["https://chat.example:444"], "chat.example"),
        (["http://chat.example:8000"], "chat.example:8765"),
        (["null"], "chat.example"),
        (["null"], "127.0.0.1:8765"),
        (["file://"], "127.0.0.1:8765"),
        (["chrome-extension://chat.example"], "chat.example"),
        ([""], ""),
        (["https://"], ""),
        (["https://[chat.example"], "chat.example"),
        (["https://chat.example:x"], "chat.example"),
        (["https://chat.example", "https://evil.example"], "chat.example"),
        (["https://chat.example"], ""),
    ],
)
def test_pages_of_others_do_not(origins: list[str], host: str) -> None:
    assert not Edge().may_connect(origins, host)


def test_operator_may_list_others() -> None:
    edge = Edge(allowed_origins="https://uni.example http://app.example:8080")
    assert edge.may_connect(["https://UNI.example"], "chat.example")
    assert edge.may_connect(["http://app.example:8080"], "chat.example")
    assert not edge.may_connect(["http://uni.example"], "chat.example")
    assert not edge.may_connect(["https://sub.uni.example"], "chat.example")
    assert Edge(allowed_origins="*").may_connect(["null"], "chat.example")


@pytest.mark.parametrize(
    "settings",
    [
        {"trusted_proxies": "10.0.0.1/8"}, {"trusted_proxies": "proxy"}, {"trusted_proxies": "10.0.0.0/8,127.0.0.1"},
        {"allowed_origins": "uni.example"}, {"allowed_origins": "https://"}, {"allowed_origins": "https://x.example/"},
        {"allowed_origins": "https://a.example,https://b.example/path"}, {"allowed_origins": "ftp://x.example"},
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(settings: dict[str, str]) -> None:
    assert len(list(problems(**{"trusted_proxies": "", "allowed_origins": ""} | settings))) == 1
    assert not list(problems(trusted_proxies="loopback 10.0.0.0/8 ::1", allowed_origins="* https://x.example:8080"))


# Over sockets.


async def answer(port: int, **headers: str) -> str:
    """Return the first line that an upgrade with these headers is answered by, and the body."""
    told = {"Origin": "", "X_Forwarded_For": ""} | headers
    lines = [f"{name.replace('_', '-')}: {text}\r\n" for name, text in told.items() if text]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        + "".join(lines).encode()
        + b"\r\n"
    )
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)).decode()
    body = "" if " 101 " in head else (await asyncio.wait_for(reader.read(), PATIENCE_S)).decode()
    writer.close()
    return head.partition("\r\n")[0] + body


async def test_page_of_another_origin_is_refused_in_words_and_counted() -> None:
    async with running() as app:
        refused = await answer(app.listener.port, Origin="https://evil.example")
        assert refused.startswith("HTTP/1.1 403 ")
        assert "allowed_origins" in refused
        assert " 101 " in await answer(app.listener.port, Origin="http://localhost:5173")
        assert app.listener.refused_origin == 1
        assert "hereabouts_connections_refused_origin_total 1.0" in (await get(app, "/metrics"))[1]


async def test_forwarded_address_is_counted_where_the_proxy_is_trusted_and_no_proxy_is_capped() -> None:
    async with running(trusted_proxies="loopback", sockets_per_address=2, connections_per_address=1) as app:
        async with Clients(app) as clients:
            headers = {"X-Forwarded-For": "203.0.113.9"}
            ann = await clients.new(additional_headers=headers)
            await ann.enter()
            bo = await clients.new(additional_headers=headers)
            assert (await bo.ask("enter", "error", cell=HERE))["code"] == "work_needed"
            assert app.listener._crowds.counts == {"203.0.113.9": 2}
            assert " 503 " in await answer(app.listener.port, X_Forwarded_For="203.0.113.9")
            for number in range(4):
                other = await clients.new(additional_headers={"X-Forwarded-For": f"2001:db8:{number}::1"})
                await other.enter()
            assert app.node.house.door._strangers["2001:db8:3::/64"] == 1
        await asyncio.sleep(0)
    assert not app.listener._crowds.counts


async def test_untrusted_forwarding_is_said_once_without_an_address_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with running() as app:
        for _ in range(3):
            assert " 101 " in await answer(app.listener.port, X_Forwarded_For="203.0.113.9")
        said = [record.getMessage() for record in caplog.records if record.name == "hereabouts"]
        assert len(said) == 1
        assert 'trusted_proxies = "loopback"' in said[0]
        assert "203.0.113.9" not in caplog.text
        assert "127.0.0.1" not in said[0]
        assert set(app.listener._crowds.counts) <= {LOOPBACK}
        assert "hereabouts_forwarded_untrusted_total 3.0" in (await get(app, "/metrics"))[1]
