"""What a run comes to: counts that add up over processes, and which of them are faults.

Pure. Knows names and numbers; never how they were found (ledger.py, accounts.py).
"""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from client_demo.accounting.accounts import Verdict
from client_demo.accounting.histogram import Histogram


@dataclass(slots=True)
class Figures:
    """Everything that was counted; figures of several processes add up.

    Attributes:
        held, refused: words that the server passed on to nobody, by its reason or code.
        delivered: words that came to somebody, each once per person, the speaker's own echo among them.
        doubled: numbered events that came again, and words acknowledged again or after a refusal.
        gaps: times a number did not follow the one before on the same connection.
        latency: from the moment a word was meant to be said until it came to each who heard it.
    """

    sent: int = 0
    acknowledged: int = 0
    crossed: int = 0
    unanswered: int = 0
    delivered: int = 0
    doubled: int = 0
    gaps: int = 0
    seats: int = 0
    resumed: int = 0
    held: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    settled: Verdict = field(default_factory=Verdict)
    latency: Histogram = field(default_factory=Histogram)

    def add(self, other: "Figures") -> None:
        """Add another process's figures to these."""
        for name in _PLAIN:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.held.update(other.held)
        self.refused.update(other.refused)
        self.settled.add(other.settled)
        self.latency.add(other.latency)

    @property
    def lost(self) -> int:
        """Words that somebody should have got and did not, and words nobody answered."""
        return self.settled.lost + self.unanswered

    @property
    def doubled_in_all(self) -> int:
        """Events that came twice and words that stand twice in a room."""
        return self.doubled + self.settled.repeated

    def faults(self) -> dict[str, int]:
        """Return what should all be 0, by name, without the zeros."""
        found = {
            "lost": self.lost,
            "doubled": self.doubled_in_all,
            "gaps": self.gaps,
            "missed": self.settled.missed,
            "strayed": self.settled.strayed,
            "disputed": self.settled.disputed,
        }
        return {name: count for name, count in found.items() if count}

    def as_map(self) -> dict[str, Any]:
        """Return the figures for a summary, latencies in milliseconds."""
        verdict = asdict(self.settled)
        return {
            "sent": self.sent,
            "acknowledged": self.acknowledged,
            "crossed": self.crossed,
            "held": dict(sorted(self.held.items())),
            "refused": dict(sorted(self.refused.items())),
            "unanswered": self.unanswered,
            "delivered": self.delivered,
            "expected": verdict["expected"],
            "lost": self.lost,
            "doubled": self.doubled_in_all,
            "gaps": self.gaps,
            "missed": verdict["missed"],
            "strayed": verdict["strayed"],
            "disputed": verdict["disputed"],
            "latency_ms": {
                "p50": in_ms(self.latency.at(0.5)),
                "p99": in_ms(self.latency.at(0.99)),
                "max": in_ms(self.latency.longest_s if self.latency.count else None),
            },
        }


_PLAIN = ("sent", "acknowledged", "crossed", "unanswered", "delivered", "doubled", "gaps", "seats", "resumed")


def in_ms(duration_s: float | None) -> float | None:
    """Return seconds as milliseconds with three decimals."""
    return None if duration_s is None else round(duration_s * 1000, 3)
