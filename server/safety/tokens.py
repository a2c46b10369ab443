"""Session tokens: an identity, when it was told so, and an expiry, under a keyed hash (BLAKE2b, RFC 7693).

They hold nothing personal. A token is the URL-safe base64 of version (1 byte), key's period (3 bytes), identity
(12 bytes), the second of that period in which it was made (3 bytes), expiry (Unix seconds, 5 bytes), all big-endian,
and the MAC (18 bytes): 42 bytes, a whole number of base64 groups. A token has exactly one spelling; no other is read.

Each period has a key of its own. A token outlives its period until its own expiry; a period from which no token
can be good any more is refused whatever its tokens say, and so is one that has not begun.
"""

import base64
import binascii
import hmac
import struct
from hashlib import blake2b
from typing import NamedTuple

from server.safety.keys import PERIOD_S, KeyRing, period_of

IDENTITY_BYTES = 12
_FORMAT = struct.Struct(">I12sQ")
_VERSION = 2
_PERIODS = 1 << 24
_EXPIRIES = 1 << 40
_MAC_BYTES = 18
_EARLY_PERIODS = 1
"""Nodes' clocks may differ: one may make tokens of a period that has not begun for another."""


class BadToken(ValueError):
    """The token is altered, expired, or was made under another key."""


class Read(NamedTuple):
    """What a good token says: whose it is, and in which second it was made, Unix seconds."""

    identity: bytes
    made_at: int


class Tokens:
    """Makes and reads the tokens of one secret, good for at most `ttl_s`."""

    def __init__(self, secret: bytes, *, ttl_s: int) -> None:
        self._keys = KeyRing(secret, b"hereabouts token")
        self._ttl_s = ttl_s

    def make(self, identity: bytes, *, now: float, expires: float | None = None) -> str:
        """Return the token of an identity of 12 bytes that is good until `expires`, Unix seconds."""
        period = period_of(now)
        self._keys.forget(before=self._oldest(now))
        until = int(now + self._ttl_s if expires is None else min(expires, now + self._ttl_s))
        second = int(now) - period * PERIOD_S
        body = _FORMAT.pack(_VERSION * _PERIODS + period, identity, second * _EXPIRIES + until)
        return base64.urlsafe_b64encode(body + self._mac(body, period)).decode()

    def read(self, token: str, *, now: float) -> Read:
        """Return what the token says. Raises BadToken."""
        try:
            raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise BadToken("This is no token.") from None
        body, mac = raw[: _FORMAT.size], raw[_FORMAT.size :]
        # The decoder takes + and / too, where the encoder writes - and _.
        if base64.urlsafe_b64encode(raw).decode() != token or len(mac) != _MAC_BYTES:
            raise BadToken("This is no token.")
        head, identity, times = _FORMAT.unpack(body)
        second, expires = divmod(times, _EXPIRIES)
        version, period = divmod(head, _PERIODS)
        if version != _VERSION or not self._oldest(now) <= period <= period_of(now) + _EARLY_PERIODS:
            raise BadToken("This token is too old, or another server's: enter without it.")
        if not hmac.compare_digest(mac, self._mac(body, period)):
            raise BadToken("This token is altered or another server's: enter without it.")
        if now >= expires:
            raise BadToken("This token has expired: enter without it.")
        return Read(identity, period * PERIOD_S + second)

    def _oldest(self, now: float) -> int:
        """Return the earliest period of which a token can still be good."""
        return period_of(now) - self._ttl_s // PERIOD_S - 1

    def _mac(self, body: bytes, period: int) -> bytes:
        return blake2b(body, key=self._keys.key(period), digest_size=_MAC_BYTES).digest()
