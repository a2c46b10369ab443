"""CPU time of writing rooms' words to Redis, per entry: by the rooms' log, and by pipelines of redis-py alone.

A turn has so many entries, each of a room of its own, and the next begins when they are accepted; the bodies are of a
word's usual size. The log encrypts them, judges each and sends nothing twice; the library does nothing of it. Only this
process's CPU counts, not that of Redis.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path

import click
import msgspec
import uvloop
from redis import asyncio as redis

from server.cluster.engine import Engine
from server.cluster.log import RoomLog, Verdict
from server.collector import look_rarely
from tests.redis_server import shared_redis

BODY = bytes(range(120))
ENTRIES = (1, 5, 20, 100)


class Row(msgspec.Struct, kw_only=True):
    """µs of CPU per entry, the median of all rounds."""

    entries_per_turn: int
    log_us: float
    library_us: float


async def measure(url: str, *, turns: int, rounds: int) -> list[Row]:
    """Return a row for each size of a turn; rounds of the two alternate."""
    engine = Engine(url)
    await engine.open()
    log = RoomLog(engine, node="bench.1", key=bytes(32))
    await log.start()
    async with redis.Redis.from_url(url, protocol=2) as client:
        try:
            return [await _row(log, client, engine.time(), each, turns, rounds) for each in ENTRIES]
        finally:
            await log.stop()
            await engine.close()


async def _row(log: RoomLog, client: "redis.Redis", now: float, each: int, turns: int, rounds: int) -> Row:
    names = [f"bench{each}.{number}" for number in range(each)]
    for name in names:
        log.create(name, BODY, ends_at=now + 600)
    await log.send()

    async def by_log() -> None:
        for name in names:
            log.append(name, BODY)
        assert set((await log.send()).values()) == {Verdict.ACCEPTED}

    async def by_library() -> None:
        pipeline = client.pipeline(transaction=False)
        for name in names:
            pipeline.xadd(f"plain.{name}", {"e": "bench.1", "b": BODY}, maxlen=50, approximate=True)
        await pipeline.execute()

    times = max(20, turns // each)
    spent = [(await _us(by_log, times) / each, await _us(by_library, times) / each) for _ in range(rounds)]
    ours, theirs = (round(statistics.median(column), 1) for column in zip(*spent, strict=True))
    return Row(entries_per_turn=each, log_us=ours, library_us=theirs)


async def _us(turn: Callable[[], Awaitable[None]], times: int) -> float:
    await turn()
    began = time.process_time()
    for _ in range(times):
        await turn()
    return (time.process_time() - began) / times * 1e6


def table(rows: list[Row]) -> str:
    """Return the rows for people."""
    lines = [f"{'entries per turn':>16} {'the log, µs':>12} {'redis-py, µs':>13}"]
    lines += [f"{row.entries_per_turn:16} {row.log_us:12.1f} {row.library_us:13.1f}" for row in rows]
    return "\n".join(lines)


@click.command(epilog="Examples:\n\n\b\n  python -m bench.log\n  python -m bench.log --redis redis://127.0.0.1 --json")
@click.option("--redis", "url", metavar="URL", help="A Redis to write to, which must be empty; else one is started.")
@click.option("--turns", type=click.IntRange(20, 1_000_000), default=4000, show_default=True, help="Entries a round.")
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def main(url: str | None, turns: int, rounds: int, as_json: bool) -> None:
    """Measure what an entry of a room's log costs (some 10 s for the default)."""
    look_rarely()  # as the server does
    with tempfile.TemporaryDirectory() as folder, nullcontext(url) if url else shared_redis(Path(folder)) as where:
        rows = uvloop.run(measure(where, turns=turns, rounds=rounds))
    click.echo(json.dumps(msgspec.to_builtins(rows), indent=2) if as_json else table(rows))


if __name__ == "__main__":
    main()
