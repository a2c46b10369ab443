"""The operator's way in from elsewhere, over real sockets: who gets in, and who does not."""

import asyncio
import re

import pytest
from click.testing import CliRunner

from server.cli import main
from server.operate.admin.web import ADDRESSES_MAX, FAILURES_PER_MIN, WRONG_TOKEN, Gate
from server.settings import Settings
from tests.apps import running
from tests.operators import TOKEN, Json, api, fetch
from tests.stores import ANN, ban


async def test_without_a_token_in_the_settings_there_is_no_admin() -> None:
    async with running() as app:
        for path in ("/admin", "/admin/admin.js", "/admin/api"):
            assert (await fetch(app, path))[0] == 404
        assert (await fetch(app, "/admin/api", method="POST", body=b"{}"))[0] == 405


async def test_page_says_nothing_and_keeps_the_policy_of_the_other_pages() -> None:
    async with running(admin_token=TOKEN) as app:
        status, headers, body = await fetch(app, "/admin")
        assert status == 200
        assert headers["content-type"].startswith("text/html")
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert b"Hereabouts" not in body
        linked = set(re.findall(r'(?:href|src)="([^"]+)"', body.decode()))
        assert linked == {
            "/admin/icon.svg",
            "/admin/admin.css",
            "/admin/admin.js",
        }  # an icon, or /favicon.ico is asked for
        for path in linked:
            assert (await fetch(app, path))[0] == 200
        script = (await fetch(app, "/admin/admin.js"))[2].decode()
        for way_to_run_words in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "localStorage",
        ):
            assert way_to_run_words not in script


async def test_right_token_gets_answers_and_nobody_else_does() -> None:
    async with running(admin_token=TOKEN) as app:
        assert (await api(app, "status"))[0] == 200
        assert (await api(app, "nonsense"))[0] == 400
        assert (await api(app, "backup", path="/tmp/copy"))[1]["error"].endswith("own machine only.")
        for wrong in (None, "", TOKEN[:-1], TOKEN + "x"):
            status, told = await api(app, "status", token=wrong)
            assert (status, told) == (401, {"error": WRONG_TOKEN})
        body = b'{"act":"status"}'
        for scheme in (f"Basic {TOKEN}", TOKEN, f"Bearer  {TOKEN} x"):
            assert (await fetch(app, "/admin/api", method="POST", body=body, Authorization=scheme))[0] in (401, 429)
        assert (await fetch(app, f"/admin/api?token={TOKEN}"))[0] == 404


async def test_answers_are_not_kept_by_browsers_nor_read_by_other_pages() -> None:
    async with running(admin_token=TOKEN) as app:
        _, headers, _ = await fetch(app, "/admin/api", method="POST", token=TOKEN, body=b'{"act":"status"}')
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers


async def test_after_some_wrong_tokens_an_address_waits_and_it_is_counted() -> None:
    async with running(admin_token=TOKEN) as app:
        statuses = [(await api(app, "status", token=f"guess {number}"))[0] for number in range(FAILURES_PER_MIN + 2)]
        assert statuses == [401] * FAILURES_PER_MIN + [429] * 2
        status, headers, _ = await fetch(app, "/admin/api", method="POST", token=TOKEN, body=b'{"act":"status"}')
        assert status == 429, "a guess that is right by chance must not be told from a wrong one"
        assert 0 < int(headers["retry-after"]) <= 60
        _, _, metrics = await fetch(app, "/metrics")
        assert f"hereabouts_admin_refused_total {FAILURES_PER_MIN + 3}.0" in metrics.decode()


async def test_behind_a_trusted_proxy_only_who_guessed_waits() -> None:
    async with running(admin_token=TOKEN, trusted_proxies="loopback") as app:
        body = b'{"act":"status"}'
        for _ in range(FAILURES_PER_MIN):
            headers = {"X-Forwarded-For": "192.0.2.66"}
            assert (await fetch(app, "/admin/api", method="POST", token="x", body=body, **headers))[0] == 401
        seen = [
            (await fetch(app, "/admin/api", method="POST", token=TOKEN, body=body, **{"X-Forwarded-For": address}))[0]
            for address in ("192.0.2.66", "192.0.2.1")
        ]
        assert seen == [429, 200]


