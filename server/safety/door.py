"""The price of coming in: how crowded an address is with strangers, how fast strangers come, and what work that asks.

An address is many people, so nobody is refused for it. A stranger is a client that has shown neither a good token
nor a good JWT; those who have are known, are not counted and never pay. Pure: addresses as counted go in, bits come
out, and an address is forgotten with its last stranger.

- Up to `connections_per_address` strangers of one address come in for nothing. Beyond, the price begins at
  `CROWD_BITS` and doubles with their number: the first of a campus pay next to nothing, and a farm of n identities
  pays n² in all. A seat that waits for a lost connection counts as a stranger: else it would cost its address nothing.
- Up to `work_above_connects_per_s` strangers a second likewise, over all addresses. Beyond, it begins at
  `FLOOD_BITS` and rises fourfold when their number doubles: a flood has no patience and no token to show later.

No more seats wait than connections may be open, of one address and in all. Nobody is refused for it, nor is a seat that
somebody comes back to: beyond, the one of the same address, or of the address with the most, that has waited longest is
given up.
"""

from collections import Counter
from math import exp, log2

from server.origin import LOOPBACK, Origin
from server.safety.waiting import Waiting
from server.safety.work import BITS_MAX
from server.settings import Settings

CROWD_BITS = 9
"""Five hundred hashes: less than a millisecond. Of 3,000 people at one address, all new, the last pay 14 bits."""

FLOOD_BITS = 12
"""Four thousand hashes: a few milliseconds, and more than a flood spends on everything else."""

RATE_OVER_S = 1.0
"""Real seconds the rate is taken over: a burst that is within the limit for one second is no flood."""


class Door:
    """Counts strangers and names the price for the next one.

    Args:
        exempt: of the limits of addresses those that do not bind clients on this machine.
        waiting: whose seats wait.

    Attributes:
        asked: how many answers were a price.
    """

    def __init__(self, settings: Settings, *, exempt: frozenset[str], waiting: Waiting) -> None:
        self._waiting = waiting
        self._wait_max = settings.connections_max
        self._wait_there_max = settings.sockets_per_address
        self._crowd_max = settings.connections_per_address
        self._flood_max = settings.work_above_connects_per_s
        self._exempt = exempt
        self.asked = 0
        self._strangers: Counter[str] = Counter()
        self._over_s = RATE_OVER_S * settings.time_scale
        self._rate = 0.0
        self._rate_at = 0.0

    def ask(self, origin: Origin, *, now: float) -> int:
        """Return the price for a stranger of that origin, and count it if there is one."""
        bits = self.bits(origin, now=now)
        self.asked += bits > 0
        return bits

    def came(self, origin: Origin, *, now: float) -> None:
        """Count one who has connected: a stranger so far."""
        self._strangers[origin.address] += 1
        if self._binds("work_above_connects_per_s", origin):
            self._rate = self.rate(now) + 1
            self._rate_at = now

    def went(self, origin: Origin) -> None:
        """Count a stranger no more, because they are gone or are none."""
        self._strangers[origin.address] -= 1
        if self._strangers[origin.address] <= 0:
            del self._strangers[origin.address]

    def known(self, origin: Origin, *, now: float) -> None:
        """Take a stranger back who was none: they have shown a token or a JWT."""
        self.went(origin)
        if self._binds("work_above_connects_per_s", origin):
            self._rate = max(0.0, self.rate(now) - 1)
            self._rate_at = now

    def rate(self, now: float) -> float:
        """Return how many strangers came in the last second, the long gone counting less."""
        return self._rate * exp((self._rate_at - now) / self._over_s)

    def bits(self, origin: Origin, *, now: float) -> int:
        """Return what a stranger of that origin pays to come in, in bits of work; 0 for nothing."""
        price = 0.0
        if self._crowd_max and self._binds("connections_per_address", origin):
            crowd = (self._strangers[origin.address] + self._waiting.at(origin.key)) / self._crowd_max
            price = CROWD_BITS + log2(crowd) if crowd > 1 else 0.0
        if self._flood_max and self._binds("work_above_connects_per_s", origin):
            flood = self.rate(now) / self._flood_max
            price = max(price, FLOOD_BITS + 2 * log2(flood)) if flood > 1 else price
        return min(BITS_MAX, int(price))

    def one_too_many(self, origin: Origin, *, processes: int) -> str | None:
        """Return whose seat is to wait no longer, now that one more of that origin waits; None if there is room.

        Args:
            processes: how many take connections of people who sit here, each as many as the limits say.
        """
        most = self._wait_there_max * processes
        if most and self._binds("sockets_per_address", origin) and self._waiting.at(origin.key) > most:
            return self._waiting.longest(origin.key)
        if len(self._waiting) > self._wait_max * processes:
            return self._waiting.longest(self._waiting.most())
        return None

    def _binds(self, limit: str, origin: Origin) -> bool:
        return origin.address != LOOPBACK or limit not in self._exempt
