"""A million wrong frames and ten thousand wrong handshakes against a running server, with honest people beside them.

The honest use the client that people use, sit where the others do, and must lose nothing: each hears all of what the
others said, in order, over one connection. The server must not crash, close with 1011 or write of a bug, and must not
grow: what it remembers of identities that came and went is counted and allowed for.
"""

import asyncio
import contextlib
import json
import random
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from typing import Any

import click
import msgpack
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from bench.mutations import HERE, Fuzzer, broken_head
from bench.servers import LOOPBACK, CannotMeasure, free_port, our_command, rss_kib, running, without_rates
from client_demo.client import Client

WILD = 24
AT_ONCE = 50
"""Frames of one client before its answers are read."""
RAW_SHARE, NOT_UTF8_SHARE = 0.002, 0.002
"""Of the frames, those spoilt below the message (masks, lengths, opcodes, fragments), and texts that are none: each
ends its connection, and with it what was sent behind it."""
LOOK_EVERY_S = 0.5
HEADS_AT_ONCE = 50
HONEST = 3
HONEST_EVERY_S = 0.1
WARM = 0.5
"""The part of all frames after which memory is looked at first: by then rooms hold the 1,000 events they keep."""
GROWTH_MAX_KIB = 4096
KIB_PER_IDENTITY = 1.5
"""What is remembered of each that came and went (server/safety/identities.py), up to 20,000 of them."""
READ_TIMEOUT_S = 3.0


class Report(msgspec.Struct, kw_only=True):
    """What was sent, what came of it, and what the honest lost."""

    frames: int
    handshakes: int
    took_s: float
    answers: dict[str, int]
    errors: dict[str, int]
    closes: dict[str, int]
    statuses: dict[str, int]
    said: int
    lost: int
    disconnects: int
    rss_warm_kib: int
    rss_end_kib: int
    entered_since_warm: int
    bugs: int

    @property
    def growth_allowed_kib(self) -> float:
        return GROWTH_MAX_KIB + KIB_PER_IDENTITY * self.entered_since_warm

    @property
    def is_well(self) -> bool:
        grown = self.rss_end_kib - self.rss_warm_kib
        return not (self.lost or self.disconnects or self.bugs) and grown <= self.growth_allowed_kib


