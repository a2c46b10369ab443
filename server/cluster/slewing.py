"""One time for all nodes: each one's own monotonic clock, with Redis's time added slowly.

Must never ask anybody for the time: it is told what Redis said and when. It never runs backwards and never jumps once
it has begun, since windows end and rates count by it; a Redis whose clock jumps is followed gently.
"""

SLEW = 0.01
"""Seconds it may be moved per second: windows of minutes end some ms off meanwhile, and 5 s are gone in 8 minutes."""
ROUND_TRIP_MAX_S = 0.1
"""An answer that took longer says too little: half of that is how far off it may be."""


class ClusterClock:
    """Tells Unix time as Redis has it; moments `at` are the caller's monotonic clock, in seconds."""

    def __init__(self, *, offset_s: float, at: float) -> None:
        self._offset_s = self._aim_s = offset_s
        self._at = at

    def time(self, at: float) -> float:
        """Return the cluster's time at that moment."""
        return at + self._offset(at)

    def observe(self, redis_time: float, *, asked: float, answered: float) -> None:
        """Take note of what Redis said the time was, between being asked and having answered."""
        if answered - asked > ROUND_TRIP_MAX_S:
            return
        self._offset_s, self._at = self._offset(answered), answered
        self._aim_s = offset_s(redis_time, asked=asked, answered=answered)

    def _offset(self, at: float) -> float:
        left, most = self._aim_s - self._offset_s, SLEW * (at - self._at)
        if -most <= left <= most:
            return self._aim_s
        return self._offset_s + (most if left > 0 else -most)


def offset_s(redis_time: float, *, asked: float, answered: float) -> float:
    """Return what is to be added to the own clock; right to half of how long the answer took."""
    return redis_time - (asked + answered) / 2
