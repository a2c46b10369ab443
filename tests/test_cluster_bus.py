"""The bus on a real Redis: what one node says, others hear, in order, or see that they missed it."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from server.cluster.bus import Bus, channel_of
from server.cluster.pairs import Frame, encode
from tests.cluster_clients import WITHIN_S, engine_of, until
from tests.redis_proxy import RedisProxy
from tests.redis_server import RedisServer, redis_server


class Node:
    """One bus and what came of it."""

    def __init__(self, bus: Callable[["Node"], Bus]) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.gaps: list[tuple[str, int]] = []
        self.deaf = 0
        self.bus = bus(self)

    def hear(self, node: str, message: bytes) -> None:
        self.heard.append((node, message))

    def miss(self, node: str) -> None:
        """Note a gap, and after how many messages it was."""
        self.gaps.append((node, len(self.heard)))

    def be_deaf(self) -> None:
        self.deaf += 1

    def say(self, other: "Node", *words: str) -> None:
        for word in words:
            self.bus.send(other.bus.node, word.encode())

    def heard_of(self, other: "Node") -> list[str]:
        return [message.decode() for node, message in self.heard if node == other.bus.node]


@asynccontextmanager
async def nodes(*urls: str, queued_max_bytes: int = 1_000_000, deaf_s: float = 60.0) -> AsyncIterator[list[Node]]:
    """Run a bus for each address, with time five times as fast; a busy machine's pauses make nobody deaf."""
    async with AsyncExitStack() as stack:
        running = []
        for number, url in enumerate(urls):
            client = await stack.enter_async_context(engine_of(url))

            def make(node: Node, name: str = f"node{number}.1", client: object = client) -> Bus:
                return Bus(
                    client,  # type: ignore[arg-type]
                    node=name,
                    received=node.hear,
                    gap=node.miss,
                    deaf=node.be_deaf,
                    beat_s=0.1,
                    deaf_s=deaf_s,
                    answer_s=0.4,
                    pause_s=0.05,
                    queued_max_bytes=queued_max_bytes,
                )

            node = Node(make)
            await node.bus.start()
            stack.push_async_callback(node.bus.stop)
            running.append(node)
        yield running


async def reached(sender: Node, receiver: Node) -> None:
    """Say words until one is heard: what is said before a subscription stands anew is lost."""
    async with asyncio.timeout(WITHIN_S):
        for number in itertools.count():
            sender.say(receiver, f"word {number}")
            with contextlib.suppress(TimeoutError):
                await until(lambda word=f"word {number}": word in receiver.heard_of(sender), within_s=0.3)  # type: ignore[misc]
                return


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with redis_server(tmp_path) as running:
        yield running


async def test_three_nodes_hear_each_other_in_order(redis_url: str) -> None:
    async with nodes(redis_url, redis_url, redis_url) as (a, b, c):
        words = [str(number) for number in range(300)]
        for word in words:
            a.say(b, word)
            a.say(c, word)
            b.say(a, word)
            if word.endswith("7"):
                await asyncio.sleep(0)
        await until(lambda: len(b.heard) == len(c.heard) == len(a.heard) == 300)
        assert b.heard_of(a) == c.heard_of(a) == a.heard_of(b) == words
        assert a.gaps == b.gaps == c.gaps == []


async def test_what_is_said_in_one_turn_is_one_publish(redis_url: str) -> None:
    async with nodes(redis_url, redis_url) as (a, b), engine_of(redis_url) as watcher:
        pubsub = watcher.client.pubsub()
        await pubsub.ssubscribe(channel_of(b.bus.node))
        a.say(b, "one", "two", "three")
        await until(lambda: len(b.heard) == 3)
        async with asyncio.timeout(5):
            while True:
                seen = await pubsub.get_message(timeout=1.0)
                if seen is not None and seen["type"] == "smessage" and b"one" in seen["data"]:
                    break
        assert seen["data"] == encode(Frame(a.bus.node, 1, [b"one", b"two", b"three"]))
        await pubsub.aclose()  # type: ignore[no-untyped-call]


