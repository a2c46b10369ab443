"""Keys for one purpose each, made from the one secret, so that all nodes that share it agree.

A key that leaks tells nothing of the secret nor of any other key. Whatever is signed for a while has a key
for each period (`KeyRing`): the period is written beside the MAC, old periods' keys are refused, and none is kept.
"""

from hashlib import blake2b

PERIOD_S = 86_400
"""A day: a key that got out is good for that day's tokens alone, and a year of them takes 12 KB to keep at hand."""

KEY_BYTES = 32


def derive(secret: bytes, purpose: bytes, period: int = 0) -> bytes:
    """Return the key of that purpose and period (keyed BLAKE2b, RFC 7693).

    Args:
        purpose: up to 16 bytes.
    """
    return blake2b(period.to_bytes(8, "big"), key=secret, digest_size=KEY_BYTES, person=purpose).digest()


class KeyRing:
    """The keys of one purpose, one for each period; seconds are those of the rooms' clock."""

    def __init__(self, secret: bytes, purpose: bytes) -> None:
        self._secret = secret
        self._purpose = purpose
        self._keys: dict[int, bytes] = {}

    def key(self, period: int) -> bytes:
        """Return a period's key. Ask only for periods that are in use: each stays in memory until `forget`."""
        key = self._keys.get(period)
        if key is None:
            key = self._keys[period] = derive(self._secret, self._purpose, period)
        return key

    def forget(self, *, before: int) -> None:
        """Keep no key of an earlier period at hand."""
        for period in [period for period in self._keys if period < before]:
            del self._keys[period]


def period_of(now: float) -> int:
    """Return the number of the period that a moment lies in."""
    return int(now // PERIOD_S)
