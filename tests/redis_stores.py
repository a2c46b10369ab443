"""Stores in a real Redis, for tests."""

import asyncio
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from redis import asyncio as redis

from server.cluster.engine import Engine
from server.cluster.store_link import StoreLink
from server.cluster.store_open import open_store
from server.store.rows import Switch
from tests.stores import (
    SECRET,
    audited,
    ban,
    block,
    bottle,
    bottle_answer,
    ended,
    mark,
    notice,
    report,
    seal,
    standing,
    tie,
)

WORDS = "meet me behind the old tram depot"
PATIENCE_S = 20.0
_LOOK_S = 0.005
_nodes = count(1)


async def emptied(url: str) -> None:
    """Have a Redis hold nothing."""
    async with redis.Redis.from_url(url) as client:
        await client.flushall()


class Linked:
    """One node's store and its link."""

    def __init__(self, engine: Engine, link: StoreLink) -> None:
        self._engine = engine
        self.link = link
        self.store = link.store

    async def close(self) -> None:
        """End as a server does that is stopped."""
        await self.link.close()
        await self._engine.close()


async def linked(url: str, *, folder: Path | None = None, secret: bytes = SECRET) -> Linked:
    """Open the store in a Redis as another node."""
    engine = Engine(url)
    await engine.open()
    try:
        return Linked(engine, await open_store(engine, seal(secret), node=f"node{next(_nodes)}", folder=folder))
    except BaseException:
        await engine.close()
        raise


def fill(node: Linked) -> None:
    """Write a row of each kind."""
    store = node.store
    store.put_standing(standing())
    store.end(ended("dd" * 12))
    store.add_block(block(name=WORDS))
    store.put_mark(mark())
    store.add_ties(tie())
    store.add_ban(ban(network="192.0.2.0/24", until=None))
    store.put_report(report(), b"\x00evidence")
    store.put_bottle(bottle(is_held=True))
    store.put_answer(bottle_answer())
    store.add_notice(notice(text=WORDS))
    store.switch_off(Switch(feature="shake", at=1.0))
    store.add_audit(audited())


def all_of(node: Linked) -> list[str]:
    """Return every row and evidence of a node, comparable."""
    return sorted([repr(row) for row in node.store.rows()] + [repr(node.store.evidence("R1"))])


async def until(holds: Callable[[], object]) -> None:
    """Return when something holds, which another task is to bring about."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what brings it about has no event to tell
            await asyncio.sleep(_LOOK_S)


async def everything_in(url: str, *, but: str = "") -> bytes:
    """Return every name, field and value there is in a Redis, the log's entries too.

    Args:
        but: a key that is left out.
    """
    found: list[bytes] = []
    client: Any
    async with redis.Redis.from_url(url, protocol=2) as client:
        for key in await client.keys():
            if key == but.encode():
                continue
            kind = await client.type(key)
            found.append(key)
            if kind == b"hash":
                for field, value in (await client.hgetall(key)).items():
                    found += [field, value]
            elif kind == b"stream":
                for _, fields in await client.xrange(key):
                    found += [part for pair in fields.items() for part in pair]
            elif kind == b"set":
                found += await client.smembers(key)
            else:
                assert kind == b"string", kind
                found.append(await client.get(key))
    return b"\n".join(found)
