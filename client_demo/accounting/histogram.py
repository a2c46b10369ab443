"""How long things took, in bounded memory: a histogram of logarithmic buckets.

Knows durations only. Never knows what was timed, nor a clock. A bucket is at most 1/64 of its value wide, so a
percentile is at most 1.6 % too high and never too low; the whole histogram is some 2,000 integers however many
durations it holds, and two of them can be added, which lists of percentiles cannot.
"""

from collections.abc import Iterable

_PER_OCTAVE = 64
_OCTAVE_BITS = _PER_OCTAVE.bit_length()
# 2**36 µs are 19 hours: longer than anything timed here.
_LONGEST_US = 2**36 - 1


class Histogram:
    """Durations in seconds, counted to the microsecond below 64 µs and in steps of 1.6 % above."""

    __slots__ = ("_counts", "count", "longest_s")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0
        self.longest_s = 0.0

    def record(self, duration_s: float) -> None:
        """Count one duration; a negative one counts as 0."""
        bucket = _bucket(min(max(int(duration_s * 1e6), 0), _LONGEST_US))
        self._counts[bucket] = self._counts.get(bucket, 0) + 1
        self.count += 1
        self.longest_s = max(self.longest_s, duration_s)

    def add(self, other: "Histogram") -> None:
        """Count everything the other one counted as well."""
        for bucket, count in other._counts.items():
            self._counts[bucket] = self._counts.get(bucket, 0) + count
        self.count += other.count
        self.longest_s = max(self.longest_s, other.longest_s)

    def at(self, share: float) -> float | None:
        """Return a duration in seconds that this share (0–1) of all did not exceed, or None where nothing was."""
        wanted, seen = share * self.count, 0
        for bucket in sorted(self._counts):
            seen += self._counts[bucket]
            if seen >= wanted:
                return min(_upper_us(bucket) / 1e6, self.longest_s)
        return None

    @classmethod
    def of(cls, durations_s: Iterable[float]) -> "Histogram":
        """Return a histogram of these."""
        made = cls()
        for duration_s in durations_s:
            made.record(duration_s)
        return made


def _bucket(us: int) -> int:
    octave = max(us.bit_length() - _OCTAVE_BITS, 0)
    return octave * _PER_OCTAVE + (us >> octave)


def _upper_us(bucket: int) -> int:
    """Return the first duration beyond the bucket."""
    octave = max(bucket // _PER_OCTAVE - 1, 0)
    return (bucket - octave * _PER_OCTAVE + 1) << octave
