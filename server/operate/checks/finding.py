"""What a check found, and how bad that is."""

from typing import NamedTuple

GOOD, NOTE, WRONG = "good", "note", "WRONG"


class Finding(NamedTuple):
    """What one check found: `level` is GOOD, NOTE (works, but know this) or WRONG (would not work)."""

    level: str
    says: str
