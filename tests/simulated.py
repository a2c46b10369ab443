"""Rows made up for tests of the simulator: a town with thin outskirts, and a village where few are online."""

import random
from pathlib import Path

T0 = 1_700_000_000


def town_rows(people: int = 250, *, seed: int = 3, hours: float = 3.0) -> list[str]:
    """Return lines of a check-in file, by time; a fifth are of somebody who was there before."""
    rng = random.Random(seed)
    made = []
    for number in range(people):
        spread = 0.004 if rng.random() < 0.5 else 0.06
        user = number if rng.random() < 0.8 else rng.randrange(number + 1)
        lat, lon = rng.gauss(48.85, spread), rng.gauss(2.35, spread)
        made.append((T0 + int(rng.uniform(0, hours * 60)) * 60, f"u{user},{lat:.5f},{lon:.5f}"))
    made.sort()
    return [f"{row},{at}" for at, row in made]


def write_rows(path: Path, rows: list[str]) -> Path:
    """Write the lines to a file and return it."""
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path
