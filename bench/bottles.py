"""Bottles: what a pick costs with very many afloat, in memory and with a folder, and how far away bottles come from.

People pick through everything a `pick` does on the server but the wire: quotas aside, the search, the seal, the write.
"""

import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from bench.seating import LANDS, NOW
from geo import Cell, cell_distance_m
from rooms.bottles import Water
from server.safety.bottles import BOTTLE_S, Bottles
from server.settings import Settings
from server.store.memory import MemoryStore
from server.store.sealing import NONCE_BYTES, Seal
from server.store.sqlite import SqliteStore
from server.store.store import Store

AIM_US = 200.0
_WORDS = "Somebody sits by the water and would like to know what you see. " * 3


class Row(msgspec.Struct, kw_only=True):
    """µs of CPU for one pick, and where what came was thrown."""

    store: str
    land: str
    bottles: int
    pick_us: float
    pick_p99_us: float
    near_share: float
    """Of those that came: thrown within 50 km."""
    young_m: float
    """Median distance of those younger than six hours."""
    old_m: float
    """The same of those older than eighteen."""


def measure(store: Store, seal: Seal, land: str, *, bottles: int, picks: int, seed: int) -> Row:
    """Return what picking costs with so many bottles afloat, thrown over a day."""
    rng = random.Random(seed)
    names = iter(range(10**9))
    made = Bottles(store, seal, Water(rng), Settings(), new_id=lambda: f"B{next(names)}")
    thrown: dict[str, tuple[Cell, float]] = {}
    for number in range(bottles):
        at = NOW + BOTTLE_S * number / bottles
        bottle, cell = made.new_id(), LANDS[land](rng)
        made.throw(f"owner {number // 3}", cell, f"{_WORDS}{number}", now=at, bottle=bottle)
        thrown[bottle] = (cell, at)
    now = NOW + BOTTLE_S - 1
    costs, far = [], []
    for number in range(picks):
        cell = LANDS[land](rng)
        began = time.process_time()
        found = made.pick(f"picker {number // 20}", cell, apart=(), now=now)
        costs.append((time.process_time() - began) * 1e6)
        if found is not None:
            there, at = thrown[found.bottle]
            far.append((cell_distance_m(cell, there), now - at))
    return Row(
        store=type(store).__name__,
        land=land,
        bottles=bottles,
        pick_us=round(statistics.mean(costs), 1),
        pick_p99_us=round(sorted(costs)[int(len(costs) * 0.99)], 1),
        near_share=round(sum(far_m < 50_000 for far_m, _ in far) / len(far), 3),
        young_m=_median(far_m for far_m, age_s in far if age_s < BOTTLE_S / 4),
        old_m=_median(far_m for far_m, age_s in far if age_s > BOTTLE_S * 3 / 4),
    )


def _median(distances_m: Iterable[float]) -> float:
    found = list(distances_m)
    return round(statistics.median(found)) if found else 0.0


def table(rows: Iterable[Row]) -> str:
    """Return the rows for people."""
    lines = [f"{'µs of CPU for a pick':<28}{'bottles':>9}{'mean':>8}{'p99':>8}{'< 50 km':>9}{'young':>10}{'old':>10}"]
    lines += [
        f"{row.store:<14}{row.land:<14}{row.bottles:>9,}{row.pick_us:>8.1f}{row.pick_p99_us:>8.1f}"
        f"{row.near_share:>9.0%}{row.young_m / 1000:>7,.0f} km{row.old_m / 1000:>7,.0f} km"
        for row in rows
    ]
    missed = any(row.pick_us > AIM_US for row in rows)
    lines.append(f"aim: at most {AIM_US:.0f} µs; {'MISSED' if missed else 'met'}")
    return "\n".join(lines)


@click.command(epilog="Examples:\n\n\b\n  python -m bench.bottles\n  python -m bench.bottles --bottles 10000 --json")
@click.option("--bottles", type=click.IntRange(10, 100_000), default=100_000, show_default=True)
@click.option("--picks", type=click.IntRange(10, 100_000), default=5000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def main(bottles: int, picks: int, seed: int, as_json: bool) -> None:
    """Measure what picking a bottle costs (half a minute or so)."""
    seal = Seal(bytes(32), new_nonce=lambda: os.urandom(NONCE_BYTES))
    rows = [measure(MemoryStore(), seal, land, bottles=bottles, picks=picks, seed=seed) for land in LANDS]
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder), seal)
        rows.append(measure(store, seal, "spread out", bottles=bottles, picks=picks, seed=seed))
        store.close()
    click.echo(json.dumps(msgspec.to_builtins(rows), indent=2) if as_json else table(rows))


if __name__ == "__main__":
    main()
