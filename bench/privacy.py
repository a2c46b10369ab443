"""Proves what others can learn of somebody, with figures: each promise of privacy is measured, and beside it a control.

Knows the command line. A proof is a function that returns its findings; to add one, add a line to PROOFS. The tests
run the same functions with smaller numbers.
"""

import json
import sys
from collections.abc import Callable

import click
import msgspec

from bench.privacy_cells import measure_p1, measure_p3
from bench.privacy_files import measure_p7
from bench.privacy_linking import measure_p6
from bench.privacy_locating import measure_p2
from bench.privacy_presence import measure_p4
from bench.proofs import Finding, table

Tell = Callable[[str], None]

PROOFS: dict[str, Callable[[int, int, Tell], list[Finding]]] = {
    "P1": lambda times, seed, tell: measure_p1(pairs=times, seed=seed, tell=tell),
    "P2": lambda times, seed, tell: measure_p2(victims=-(-times // 200), seed=seed, tell=tell),
    "P3": lambda times, seed, tell: measure_p3(sybils=times, seed=seed, tell=tell),
    # By chance alone a thousand rounds come to more than 0.05 with one seed of some hundred.
    "P4": lambda times, seed, tell: measure_p4(rounds=3 * times, seed=seed, tell=tell),
    "P6": lambda times, seed, tell: measure_p6(rounds=-(-times // 8), seed=seed, tell=tell),
    "P7": lambda times, seed, tell: measure_p7(people=max(30, times * 2 // 5), seed=seed, tell=tell),
}
"""By name, what measures it: how often or how many, the seed, and whom to tell how far it is."""


@click.command(
    epilog="""\b
Examples:
  python -m bench.privacy
  python -m bench.privacy P3 --times 100 --json
"""
)
@click.argument("names", nargs=-1, type=click.Choice(sorted(PROOFS)), metavar="[P1 | P2 | P3 | P4 | P6 | P7]...")
@click.option(
    "--times",
    type=click.IntRange(1, 100_000),
    default=1000,
    show_default=True,
    help="Pairs of P1 and sybils of P3; the others in proportion.",
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(names: tuple[str, ...], times: int, seed: int, as_json: bool) -> None:
    """Measure what others can learn of somebody; ends with status 1 if a promise does not hold.

    The default takes some minutes.
    """
    findings = [
        finding
        for name in names or sorted(PROOFS)
        for finding in PROOFS[name](times, seed, lambda text: click.echo(text, err=True))
    ]
    click.echo(json.dumps(msgspec.to_builtins(findings), indent=2) if as_json else table(findings))
    sys.exit(0 if all(finding.holds for finding in findings) else 1)


if __name__ == "__main__":
    main()
