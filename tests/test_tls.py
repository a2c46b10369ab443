"""TLS: files that cannot be used are told, and a connection over it keeps all the rules of a plain one.

Real sockets on loopback, under asyncio's own loop and under uvloop.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import connect

from server import gate
from server.frames import text_frame
from server.http import HttpResponse
from server.listener import Listener
from server.tls import ChainKeeper, TlsError, load_chain, server_context
from server.transport import TransportLimits
from tests.certificates import contexts, make_pem
from tests.echo_server import Echo
from tests.test_frames import masked
from tests.test_http import upgrade
from tests.test_listener import Run, close_code, listening, run, until

__all__ = ["run"]

BIG = b"".join(b"%06d\n" % line for line in range(60_000))


class Client:
    """A client that speaks TLS with one server, and trusts nobody else."""

    def __init__(self, trusted: ssl.SSLContext) -> None:
        self._trusted = trusted

    def websocket(self, listener: Listener, **options: Any) -> connect:
        url = f"wss://127.0.0.1:{listener.port}/ws"
        return connect(url, ssl=self._trusted, compression=None, proxy=None, **options)

    async def raw(self, listener: Listener, *wires: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=self._trusted)
        writer.write(b"".join(wires))
        return reader, writer

    async def certificate(self, listener: Listener) -> bytes:
        """Return the certificate that the server shows now."""
        _, writer = await self.raw(listener)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        assert isinstance(shown, bytes)
        return shown


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Client]:
    serving, trusting = contexts(make_pem(tmp_path))
    return serving, Client(trusting)


Tls = tuple[ssl.SSLContext, Client]


def test_messages_go_both_ways(run: Run, tls: Tls) -> None:
    context, client = tls

    async def story() -> None:
        async with listening(tls=context) as listener, client.websocket(listener) as websocket:
            messages: list[str | bytes] = ["hello", "naïve", b"\x00\xff", "x" * 16384, ""]
            for message in messages:
                await websocket.send(message)
                assert await websocket.recv() == message
            await websocket.send(["in ", "two"])
            assert await websocket.recv() == "in two"
            await (await websocket.ping())
            burst = [str(number) for number in range(1000)]
            for number in burst:
                await websocket.send(number)
            assert [await websocket.recv() for _ in burst] == burst
            [connection] = listener.connections
            assert connection.remote == "127.0.0.1"
        assert listener.closed == {1000: 1}

    run(story)


def test_a_large_answer_arrives_whole_and_ends(run: Run, tls: Tls) -> None:
    context, client = tls

    async def story() -> None:
        listener = Listener(Echo, routes={"/big": lambda _: HttpResponse(body=BIG)})
        await listener.start("127.0.0.1", 0, tls=context)
        reader, writer = await client.raw(listener, b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.read()).endswith(b"\r\n\r\n" + BIG)
        writer.close()
        await listener.close(1001, "the test ends", within_s=1)

    run(story)


def test_a_reader_that_pauses_is_not_listened_to_meanwhile_and_gets_everything_in_the_end(run: Run, tls: Tls) -> None:
    context, client = tls
    answer, asked = b"".join(text_frame(b"%04d" % number + b"x" * 10_000) for number in range(100)), 30
    heard = 0

    class Telling(Echo):
        def received(self, payload: bytes, binary: bool) -> None:
            nonlocal heard
            assert self.connection is not None
            heard += 1
            self.connection.write(answer)

    async def story() -> None:
        nonlocal heard
        heard = 0
        # 30 MB are more than all sockets between the two hold.
        async with listening(Telling, tls=context, unsent_max_bytes=16_384, unsent_max_s=5) as listener:
            reader, writer = await client.raw(listener, upgrade())
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(asked):
                writer.write(masked(b"more"))
            [connection] = listener.connections
            await until(lambda: connection.is_paused)
            assert heard < asked
            writer.transport.resume_reading()  # type: ignore[attr-defined]
            for _ in range(asked):
                assert await reader.readexactly(len(answer)) == answer
            assert heard == asked
            assert not connection.is_paused
            writer.close()

    run(story)


def test_a_reader_that_stops_is_closed_with_4001_and_its_socket_goes(run: Run, tls: Tls) -> None:
    context, client = tls

    class Flooding(Echo):
        def received(self, payload: bytes, binary: bool) -> None:
            assert self.connection is not None
            while self.connection.is_open:
                self.connection.write(text_frame(b"x" * 60_000))
                if self.connection.is_paused:
                    self.connection.check_unsent()

    async def story() -> None:
        async with listening(Flooding, tls=context) as listener:
            reader, writer = await client.raw(listener, upgrade())
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            async with client.websocket(listener):
                writer.write(masked(b"go"))
                await until(lambda: len(listener.connections) == 1)
                assert listener.open_count == 1
            assert listener.closed[4001] == 1
            writer.close()

    run(story)


def test_a_huge_frame_is_told_1009_though_much_is_unread(run: Run, tls: Tls) -> None:
    context, client = tls

    async def story() -> None:
        async with listening(tls=context) as listener:
            async with client.websocket(listener) as websocket:
                await websocket.send(b"x" * 2**20)
                assert await close_code(websocket) == 1009
            assert listener.closed == {1009: 1}

    run(story)


def test_a_peer_that_answers_no_ping_is_closed_with_4002(run: Run, tls: Tls) -> None:
    context, client = tls

    async def story() -> None:
        async with listening(tls=context, ping_every_s=0.05, pong_timeout_s=0.05) as listener:
            reader, writer = await client.raw(listener, upgrade())
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"\x89\x00"
            assert (await reader.readexactly(4))[2:] == (4002).to_bytes(2, "big")
            await until(lambda: not listener.connections)
            writer.close()

    run(story)


def test_closing_reaches_everybody_and_waits_for_nobody_too_long(run: Run, tls: Tls) -> None:
    context, client = tls

    async def story() -> None:
        async with listening(tls=context, close_timeout_s=5) as listener:
            async with client.websocket(listener) as websocket:
                deaf = await client.raw(listener, upgrade())
                half = await client.raw(listener, b"GET /half")
                await until(lambda: listener.open_count == 2)
                await until(lambda: len(listener.connections) == 3)
                await listener.close(4000, "drain", within_s=0.2)
                assert not listener.connections
                assert (await close_code(websocket), websocket.close_reason) == (4000, "drain")
            for _, writer in (deaf, half):
                writer.close()

    run(story)


def test_an_end_of_the_peer_s_stream_ends_the_connection(run: Run, tls: Tls) -> None:
    context, client = tls

    async def story() -> None:
        async with listening(tls=context) as listener:
            for how in ("close", "abort"):
                reader, writer = await client.raw(listener, upgrade(), masked(b"hello"))
                await reader.readuntil(b"hello")
                getattr(writer.transport, how)()
                await until(lambda: not listener.connections)
            assert listener.closed == {1006: 2}

    run(story)


@pytest.mark.parametrize(
    "wire",
    [b"", b"\x16\x03", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 400],
    ids="silent half plain-http noise".split(),
)
def test_what_is_no_handshake_is_ended_and_disturbs_nobody(
    run: Run, tls: Tls, wire: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    context, client = tls

    async def story() -> None:
        async with listening(tls=context, handshake_timeout_s=0.1) as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(wire)
            with contextlib.suppress(ConnectionResetError):
                assert b"HTTP" not in await reader.read()
            writer.close()
            async with client.websocket(listener) as websocket:
                await websocket.send("hello")
                assert await websocket.recv() == "hello"
            assert listener.accepted == 1

    with caplog.at_level(logging.INFO):
        run(story)
    assert caplog.records == []


def test_old_versions_are_refused(run: Run, tls: Tls) -> None:
    context, _ = tls

    async def story() -> None:
        async with listening(tls=context) as listener:
            old = ssl.create_default_context()
            old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
            old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            with pytest.warns(DeprecationWarning, match="TLSv1_1"):
                old.maximum_version = ssl.TLSVersion.TLSv1_1
            old.set_ciphers("ALL:@SECLEVEL=0")
            with pytest.raises((ssl.SSLError, ConnectionResetError)):
                await asyncio.open_connection("127.0.0.1", listener.port, ssl=old)

    run(story)


def test_the_chain_is_exchanged_for_newcomers_while_everybody_else_goes_on(run: Run, tmp_path: Path) -> None:
    old, new = make_pem(tmp_path, "old"), make_pem(tmp_path, "new")
    context, trusts_old = contexts(old)
    early, late = Client(trusts_old), Client(contexts(new)[1])

    async def story() -> None:
        async with listening(tls=context) as listener, early.websocket(listener) as websocket:
            load_chain(context, new, new)
            with pytest.raises(ssl.SSLCertVerificationError):
                await early.certificate(listener)
            assert await late.certificate(listener) == ssl.PEM_cert_to_DER_cert(_certificate(new))
            await websocket.send("still here")
            assert await websocket.recv() == "still here"

    run(story)


def test_a_chain_that_cannot_be_used_leaves_the_one_in_use(run: Run, tmp_path: Path) -> None:
    old, new = make_pem(tmp_path, "old"), make_pem(tmp_path, "new")
    context, trusting = contexts(old)
    client = Client(trusting)

    async def story() -> None:
        async with listening(tls=context) as listener:
            with pytest.raises(TlsError, match="does not belong"):
                load_chain(context, new, old)
            assert await client.certificate(listener) == ssl.PEM_cert_to_DER_cert(_certificate(old))

    run(story)


# --- files ------------------------------------------------------------------------------------------------


def _certificate(pem: Path) -> str:
    return "-----BEGIN CERTIFICATE" + pem.read_text().partition("-----BEGIN CERTIFICATE")[2]


def _refusal(cert: Path, key: Path) -> str:
    with pytest.raises(TlsError) as caught:
        server_context(cert, key)
    return str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    pem, nowhere = make_pem(tmp_path), tmp_path / "nowhere.pem"
    for name, setting, told in (
        ("certificate", "tls_cert", _refusal(nowhere, pem)),
        ("key", "tls_key", _refusal(pem, nowhere)),
    ):
        assert told.startswith(f"The {name} {nowhere} cannot be read: No such file or directory. Set {setting} to ")
    assert "cannot be read: Is a directory." in _refusal(tmp_path, pem)


def test_files_that_hold_something_else_are_told(tmp_path: Path) -> None:
    pem, other = make_pem(tmp_path), tmp_path / "other.pem"
    for content in (b"", b"hello\n", b"\x30\x82\x00\xff"):
        other.write_bytes(content)
        assert f"The certificate {other} holds no certificate in PEM" in _refusal(other, pem)
        assert f"The key {other} holds no key in PEM" in _refusal(pem, other)
    other.write_text(pem.read_text().replace("M", "N"))
    assert "cannot be used" in _refusal(other, other)


def test_two_that_do_not_belong_together_are_told(tmp_path: Path) -> None:
    one, two = make_pem(tmp_path, "one"), make_pem(tmp_path, "two")
    assert f"The key {two} does not belong to the certificate {one}" in _refusal(one, two)


def test_an_encrypted_key_is_told_instead_of_asking_the_terminal(tmp_path: Path) -> None:
    pem, locked = make_pem(tmp_path), tmp_path / "locked.pem"
    locked.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"sesame"),
        )
    )
    assert "is encrypted" in _refusal(pem, locked)


def test_no_message_holds_anything_of_the_key(tmp_path: Path) -> None:
    one, two = make_pem(tmp_path, "one"), make_pem(tmp_path, "two")
    damaged = tmp_path / "damaged.pem"
    damaged.write_text(one.read_text().replace("M", "N"))
    secrets = [line for path in (one, two, damaged) for line in path.read_text().splitlines() if "-----" not in line]
    for said in (_refusal(one, two), _refusal(one, damaged), _refusal(damaged, one)):
        assert not any(line in said for line in secrets)


# Files that change while the server serves.


class Files:
    """A certificate's files and the keeper that follows them, looking when told to."""

    def __init__(self, folder: Path) -> None:
        self.pem = make_pem(folder)
        self.other = make_pem(folder, "other")
        self.context = server_context(self.pem, self.pem)
        self.keeper = ChainKeeper(self.context, self.pem, self.pem)

    def change(self, content: bytes) -> None:
        self.pem.write_bytes(content)

    def looks(self) -> list[bool]:
        return [self.keeper.look() for _ in range(4)]