class Wild:
    """One client that does not behave; connects anew whenever it is thrown out."""

    def __init__(self, port: int, seed: int, told: "Tally") -> None:
        self.rng = random.Random(seed)
        self.wire = self.rng.choice(["json", "msgpack"])
        self.room = self.token = ""
        self.seq = 0
        self.members: dict[str, Any] = {}
        self._fuzzer = Fuzzer(self.rng)
        self._port = port
        self._told = told

    async def misbehave(self, is_over: asyncio.Event) -> None:
        """Send frames until it is over, over as many connections as it takes."""
        while not is_over.is_set():
            try:
                async with self._connected() as socket:
                    await self._talk(socket, is_over)
            except (OSError, InvalidHandshake) as error:
                self._told.closes[type(error).__name__] += 1
                await asyncio.sleep(0.01)

    def _connected(self) -> connect:
        return connect(
            f"ws://{LOOPBACK}:{self._port}/ws",
            subprotocols=[Subprotocol(f"hereabouts.v1.{self.wire}")],
            compression=None,
            proxy=None,
            ping_interval=None,
            close_timeout=0.5,
            max_queue=None,
        )

    async def _talk(self, socket: ClientConnection, is_over: asyncio.Event) -> None:
        try:
            while not is_over.is_set():
                for _ in range(AT_ONCE):
                    if self.rng.random() < RAW_SHARE:
                        socket.transport.write(self._odd_bytes())
                    else:
                        await socket.send(self._payload(), text=self.wire == "json")
                await self._read(socket)
        except ConnectionClosed as closed:
            self._told.closes[str(closed.rcvd.code if closed.rcvd else 1006)] += 1
        except RuntimeError:  # bytes below the library, after the server has closed: it had not noticed yet
            self._told.closes["1006"] += 1

    def _payload(self) -> bytes:
        payload = self._fuzzer.frame(self)
        if self.wire == "json" and self.rng.random() > NOT_UTF8_SHARE:
            return payload.decode(errors="replace").encode()
        return payload

    async def _read(self, socket: ClientConnection) -> None:
        """Read what has come, and follow the room a little, so that some frames are right."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.002):
                while True:
                    self._take(await socket.recv(decode=False))

    def _take(self, payload: bytes) -> None:
        try:
            event = json.loads(payload) if self.wire == "json" else msgpack.unpackb(payload)
        except ValueError:
            raise CannotMeasure(f"The server sent what nobody can read: {payload[:200]!r}") from None
        self._told.answers[event["type"]] += 1
        if event["type"] == "error":
            self._told.errors[event["code"]] += 1
        elif event["type"] == "entered":
            self.token = event["you"]["token"]
        elif event["type"] == "room":
            self.room, self.seq = event["room"], event["seq"]
            self.members = {member["id"]: member for member in event["members"]}
        elif "seq" in event:
            self.seq = event["seq"]

    def _odd_bytes(self) -> bytes:
        rng = self.rng
        head = bytes([rng.randrange(256), rng.randrange(256)])
        return head + rng.randbytes(rng.randrange(40))


class Tally:
    """What all wild ones have seen."""

    def __init__(self) -> None:
        self.handshakes = 0
        self.answers: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.closes: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()


class Honest:
    """People who talk with each other, and count what they miss."""

    def __init__(self, port: int) -> None:
        url = f"ws://{LOOPBACK}:{port}/ws"
        self.clients = [Client(url, cell=HERE, name=f"Honest {number}") for number in range(HONEST)]
        self.said = self.disconnects = 0
        self.are_seated = asyncio.Event()
        self.heard: list[list[str]] = [[] for _ in self.clients]
        self._spoken: list[str] = []

    async def talk(self, is_over: asyncio.Event) -> int:
        """Talk until it is over, and return how many messages somebody did not hear."""
        async with contextlib.AsyncExitStack() as stack:
            for number, client in enumerate(self.clients):
                client.on_event = self._listener(number)
                await stack.enter_async_context(client)
            self.are_seated.set()
            while not is_over.is_set():
                speaker = self.clients[self.said % HONEST]
                self.said += 1
                self._spoken.append(f"honest {self.said}")
                await asyncio.wait_for(speaker.say(self._spoken[-1]), 30)
                await asyncio.sleep(HONEST_EVERY_S)
            for client in self.clients:
                await client.ping()
            return sum(len(set(self._spoken) - set(heard)) for heard in self.heard)

    def _listener(self, number: int) -> Callable[[dict[str, Any]], None]:
        def hear(event: dict[str, Any]) -> None:
            if event["type"] == "said" and event["text"].startswith("honest "):
                self.heard[number].append(event["text"])
            self.disconnects += event["type"] == "disconnected" and event["retry_in_s"] is not None

        return hear


async def shake(port: int, head: bytes, told: Tally) -> None:
    """Send one broken handshake and note what comes of it."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    told.handshakes += 1
    status = "closed"
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(READ_TIMEOUT_S):
            writer.write(head)
            answer = await reader.read(4096)
            status = answer.split(maxsplit=2)[1].decode() if answer else "closed"
    told.statuses[status] += 1
    writer.transport.abort()


async def _shakes(port: int, count: int, rng: random.Random, told: Tally) -> None:
    turn = asyncio.Semaphore(HEADS_AT_ONCE)

    async def one() -> None:
        async with turn:
            await shake(port, broken_head(rng), told)

    for first in range(0, count, 1000):
        await asyncio.gather(*(one() for _ in range(min(1000, count - first))))


