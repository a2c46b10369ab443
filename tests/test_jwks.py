"""Keeping a host application's keys fresh: from a file and a URL, over rotation, failures and attempts to tire it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop

from server.operate import jwks as module
from server.operate.jwks import CannotFetch, KeyKeeper, fetch
from server.safety.jwt_keys import JwtKey
from server.token import new_key
from tests.jwts import KEYS, jwks

PATIENCE_S = 5.0


class Issuer:
    """A host application's server: answers with `answer`, and counts."""

    def __init__(self) -> None:
        self.answer = _ok(jwks(KEYS["ES256"]))
        self.asked = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            writer.write(self.answer)
            await writer.drain()
        writer.close()


def _ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    async with await asyncio.start_server(issuer.serve, "127.0.0.1", 0) as server:
        issuer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"
        yield issuer


class Taken:
    """Where a keeper hands its keys."""

    def __init__(self, source: str) -> None:
        self.keys: tuple[JwtKey, ...] = ()
        self.keeper = KeyKeeper(source, self._take)
        self._came = asyncio.Event()

    def _take(self, keys: tuple[JwtKey, ...]) -> None:
        self.keys = keys
        self._came.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():  # noqa: ASYNC110 - a failed read hands nothing on
                await asyncio.sleep(0.005)

    def kids(self) -> list[str | None]:
        return [key.kid for key in self.keys]


@contextlib.asynccontextmanager
async def kept(source: str) -> AsyncIterator[Taken]:
    taken = Taken(source)
    await taken.keeper.start()
    try:
        yield taken
    finally:
        taken.keeper.stop()


async def test_keys_are_there_once_it_has_started(issuer: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(KEYS["ES256"]))
    for source in (issuer.url, str(file)):
        async with kept(source) as taken:
            assert taken.kids() == [KEYS["ES256"].kid]


async def test_new_key_is_fetched_when_somebody_shows_it(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.05)
    newer = new_key("ES256")
    async with kept(issuer.url) as taken:
        issuer.answer = _ok(jwks(newer))
        taken.keeper.want()
        await taken.until(lambda: taken.kids() == [newer.kid])


async def test_nobody_can_have_it_ask_more_often_than_it_does(issuer: Issuer) -> None:
    async with kept(issuer.url) as taken:
        for _ in range(1000):
            taken.keeper.want()
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        assert issuer.asked == taken.keeper.reads == 1
        in_s = taken.keeper._next_at - asyncio.get_running_loop().time()
        assert 0 < in_s <= module.AGAIN_S, "but once it does, and soon"


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids="asyncio uvloop".split())
def test_strangers_keys_that_nobody_has_end_no_later_reading(
    new_loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.05)
    file, newer = tmp_path / "jwks.json", new_key("ES256")
    file.write_bytes(jwks(KEYS["ES256"]))

    async def story() -> None:
        async with kept(str(file)) as taken:
            for reads in (2, 3, 4):
                await asyncio.sleep(0.06)  # so that nothing is left to wait
                for _ in range(3):
                    taken.keeper.want()
                await taken.until(lambda reads=reads: taken.keeper.reads >= reads)  # type: ignore[misc]
            file.write_bytes(jwks(newer))
            taken.keeper.want()
            await taken.until(lambda: taken.kids() == [newer.kid])

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(story())


async def test_keys_are_read_again_by_themselves(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRESH_S", 0.05)
    async with kept(issuer.url) as taken:
        issuer.answer = _ok(jwks(KEYS["RS256"]))
        await taken.until(lambda: taken.kids() == [KEYS["RS256"].kid])


async def test_a_timer_that_rings_before_its_time_ends_no_reading(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # So it does on uvloop, whose clock has whole milliseconds, by the last digit of a sum.
    monkeypatch.setattr(module, "FRESH_S", 0.02)
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(KEYS["ES256"]))
    async with kept(str(file)) as taken:
        loop, ring = taken.keeper._loop, taken.keeper._loop.call_at
        monkeypatch.setattr(loop, "call_at", lambda at, *args, **named: ring(at - 0.005, *args, **named))
        await taken.until(lambda: taken.keeper.reads >= 6)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 None\r\n\r\n",
        _ok(b'{"keys": []}'),
        _ok(b"<html>"),
        _ok(b" " * (module.JWKS_MAX_BYTES + 1)),
        b"",
        b"nonsense\r\n\r\n",
    ],
    ids="500 redirect 204 empty html huge nothing nonsense".split(),
)
async def test_last_good_keys_stay_while_there_are_no_newer_ones(
    issuer: Issuer, answer: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "FRESH_S", 0.02)
    caplog.set_level(logging.INFO, logger="hereabouts")
    async with kept(issuer.url) as taken:
        good, issuer.answer = issuer.answer, answer
        await taken.until(lambda: taken.keeper.failures >= 3)
        assert taken.kids() == [KEYS["ES256"].kid]
        assert len(caplog.records) == 1, "said once, not at every attempt"
        issuer.answer = good
        await taken.until(lambda: len(caplog.records) == 2)
        assert "read again" in caplog.text


async def test_start_does_not_fail_where_nobody_answers(tmp_path: Path) -> None:
    async with kept("http://127.0.0.1:1/jwks.json") as down, kept(str(tmp_path / "none.json")) as missing:
        assert down.keys == missing.keys == ()
        assert down.keeper.failures == missing.keeper.failures == 1


async def test_answer_that_comes_in_drops_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.2)

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server, asyncio.timeout(PATIENCE_S):
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(CannotFetch, match=r"slowly|timed out"):
            await asyncio.to_thread(fetch, url)
