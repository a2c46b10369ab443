"""The work a crowded server asks of newcomers: a hash that begins with zeros (PROTOCOL.md, `work_needed`).

Knows the sum alone. Never knows a connection: whoever asks runs it in a thread of its own.
"""

from hashlib import sha256
from itertools import count

HARDEST_BITS = 18
"""More than the protocol allows is not done: a server might keep us busy for ever."""


def solve(nonce: str, bits: int) -> str:
    """Return a text that, behind the nonce, has a SHA-256 of so many zero bits at its beginning."""
    begun = sha256(nonce.encode())
    limit = 1 << (64 - bits)
    for number in count():
        tried = begun.copy()
        tried.update(b"%d" % number)
        if int.from_bytes(tried.digest()[:8], "big") < limit:
            return str(number)
    raise AssertionError("numbers do not end")
