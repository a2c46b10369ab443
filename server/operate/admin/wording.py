"""How texts, spans, moments and counts read on an operator's terminal.

Never knows what is told. What others wrote is shown with every control character replaced.
"""

import datetime
import re

_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def shown(text: str) -> str:
    """Return a text that moves no cursor and hides nothing: a terminal obeys what it is sent."""
    return _UNSHOWN.sub("�", text)


def span(seconds: float) -> str:
    """Return a span at a glance, to the nearest: "3 d", "5 min"."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def moment(at: float) -> str:
    """Return a moment of UTC as ISO 8601 has it, to the second: "2026-05-04T18:30:00Z"."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def counted(number: int, one: str, many: str) -> str:
    """Return "1 person", "7 people"."""
    return f"{number} {one if number == 1 else many}"
