"""A client for tests that comes back without waiting, and scripts that most of its connections follow."""

import asyncio

from client_demo.client import Client, Message
from tests.fake_server import Peer


def quick(url: str, **more: object) -> Client:
    """Return a client that reconnects without waiting."""
    return Client(url, cell="dr5ru7", name="Ada", backoff_s=(0.0, 0.0), **more)  # type: ignore[arg-type]


async def until(client: Client, type: str) -> list[Message]:
    """Return the events up to and including the first of a type."""
    seen = []
    async with asyncio.timeout(5):
        async for event in client.events():
            seen.append(event)
            if event["type"] == type:
                return seen
    raise AssertionError(f"no {type} among {[event['type'] for event in seen]}")


async def enter_and_leave(peer: Peer) -> None:
    await peer.enter()
    await peer.bye_to_leave()


async def enter_and_cut(peer: Peer) -> None:
    await peer.enter(seq=1)
    peer.cut()


async def second_visit(peer: Peer) -> None:
    await peer.enter(resumed=True, seq=1)
    await peer.pong()
    await peer.bye_to_leave()
