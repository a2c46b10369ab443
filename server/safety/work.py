"""Proof of work (hashcash): what a nonce asks for, and whether a text answers it.

An answer to `nonce` at `bits` is a text s such that SHA-256(nonce + s), both as UTF-8, begins with that many zero
bits. A nonce belongs to the connection that was given it, which keeps the newest alone: so it is good once, costs
the server no table of used ones, and cannot be solved beforehand or elsewhere.
"""

from hashlib import sha256
from typing import NamedTuple

NONCE_GOOD_S = 60.0
"""Real seconds. The hardest takes an old phone some ten seconds, thrice that with bad luck."""

BITS_MAX = 18
"""262,144 hashes on average: 0.3 s for a program in Python, a second or two in a phone's browser."""


class Challenge(NamedTuple):
    """One question, good until `until`, seconds of the rooms' clock."""

    nonce: str
    bits: int
    until: float

    def is_met(self, work: str | None, *, now: float) -> bool:
        """Tell whether the work answers this question in time."""
        if work is None or now >= self.until:
            return False
        digest = sha256((self.nonce + work).encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest, "big") >> (256 - self.bits) == 0
