"""The rooms' clock: Unix time read once at start, advanced by the monotonic clock, `time_scale` times as fast."""

import time


class Clock:
    """Tells the rooms' time, Unix seconds; it never jumps and never runs backwards."""

    def __init__(self, time_scale: float = 1.0) -> None:
        self.time_scale = time_scale
        self._began = time.time()
        self._began_monotonic = time.monotonic()

    def now(self) -> float:
        """Return the rooms' time in Unix seconds."""
        return self._began + (time.monotonic() - self._began_monotonic) * self.time_scale

    def real_s_until(self, moment: float) -> float:
        """Return how many real seconds pass until the rooms' time is `moment`; 0 if it is past."""
        return max(0.0, (moment - self.now()) / self.time_scale)