async def test_files_of_a_certificate_are_looked_at_again_until_the_server_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.tls.LOOK_EVERY_S", 0.001)
    keeper = Files(tmp_path).keeper
    looks = asyncio.Semaphore(0)
    monkeypatch.setattr(keeper, "look", looks.release)
    keeper.start()
    for _ in range(3):
        await asyncio.wait_for(looks.acquire(), 10)
    keeper.stop()
    assert keeper._timer is not None
    assert keeper._timer.cancelled()


def test_new_certificate_serves_once_its_files_are_whole(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        files = Files(tmp_path)
        before = Client(ssl.create_default_context(cafile=str(files.pem)))
        after = Client(ssl.create_default_context(cafile=str(files.other)))
        async with listening_tls(files.context) as listener, before.websocket(listener) as early:
            first = await before.certificate(listener)
            assert files.looks() == [False] * 4
            files.change(files.other.read_bytes()[:100])
            assert not files.keeper.look(), "it was seen only now"
            files.change(files.other.read_bytes())
            assert files.looks() == [False, True, False, False]
            assert await after.certificate(listener) != first
            await early.send("hello")
            assert await early.recv() == "hello"

    run(story)


def test_a_certificate_whose_dates_cannot_be_read_serves(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pem = make_pem(tmp_path)
    pem.write_text(pem.read_text().replace(" CERTIFICATE", " TRUSTED CERTIFICATE"))
    ChainKeeper(server_context(pem, pem), pem, pem)
    assert caplog.messages == [f"The dates of {pem} cannot be read: Unable to load PEM file."]


@pytest.mark.parametrize("broken", [b"", b"nonsense", None], ids="empty nonsense half".split())
def test_broken_certificate_is_told_once_and_the_old_one_stays(
    run: Run, broken: bytes | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        files = Files(tmp_path)
        client = Client(ssl.create_default_context(cafile=str(files.pem)))
        whole = files.pem.read_bytes()
        async with listening_tls(files.context) as listener:
            first = await client.certificate(listener)
            files.change(whole[: len(whole) // 2] if broken is None else broken)
            assert files.looks() == [False] * 4
            assert await client.certificate(listener) == first
            told = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
            assert len(told) == 1
            assert "the old one stays" in told[0]
            files.pem.unlink()
            assert files.looks() == [False] * 4
            assert [record.levelname for record in caplog.records if "is gone" in record.getMessage()] == ["WARNING"]
            files.change(whole)
            assert files.looks() == [False, True, False, False]

    run(story)


@contextlib.asynccontextmanager
async def listening_tls(context: ssl.SSLContext, **limits: Any) -> AsyncIterator[Listener]:
    limits = {"wheel_tick_s": 0.01, "close_timeout_s": 0.2} | limits
    listener = Listener(Echo, limits=TransportLimits(**limits))
    await listener.start("127.0.0.1", 0, tls=context)
    try:
        yield listener
    finally:
        await listener.close(1001, "the test ends", within_s=1)


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], ids="silent half".split())
def test_sockets_that_do_not_shake_hands_make_room_the_oldest_first(
    run: Run, tls: Tls, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "UNSHAKEN_MAX", 3)
    context, client = tls

    async def story() -> None:
        async with listening_tls(context) as listener:
            [door] = listener.gates
            silent = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(20)]
            for _, writer in silent:
                writer.write(begun)
            await until(lambda: door.dropped == 17)
            async with client.websocket(listener) as honest:
                await honest.send("hello")
                assert await honest.recv() == "hello"
            assert [await reader.read() for reader, _ in silent[:18]] == [b""] * 18
            assert not any(reader.at_eof() for reader, _ in silent[18:])
            for _, writer in silent:
                writer.close()
        await until(lambda: not door._waiting)

    run(story)