def test_another_address_does_not_wait_and_the_memory_of_failures_is_bounded() -> None:
    now = 0.0
    gate = Gate(TOKEN, clock=lambda: now)
    for _ in range(FAILURES_PER_MIN):
        gate.opens("Bearer wrong", "192.0.2.1")
    waits = gate.opens(f"Bearer {TOKEN}", "192.0.2.1")
    assert waits is not None
    assert waits.status == 429
    assert gate.opens(f"bearer {TOKEN}", "192.0.2.2") is None
    now = 61.0
    assert gate.opens(f"Bearer {TOKEN}", "192.0.2.1") is None
    for number in range(ADDRESSES_MAX + 10):
        gate.opens("Bearer wrong", f"address {number}")
    assert len(gate._failures) == ADDRESSES_MAX


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\n\r\n", 411),
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 30\r\n\r\n{}", 411),
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n", 413),
        (b"POST /admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 411),
        (b"POST /admin/../admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405),
        (b"POST /admin/%61pi HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405),
        (b"POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405),
        (b"PUT /admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405),
    ],
)
async def test_odd_requests_are_refused(head: bytes, status: int) -> None:
    async with running(admin_token=TOKEN) as app:
        reader, writer = await asyncio.open_connection("127.0.0.1", app.listener.port)
        writer.write(head)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())


async def test_body_may_come_in_pieces() -> None:
    async with running(admin_token=TOKEN) as app:
        reader, writer = await asyncio.open_connection("127.0.0.1", app.listener.port)
        whole = b'{"act":"status"}'
        head = f"POST /admin/api HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(whole)}"
        for piece in (head.encode(), b"\r\n\r\n{", whole[1:5], whole[5:]):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 200 ")


async def test_what_comes_while_an_answer_is_awaited_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(admin_token=TOKEN) as app:
        asked, goes_on = 0, asyncio.Event()

        async def answer(request: object, **_: object) -> Json:
            nonlocal asked
            asked += 1
            await goes_on.wait()
            return {"asked": asked}

        monkeypatch.setattr(app.operating.office, "answer", answer)
        head = f"POST /admin/api HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 16\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", app.listener.port)
        for _ in range(2):
            writer.write(head.encode() + b'{"act":"status"}')
            await writer.drain()
        while not asked:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0)
        goes_on.set()
        told = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        assert told.count(b"HTTP/1.1") == told.count(b'{"asked":1}') == 1


async def test_pages_paths_lead_nowhere_else() -> None:
    async with running(admin_token=TOKEN) as app:
        for path in (
            "/admin/../../setup.cfg",
            "/admin/%2e%2e/web.py",
            "/admin/web.py",
            "/admin//etc/passwd",
            "/admin/__init__.py",
        ):
            assert (await fetch(app, path))[0] == 404


async def test_token_and_secrets_are_in_no_log_nor_printed_settings(caplog: pytest.LogCaptureFixture) -> None:
    async with running(admin_token=TOKEN, webhook_url="http://127.0.0.1:9/", webhook_secret="s" * 30) as app:
        app.house.store.add_ban(ban(identity=ANN))
        for given in ("wrong\r\nforged line", TOKEN, TOKEN + "x"):
            body = b'{"act":"status"}'
            try:
                await fetch(app, "/admin/api", method="POST", body=body, token=given)
            except ValueError:
                assert "\r\n" in given, "the client itself refuses to send that"
        for _ in range(FAILURES_PER_MIN):
            await api(app, "status", token="another wrong one")
        assert TOKEN not in caplog.text
        assert "another wrong one" not in caplog.text
        assert TOKEN not in (await fetch(app, "/metrics"))[2].decode()
    printed = CliRunner().invoke(main, ["config", "--set", f"admin_token={TOKEN}"]).output
    assert TOKEN not in printed
    assert "admin_token: (set, not shown)" in printed
    assert TOKEN not in repr(Settings(admin_token=TOKEN))
    refused = CliRunner().invoke(main, ["config", "--set", "admin_token=short-one"])
    assert refused.exit_code == 2
    assert "short-one" not in refused.output
