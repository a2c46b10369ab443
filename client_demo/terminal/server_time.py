"""The server's clock, seen from here: its Unix milliseconds as seconds of the local monotonic clock.

A server may let its rooms' clock run faster (`time_scale`), and this machine's wall clock may be wrong; a countdown
has to be right all the same. Wall time is used only for the hour beside a line.
"""

import time
from datetime import datetime


class ServerTime:
    """Told the server's `now` whenever it is heard."""

    def __init__(self) -> None:
        self._heard_ms, self._heard_at_s, self._scale = 0.0, time.monotonic(), 1.0

    def heard(self, now_ms: float, scale: float) -> None:
        """Take the server's clock and how many times faster than real time it runs."""
        self._heard_ms, self._heard_at_s, self._scale = now_ms, time.monotonic(), max(scale, 1e-9)

    def local_s(self, at_ms: float) -> float:
        """Return when a moment of the server's clock comes, on the clock that `now_s` reads."""
        return self._heard_at_s + (at_ms - self._heard_ms) / 1000 / self._scale

    def now_s(self) -> float:
        """Return the local monotonic clock, in real seconds."""
        return time.monotonic()


def hour(at_ms: float | None = None) -> str:
    """Return the hour and minute of a Unix time, or of now, where this machine is."""
    moment = datetime.now() if at_ms is None else datetime.fromtimestamp(at_ms / 1000)
    return moment.strftime("%H:%M")
