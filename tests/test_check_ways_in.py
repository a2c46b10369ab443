"""`hereabouts check` of the operator's socket, of proxies, and of what people can read."""

import asyncio
from pathlib import Path

import pytest

from tests.apps import running
from tests.checked import run


def test_socket_that_could_not_be_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "nowhere" / "a.sock"):
        status, told = run("--set", f"admin_socket={path}")
        assert status == 1
        assert "admin_socket" in told


async def test_socket_of_a_server_that_runs_elsewhere_is_wrong(tmp_path: Path) -> None:
    at = str(tmp_path / "a.sock")
    async with running(admin_socket=at) as app:
        status, told = await asyncio.to_thread(run, "--port", str(app.listener.port), "--set", f"admin_socket={at}")
        assert (status, f"`hereabouts admin` finds the server at {at}" in told) == (0, True)
        status, told = await asyncio.to_thread(run, "--set", f"admin_socket={at}")
        assert (status, f"WRONG  {at} is the socket of a server that runs elsewhere" in told) == (1, True)


def test_operators_token_and_terms_are_judged() -> None:
    status, told = run(HEREABOUTS_ADMIN_TOKEN="a" * 30)
    assert status == 1
    assert "easily guessed" in told
    assert "terms are empty" in run("--set", "terms_version=1")[1]
    assert run("--set", f"admin_socket=/{'x' * 99}", "--set", "contact=a")[0] == 0
    assert run("--data", f"/{'x' * 120}")[0] == 1


@pytest.mark.parametrize("proxies", ["0.0.0.0/0", "loopback ::/0"])
def test_trusting_everybody_to_be_ones_proxy_is_wrong(proxies: str) -> None:
    status, told = run("--set", f"trusted_proxies={proxies}")
    assert status == 1
    assert "WRONG  trusted_proxies names every address" in told
    assert "trusted_proxies" not in run("--set", "trusted_proxies=loopback 10.0.0.0/8")[1]
