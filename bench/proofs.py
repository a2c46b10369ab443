"""What a proof of privacy says: a figure, what it may be, and whether it holds."""

from collections.abc import Sequence

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One figure of a proof (docs/PRIVACY.md): what was looked for, what was found, what was wanted."""

    proof: str
    what: str
    found: float
    wanted: str
    holds: bool


def table(findings: Sequence[Finding]) -> str:
    """Return the figures for people, one a line."""
    widest = max((len(finding.what) for finding in findings), default=0)
    return "\n".join(
        f"{each.proof:<4}{each.what:<{widest}}  {each.found:>12,.12g}  wanted {each.wanted:<8}"
        f"{'holds' if each.holds else 'DOES NOT HOLD'}"
        for each in findings
    )
