"""`python -m tests.chaos`: random faults for as long as one likes, from a seed that is printed.

The exit status is 1, and what was violated is written down, if anything was.
"""

import asyncio
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from secrets import randbelow
from typing import NamedTuple

import click
import msgspec

from tests.chaos.arena import REDIS, Arena, arena
from tests.chaos.checker import check
from tests.chaos.faults import DRAIN_S, FAULTS, FAULTS_OF
from tests.chaos.figures import all_figures, counts
from tests.chaos.history import Violation

QUIET_BETWEEN_S = (12.0, 20.0)
"""Between faults: the longest that anything may take, and a while of talk."""

TAIL_S = 30.0

WINDOW_S = 300
"""A window ends somewhere every dozen seconds, among so many cities: also while something is broken."""

RESTLESS = 5
"""One in so many loses their connection between two faults, so that people and rooms go on being mixed."""

EXAMPLES = """\b
Examples:
  python -m tests.chaos --minutes 3 --clients 100
  python -m tests.chaos --minutes 30 --clients 300 --nodes 3 --seed 7
  python -m tests.chaos --minutes 2 --only kill-node --only kill-redis
  python -m tests.chaos --minutes 10 --redis sentinel
  python -m tests.chaos --minutes 2 --redis cluster --only kill-master
"""


@click.command(help=f"Do random things to a cluster in which many talk, and see whether it holds.\n\n{EXAMPLES}")
@click.option("--minutes", type=click.FloatRange(min=0.1), default=30.0, show_default=True)
@click.option("--clients", type=click.IntRange(2, 2000), default=300, show_default=True)
@click.option("--nodes", type=click.IntRange(2, 16), default=3, show_default=True)
@click.option("--redis", type=click.Choice(list(REDIS)), default="single", show_default=True, help="Where they meet.")
@click.option("--every", type=click.FloatRange(min=0.1), default=2.0, show_default=True, help="Seconds between words.")
@click.option("--seed", type=int, help="The same faults in the same order; drawn and printed otherwise.")
@click.option(
    "--window", type=click.IntRange(10, 86_400), default=WINDOW_S, show_default=True, help="How long rooms last."
)
@click.option("--only", multiple=True, type=click.Choice(sorted(FAULTS)), help="Only these faults.")
@click.option("--write", type=click.Path(path_type=Path), help="A folder for what all saw, whatever comes of it.")
def main(
    minutes: float,
    clients: int,
    nodes: int,
    redis: str,
    every: float,
    window: int,
    seed: int | None,
    only: tuple[str, ...],
    write: Path | None,
) -> None:
    """Run, and end with 1 if anything was violated."""
    seed = seed if seed is not None else randbelow(1_000_000)
    names = sorted(only) or [name for name in sorted(FAULTS_OF[redis]) if name != "kill-two" or nodes > 2]
    strange = sorted(set(names) - set(FAULTS_OF[redis]))
    if strange:
        raise click.UsageError(f"Not with --redis {redis}: {', '.join(strange)}.")
    click.echo(f"Seed {seed}: {clients} people, {nodes} nodes on a {redis} Redis, {minutes:g} minutes.")
    chosen = Run(minutes * 60, clients, nodes, redis, every, window, names)
    with tempfile.TemporaryDirectory(prefix="hereabouts-chaos-") as folder:
        found, place = asyncio.run(_run(Path(folder), chosen, random.Random(seed)))
    if found and write is None:
        write = Path(tempfile.mkdtemp(prefix="hereabouts-chaos-violated-"))
    if write is not None:
        _write(write, place, found)
        click.echo(f"What everybody saw, and what the nodes wrote, is in {write}.")
    for violation in found[:20]:
        click.echo(f"{violation.rule}: {violation.text}  (room {violation.room})", err=True)
    click.echo(f"{len(found)} violations." if found else "Everything held.")
    sys.exit(1 if found else 0)


class Run(NamedTuple):
    """What was asked for."""

    length_s: float
    clients: int
    nodes: int
    redis: str
    every_s: float
    window_s: int
    faults: Sequence[str]


async def _run(folder: Path, run: Run, rng: random.Random) -> tuple[list[Violation], Arena]:
    settings = {"drain_s": DRAIN_S, "window_s": run.window_s}
    is_single = run.redis == "single"
    async with arena(folder, nodes=run.nodes, rng=rng, redis=run.redis, settings=settings, cuttable=is_single) as (
        place,
        watch,
    ):
        loop = asyncio.get_running_loop()
        await place.add_people(run.clients, every_s=run.every_s)
        began = loop.time()
        while loop.time() - began < run.length_s:
            quiet_s = rng.uniform(*QUIET_BETWEEN_S)
            await asyncio.sleep(quiet_s / 2)
            place.disconnect(run.clients // RESTLESS)
            await asyncio.sleep(quiet_s / 2)
            await place.replace_ended()
            before = len(place.faults)
            await FAULTS[rng.choice(run.faults)](place)
            what = place.faults[-1].what if len(place.faults) > before else "no window ends that several share"
            words, heard, _ = counts(place.histories)
            seated = sum(talker.has_seat.is_set() for talker in place.talkers)
            click.echo(
                f"{loop.time() - began:6.0f} s  {what:28}  {seated} of {run.clients} seated, "
                f"{words:,} words acknowledged, {heard:,} events heard"
            )
        await asyncio.sleep(QUIET_BETWEEN_S[0])
        await place.hush(within_s=TAIL_S)
        await place.replace_ended()
    found = check(
        place.histories, watch.entries.values(), place.faults, is_everybody=True, was_slow=place.pace.was_slow
    )
    found += [Violation("bug", bugs[-2000:]) for bugs in place.faulty]
    _summary(place)
    return found, place


def _summary(place: Arena) -> None:
    click.echo(
        f"\n{'fault':30}{'came back':>12}{'after s':>9}{'others back':>13}{'after s':>9}{'words wait s':>14}"
        f"{'timers late s':>15}"
    )
    for each in all_figures(place.faults, place.histories):
        fault, until = each.fault, each.fault.at + each.pause_s
        is_open = fault.pause_s and each.pause_s > fault.pause_s and place.pace.was_slow(fault.at, until)
        click.echo(
            f"{fault.what:30}{each.back:>12}{each.back_s:>9.1f}{each.others_back:>13}"
            f"{each.others_back_s:>9.1f}{each.pause_s:>14.1f}{place.pace.worst_s(fault.at, until):>15.2f}"
            f"{'  too slow a machine to judge' * bool(is_open)}"
        )
    words, heard, lost = counts(place.histories)
    click.echo(f"{words:,} words acknowledged, {heard:,} events heard, {lost:,} connections lost.")


def _write(folder: Path, place: Arena, found: list[Violation]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    encode = msgspec.json.encode
    (folder / "violations.jsonl").write_bytes(b"\n".join(map(encode, found)))
    (folder / "faults.jsonl").write_bytes(b"\n".join(map(encode, place.faults)))
    for port, log in place.logs.items():
        (folder / f"node-{port}.log").write_bytes(log)
    for number, history in place.histories.items():
        (folder / f"{number:04}.jsonl").write_bytes(b"\n".join(map(encode, history)))


if __name__ == "__main__":
    main()
