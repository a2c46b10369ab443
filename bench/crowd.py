"""Very many people from one address: a campus that comes at once, and honest people beside a flood from where they are.

Both against a server whose limits bind this machine too, because they are set. The campus does its work in as many
processes as there are cores, where real people have a computer each: so the time found is an upper bound. The
flood connects, asks to enter, does no work, and holds its sockets as long as it is let.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any

import click
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from bench import wire
from bench.servers import LOOPBACK, CannotMeasure, allow_files, free_port, our_command, running
from client_demo.client import Client
from client_demo.work import solve

PER_ADDRESS, CONNECTS_PER_S, SOCKETS_PER_ADDRESS = 50, 200, 6000
"""The defaults, set so that they bind this machine."""
CROWD_AIM_S, FLOOD_AIM_S = 120.0, 10.0
ARRIVING_AT_ONCE = 200
FLOOD_S, HONEST_EVERY_S = 25.0, 1.0
FLOOD_BEGINS_S = 12.0
"""By then the first of the flood have held their sockets for longer than entering may take."""
SPARE_FILES = 200


class CrowdReport(msgspec.Struct, kw_only=True):
    """How a crowd came in. `bits`: how many were asked for how much work; 0 for nothing."""

    people: int
    seated: int
    took_s: float
    bits: dict[int, int]


class FloodReport(msgspec.Struct, kw_only=True):
    """How honest people came in beside a flood: seconds to a seat."""

    flood_per_s: float
    held_most: int
    honest: int
    seated: int
    median_s: float
    longest_s: float


def settings(connections: int) -> dict[str, object]:
    return {
        "connections_per_address": PER_ADDRESS,
        "work_above_connects_per_s": CONNECTS_PER_S,
        "sockets_per_address": SOCKETS_PER_ADDRESS,
        "connections_max": max(18_000, connections + SPARE_FILES),
    }


# The campus.


async def crowd(port: int, count: int, workers: Executor, tell: Callable[[str], None]) -> CrowdReport:
    """Have `count` people come in, so many at a time, and stay."""
    sockets: list[ClientConnection] = []
    bits: Counter[int] = Counter()
    turn = asyncio.Semaphore(ARRIVING_AT_ONCE)
    began = time.perf_counter()

    async def come(number: int) -> None:
        async with turn:
            sockets.append(await _connected(port))
            bits[await _enter(sockets[-1], wire.far_cell(number // 8), workers)] += 1
        if sum(bits.values()) % 500 == 0:
            tell(f"{sum(bits.values())} are seated after {time.perf_counter() - began:.0f} s")

    try:
        results = await asyncio.gather(*(come(number) for number in range(count)), return_exceptions=True)
        took_s = time.perf_counter() - began
        for failure in {repr(result) for result in results if isinstance(result, Exception)}:
            tell(f"somebody did not get in: {failure}")
    finally:
        for each in sockets:
            each.transport.abort()
    return CrowdReport(people=count, seated=bits.total(), took_s=round(took_s, 1), bits=dict(sorted(bits.items())))


async def _connected(port: int) -> ClientConnection:
    return await connect(
        f"ws://{LOOPBACK}:{port}/ws",
        subprotocols=[Subprotocol(wire.SUBPROTOCOL)],
        compression=None,
        proxy=None,
        open_timeout=CROWD_AIM_S,
        ping_interval=None,
    )


async def _enter(socket: ClientConnection, cell: str, workers: Executor) -> int:
    """Enter, working for it as often as asked, and return the most bits that took."""
    most, work = 0, ""
    while True:
        await socket.send(json.dumps({"type": "enter", "cell": cell} | ({"work": work} if work else {})))
        answer: dict[str, Any] = json.loads(await socket.recv())
        if answer["type"] == "entered":
            return most
        if answer.get("code") != "work_needed":
            raise CannotMeasure(f"Somebody was refused: {answer}")
        most = max(most, answer["bits"])
        work = await asyncio.get_running_loop().run_in_executor(workers, solve, answer["nonce"], answer["bits"])


# The flood.


def flood(port: int, per_s: float, lasts_s: float, told: "multiprocessing.Queue[tuple[int, int]]") -> None:
    """Connect and ask to enter so often per second, in a process of its own; tell how many, and how many were held."""
    held = asyncio.run(_flood(port, per_s, lasts_s))
    told.put(held)


async def _flood(port: int, per_s: float, lasts_s: float) -> tuple[int, int]:
    made = most = 0
    held: set[asyncio.Task[None]] = set()
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < lasts_s:
        while made < per_s * passed:
            made += 1
            task = asyncio.create_task(_attack(port))
            held.add(task)
            task.add_done_callback(held.discard)
        most = max(most, len(held))
        await asyncio.sleep(0.005)
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    return made, most


async def _attack(port: int) -> None:
    with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            writer.write(wire.request(port, os.urandom(16)))
            await reader.readuntil(b"\r\n\r\n")
            writer.write(wire.command("enter", cell=wire.far_cell(random.randrange(4000))))
            await reader.read(-1)
        finally:
            writer.transport.abort()


async def beside_flood(port: int, per_s: float, tell: Callable[[str], None]) -> FloodReport:
    """Have an honest newcomer come in each second of a flood, by the client that people use."""
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[tuple[int, int]] = context.Queue()
    lasts_s = FLOOD_BEGINS_S + FLOOD_S
    attacker = context.Process(target=flood, args=(port, per_s, lasts_s, told), daemon=True)
    attacker.start()
    try:
        await asyncio.sleep(FLOOD_BEGINS_S)
        tell(f"the flood of {per_s:g} connections/s stands; honest people come now")
        tasks = []
        for number in range(int((FLOOD_S - FLOOD_AIM_S) / HONEST_EVERY_S)):
            tasks.append(asyncio.create_task(_come_in(port, number)))
            await asyncio.sleep(HONEST_EVERY_S)
        waits = await asyncio.gather(*tasks)
        made, held = await asyncio.to_thread(told.get, True, lasts_s + 20)
    finally:
        attacker.kill()
    seated = [wait for wait in waits if wait is not None]
    if not seated:
        raise CannotMeasure("Nobody got in beside the flood.")
    return FloodReport(
        flood_per_s=round(made / lasts_s, 1),
        held_most=held,
        honest=len(waits),
        seated=len(seated),
        median_s=round(statistics.median(seated), 2),
        longest_s=round(max(seated), 2),
    )


async def _come_in(port: int, number: int) -> float | None:
    """Return after how many seconds somebody who comes back until they are in has a seat; None if never."""
    began = time.perf_counter()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(3 * FLOOD_AIM_S):
            while True:
                with contextlib.suppress(Exception):
                    async with Client(f"ws://{LOOPBACK}:{port}/ws", cell=wire.far_cell(number)):
                        return time.perf_counter() - began
                await asyncio.sleep(0.5)
    return None


@click.command(
    epilog="Examples:\n\n\b\n  python -m bench.crowd\n  python -m bench.crowd --people 500 --flood 0\n"
    "  python -m bench.crowd --people 0 --flood 500 --json"
)
@click.option("--people", type=click.IntRange(0, 5000), default=3000, show_default=True, help="0: no crowd.")
@click.option("--flood", "per_s", type=click.IntRange(0, 2000), default=500, show_default=True, help="Per second.")
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")
def main(people: int, per_s: int, as_json: bool) -> None:
    """Measure how people of one crowded address come in (about two minutes)."""
    try:
        crowded, flooded = _measure(people, per_s, lambda line: click.echo(line, err=True))
    except CannotMeasure as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps({"crowd": msgspec.to_builtins(crowded), "flood": msgspec.to_builtins(flooded)}, indent=2))
        return
    if crowded is not None:
        asked = ", ".join(f"{bits}: {count}" for bits, count in crowded.bits.items())
        is_met = crowded.seated == crowded.people and crowded.took_s <= CROWD_AIM_S
        click.echo(
            f"{crowded.seated} of {crowded.people} people of one address seated in {crowded.took_s:g} s "
            f"(people by bits of work: {asked}). Aim: all in {CROWD_AIM_S:g} s; {'met' if is_met else 'MISSED'}."
        )
    if flooded is not None:
        is_met = flooded.seated == flooded.honest and flooded.longest_s <= FLOOD_AIM_S
        click.echo(
            f"{flooded.seated} of {flooded.honest} honest people beside {flooded.flood_per_s:g} connections/s of the "
            f"same address (up to {flooded.held_most} of them held) seated after {flooded.median_s:g} s, at most "
            f"{flooded.longest_s:g} s. Aim: {FLOOD_AIM_S:g} s; {'met' if is_met else 'MISSED'}."
        )


def _measure(people: int, per_s: int, tell: Callable[[str], None]) -> tuple[CrowdReport | None, FloodReport | None]:
    # Beyond its cap the server ends a flood's connections, and each lingers for a while.
    allow_files(max(people, SOCKETS_PER_ADDRESS + 4 * per_s) + SPARE_FILES)
    crowded = flooded = None
    if people:
        port = free_port()
        with running(our_command(port, **settings(people)), port), ProcessPoolExecutor() as workers:
            crowded = asyncio.run(crowd(port, people, workers, tell))
    if per_s:
        port = free_port()
        with running(our_command(port, **settings(0)), port):
            flooded = asyncio.run(beside_flood(port, per_s, tell))
    return crowded, flooded


if __name__ == "__main__":
    main()
