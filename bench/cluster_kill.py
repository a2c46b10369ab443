"""How long people are away when a node is killed: from `kill -9` until they have their seat and all they missed.

Everybody uses the client that people use. Those who had their socket at the dead node come to another one, as a load
balancer would send them; those who only had their room there are told to come back by their own node.
"""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from random import Random

import msgspec

from bench import wire
from bench.cluster_load import share_of
from bench.servers import LOOPBACK, CannotMeasure
from client_demo.client import Client, Closed, Message, Refused

ROOM_OF = 8
WITHIN_S = 45.0
NOTICED_S = 9.0
"""After so long every node knows that one is dead, and has sent away those whose room was there."""


class KillFigures(msgspec.Struct, kw_only=True):
    """What a `kill -9` of one node did.

    Attributes:
        people: all of them; `away` are those whose connection broke, of whom `resumed` have their room as it was.
        speak_again: of all, how many were heard in their room afterwards.
    """

    people: int
    away: int
    resumed: int
    p50_s: float
    p99_s: float
    speak_again: int


class Watched:
    """Somebody, and when they were away."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.left_at = self.back_at = 0.0
        self.is_resumed = False
        client.on_event = self._note

    @property
    def is_back(self) -> bool:
        """Whether they are not away at this moment."""
        return self.back_at >= self.left_at

    def _note(self, event: Message) -> None:
        match event["type"]:
            case "disconnected":
                self.left_at = time.monotonic()
            case "reconnected":
                self.is_resumed = bool(event["resumed"])
            case "caught_up":
                self.back_at = time.monotonic()


async def measure_kill(ports: Sequence[int], pids: Sequence[int], *, people: int, seed: int) -> KillFigures:
    """Kill the first node and return how people came back. Raises CannotMeasure."""
    rng = Random(seed)
    urls = [f"ws://{LOOPBACK}:{port}/ws" for port in ports]
    watched: list[Watched] = []
    try:
        for number in range(people):
            cell = wire.far_cell(number // ROOM_OF)
            watched.append(Watched(Client(rng.choice(urls), cell=cell, rng=Random(f"{seed} {number}"))))
            await watched[-1].client.__aenter__()
        await asyncio.sleep(1.0)
        os.kill(pids[0], signal.SIGKILL)
        killed_at = time.monotonic()
        for each in watched:
            if each.client.url == urls[0]:
                each.client.url = rng.choice(urls[1:])
        return await _come_back(watched, killed_at)
    except (Closed, Refused) as error:
        raise CannotMeasure(f"Somebody did not get in: {error}.") from None
    finally:
        await asyncio.gather(*(each.client.__aexit__(None, None, None) for each in watched), return_exceptions=True)


async def _come_back(watched: Sequence[Watched], killed_at: float) -> KillFigures:
    while time.monotonic() - killed_at < WITHIN_S:
        await asyncio.sleep(0.1)
        if time.monotonic() - killed_at > NOTICED_S and all(each.is_back for each in watched):
            break
    away = [each for each in watched if each.left_at]
    if not away:
        raise CannotMeasure("Nobody noticed that a node was killed.")
    took = [each.back_at - killed_at if each.is_back else WITHIN_S for each in away]
    heard = await asyncio.gather(*(_speaks(each.client) for each in watched))
    return KillFigures(
        people=len(watched),
        away=len(away),
        resumed=sum(each.is_resumed for each in away),
        p50_s=round(share_of(took, 0.5), 2),
        p99_s=round(share_of(took, 0.99), 2),
        speak_again=sum(heard),
    )


async def _speaks(client: Client) -> bool:
    try:
        async with asyncio.timeout(10.0):
            await client.say("Is everybody here again?")
    except (Closed, Refused, TimeoutError):
        return False
    return True
