"""The webhook: what is told, signed how, retried until when, and never in anybody's way."""

import asyncio
import hmac
import json
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from server.operate import webhook as module
from server.operate.webhook import SIGNATURE, Webhook, post_once
from tests.apps import Clients, running
from tests.stores import report

SECRET = "a-secret-of-24-characters-or-more"


class Other:
    """Somebody else's server, as far as a webhook sees it: answers with these, then with 204."""

    def __init__(self, *answers: int | OSError) -> None:
        self.answers = list(answers)
        self.got: list[tuple[str, bytes, dict[str, str]]] = []

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.got.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, OSError):
            raise answer
        return answer


async def idle(hook: Webhook) -> None:
    """Return when nothing waits any more."""
    assert hook._worker is not None
    await asyncio.wait_for(asyncio.shield(hook._worker), 10)


async def test_report_is_told_signed_and_without_anybodys_words() -> None:
    other = Other()
    hook = Webhook("http://h/x", SECRET, post=other.post)
    hook.tell(report("T1", reasons=("spam",), room="room1", against="bb" * 12), open_reports=3)
    await idle(hook)
    assert hook.delivered == 1
    [(url, body, headers)] = other.got
    assert url == "http://h/x"
    assert json.loads(body) == {
        "type": "report", "ticket": "T1", "reasons": ["spam"], "people": 2, "times": 3, "at": 2000, "open": 3,
    }  # fmt: skip
    assert headers[SIGNATURE] == "sha256=" + hmac.new(SECRET.encode(), body, sha256).hexdigest()
    assert b"bb" * 12 not in body


async def test_failure_is_tried_again_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    other = Other(503, OSError("refused"), 429, 204)
    hook = Webhook("http://h/", SECRET, post=other.post, first_pause_s=0.001)
    hook.tell(report(), open_reports=1)
    await idle(hook)
    assert hook.delivered == 1
    assert (len(other.got), hook.lost) == (4, 0)
    assert len({body for _, body, _ in other.got}) == 1
    [told] = [record.message for record in caplog.records if "webhook" in record.message]
    assert "not taken (status 503)" in told


@pytest.mark.parametrize(
    ("answers", "tries"), [([500] * 20, module.TRIES_MAX), ([400, 204], 1), ([302] * 20, module.TRIES_MAX)]
)
async def test_message_is_lost_after_its_last_try_or_a_plain_no(
    answers: list[int], tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_MAX_S", 0.002)
    other = Other(*answers)
    hook = Webhook("http://h/", SECRET, post=other.post, first_pause_s=0.001)
    hook.tell(report(), open_reports=1)
    await idle(hook)
    assert hook.lost == 1
    assert len(other.got) == tries
    assert hook.delivered == 0


async def test_queue_is_bounded_the_oldest_lost_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUEUE_MAX", 3)
    other = Other()
    hook = Webhook("http://h/", SECRET, post=other.post)
    for number in range(5):
        hook.tell(report(f"T{number}"), open_reports=1)
    await idle(hook)
    assert hook.delivered == 3
    assert [json.loads(body)["ticket"] for _, body, _ in other.got] == ["T2", "T3", "T4"]
    assert hook.lost == 2


class _Redirecting(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.asked.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))  # type: ignore[attr-defined]
        self.send_response(307)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_redirect_is_not_followed() -> None:
    with HTTPServer(("127.0.0.1", 0), _Redirecting) as server:
        server.asked = []  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            assert post_once(f"http://127.0.0.1:{server.server_port}/hook?a=b", b"{}", {}) == 307
        finally:
            server.shutdown()
            thread.join()
        assert server.asked == [("/hook?a=b", b"{}")]  # type: ignore[attr-defined]


async def test_report_reaches_the_webhook_and_an_unreachable_one_keeps_nobody_waiting() -> None:
    async with running(webhook_url="http://127.0.0.1:9/", webhook_secret=SECRET) as app:
        assert app.operating.webhook is not None
        other = Other(503)
        app.operating.webhook._post = other.post
        app.operating.webhook._first_pause_s = 0.01
        async with Clients(app) as clients:
            ann, bo = await clients.seated("Ann Bo")
            ticket = (await ann.ask("report", "reported", who=bo.me, reason="spam", note="secret words"))["ticket"]
        await idle(app.operating.webhook)
        assert app.operating.webhook.delivered == 1
        told = json.loads(other.got[-1][1])
        assert (told["ticket"], told["open"]) == (ticket, 1)
        assert b"secret words" not in other.got[-1][1]
