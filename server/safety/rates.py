"""Rate limits by the generic cell rate algorithm (GCRA; ITU-T I.371, annex A): one number per limit and person."""

from typing import NamedTuple


class Rate(NamedTuple):
    """One event every `interval_s` over time, up to `burst` at once. Seconds of the rooms' clock."""

    interval_s: float
    burst: int


def per_period(count: float, period_s: float, burst: int | None = None) -> Rate | None:
    """Return the rate of `count` events a period, or None (no limit) if it or the burst is 0."""
    burst = int(count) if burst is None else burst
    return Rate(period_s / count, burst) if count and burst else None


class Meter:
    """How much of one rate is used up.

    Attributes:
        free_at: when the next event is allowed, seconds of the rooms' clock.
    """

    __slots__ = ("_interval_s", "_slack_s", "free_at")

    def __init__(self, rate: Rate) -> None:
        self._interval_s = rate.interval_s
        self._slack_s = rate.interval_s * (rate.burst - 1)
        self.free_at = -self._slack_s

    def wait_s(self, now: float) -> float:
        """Return in how many seconds the next event is allowed; 0 or less if it is now."""
        return self.free_at - now

    @property
    def due(self) -> float:
        """Until when it is used up, seconds of the rooms' clock: all there is to know of it elsewhere."""
        return self.free_at + self._slack_s

    def use_up(self, due: float) -> None:
        """Know it used up until then at least."""
        self.free_at = max(self.free_at, due - self._slack_s)

    def take(self, now: float) -> None:
        """Count one event."""
        since = now - self._slack_s
        self.free_at = (self.free_at if self.free_at > since else since) + self._interval_s

    def give_back(self) -> None:
        """Count one event less, which was counted and has come to nothing."""
        self.free_at -= self._interval_s


def take_all(meters: tuple[Meter, ...], now: float) -> float:
    """Count one event on all meters and return 0, or count none and return in how many seconds all allow it."""
    # Every message comes through here: the fields are read directly, 0.3 µs less than by the methods.
    for meter in meters:
        if meter.free_at > now:
            return max(each.wait_s(now) for each in meters)
    for meter in meters:
        since = now - meter._slack_s
        meter.free_at = (meter.free_at if meter.free_at > since else since) + meter._interval_s
    return 0.0
