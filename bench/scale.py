"""Shows that costs do not grow: seating with ten thousand, a hundred thousand and a million people online, looking
outward in empty land, and the window's end of a large region.

Knows the command line and the table. What is measured, and how, says bench/growth.py. Each measurement runs in a
process of its own, one at a time, so that none inherits another's memory.
"""

import json
import multiprocessing
import signal
from typing import Any

import click
import msgspec

from bench.growth import (
    LANDS,
    LOOKED_FROM,
    Looks,
    Reform,
    Seats,
    measure_looks,
    measure_reform,
    measure_seating,
    packed_cells,
)

CITY_MAX = 100_000
"""People of the city beside which somebody looks for company."""


def table(seats: list[Seats], looks: list[Looks], reform: Reform | None) -> str:
    """Return the figures for people."""
    lines = [
        "CPU per seating        people      rooms   filling     enter       p99     leave   bytes/person   a window"
    ]
    lines += [
        f"  {row.land:<16}{row.people:>11,}{row.rooms:>11,}{row.fill_us:>7.1f} µs{row.enter_us:>7.1f} µs"
        f"{row.enter_p99_us:>7.1f} µs{row.leave_us:>7.1f} µs{row.bytes_per_person:>15,}{row.window_s:>9.1f} s"
        for row in seats
    ]
    lines += ["CPU per look outward                                           mean       p99      looks"]
    lines += [
        f"  alone, {row.land:<45}{row.look_us:>10.1f} µs{row.look_p99_us:>7.1f} µs{row.looks:>11,}" for row in looks
    ]
    if reform is not None:
        lines += [
            f"Re-forming a region of {reform.people:,}: {reform.total_s:.2f} s of CPU in {reform.ticks:,} ticks, "
            f"the longest {reform.longest_ms:.1f} ms"
        ]
    return "\n".join(lines)


def counts(_: click.Context, __: click.Parameter, text: str) -> list[int]:
    """Return ("10000,100000") as [10000, 100000]."""
    try:
        numbers = [int(part.replace("_", "")) for part in text.split(",")]
    except ValueError:
        numbers = [0]
    if min(numbers) < 100 or max(numbers) > 2_000_000:
        raise click.BadParameter("write whole numbers from 100 to 2000000, for example 10000,100000")
    return numbers


@click.command(
    epilog="""\b
Examples:
  python -m bench.scale
  python -m bench.scale --people 10000,100000 --reform 20000 --json
"""
)
@click.option("--people", default="10000,100000,1000000", show_default=True, callback=counts, help="How many, each.")
@click.option(
    "--reform",
    type=click.IntRange(0, 500_000),
    default=100_000,
    show_default=True,
    help="Re-form a region of so many; 0 leaves it out.",
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(people: list[int], reform: int, seed: int, as_json: bool) -> None:
    """Measure what seating costs in the rooms' own code as people become more.

    The default takes some minutes and up to 3 GB of memory.
    """
    spawn = multiprocessing.get_context("spawn")
    # A fresh process for each task; Ctrl-C is for this one, which then ends them.
    with spawn.Pool(1, initializer=_ignore_ctrl_c, maxtasksperchild=1) as pool:
        seats = [
            pool.apply(measure_seating, (land, packed_cells(land, number, seed), number, seed))
            for land in LANDS
            for number in people
        ]
        looks = [pool.apply(measure_looks, (land, min(max(people), CITY_MAX), seed)) for land in LOOKED_FROM]
        reformed = pool.apply(measure_reform, (reform, seed)) if reform else None
    found: dict[str, Any] = {"seats": seats, "looks": looks, "reform": reformed}
    click.echo(json.dumps(msgspec.to_builtins(found), indent=2) if as_json else table(seats, looks, reformed))


def _ignore_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
