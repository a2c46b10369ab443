"""Where and when a server serves, as its operator chose: geohash prefixes, and hours of the day in one time zone.

Knows cells, clock times and zones. Never knows who asks.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from geo import ALPHABET, Cell

_DAY_MIN = 24 * 60


def problems(*, area: str, hours: str, hours_zone: str) -> Iterator[str]:
    """Yield one sentence for each of these settings that cannot be used."""
    for prefix in _prefixes(area):
        if not 1 <= len(prefix) <= 12 or any(char not in ALPHABET for char in prefix):
            yield f"area: {prefix!a} is no geohash."
    if hours and len(set(hours.split("-"))) == 1:
        yield f"hours = {hours} is no time at all; leave it empty to serve always."
    try:
        _zone(hours_zone)
    except ValueError:
        yield f"hours_zone: there is no time zone {hours_zone!a} on this machine; UTC always works."


class Area:
    """What is served. Built from settings that `problems` has nothing against."""

    def __init__(self, *, area: str, hours: str, hours_zone: str) -> None:
        self._prefixes = _prefixes(area)
        self._zone = _zone(hours_zone)
        self._hours = tuple(_minutes(time) for time in hours.split("-")) if hours else None

    def has(self, cell: Cell) -> bool:
        """Tell whether the cell lies in the area; a cell coarser than a prefix does if the prefix lies in it."""
        text = str(cell)
        return not self._prefixes or any(
            text.startswith(prefix) or prefix.startswith(text) for prefix in self._prefixes
        )

    def opens_in_s(self, now: float) -> float:
        """Return in how many seconds people are let in; 0 if they are now.

        Args:
            now: Unix seconds.
        """
        if self._hours is None:
            return 0.0
        here = datetime.fromtimestamp(now, UTC).astimezone(self._zone)
        opens, closes = self._hours
        minute = here.hour * 60 + here.minute
        if (minute - opens) % _DAY_MIN < (closes - opens) % _DAY_MIN:
            return 0.0
        today = here.replace(hour=opens // 60, minute=opens % 60, second=0, microsecond=0)
        at = today if today > here else today + timedelta(days=1)
        # By Unix time: what lies between two wall-clock times may be an hour more or less.
        return max(1.0, at.timestamp() - now)


def _prefixes(area: str) -> tuple[str, ...]:
    return tuple(re.split(r"[\s,]+", area.strip().lower())) if area.strip() else ()


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def _zone(name: str) -> tzinfo:
    """Return the zone. Raises ValueError. UTC needs no database, which a small machine may lack."""
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(str(error)) from None