async def test_a_bug_in_what_hears_costs_that_message_alone(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with nodes(redis_url, redis_url) as (a, b):
        taken, secret = b.hear, "words of theirs"

        def stumble(node: str, message: bytes) -> None:
            if message == b"two":
                raise RuntimeError(secret)
            taken(node, message)

        b.bus._received = stumble
        a.say(b, "one", "two", "three")
        await until(lambda: len(b.heard) == 2)
        assert b.heard_of(a) == ["one", "three"]
        assert "RuntimeError" in caplog.text
        assert secret not in caplog.text


async def test_a_stopped_redis_loses_and_doubles_nothing(server: RedisServer) -> None:
    async with nodes(server.url, server.url) as (a, b):
        a.say(b, "before")
        await until(lambda: len(b.heard) == 1)
        server.stop_for_a_while()
        for number in range(20):
            a.say(b, f"while {number}")
            await asyncio.sleep(0.06)
        assert a.bus.queued_bytes > 0
        server.go_on()
        a.say(b, "after")
        await until(lambda: "after" in b.heard_of(a))
        assert b.heard_of(a) == ["before", *(f"while {number}" for number in range(20)), "after"]
        assert b.gaps == []
        assert a.deaf == b.deaf == 0


async def test_what_is_queued_for_a_redis_that_is_away_has_a_limit_and_is_missed(server: RedisServer) -> None:
    async with nodes(server.url, server.url, queued_max_bytes=1_000) as (a, b):
        a.say(b, "before")
        await until(lambda: len(b.heard) == 1)
        server.stop_for_a_while()
        a.say(b, "under way")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for _ in range(30):
            a.say(b, "x" * 100)
            assert a.bus.queued_bytes <= 1_000
        server.go_on()
        a.say(b, "after")
        await until(lambda: "after" in b.heard_of(a))
        assert a.bus.dropped >= 20
        assert b.gaps[0][0] == a.bus.node
        assert b.heard_of(a)[:1] == ["before"]


async def test_a_killed_and_empty_redis_is_found_again(server: RedisServer) -> None:
    async with nodes(server.url, server.url) as (a, b):
        a.say(b, "before")
        await until(lambda: len(b.heard) == 1)
        await server.kill()
        a.say(b, "while")
        await asyncio.sleep(0.2)
        await server.start()
        # A frame that is published before the other listens again is lost, and then it is missed.
        await until(lambda: bool(b.gaps) or "while" in b.heard_of(a))
        await reached(a, b)
        await reached(b, a)
        assert a.deaf == b.deaf == 0


async def test_a_cut_subscription_is_made_anew_and_what_it_lost_is_missed(server: RedisServer) -> None:
    async with RedisProxy(server.port) as proxy, nodes(server.url, proxy.url) as (a, b):
        a.say(b, "before")
        await until(lambda: len(b.heard) == 1)
        proxy.swallows = True
        a.say(b, "lost")
        await asyncio.sleep(0.1)
        proxy.cut()
        proxy.swallows = False
        a.say(b, "after")
        await until(lambda: bool(b.gaps))
        await until(lambda: proxy.subscriptions >= 2)
        await reached(a, b)
        assert "lost" not in b.heard_of(a)
        assert {node for node, _ in b.gaps} == {a.bus.node}


async def test_what_nobody_heard_is_said_again_when_somebody_listens(redis_url: str) -> None:
    async with nodes(redis_url) as (a,):
        a.bus.send("node0.2", b"one")
        a.bus.send("node0.2", b"two")
        await until(lambda: a.bus._outboxes._boxes["node0.2"].unsent is not None)
        a.bus.send("node0.2", b"three")
        async with engine_of(redis_url) as client:
            heard: list[bytes] = []
            gaps: list[str] = []
            later = Bus(client, node="node0.2", received=lambda _, word: heard.append(word), gap=gaps.append)
            await later.start()
            await until(lambda: heard == [b"one", b"two", b"three"])
            await later.stop()
        assert gaps == []


async def test_a_lost_publish_is_missed_before_the_next_is_heard(server: RedisServer) -> None:
    async with RedisProxy(server.port) as proxy, nodes(server.url, proxy.url) as (a, b):
        a.say(b, "one")
        await until(lambda: len(b.heard) == 1)
        proxy.swallows = True
        a.say(b, "two")
        await asyncio.sleep(0.1)
        proxy.swallows = False
        a.say(b, "three")
        await until(lambda: len(b.heard) == 2)
        assert b.heard_of(a) == ["one", "three"]
        assert b.gaps == [(a.bus.node, 1)]


async def test_a_lost_last_publish_is_missed_though_nothing_follows(server: RedisServer) -> None:
    async with RedisProxy(server.port) as proxy, nodes(server.url, proxy.url) as (a, b):
        proxy.swallows = True
        a.say(b, "the last")
        await asyncio.sleep(0.1)
        proxy.swallows = False
        await until(lambda: bool(b.gaps))
        assert b.gaps == [(a.bus.node, 0)]
        assert b.heard == []


async def test_a_deaf_subscription_is_renewed_and_in_the_end_called_deaf(server: RedisServer) -> None:
    async with RedisProxy(server.port) as proxy, nodes(proxy.url, deaf_s=0.6) as (a,):
        await until(lambda: a.bus._unheard_since is None)
        proxy.swallows = True
        await until(lambda: a.deaf == 1)
        assert a.bus.renewals >= 1
        assert proxy.subscriptions >= 2
        proxy.swallows = False
        await reached(a, a)


async def test_after_a_long_silence_what_was_lost_is_missed_and_nothing_else(server: RedisServer) -> None:
    async with RedisProxy(server.port) as proxy, nodes(server.url, server.url, proxy.url) as (a, b, c):
        a.say(c, "one")
        b.say(c, "one")
        await until(lambda: len(c.heard) == 2)
        proxy.swallows = True
        a.say(c, "two")
        # Longer than silent pairs repeat their numbers.
        await until(lambda: not a.bus._outboxes._boxes[c.bus.node].tails)
        proxy.swallows = False
        proxy.cut()
        await until(lambda: bool(c.gaps))
        b.say(c, "two")
        await until(lambda: c.heard_of(b) == ["one", "two"])
        assert {node for node, _ in c.gaps} == {a.bus.node}


async def test_a_node_that_is_gone_is_not_heard_again(redis_url: str) -> None:
    async with nodes(redis_url, redis_url, redis_url) as (a, b, c):
        b.bus.forget(a.bus.node)
        a.say(b, "from the dead")
        b.say(a, "to the dead")
        c.say(b, "from the living")
        b.say(c, "to the living")
        await until(lambda: bool(b.heard and c.heard))
        assert b.heard_of(a) == a.heard_of(b) == []
        assert b.gaps == []


async def test_what_is_said_before_stopping_is_still_sent(redis_url: str) -> None:
    async with nodes(redis_url, redis_url) as (a, b):
        a.say(b, "goodbye")
        await a.bus.stop()
        await until(lambda: b.heard_of(a) == ["goodbye"])


async def test_a_stranger_on_the_channel_disturbs_nobody(redis_url: str) -> None:
    async with nodes(redis_url, redis_url) as (a, b):
        async with engine_of(redis_url) as stranger:
            await stranger.client.execute_command("SPUBLISH", channel_of(b.bus.node), b"\xc1 no frame")
        a.say(b, "one")
        await until(lambda: len(b.heard) == 1)
        assert b.gaps == []


async def test_what_one_node_may_not_be_told_is_known_until_it_may_or_is_gone_whatever_others_are_told(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with engine_of(server.url) as engine:
        channels = " ".join(f"&{channel_of(f'node{number}.1')}" for number in (0, 2))
        ann = "ACL SETUSER ann on >word ~* +@all"
        await engine.client.execute_command(*f"{ann} {channels}".split())
        own = server.url.replace("://", "://ann:word@")
        async with nodes(own, server.url, own) as (a, b, c):
            a.say(b, "in vain")
            await until(lambda: "NOPERM" in a.bus.refusal)
            for number in range(3):
                a.say(a, "to myself")
                a.say(c, "to another")
                await until(lambda heard=number + 1: len(a.heard) == len(c.heard) == heard)  # type: ignore[misc]
                assert "NOPERM" in a.bus.refusal
            assert caplog.text.count("does not take what this node says") == 1
            await engine.client.execute_command(*f"{ann} allchannels".split())
            await until(lambda: a.bus.refusal == "")
            await until(lambda: b.heard_of(a) == ["in vain"])
            await engine.client.execute_command(*f"{ann} resetchannels {channels}".split())
            a.say(b, "in vain again")
            await until(lambda: "NOPERM" in a.bus.refusal)
            a.bus.forget(b.bus.node)
            assert a.bus.refusal == ""
