"""Reaching a server: what the client says where nobody listens, TLS is not meant, or it is not let in."""

import asyncio
import socket

import pytest

from client_demo.client import NoTls, Refused, TlsFails, Unreachable
from tests.fake_server import Peer, fake_server
from tests.live_server import live_server
from tests.quick_client import quick


async def test_a_refused_entry_raises_and_leaves_nothing_behind() -> None:
    async def script(peer: Peer) -> None:
        await peer.refuse(await peer.receive("enter"), "too_precise")

    async with fake_server(script) as url:
        with pytest.raises(Refused) as caught:
            async with quick(url):
                pytest.fail("entered")
    assert caught.value.code == "too_precise"


async def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable):
        async with quick(f"ws://127.0.0.1:{port}/ws"):
            pytest.fail("entered")


async def test_whoever_answers_in_no_http_is_thought_to_speak_tls() -> None:
    async def alert(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x15\x03\x03\x00\x02\x02\x46")  # RFC 8446, 6: fatal, protocol_version
        writer.close()

    async with await asyncio.start_server(alert, "127.0.0.1", 0) as server:
        with pytest.raises(Unreachable, match="wss://"):
            async with quick(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"):
                pytest.fail("entered")


async def test_whoever_answers_in_no_tls_is_said_to_speak_without() -> None:
    async with live_server() as server:
        with pytest.raises(NoTls, match="ws://"):
            async with quick(server.url.replace("ws://", "wss://")):
                pytest.fail("entered")


async def test_nobody_is_told_to_do_without_tls_where_it_is_spoken_otherwise() -> None:
    async def alert(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x15\x03\x03\x00\x02\x02\x28")  # RFC 8446, 6: fatal, handshake_failure
        writer.close()

    async with await asyncio.start_server(alert, "127.0.0.1", 0) as server:
        with pytest.raises(TlsFails, match="No connection by TLS to wss://"):
            async with quick(f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"):
                pytest.fail("entered")


async def test_a_full_server_names_a_time_to_come_back() -> None:
    async with fake_server(statuses=(503,)) as url:
        with pytest.raises(Unreachable) as caught:
            async with quick(url):
                pytest.fail("entered")
    assert caught.value.may_return
    assert caught.value.retry_after == 0.0


async def test_an_address_without_such_a_page_is_final() -> None:
    async with fake_server(statuses=(404,)) as url:
        with pytest.raises(Unreachable) as caught:
            async with quick(url):
                pytest.fail("entered")
    assert not caught.value.may_return
