"""Nodes meet at a Redis that speaks TLS under a certificate of one's own, as a user who may do only what they need."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import asyncio as redis

from server.cluster.address import EngineError
from server.cluster.engine import Engine
from tests.apps import Clients
from tests.certificates import contexts, make_pem
from tests.clusters import nodes, together
from tests.redis_proxy import RedisProxy
from tests.redis_server import free_port, redis_server
from tests.sessions import HERE
from tests.test_operating_doc import PAGE

USER = next(line for line in PAGE.splitlines() if line.startswith("ACL SETUSER hereabouts "))


@contextlib.asynccontextmanager
async def speaking_tls(folder: Path, pem: Path, *, by_itself: bool) -> AsyncIterator[str]:
    """Give the address of a Redis with the page's user and no other, that speaks TLS, or has that done before it."""
    async with contextlib.AsyncExitStack() as stack:
        port, flags = free_port(), list[str]()
        if by_itself:
            files = {name: str(pem) for name in ("cert-file", "key-file", "ca-cert-file")}
            tls = {"port": str(port), "auth-clients": "no", **files}
            flags = [part for name, value in tls.items() for part in (f"--tls-{name}", value)]
        try:
            server = await stack.enter_async_context(redis_server(folder, *flags))
        except AssertionError:
            pytest.skip("this server is built without TLS; the other case has TLS before it")
        async with redis.Redis.from_url(server.url) as client:
            await client.execute_command(*USER.replace("PASSWORD", "word").split())  # type: ignore[no-untyped-call]
            await client.execute_command("ACL", "SETUSER", "default", "off")  # type: ignore[no-untyped-call]
        if not by_itself:
            proxy = await stack.enter_async_context(RedisProxy(server.port, tls=contexts(pem)[0]))
            port = int(proxy.url.rpartition(":")[2])
        yield f"rediss://hereabouts:word@127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("scheme", "options", "words"),
    [
        ("rediss", "", r"not trusted here: self-signed certificate\. .*: \?ssl_ca_certs=FILE behind the address"),
        ("rediss+cluster", "", r"at 127\.0\.0\.1:\d+ shows a certificate that is not trusted here"),
        ("rediss", "?ssl_ca_certs={folder}/other.pem", r"Is \S+/other\.pem of the authority"),
        ("rediss", "?ssl_ca_certs=/nope.pem", r"names /nope\.pem as ssl_ca_certs, which cannot be read: No such file"),
        ("rediss", "?ssl_ca_certs={folder}/text", "names a file TLS cannot use: .*no certificate"),
        ("rediss", "?ssl_ca_cert=/ca.pem", r"not known, ssl_ca_cert: is ssl_ca_certs meant\?"),
        ("rediss", "?cafile=/ca.pem", "Those for TLS are ssl_ca_certs, "),
        ("redis", "?ssl_ca_certs=/ca.pem", "begins with rediss, not redis"),
        ("redis", "", "Does it speak TLS at this port"),
        ("redis+sentinel", "/main", "Does it speak TLS at this port"),
    ],
)
async def test_what_is_wrong_with_tls_is_said_with_what_to_write(
    tmp_path: Path, scheme: str, options: str, words: str
) -> None:
    make_pem(tmp_path, "other")
    (tmp_path / "text").write_text("no certificate")
    async with RedisProxy(0, tls=contexts(make_pem(tmp_path))[0]) as proxy:
        url = proxy.url.replace("rediss", scheme) + options.format(folder=tmp_path)
        with pytest.raises(EngineError, match=words):
            await Engine(url).open()


@pytest.mark.parametrize("by_itself", [False, True])
async def test_people_of_two_nodes_sit_together_and_find_their_seats(tmp_path: Path, *, by_itself: bool) -> None:
    pem = make_pem(tmp_path)
    async with speaking_tls(tmp_path, pem, by_itself=by_itself) as url:
        with pytest.raises(EngineError, match="not trusted here"):
            await Engine(url).open()
        async with nodes(f"{url}?ssl_ca_certs={pem}", 2, is_empty=True) as (one, two), Clients(one) as clients:
            ann, bo = await clients.new(), await clients.new(at=two)
            await ann.enter(HERE, name="Ann")
            await bo.enter(HERE, name="Bo")
            await together(ann, bo)
            await bo.say("say", text="By way of TLS", room=bo.room, ref="r")
            assert (await ann.hear("said"))["text"] == "By way of TLS"
            await ann.ask("report", "reported", who=bo.me, reason="spam")
            token, room, seq = bo.token, bo.room, bo.seq
            await bo.socket.close()
            back = await clients.new(at=one)
            entered = await back.ask("enter", "entered", cell=HERE, token=token, resume={"room": room, "seq": seq})
            assert entered["resumed"]
            for app in (one, two):
                assert app.cluster is not None
                assert not app.cluster.trouble
                assert not app.house.store.away  # type: ignore[attr-defined]