async def fuzz(port: int, pid: int, *, frames: int, handshakes: int, seed: int, tell: Callable[[str], None]) -> Report:
    """Return what came of so many wrong frames and handshakes. Raises CannotMeasure."""
    told, honest, over = Tally(), Honest(port), asyncio.Event()
    began = time.perf_counter()
    talking = asyncio.create_task(honest.talk(quiet := asyncio.Event()))
    # First the honest, so that they sit in one room.
    await asyncio.wait_for(honest.are_seated.wait(), 30)
    tasks = [asyncio.create_task(Wild(port, seed + number, told).misbehave(over)) for number in range(WILD)]
    shaking = asyncio.create_task(_shakes(port, handshakes, random.Random(seed), told))
    tell(f"{await _until(port, WARM * frames, tasks):,} frames have come, {told.handshakes:,} handshakes")
    rss_warm, entered_warm = rss_kib(pid), told.answers["entered"]
    came = await _until(port, frames, tasks)
    await shaking
    over.set()
    await asyncio.gather(*tasks)
    await asyncio.sleep(1)
    quiet.set()
    lost = await asyncio.wait_for(talking, 60)
    return Report(
        frames=came,
        handshakes=told.handshakes,
        took_s=round(time.perf_counter() - began, 1),
        answers=dict(told.answers.most_common()),
        errors=dict(told.errors.most_common()),
        closes=dict(told.closes.most_common()),
        statuses=dict(told.statuses.most_common()),
        said=honest.said,
        lost=lost,
        disconnects=honest.disconnects,
        rss_warm_kib=rss_warm,
        rss_end_kib=rss_kib(pid),
        entered_since_warm=told.answers["entered"] - entered_warm,
        bugs=await asyncio.to_thread(_metric, port, 'connections_closed_total{code="1011"}') + told.statuses["500"],
    )


async def _until(port: int, frames: float, tasks: list["asyncio.Task[None]"]) -> int:
    """Return how many messages the server has counted, once there are so many."""
    while (came := await asyncio.to_thread(_metric, port, "messages_received_total")) < frames:
        await asyncio.sleep(LOOK_EVERY_S)
        for task in tasks:
            if task.done():
                task.result()
    return came


def _metric(port: int, name: str) -> int:
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=10) as answer:
        found = re.search(rf"^hereabouts_{re.escape(name)} (\S+)", answer.read().decode(), re.MULTILINE)
    return int(float(found[1])) if found else 0


@click.command(epilog="Examples:\n\n\b\n  python -m bench.fuzz\n  python -m bench.fuzz --frames 50000 --handshakes 500")
@click.option("--frames", type=click.IntRange(1000), default=1_000_000, show_default=True)
@click.option("--handshakes", type=click.IntRange(0), default=10_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def main(frames: int, handshakes: int, seed: int, as_json: bool) -> None:
    """Send a running server what it should not be sent (some minutes), and see what becomes of it."""
    port = free_port()
    settings = without_rates(errors_per_min=3000, resume_grace_s=5, away_s=5, handshake_timeout_s=1)
    try:
        with running(our_command(port, **settings), port) as pid:
            told = lambda line: click.echo(line, err=True)  # noqa: E731
            report = asyncio.run(fuzz(port, pid, frames=frames, handshakes=handshakes, seed=seed, tell=told))
    except CannotMeasure as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(report), indent=2))
    else:
        _show(report)
    if not report.is_well:
        raise SystemExit(1)


def _show(report: Report) -> None:
    grown = report.rss_end_kib - report.rss_warm_kib
    click.echo(f"{report.frames:,} wrong frames and {report.handshakes:,} wrong handshakes in {report.took_s:g} s.")
    for name, counted in (
        ("Answers", report.answers), ("Errors", report.errors), ("Closes", report.closes), ("HTTP", report.statuses),
    ):  # fmt: skip
        click.echo(f"{name}: " + ", ".join(f"{key} {count:,}" for key, count in counted.items()))
    click.echo(
        f"Honest people said {report.said:,}, heard all but {report.lost}, were disconnected {report.disconnects} "
        f"times. Bugs (1011, HTTP 500): {report.bugs}. Memory: {report.rss_warm_kib / 1024:.1f} MiB after {WARM:.0%}, "
        f"{grown / 1024:+.1f} MiB at the end (allowed {report.growth_allowed_kib / 1024:.1f}, for "
        f"{report.entered_since_warm:,} identities more). {'All is well.' if report.is_well else 'NOT WELL.'}"
    )


if __name__ == "__main__":
    main()
