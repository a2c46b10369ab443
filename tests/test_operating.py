"""What a server has for its operator, as its settings say."""

from pathlib import Path

import pytest

from tests.apps import running
from tests.operators import TOKEN
from tests.stores import report


async def test_an_operator_who_set_nothing_has_the_office_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    async with running() as app:
        has = app.operating
        assert (has.filter, has.webhook, has.gate, has.admin_socket) == (None, None, None, None)
        assert has.routes() == ({}, {})


async def test_a_server_whose_socket_cannot_be_had_serves_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.sock"
    path.write_text("precious")
    async with running(admin_socket=str(path), admin_token=TOKEN) as app:
        assert f"`hereabouts admin` cannot reach this server at {path}" in caplog.text
        assert "/admin" in app.operating.routes()[0]
    assert path.read_text() == "precious"


async def test_nobody_is_told_of_reports_once_the_server_has_ended() -> None:
    async with running(webhook_url="http://127.0.0.1:9/", webhook_secret=TOKEN) as app:
        webhook = app.operating.webhook
        assert webhook is not None
        webhook.tell(report(), open_reports=1)
        worker = webhook._worker
        assert worker is not None
    assert worker.done()
